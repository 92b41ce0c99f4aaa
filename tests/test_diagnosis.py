"""The callback's promises: an observed run is the run, and nothing of ours stops a training."""

from __future__ import annotations

import os
import warnings

import keras
import numpy as np
import pytest

from keras_callbacks import Diagnosis
from keras_callbacks.taps import Taps
from tb_nndiag.engine import diagnose
from tb_nndiag.logdir import read
from tb_nndiag.signals import MOST_RECORDS

L = keras.layers
RANDOM = np.random.default_rng(0)
IMAGES = RANDOM.random((80, 8, 8, 1)).astype("float32")
CLASSES = RANDOM.integers(0, 4, 80)


def dense():
    return [L.Flatten(), L.Dense(16, "relu"), L.Dropout(0.3), L.Dense(4, "softmax")]


def convolutional():
    return [L.Conv2D(6, 3), L.BatchNormalization(), L.ReLU(), L.MaxPooling2D(), L.Flatten(), L.Dense(4, "softmax")]


def recurrent():
    return [L.Reshape((8, 8)), L.LSTM(6, dropout=0.2), L.Dense(4, "softmax")]


class Subclassed(keras.Model):
    def __init__(self):
        super().__init__()
        self.parts = {"body": [L.Flatten(), L.Dense(8, "gelu")]}
        self.noise = L.GaussianNoise(0.1)
        self.head = L.Dense(4, "softmax", name="head")

    def call(self, x, training=False):
        for layer in self.parts["body"]:
            x = layer(x)
        return self.head(self.noise(x, training=training))


def functional():
    inputs = keras.Input((8, 8, 1))
    x = L.Flatten()(inputs)
    block = keras.Sequential([L.Dense(8, "tanh", name="inner")], name="block")
    return keras.Model(inputs, L.Dense(4, "softmax")(L.Add()([block(x), L.Dense(8)(x)])))


KINDS = {
    "dense": lambda: keras.Sequential([keras.Input((8, 8, 1)), *dense()]),
    "convolutional": lambda: keras.Sequential([keras.Input((8, 8, 1)), *convolutional()]),
    "recurrent": lambda: keras.Sequential([keras.Input((8, 8, 1)), *recurrent()]),
    "functional": functional,
    "subclassed": Subclassed,
}


def trained(make, callbacks=(), *, optimizer="adam", epochs=2, jit_compile=False, fits=1, **compiled):
    """(model, history) of a seeded training; the history of the last fit."""
    keras.utils.set_random_seed(7)
    model = make()
    model.compile(optimizer if isinstance(optimizer, str) else optimizer(), "sparse_categorical_crossentropy", metrics=["accuracy"], jit_compile=jit_compile, **compiled)
    for _ in range(fits):
        history = model.fit(IMAGES, CLASSES, 16, epochs, verbose=0, validation_split=0.2, callbacks=list(callbacks))
    return model, history.history


def state(model):
    return [np.asarray(v) for v in (*model.weights, *model.optimizer.variables, *model.metrics_variables)]


OPTIMIZERS = {
    "sgd": lambda: keras.optimizers.SGD(0.1),
    "momentum": lambda: keras.optimizers.SGD(0.1, momentum=0.9, nesterov=True, clipnorm=1.0),
    "rmsprop": lambda: keras.optimizers.RMSprop(0.001, weight_decay=0.01),
}


@pytest.mark.parametrize(("kind", "optimizer"), [*((kind, "adam") for kind in KINDS), *(("functional", name) for name in OPTIMIZERS)])
def test_an_observed_run_is_the_run_bit_for_bit(kind, optimizer, tmp_path):
    optimizer = OPTIMIZERS.get(optimizer, optimizer)
    alone, history = trained(KINDS[kind], optimizer=optimizer)
    observed, observed_history = trained(KINDS[kind], [Diagnosis(tmp_path, quiet=True)], optimizer=optimizer)
    assert observed_history == history
    for a, b in zip(state(alone), state(observed), strict=True):
        np.testing.assert_array_equal(a, b)
    assert {"loss", "gradients", "updates", "units", "gap", "inputs", "labels", "outputs", "baseline", "timing"} <= set(read(tmp_path).series)


def test_the_random_numbers_after_the_training_are_the_same(tmp_path):
    drawn = []
    for callbacks in ([], [Diagnosis(tmp_path, quiet=True)]):
        trained(KINDS["dense"], callbacks)
        drawn.append((np.random.random(), np.asarray(keras.random.normal((4,)))))
    assert drawn[0][0] == drawn[1][0]
    np.testing.assert_array_equal(drawn[0][1], drawn[1][1])


@pytest.mark.parametrize("kind", ["dense", "convolutional", "recurrent"])
def test_under_xla_the_run_is_measured_and_stays_close(kind, tmp_path):
    alone, _ = trained(KINDS[kind], jit_compile=True, epochs=1)
    observed, _ = trained(KINDS[kind], [Diagnosis(tmp_path, quiet=True)], jit_compile=True, epochs=1)
    for a, b in zip(state(alone), state(observed), strict=True):
        np.testing.assert_allclose(a, b, atol=1e-5)  # docs/data_flow.md states what was seen: below 1e-8
    assert len(read(tmp_path)["gradients"]) == 4


@pytest.mark.parametrize("kind", ["dense", "subclassed"])
def test_an_eager_run_is_measured_like_a_compiled_one(kind, tmp_path):
    trained(KINDS[kind], [Diagnosis(tmp_path / "eager", quiet=True)], run_eagerly=True)
    trained(KINDS[kind], [Diagnosis(tmp_path / "compiled", quiet=True)])
    eager, compiled = read(tmp_path / "eager"), read(tmp_path / "compiled")
    for signal in ("loss", "gradients", "updates"):
        assert list(eager[signal].steps) == list(compiled[signal].steps)
        np.testing.assert_allclose(eager[signal].values, compiled[signal].values, rtol=2e-3, atol=1e-5)


def test_several_steps_in_one_execution_are_told_apart_and_counted_right(tmp_path):
    trained(KINDS["dense"], [Diagnosis(tmp_path / "one", quiet=True)])
    model, _ = trained(KINDS["dense"], [Diagnosis(tmp_path / "four", quiet=True)], steps_per_execution=3)  # 3 and 1
    one, four = read(tmp_path / "one"), read(tmp_path / "four")
    assert four["loss"].of_run("steps").sum() == one["loss"].of_run("steps").sum() == 8
    assert four.last_step == int(model.optimizer.iterations.numpy()) == 8
    assert four["loss"].of_run("min").min() == pytest.approx(one["loss"].of_run("min").min(), rel=1e-5)
    assert four["loss"].of_run("max").max() == pytest.approx(one["loss"].of_run("max").max(), rel=1e-5)


def untouched(model) -> bool:
    layers = list(model._flatten_layers())
    return not any(name in vars(owner) for owner in (model, model.optimizer, *layers) for name in ("call", "apply", "train_step", "compute_loss"))


def test_the_model_is_left_as_it_was_found(tmp_path):
    model, _ = trained(KINDS["convolutional"], [Diagnosis(tmp_path / "log", quiet=True)])
    assert untouched(model)
    assert model.train_function is None
    model.save(tmp_path / "model.keras")
    again = keras.models.load_model(tmp_path / "model.keras")
    np.testing.assert_array_equal(again.predict(IMAGES, verbose=0), model.predict(IMAGES, verbose=0))


def test_a_model_saved_during_the_training_carries_nothing_of_ours(tmp_path):
    path = tmp_path / "model.keras"
    saver = keras.callbacks.ModelCheckpoint(path)
    trained(KINDS["convolutional"], [Diagnosis(tmp_path / "log", quiet=True), saver])
    assert untouched(keras.models.load_model(path))


def test_evaluating_with_the_callback_touches_nothing(tmp_path):
    model, _ = trained(KINDS["dense"])
    callback = Diagnosis(tmp_path, quiet=True)
    model.evaluate(IMAGES, CLASSES, verbose=0, callbacks=[callback])
    model.predict(IMAGES, verbose=0, callbacks=[callback])
    assert untouched(model)
    model.fit(IMAGES, CLASSES, 16, verbose=0, validation_split=0.2, callbacks=[callback])
    assert read(tmp_path).ended


def test_a_callback_for_a_second_model_says_that_the_first_record_goes(tmp_path):
    callback = Diagnosis(tmp_path, quiet=True)
    trained(KINDS["dense"], [callback])
    with pytest.warns(UserWarning, match="recorded another model"):
        model, _ = trained(KINDS["functional"], [callback], epochs=1)
    run = read(tmp_path)
    assert run.last_step == int(model.optimizer.iterations.numpy()) == 4
    assert "block/inner" in run["gradients"].columns


def test_a_second_fit_goes_on_where_the_first_ended(tmp_path):
    model, _ = trained(KINDS["dense"], [Diagnosis(tmp_path, quiet=True)], fits=2)
    run = read(tmp_path)
    assert run.last_step == int(model.optimizer.iterations.numpy()) == 16
    assert list(run["loss"].steps) == list(range(1, 17))
    assert untouched(model)


def test_a_model_that_was_fitted_without_us_is_measured_and_gets_its_function_back(tmp_path):
    model, _ = trained(KINDS["dense"])
    compiled = model.train_function
    model.fit(IMAGES, CLASSES, 16, verbose=0, callbacks=[Diagnosis(tmp_path, quiet=True)])
    assert len(read(tmp_path)["gradients"]) == 5
    assert model.train_function is compiled


class Interrupts(keras.callbacks.Callback):
    def __init__(self, error):
        super().__init__()
        self.error = error

    def on_train_batch_begin(self, batch, logs=None):
        if batch == 2:
            raise self.error


def test_a_training_that_fails_in_a_step_leaves_its_record_and_the_model_untouched(tmp_path):
    labels = CLASSES.copy()
    labels[70] = 9  # out of range: Keras raises on a CPU
    keras.utils.set_random_seed(1)
    model = KINDS["dense"]()
    model.compile("adam", "sparse_categorical_crossentropy", jit_compile=False)
    with pytest.raises(Exception, match="label value"):
        model.fit(IMAGES, labels, 16, shuffle=False, verbose=0, callbacks=[Diagnosis(tmp_path, quiet=True)])
    assert untouched(model)
    run = read(tmp_path)
    assert not run.ended
    assert run.last_step == run["loss"].of_run("steps").sum() == 4
    assert run["loss"].of_run("min").min() > 0.5
    assert run["labels"].last(0, "max") == 9


def test_a_first_step_that_fails_leaves_the_rows_that_tell_why(tmp_path):
    labels = CLASSES.copy()
    labels[0] = 9
    model = KINDS["dense"]()
    model.compile("adam", "sparse_categorical_crossentropy", jit_compile=False)
    with pytest.raises(Exception, match="label value"):
        model.fit(IMAGES, labels, 16, shuffle=False, verbose=0, callbacks=[Diagnosis(tmp_path, quiet=True)])
    assert [v.rule for v in diagnose(read(tmp_path)) if v.leads] == ["output-loss-mismatch"]


@pytest.mark.parametrize("error", [KeyboardInterrupt, RuntimeError])
def test_after_an_interrupt_the_next_fit_cleans_up(error, tmp_path):
    model = KINDS["dense"]()
    model.compile("adam", "sparse_categorical_crossentropy", jit_compile=False)
    callback = Diagnosis(tmp_path, quiet=True)
    with pytest.raises(error):
        model.fit(IMAGES, CLASSES, 16, verbose=0, callbacks=[callback, Interrupts(error)])
    model.fit(IMAGES, CLASSES, 16, verbose=0, callbacks=[callback])
    assert untouched(model)
    assert read(tmp_path).ended


def test_a_probe_that_fails_warns_once_by_name_and_the_training_goes_on(tmp_path, monkeypatch):
    from keras_callbacks.probes import gradients

    def broken(*_):
        raise RuntimeError("no luck")

    monkeypatch.setattr(gradients, "measure", broken)
    with pytest.warns(UserWarning, match="no luck") as seen:
        model, history = trained(KINDS["dense"], [Diagnosis(tmp_path, quiet=True)])
    assert sum("no luck" in str(w.message) for w in seen) == 1
    assert len(history["loss"]) == 2
    run = read(tmp_path)
    assert any("no luck" in problem for problem in run.problems)
    assert "gap" in run
    alone, _ = trained(KINDS["dense"])
    for a, b in zip(state(alone), state(model), strict=True):
        np.testing.assert_array_equal(a, b)


def test_a_step_that_could_not_be_measured_leaves_no_zeros_behind(tmp_path, monkeypatch):
    from keras_callbacks import train_step

    monkeypatch.setattr(train_step, "_sample_of", lambda *_: 1 / 0)
    with pytest.warns(UserWarning, match="train step could not be measured"):
        trained(KINDS["dense"], [Diagnosis(tmp_path, quiet=True)])
    run = read(tmp_path)
    assert "gradients" not in run
    assert "updates" not in run
    assert len(run["loss"])


@pytest.mark.parametrize("hook", ["begin", "_look", "end_epoch", "end"])
def test_whatever_fails_in_a_hook_the_training_goes_on(hook, tmp_path, monkeypatch):
    from keras_callbacks.recording import Recording

    def broken(*_, **__):
        raise RuntimeError("no luck")

    monkeypatch.setattr(Recording, hook, broken)
    with pytest.warns(UserWarning, match="no luck"):
        model, history = trained(KINDS["dense"], [Diagnosis(tmp_path, quiet=True)], epochs=3)
    assert len(history["loss"]) == 3
    assert untouched(model)
    model.fit(IMAGES, CLASSES, verbose=0)


def test_where_warnings_are_errors_the_training_goes_on(tmp_path, monkeypatch, capsys):
    from keras_callbacks.probes import gradients

    monkeypatch.setattr(gradients, "measure", lambda *_: 1 / 0)
    with warnings.catch_warnings():
        warnings.simplefilter("error", UserWarning)
        _, history = trained(KINDS["dense"], [Diagnosis(tmp_path, quiet=True)])
    assert len(history["loss"]) == 2
    assert "division by zero" in capsys.readouterr().err


def test_a_recording_that_cannot_start_does_not_stop_the_training(tmp_path, monkeypatch):
    monkeypatch.setattr(Taps, "attach", lambda self: 1 / 0)
    with pytest.warns(UserWarning, match="could not start"):
        _, history = trained(KINDS["dense"], [Diagnosis(tmp_path, quiet=True)])
    assert len(history["loss"]) == 2


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="needs a device that is always full")
def test_a_full_disk_warns_once_and_the_training_goes_on(tmp_path, monkeypatch):
    from keras_callbacks import event_writer

    class Full:
        def __init__(self, *_, **__):
            pass

        def add_event(self, event):
            with open("/dev/full", "wb") as file:
                file.write(event.SerializeToString())

        flush = close = lambda self: None

    monkeypatch.setattr(event_writer, "EventFileWriter", Full)
    with pytest.warns(UserWarning, match="can no longer write") as seen:
        _, history = trained(KINDS["dense"], [Diagnosis(tmp_path, quiet=True)])
    assert sum("can no longer write" in str(w.message) for w in seen) == 1
    assert len(history["loss"]) == 2


def test_rows_without_a_fixed_shape_are_not_held_and_the_rest_is_measured(tmp_path):
    import tensorflow as tf

    texts = tf.data.Dataset.from_tensor_slices((["a b", "c", "d e f"] * 8, [0.0, 1.0, 0.0] * 8)).batch(4)
    lookup = L.TextVectorization(10)
    lookup.adapt(["a b c d e f"])
    model = keras.Sequential([lookup, L.Embedding(10, 4), L.GlobalAveragePooling1D(), L.Dense(1, "sigmoid", name="answer")])
    model.compile("adam", "binary_crossentropy", jit_compile=False)
    with pytest.warns(UserWarning, match="held rows"):
        model.fit(texts, verbose=0, callbacks=[Diagnosis(tmp_path, quiet=True)])
    run = read(tmp_path)
    assert "gradients" in run
    assert "units" not in run
    assert next(v for v in diagnose(run) if v.rule == "dead-units").status == "unknown"


def test_no_trainable_weights(tmp_path):
    model = keras.Sequential([keras.Input((8, 8, 1)), L.Flatten(), L.Dense(4, "softmax", trainable=False)])
    model.compile("sgd", "sparse_categorical_crossentropy", jit_compile=False)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model.fit(IMAGES, CLASSES, verbose=0, callbacks=[Diagnosis(tmp_path, quiet=True)])
    assert "loss" in read(tmp_path)


def test_metrics_of_a_validation_that_comes_every_other_epoch_are_recorded(tmp_path):
    model = KINDS["dense"]()
    model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"], jit_compile=False)
    history = model.fit(IMAGES, CLASSES, epochs=5, verbose=0, validation_split=0.2, validation_freq=2, callbacks=[Diagnosis(tmp_path, quiet=True)])
    run = read(tmp_path)
    recorded = run["epoch"].column("val_accuracy", "value")
    np.testing.assert_allclose(recorded[[1, 3]], history.history["val_accuracy"], rtol=1e-6)
    assert np.isnan(recorded[[0, 2, 4]]).all()
    assert run.card.validation
    assert not run.problems


def test_layers_are_named_as_the_user_named_them_in_forward_order(tmp_path):
    trained(KINDS["functional"], [Diagnosis(tmp_path, quiet=True)])
    run = read(tmp_path)
    assert run["gradients"].columns[0] == "block/inner"
    assert run.card.output_layer.name == run["gradients"].columns[-1]


def test_mixed_precision_records_gradients_without_the_loss_scale(tmp_path):
    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy("mixed_float16")
    try:
        trained(KINDS["dense"], [Diagnosis(tmp_path, quiet=True)])
    finally:
        keras.config.set_dtype_policy(before)
    run = read(tmp_path)
    assert run.card.precision == "mixed_float16"
    assert 1e-5 < run["gradients"]["rms"][-1].max() < 10  # the first steps may overflow, and are skipped
    assert "nonfinite" not in run


def test_the_held_rows_are_spread_over_the_epoch(tmp_path):
    order = np.argsort(CLASSES)  # sorted by class, not shuffled
    model = KINDS["dense"]()
    model.compile("sgd", "sparse_categorical_crossentropy", jit_compile=False)
    x, y = np.tile(IMAGES[order], (50, 1, 1, 1)), np.sort(np.tile(CLASSES[order], 50))
    model.fit(x, y, 16, shuffle=False, verbose=0, callbacks=[Diagnosis(tmp_path, quiet=True)])
    labels = read(tmp_path)["labels"]
    assert labels.last(0, "distinct") == 4
    assert 700 < read(tmp_path)["inputs"].last(0, "rows") <= 1024


def test_it_says_at_the_end_what_leads_and_how_to_look(tmp_path, capsys):
    model = keras.Sequential([keras.Input((8, 8, 1)), L.Flatten(), L.Dense(1, "softmax", name="answer")])
    model.compile("adam", "binary_crossentropy", jit_compile=False)
    even = (CLASSES % 2).astype("float32")[:, None]
    with pytest.warns(UserWarning, match="softmax"):
        model.fit(IMAGES, even, epochs=2, verbose=0, callbacks=[Diagnosis(tmp_path / "logs" / "run1")])
        printed = capsys.readouterr().out
        model.fit(IMAGES, even, epochs=2, verbose=0, callbacks=[Diagnosis(tmp_path / "logs" / "run2", quiet=True)])
    assert "NND701 error" in printed
    assert "`answer` is a softmax over 1 unit" in printed
    assert "NND705" not in printed  # folded
    assert f"tensorboard --logdir {tmp_path / 'logs'}" in printed
    assert capsys.readouterr().out == ""


def test_it_says_nothing_about_a_healthy_run(tmp_path, capsys):
    from sklearn.datasets import load_digits

    x, y = load_digits(return_X_y=True)
    keras.utils.set_random_seed(1)
    model = keras.Sequential([keras.Input((64,)), L.Dense(32, "relu"), L.Dense(10, "softmax")])
    model.compile("adam", "sparse_categorical_crossentropy", jit_compile=False)
    model.fit(x / 16, y, epochs=4, verbose=0, callbacks=[Diagnosis(tmp_path)])
    assert capsys.readouterr().out == ""


def test_a_long_run_reads_every_loss_and_writes_few_records(tmp_path):
    model = keras.Sequential([keras.Input((6,)), L.Dense(1)])
    model.compile(keras.optimizers.SGD(1e-4), "mse", jit_compile=False, steps_per_execution=100)
    x = RANDOM.standard_normal((100, 6)).astype("float32")
    y = x[:, :1].copy()
    y[50] = 30.0  # one batch in a hundred has a large loss
    model.fit(x, y, 1, 60, shuffle=False, verbose=0, callbacks=[Diagnosis(tmp_path, quiet=True)])
    loss = read(tmp_path)["loss"]
    assert loss.of_run("steps").sum() == loss.steps[-1] == 6_000
    assert len(loss) < 150
    assert ((loss.of_run("worst_step") - 51) % 100 == 0)[loss.of_run("steps") >= 100].all()


def test_the_schedule_never_writes_more_than_tensorboard_keeps():
    from keras_callbacks import schedule

    for follow, horizon in ((schedule.next_step, 10**9), (schedule.next_epoch, 10**7)):
        at, records = 1, 0
        while at < horizon:
            later = follow(at)
            assert later > at
            at, records = later, records + 1
        assert records < MOST_RECORDS / 2
    assert [schedule.next_step(s) for s in (1, 20, 39, 40, 1000)] == [2, 21, 40, 42, 1050]


def test_a_deep_model_is_recorded_less_often():
    from keras_callbacks import schedule

    assert [schedule.next_step(1000, layers) for layers in (50, 100, 1000)] == [1050, 1100, 2000]
    assert [schedule.next_epoch(e) for e in (1, 99, 100, 1000)] == [2, 100, 103, 1030]
    assert [schedule.next_epoch(e, 100) for e in (1, 49, 50, 1000)] == [2, 50, 53, 1060]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"log_dir": None}, "`log_dir` is None; expected the directory"),
        ({"log_dir": 3}, "`log_dir` is 3; expected the directory"),
        ({"log_dir": ""}, "`log_dir` is ''; expected the directory"),
        ({"log_dir": "logs", "quiet": "yes"}, "`quiet` is 'yes'; expected True or False"),
        ({"log_dir": __file__}, "which is a file; expected a directory"),
    ],
)
def test_bad_arguments_get_one_clear_sentence(arguments, message):
    with pytest.raises((TypeError, ValueError), match="Diagnosis: ") as refused:
        Diagnosis(**arguments)
    assert message in str(refused.value)
    assert str(refused.value).count(". ") == 0


def test_nothing_of_the_machine_goes_into_the_logdir(tmp_path):
    import getpass
    import socket

    trained(KINDS["dense"], [Diagnosis(tmp_path, quiet=True)])
    content = b"".join(p.read_bytes() for p in tmp_path.iterdir())
    for secret in (str(tmp_path), os.getcwd(), socket.gethostname(), getpass.getuser(), os.path.basename(__file__)):
        assert len(secret) < 3 or secret.encode() not in content


def test_fits_in_a_loop_are_traced_once_and_stay_the_run(tmp_path):
    def loop(callbacks):
        model, _ = trained(KINDS["dense"], callbacks, epochs=1, fits=2)
        model.set_weights([w * 0.5 for w in model.get_weights()])
        model.fit(IMAGES, CLASSES, 16, 2, verbose=0, validation_split=0.2, callbacks=callbacks)
        return model

    alone, observed = loop([]), loop([Diagnosis(tmp_path, quiet=True)])
    for a, b in zip(state(alone), state(observed), strict=True):
        np.testing.assert_array_equal(a, b)
    run = read(tmp_path)
    assert list(run["loss"].steps) == list(range(1, 17))
    assert (run["resources"].of_run("traces") == 1).all()
    assert run["updates"]["ratio"][8].max() < 0.5  # the first step after the weights were halved is not their halving
    assert len(run["units"]) == 4


def test_a_model_that_is_compiled_anew_is_traced_anew(tmp_path):
    callback = Diagnosis(tmp_path, quiet=True)
    model, _ = trained(KINDS["dense"], [callback], epochs=1)
    model.compile("sgd", "sparse_categorical_crossentropy", jit_compile=False)
    model.fit(IMAGES, CLASSES, 16, verbose=0, callbacks=[callback])
    assert read(tmp_path).card.optimizer.name == "SGD"
    assert untouched(model)


def test_a_step_that_is_traced_anew_each_epoch_is_told_and_one_that_is_not_is_not(tmp_path):
    again = keras.callbacks.LambdaCallback(on_epoch_begin=lambda epoch, logs: again.model.make_train_function(force=True))
    for name, callbacks, status in (("again", [again], "fires"), ("once", [], "clear")):
        model = KINDS["dense"]()
        model.compile("adam", "sparse_categorical_crossentropy", jit_compile=False)
        model.fit(IMAGES, CLASSES, epochs=7, verbose=0, callbacks=[Diagnosis(tmp_path / name, quiet=True), *callbacks])
        verdict = next(v for v in diagnose(read(tmp_path / name)) if v.rule == "retracing")
        assert verdict.status == status


def test_what_is_selected_travels_with_the_run(tmp_path):
    model = KINDS["dense"]()
    model.compile("adam", "sparse_categorical_crossentropy", jit_compile=False)
    model.fit(IMAGES, CLASSES, verbose=0, callbacks=[Diagnosis(tmp_path, quiet=True, select=["NND902", "no-seed"])])
    run = read(tmp_path)
    assert run.settings.select == ("no-seed", "nondeterminism")
    assert {v.rule for v in diagnose(run) if v.rule in run.settings.select and not v.off} == {"no-seed", "nondeterminism"}
    with pytest.raises(ValueError, match=r"no rule called 'no-sed'. Did you mean `no-seed`"):
        Diagnosis(tmp_path, select=["no-sed"])
