import numpy as np
from made_up import card, dense, gaps, losses, run, series

ANSWER = dense("answer", 3, "softmax", output=True)


def ordered(spread=8.0, same=1.0, left=0.5, epochs=6, loss="SparseCategoricalCrossentropy", repeated=0.0, fall=0.0, constant=1.0, **more):
    train = np.linspace(left + fall, left, epochs)
    at = np.arange(1, epochs + 1) * 20
    return run(batches=series("batches", steps=at, target_spread=spread, same_order_share=same, repeated_share=repeated),
               gap=gaps(train), loss=losses(train, at), baseline=series("baseline", constant_loss=constant), **{"card": card(dense("hidden"), ANSWER, loss=loss), **more})  # fmt: skip


FIRES = {
    "sorted by class": ordered(),
    "just over the distance": ordered(3.1),
    "hardly another order": ordered(same=0.91),
    "just badly fitted": ordered(left=0.31),
    "three epochs": ordered(epochs=3),
    "without a run card": ordered(card=None),
    "a fall of next to nothing": ordered(fall=0.02),
}
HINTS = {}
SILENT = {
    "shuffled": ordered(1.0, 0.0),
    "just under the distance": ordered(2.9),
    "another order in each epoch": ordered(same=0.89),
    "it learns": ordered(left=0.29),
    "a series": ordered(loss="MeanSquaredError"),
    "one batch for ever is another rule's": ordered(repeated=0.95),
    "still falling": ordered(fall=0.3),
}
UNKNOWN = {
    "two epochs": ordered(epochs=2),
    "batches were not compared": run(gap=gaps([1.0]), baseline=series("baseline")),
    "the constant's loss is not known": ordered(constant=np.nan),
}
