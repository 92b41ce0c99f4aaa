from dataclasses import replace

from made_up import card, run, series


def trained(capability=8.0, minutes=31.0, step=25.0, precision="float32", **parts):
    """A training of so many minutes, with steps of so many ms."""
    timing = series("timing", steps=[72_000], step_seconds=step / 1000, elapsed_seconds=60 * minutes)
    return run(timing=timing, card=replace(card(), compute_capability=capability, precision=precision), **parts)


def waits(milliseconds):
    return series("wait", steps=[100], seconds=milliseconds / 1000)


FIRES = {
    "tensor cores": trained(),
    "the first that have any": trained(7.0),
    "just below those that take bfloat16": trained(7.5),
    "just over half an hour": trained(minutes=30.1),
    "just over 20 ms": trained(step=20.1),
    "just under half of it waits": trained(step=40, wait=waits(19)),
}
HINTS = {}
SILENT = {
    "no GPU": trained(0.0),
    "no tensor cores": trained(6.1),
    "mixed precision": trained(precision="mixed_float16"),
    "just under half an hour": trained(minutes=29.9),
    "short steps": trained(step=19.9),
    "steps that wait": trained(step=40, wait=waits(21)),
}
UNKNOWN = {"no run card": run(timing=series("timing"), card=None)}
TOLD = {
    "tensor cores": [("says", '"mixed_bfloat16"'), ("says", "bfloat16 has the range of float32")],
    "just below those that take bfloat16": [("says", '"mixed_float16"'), ("says", "Keras scales the loss")],
}
