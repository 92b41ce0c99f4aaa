"""Every kind of model, data and optimizer: the observed run is the run, and what should be measured is."""

from __future__ import annotations

import warnings
from collections.abc import Callable

import keras
import numpy as np
import pytest
import tensorflow as tf

from keras_callbacks import Diagnosis
from tb_nndiag.engine import diagnose
from tb_nndiag.logdir import read

L = keras.layers
RANDOM = np.random.default_rng(0)
ROWS = 64
IMAGES = RANDOM.random((ROWS, 8, 8, 3)).astype("float32")
CLASSES = RANDOM.integers(0, 4, ROWS)
TABLE = RANDOM.standard_normal((ROWS, 6)).astype("float32")
BINARY = (TABLE[:, :1] > 0).astype("float32")
WORDS = RANDOM.integers(0, 50, (ROWS, 10))
WEIGHTS = RANDOM.random(ROWS).astype("float32")
SPARSE, CROSS = "sparse_categorical_crossentropy", "binary_crossentropy"
EVERYTHING = {"loss", "gradients", "updates", "units", "gap", "inputs", "labels", "outputs", "timing"}

KINDS: dict[str, Callable] = {}


def kind(make):
    """Registers a function that returns (model, x, y, more arguments of fit)."""
    KINDS[make.__name__] = make
    return make


def compiled(model, loss, optimizer="adam", **more):
    model.compile(optimizer, loss, jit_compile=False, **more)
    return model


def table_model(*layers, out=1, activation="sigmoid"):
    return keras.Sequential([keras.Input((6,)), *layers, L.Dense(out, activation)])


@kind
def several_inputs_and_outputs():
    a, b = keras.Input((6,), name="a"), keras.Input((8, 8, 3), name="b")
    h = L.Concatenate()([L.Dense(8, "relu")(a), L.Flatten()(L.Conv2D(4, 3)(b))])
    model = keras.Model({"a": a, "b": b}, {"c": L.Dense(4, "softmax", name="c")(h), "r": L.Dense(1, name="r")(h)})
    compiled(model, {"c": SPARSE, "r": "mse"}, loss_weights={"c": 1.0, "r": 0.3}, metrics={"c": ["accuracy"]})
    return model, {"a": TABLE, "b": IMAGES}, {"c": CLASSES, "r": TABLE[:, :1]}, {}


@kind
def a_layer_that_is_called_twice():
    shared, inputs = L.Dense(6, "relu", name="shared"), keras.Input((6,))
    return compiled(keras.Model(inputs, L.Dense(1, "sigmoid")(shared(shared(inputs)))), CROSS, "sgd"), TABLE, BINARY, {}


@kind
def residual_with_batch_normalization():
    inputs = keras.Input((8, 8, 3))
    x = L.Conv2D(8, 3, padding="same")(inputs)
    for _ in range(2):
        y = L.ReLU()(L.BatchNormalization()(x))
        y = L.BatchNormalization()(L.Conv2D(8, 3, padding="same", use_bias=False)(y))
        x = L.Add()([x, L.Conv2D(8, 3, padding="same")(L.Activation("relu")(y))])
    model = keras.Model(inputs, L.Dense(4, "softmax")(L.GlobalAveragePooling2D()(x)))
    return compiled(model, SPARSE, keras.optimizers.SGD(0.05, momentum=0.9, nesterov=True)), IMAGES, CLASSES, {}


@kind
def separable_convolution():
    model = keras.Sequential([keras.Input((8, 8, 3)), L.SeparableConv2D(8, 3, activation="relu"), L.DepthwiseConv2D(3), L.LeakyReLU(), L.Flatten(), L.Dense(4, "softmax")])
    return compiled(model, SPARSE), IMAGES, CLASSES, {}


@kind
def embedding_with_mask_and_recurrent_layers():
    model = keras.Sequential([keras.Input((10,), dtype="int32"), L.Embedding(50, 8, mask_zero=True), L.Bidirectional(L.LSTM(6, return_sequences=True)), L.GRU(5), L.Dense(1, "sigmoid")])
    return compiled(model, CROSS), WORDS, BINARY, {}


@kind
def transformer_block():
    inputs = keras.Input((10,), dtype="int32")
    x = L.Embedding(50, 16)(inputs)
    x = L.LayerNormalization()(x + L.MultiHeadAttention(2, 8, dropout=0.1)(x, x))
    x = L.LayerNormalization()(x + L.Dense(16)(L.Dense(32, "gelu")(x)))
    model = keras.Model(inputs, L.Dense(1, "sigmoid")(L.GlobalAveragePooling1D()(x)))
    return compiled(model, CROSS, keras.optimizers.AdamW(1e-3)), WORDS, BINARY, {}


@kind
def positions_embedded_from_a_constant():
    inputs = keras.Input((8, 8, 3))
    x = L.Dense(16)(L.Reshape((8, 24))(inputs))
    x = x + L.Embedding(8, 16)(keras.ops.arange(8))
    x = x + L.MultiHeadAttention(2, 8)(x, x)
    model = keras.Model(inputs, L.Dense(4, "softmax")(L.GlobalAveragePooling1D()(x)))
    return compiled(model, SPARSE), IMAGES[:50], CLASSES[:50], {}  # the last batch is smaller


@kind
def frozen_base_behind_augmentation():
    base = keras.Sequential([keras.Input((8, 8, 3)), L.Conv2D(8, 3, activation="relu"), L.BatchNormalization(), L.Flatten()], name="base")
    base.trainable = False
    model = keras.Sequential([keras.Input((8, 8, 3)), L.Rescaling(2.0), L.RandomFlip(), base, L.Dense(4, "softmax")])
    return compiled(model, SPARSE, "rmsprop"), IMAGES, CLASSES, {}


@kind
def custom_layer_that_returns_a_dict():
    class Projection(L.Layer):
        def build(self, shape):
            self.kernel = self.add_weight(shape=(shape[-1], 5), initializer="glorot_uniform")

        def call(self, x):
            return {"projected": keras.ops.tanh(x @ self.kernel)}

    inputs = keras.Input((6,))
    model = keras.Model(inputs, L.Dense(1, "sigmoid")(L.Lambda(lambda x: x * 2)(Projection()(inputs)["projected"])))
    return compiled(model, CROSS, "lion"), TABLE, BINARY, {}


@kind
def penalty_and_random_numbers_in_call():
    class Noisy(keras.Model):
        def __init__(self):
            super().__init__()
            self.encode, self.decode = L.Dense(4), L.Dense(6)
            self.seed = keras.random.SeedGenerator(1)

        def call(self, x):
            mean, spread = keras.ops.split(self.encode(x), 2, axis=-1)
            self.add_loss(keras.ops.mean(mean**2 + keras.ops.exp(spread) - spread - 1))
            return self.decode(mean + keras.ops.exp(spread / 2) * keras.random.normal(keras.ops.shape(mean), seed=self.seed))

    return compiled(Noisy(), "mse"), TABLE, TABLE, {}


@kind
def accumulation_average_and_clipping():
    optimizer = keras.optimizers.Adam(1e-2, gradient_accumulation_steps=3, use_ema=True, global_clipnorm=1.0)
    return compiled(table_model(L.Dense(8, "relu"), out=4, activation="softmax"), SPARSE, optimizer), TABLE, CLASSES, {"class_weight": {0: 1.0, 1: 2.0, 2: 1.0, 3: 0.5}}


@kind
def sample_weights_and_targets_without_an_axis():
    return compiled(table_model(L.Dense(8, "relu"), activation=None), "mae"), TABLE, TABLE[:, 0], {"sample_weight": WEIGHTS}


@kind
def endless_dataset():
    data = tf.data.Dataset.from_tensor_slices((TABLE, BINARY)).repeat().batch(16)
    return compiled(table_model(L.Dense(8, "relu")), CROSS), data, None, {"steps_per_epoch": 4}


@kind
def dataset_of_unknown_length():
    def rows():
        yield from zip(TABLE, BINARY, strict=True)

    signature = (tf.TensorSpec((6,)), tf.TensorSpec((1,)))
    return compiled(table_model(L.Dense(8, "relu")), CROSS), tf.data.Dataset.from_generator(rows, output_signature=signature).batch(16), None, {}


@kind
def generator():
    def batches():
        while True:
            for start in range(0, ROWS, 16):
                yield TABLE[start : start + 16], BINARY[start : start + 16]

    return compiled(table_model(L.Dense(8, "relu")), CROSS), batches(), None, {"steps_per_epoch": 4}


@kind
def py_dataset():
    class Batches(keras.utils.PyDataset):
        def __len__(self):
            return 4

        def __getitem__(self, i):
            return TABLE[16 * i : 16 * i + 16], BINARY[16 * i : 16 * i + 16]

    return compiled(table_model(L.Dense(8, "relu")), CROSS), Batches(), None, {}


@kind
def muon_with_a_schedule():
    rate = keras.optimizers.schedules.CosineDecay(0.0, 100, warmup_target=0.01, warmup_steps=3)
    return compiled(table_model(L.Dense(8, "relu"), L.Dense(8, "relu")), CROSS, keras.optimizers.Muon(rate)), TABLE, BINARY, {}


@kind
def mixed_bfloat16():
    layers = [L.Dense(8, "relu", dtype="mixed_bfloat16"), L.Dense(8, "relu", dtype="mixed_bfloat16")]
    return compiled(table_model(*layers), CROSS), TABLE, BINARY, {}


@kind
def batches_of_one_row():
    return compiled(table_model(L.Dense(8, "relu")), CROSS, "sgd"), TABLE[:9], BINARY[:9], {"batch_size": 1}


@kind
def time_distributed_and_one_dimensional_convolution():
    model = keras.Sequential([keras.Input((8, 24)), L.TimeDistributed(L.Dense(4, "relu")), L.Conv1D(6, 3, activation="relu"), L.SimpleRNN(5), L.Dense(4, "softmax")])
    return compiled(model, SPARSE), IMAGES.reshape(ROWS, 8, 24), CLASSES, {}


@kind
def an_application_of_keras():
    model = keras.applications.MobileNetV2((32, 32, 3), weights=None, classes=4, alpha=0.35)
    return compiled(model, SPARSE), np.repeat(np.repeat(IMAGES, 4, 1), 4, 2)[:32], CLASSES[:32], {}


def trained(make, callbacks):
    keras.backend.clear_session()
    keras.utils.set_random_seed(5)
    model, x, y, more = make()
    more = {"batch_size": 32, **more} if y is not None else more
    history = model.fit(x, y, epochs=2, verbose=0, callbacks=callbacks, **more).history
    return history, [np.asarray(v) for v in (*model.weights, *model.optimizer.variables, *model.metrics_variables)]


@pytest.mark.parametrize("name", KINDS)
def test_it_is_measured_and_stays_the_same_bit_for_bit(name, tmp_path):
    history, state = trained(KINDS[name], [])
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        observed_history, observed = trained(KINDS[name], [Diagnosis(tmp_path, quiet=True)])
    assert not [w for w in said if "Diagnosis" in str(w.message)]
    assert observed_history == history
    for a, b in zip(state, observed, strict=True):
        np.testing.assert_array_equal(a, b)
    run = read(tmp_path)
    assert not run.problems
    assert set(run.series) >= EVERYTHING
    assert np.isfinite(run["gap"].of_run("train")).all()
    assert not [v for v in diagnose(run) if v.status == "crashed"]


def test_a_train_step_of_ones_own_is_measured_as_far_as_it_can_be(tmp_path):
    class Own(keras.Model):
        def __init__(self):
            super().__init__()
            self.answer = L.Dense(1, "sigmoid")
            self.mean = keras.metrics.Mean("loss")

        def call(self, x):
            return self.answer(x)

        def train_step(self, data):
            x, y = data
            with tf.GradientTape() as tape:
                loss = tf.reduce_mean(keras.losses.binary_crossentropy(y, self(x)))
            gradients = tape.gradient(loss, self.trainable_weights)
            self.optimizer.apply(gradients, self.trainable_weights)
            self.mean.update_state(loss)
            return {"loss": self.mean.result()}

    model = Own()
    model.compile("adam", jit_compile=False)
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        model.fit(TABLE, BINARY, verbose=0, callbacks=[Diagnosis(tmp_path, quiet=True)])
    assert not [w for w in said if "Diagnosis" in str(w.message)]
    run = read(tmp_path)
    assert {"gradients", "updates", "units", "outputs", "inputs"} <= set(run.series)
    assert "loss" not in run
    assert next(v for v in diagnose(run) if v.rule == "nan-loss").reason == "not recorded: loss"


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


def test_a_model_that_is_given_inputs_alone(tmp_path):
    class Penalized(keras.Model):
        def __init__(self):
            super().__init__()
            self.inner = L.Dense(6)

        def call(self, x):
            self.add_loss(keras.ops.mean((self.inner(x) - x) ** 2))
            return x

    model = Penalized()
    model.compile("adam", jit_compile=False)
    model.fit(TABLE, epochs=2, verbose=0, callbacks=[Diagnosis(tmp_path, quiet=True)])
    run = read(tmp_path)
    assert run["inputs"].last(0, "rows") == ROWS
    assert "labels" not in run
    assert len(run["loss"]) == 4


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


def test_beside_other_callbacks(tmp_path):
    model, x, y, _ = separable_convolution()
    others = [
        keras.callbacks.EarlyStopping("loss", patience=1), keras.callbacks.ModelCheckpoint(tmp_path / "best.keras"),
        keras.callbacks.TensorBoard(tmp_path / "log"), keras.callbacks.ReduceLROnPlateau("loss"), keras.callbacks.BackupAndRestore(tmp_path / "backup"),
    ]  # fmt: skip
    model.fit(x, y, epochs=3, verbose=0, validation_split=0.2, callbacks=[*others, Diagnosis(tmp_path / "log", quiet=True)])
    run = read(tmp_path / "log")
    assert run.ended
    assert set(run.series) >= EVERYTHING
