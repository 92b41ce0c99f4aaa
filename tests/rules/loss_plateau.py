import numpy as np
from made_up import gaps, losses, run, series
from recorded import recorded


def flat(left=1.0, epochs=4, every=25, constant=1.0, batch=None):
    train = np.broadcast_to(left, epochs) if np.ndim(left) == 0 else np.asarray(left, float)
    return run(loss=losses(train if batch is None else batch, np.arange(1, len(train) + 1) * every), gap=gaps(train, every=every), baseline=series("baseline", constant_loss=constant))


FIRES = {
    "batches of one row": recorded("batches_of_one"),
    "straight lines around circles": recorded("linear_on_circles"),
    "just over the limit": flat(0.98),
    "a hundred steps": flat(1.0, epochs=5),
    "it forgot what it knew": flat([0.5, 0.6, *[1.0] * 6]),
    "falling, but far above a constant": flat(np.linspace(3.0, 1.51, 9)),
    "a fall of next to nothing": flat(np.linspace(1.015, 0.99, 9)),
}
HINTS = {}
SILENT = {
    "a small fall": flat(np.linspace(1.035, 0.99, 9)),
    "a healthy run": recorded("healthy_dense"),
    "just under the limit": flat(0.96),
    "falling steadily": flat(np.linspace(1.6, 1.0, 9)),
    "falling, a little above a constant": flat(np.linspace(3.0, 1.4, 9)),
    "in training mode it learns: inference mode is off": flat(1.2, batch=[0.3] * 4),
    "a loss that is not finite": flat([1.0, 1.0, np.nan, np.nan]),
}
UNKNOWN = {
    "99 steps": flat(epochs=3, every=33),
    "two evaluations": flat(epochs=2, every=100),
    "the constant's loss is not known": flat(constant=np.nan),
    "nothing was evaluated": run(loss=losses([1.0])),
}
TOLD = {
    "straight lines around circles": [("first_step", 100)],
}
