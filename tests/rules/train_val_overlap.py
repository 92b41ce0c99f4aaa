from dataclasses import replace

from made_up import card, run, series
from recorded import recorded


def rows(shared=30, val=200, train=500, duplicates=0, distinct=500, of=500, **more):
    made = replace(card(), batch_size=50, steps_per_epoch=of // 50)
    return run(overlap=series("overlap", train_rows=train, val_rows=val, shared=shared, duplicates=duplicates, distinct=distinct), card=made, **more)


FIRES = {
    "validated on training rows": recorded("validated_on_training_rows"),
    "all of them": rows(200),
    "just over a tenth": rows(21),
    "a few of those that were kept, of many": rows(11, of=1000),
    "five": rows(5, 40),
    "more than chance": rows(61, duplicates=50),
    "copies of rows that are no whole numbers": rows(40, duplicates=50, inputs=series("inputs", ("pixels",), integer=0)),
    "of several inputs, one that is not": rows(40, duplicates=50, inputs=series("inputs", ("pixels", "ids"), integer=[[0, 1]])),
    "a hundred distinct rows": rows(distinct=100, duplicates=10),
    "without a run card": run(card=None, overlap=series("overlap", shared=30)),
}
HINTS = {}
SILENT = {
    "none": rows(0),
    "just under a tenth": rows(19),
    "of few rows that were kept": rows(9, of=1000),
    "four": rows(4, 30),
    "no more than chance, of whole numbers": rows(59, duplicates=50, inputs=series("inputs", ("ids",), integer=1)),
    "no more than chance": rows(59, duplicates=50),
    "a run card that does not know": rows(19, of=0),
}
UNKNOWN = {
    "99 distinct rows": rows(distinct=99),
    "no validation rows": rows(0, 0),
    "nothing was compared": run(),
}
