"""The contract between recording and judging: every recorded quantity.

A signal is one packed float32 tensor per record, shape (columns, stats). What its columns are called stands in the run
card, because names may change while the metadata of a TensorBoard tag may not. What its stats are called stands here.
"""

from __future__ import annotations

from dataclasses import dataclass

PLUGIN_NAME = "nndiag"  # written in every event file: never change it
FORMAT = 1  # raise it when stats change their place or meaning
CARD_TAG = "nndiag/card"
FILE_SUFFIX = ".nndiag"  # of our event files, so that a reader need not open anybody else's
MOST_RECORDS = 2000  # per signal; loader.py asks TensorBoard to keep that many


@dataclass(frozen=True)
class Signal:
    """One recorded quantity: `stats` of every column, in order; `columns` says what a column is."""

    columns: str  # "run", "layer", "input", "output", "metric", "class" or "place"
    stats: tuple[str, ...]
    cadence: str  # "step": at observed steps; "epoch": at epoch ends; "once": when known, and again at the end
    meaning: str


_OF_INPUTS = (
    "mean", "std", "min", "max", "nonfinite", "constant_share", "largest_scale", "scale_ratio", "integer", "rows",
)  # fmt: skip
_OF_TARGETS = (
    "mean", "std", "min", "max", "nonfinite", "integer", "distinct", "width", "rank", "row_sum_min", "row_sum_max",
    "majority_share", "spread",
)  # fmt: skip
SIGNALS = {
    "loss": Signal(
        "run",
        ("mean", "min", "max", "first", "last", "nonfinite", "worst_step", "steps"),
        "step",
        "total loss of every batch since the last record, penalties included (not Keras' running mean); "
        "`nonfinite` counts batches, `worst_step` is the step of `max`",
    ),
    "epoch": Signal("metric", ("value",), "epoch", "the epoch's metrics as Keras reports them"),
    "gap": Signal(
        "run",
        ("train", "penalty", "val", "best_val", "best_epoch", "epoch", "from_predictions"),
        "epoch",
        "loss of the held rows in inference mode beside the validation loss; `penalty` is its regularization part; "
        "`from_predictions` is the loss recomputed from the predictions alone; epochs count from 1",
    ),
    "gradients": Signal(
        "layer",
        ("rms", "max_abs", "zero_share", "nonfinite"),
        "step",
        "gradient of the observed step, before clipping, loss scale removed; over the layer's weights of two or more"
        " dimensions (NaN: it has none)",
    ),
    "worst_gradients": Signal(
        "layer",
        ("rms", "step"),
        "once",
        "the largest `rms` of `gradients` of all observed steps, and its step",
    ),
    "updates": Signal(
        "layer",
        ("ratio", "update_rms", "weight_rms", "weight_max_abs", "unit_spread"),
        "step",
        "what the optimizer did to the layer's weights of two or more dimensions (to all, if it has none): "
        "rms(step) / rms(weights before); `unit_spread` is rms(weights - mean over units) / rms(weights)",
    ),
    "units": Signal(
        "layer",
        ("dead_share", "saturated_share", "mean", "std", "min", "max", "spread"),
        "epoch",
        "outputs of the layer on the held rows in inference mode; a unit is dead when it is exactly zero for every row "
        "and position, saturated when it is within 1 % of its bound for more than 95 % of them; "
        "`spread` is the mean over units of the standard deviation over rows",
    ),
    "inputs": Signal(
        "input",
        _OF_INPUTS,
        "once",
        "the held rows; features lie along the last axis; a feature's scale is the larger of its |mean| and std, "
        "`scale_ratio` is the largest scale over the median one, of the features that vary",
    ),
    "fed": Signal(
        "layer",
        ("largest_scale",),
        "once",
        "what the first layer with weights is given for the held rows: the largest scale of a feature",
    ),
    "labels": Signal(
        "output",
        _OF_TARGETS,
        "once",
        "targets of the held rows; `width` is the last dimension, `majority_share` the share of the commonest value or"
        " class, `spread` the mean over columns of the standard deviation over rows",
    ),
    "weights": Signal(
        "output",
        ("mean", "min", "max", "majority_share"),
        "once",
        "weights of the held rows, from `sample_weight` or `class_weight`; `majority_share` is the share of all weight on the rows of"
        " the commonest value or class (NaN where a row has several targets or weights); not recorded where rows are not weighted",
    ),
    "outputs": Signal(
        "output",
        ("mean", "std", "min", "max", "spread", "width", "rank", "majority_share", "row_sum"),
        "epoch",
        "predictions for the held rows in inference mode; `spread` is the mean over columns of the standard deviation"
        " over rows; `majority_share` the share of the most predicted class",
    ),
    "baseline": Signal(
        "run",
        ("constant_loss", "rows"),
        "once",
        "loss of the best constant prediction for the held rows, under the run's own loss, penalties excluded",
    ),
    "perfect": Signal(
        "run",
        ("loss",),
        "once",
        "loss of predicting every held row's target exactly, penalties excluded: 0 for most losses",
    ),
    "optimizer": Signal("run", ("learning_rate",), "step", "learning rate of the observed step"),
    "nonfinite": Signal(
        "place",
        ("count",),
        "step",
        "values that were NaN or infinite at the first step that had any, in the order of the computation; "
        "not recorded while there are none",
    ),
    "timing": Signal(
        "run",
        ("step_seconds", "own_seconds", "elapsed_seconds"),
        "step",
        "mean duration of the steps since the last record; time spent by the callback so far; time since the start",
    ),
    "wait": Signal(
        "run",
        ("seconds",),
        "step",
        "how long one step waited for its batch, now and then from step 80 on; not recorded under a distribution strategy or"
        " for several steps per execution",
    ),
    "mode": Signal(
        "run",
        ("inference", "training"),
        "epoch",
        "loss of the same held rows in inference mode and in training mode (dropout on, statistics of the batch); "
        "not recorded for a model that does the same in both",
    ),
    "noise": Signal(
        "layer",
        ("mean_square", "variance", "cosine", "steps"),
        "step",
        "the gradient over a few successive steps, per value: square of its mean (without what noise adds to it), variance over the"
        " steps; `cosine` between successive updates, mean over the pairs",
    ),
    "batches": Signal(
        "run",
        ("batches", "repeated_share", "same_order_share", "target_spread"),
        "epoch",
        "fingerprints of the epoch's batches: share equal to the batch before; share equal to the batch at the same place of"
        " the epoch before; standard deviation of the batches' mean target over what shuffled rows would give",
    ),
    "val_inputs": Signal(
        "input",
        _OF_INPUTS,
        "once",
        "as `inputs`, of validation rows at equal distances",
    ),
    "val_labels": Signal(
        "output",
        _OF_TARGETS,
        "once",
        "as `labels`, of validation rows at equal distances",
    ),
    "shift": Signal(
        "input",
        ("location", "scale", "most_location", "outside_share"),
        "once",
        "validation rows beside held training rows: median over features of |difference of means| / training std, and of"
        " std / training std; the largest of the former; share of the values outside the training rows' range by more than"
        " half of it",
    ),
    "label_shift": Signal(
        "output",
        ("location", "distance"),
        "once",
        "targets of the validation rows beside the held rows': |difference of means| / std; total variation distance between"
        " the shares of the classes (NaN where targets are no classes)",
    ),
    "overlap": Signal(
        "run",
        ("train_rows", "val_rows", "shared", "duplicates", "distinct"),
        "once",
        "validation rows (input and target) that also are among the held training rows; held rows that repeat another one;"
        " distinct held rows",
    ),
    "clipping": Signal(
        "run",
        ("before", "after"),
        "step",
        "norm of the observed step's gradient (weights of two or more dimensions) before and after the optimizer's clipping;"
        " not recorded for an optimizer that does not clip",
    ),
    "loss_scale": Signal(
        "run",
        ("scale", "skipped"),
        "step",
        "loss scale of mixed precision; steps so far that were skipped because a scaled gradient was not finite",
    ),
    "resources": Signal(
        "run",
        ("resident_bytes", "traces"),
        "step",
        "memory of the process; how often the train step was traced so far",
    ),
}
