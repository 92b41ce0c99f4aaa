import numpy as np
from made_up import run, series
from recorded import recorded


def waiting(wait=8.0, step=10.0, records=6, short=0, last=2000):
    """Steps of so many ms, of which the batch took `wait`; some waits are short."""
    seconds = np.full(records, wait / 1000)
    seconds[:short] = 1e-4
    steps = np.linspace(80, last, records).astype(int)
    return run(wait=series("wait", steps=steps, seconds=seconds), timing=series("timing", steps=steps, step_seconds=step / 1000))


FIRES = {
    "a generator that takes its time": recorded("slow_rows"),
    "most of the time": waiting(),
    "three waits": waiting(records=3),
    "just over half": waiting(wait=5.1),
    "just over a millisecond": waiting(wait=1.1, step=1.2),
    "one in six waits is short": waiting(short=1),
    "just over a second in all": waiting(last=126),
    "waits are longer than what a step took": waiting(wait=12.0),
}
HINTS = {}
SILENT = {
    "a healthy run": recorded("healthy_dense"),
    "rows that are prefetched": recorded("healthy_prefetched"),
    "arrays": waiting(wait=0.3, step=3.0),
    "just under half": waiting(wait=4.9),
    "just under a millisecond": waiting(wait=0.9, step=1.0),
    "just under a second in all": waiting(last=124),
    "half of the waits are short": waiting(short=3),
}
UNKNOWN = {"two waits": waiting(records=2), "waits were not recorded": run(timing=series("timing"))}
