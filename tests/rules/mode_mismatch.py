from dataclasses import replace

from made_up import card, dense, run, series
from recorded import recorded

from tb_nndiag.run import Layer

ANSWER = dense("answer", 1, "sigmoid", output=True)


def modes(inference=(0.9, 0.9, 0.9), training=0.4, every=200, momentum=None, ended=False, epochs=10, perfect=0.0, **more):
    norm = [Layer("norm", "BatchNormalization", settings={"momentum": momentum})] if momentum is not None else []
    made = replace(card(dense("hidden"), *norm, Layer("quick", "BatchNormalization", settings={"momentum": 0.5}), ANSWER),
                   ended=ended, steps_per_epoch=every, epochs=epochs)  # fmt: skip
    steps = [(i + 1) * every for i in range(len(inference))]
    return run(mode=series("mode", steps=steps, inference=list(inference), training=training), baseline=series("baseline"),
               perfect=series("perfect", loss=perfect), card=more.get("card", made))  # fmt: skip


FIRES = {
    "averages with a momentum of 0.999": recorded("averages_lag_behind"),
    "averages that follow quickly": modes(momentum=0.9),
    "just over the factor": modes((0.81, 0.81)),
    "just enough of the constant's loss": modes((0.31, 0.31), 0.1),
    "it was well in the beginning": modes((0.2, 0.9, 0.9)),
    "after three times as long": modes(momentum=0.995),
    "averages that will not follow before the end": modes(momentum=0.9999, ended=True),
    "averages that do not follow by the plan": modes(momentum=0.9999, epochs=3),
    "averages that lag behind at the end, and do badly": modes((0.51, 0.51), 0.1, every=50, momentum=0.99, ended=True),
    "averages that had their time, and do fairly well": modes((0.49, 0.49), 0.1, momentum=0.99, ended=True),
    "averages that hardly catch up": modes((0.6, 0.49), 0.1, momentum=0.99, ended=True),
    "averages that catch up, and do badly": modes((0.9, 0.51), 0.1, momentum=0.99, ended=True),
    "no averages, and a loss that falls": modes((0.9, 0.49), 0.1, card=replace(card(), ended=True)),
    "a layer of one's own, without a run card": modes(card=None),
    "noise in training mode that drowns all": modes((0.9, 0.9, 0.9), 1.9),
    "training mode just over twice as bad": modes((0.81, 0.81), 1.63),
    "above the floor of the loss": modes((0.9, 0.9), 0.6, perfect=0.4),
}
HINTS = {
    "noise in training mode, and it learns all the same": modes((0.79, 0.79), 1.63),
    "training mode just worse than hopeless": modes((0.2, 0.2), 1.21),
    "averages that catch up, and do fairly well": modes((0.62, 0.49), 0.1, momentum=0.99, ended=True),
    "averages that lag behind at the end, and do fairly well": modes((0.49, 0.49), 0.1, every=50, momentum=0.99, ended=True),
}
SILENT = {
    "the same in both": modes((0.4, 0.4, 0.4)),
    "just under the factor": modes((0.79, 0.79)),
    "too little to matter": modes((0.29, 0.29), 0.1),
    "dropout is worse in training mode": modes((0.2, 0.2), 0.9),
    "training mode just under twice as bad": modes((0.66, 0.66), 1.3),
    "training mode just below hopeless": modes((0.2, 0.2), 1.19),
    "noise that was too strong once": modes((0.2, 0.2), [1.3, 0.9]),
    "one evaluation": modes((0.4, 0.4, 0.9)),
    "it went away": modes((0.9, 0.9, 0.4)),
    "a loss that is not finite": modes((float("nan"), float("nan"))),
}
UNKNOWN = {
    "one epoch": modes((0.9,)),
    "averages on their way": modes(momentum=0.996),
    "averages that stand still, in a run that goes on": modes(momentum=1.0, epochs=0),
    "the constant's loss is not known": run(mode=series("mode", steps=[1, 2])),
    "no two modes": run(baseline=series("baseline")),
}
TOLD = {
    "noise in training mode that drowns all": [("says", "In training mode the loss is 1.9"), ("first_step", 1), ("limits", [2.0, 1.2]), ("says not", "momentum")],
}
