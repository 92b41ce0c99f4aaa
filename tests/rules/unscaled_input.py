from made_up import broken, card, dense, gaps, losses, run, series
from recorded import recorded

from tb_nndiag.run import Layer

ANSWER = dense("answer", 1, "sigmoid", output=True)


def fed(scale=31.0, ratio=1.0, start=1.0, left=0.51, card=None, given=None, names=("pixels",), stats=None, **more):
    parts = {"loss": losses([start, 1.0]), "gap": gaps([left, left]), "baseline": series("baseline")}
    more |= {"card": card} if card is not None else {}
    if given is not None:
        more["fed"] = series("fed", ("hidden",), largest_scale=given)
    return run(inputs=series("inputs", names, largest_scale=scale, scale_ratio=ratio, **(stats or {})), **parts, **more)


def first(class_name):
    return fed(card=card(Layer("first", class_name), dense("hidden"), ANSWER))


def behind(given, names=("pixels",), **more):
    """A model that begins with a Rescaling layer, and what that makes of the input."""
    return fed(card=card(Layer("rescaling", "Rescaling"), dense("hidden"), ANSWER), given=given, names=names, **more)


FIRES = {
    "pixels of 0 to 255": recorded("pixels_to_255"),
    "an output broke": fed(left=0.91, nonfinite=broken("output of hidden")),
    "moderate, but the first loss shows it and nothing was learned": fed(scale=11, start=2.1, left=0.91),
    "the first layer gets it tiny": fed(scale=0.049, left=0.91, given=0.04),
    "tiny, and nothing was learned": fed(scale=0.049, left=0.91),
}
FIRES |= {
    "scaled before fit, and by the model": behind(0.001, scale=0.26, left=0.91),
    "left as large by the model": behind(11, start=2.1, left=0.91),
}
PIXELS = {"integer": 1, "min": 0, "max": 255}
WARNINGS = {
    "pixels": fed(stats=PIXELS),
    "shades that are no whole numbers": fed(stats={**PIXELS, "integer": 0}),
    "whole numbers of either sign": fed(stats={**PIXELS, "min": -1}),
    "whole numbers up to 128": fed(stats={**PIXELS, "max": 128}),
    "whole numbers above 255": fed(stats={**PIXELS, "max": 256}),
    "two inputs, of which the first layer gets one": fed(given=1.0, names=("pixels", "numbers")),
    "just over the scale, in a run that learns badly": fed(),
    "just over the ratio": fed(scale=5, ratio=51),
    "the first layer gets it as it is": fed(given=10.1),
    "behind a layer that only reshapes": fed(card=card(Layer("flat", "Flatten"), dense("hidden"), ANSWER)),
}
HINTS = {
    "large, but it learns": fed(start=9, left=0.49),
    "the loss broke, of predictions within their bounds": fed(left=0.91, nonfinite=broken("loss")),
}
SILENT = {
    "layers that only reshape": fed(card=card(Layer("flat", "Flatten"))),
    "a healthy run": recorded("healthy_conv"),
    "pixels of 0 to 255, normalized": recorded("pixels_to_255_normalized"),
    "the model divides it in a way of its own": fed(given=9.9),
    "just under the scale": fed(scale=29),
    "just under the ratio": fed(scale=5, ratio=49),
    "moderate, and the first loss does not show it": fed(scale=11, start=1.9, left=0.91),
    "moderate, and it learns a little": fed(scale=11, start=2.1, left=0.89),
    "less than moderate": fed(scale=9, start=2.1, left=0.91),
    "tiny, but it learns": fed(scale=0.049, left=0.89),
    "just large enough": fed(scale=0.051, left=0.91),
    "nothing but zeros is another fault": fed(scale=0.0, left=0.91),
    "uneven, but small": fed(scale=0.9, ratio=500),
    "scaled by the model": behind(1.0, scale=255, left=0.91),
    "scaled twice, but it learns": behind(0.001, scale=0.26, left=0.89),
    "scaled by the model, and what it makes of it is not known": behind(None, scale=255, left=0.91),
    "scaled by the model, two inputs": behind(0.001, ("pixels", "numbers"), scale=0.26, left=0.91),
    "numbers of words": first("Embedding"),
    "normalized first": first("Normalization"),
}
UNKNOWN = {
    "no run card": run(card=None, inputs=series("inputs"), loss=losses([1.0])),
    "inputs were not recorded": run(loss=losses([1.0])),
}
TOLD = {
    "scaled before fit, and by the model": [("says", "`pixels` is not scaled behind `rescaling`:"), ("says", "feature behind `rescaling` is 0.001 (limit: at least 0.05)"), ("says", "Scale the input once: leave out `rescaling`"), ("value", "0.001")],
    "tiny, and nothing was learned": [("says not", "behind"), ("says not", "Scale the input once")],
    "pixels": [("says", "Divide the pixels"), ("evidence", 1)],
    **dict.fromkeys(list(WARNINGS)[1:5], [("says not", "Divide the pixels")]),
    "just over the ratio": [("evidence", 2)],
    "pixels of 0 to 255": [("says", "(limit: 30)."), ("says", "Divide the pixels by 255.")],
}
