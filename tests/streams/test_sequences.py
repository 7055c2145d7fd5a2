"""Streams as they are asked for: by name, with their account of themselves."""

import json
import os
import subprocess
import sys
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from cl_core.streams import DEFINITIONS, Stream, load, stream
from cl_core.streams.manifest import SOURCES

EMBEDDED = [name for name, definition in DEFINITIONS.items() if definition.dataset == "digits"]
PREPARED = [name for name, definition in DEFINITIONS.items() if definition.dataset not in ("digits", "cub200")]

REAL = os.environ.get("CL_DATA_DIR")


@pytest.fixture
def real_or_made(data_folder, images, monkeypatch):
    """The prepared arrays that this machine has, else small ones of the same shape, so that the tests are the same."""

    def use(name: str) -> bool:
        source = SOURCES[name]
        if REAL and (Path(REAL) / "prepared" / f"{name}.npz").exists():
            monkeypatch.setenv("CL_DATA_DIR", REAL)
            return True
        (data_folder / "prepared").mkdir(parents=True, exist_ok=True)
        content = images(source.classes, 20, 3, source.shape)
        content["names"] = np.array([str(label) for label in range(source.classes)])
        np.savez(data_folder / "prepared" / f"{name}.npz", **content)
        return False

    return use


@pytest.mark.parametrize("name", PREPARED)
def test_streams_on_prepared_images(name, real_or_made):
    definition = DEFINITIONS[name]
    real = real_or_made(definition.dataset)
    found = stream(name, 100, route="prepared")
    assert len(found.tasks) == definition.tasks
    assert {len(task.classes) for task in found.tasks} == {definition.classes}
    data = load(definition.dataset, "prepared")
    if real:
        assert data.digest in SOURCES[definition.dataset].labels
        assert data.label == SOURCES[definition.dataset].labels[data.digest]
        assert (len(data.x_train), len(data.x_test)) == (
            SOURCES[definition.dataset].train,
            SOURCES[definition.dataset].test,
        )
    if definition.kind in ("split", "corrupted", "partly-corrupted"):
        assert sum(len(task.train) + len(task.held) for task in found.tasks) == len(data.x_train)
    shares = [len(task.held) / (len(task.held) + len(task.train)) for task in found.tasks]
    if definition.kind != "correlated":
        np.testing.assert_allclose(shares, 0.1, atol=0.001)


@pytest.mark.parametrize("name", EMBEDDED)
def test_embedded_streams_describe_themselves(name):
    found = stream(name, 4, "test")
    told = json.loads(json.dumps(found.describe(), allow_nan=False))
    assert (told["name"], told["part"], told["seed"], told["kind"]) == (name, "test", 4, found.kind)
    assert told["digest"] == found.digest
    assert told["data"]["digest"] == found.data.digest
    assert told["data"]["route"] == "embedded"
    for task, entry in zip(found.tasks, told["tasks"], strict=True):
        assert entry["classes"] == [str(label) for label in task.classes]
        assert (entry["train"], entry["eval"]) == (len(task.x_train), len(task.y_eval))
    assert len(told["neighbours"]) == len(found.tasks) - 1
    for entry in told["neighbours"]:
        assert 0 <= entry["shared_classes"] <= 1
        assert 0 <= entry["subspace_similarity"] <= 1 + 1e-9
        assert 0 <= entry["mean_distance"] <= 255


def test_what_the_transforms_say():
    assert stream("digits-split", 0).describe()["tasks"][0]["transform"] == "unchanged"
    said = [task["transform"] for task in stream("digits-long", 0).describe()["tasks"]]
    assert said[0] == "unchanged"
    assert said[-1] == "turned by 270°"
    said = [task["transform"] for task in stream("digits-corrupted", 0).describe()["tasks"]]
    assert said[-1] == "noise of standard deviation 102 grey levels"
    assert stream("digits-permuted", 0).describe()["tasks"][1]["transform"] == "pixels permuted"


def test_the_digest_tells_streams_apart_and_nothing_else(monkeypatch):
    base = stream("digits-corrupted", 4)
    assert base.digest == stream("digits-corrupted", 4, "validation", severity=4, tasks=5).digest
    others = [
        stream("digits-corrupted", 5),
        stream("digits-corrupted", 4, "test"),
        stream("digits-corrupted", 4, severity=3),
        stream("digits-corrupted", 4, tasks=2),
        stream("digits-split", 4),
    ]
    assert len({base.digest, *(other.digest for other in others)}) == 6
    monkeypatch.setattr("cl_core.streams.tasks.NOISE_STEP", 25.0)
    assert stream("digits-corrupted", 4).digest != base.digest


def test_the_digest_covers_every_position():
    found = stream("digits-split", 4)
    last = found.tasks[-1]
    for field in ("train", "held"):
        positions = getattr(last, field).copy()
        positions[[-1, -2]] = positions[[-2, -1]]
        changed = (*found.tasks[:-1], replace(last, **{field: positions}))
        assert replace(found, tasks=changed).digest != found.digest


def test_another_process_makes_the_same_streams():
    code = f"from cl_core.streams import stream\nfor n in {EMBEDDED!r}: print(stream(n, 7).digest)"
    environment = {**os.environ, "PYTHONHASHSEED": "123"}
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, env=environment)
    assert said.stdout.split() == [stream(name, 7).digest for name in EMBEDDED]


GOLDEN = {
    "digits-split": "7f52f9cff3015e24",
    "digits-permuted": "168e73681f05a46a",
    "digits-correlated": "31a4a60241b93ac2",
    "digits-corrupted": "744e1751c42ee704",
    "digits-long": "079ee0ec26600d41",
    "digits-deng": "141109f273370891",
}


@pytest.mark.parametrize("name", GOLDEN)
def test_a_seed_means_what_it_meant(name):
    """A change here makes every stored result stale: raise the protocol, or find the bug."""
    assert stream(name, 7, "test").digest[:16] == GOLDEN[name]


def test_a_stream_with_more_settings_means_what_it_meant():
    found = stream("digits-correlated", 7, "test", tasks=4, classes=4, overlap=0.5, class_images=20, same_images=True)
    assert found.digest[:16] == "96ceaf671cf303fa"
    assert found.digest != stream("digits-correlated", 7, "test", tasks=4, classes=4, overlap=0.5).digest


def test_one_normalisation_for_the_whole_stream():
    found = stream("digits-corrupted", 3)
    np.testing.assert_array_equal(found.mean, stream("digits-split", 9, "test").mean)
    np.testing.assert_allclose(found.mean, load("digits").x_train.mean())
    np.testing.assert_allclose(found.std, load("digits").x_train.std())


def test_the_default_part_is_validation():
    assert stream("digits-split", 0).part == "validation"


@pytest.mark.parametrize(
    ("arguments", "options", "said"),
    [
        (("digit-split", 0), {}, "did you mean 'digits-split'"),
        (("digits-split", -1), {}, "seed = -1"),
        (("digits-split", 1.5), {}, "seed = 1.5"),
        (("digits-split", True), {}, "seed = True"),
        (("digits-split", 0, "tests"), {}, "did you mean 'test'"),
        (("digits-split", 0), {"route": "official"}, "read by embedded"),
        (("digits-split", 0), {"overlap": 0.5}, "There are tasks"),
    ],
)
def test_a_wrong_argument_says_what_is_right(arguments, options, said):
    with pytest.raises(ValueError, match=said):
        stream(*arguments, **options)


def make_task(classes=(4, 9), shape=(3, 3), each=20, kind=np.float64, seed=0):
    draws = np.random.default_rng(seed)
    y, y_eval = np.repeat(classes, each), np.repeat(classes, 3)
    return (
        (255 * draws.random((len(y), *shape))).astype(kind),
        y,
        (255 * draws.random((len(y_eval), *shape))).astype(kind),
        y_eval,
    )


def test_own_tasks_keep_their_order_and_content_and_their_labels_count_from_zero():
    given = [make_task(seed=0), make_task((0, 1, 2), seed=1)]
    own = Stream.of(given, name="mine")
    assert [len(task.classes) for task in own.tasks] == [2, 3]
    for task, (x, y, x_eval, y_eval) in zip(own.tasks, given, strict=True):
        order = np.lexsort(task.x_train.reshape(len(x), -1).T)
        wanted = np.lexsort(x.astype(np.float32).reshape(len(x), -1).T)
        assert np.array_equal(task.x_train[order], x.astype(np.float32)[wanted])
        assert np.array_equal(task.y_train[order], np.searchsorted(np.unique(y), y)[wanted])
        assert sorted(task.y_eval) == sorted(np.searchsorted(np.unique(y), y_eval))
        assert task.x_eval.sum() == pytest.approx(x_eval.astype(np.float32).sum(), rel=1e-5)
    assert own.describe()["tasks"][0]["classes"] == ["4 (task 1)", "9 (task 1)"]
    assert (own.data.label, own.data.route, own.kind) == ("mine", "given", "given")


def test_validation_holds_out_a_tenth_of_each_class_and_reads_no_scoring_input():
    given = make_task(each=20)
    changed = (*given[:2], given[2] + 1, given[3])
    one, other = (Stream.of([task], part="validation") for task in (given, changed))
    (task,) = one.tasks
    assert (len(task.train), len(task.held)) == (36, 4)
    assert not set(task.train) & set(task.held)
    assert np.array_equal(task.x_eval, other.tasks[0].x_eval)
    assert one.data.digest != other.data.digest


def test_an_own_stream_at_another_seed_has_the_same_tasks_in_another_order():
    own = Stream.of([make_task()])
    again, other = own.at(0, "test"), own.at(1, "test")
    assert again.digest == own.digest != other.digest
    assert np.array_equal(np.sort(own.tasks[0].train), np.sort(other.tasks[0].train))
    assert stream("digits-split", 3).at(4, "test").digest == stream("digits-split", 4, "test").digest


def test_own_inputs_keep_their_kind_and_are_normalised_by_channel():
    bytes_, colours = (Stream.of([make_task(shape=(4, 4, 3), kind=kind)]) for kind in (np.uint8, np.float32))
    assert (bytes_.data.x_train.dtype, colours.data.x_train.dtype) == (np.uint8, np.float32)
    assert np.allclose(colours.mean, colours.data.x_train.mean(axis=(0, 1, 2)), rtol=1e-5)
    assert np.allclose(bytes_.std, bytes_.data.x_train.std(axis=(0, 1, 2)), rtol=1e-5)
    assert Stream.of([make_task(shape=(7,))]).data.image_shape == (1, 7)
    wide = (*make_task(kind=np.uint8)[:2], *make_task(kind=np.int64)[2:])
    assert Stream.of([wide, make_task(kind=np.int16)]).data.x_train.dtype == np.float32


@pytest.mark.filterwarnings("error")
def test_an_own_stream_with_equal_inputs_describes_itself_in_values_that_json_can_hold():
    plain = tuple(np.zeros_like(part) if part.ndim > 1 else part for part in make_task(kind=np.uint8))
    told = Stream.of([make_task(kind=np.uint8), plain, plain]).describe()
    assert json.loads(json.dumps(told, allow_nan=False)) == told
    assert [entry["subspace_similarity"] for entry in told["neighbours"]] == [0.0, 1.0]


@pytest.mark.parametrize(
    ("tasks", "said"),
    [
        ([], r"there is no task; give \(x, y, x_eval, y_eval\) for each"),
        ([make_task()[:3]], "task 1 is not four arrays"),
        (
            [make_task(), make_task(shape=(3, 4))],
            r"task 2: x has inputs of shape \(3, 4\), those of task 1 have \(3, 3\)",
        ),
        (
            [make_task(), (*make_task()[:2], *make_task(shape=(3, 4))[2:])],
            r"task 2: x_eval has inputs of shape \(3, 4\), those of x have \(3, 3\); give one shape",
        ),
        (
            [(*make_task(shape=(7,))[:2], *make_task(shape=(5,))[2:])],
            r"task 1: x_eval has inputs of shape \(5,\), those of x have \(7,\)",
        ),
        (
            [(*make_task()[:2], *make_task(shape=(3, 3, 3))[2:])],
            r"x_eval has inputs of shape \(3, 3, 3\), those of x have \(3, 3\)",
        ),
        (
            [(*make_task(kind=np.uint8)[:2], make_task()[2] / 255, make_task()[3])],
            "task 1: x_eval is float64, those of x are uint8; give integers throughout, or floating-point numbers, on one",
        ),
        (
            [make_task(kind=np.float32), make_task(kind=np.uint8)],
            "task 2: x is uint8, those of task 1 are float32; give integers throughout",
        ),
        ([make_task(shape=(3, 8, 8))], r"task 1: x is \(40, 3, 8, 8\), channels first"),
        ([make_task(shape=())], r"task 1: x is float64 \(40,\); give numbers"),
        ([make_task(kind=str)], "task 1: x is <U"),
        ([make_task(classes=(1,))], r"task 1 has classes \[1\] with \[20\] training inputs"),
        ([make_task(each=1)], "two inputs or more of each"),
        ([(*make_task()[:3], np.zeros(6, int))], r"y_eval has the classes \[0\], which y has not"),
        ([(*make_task()[:3], np.full(6, 4))], r"y_eval has no \[9\]; give an input"),
        ([(*make_task()[:3], np.zeros(6))], r"the labels of x_eval are float64 \(6,\); give integers \(6,\)"),
        ([(make_task()[0] * np.nan, *make_task()[1:])], "x holds a value that is not finite"),
        ([(make_task()[0] + 1e300, *make_task()[1:])], "x holds a value that is not finite in float32"),
    ],
)
def test_own_tasks_that_do_not_fit_are_refused_in_one_line(tasks, said):
    with pytest.raises(ValueError, match=said) as error:
        Stream.of(tasks)
    assert "\n" not in str(error.value)


def test_two_of_four_digits_are_shared_by_each_two_neighbours():
    """Worked on digits: tasks of four classes that share two need 4 + 3 · 2 classes, the ten that there are."""
    found = stream("digits-correlated", 0, "test", tasks=4, classes=4, overlap=0.5)
    order = [int(name) for name in " ".join(" ".join(t["classes"]) for t in found.describe()["tasks"]).split()]
    tasks = [set(order[place : place + 4]) for place in range(0, 16, 4)]
    assert [len(one & other) for one, other in pairwise(tasks)] == [2, 2, 2]
    assert len(set(order)) == 10
    assert [entry["shared_classes"] for entry in found.describe()["neighbours"]] == [0.5] * 3
    with pytest.raises(ValueError, match="need 13 classes; digits has 10"):
        stream("digits-correlated", 0, tasks=4, classes=4, overlap=0.25)


def test_one_digit_task_is_corrupted_in_what_it_trains_on():
    found = stream("digits-deng", 0, "test", severity=3)
    plain = stream("digits-split", 0, "test")
    said = [(task["transform"], task["scored"]) for task in found.describe()["tasks"]]
    # Grey images have no red and blue.
    changed = "blurred by 0.375 pixels, turned by 45°"
    assert said == [(changed if number == 3 else "unchanged", "unchanged") for number in range(5)]
    for number, (task, clean) in enumerate(zip(found.tasks, plain.tasks, strict=True)):
        assert np.array_equal(task.x_train, clean.x_train) == (number != 3)
        np.testing.assert_array_equal(task.x_eval, clean.x_eval)
