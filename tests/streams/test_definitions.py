"""The catalogue of streams, and what overrides may change."""

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
    if 100 % tasks:
        with pytest.raises(ValueError, match="allowed: 1, 2, 4, 5, 10, 20, 25, 50, 100"):
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
        ("split-cifar100", {"class_images": -1}, "class_images = -1"),
        ("split-cifar100", {"same_images": True}, "There are tasks, class_images"),
    ],
)
def test_a_wrong_name_or_value_says_what_is_right(name, overrides, said):
    with pytest.raises(ValueError, match=said):
        define(name, **overrides)
