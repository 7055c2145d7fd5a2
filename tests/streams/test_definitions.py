"""The catalogue of streams, and what overrides may change."""

import json
from dataclasses import asdict
from pathlib import PurePosixPath

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cl_core.streams import DEFINITIONS, define
from cl_core.streams.manifest import SOURCES


@pytest.mark.parametrize("definition", DEFINITIONS.values(), ids=lambda definition: definition.name)
def test_a_stream_asks_for_no_more_classes_than_its_data_has(definition):
    has = SOURCES[definition.dataset].classes
    assert define(definition.name) == definition
    if definition.kind in ("split", "corrupted", "partly-corrupted"):
        assert definition.tasks * definition.classes == has
    if definition.kind == "permuted":
        assert definition.classes == has
    assert define(definition.name, tasks=definition.tasks) == definition
    assert 1 < definition.classes <= has


def test_a_streams_name_says_its_data_and_its_number_of_tasks():
    for name, definition in DEFINITIONS.items():
        _, *parts = words = name.split("-")
        assert definition.dataset in words
        assert not parts[-1].isdigit() or definition.tasks == int(parts[-1])


@given(tasks=st.integers(1, 120))
def test_any_number_of_tasks_that_divides_the_classes(tasks):
    if 100 % tasks or tasks == 100:
        with pytest.raises(ValueError, match=r"allowed: 1, 2, 4, 5, 10, 20, 25, 50\."):
            define("split-cifar100", tasks=tasks)
    else:
        definition = define("split-cifar100", tasks=tasks)
        assert (definition.tasks, definition.classes) == (tasks, 100 // tasks)


@pytest.mark.parametrize("overlap", [0, 0.25, 0.5, 0.75, 1])
def test_quarters_of_overlap_fit_cifar100(overlap):
    definition = define("correlated-cifar100", overlap=overlap)
    assert definition.shared == 20 * overlap


@pytest.mark.parametrize("shared", range(11))
def test_ten_tasks_of_ten_classes_share_any_whole_number_of_them(shared):
    definition = define("correlated-cifar100", tasks=10, classes=10, overlap=shared / 10)
    assert definition.shared == shared
    assert definition.most_occurrences == (10 if shared >= 9 else -(-10 // (10 - shared)))


@pytest.mark.parametrize(
    ("name", "overrides", "said"),
    [
        ("split-cifar-100", {}, "did you mean 'split-cifar100'"),
        ("corrupted-cub-200", {}, "did you mean 'corrupted-cub200'"),
        ("split-cifar100", {"task": 5}, "did you mean 'tasks'"),
        ("split-cifar100", {"overlap": 0.5}, "There are tasks"),
        ("split-cifar100", {"classes": 5}, "There are tasks"),
        ("permuted-mnist", {"severity": 1}, "There are tasks"),
        ("split-cifar100", {"tasks": 0}, "tasks = 0"),
        ("split-cifar100", {"tasks": 2.5}, "tasks = 2.5"),
        ("split-cifar100", {"tasks": True}, "tasks = True"),
        ("digits-long", {"tasks": 21}, "allowed: 1 to 20"),
        ("digits-correlated", {"overlap": 0.25}, "allowed: 0, 0.5, 1"),
        ("correlated-cifar100", {"overlap": 1.05}, "allowed: 0, 0.05"),
        ("correlated-cifar100", {"overlap": -0.25}, "overlap = -0.25"),
        ("correlated-cifar100", {"overlap": float("nan")}, "overlap = nan"),
        ("correlated-cifar100", {"overlap": 0, "tasks": 6}, "need 120 classes; cifar100 has 100"),
        ("correlated-cifar100", {"classes": 21, "overlap": 0}, "need 105 classes"),
        ("corrupted-cub50", {"severity": 4.5}, "allowed: 0 to 4"),
        ("corrupted-cub50", {"severity": -1}, "allowed: 0 to 4"),
        ("corrupted-cub50", {"severity": float("nan")}, "severity = nan"),
        ("corrupted-cub50-deng", {"corrupted": 10}, "corrupted = 10 does not fit 10 tasks"),
        ("corrupted-cub50-deng", {"corruption": "noise"}, "There are all, colour, blur"),
        (
            "digits-deng",
            {"corruption": "colour"},
            "corruption = 'colour' does not fit digits, whose images are grey; allowed: all, blur, rotation",
        ),
        ("split-cifar100", {"class_images": -1}, "class_images = -1"),
        ("split-cifar100", {"same_images": True}, "There are tasks, class_images"),
        ("digits-correlated", {"same_images": "false"}, "same_images = 'false' is neither True nor False"),
        ("digits-correlated", {"same_images": 1}, "same_images = 1 is neither"),
        ("digits-correlated", {"overlap": True}, "overlap = True is not a number from 0 to 1"),
        ("digits-correlated", {"overlap": "0.5"}, "overlap = '0.5' is not a number from 0 to 1"),
        ("digits-correlated", {"overlap": 10**400}, "0 is not a number from 0 to 1"),
        ("digits-corrupted", {"severity": "strong"}, "severity = 'strong' is not a number from 0 to 4"),
        ("digits-corrupted", {"severity": np.True_}, "severity = .*True.* is not a number from 0 to 4"),
        ("digits-corrupted", {"severity": None}, "severity = None is not a number"),
        ("digits-corrupted", {"tasks": np.float64(5)}, "is not a whole number from 1 on"),
        ("digits-split", {"tasks": 10}, "leaves one class a task of digits-split; allowed: 1, 2, 5.$"),
        ("split-cifar100", {"tasks": 100}, "allowed: 1, 2, 4, 5, 10, 20, 25, 50.$"),
        ("digits-correlated", {"classes": 1, "tasks": 2}, "classes = 1 is not a whole number from 2 on"),
        ("split-cifar10", {"class_order": PurePosixPath("drawn")}, "There is no class order PurePosixPath"),
        ("corrupted-cub50-deng", {"corruption": PurePosixPath("blur")}, "There is no corruption PurePosixPath"),
    ],
)
def test_a_wrong_name_or_value_says_what_is_right(name, overrides, said):
    with pytest.raises(ValueError, match=said) as error:
        define(name, **overrides)
    assert "\n" not in str(error.value)


def test_numpys_numbers_define_the_same_stream_as_pythons():
    ours = {"tasks": 4, "classes": 4, "overlap": 0.5, "class_images": 20, "same_images": True}
    theirs = {name: np.array(value)[()] for name, value in ours.items()}
    assert {type(value).__module__ for value in theirs.values()} == {"numpy"}
    made = define("digits-correlated", **theirs)
    assert made == define("digits-correlated", **ours)
    assert json.dumps(asdict(made)) == json.dumps(asdict(define("digits-correlated", **ours)))
    assert define("digits-corrupted", severity=np.float32(0.5)).severity == 0.5
