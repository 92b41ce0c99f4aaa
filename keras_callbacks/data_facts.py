"""What is known of the data once the first epoch was seen: statistics of held and validation rows, losses to compare with."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

import keras
import numpy as np

from keras_callbacks.evaluation import Evaluation, Evaluator
from keras_callbacks.held_rows import HeldRows
from keras_callbacks.probes import inputs, labels, row_weights, run_card, shift
from keras_callbacks.validation_rows import ValidationRows


def facts(
    model: keras.Model, held: HeldRows, val: ValidationRows, evaluator: Evaluator | None, found: Evaluation | None
) -> dict[str, tuple[list[str], Callable[[], np.ndarray]]]:
    """By signal: the names of its columns (none for those of the run), and how to measure it.

    evaluator, found: what the model did with the held rows; None when that could not be measured
    """
    (x, y), names = held.rows(), held.names()
    answers = names_of(getattr(model, "output_names", None), len(y), "output")
    by_signal: dict[str, tuple[list[str], Callable[[], np.ndarray]]] = {
        "inputs": (names, lambda: np.stack([inputs.measure(a) for a in x]))
    }
    if y:
        by_signal["labels"] = answers, lambda: np.stack([labels.measure(a) for a in y])
    if held.weighted:
        weights = held.weights()
        by_signal["weights"] = (
            answers,
            lambda: np.stack([row_weights.measure(*pair) for pair in zip(y, weights, strict=True)]),
        )
    alike = len(x) == len(val.x) and [a.shape[1:] for a in (*x, *y)] == [a.shape[1:] for a in (*val.x, *val.y)]
    if y and alike:
        by_signal |= {
            "val_inputs": (names, lambda: np.stack([inputs.measure(a) for a in val.x])),
            "val_labels": (answers, lambda: np.stack([labels.measure(a) for a in val.y])),
            "shift": (names, lambda: np.stack([shift.measure(*pair) for pair in zip(x, val.x, strict=True)])),
            "label_shift": (
                answers,
                lambda: np.stack([shift.measure_labels(*pair) for pair in zip(y, val.y, strict=True)]),
            ),
            "overlap": ([], lambda: shift.overlap([*x, *y], [*val.x, *val.y])),
        }
    if found and evaluator:

        @cache
        def references() -> tuple[float, float]:
            from_logits = any(loss.from_logits for loss in run_card.losses_of(model))
            return evaluator.reference_losses(found.predictions, from_logits)

        by_signal["baseline"] = [], lambda: np.array([[references()[0], len(held)]])
        by_signal["perfect"] = [], lambda: np.array([[references()[1]]])
        if found.fed:
            by_signal["fed"] = list(found.fed), lambda: np.array([[scale] for scale in found.fed.values()])
    return by_signal


def names_of(known: list[str] | None, count: int, word: str) -> list[str]:
    """`count` names: the known ones if they are as many, else made ones."""
    if known and len(known) == count:
        return [str(name) for name in known]
    return [word if count == 1 else f"{word}_{i + 1}" for i in range(count)]
