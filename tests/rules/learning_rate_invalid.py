import numpy as np
from made_up import card, gaps, losses, run, series
from recorded import recorded

from tb_nndiag.run import Card, Optimizer


def rates(*values, every=10, left=1.0, loss=None, schedule="CosineDecay", constant=1.0, known=True, validation=False):
    steps = np.arange(1, len(values) + 1) * every
    model = Card("Sequential", optimizer=Optimizer("Adam", 0.1, schedule) if schedule is not None else None, validation=validation) if known else None
    batches = losses([left] * len(values) if loss is None else loss, steps)
    return run(card=model, optimizer=series("optimizer", steps=steps, learning_rate=np.array(values)), loss=batches, gap=gaps([left] * 2),
               baseline=series("baseline", constant_loss=constant))  # fmt: skip


FALLING = np.array([*np.linspace(1.0, 0.5, 12), *[0.5] * 8])
SLOWLY, HARDLY = (np.array([*np.linspace(0.5 + fall, 0.5, 12), *[0.5] * 8]) for fall in (0.09, 0.045))  # a third: 0.033, 0.016
FIRES = {
    "below zero": recorded("rate_negative"),
    "a line that falls through zero": rates(0.1, 0.05, -0.01, left=0.1),
    "one step below zero": rates(0.1, -0.01, 0.1, left=0.1),
    "zero all along": rates(*[0.0] * 5),
    "it ended early, with nothing learned": rates(*[0.1] * 10, *[0.9e-5] * 10, left=0.91),
}
WARNINGS = {
    "a schedule that counts epochs": recorded("rate_ends_early"),
    "a schedule that ended with most steps to go": rates(*[0.1] * 9, *[0.0] * 11, left=0.31),
    "it ended while the loss was falling slowly": rates(*[0.1] * 12, *[0.0] * 8, loss=SLOWLY, left=0.5),
    "a callback lowered it while the loss was falling": rates(*[0.1] * 12, *[0.0] * 8, loss=FALLING, left=0.5, schedule=""),
    "it ended while the loss was falling": rates(*[0.1] * 12, *[0.0] * 8, loss=FALLING, left=0.31),
}
HINTS = {
    "it ended halfway, when something was learned": rates(*[0.1] * 10, *[0.0] * 10, left=0.89),
    "it ended early, when much was learned": rates(*[0.1] * 9, *[0.0] * 11, left=0.29),
    "a callback ended it with most steps to go": rates(*[0.1] * 9, *[0.0] * 11, left=0.5, schedule=""),
    "a callback lowered it while nothing was learned": rates(*[0.1] * 10, *[0.0] * 10, schedule=""),
    "no optimizer in the run card": rates(*[0.1] * 10, *[0.0] * 10, schedule=None),
    "no run card": rates(*[0.1] * 10, *[0.0] * 10, known=False),
    "harm is not known": rates(*[0.1] * 10, *[0.0] * 10, constant=np.nan),
    "it ended while the loss was falling, but late": rates(*[0.1] * 12, *[0.0] * 8, loss=FALLING / 2, left=0.29),
    "a callback lowered it while the loss was falling, perhaps for the validation's": rates(*[0.1] * 12, *[0.0] * 8, loss=FALLING, left=0.5, schedule="", validation=True),
    "a fifth of the steps": rates(*[0.1] * 15, *[0.0] * 5, left=0.5),
    "it ended while the loss was hardly falling": rates(*[0.1] * 12, *[0.0] * 8, loss=HARDLY, left=0.5),
    "it came to rest before": rates(*[0.1] * 12, *[0.0] * 8, loss=[*np.linspace(1.0, 0.5, 4), *[0.5] * 16], left=0.5),
}
SILENT = {
    "a healthy run": recorded("healthy_dense"),
    "a warm-up from zero": rates(0.0, *[0.1] * 19),
    "zero with the last steps": rates(*[0.1] * 17, *[0.0] * 3),
    "small, but not too small": rates(*[0.1] * 10, *[1.1e-5] * 10),
    "it came back": rates(*[0.1] * 5, *[0.0] * 10, 0.1),
    "not finite": rates(*[np.nan] * 5),
}
UNKNOWN = {
    "four records": rates(*[0.0] * 4),
    "the rate was not recorded": run(card=card(), loss=losses([1.0])),
}
TOLD = {
    "it ended early, with nothing learned": [("says", "Let the schedule end with the training, after 200 steps.")],
    "below zero": [("says", "learning rate: 0.02."), ("active", True), ("last_step", 321)],
}
