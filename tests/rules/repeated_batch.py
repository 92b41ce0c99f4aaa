from made_up import gaps, run, series
from recorded import recorded


def repeating(share=1.0, batches=20, val=0.9, train=0.5, **more):
    return run(batches=series("batches", repeated_share=share, batches=batches), gap=gaps([train], [val]), baseline=series("baseline"), **more)


FIRES = {
    "a dataset of one batch": recorded("same_batch_again"),
    "always the same": repeating(),
    "nearly always": repeating(0.91),
    "five batches": repeating(batches=5),
    "validation just bad enough": repeating(val=0.76),
}
HINTS = {
    "an experiment on one batch": run(batches=series("batches", repeated_share=1.0)),
    "without validation": repeating(val=float("nan")),
    "validation agrees": repeating(val=0.74),
}
SILENT = {
    "other batches": repeating(0.0),
    "often": repeating(0.89),
}
UNKNOWN = {
    "four batches": repeating(batches=4),
    "batches were not compared": run(),
}
