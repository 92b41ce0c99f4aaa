import numpy as np
from made_up import broken, card, dense, gaps, losses, run, series
from recorded import recorded

LAYERS = ("hidden", "hidden_1", "answer")


def steps(ratio, left=1.0, grown=(), **more):
    """ratio: one number a record, or one for all of 25; grown: the loss before it broke"""
    ratio = np.broadcast_to(ratio, 25) if np.ndim(ratio) == 0 else np.asarray(ratio, float)
    parts = {"loss": losses([*grown, *[left] * (len(ratio) - len(grown))]), "gap": gaps([left, left]), "baseline": series("baseline"), "optimizer": series("optimizer")}
    return run(updates=series("updates", LAYERS, ratio=np.tile(ratio[:, None], 3)), **parts, **more)


def rising(rate=(0.01, 0.01, 0.02, 0.04), loss=(1.0, 0.5, 0.7, 2.0), ratio=(0.01, 0.01, 0.02, 0.07), left=0.91, optimizer=True, gap=None):
    """A rate that rises over four times ten records; the ten of each are alike."""
    repeat = lambda values: np.repeat(np.asarray(values, float), 10)  # noqa: E731
    parts = {"optimizer": series("optimizer", steps=np.arange(1, 41), learning_rate=repeat(rate))} if optimizer else {}
    return run(updates=series("updates", LAYERS, ratio=np.tile(repeat(ratio)[:, None], 3)), loss=losses(repeat(loss)), gap=gaps([left, left]),
               baseline=series("baseline"), **parts)  # fmt: skip


FIRES = {
    "a rate that rose until all was lost": rising(),
    "it broke in the end": rising(loss=(1.0, 0.5, 0.7, np.nan), ratio=(0.01, 0.01, 0.07, np.nan)),
    "the loss was lowest in the first record": rising(loss=(0.5, 0.6, 0.7, 2.0)),
    "Adam at 1.0": recorded("rate_too_high"),
    "SGD at 1.0 on a regression": recorded("steps_explode"),
    "just over the ceiling, no better than a constant": steps(0.061, left=0.91),
    "brisk, and much worse than a constant": steps(0.021, left=1.6),
    "the output broke before the loss": steps(0.5, nonfinite=broken("output of answer")),
    "nothing broke, in the end": steps(0.5, nonfinite=series("nonfinite", ("loss",))),
    "the loss broke, of predictions without bounds": steps(
        0.5, nonfinite=broken("loss"), card=card(dense("hidden"), dense("hidden_1"), dense("answer", 1, "linear", output=True))),
    "its units died after five steps": steps([0.5] * 5 + [0.0] * 20),
    "the first step did not move": steps([0.0] + [0.3] * 24),
    "the first twenty count": steps([0.01] * 5 + [0.07] * 15 + [0.0] * 20),
}
FIRES |= {
    "it broke after it had grown": steps(0.021, left=np.inf, grown=(1.0, 1.6)),
    "it broke, of steps that are too long": steps(0.061, left=np.inf, grown=(1.0, 1.0)),
}
WARNINGS = {"grossly long steps that learn little": steps(0.21, left=0.51)}
HINTS = {
    "the loss broke, of predictions within their bounds": steps(0.5, nonfinite=broken("loss")),
}
SILENT = {
    "it broke without having grown": steps(0.021, left=np.inf, grown=(1.0, 1.4)),
    "it was never finite": steps(0.021, left=np.inf),
    "a rate that rose, with usual steps": rising(ratio=(0.01, 0.01, 0.02, 0.059)),
    "a rate that rose a little": rising(rate=(0.01, 0.01, 0.02, 0.029)),
    "a rate that rose, and it learned": rising(left=0.89),
    "a rate that rose before": rising(rate=(0.01, 0.04, 0.04, 0.04), loss=(1.0, 0.7, 0.5, 2.0)),
    "long steps before the lowest loss": rising(rate=(0.01, 0.01, 0.01, 0.04), ratio=(0.01, 0.07, 0.01, 0.01), loss=(1.0, 0.9, 0.5, 2.0)),
    "the rates were not recorded": rising(optimizer=False),
    "no loss was finite": rising(loss=(np.nan,) * 4),
    "a healthy run": recorded("healthy_regression"),
    "just under the ceiling": steps(0.059),
    "grossly long steps that learn": steps(0.5, left=0.49),
    "long steps that learn a little": steps(0.19, left=0.89),
    "much worse than a constant, with usual steps": steps(0.019, left=1.6),
    "brisk, and a little worse than a constant": steps(0.021, left=1.4),
    "only later": steps([0.01] * 20 + [0.5] * 20),
    "a layer of a few weights may double": run(
        card=card(dense("hidden"), dense("answer", 1, "sigmoid", inputs=4, output=True)), loss=losses([1.0] * 9), gap=gaps([1, 1]), baseline=series("baseline"),
        updates=series("updates", ("hidden", "answer"), ratio=np.tile([0.003, 5.0], (9, 1)))),
    "NaN before the first step": steps([np.nan] * 9),
}  # fmt: skip
UNKNOWN = {
    "four records": steps([0.5] * 4),
    "no run card": steps(0.5, card=None),
    "updates were not recorded": run(loss=losses([1.0])),
}
TOLD = {
    "a rate that rose until all was lost": [("says", "rose from 0.01 at step 11, where the loss was lowest, to 0.04: at step 31"), ("first_step", 11), ("last_step", 40), ("limits", [0.06, 3]), ("step", 31)],
    "the first step did not move": [("says", "to 0.0001."), ("says", "The first step moved the weights by 0.3 of their size; at that rate it is about 0.003.")],
    "its units died after five steps": [("measures", "of the first 5 records"), ("step", 1)],
    "the first twenty count": [("measures", "of the first 20 records"), ("step", 6)],
    "Adam at 1.0": [("active", False)],
    "grossly long steps that learn little": [("says", "little was learned"), ("limits", [0.2, 0.5])],
    "just over the ceiling, no better than a constant": [("says", "nothing was learned"), ("limits", [0.06, 0.9])],
}
