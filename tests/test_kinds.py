"""Every kind of model, optimizer, data and fit: the observed run is the run, and what should be measured is."""

from __future__ import annotations

import warnings

import keras
import numpy as np
import pytest
import tensorflow as tf
from kinds import BINARY, CLASSES, CROSS, EVERYTHING, KINDS, SPARSE, TABLE, WORDS, compiled, table_model

from keras_callbacks import Diagnosis
from tb_nndiag.engine import diagnose
from tb_nndiag.logdir import read

L = keras.layers


def trained(kind, callbacks):
    """(history, the model's state) of a seeded training."""
    keras.backend.clear_session()
    keras.utils.set_random_seed(5)
    model, x, y, more = kind.make()
    more = {"batch_size": 32, **more} if y is not None else more
    if kind.train:
        history = kind.train(model, x, y, callbacks, **more)
    else:
        history = model.fit(x, y, epochs=2, verbose=0, callbacks=callbacks, **more).history
    return history, [np.asarray(v) for v in (*model.weights, *model.optimizer.variables, *model.metrics_variables)]


@pytest.mark.filterwarnings("ignore:`shuffle=True` was passed", "ignore:.*does not have any trainable weights")
@pytest.mark.parametrize("name", KINDS)
def test_it_is_measured_and_stays_the_same_bit_for_bit(name, tmp_path):
    kind = KINDS[name]
    history, state = trained(kind, [])
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        observed_history, observed = trained(kind, [Diagnosis(tmp_path, quiet=True)])
    assert len([w for w in said if "Diagnosis" in str(w.message)]) == kind.warns
    if kind.exact:
        assert observed_history == history
    for a, b in zip(state, observed, strict=True):
        if kind.exact:
            np.testing.assert_array_equal(a, b)
        else:
            np.testing.assert_allclose(a, b, atol=1e-5)
    run = read(tmp_path)
    assert bool(run.problems) == kind.warns
    known = {signal for signal, series in run.series.items() if np.isfinite(series[series.stats[0]]).any()}
    assert EVERYTHING - known == kind.missing
    assert run.ended
    assert not [v for v in diagnose(run) if v.status == "crashed"]


def test_a_loss_method_with_arguments_of_its_own(tmp_path):
    class Own(keras.Model):
        def __init__(self):
            super().__init__()
            self.answer = L.Dense(1, "sigmoid")

        def call(self, x):
            return self.answer(x)

        def compute_loss(self, prediction, target):
            return keras.ops.mean((prediction - target) ** 2)

        def train_step(self, data):
            x, y = data
            with tf.GradientTape() as tape:
                loss = self.compute_loss(self(x), y)
            self.optimizer.apply(tape.gradient(loss, self.trainable_weights), self.trainable_weights)
            return {"loss": loss}

    model = Own()
    model.compile("adam", jit_compile=False)
    model.fit(TABLE, BINARY, epochs=2, verbose=0, callbacks=[Diagnosis(tmp_path, quiet=True)])
    assert {"loss", "gradients", "updates"} <= set(read(tmp_path).series)


def test_inputs_given_by_name_keep_their_names(tmp_path):
    late, early = keras.Input((6,), name="late"), keras.Input((6,), name="early")
    model = compiled(keras.Model([late, early], L.Dense(1, "sigmoid")(L.Concatenate()([late, early]))), CROSS)
    model.fit({"late": TABLE * 100, "early": TABLE}, BINARY, verbose=0, callbacks=[Diagnosis(tmp_path, quiet=True)])
    inputs = read(tmp_path)["inputs"]
    assert inputs.last("late", "std") > 50 > inputs.last("early", "std")


def test_weights_of_classes_count_in_both_losses(tmp_path):
    model = compiled(table_model(), CROSS)
    model.fit(TABLE, BINARY, verbose=0, class_weight={0: 1.0, 1: 9.0}, callbacks=[Diagnosis(tmp_path, quiet=True)])
    weights = np.where(BINARY[:, 0] > 0, 9.0, 1.0)
    run = read(tmp_path)
    np.testing.assert_allclose(run["gap"].last(0, "train"), model.evaluate(TABLE, BINARY, sample_weight=weights, verbose=0), rtol=1e-3)
    share = BINARY.mean()
    constant = -np.mean(weights * np.where(BINARY[:, 0] > 0, np.log(share), np.log(1 - share)))
    np.testing.assert_allclose(run["baseline"].last(0, "constant_loss"), constant, rtol=1e-3)


def test_the_floor_of_a_smoothed_loss_is_known(tmp_path):
    model = compiled(table_model(out=4, activation="softmax"), keras.losses.CategoricalCrossentropy(label_smoothing=0.2))
    model.fit(TABLE, np.eye(4)[CLASSES], verbose=0, callbacks=[Diagnosis(tmp_path, quiet=True)])
    floor = -(0.85 * np.log(0.85) + 3 * 0.05 * np.log(0.05))  # one class has 0.85 of the smoothed target, the others 0.05
    np.testing.assert_allclose(read(tmp_path)["perfect"].last(0, "loss"), floor, rtol=1e-4)
    plain = table_model(out=4, activation="softmax")
    compiled(plain, SPARSE).fit(TABLE, CLASSES, verbose=0, callbacks=[Diagnosis(tmp_path / "plain", quiet=True)])
    assert read(tmp_path / "plain")["perfect"].last(0, "loss") < 1e-5


def test_the_floor_of_a_smoothed_loss_of_logits_is_known(tmp_path):
    model = compiled(table_model(activation=None), keras.losses.BinaryCrossentropy(from_logits=True, label_smoothing=0.1))
    model.fit(TABLE, BINARY, verbose=0, callbacks=[Diagnosis(tmp_path, quiet=True)])
    np.testing.assert_allclose(read(tmp_path)["perfect"].last(0, "loss"), -(0.95 * np.log(0.95) + 0.05 * np.log(0.05)), rtol=1e-4)


def test_predictions_behind_a_mask_have_no_known_constant(tmp_path):
    model = keras.Sequential([keras.Input((10,), dtype="int32"), L.Embedding(50, 8, mask_zero=True), L.GRU(5, return_sequences=True), L.Dense(1, "sigmoid")])
    compiled(model, CROSS).fit(WORDS, (WORDS > 25)[..., None].astype("float32"), verbose=0, callbacks=[Diagnosis(tmp_path, quiet=True)])
    run = read(tmp_path)
    assert np.isnan(run["baseline"].last(0, "constant_loss"))
    assert next(v for v in diagnose(run) if v.rule == "loss-plateau").status == "unknown"
