from made_up import card, dense, gaps, losses, run, series
from recorded import recorded

from tb_nndiag.run import Layer

BINARY, CATEGORICAL, SPARSE, SQUARED = "BinaryCrossentropy", "CategoricalCrossentropy", "SparseCategoricalCrossentropy", "MeanSquaredError"
ONE_HOT = {"width": 3, "row_sum_min": 1, "row_sum_max": 1}
CLASSES = {"min": 0, "max": 2, "distinct": 3}


def model(activation, units=1, loss=BINARY, from_logits=False, left=0.5, outputs=None, **labels):
    parts = {"outputs": series("outputs", **outputs)} if outputs else {}
    return run(card=card(dense("hidden"), dense("answer", units, activation, output=True), loss=loss, from_logits=from_logits), loss=losses([1.0]),
               gap=gaps([left]), baseline=series("baseline"), labels=series("labels", **labels), **parts)  # fmt: skip


def handed_on(activation):
    layers = dense("answer", 3, activation), Layer("float32", "Activation", "linear", output_shape=(-1, 3), output=True)
    return run(card=card(dense("hidden"), *layers, loss=SPARSE), loss=losses([1.0]), gap=gaps([0.5]), baseline=series("baseline"), labels=series("labels", **CLASSES))


FIRES = {
    "a softmax over one unit": recorded("one_softmax_unit"),
    "one unit for categorical cross-entropy": model("sigmoid", 1, CATEGORICAL),
    "three classes in one sigmoid": model("sigmoid", **CLASSES),
    "labels of -1 and 1": model("sigmoid", min=-1),
    "classes counted from 1": model("softmax", 3, SPARSE, min=1, max=3, distinct=3),
    "more classes than units": model("softmax", 3, SPARSE, min=0, max=5, distinct=6),
    "targets just out of range": model("sigmoid", max=1.03, integer=0),
    "a linear output taken for probabilities": model("linear", 3, SPARSE, **CLASSES),
    "a relu output taken for probabilities": model("relu", 3, CATEGORICAL, **ONE_HOT),
    "predictions outside 0 to 1, of an activation nobody knows": model("mine", outputs={"min": -0.02, "max": 0.9}),
    "predictions above 1": model("mine", outputs={"min": 0.1, "max": 1.02}),
    "a softmax over the rows of a batch": model("mine", 3, CATEGORICAL, outputs={"min": 0, "max": 0.9, "row_sum": 0.03}, **ONE_HOT),
    "sums just over the tolerance": model("mine", 3, SPARSE, outputs={"row_sum": 1.06}, **CLASSES),
    "binary cross-entropy on a softmax, which has not learned": model("softmax", 3, left=0.91, **ONE_HOT),
    "several labels a row on a softmax": model("softmax", 3, width=3, row_sum_min=0, row_sum_max=3),
    "a linear output, passed on": handed_on("linear"),
    "negative targets of a sigmoid": model("sigmoid", loss=SQUARED, min=-1, max=1, integer=0, distinct=400),
    "negative targets of a relu": model("relu", loss=SQUARED, min=-0.03, max=1, integer=0, distinct=400),
    "a squared loss on classes, which has not learned": model("softmax", 3, SQUARED, left=0.91, **ONE_HOT),
    "a squared loss on two classes, which has not learned": model("sigmoid", 1, SQUARED, left=0.91),
}
HINTS = {
    "independent classes under categorical cross-entropy": model("sigmoid", 3, CATEGORICAL, **ONE_HOT),
    "binary cross-entropy on a softmax that learns": model("softmax", 3, left=0.89, **ONE_HOT),
    "a squared loss on classes that learns": model("softmax", 3, SQUARED, left=0.89, **ONE_HOT),
}
SILENT = {
    "a healthy classifier": recorded("healthy_dense"),
    "a healthy regression": recorded("healthy_regression"),
    "two classes": model("sigmoid"),
    "logits, and it says so": model("linear", 3, SPARSE, from_logits=True, outputs={"min": -9, "max": 9, "width": 3}, **CLASSES),
    "sums within the tolerance": model("mine", 3, SPARSE, outputs={"row_sum": 0.96}, **CLASSES),
    "sums of several answers": model("mine", 3, outputs={"row_sum": 1.5}, width=3, row_sum_min=0, row_sum_max=3),
    "two units of a softmax under binary cross-entropy": model("softmax", 2, left=0.91, width=2, row_sum_min=1, row_sum_max=1),
    "binary cross-entropy on a softmax, one label a row or none": model("softmax", 3, left=0.91, width=3, row_sum_min=0, row_sum_max=1),
    "several labels a row on a sigmoid": model("sigmoid", 3, left=0.91, width=3, row_sum_min=0, row_sum_max=3),
    "shares of several labels that hardly add up to more": model("softmax", 3, integer=0, distinct=90, width=3, row_sum_min=0, row_sum_max=1.04),
    "a logarithm of shares, of several labels": model("softmax", 3, CATEGORICAL, width=3, row_sum_min=0, row_sum_max=3),
    "labels of pixels, as one channel": model("softmax", 3, width=1, row_sum_max=3),
    "passed on by a layer for half precision, after one nobody knows": handed_on("mine"),
    "passed on by a layer for half precision, after a softmax": handed_on("softmax"),
    "targets hardly out of range": model("sigmoid", max=1.01, integer=0),
    "predictions hardly outside": model("mine", outputs={"min": -0.009, "max": 1.009}),
    "targets a relu can nearly reach": model("relu", loss=SQUARED, min=-0.01, max=1, integer=0, distinct=400),
    "a squared loss on quantities": model("sigmoid", loss=SQUARED, left=1.0, min=0.1, max=0.9, integer=0, distinct=400),
    "several units that are no code for one class": model("sigmoid", 3, SQUARED, left=1.0, width=3, row_sum_min=0, row_sum_max=3),
}
UNKNOWN = {
    "no run card": run(card=None, loss=losses([1.0])),
    "two outputs": run(card=card(dense("a", output=True), dense("b", output=True)), loss=losses([1.0])),
    "no output was seen": run(card=card(Layer("hidden")), loss=losses([1.0])),
}
