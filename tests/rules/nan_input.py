from made_up import losses, run, series
from recorded import recorded

PLACES = ("input", "target", "loss")

FIRES = {
    "one NaN in one row": recorded("row_with_nan"),
    "an input of one batch": run(loss=losses([1, 1]), nonfinite=series("nonfinite", PLACES, [2], count=[[1, 0, 1]])),
    "a target of one batch": run(loss=losses([1, 1]), nonfinite=series("nonfinite", PLACES, [2], count=[[0, 1, 1]])),
    "inputs of training and of validation": run(loss=losses([1, 1]), inputs=series("inputs", nonfinite=1), val_inputs=series("val_inputs", nonfinite=1)),
    "an input of the held rows": run(loss=losses([1, 1]), inputs=series("inputs", nonfinite=1)),
    "a target of the held rows": run(loss=losses([1, 1]), labels=series("labels", nonfinite=1)),
}
WARNINGS = {
    "an input of the validation rows": run(loss=losses([1, 1]), inputs=series("inputs"), val_inputs=series("val_inputs", nonfinite=1)),
    "a target of the validation rows": run(loss=losses([1, 1]), labels=series("labels"), val_labels=series("val_labels", nonfinite=1)),
}
HINTS = {}
SILENT = {
    "a healthy run": recorded("healthy_dense"),
    "only the loss was not finite": run(loss=losses([1, 1]), nonfinite=series("nonfinite", PLACES, [2], count=[[0, 0, 1]])),
    "a learning rate that overflows": recorded("steps_explode"),
}
UNKNOWN = {"no loss was seen": run()}
TOLD = {
    "an input of the validation rows": [("says", "x_val, y_val = x_val[keep], y_val[keep]"), ("says", "np.isfinite(x_val)"), ("says", "They spoil no weight")],
    "a target of the validation rows": [("says", "np.isfinite(y_val)")],
    "inputs of training and of validation": [("says", "x, y = x[keep], y[keep]"), ("says", "Every weight that meets")],
    "a target of the held rows": [("says", "np.isfinite(y)"), ("says", "One such value spoils")],
    "one NaN in one row": [("says", "(limit: 0)."), ("says", "print(np.argwhere(~np.isfinite(x))[:10])")],
}
