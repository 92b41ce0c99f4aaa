import numpy as np
from made_up import card, gaps, losses, run, series
from recorded import recorded

LAYERS = ("hidden", "hidden_1", "answer")


def jump(gradient=11.0, ratio=1.1, left=1.0, other=None, lost=0, **more):
    calm = np.ones((6, 3))
    size, update = calm.copy(), 0.003 * calm
    size[4, 0], update[4, 0] = gradient, ratio
    if other is not None:  # the record at which another layer jumps
        size[other, 1], update[other, 1] = 11.0, 1.1
    size[:lost] = np.nan
    return run(loss=losses([1.0] * 6), gap=gaps([left, left]), baseline=series("baseline"), gradients=series("gradients", LAYERS, rms=size),
               updates=series("updates", LAYERS, ratio=update), **more)  # fmt: skip


FIRES = {
    "pixels of 0 to 255": recorded("pixels_to_255"),
    "steps that overflow": recorded("steps_explode"),
    "just over both limits": jump(),
    "it has hardly learned": jump(left=0.91),
    "another layer did before": jump(other=3),
    "another layer did afterwards": jump(other=5),
    "the first gradients were not seen": jump(lost=3),
    "units of another layer died of it": jump(units=series("units", LAYERS, [20, 40], dead_share=[[0, 1, 0], [0, 1, 0]])),
}
HINTS = {}
SILENT = {
    "a healthy run": recorded("healthy_conv"),
    "a large gradient with a usual step": jump(ratio=0.9),
    "a large step on a usual gradient": jump(gradient=9.0),
    "it learns all the same": jump(left=0.89),
    "NaN from the start is no explosion": jump(gradient=np.nan, ratio=np.nan),
}
UNKNOWN = {
    "no run card": jump(card=None),
    "gradients were not recorded": run(loss=losses([1.0]), card=card()),
}
TOLD = {
    "another layer did before": [("where", "hidden_1")],
    "another layer did afterwards": [("where", "hidden")],
    "the first gradients were not seen": [("says not", "at 0"), ("says not", "at 1,")],
    "steps that overflow": [("first_step", 4)],
    "just over both limits": [("active", False), ("limits", [1.0, 10.0, 0.9])],
}
