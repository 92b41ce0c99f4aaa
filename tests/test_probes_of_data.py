"""What is measured of batches, held rows and validation rows of a real fit, against plain NumPy."""

from __future__ import annotations

import warnings

import keras
import numpy as np
import pytest
import tensorflow as tf

from keras_callbacks import Diagnosis
from keras_callbacks.probes import inputs, labels
from tb_nndiag.logdir import read

L = keras.layers
ROWS, BATCH = 64, 8
RANDOM = np.random.default_rng(4)
X = RANDOM.standard_normal((ROWS, 5)).astype("float32")
CLASSES = RANDOM.integers(0, 4, ROWS)
BINARY = (X[:, :1] > 0).astype("float32")


def made(*layers, out=4, activation="softmax", loss="sparse_categorical_crossentropy"):
    keras.utils.set_random_seed(3)
    model = keras.Sequential([keras.Input((5,)), *layers, L.Dense(out, activation)])
    model.compile("adam", loss, jit_compile=False)
    return model


def recorded(tmp_path, model, x, y=None, **more):
    more = {"batch_size": BATCH, "shuffle": False, **more} if y is not None else more
    model.fit(x, y, verbose=0, callbacks=[Diagnosis(tmp_path, quiet=True)], **more)
    return read(tmp_path)


# ---- training mode beside inference mode -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    "layers",
    [[L.Dropout, 0.5], [L.BatchNormalization], [L.GaussianNoise, 1.0]],
    ids=lambda made: made[0].__name__,
)
def test_the_loss_of_the_same_rows_in_both_modes(layers, tmp_path):
    model = made(L.Dense(8, "relu"), layers[0](*layers[1:]), out=1, activation="sigmoid", loss="binary_crossentropy")
    mode = recorded(tmp_path, model, X, BINARY, epochs=2)["mode"]
    assert len(mode) == 2

    def loss(x, y, training):
        return float(tf.reduce_mean(keras.losses.binary_crossentropy(y, model(x, training=training))))

    # the layers' random numbers stand where they stood when this was measured: it put them back
    batches = [slice(start, start + BATCH) for start in range(0, ROWS, BATCH)]
    in_inference = loss(X, BINARY, False)
    in_training = np.mean([loss(X[b], BINARY[b], True) for b in batches])
    np.testing.assert_allclose(mode.values[-1, 0], [in_inference, in_training], rtol=1e-4)
    assert abs(in_training - in_inference) > 1e-3


def test_measuring_both_modes_leaves_statistics_and_random_numbers_alone(tmp_path):
    def layers():
        return L.Dense(8, "relu"), L.BatchNormalization(), L.Dropout(0.5)

    alone, observed = made(*layers()), made(*layers())
    keras.utils.set_random_seed(1)
    alone.fit(X, CLASSES, BATCH, 3, verbose=0)
    keras.utils.set_random_seed(1)
    assert "mode" in recorded(tmp_path, observed, X, CLASSES, epochs=3, shuffle=True)
    for a, b in zip((*alone.variables, *alone.metrics_variables), (*observed.variables, *observed.metrics_variables), strict=True):
        np.testing.assert_array_equal(a, b)


class DroppedInTraining(L.Layer):
    def call(self, x, training=None):
        return 0.0 * x if training else x


def test_a_layer_of_ones_own_may_do_something_else_in_training_mode(tmp_path):
    mode = recorded(tmp_path, made(L.Dense(8), DroppedInTraining()), X, CLASSES)["mode"]
    assert mode.last(0, "training") != mode.last(0, "inference")


@pytest.mark.parametrize("layer", [None, lambda: L.Dropout(0.0), L.LayerNormalization], ids=["dense", "dropout of nothing", "layer normalization"])
def test_a_model_that_does_the_same_in_both_modes_has_none(layer, tmp_path):
    assert "mode" not in recorded(tmp_path, made(L.Dense(8), *([layer()] if layer else [])), X, CLASSES)


# ---- batches ---------------------------------------------------------------------------------------------------------


def spread_by_hand(classes):
    means = classes.reshape(-1, BATCH).mean(axis=1)
    return means.std(ddof=1) / (classes.std() / np.sqrt(BATCH))


@pytest.mark.parametrize("one_hot", [False, True], ids=["class numbers", "one-hot"])
@pytest.mark.parametrize("order", ["mixed", "sorted"])
def test_rows_in_the_order_of_their_classes_make_batches_that_differ(order, one_hot, tmp_path):
    rows = np.argsort(CLASSES, kind="stable") if order == "sorted" else np.arange(ROWS)
    y = np.eye(4)[CLASSES[rows]] if one_hot else CLASSES[rows]
    model = made(loss="categorical_crossentropy" if one_hot else "sparse_categorical_crossentropy")
    batches = recorded(tmp_path, model, X[rows], y)["batches"]
    np.testing.assert_allclose(batches.last(0, "target_spread"), spread_by_hand(CLASSES[rows]), rtol=1e-3)
    assert (batches.last(0, "target_spread") > 2) == (order == "sorted")
    assert batches.last(0, "batches") == ROWS / BATCH


@pytest.mark.parametrize("anew", [False, True])
def test_whether_each_epoch_has_its_own_order(anew, tmp_path):
    data = tf.data.Dataset.from_tensor_slices((X, CLASSES)).shuffle(ROWS, seed=1, reshuffle_each_iteration=anew).batch(BATCH)
    batches = recorded(tmp_path, made(), data, epochs=3)["batches"]
    assert np.isnan(batches.of_run("same_order_share")[0])
    assert list(batches.of_run("same_order_share")[1:]) == [0.0 if anew else 1.0] * 2
    assert list(batches.of_run("repeated_share")) == [0.0] * 3


def test_keras_shuffles_arrays_into_the_same_order_in_every_epoch_once_a_seed_is_set(tmp_path):
    """A fact about Keras that a judgement of `same_order_share` has to know."""
    batches = recorded(tmp_path, made(), X, CLASSES, epochs=3, shuffle=True)["batches"]
    assert list(batches.of_run("same_order_share")[1:]) == [1.0, 1.0]
    assert batches.last(0, "target_spread") < 2


def test_the_same_batch_again_and_again(tmp_path):
    def same():
        while True:
            yield X[:BATCH], CLASSES[:BATCH]

    batches = recorded(tmp_path, made(), same(), steps_per_epoch=5, epochs=2)["batches"]
    assert list(batches.of_run("repeated_share")) == [1.0, 1.0]
    assert list(batches.of_run("batches")) == [5, 5]


def test_every_other_batch_again(tmp_path):
    rows = np.concatenate([np.tile(np.arange(start, start + BATCH), 2) for start in range(0, 32, BATCH)])
    batches = recorded(tmp_path, made(), X[rows], CLASSES[rows])["batches"]
    np.testing.assert_allclose(batches.last(0, "repeated_share"), 4 / 7)


@pytest.mark.parametrize("per_execution", [1, 3])
def test_each_epochs_batches_are_its_own_also_when_several_steps_run_at_once(per_execution, tmp_path):
    model = made()
    model.compile("adam", "sparse_categorical_crossentropy", jit_compile=False, steps_per_execution=per_execution)
    batches = recorded(tmp_path, model, X, CLASSES, epochs=3)["batches"]
    assert list(batches.of_run("batches")) == [8, 8, 8]
    assert list(batches.of_run("same_order_share")[1:]) == [1.0, 1.0]


# ---- held rows -------------------------------------------------------------------------------------------------------


class Peek(keras.callbacks.Callback):
    """Keeps the held rows of a Diagnosis that follows it in the list."""

    def __init__(self, diagnosis):
        super().__init__()
        self.diagnosis = diagnosis

    def on_train_end(self, logs=None):
        self.x, self.y = self.diagnosis._recording._held_rows.rows()


@pytest.mark.parametrize("per_execution", [1, 8])
def test_the_held_rows_of_a_long_epoch_come_from_all_of_it(per_execution, tmp_path):
    number = np.arange(400 * 32, dtype="float32")
    x = np.stack([number, -number], axis=1) / len(number)
    model = keras.Sequential([keras.Input((2,)), L.Dense(1)])
    model.compile("sgd", "mse", jit_compile=False, steps_per_execution=per_execution)
    diagnosis = Diagnosis(tmp_path, quiet=True)
    peek = Peek(diagnosis)
    model.fit(x, number[:, None] % 7, 32, 2, shuffle=False, verbose=0, callbacks=[peek, diagnosis])
    (held,), (targets,) = peek.x, peek.y
    rows = np.round(held[:, 0] * len(number)).astype(int)
    assert len(rows) == len(set(rows))
    assert 700 < len(rows) <= 1024
    np.testing.assert_array_equal(held, x[rows])
    np.testing.assert_array_equal(targets[:, 0], rows % 7)
    in_each_tenth = np.histogram(rows, 10, (0, len(number)))[0] / len(rows)
    assert in_each_tenth.min() > 0.04
    assert in_each_tenth.max() < 0.25
    np.testing.assert_allclose(read(tmp_path)["inputs"].last(0, "mean"), 0, atol=1e-6)
    assert read(tmp_path)["inputs"].last(0, "rows") == len(rows)


def test_large_rows_are_held_up_to_a_size_in_memory(tmp_path, monkeypatch):
    from keras_callbacks import held_rows

    monkeypatch.setattr(held_rows, "MOST_BYTES", 24 * 20)  # a row of five numbers and a class of four bytes has 24
    run = recorded(tmp_path, made(), X, CLASSES.astype("int32"))
    assert run["inputs"].last(0, "rows") == 20


# ---- validation rows -------------------------------------------------------------------------------------------------


COMMONEST = int(np.bincount(CLASSES).argmax())


@pytest.mark.parametrize("one_hot", [False, True])
def test_the_weights_of_the_rows(one_hot, tmp_path):
    weights = RANDOM.random(ROWS).astype("float32")
    y, loss = (np.eye(4)[CLASSES], "categorical_crossentropy") if one_hot else (CLASSES, "sparse_categorical_crossentropy")
    found = recorded(tmp_path, made(loss=loss), X, y, sample_weight=weights)["weights"].values[-1, 0]
    share = weights[CLASSES == COMMONEST].sum() / weights.sum()
    np.testing.assert_allclose(found, [weights.mean(), weights.min(), weights.max(), share], rtol=1e-5)


def test_the_weights_of_the_classes(tmp_path):
    of_classes = {0: 1.0, 1: 2.0, 2: 3.0, 3: 4.0}
    found = recorded(tmp_path, made(), X, CLASSES, class_weight=of_classes)["weights"]
    weights = CLASSES + 1.0
    np.testing.assert_allclose(found.last(0, "majority_share"), weights[CLASSES == COMMONEST].sum() / weights.sum(), rtol=1e-5)
    np.testing.assert_allclose(found.last(0, "mean"), weights.mean(), rtol=1e-5)


def test_weights_of_rows_with_several_targets_belong_to_no_class(tmp_path):
    found = recorded(tmp_path, made(out=5, loss="mse"), X, X, sample_weight=np.ones(ROWS))["weights"]
    assert np.isnan(found.last(0, "majority_share"))
    assert found.last(0, "max") == 1


def test_weights_for_all_outputs_stand_for_each(tmp_path):
    inputs = keras.Input((5,))
    model = keras.Model(inputs, [L.Dense(4, "softmax", name="kind")(inputs), L.Dense(1, name="size")(inputs)])
    model.compile("sgd", ["sparse_categorical_crossentropy", "mse"])
    weights = np.linspace(0, 1, ROWS).astype("float32")
    found = recorded(tmp_path, model, X, [CLASSES, X[:, :1]], sample_weight=weights)["weights"]
    assert found.columns == ("kind", "size")
    np.testing.assert_allclose(found["max"][-1], [1, 1])


def test_without_weights_none_are_recorded(tmp_path):
    assert "weights" not in recorded(tmp_path, made(), X, CLASSES)


SHIFTED = (X[:40] * [1, 1, 1, 2, 1] + [0, 0.5, 0, 0, 9]).astype("float32")


def validated(tmp_path, x_val, y_val, y=CLASSES, x=X, **more):
    return recorded(tmp_path, made(**more), x, y, validation_data=(x_val, y_val))


def test_inputs_and_labels_of_the_validation_rows(tmp_path):
    run = validated(tmp_path, SHIFTED, CLASSES[:40] // 2)
    np.testing.assert_allclose(run["val_inputs"].values[-1, 0], inputs.measure(SHIFTED), rtol=1e-5)
    np.testing.assert_allclose(run["val_labels"].values[-1, 0], labels.measure(CLASSES[:40] // 2), rtol=1e-5)
    np.testing.assert_allclose(run["val_inputs"].last(0, "mean"), SHIFTED.mean(), rtol=1e-5)
    np.testing.assert_allclose(run["val_labels"].last(0, "mean"), (CLASSES[:40] // 2).mean(), rtol=1e-5)
    assert run["val_inputs"].columns == run["inputs"].columns


def test_how_far_the_validation_rows_are_shifted(tmp_path):
    run = validated(tmp_path, SHIFTED, CLASSES[:40] // 2)
    distance = np.abs(SHIFTED.mean(0) - X.mean(0)) / X.std(0)
    margin = (X.max(0) - X.min(0)) / 2
    outside = (X.min(0) - margin > SHIFTED) | (X.max(0) + margin < SHIFTED)
    expected = [np.median(distance), np.median(SHIFTED.std(0) / X.std(0)), distance.max(), outside.mean()]
    np.testing.assert_allclose(run["shift"].values[-1, 0], expected, rtol=1e-4)
    assert outside.mean() > 0.1
    halves = CLASSES[:40] // 2
    shares = [[np.mean(c == k) for k in range(4)] for c in (CLASSES, halves)]
    expected = [abs(halves.mean() - CLASSES.mean()) / CLASSES.std(), np.abs(np.subtract(*shares)).sum() / 2]
    np.testing.assert_allclose(run["label_shift"].values[-1, 0], expected, rtol=1e-4)


def test_targets_that_are_no_classes_have_no_distance_between_shares(tmp_path):
    run = validated(tmp_path, SHIFTED, SHIFTED[:, :1], y=X[:, :1], out=1, activation="linear", loss="mse")
    np.testing.assert_allclose(run["label_shift"].last(0, "location"), abs(SHIFTED[:, 0].mean() - X[:, 0].mean()) / X[:, 0].std(), rtol=1e-4)
    assert np.isnan(run["label_shift"].last(0, "distance"))


def test_rows_that_are_in_both_sets(tmp_path):
    x, y = np.concatenate([X, X[:3]]), np.concatenate([CLASSES, CLASSES[:3]])  # three repeat another one
    other_target = (CLASSES[10:14] + 1) % 4
    x_val, y_val = np.concatenate([X[:10], X[10:14], SHIFTED[:6]]), np.concatenate([CLASSES[:10], other_target, CLASSES[:6]])
    overlap = validated(tmp_path, x_val, y_val, y=y, x=x)["overlap"]
    of = {stat: overlap.last(0, stat) for stat in overlap.stats}
    assert of == {"train_rows": 67, "val_rows": 20, "shared": 10, "duplicates": 3, "distinct": 64}


def test_a_split_of_the_training_rows_is_looked_at_like_validation_data(tmp_path):
    run = recorded(tmp_path, made(), X, CLASSES, validation_split=0.25)
    np.testing.assert_allclose(run["val_inputs"].last(0, "mean"), X[48:].mean(), rtol=1e-4)
    assert (run["overlap"].last(0, "val_rows"), run["overlap"].last(0, "shared")) == (16, 0)


def test_many_validation_rows_are_sampled_at_equal_distances(tmp_path, monkeypatch):
    from keras_callbacks import validation_rows

    monkeypatch.setattr(validation_rows, "MOST_ROWS", 16)
    run = validated(tmp_path, X, CLASSES)
    assert run["val_inputs"].last(0, "rows") == 16
    np.testing.assert_allclose(run["val_inputs"].last(0, "mean"), X[::4].mean(), rtol=1e-4)


class AnyRank(keras.Model):
    def __init__(self):
        super().__init__()
        self.dense = L.Dense(1)

    def call(self, x):
        return self.dense(x)


def batches_of(x, y, size, *, sparse=False):
    data = tf.data.Dataset.from_tensor_slices((x, y)).batch(size)
    return data.map(lambda x, y: (tf.sparse.from_dense(x), y)) if sparse else data


@pytest.mark.parametrize("kind", ["dataset", "generator"])
def test_rows_of_a_validation_dataset_are_looked_at_as_they_pass(kind, tmp_path):
    opened = []

    def generated():
        opened.append(1)
        yield from batches_of(SHIFTED, CLASSES[:40], 8)

    data = generated() if kind == "generator" else batches_of(SHIFTED, CLASSES[:40], 8)
    more = {"validation_steps": 5} if kind == "generator" else {}
    run = recorded(tmp_path, made(), X, CLASSES, validation_data=data, **more)
    np.testing.assert_allclose(run["val_inputs"].values[-1, 0], inputs.measure(SHIFTED), rtol=1e-5)
    assert run["overlap"].last(0, "val_rows") == 40
    assert len(opened) == (kind == "generator")


def test_rows_of_a_validation_dataset_spread_over_it(tmp_path, monkeypatch):
    from keras_callbacks import validation_rows

    monkeypatch.setattr(validation_rows, "MOST_ROWS", 100)
    x = np.repeat(np.arange(4000, dtype="float32")[:, None], X.shape[1], axis=1)
    run = recorded(tmp_path, made(), X, CLASSES, validation_data=batches_of(x, np.zeros(4000), 8))
    assert 80 <= run["val_inputs"].last(0, "rows") <= 100
    np.testing.assert_allclose(run["val_inputs"].last(0, "mean"), 2000, rtol=0.1)


def test_validation_rows_of_varying_length_stop_nothing(tmp_path):
    def sequences():
        for length in (5, 5, 7, 9):
            yield np.ones((2, length, 3), "float32"), np.ones((2, 1), "float32")

    specs = (tf.TensorSpec((None, None, 3)), tf.TensorSpec((None, 1)))
    model = keras.Sequential([keras.Input((None, 3)), L.GlobalAveragePooling1D(), L.Dense(1)])
    model.compile("sgd", "mse", jit_compile=False)
    data = tf.data.Dataset.from_generator(sequences, output_signature=specs)
    with warnings.catch_warnings():
        warnings.filterwarnings("error", message="Diagnosis: validation")
        run = recorded(tmp_path, model, np.ones((16, 5, 3), "float32"), np.ones((16, 1), "float32"), validation_data=data)
    assert run["overlap"].last(0, "val_rows") == 4
    assert "val_loss" in run["epoch"].columns


def test_validating_on_a_dataset_that_is_looked_at_is_the_validation(tmp_path):
    histories = []
    for callbacks in ([], [Diagnosis(tmp_path, quiet=True)]):
        keras.utils.set_random_seed(1)
        model = made()
        model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"], jit_compile=False)
        fitted = model.fit(X, CLASSES, 8, 3, verbose=0, validation_data=batches_of(SHIFTED, CLASSES[:40], 8), callbacks=callbacks)
        histories.append((fitted.history, [w.tolist() for w in model.get_weights()]))
        assert not callbacks or model.test_function.__module__.startswith(("keras", "tensorflow"))
    assert histories[0] == histories[1]


@pytest.mark.parametrize("kind", ["sparse", "none", "another shape"])
def test_what_is_no_array_of_such_rows_is_not_compared(kind, tmp_path):
    model = AnyRank() if kind == "another shape" else made()
    model.compile("sgd", "mse" if kind == "another shape" else "sparse_categorical_crossentropy", jit_compile=False)
    data = {
        "sparse": lambda: batches_of(SHIFTED, CLASSES[:40], 8, sparse=True),
        "none": lambda: None,
        "another shape": lambda: (X[:8, None], BINARY[:8, None]),  # a dimension more
    }[kind]()
    run = recorded(tmp_path, model, X, BINARY if kind == "another shape" else CLASSES, validation_data=data)
    assert not {"val_inputs", "val_labels", "shift", "label_shift", "overlap"} & set(run.series)
    assert not run.problems
