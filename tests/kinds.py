"""Every kind of model, optimizer, data and fit that is promised to be measured, with what is missing where something is.

test_kinds.py trains each one with the callback and without; scripts/make_docs.py makes docs/kinds.md of this list.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Set
from dataclasses import dataclass

import keras
import numpy as np
import tensorflow as tf

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
# what any kind leaves, unless it says otherwise; other signals are those of some models only (of clipping, of validation)
EVERYTHING = {
    "loss", "epoch", "gap", "gradients", "updates", "noise", "units", "outputs", "inputs", "fed", "labels", "baseline",
    "perfect", "batches", "optimizer", "timing", "resources",
}  # fmt: skip
OF_LOSS = {"gap", "baseline", "perfect"}
OF_HELD_ROWS = OF_LOSS | {"units", "outputs", "inputs", "fed", "labels"}


@dataclass(frozen=True)
class Kind:
    """One kind of training.

    make: returns (model, x, y, more arguments of fit)
    train: trains what `make` returned with callbacks, and returns the history; None: two epochs of fit
    missing: signals of EVERYTHING that are not recorded (or whose first statistic is unknown), and why; warns: whether the callback says so
    exact: whether the observed training is the training, bit for bit
    """

    name: str
    group: str
    make: Callable
    train: Callable | None = None
    missing: Set[str] = frozenset()
    why: str = ""
    warns: bool = False
    exact: bool = True


KINDS: dict[str, Kind] = {}
NOT_TRAINED_HERE = {  # why not, or where else
    "training loops of one's own": "not at all: the callback is one of `fit`",
    "PyTorch and JAX as backends": "not at all: the callback says so and records nothing",
    "several replicas of a distribution strategy": "works under MirroredStrategy: see data_flow.md, tests/test_distribution.py",
}


def kind(group, **more):
    """Registers a function as `Kind.make`; it is called what the function is called."""

    def register(make):
        KINDS[make.__name__] = Kind(make.__name__.replace("_", " "), group, make, **more)
        return make

    return register


def compiled(model, loss, optimizer="adam", **more):
    model.compile(optimizer, loss, **{"jit_compile": False, **more})
    return model


def table_model(*layers, out=1, activation="sigmoid"):
    return keras.Sequential([keras.Input((6,)), *layers, L.Dense(out, activation)])


def small(optimizer="adam", **more):
    """A small model of the table, compiled."""
    return compiled(table_model(L.Dense(8, "relu"), L.Dense(8, "tanh")), CROSS, optimizer, **more)


# ---- models ----------------------------------------------------------------------------------------------------------


@kind("models")
def sequential():
    return compiled(table_model(L.Dense(8), L.Dropout(0.3)), CROSS), TABLE, BINARY, {}


@kind("models")
def functional_with_nested_models():
    inputs = keras.Input((6,))
    inner = keras.Sequential([keras.Input((6,)), L.Dense(6, "tanh"), L.Dropout(0.2)], name="inner")
    block_in = keras.Input((6,))
    block = keras.Model(block_in, L.Add()([inner(block_in), L.Dense(6)(block_in)]), name="block")
    return compiled(keras.Model(inputs, L.Dense(1, "sigmoid")(block(block(inputs)))), CROSS), TABLE, BINARY, {}


@kind("models")
def subclassed_with_layers_in_lists_and_dicts():
    class Subclassed(keras.Model):
        def __init__(self):
            super().__init__()
            self.parts = {"body": [L.Dense(8, "gelu"), L.Dense(8, "silu")], "noise": L.GaussianNoise(0.1)}
            self.heads = [L.Dense(1, "sigmoid")]

        def call(self, x, training=False):
            for layer in self.parts["body"]:
                x = layer(x)
            return self.heads[0](self.parts["noise"](x, training=training))

    return compiled(Subclassed(), CROSS), TABLE, BINARY, {}


@kind("models", missing={"baseline", "perfect"}, why="a best constant prediction is known for one output alone")
def several_inputs_and_outputs_with_loss_weights():
    a, b = keras.Input((6,), name="a"), keras.Input((8, 8, 3), name="b")
    h = L.Concatenate()([L.Dense(8, "relu")(a), L.Flatten()(L.Conv2D(4, 3)(b))])
    model = keras.Model({"a": a, "b": b}, {"c": L.Dense(4, "softmax", name="c")(h), "r": L.Dense(1, name="r")(h)})
    compiled(model, {"c": SPARSE, "r": "mse"}, loss_weights={"c": 1.0, "r": 0.3}, metrics={"c": ["accuracy"]})
    return model, {"a": TABLE, "b": IMAGES}, {"c": CLASSES, "r": TABLE[:, :1]}, {}


@kind("models")
def a_shared_layer_that_is_called_twice():
    shared, inputs = L.Dense(6, "relu", name="shared"), keras.Input((6,))
    return compiled(keras.Model(inputs, L.Dense(1, "sigmoid")(shared(shared(inputs)))), CROSS, "sgd"), TABLE, BINARY, {}


@kind("models")
def activations_as_layers_and_as_arguments():
    layers = [L.Dense(8), L.Activation("relu"), L.Dense(8), L.ReLU(), L.Dense(8), L.LeakyReLU(), L.Dense(8, "elu"), L.Dense(8), L.PReLU(), L.Dense(8, activation=keras.ops.sin)]
    return compiled(table_model(*layers), CROSS), TABLE, BINARY, {}


@kind("models")
def residual_with_batch_normalization():
    inputs = keras.Input((8, 8, 3))
    x = L.Conv2D(8, 3, padding="same")(inputs)
    for _ in range(2):
        y = L.ReLU()(L.BatchNormalization()(x))
        y = L.BatchNormalization()(L.Conv2D(8, 3, padding="same", use_bias=False)(y))
        x = L.Add()([x, L.Conv2D(8, 3, padding="same")(L.Activation("relu")(y))])
    model = keras.Model(inputs, L.Dense(4, "softmax")(L.GlobalAveragePooling2D()(x)))
    return compiled(model, SPARSE, keras.optimizers.SGD(0.05, momentum=0.9, nesterov=True)), IMAGES, CLASSES, {}


@kind("models")
def separable_and_depthwise_convolution():
    model = keras.Sequential([keras.Input((8, 8, 3)), L.SeparableConv2D(8, 3, activation="relu"), L.DepthwiseConv2D(3), L.LeakyReLU(), L.Flatten(), L.Dense(4, "softmax")])
    return compiled(model, SPARSE), IMAGES, CLASSES, {}


@kind("models")
def time_distributed_and_one_dimensional_convolution():
    model = keras.Sequential([keras.Input((8, 24)), L.TimeDistributed(L.Dense(4, "relu")), L.Conv1D(6, 3, activation="relu"), L.SimpleRNN(5), L.Dense(4, "softmax")])
    return compiled(model, SPARSE), IMAGES.reshape(ROWS, 8, 24), CLASSES, {}


@kind("models")
def embedding_with_mask_and_bidirectional_LSTM_and_GRU():
    model = keras.Sequential([keras.Input((10,), dtype="int32"), L.Embedding(50, 8, mask_zero=True), L.Bidirectional(L.LSTM(6, return_sequences=True)), L.GRU(5), L.Dense(1, "sigmoid")])
    return compiled(model, CROSS), WORDS, BINARY, {}


@kind("models")
def transformer_block_with_attention_over_several_heads():
    inputs = keras.Input((10,), dtype="int32")
    x = L.Embedding(50, 16)(inputs)
    x = L.LayerNormalization()(x + L.MultiHeadAttention(2, 8, dropout=0.1)(x, x))
    x = L.LayerNormalization()(x + L.Dense(16)(L.Dense(32, "gelu")(x)))
    model = keras.Model(inputs, L.Dense(1, "sigmoid")(L.GlobalAveragePooling1D()(x)))
    return compiled(model, CROSS, keras.optimizers.AdamW(1e-3)), WORDS, BINARY, {}


@kind("models")
def positions_embedded_from_a_constant():
    inputs = keras.Input((8, 8, 3))
    x = L.Dense(16)(L.Reshape((8, 24))(inputs))
    x = x + L.Embedding(8, 16)(keras.ops.arange(8))
    x = x + L.MultiHeadAttention(2, 8)(x, x)
    model = keras.Model(inputs, L.Dense(4, "softmax")(L.GlobalAveragePooling1D()(x)))
    return compiled(model, SPARSE), IMAGES[:50], CLASSES[:50], {}  # the last batch is smaller


@kind("models")
def frozen_base_behind_augmentation():
    base = keras.Sequential([keras.Input((8, 8, 3)), L.Conv2D(8, 3, activation="relu"), L.BatchNormalization(), L.Flatten()], name="base")
    base.trainable = False
    model = keras.Sequential([keras.Input((8, 8, 3)), L.Rescaling(2.0), L.RandomFlip(), base, L.Dense(4, "softmax")])
    return compiled(model, SPARSE, "rmsprop"), IMAGES, CLASSES, {}


@kind("models")
def transfer_learning_on_an_application_of_keras():
    whole = keras.applications.MobileNetV2((32, 32, 3), weights=None, include_top=False, alpha=0.35)
    base = keras.Model(whole.input, whole.get_layer("block_3_project_BN").output)
    for layer in base.layers[:-6]:
        layer.trainable = False
    model = keras.Sequential([keras.Input((32, 32, 3)), base, L.GlobalAveragePooling2D(), L.Dense(4, "softmax")])
    return compiled(model, SPARSE), np.repeat(np.repeat(IMAGES, 4, 1), 4, 2)[:32], CLASSES[:32], {"batch_size": 16}


@kind("models")
def lambda_and_a_layer_of_its_own_that_returns_a_dict():
    class Projection(L.Layer):
        def build(self, shape):
            self.kernel = self.add_weight(shape=(shape[-1], 5), initializer="glorot_uniform")

        def call(self, x):
            return {"projected": keras.ops.tanh(x @ self.kernel)}

    inputs = keras.Input((6,))
    model = keras.Model(inputs, L.Dense(1, "sigmoid")(L.Lambda(lambda x: x * 2)(Projection()(inputs)["projected"])))
    return compiled(model, CROSS, "lion"), TABLE, BINARY, {}


@kind("models")
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


@kind("models")
def train_step_of_its_own():
    class Scaled(keras.Sequential):
        def train_step(self, data):
            x, y = data
            with tf.GradientTape() as tape:
                loss = self.compute_loss(x, y, self(x, training=True))
            gradients = [0.5 * g for g in tape.gradient(loss, self.trainable_weights)]
            self.optimizer.apply(gradients, self.trainable_weights)
            return {"loss": loss}

    return compiled(Scaled([keras.Input((6,)), L.Dense(8, "relu"), L.Dense(1, "sigmoid")]), CROSS), TABLE, BINARY, {}


@kind("models")
def layer_with_state_of_its_own():
    class Counts(L.Layer):
        def build(self, shape):
            self.calls = self.add_weight(shape=(), initializer="zeros", trainable=False)

        def call(self, x, training=False):
            if training:
                self.calls.assign_add(1.0)
            return x / (1.0 + self.calls)

    return compiled(table_model(L.Dense(8, "relu"), Counts()), CROSS), TABLE, BINARY, {}


@kind(
    "models",
    missing=OF_LOSS,
    why="a `train_step` that computes its loss by itself returns it, but nobody else can compute it for other rows",
)
def train_step_with_a_loss_of_its_own():
    class Own(keras.Sequential):
        def train_step(self, data):
            x, y = data
            with tf.GradientTape() as tape:
                loss = tf.reduce_mean(keras.losses.binary_crossentropy(y, self(x, training=True)))
            self.optimizer.apply(tape.gradient(loss, self.trainable_weights), self.trainable_weights)
            return {"loss": loss}

    return compiled(Own([keras.Input((6,)), L.Dense(8, "relu"), L.Dense(1, "sigmoid")]), None), TABLE, BINARY, {}


@kind("models", missing=OF_LOSS | {"labels"}, why="there are no targets that a loss could be computed of")
def given_inputs_alone():
    class Penalized(keras.Model):
        def __init__(self):
            super().__init__()
            self.inner = L.Dense(6)

        def call(self, x):
            self.add_loss(keras.ops.mean((self.inner(x) - x) ** 2))
            return x

    return compiled(Penalized(), None), TABLE, None, {"batch_size": 32}


@kind("models", missing={"gradients", "updates", "noise", "fed"}, why="nothing is trained")
def no_trainable_weights():
    model = table_model(L.Dense(8, "relu"))
    model.trainable = False
    return compiled(model, CROSS), TABLE, BINARY, {}


# ---- optimizers ------------------------------------------------------------------------------------------------------


@kind("optimizers")
def SGD():
    return small(keras.optimizers.SGD(0.1)), TABLE, BINARY, {}


@kind("optimizers")
def SGD_with_Nesterov_momentum_and_clipnorm():
    return small(keras.optimizers.SGD(0.1, momentum=0.9, nesterov=True, clipnorm=0.1)), TABLE, BINARY, {}


@kind("optimizers")
def RMSprop_with_weight_decay_and_clipvalue():
    return small(keras.optimizers.RMSprop(0.001, weight_decay=0.01, clipvalue=0.01)), TABLE, BINARY, {}


@kind("optimizers")
def Adam_with_amsgrad():
    return small(keras.optimizers.Adam(0.01, amsgrad=True)), TABLE, BINARY, {}


@kind("optimizers")
def AdamW():
    return small(keras.optimizers.AdamW(1e-3)), TABLE, BINARY, {}


@kind("optimizers")
def Lion():
    return small(keras.optimizers.Lion(1e-3)), TABLE, BINARY, {}


@kind("optimizers")
def Adafactor():
    return small(keras.optimizers.Adafactor(0.01)), TABLE, BINARY, {}


@kind("optimizers")
def Muon_with_a_schedule():
    rate = keras.optimizers.schedules.CosineDecay(0.0, 100, warmup_target=0.01, warmup_steps=3)
    return compiled(table_model(L.Dense(8, "relu"), L.Dense(8, "relu")), CROSS, keras.optimizers.Muon(rate)), TABLE, BINARY, {}


@kind("optimizers")
def gradient_accumulation_moving_average_global_clipnorm_and_class_weights():
    optimizer = keras.optimizers.Adam(1e-2, gradient_accumulation_steps=3, use_ema=True, global_clipnorm=1.0)
    return compiled(table_model(L.Dense(8, "relu"), out=4, activation="softmax"), SPARSE, optimizer), TABLE, CLASSES, {"class_weight": {0: 1.0, 1: 2.0, 2: 1.0, 3: 0.5}}


@kind("optimizers")
def mixed_bfloat16():
    layers = [L.Dense(8, "relu", dtype="mixed_bfloat16"), L.Dense(8, "relu", dtype="mixed_bfloat16")]
    return compiled(table_model(*layers), CROSS), TABLE, BINARY, {}


@kind("optimizers")
def mixed_float16_with_a_loss_scale():
    layers = [L.Dense(8, "relu", dtype="mixed_float16"), L.Dense(8, "relu", dtype="mixed_float16")]
    optimizer = keras.optimizers.LossScaleOptimizer(keras.optimizers.Adam(0.01), initial_scale=2.0**17, dynamic_growth_steps=2)
    return compiled(table_model(*layers), CROSS, optimizer), TABLE, BINARY, {"batch_size": 8}


# ---- data ------------------------------------------------------------------------------------------------------------


@kind("data")
def arrays_with_validation_data():
    return small(metrics=["accuracy"]), TABLE, BINARY, {"validation_data": (TABLE[:20], BINARY[:20])}


@kind("data")
def sample_weights_and_targets_without_an_axis():
    return compiled(table_model(L.Dense(8, "relu"), activation=None), "mae"), TABLE, TABLE[:, 0], {"sample_weight": WEIGHTS}


@kind("data")
def tensors():
    return small(), tf.constant(TABLE), tf.constant(BINARY), {}


@kind("data")
def dataset():
    data = tf.data.Dataset.from_tensor_slices((TABLE, BINARY, WEIGHTS)).shuffle(64).batch(16)
    return small(), data, None, {"validation_data": data}


@kind("data")
def endless_dataset_with_steps_per_epoch():
    data = tf.data.Dataset.from_tensor_slices((TABLE, BINARY)).repeat().batch(16)
    return compiled(table_model(L.Dense(8, "relu")), CROSS), data, None, {"steps_per_epoch": 4}


@kind("data")
def dataset_of_unknown_length():
    def rows():
        yield from zip(TABLE, BINARY, strict=True)

    signature = (tf.TensorSpec((6,)), tf.TensorSpec((1,)))
    return compiled(table_model(L.Dense(8, "relu")), CROSS), tf.data.Dataset.from_generator(rows, output_signature=signature).batch(16), None, {}


@kind("data")
def generator():
    def batches():
        while True:
            for start in range(0, ROWS, 16):
                yield TABLE[start : start + 16], BINARY[start : start + 16]

    return compiled(table_model(L.Dense(8, "relu")), CROSS), batches(), None, {"steps_per_epoch": 4}


@kind("data")
def PyDataset():
    class Batches(keras.utils.PyDataset):
        def __len__(self):
            return 4

        def __getitem__(self, i):
            return TABLE[16 * i : 16 * i + 16], BINARY[16 * i : 16 * i + 16]

    return compiled(table_model(L.Dense(8, "relu")), CROSS), Batches(), None, {}


@kind("data")
def batches_of_one_row():
    return compiled(table_model(L.Dense(8, "relu")), CROSS, "sgd"), TABLE[:9], BINARY[:9], {"batch_size": 1}


@kind("data", missing=OF_HELD_ROWS, why="no rows are held, since they have no fixed shape", warns=True)
def rows_of_varying_length():
    data = tf.data.Dataset.from_tensor_slices((tf.RaggedTensor.from_row_lengths(WORDS.reshape(-1)[:96], [1, 2] * 32), BINARY)).batch(16)
    model = keras.Sequential([keras.Input((None,), dtype="int32", ragged=True), L.Lambda(lambda x: x.to_tensor() if isinstance(x, tf.RaggedTensor) else x), L.Embedding(50, 4), L.GlobalAveragePooling1D(), L.Dense(1, "sigmoid")])
    return compiled(model, CROSS), data, None, {}


@kind("data", missing=OF_HELD_ROWS, why="no rows are held, since texts are no numbers", warns=True)
def texts():
    lookup = L.TextVectorization(10, output_sequence_length=3)
    lookup.adapt(["a b c d e f"])
    data = tf.data.Dataset.from_tensor_slices((["a b", "c", "d e f", "a"] * 16, BINARY)).batch(16)
    return compiled(keras.Sequential([lookup, L.Embedding(10, 4), L.GlobalAveragePooling1D(), L.Dense(1, "sigmoid")]), CROSS), data, None, {}


# ---- fits ------------------------------------------------------------------------------------------------------------


@kind("fits")
def several_steps_in_one_execution():
    return small(steps_per_execution=3), TABLE, BINARY, {"batch_size": 8}


@kind("fits")
def run_eagerly():
    return small(run_eagerly=True), TABLE, BINARY, {}


@kind("fits", exact=False, why="measured in full; observing may change how operations are fused, see [data_flow.md](data_flow.md)")
def compiled_by_XLA():
    return small(jit_compile=True), TABLE, BINARY, {}


def twice(model, x, y, callbacks, **more):
    first = model.fit(x, y, epochs=1, verbose=0, callbacks=callbacks, **more).history
    model.evaluate(x, y, verbose=0)
    second = model.fit(x, y, epochs=3, initial_epoch=1, verbose=0, callbacks=callbacks, **more).history
    return {name: first[name] + second[name] for name in first}


@kind("fits", train=twice)
def a_second_fit_with_initial_epoch():
    return small(), TABLE, BINARY, {}


class Stops(keras.callbacks.Callback):
    def on_epoch_begin(self, epoch, logs=None):
        if epoch == 1:
            raise KeyboardInterrupt


def resumed(model, x, y, callbacks, **more):
    """Interrupted in its second epoch, and begun again."""
    with tempfile.TemporaryDirectory() as folder:
        for stops in ([Stops()], []):
            backup = keras.callbacks.BackupAndRestore(folder)
            try:
                history = model.fit(x, y, epochs=3, verbose=0, callbacks=[backup, *callbacks, *stops], **more).history
            except KeyboardInterrupt:
                compiled(model, CROSS)
    return history


@kind("fits", train=resumed)
def resumed_by_BackupAndRestore():
    return small(), TABLE, BINARY, {}


def beside_others(model, x, y, callbacks, **more):
    with tempfile.TemporaryDirectory() as folder:
        others = [
            keras.callbacks.EarlyStopping("loss", patience=0, min_delta=10.0, start_from_epoch=2, restore_best_weights=True),
            keras.callbacks.ModelCheckpoint(f"{folder}/best.keras"),
            keras.callbacks.TensorBoard(f"{folder}/log", histogram_freq=1),
            keras.callbacks.ReduceLROnPlateau("loss", patience=0, min_delta=10.0),
            keras.callbacks.CSVLogger(f"{folder}/log.csv"),
        ]
        history = model.fit(x, y, epochs=5, verbose=0, callbacks=[*others, *callbacks], **more).history
    assert len(history["loss"]) < 5
    return history


@kind("fits", train=beside_others)
def beside_EarlyStopping_ModelCheckpoint_TensorBoard_ReduceLROnPlateau_and_CSVLogger():
    return small(), TABLE, BINARY, {}


@kind("fits")
def a_distribution_strategy_with_one_replica():
    with tf.distribute.OneDeviceStrategy("/cpu:0").scope():
        return small(), TABLE, BINARY, {}
