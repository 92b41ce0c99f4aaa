from dataclasses import replace

import numpy as np
from made_up import card, gaps, losses, run, series
from recorded import recorded


def ended(train=(1.0, 0.97), val=None, every=20, batches=None, end=True, size=32, plan=True, ratio=None, planned=None):
    train = np.asarray(train, float)
    batches = np.linspace(1.1, train[-1], 9) if batches is None else np.asarray(batches, float)
    at = np.linspace(1, len(train) * every, len(batches)).astype(int)
    made = replace(card(), ended=end, batch_size=size, epochs=planned or len(train)) if plan else None
    moved = {"updates": series("updates", ("hidden", "answer"), at, ratio=ratio)} if ratio else {}
    return run(**moved, gap=gaps(train, train if val is None else np.asarray(val, float), every), loss=losses(batches, at),
               baseline=series("baseline"), card=made)  # fmt: skip


LONG = np.linspace(1.2, 0.7, 12)

FIRES = {
    "forty steps": ended(),
    "ninety-nine": ended(every=49),
    "of one epoch": ended([0.97]),
    "with batches of 128 rows": ended(size=128),
    "hardly a fall": ended(batches=np.linspace(1.0, 0.965, 9)),
    "without validation": ended(val=[np.nan] * 2),
    "steps that led nowhere yet": ended([1.0, 0.97], every=75, ratio=1.3e-3),
    "just over the limit": ended([1.0, 0.51]),
    "steps that led nowhere yet, just over the limit": ended([1.0, 0.66], every=75, ratio=1.3e-3),
    "ended in its best epoch, of more": ended(np.linspace(1.2, 0.4, 12), planned=13),
    "ended in its best epoch, just enough left": ended(np.linspace(1.2, 0.21, 12), planned=40),
    "ended in its best epoch, falling by a twentieth a third": ended(np.linspace(0.7, 0.5, 12), planned=40),
    "far above a constant": ended([3.5, 2.9], batches=np.linspace(3.9, 2.9, 9)),
}
HINTS = {
    "a softmax taken for logits, still falling": recorded("softmax_reshaped_from_logits"),
    "a long run that still falls": ended(LONG),
    "validation at its lowest a little before": ended(LONG, val=[*LONG[:10], 0.81, 0.83]),
    "a hundred steps that still fall": ended(np.linspace(1.2, 0.7, 10), every=10),
}
SILENT = {
    "a healthy run": recorded("healthy_dense"),
    "just under the limit": ended([1.0, 0.49]),
    "a hundred steps, just under the limit": ended(np.linspace(1.2, 0.64, 10), every=10),
    "steps that led nowhere yet, just under the limit": ended([1.0, 0.64], every=75, ratio=1.3e-3),
    "few steps, just under the limit, of more": ended([1.0, 0.49], planned=10),
    "ended in its best epoch, and little is left": ended(np.linspace(1.2, 0.19, 12), planned=40),
    "ended after its best epoch": ended(np.linspace(1.2, 0.4, 12), val=[*np.linspace(1.2, 0.4, 11), 0.5], planned=40),
    "ended without validation": ended(np.linspace(1.2, 0.4, 12), val=[np.nan] * 12, planned=40),
    "ended in its best epoch, as low as it gets": ended(np.linspace(0.5, 0.4, 12), planned=40),
    "it goes on, and is in its best epoch": ended(np.linspace(1.2, 0.4, 12), planned=40, end=False),
    "all epochs of a plan": ended(np.linspace(1.2, 0.4, 12)),
    "one step, which shows no fall": ended([0.97], every=1, batches=[0.97]),
    "it ran away": ended([3.5, 3.1], batches=np.linspace(3.9, 3.1, 9)),
    "few steps, and next to no fall": ended(batches=np.linspace(1.0, 0.975, 9)),
    "few steps, and as low as it gets": ended(batches=[1.3, 1.2, 1.1, 0.97, 0.98, 0.97, 0.97, 0.97, 0.97]),
    "as many steps, and longer ones": ended([1.0, 0.97], every=75, batches=np.linspace(1.0, 0.97, 9), ratio=1.4e-3),
    "short steps, and no fall": ended([0.98, 0.97], every=75, ratio=1e-3, batches=np.linspace(0.98, 0.97, 9)),
    "a hundred steps, and no fall": ended([0.98, 0.97], every=50),
    "a long run that hardly falls": ended(np.linspace(0.8, 0.7, 12)),
    "validation was better long before": ended(LONG, val=[*LONG[:8], 0.9, 0.91, 0.92, 0.93]),
}
UNKNOWN = {
    "it goes on": ended(end=False),
    "the callback stopped it": replace(ended(), card=replace(ended().card, stopped="NND201 vanishing-gradients, found in epoch 2")),
    "nobody knows whether it ended": ended(plan=False),
    "the constant's loss is not known": run(gap=gaps([1.0]), loss=losses([1.0]), baseline=series("baseline", constant_loss=np.nan)),
    "nothing was evaluated": run(loss=losses([1.0])),
}
TOLD = {
    "ended in its best epoch, of more": [("says", "epoch 12 of 13"), ("limits", [0.2, 13]), ("says", 'mode="min"')],
    "forty steps": [("evidence", 2), ("says", "(limit: 50%)")],
    "a long run that still falls": [("evidence", 1)],
    "steps that led nowhere yet": [("evidence", 2)],
    "with batches of 128 rows": [("says", "Use batches of 32 rows instead of 128.")],
}
