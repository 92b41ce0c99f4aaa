"""Reading: real event files, whole, restarted, damaged and hostile."""

from __future__ import annotations

import json
import os
import struct
import time
import warnings
from itertools import pairwise

import made_up
import numpy as np
import pytest
from recorded import RUNS, names, recorded
from tensorboard.backend.event_processing import data_provider, plugin_event_multiplexer
from tensorboard.compat.proto import event_pb2, summary_pb2
from tensorboard.compat.tensorflow_stub.pywrap_tensorflow import masked_crc32c
from tensorboard.context import RequestContext
from tensorboard.data import server_ingester
from tensorboard.summary.writer.event_file_writer import EventFileWriter
from tensorboard.util import grpc_util, tensor_util

from keras_callbacks.event_writer import EventWriter
from tb_nndiag import logdir
from tb_nndiag.data_provider import Provided
from tb_nndiag.event_file import checksums, read_events
from tb_nndiag.logdir import Files, RunStamp, Unreadable, read, runs_below
from tb_nndiag.proto import nndiag_pb2
from tb_nndiag.run import Layer, Loss, Optimizer
from tb_nndiag.signals import CARD_TAG, FILE_SUFFIX, FORMAT, MOST_RECORDS, PLUGIN_NAME, SIGNALS

NAN, INF = float("nan"), float("inf")
NO_CARD = "the run card is missing: layers are known by their number only"


def written(directory, steps=(1, 2, 3), factor=1.0, signal="loss"):
    """One attempt: a record a step whose first stat is factor * step; returns the directory."""
    writer = EventWriter(str(directory))
    for step in steps:
        writer.write(signal, step, values(factor * step, signal))
    writer.close()
    return directory


def values(first: float, signal="loss", columns: int = 1) -> np.ndarray:
    """A record's values: `first` in the first stat, and 1 in the others."""
    made = np.ones((columns, len(SIGNALS[signal].stats)), np.float32)
    made[:, 0] = first
    return made


def with_card(directory, step=1, **fields):
    writer = EventWriter(str(directory))
    writer.write_card(step, card(**fields))
    writer.close()
    return directory


def card(columns=None, **fields) -> nndiag_pb2.RunCard:
    made = nndiag_pb2.RunCard(**{"format": FORMAT, **fields})
    for signal, found in (columns or {}).items():
        made.columns[signal].names.extend(found)
    return made


def write_raw(directory, *events: event_pb2.Event) -> None:
    writer = EventFileWriter(str(directory), filename_suffix=FILE_SUFFIX)
    for event in events:
        writer.add_event(event)
    writer.close()


def raw(tag: str, step: int, tensor, wall_time: float | None = None) -> event_pb2.Event:
    """An event as ours, with anything in it. tensor: an array, or a TensorProto"""
    if not hasattr(tensor, "tensor_shape"):
        tensor = tensor_util.make_tensor_proto(tensor)
    metadata = summary_pb2.SummaryMetadata(
        plugin_data=summary_pb2.SummaryMetadata.PluginData(plugin_name=PLUGIN_NAME), data_class=summary_pb2.DATA_CLASS_TENSOR
    )
    value = summary_pb2.Summary.Value(tag=tag, tensor=tensor, metadata=metadata)
    return event_pb2.Event(wall_time=time.time() if wall_time is None else wall_time, step=step, summary=summary_pb2.Summary(value=[value]))


def points(run, signal="loss") -> list[tuple[int, float]]:
    """Step and first stat of every record."""
    return [(int(s), float(v)) for s, v in zip(run[signal].steps, run[signal].values[:, 0, 0], strict=True)]


def python_loader(logdir):
    """The runs as TensorBoard's Python loader provides them."""
    multiplexer = plugin_event_multiplexer.EventMultiplexer(tensor_size_guidance={PLUGIN_NAME: MOST_RECORDS})
    multiplexer.AddRunsFromDirectory(str(logdir))
    multiplexer.Reload()
    return Provided(data_provider.MultiplexerDataProvider(multiplexer, str(logdir)), RequestContext(), "")


def data_server(logdir, runs: int):
    """The same through TensorBoard's data server, once it has loaded that many runs, and finds nothing new in them."""
    try:
        binary = server_ingester.get_server_binary()
    except server_ingester.NoDataServerError:
        pytest.skip("TensorBoard's data server is not there for this platform")
    ingester = server_ingester.SubprocessServerDataIngester(
        binary, str(logdir), reload_interval=1, channel_creds_type=grpc_util.ChannelCredsType.LOCAL, samples_per_plugin={PLUGIN_NAME: MOST_RECORDS}
    )
    ingester.start()
    provided = Provided(ingester.data_provider, RequestContext(), "unused")
    end, before, found = time.monotonic() + 30, None, provided.stamps()
    while time.monotonic() < end and (len(found) < runs or found != before):
        time.sleep(0.5)
        before, found = found, provided.stamps()
    return provided


# ---- whole runs ------------------------------------------------------------------------------------------------------


def test_a_run_read_back_is_what_was_written(tmp_path):
    before, random = time.time(), np.random.default_rng(0)
    records = {
        "loss": [(s, random.normal(size=(1, len(SIGNALS["loss"].stats)))) for s in (1, 2, 5, 1000)],
        "gradients": [(s, random.normal(size=(3, len(SIGNALS["gradients"].stats)))) for s in (1, 5)],
        "timing": [(1, np.array([[1e-30, 3e38, 0.1]]))],
    }
    writer = EventWriter(str(tmp_path / "one"))
    writer.write_card(1, card({"gradients": ["a", "b", "c"]}))
    for signal, rows in records.items():
        for step, record in rows:
            writer.write(signal, step, record)
    writer.close()

    run = read(tmp_path / "one")
    assert (run.name, run.problems, set(run.series)) == ("one", (), set(records))
    assert run["gradients"].columns == ("a", "b", "c")
    assert run["loss"].columns == ("run",)
    for signal, rows in records.items():
        assert run[signal].stats == SIGNALS[signal].stats
        assert run[signal].steps.tolist() == [step for step, _ in rows]
        assert run[signal].values.dtype == np.float64
        np.testing.assert_array_equal(run[signal].values, np.stack([r for _, r in rows]).astype(np.float32))
    assert before <= run.first_wall_time < run.last_wall_time <= time.time()
    assert run.last_step == 1000


def test_numbers_that_are_not_finite_survive(tmp_path):
    writer = EventWriter(str(tmp_path))
    for step, value in enumerate((np.nan, np.inf, -np.inf), 1):
        writer.write("optimizer", step, np.array([[value]]))
    writer.close()
    np.testing.assert_array_equal(read(tmp_path)["optimizer"].of_run("learning_rate"), [np.nan, np.inf, -np.inf])


def test_every_signal_can_be_written_and_read(tmp_path):
    for signal in SIGNALS:
        written(tmp_path, (1, 2), signal=signal)
    run = read(tmp_path)
    assert set(run.series) == set(SIGNALS)
    assert all(points(run, signal) == [(1, 1.0), (2, 2.0)] for signal in SIGNALS)


def test_the_run_card_read_back_is_what_was_written(tmp_path):
    made = card(
        model_class="Sequential", precision="mixed_float16", jit_compile=True, run_eagerly=True, steps_per_execution=4, strategy="MirroredStrategy",
        seeded=True, versions={"keras": "3"}, ended=True, parameters=20, trainable_parameters=10, problems=["units: not measured"],
        layers=[
            nndiag_pb2.Layer(
                name="dense", class_name="Dense", activation="relu", kernel_initializer="HeNormal", parameters=12, trainable_parameters=6,
                output_shape=[-1, 4], kernel_shape=[2, 4], settings='{"rate": 0.5}',
            ),
            nndiag_pb2.Layer(name="answer", output=True),
        ],
        losses=[nndiag_pb2.Loss(name="MeanSquaredError", from_logits=True, output="answer")],
        optimizer=nndiag_pb2.Optimizer(name="SGD", learning_rate=0.1, schedule="CosineDecay", settings='{"momentum": 0.9}'),
        data=nndiag_pb2.Data(batch_size=32, steps_per_epoch=7, epochs=3, validation=True),
    )  # fmt: skip
    writer = EventWriter(str(tmp_path))
    writer.write_card(1, made)
    writer.write("loss", 1, values(1.0))
    writer.close()
    run = read(tmp_path)
    found = run.card
    assert run.problems == ("units: not measured",)
    assert run.ended
    assert found.layers == (
        Layer("dense", "Dense", "relu", "HeNormal", 12, 6, (-1, 4), (2, 4), False, {"rate": 0.5}),
        Layer("answer", "", output=True),
    )
    assert found.losses == (Loss("MeanSquaredError", True, "answer"),)
    assert found.optimizer == Optimizer("SGD", 0.1, "CosineDecay", {"momentum": 0.9})
    assert (found.batch_size, found.steps_per_epoch, found.epochs, found.validation) == (32, 7, 3, True)
    assert (found.model_class, found.precision, found.jit_compile, found.run_eagerly) == ("Sequential", "mixed_float16", True, True)
    assert (found.steps_per_execution, found.strategy, found.seeded, found.versions) == (4, "MirroredStrategy", True, {"keras": "3"})
    assert (found.parameters, found.trainable_parameters) == (20, 10)


def test_what_float32_cannot_hold_is_infinite_and_warns_nobody(tmp_path):
    writer = EventWriter(str(tmp_path))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        writer.write("optimizer", 1, np.array([[1e300]]))
    writer.close()
    assert read(tmp_path)["optimizer"].of_run("learning_rate")[0] == np.inf


def test_a_card_without_an_optimizer_has_none(tmp_path):
    assert read(with_card(written(tmp_path))).card.optimizer is None


def test_the_latest_card_counts(tmp_path):
    writer = EventWriter(str(tmp_path))
    writer.write("loss", 1, values(1.0))
    writer.write_card(1, card(model_class="early"))
    writer.write_card(9, card(model_class="late", ended=True))
    writer.close()
    assert (read(tmp_path).card.model_class, read(tmp_path).ended) == ("late", True)


def test_a_run_with_a_card_alone_can_be_read(tmp_path):
    run = read(with_card(tmp_path, model_class="Functional"))
    assert (run.card.model_class, dict(run.series), run.last_step, run.first_wall_time) == ("Functional", {}, 0, 0.0)


def test_layers_without_a_card_are_known_by_their_number(tmp_path):
    writer = EventWriter(str(tmp_path))
    writer.write("gradients", 1, values(1.0, "gradients", columns=3))
    writer.close()
    run = read(tmp_path)
    assert run["gradients"].columns == ("layer_1", "layer_2", "layer_3")
    assert (run.card, run.problems) == (None, (NO_CARD,))


# ---- restarts --------------------------------------------------------------------------------------------------------

RESTARTS = {
    "a restart overwrites what it repeats": ([(range(1, 7), 1), (range(3, 5), 10)], [(1, 1), (2, 2), (3, 30), (4, 40)]),
    "a restart from the beginning leaves nothing of the attempt before": ([(range(1, 7), 1), ([1, 2], 10)], [(1, 10), (2, 20)]),
    "a restart between two records keeps the earlier one": ([([1, 5, 9], 1), ([6, 7], 10)], [(1, 1), (5, 5), (6, 60), (7, 70)]),
    "a second fit that goes on keeps everything": ([([1, 2], 1), ([3, 4], 10)], [(1, 1), (2, 2), (3, 30), (4, 40)]),
    "of two records of one step the last counts": ([([1, 2, 2, 3], 1), ([3], 10)], [(1, 1), (2, 2), (3, 30)]),
    "two restarts": ([(range(1, 9), 1), ([5, 6], 10), ([2, 3], 100)], [(1, 1), (2, 200), (3, 300)]),
}  # fmt: skip


@pytest.fixture(scope="module")
def restarted(tmp_path_factory):
    """One run for each of RESTARTS, "0", "1", ...; every attempt has a file of its own."""
    logdir = tmp_path_factory.mktemp("restarted")
    for i, (attempts, _) in enumerate(RESTARTS.values()):
        for steps, factor in attempts:
            written(logdir / str(i), steps, factor)
    return logdir


@pytest.mark.parametrize("name", RESTARTS)
def test_restarts_read_from_the_files(restarted, name):
    i = list(RESTARTS).index(name)
    assert points(read(restarted / str(i))) == RESTARTS[name][1]


def test_restarts_read_through_both_of_tensorboards_loaders(restarted):
    for provided in (python_loader(restarted), data_server(restarted, len(RESTARTS))):
        for i, (_, expected) in enumerate(RESTARTS.values()):
            assert points(provided.read(str(i))) == expected


def test_the_order_of_attempts_is_told_by_their_clock_and_not_by_the_files_names(tmp_path):
    newer = [raw("nndiag/loss", s, values(10.0 * s), 2000.0 + s) for s in (1, 2)]
    older = [raw("nndiag/loss", s, values(1.0 * s), 1000.0 + s) for s in (1, 2, 3)]
    for name, events in (("a", newer), ("b", older)):
        write_raw(tmp_path / name, *events)
        (file,) = (tmp_path / name).iterdir()
        file.rename(tmp_path / f"events.out.tfevents.{name}{FILE_SUFFIX}")
    assert points(read(tmp_path)) == [(1, 10.0), (2, 20.0)]
    assert (read(tmp_path).first_wall_time, read(tmp_path).last_wall_time) == (2001.0, 2002.0)


def test_a_clock_that_is_no_number_does_not_become_the_runs_time(tmp_path):
    write_raw(tmp_path, raw("nndiag/loss", 1, values(1.0), 100.0), raw("nndiag/gap", 2, values(2.0, "gap"), NAN), raw("nndiag/units", 2, values(2.0, "units"), INF))
    run = read(tmp_path)
    assert (run.first_wall_time, run.last_wall_time) == (100.0, 100.0)
    assert (points(run), points(run, "gap"), points(run, "units")) == ([(1, 1.0)], [(2, 2.0)], [(2, 2.0)])


def test_a_restart_ends_every_series_of_the_attempt_before(tmp_path):
    first = EventWriter(str(tmp_path))
    for step in (1, 20, 40):
        first.write("loss", step, values(step))
    first.write("gap", 20, values(1.0, "gap"))
    first.write("nonfinite", 33, values(1.0, "nonfinite"))
    first.close()
    written(tmp_path, (1, 2, 3))
    run = read(tmp_path)
    assert set(run.series) == {"loss"}
    assert run.last_step == 3


# ---- broken parts ----------------------------------------------------------------------------------------------------


def test_records_of_another_shape_are_left_out_and_named(tmp_path):
    writer = EventWriter(str(tmp_path))
    writer.write_card(1, card({"gradients": ["a", "b"]}))
    writer.write("loss", 1, values(1.0))
    for step, columns in enumerate((2, 3, 2, 1), 1):
        writer.write("gradients", step, values(step, "gradients", columns))
    writer.close()
    run = read(tmp_path)
    assert points(run, "gradients") == [(1, 1.0), (3, 3.0)]
    assert points(run) == [(1, 1.0)]
    assert run.problems == ("2 of 4 records of `gradients` have another shape than the run card says",)


@pytest.mark.parametrize(
    "wrong",
    [
        np.ones((1, len(SIGNALS["loss"].stats) + 1), np.float32),
        np.ones(len(SIGNALS["loss"].stats), np.float32),
        np.ones((1, len(SIGNALS["loss"].stats)), np.int32),
        np.ones((0, len(SIGNALS["loss"].stats)), np.float32),
        np.float32(1),
        np.array([b"text"], object),
    ],
    ids=["another number of stats", "one axis", "whole numbers", "no column", "a number", "text"],
)
def test_a_series_of_wrong_records_is_left_out_and_named(tmp_path, wrong):
    writer = EventWriter(str(tmp_path))
    writer.write_card(1, card({"loss": ["run"]}))
    writer.write("gap", 1, values(1.0, "gap"))
    writer.close()
    write_raw(tmp_path, raw("nndiag/loss", 1, wrong))
    run = read(tmp_path)
    assert set(run.series) == {"gap"}
    assert run.problems == ("1 of 1 records of `loss` have another shape than the run card says",)


def test_a_tensor_that_cannot_be_decoded_costs_its_series_and_is_named(tmp_path):
    broken = tensor_util.make_tensor_proto(values(1.0))
    broken.tensor_content = b"odd"
    write_raw(tmp_path, raw("nndiag/loss", 1, broken), raw("nndiag/gap", 1, values(5.0, "gap")))
    run = read(tmp_path)
    assert points(run, "gap") == [(1, 5.0)]
    assert "loss" not in run
    assert run.problems[0].startswith("`nndiag/loss` could not be read (")


def test_a_run_with_nothing_but_a_broken_series_is_unreadable(tmp_path):
    broken = tensor_util.make_tensor_proto(values(1.0))
    broken.tensor_content = b"odd"
    write_raw(tmp_path, raw("nndiag/loss", 1, broken))
    with pytest.raises(Unreadable, match="`nndiag/loss` could not be read"):
        read(tmp_path)


@pytest.mark.parametrize("damaged", [b"\xff\xff\xff not a card", np.ones(3), np.zeros(0)], ids=["bytes", "numbers", "nothing"])
def test_a_damaged_card_is_named_and_the_run_still_readable(tmp_path, damaged):
    written(tmp_path)
    write_raw(tmp_path, raw(CARD_TAG, 1, np.array([damaged], object) if isinstance(damaged, bytes) else damaged.astype(np.float32)))
    run = read(tmp_path)
    assert run.card is None
    assert points(run) == [(1, 1.0), (2, 2.0), (3, 3.0)]
    (problem,) = run.problems
    assert problem.startswith("the run card is damaged (")


def test_settings_that_are_no_json_are_a_damaged_card(tmp_path):
    run = read(with_card(written(tmp_path), layers=[nndiag_pb2.Layer(name="a", settings="{")]))
    assert (run.card, len(run["loss"])) == (None, 3)
    assert run.problems[0].startswith("the run card is damaged (JSONDecodeError)")


def test_a_newer_format_is_named_and_still_readable(tmp_path):
    run = read(with_card(written(tmp_path), format=FORMAT + 1, model_class="Sequential"))
    assert run.problems == (f"recorded in format {FORMAT + 1}, newer than this reader's {FORMAT}: update tb-nndiag",)
    assert (run.card.model_class, len(run["loss"])) == ("Sequential", 3)


def test_our_own_format_is_no_problem(tmp_path):
    assert read(with_card(written(tmp_path))).problems == ()


def test_signals_that_this_reader_does_not_know_are_passed_over(tmp_path):
    with_card(written(tmp_path))
    write_raw(tmp_path, raw("nndiag/from_the_future", 1, np.float32(1)), raw("somebody", 1, np.float32(1)))
    assert (set(read(tmp_path).series), read(tmp_path).problems) == ({"loss"}, ())


# ---- broken files ----------------------------------------------------------------------------------------------------


def whole_file(tmp_path) -> tuple[str, bytes, list]:
    """Name and content of a file with five records, and the records."""
    directory = written(tmp_path / "whole", range(1, 6))
    (file,) = directory.iterdir()
    return file.name, file.read_bytes(), points(read(directory))


def read_bytes(directory, name: str, content: bytes) -> list:
    """The records in a file of that content; [] when it is unreadable, in one sentence."""
    directory.mkdir(exist_ok=True)
    (directory / name).write_bytes(content)
    try:
        return points(read(directory))
    except Unreadable as problem:
        assert str(problem).endswith(".")
        assert "\n" not in str(problem)
        return []


def test_of_a_truncated_file_the_records_before_the_cut_are_read(tmp_path):
    name, content, records = whole_file(tmp_path)
    found = [read_bytes(tmp_path / "cut", name, content[:size]) for size in range(0, len(content) + 1, 11)]
    assert found[0] == []
    assert {len(f) for f in found} >= {0, 1, 2, 3, 4}
    assert all(f == records[: len(f)] for f in found)
    assert [len(f) for f in found] == sorted(len(f) for f in found)


def test_of_a_file_with_a_changed_byte_no_wrong_number_is_read(tmp_path):
    name, content, records = whole_file(tmp_path)
    for place in range(0, len(content), 17):
        changed = bytearray(content)
        changed[place] ^= 0xFF
        assert set(read_bytes(tmp_path / "changed", name, bytes(changed))) <= set(records)


@pytest.mark.parametrize("garbage", [b"", b"\0", bytes(range(256)) * 40, b"\xff" * 5000, b"{}\n"])
def test_a_file_of_garbage_is_no_run(tmp_path, garbage):
    tmp_path.joinpath(f"events.out.tfevents.1.x{FILE_SUFFIX}").write_bytes(garbage)
    with pytest.raises(Unreadable, match="has no data of the Diagnosis callback"):
        read(tmp_path, "garbage")


def test_garbage_beside_a_good_file_does_not_harm_it(tmp_path):
    written(tmp_path)
    for time_of_file in (1, 9999999999):
        tmp_path.joinpath(f"events.out.tfevents.{time_of_file}.x{FILE_SUFFIX}").write_bytes(b"garbage" * 100)
    assert points(read(tmp_path)) == [(1, 1.0), (2, 2.0), (3, 3.0)]


def test_a_directory_in_the_place_of_a_file_is_unreadable_in_one_sentence(tmp_path):
    tmp_path.joinpath(f"events.out.tfevents.1.x{FILE_SUFFIX}").mkdir()
    with pytest.raises(Unreadable, match="'odd'"):
        read(tmp_path, "odd")


def test_a_directory_without_data_of_ours_is_unreadable(tmp_path):
    writer = EventFileWriter(str(tmp_path))
    writer.add_event(event_pb2.Event(step=1, summary=summary_pb2.Summary(value=[summary_pb2.Summary.Value(tag="loss", simple_value=1.0)])))
    writer.close()
    for directory in (tmp_path, tmp_path / "nowhere"):
        with pytest.raises(Unreadable, match="has no data of the Diagnosis callback"):
            read(directory)


@pytest.mark.parametrize("length", [0, 1, 3, 4, 8, 123, 124, 125, 127, 128, 252, 253, 1000, 300_000])
def test_checksums_are_those_of_tensorboard(length):
    random = np.random.default_rng(length)
    bodies = [random.bytes(length), b"", random.bytes(1000), bytes(length), b"\xff" * length]
    assert checksums(bodies).tolist() == [masked_crc32c(body) for body in bodies]


def test_checksums_of_nothing_are_none():
    assert checksums([]).tolist() == []


def events_of(tmp_path, content: bytes) -> tuple[list[int], bool]:
    """The steps of the events in a file of that content, and whether it is damaged."""
    (tmp_path / "file").write_bytes(content)
    events, damaged = read_events(tmp_path / "file")
    return [event.step for event in events], damaged


def test_a_file_that_ends_within_an_event_is_not_damaged(tmp_path):
    _, content, _ = whole_file(tmp_path)
    whole = events_of(tmp_path, content)
    assert whole == ([0, 1, 2, 3, 4, 5], False)  # the first one says the format's version
    ends = [events_of(tmp_path, content[:size]) for size in range(len(content))]
    assert {damaged for _, damaged in ends} == {False}
    assert [len(steps) for steps, _ in ends] == sorted(len(steps) for steps, _ in ends)


def test_a_file_with_a_changed_byte_is_damaged_from_there_on(tmp_path):
    _, content, _ = whole_file(tmp_path)
    for place in range(len(content)):
        changed = bytearray(content)
        changed[place] ^= 1
        steps, damaged = events_of(tmp_path, bytes(changed))
        assert damaged
        assert steps == [0, 1, 2, 3, 4, 5][: len(steps)] != [0, 1, 2, 3, 4, 5]


def test_an_event_that_is_none_is_damage(tmp_path):
    def packed(body: bytes) -> bytes:
        length = struct.pack("<Q", len(body))
        return length + struct.pack("<I", masked_crc32c(length)) + body + struct.pack("<I", masked_crc32c(body))

    good, no_event = event_pb2.Event(step=7).SerializeToString(), b"\xff" * 20
    assert events_of(tmp_path, packed(good) + packed(no_event) + packed(good)) == ([7], True)
    assert events_of(tmp_path, packed(b"") + packed(good)) == ([0, 7], False)


def test_a_file_that_is_larger_than_memory_is_not_read_past_its_first_damage(tmp_path):
    with (tmp_path / "file").open("wb") as file:
        file.truncate(2**42)  # takes no room on the disk
    assert read_events(tmp_path / "file") == ([], True)


def test_a_damaged_file_is_named_and_what_stands_before_the_damage_is_read(tmp_path):
    name, content, records = whole_file(tmp_path)
    (tmp_path / "damaged").mkdir()
    (tmp_path / "damaged" / name).write_bytes(content[:-1] + b"x")
    run = read(tmp_path / "damaged")
    assert points(run) == records[:-1]
    assert run.problems == ("an event file is damaged after its event 5: the rest is lost", NO_CARD)


def test_a_file_that_may_not_be_read_is_named_and_the_others_are_read(tmp_path, monkeypatch):
    written(tmp_path)
    (file,) = tmp_path.iterdir()
    (tmp_path / f"events.out.tfevents.1.x{FILE_SUFFIX}").write_bytes(b"")

    def refuses_one(path):
        if path != str(file):
            raise PermissionError(13, "Permission denied")
        return read_events(path)

    monkeypatch.setattr(logdir, "read_events", refuses_one)
    run = read(tmp_path)
    assert points(run) == [(1, 1.0), (2, 2.0), (3, 3.0)]
    assert run.problems == ("an event file could not be read (PermissionError: Permission denied)", NO_CARD)


def test_files_of_other_writers_are_not_opened(tmp_path, monkeypatch):
    written(tmp_path)
    EventFileWriter(str(tmp_path)).close()
    (tmp_path / f"notes{FILE_SUFFIX}").write_text("no event file")
    opened = []
    monkeypatch.setattr(logdir, "read_events", lambda path: opened.append(path) or read_events(path))
    assert len(points(read(tmp_path))) == 3
    assert len(opened) == 1


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="there are no pipes with a name here")
def test_a_pipe_in_the_place_of_a_file_is_not_waited_for(tmp_path):
    os.mkfifo(tmp_path / f"events.out.tfevents.1.x{FILE_SUFFIX}")
    with pytest.raises(Unreadable, match="has no data of the Diagnosis callback"):
        read(tmp_path)


# ---- finding runs ----------------------------------------------------------------------------------------------------


def test_runs_are_found_at_any_depth_in_the_order_of_their_names(tmp_path):
    for name in ("b", "a/deep/er", "a"):
        written(tmp_path / name)
    assert list(runs_below(tmp_path)) == [(n, str(tmp_path / n)) for n in ("a", "a/deep/er", "b")]


def test_the_logdir_itself_may_be_a_run(tmp_path):
    written(tmp_path)
    written(tmp_path / "below")
    assert [name for name, _ in runs_below(str(tmp_path))] == [".", "below"]


def test_directories_of_other_writers_are_no_runs(tmp_path):
    EventFileWriter(str(tmp_path / "train")).close()
    (tmp_path / "empty").mkdir()
    (tmp_path / "notes.nndiag.txt").write_text("")
    assert list(runs_below(tmp_path)) == []


def test_a_logdir_that_is_no_directory_is_refused(tmp_path):
    (tmp_path / "file").write_text("")
    for wrong in (tmp_path / "file", tmp_path / "nowhere"):
        with pytest.raises(Unreadable, match="is not a directory") as refused:
            list(runs_below(wrong))
        assert str(wrong) in str(refused.value)


def test_a_run_is_called_after_its_directory_unless_it_is_named(tmp_path):
    written(tmp_path / "mine")
    assert (read(tmp_path / "mine").name, read(f"{tmp_path}/mine/").name, read(tmp_path / "mine", "other").name) == ("mine", "mine", "other")


def test_links_are_followed_but_not_in_a_circle(tmp_path):
    written(tmp_path / "elsewhere" / "far")
    logs = tmp_path / "logs"
    written(logs / "a")
    (logs / "latest").symlink_to(logs / "a")
    (logs / "b").symlink_to(tmp_path / "elsewhere")
    (logs / "a" / "up").symlink_to(logs)
    (logs / "self").symlink_to(logs / "self")
    (logs / "nowhere").symlink_to(tmp_path / "nothing")
    (logs / "c").mkdir()
    (logs / "c" / "file.tfevents.nndiag").symlink_to(next((logs / "a").glob("events*")))
    assert [name for name, _ in runs_below(logs)] == ["a", "b/far", "c", "latest"]
    assert points(read(logs / "latest")) == points(read(logs / "c")) == [(1, 1.0), (2, 2.0), (3, 3.0)]
    assert set(data_server(logs, 4).stamps()) == {"a", "b/far", "c", "latest"}


@pytest.mark.parametrize("where", ["below", "the logdir itself"])
def test_runs_have_the_names_that_tensorboard_gives_them(tmp_path, where):
    written(tmp_path if where == "the logdir itself" else tmp_path / "a b" / "c,d:e" / "ü")
    found = list(Files(str(tmp_path)).stamps())
    assert found == list(python_loader(tmp_path).stamps()) == list(data_server(tmp_path, 1).stamps())


def test_the_stamp_of_files_changes_when_one_comes_grows_or_goes_and_only_then(tmp_path):
    writer = EventWriter(str(tmp_path / "a"))
    writer.write("loss", 1, values(1.0))
    writer.flush()
    stamps = [Files(str(tmp_path)).stamps(), Files(str(tmp_path)).stamps()]
    writer.write("loss", 2, values(1.0))
    writer.close()
    stamps.append(Files(str(tmp_path)).stamps())
    second = EventWriter(str(tmp_path / "a"))
    second.write("loss", 2, values(1.0))
    second.close()
    stamps.append(Files(str(tmp_path)).stamps())
    EventFileWriter(str(tmp_path / "a")).close()  # somebody else's
    stamps.append(Files(str(tmp_path)).stamps())
    max((tmp_path / "a").glob("*.nndiag")).unlink()
    stamps.append(Files(str(tmp_path)).stamps())
    assert [a == b for a, b in pairwise(stamps)] == [True, False, False, True, False]
    assert abs(stamps[-1]["a"].last_wall_time - time.time()) < 60
    for file in (tmp_path / "a").iterdir():
        file.unlink()
    assert Files(str(tmp_path)).stamps() == {}


def test_a_run_is_looked_for_among_those_found_and_never_by_its_path(tmp_path):
    written(tmp_path / "secret")
    written(tmp_path / "logs" / "a")
    with pytest.raises(KeyError):
        Files(str(tmp_path / "logs")).read("../secret")


# ---- TensorBoard's listing -------------------------------------------------------------------------------------------


def test_a_listed_run_has_the_stamp_of_its_latest_record(tmp_path):
    write_raw(tmp_path / "a", raw("nndiag/loss", 7, values(1.0), 100.0), raw("nndiag/gap", 3, values(1.0, "gap"), 200.0))
    assert python_loader(tmp_path).stamps() == {"a": RunStamp(7, 200.0)}


def test_runs_of_other_writers_are_not_listed(tmp_path):
    EventFileWriter(str(tmp_path / "train")).close()
    written(tmp_path / "ours")
    assert list(python_loader(tmp_path).stamps()) == ["ours"]


def test_a_run_that_cannot_be_listed_does_not_hide_the_others(tmp_path):
    written(tmp_path / "good")
    starts = event_pb2.Event(step=1, session_log=event_pb2.SessionLog(status=event_pb2.SessionLog.START))
    write_raw(tmp_path / "bad", starts, raw("nndiag/loss", 1, values(1.0)), starts)  # TensorBoard forgets the record, not the series
    provided = python_loader(tmp_path)
    stamps = provided.stamps()
    assert stamps.pop("bad") is None
    assert stamps == {"good": RunStamp(3, read(tmp_path / "good").last_wall_time)}
    with pytest.raises(Unreadable, match="The run 'bad' has no data"):
        provided.read("bad")


def test_a_provider_that_fails_for_one_run_does_not_hide_the_others(tmp_path):
    written(tmp_path / "good")
    written(tmp_path / "bad")
    provider = python_loader(tmp_path).provider

    class Fails:
        list_runs = staticmethod(provider.list_runs)

        def list_tensors(self, context, run_tag_filter=None, **options):
            if run_tag_filter is None or "bad" in run_tag_filter.runs:
                raise OSError("disk")
            return provider.list_tensors(context, run_tag_filter=run_tag_filter, **options)

    stamps = Provided(Fails(), RequestContext(), "").stamps()
    assert (set(stamps), stamps["bad"], stamps["good"].last_step) == ({"good", "bad"}, None, 3)


@pytest.mark.parametrize("name", ["sigmoid_deep", "row_with_nan", "healthy_conv"])
def test_tensorboards_own_way_leads_to_the_same_run(name):
    ours, theirs = recorded(name), python_loader(RUNS).read(name)
    assert (theirs.name, theirs.card, theirs.problems, set(theirs.series)) == (ours.name, ours.card, ours.problems, set(ours.series))
    assert (theirs.first_wall_time, theirs.last_wall_time, theirs.last_step) == (ours.first_wall_time, ours.last_wall_time, ours.last_step)
    for signal, series in ours.series.items():
        np.testing.assert_array_equal(theirs[signal].values, series.values)
        np.testing.assert_array_equal(theirs[signal].steps, series.steps)


@pytest.mark.parametrize("name", names())
def test_recorded_runs_are_read_without_a_problem(name):
    run = recorded(name)
    assert run.problems == ()
    for series in run.series.values():
        assert (np.diff(series.steps) > 0).all()
        assert len(set(series.columns)) == len(series.columns)


# ---- hostile names ---------------------------------------------------------------------------------------------------

HOSTILE = [
    "<img src=x onerror=alert(1)>", "../../etc/passwd", "\x1b[31mred", "a\0b", "line\nbreak", "`tick`", "'; drop", "\u202egnp", "__proto__", "x" * 100_000, "", "run", "same", "same",
]  # fmt: skip


def test_hostile_layer_names_survive_as_data(tmp_path):
    writer = EventWriter(str(tmp_path))
    writer.write_card(1, card({"gradients": HOSTILE}, layers=[nndiag_pb2.Layer(name=name, settings=json.dumps({"rate": name})) for name in HOSTILE]))
    writer.write("gradients", 1, np.arange(len(HOSTILE) * 4).reshape(-1, 4))
    writer.close()
    run = read(tmp_path)
    assert run.problems == ()
    assert run["gradients"].columns == tuple(HOSTILE)
    assert [layer.name for layer in run.card.layers] == HOSTILE
    assert [layer.settings["rate"] for layer in run.card.layers] == HOSTILE
    assert run["gradients"].values[0, :, 0].tolist() == list(range(0, len(HOSTILE) * 4, 4))


def test_a_name_that_is_no_text_is_a_damaged_card(tmp_path):
    content = card(model_class="Seq").SerializeToString().replace(b"Seq", b"S\xffq")
    written(tmp_path)
    write_raw(tmp_path, raw(CARD_TAG, 1, np.array([content], object)))
    run = read(tmp_path)
    assert (run.card, len(run["loss"])) == (None, 3)
    assert run.problems == ("the run card is damaged (DecodeError): layers are known by their number only",)


def test_made_up_series_have_the_shape_of_recorded_ones():
    for signal in SIGNALS:
        assert made_up.series(signal, mean=1, min=1, max=1, first=1, last=1, train=1, epoch=1, value=1).values.shape[2] == len(SIGNALS[signal].stats)
