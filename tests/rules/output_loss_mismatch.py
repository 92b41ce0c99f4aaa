from dataclasses import replace

from made_up import card, dense, gaps, losses, run, series
from recorded import recorded

from tb_nndiag.run import Layer, Loss

BINARY, CATEGORICAL, SPARSE, SQUARED = "BinaryCrossentropy", "CategoricalCrossentropy", "SparseCategoricalCrossentropy", "MeanSquaredError"
ONE_HOT = {"width": 3, "row_sum_min": 1, "row_sum_max": 1}
SHARES = {"width": 3, "integer": 0, "distinct": 400}
CLASSES = {"min": 0, "max": 2, "distinct": 3}


def model(activation, units=1, loss=BINARY, from_logits=False, left=0.5, outputs=None, **labels):
    parts = {"outputs": series("outputs", **outputs)} if outputs else {}
    return run(card=card(dense("hidden"), dense("answer", units, activation, output=True), loss=loss, from_logits=from_logits), loss=losses([1.0]),
               gap=gaps([left]), baseline=series("baseline"), labels=series("labels", **labels), **parts)  # fmt: skip


def without(signal, made):
    return replace(made, series={name: series for name, series in made.series.items() if name != signal})


def handed_on(activation):
    layers = dense("answer", 3, activation), Layer("float32", "Activation", "linear", output_shape=(-1, 3), output=True)
    return run(card=card(dense("hidden"), *layers, loss=SPARSE), loss=losses([1.0]), gap=gaps([0.5]), baseline=series("baseline"), labels=series("labels", **CLASSES))


def flipped(constant=-1.0, perfect=0.0, lowest=-0.6):
    """A loss of one's own: what the cheapest constant costs, what every target, and how far training came."""
    made = model("linear", loss="function", left=lowest, max=2.5, integer=0, distinct=400)
    more = {"baseline": series("baseline", constant_loss=constant), "perfect": series("perfect", loss=perfect)}
    return replace(made, series=made.series | more)


FIRES = {
    "a loss whose sign is wrong": flipped(),
    "just under half of it": flipped(perfect=-0.49, lowest=-0.8),
    "nothing was evaluated": without("gap", model("sigmoid", min=-1)),
    "quantities in one sigmoid": model("sigmoid", max=2.5, integer=0, distinct=400),
    "two columns of small numbers": model("sigmoid", 2, width=2, max=2, distinct=3),
    "a code of -1 and 1": model("softmax", 3, CATEGORICAL, min=-1, width=3),
    "a code of 1 and 2": model("softmax", 3, CATEGORICAL, min=1, max=2, width=3),
    "a tanh output taken for probabilities": model("tanh"),
    "negative targets of a relative error": model("relu", loss="MeanAbsolutePercentageError", min=-1, integer=0, distinct=400),
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
    "quantities of a row that add up to more than a softmax": model("softmax", 3, SQUARED, left=0.4, **SHARES, row_sum_min=1, row_sum_max=1.06),
    "quantities of a row that add up to less": model("softmax", 3, SQUARED, left=0.4, **SHARES, row_sum_min=0.94, row_sum_max=1),
    "several labels a row on a softmax": model("softmax", 3, width=3, row_sum_min=0, row_sum_max=3),
    "a linear output, passed on": handed_on("linear"),
    "negative targets of a sigmoid": model("sigmoid", loss=SQUARED, min=-1, max=1, integer=0, distinct=400),
    "negative targets of a relu": model("relu", loss=SQUARED, min=-0.03, max=1, integer=0, distinct=400),
}
WARNINGS = {
    "binary cross-entropy on a softmax, which has not learned": model("softmax", 3, left=0.91, **ONE_HOT),
    "a squared loss on classes, which has not learned": model("softmax", 3, SQUARED, left=0.91, **ONE_HOT),
    "a squared loss on two classes, which has not learned": model("sigmoid", 1, SQUARED, left=0.91),
}
HINTS = {
    "independent classes that do not add up": model("sigmoid", 3, CATEGORICAL, outputs={"row_sum": 1.5}, **ONE_HOT),
    "independent classes under categorical cross-entropy": model("sigmoid", 3, CATEGORICAL, **ONE_HOT),
    "binary cross-entropy on a softmax that learns": model("softmax", 3, left=0.89, **ONE_HOT),
    "a squared loss on classes that learns": model("softmax", 3, SQUARED, left=0.89, **ONE_HOT),
}
SILENT = {
    "a score that is highest for right predictions": flipped(perfect=-0.51, lowest=-0.8),
    "rewards as weights of the rows": replace(flipped(), card=replace(flipped().card, weighted=True)),
    "training did not go there": flipped(lowest=-0.49),
    "a loss that is never negative": flipped(constant=1.0, perfect=2.0, lowest=0.5),
    "a loss whose sign is wrong, of which nothing was evaluated": without("gap", flipped()),
    "the loss of right predictions was not recorded": without("perfect", flipped()),
    "the loss of constants was not recorded": without("baseline", flipped()),
    "answers of their own, by sigmoids": model("sigmoid", 3, left=0.91, **ONE_HOT),
    "targets of a relu were not recorded": without("labels", model("relu", loss=SQUARED)),
    "targets of a softmax were not recorded": without("labels", model("softmax", 3, left=0.91)),
    "targets of a softmax under a squared loss were not recorded": without("labels", model("softmax", 3, SQUARED, left=0.91)),
    "targets of two outputs": replace(model("softmax", 3, SQUARED, left=0.91), series=model("softmax", left=0.91).series | {"labels": series("labels", ("a", "b"), **ONE_HOT)}),
    "linear units under a squared loss": model("linear", 3, SQUARED, left=0.91, **ONE_HOT),
    "shares from 0 to 1": model("sigmoid", 1, SQUARED, left=0.91, integer=0, distinct=400),
    "a single value": model("sigmoid", 1, SQUARED, left=0.91, max=0, distinct=1),
    "shares of three classes": model("softmax", 3, SQUARED, left=0.91, **{**ONE_HOT, "distinct": 50}, integer=0),
    "a smoothed code": model("softmax", 3, SQUARED, left=0.91, min=0.03, max=0.94, integer=0, **ONE_HOT),
    "rows without a class": model("softmax", 3, SQUARED, left=0.91, **{**ONE_HOT, "row_sum_min": 0}),
    "two classes a row": model("softmax", 3, SQUARED, left=0.91, width=3, row_sum_min=2, row_sum_max=2),
    "a healthy classifier": recorded("healthy_dense"),
    "a healthy regression": recorded("healthy_regression"),
    "two classes": model("sigmoid"),
    "logits, and it says so": model("linear", 3, SPARSE, from_logits=True, outputs={"min": -9, "max": 9, "width": 3}, **CLASSES),
    "sums within the tolerance": model("mine", 3, SPARSE, outputs={"row_sum": 0.96}, **CLASSES),
    "sums of several answers": model("mine", 3, outputs={"row_sum": 1.5}, width=3, row_sum_min=0, row_sum_max=3),
    "two units of a softmax under binary cross-entropy": model("softmax", 2, left=0.91, width=2, row_sum_min=1, row_sum_max=1),
    "binary cross-entropy on a softmax, one label a row or none": model("softmax", 3, left=0.91, width=3, row_sum_min=0, row_sum_max=1),
    "quantities of a row that add up to 1": model("softmax", 3, SQUARED, left=0.4, **SHARES, row_sum_min=0.96, row_sum_max=1.04),
    "quantities on a sigmoid": model("sigmoid", 3, SQUARED, left=0.4, **SHARES, row_sum_min=0.2, row_sum_max=2),
    "quantities of a row of another width": model("softmax", 4, SQUARED, left=0.4, **SHARES, row_sum_min=0.2, row_sum_max=2),
    "whole numbers that add up to more": model("softmax", 3, SQUARED, left=0.4, width=3, row_sum_min=0, row_sum_max=2),
    "a loss of one's own, of quantities": model("softmax", 3, "function", left=0.4, **SHARES, row_sum_min=0.2, row_sum_max=2),
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
    "two losses": run(card=replace(card(), losses=(Loss(BINARY), Loss(BINARY))), loss=losses([1.0])),
    "no run card": run(card=None, loss=losses([1.0])),
    "two outputs": run(card=card(dense("a", output=True), dense("b", output=True)), loss=losses([1.0])),
    "no output was seen": run(card=card(Layer("hidden")), loss=losses([1.0])),
}
TOLD = {
    "a loss whose sign is wrong": [("says", "would cost 0, the cheapest constant costs -1"), ("says", "Turn the sign")],
    "a softmax over one unit": [("evidence", 2)],
    "quantities of a row that add up to less": [("says", "add up to 0.94 to 1,"), ("value", "0.94")],
    "quantities of a row that add up to more than a softmax": [("says", "add up to 1 to 1.06"), ("evidence", 1), ("limits", [1.0]), ("value", "1.06"), ("measures", "sum of a row's targets, furthest from 1")],
    "nothing was evaluated": [("evidence", 1)],
    "quantities in one sigmoid": [("says not", "look like")],
    "two columns of small numbers": [("says not", "look like")],
    "a code of -1 and 1": [("says not", "Turn targets")],
    "a code of 1 and 2": [("says not", "Count the classes")],
    "a tanh output taken for probabilities": [("limits", [0.0])],
    "predictions outside 0 to 1, of an activation nobody knows": [("limits", [0.0])],
    "predictions above 1": [("limits", [1.0])],
    "negative targets of a sigmoid": [("limits", [0.0])],
    "three classes in one sigmoid": [("says", "Targets reach 2, but `BinaryCrossentropy`"), ("says", "The targets look like 3 classes: give each a unit."), ("says", "Outside that range the loss is no longer a likelihood: it has no floor, and the best prediction is not the target.")],
    "labels of -1 and 1": [("says", "Turn targets of -1 and 1 into 0 and 1."), ("evidence", 1)],
    "classes counted from 1": [("says", "Count the classes from 0, and not from 1.")],
    "targets just out of range": [("says not", "Turn targets of 0 and 1.03 into 0 and 1.")],
    "more classes than units": [("says", "Give `answer` a unit for every class: 6 instead of 3.")],
    "a linear output taken for probabilities": [("says", "probabilities: softmax."), ("limits", [1.0])],
    "a squared loss on classes, which has not learned": [("says", "measures a distance"), ("says", 'model.compile(optimizer=keras.optimizers.Adam(learning_rate=0.01), loss="categorical_crossentropy")')],
}
