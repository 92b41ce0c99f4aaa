from dataclasses import replace

import numpy as np
from made_up import card, dense, gaps, losses, run, series
from recorded import recorded

from tb_nndiag.run import Loss


def answers(activation="sigmoid", loss="function", low=0.0, high=2.0, least=0.0, most=1.0, left=1.0, width=1, constant=1.0):
    """low, high: of the targets; least, most: of the predictions"""
    known = card(dense("hidden"), dense("answer", 1, activation, output=True), loss=loss)
    return run(card=known, labels=series("labels", min=low, max=high), outputs=series("outputs", min=least, max=most, width=width),
               loss=losses([left]), gap=gaps([left]), baseline=series("baseline", constant_loss=constant))  # fmt: skip


FIRES = {
    "a sigmoid for what reaches to 6": recorded("sigmoid_for_twice_as_much"),
    "above a sigmoid": answers(),
    "below a sigmoid": answers(low=-1, high=1),
    "below a relu": answers("relu", low=-1, high=3, most=2),
    "just out of reach": answers(high=1.03, most=0.99),
    "the predictions are near the bound": answers(most=0.97),
    "little was learned": answers(left=0.51),
}
HINTS = {
    "the predictions are not near the bound": answers(most=0.95),
    "it learns": answers(left=0.49),
    "harm is not known": answers(constant=np.nan),
}
SILENT = {
    "a little out of reach": answers(high=1.015, most=0.99),
    "a healthy run": recorded("healthy_regression"),
    "within reach": answers(low=0.2, high=0.8),
    "hardly out of reach": answers(high=1.01),
    "a linear output": answers("linear"),
    "a loss that another rule judges": answers(loss="MeanSquaredError"),
    "class numbers": answers("softmax", high=9, width=10),
    "targets that are not finite": answers(high=np.nan),
}
UNKNOWN = {
    "no run card": run(card=None, labels=series("labels"), outputs=series("outputs")),
    "two losses": run(card=replace(card(), losses=(Loss("function"),) * 2), labels=series("labels"), outputs=series("outputs")),
    "two outputs": run(card=card(dense("a", output=True), dense("b", output=True)), labels=series("labels"), outputs=series("outputs")),
    "no targets were seen": run(outputs=series("outputs")),
}
