from dataclasses import replace

import numpy as np
from made_up import card, gaps, losses, run, series
from recorded import recorded

from tb_nndiag.run import Optimizer


def with_settings(name="Adam", left=1.0, steps=40, constant=1.0, **settings):
    known = replace(card(), optimizer=Optimizer(name, 0.01, settings=settings))
    return run(card=known, loss=losses([left], [steps]), gap=gaps([left], every=steps), baseline=series("baseline", constant_loss=constant))


FIRES = {
    "an epsilon of 1": recorded("epsilon_of_one"),
    "beta_1 of 1": with_settings(beta_1=1.0),
    "beta_2 of 1": with_settings(beta_2=1.0),
    "a momentum of 1": with_settings("SGD", momentum=1.0),
    "a rho of 1": with_settings("RMSprop", rho=1.0),
    "a hundredth of the weights off in each step": with_settings("AdamW", weight_decay=1.0),
    "of any optimizer": with_settings("SGD", weight_decay=60.0),
    "a momentum that never forgets": with_settings("SGD", momentum=0.9951),
    "a first beta that never forgets": with_settings("Nadam", beta_1=0.999, beta_2=0.9999),
    "of any optimizer that has one": with_settings("Lion", beta_1=0.999),
    "a negative beta": with_settings(beta_1=-0.1),
    "just at the limit of epsilon": with_settings(epsilon=0.05),
    "betas swapped": with_settings(beta_1=0.999, beta_2=0.9),
    "it has hardly learned": with_settings(beta_1=1.0, left=0.91),
    "of a relative of Adam": with_settings("AdamW", epsilon=1.0),
}
HINTS = {
    "it learns": with_settings("SGD", momentum=1.0, left=0.89),
    "harm is not known": with_settings(beta_1=1.0, constant=np.nan),
}
SILENT = {
    "beta_2 alone": with_settings(beta_2=0.9),
    "a healthy run": recorded("healthy_dense"),
    "as it comes": with_settings(beta_1=0.9, beta_2=0.999, epsilon=1e-7, amsgrad=False),
    "just under the limits": with_settings("SGD", momentum=0.9949),
    "a strong weight decay": with_settings("AdamW", weight_decay=0.99),
    "a small epsilon": with_settings(epsilon=0.049),
    "betas of adversarial training": with_settings(beta_1=0.0, beta_2=0.9),
    "betas nearly out of balance": with_settings(beta_1=0.97, beta_2=0.9),
    "an epsilon that does another thing": with_settings("RMSprop", epsilon=1.0),
    "betas that do another thing": with_settings("Lion", beta_1=0.99, beta_2=0.5),
    "a setting that is not set": with_settings(beta_1=0.9),
}
UNKNOWN = {
    "39 steps": with_settings(beta_1=1.0, steps=39),
    "no run card": run(card=None, loss=losses([1.0], [40])),
    "no optimizer": run(card=replace(card(), optimizer=None), loss=losses([1.0], [40])),
}
TOLD = {
    "a momentum that never forgets": [("says", "SGD's memory of past directions (1 / (1 - momentum)) is 204 (limit: less than 200)."), ("says", "momentum is 0.9951:"), ("says", "Use momentum=0.9.")],
    "betas swapped": [("says", "beta_1² over")],
    "an epsilon of 1": [("says", "(limit: less than")],
    "beta_1 of 1": [("says", "less than 1).")],
}
