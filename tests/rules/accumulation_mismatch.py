from dataclasses import replace

import numpy as np
from made_up import card, losses, run, series
from recorded import recorded

from tb_nndiag.run import Optimizer


def accumulated(every=50, last=600, left=0.95, optimizer=None, **parts):
    made = replace(card(), optimizer=optimizer or Optimizer("Adam", 0.01, settings={"gradient_accumulation_steps": every}))
    gap = series("gap", steps=[last], train=left, epoch=10)
    return run(**{"gap": gap, "loss": losses([left], [last]), "baseline": series("baseline"), "card": made, **parts})


FIRES = {
    "updates after each 64 batches": recorded("updated_every_64_batches"),
    "12 updates": accumulated(),
    "99 updates": accumulated(every=6, last=599),
    "one": accumulated(every=512),
    "none": accumulated(every=1024),
}
WARNINGS = {"something was learned, too little": accumulated(left=0.66)}
HINTS = {}
SILENT = {
    "nothing is accumulated": accumulated(every=1),
    "an optimizer that says nothing of it": accumulated(optimizer=Optimizer("Adam", 0.01)),
    "an optimizer that leaves it open": accumulated(optimizer=Optimizer("Adam", 0.01, settings={"gradient_accumulation_steps": None})),
    "100 updates": accumulated(every=6, last=600),
    "enough was learned": accumulated(left=0.64),
}
UNKNOWN = {
    "99 steps": accumulated(last=99),
    "no run card": accumulated(card=None),
    "no optimizer": accumulated(card=replace(card(), optimizer=None)),
    "the constant's loss is not known": accumulated(baseline=series("baseline", constant_loss=np.nan)),
}
