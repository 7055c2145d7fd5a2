"""The catalogue of streams, and what overrides may change."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cl_core.streams import DEFINITIONS, define
from cl_core.streams.manifest import SOURCES

EXPECTED = {
    "split-cifar10": ("cifar10", "split", 5, 2),
    "split-cifar100": ("cifar100", "split", 10, 10),
    "split-cifar100-20": ("cifar100", "split", 20, 5),
    "split-cub200": ("cub200", "split", 10, 20),
    "split-cub200-20": ("cub200", "split", 20, 10),
    "split-cub50": ("cub50", "split", 10, 5),
    "permuted-mnist": ("mnist", "permuted", 10, 10),
    "permuted-mnist-4": ("mnist", "permuted", 4, 10),
    "correlated-cifar100": ("cifar100", "correlated", 5, 20),
    "corrupted-cub200": ("cub200", "corrupted", 10, 20),
    "corrupted-cub50": ("cub50", "corrupted", 10, 5),
    "digits-split": ("digits", "split", 5, 2),
    "digits-permuted": ("digits", "permuted", 10, 10),
    "digits-correlated": ("digits", "correlated", 5, 2),
    "digits-corrupted": ("digits", "corrupted", 5, 2),
    "digits-long": ("digits", "turned", 20, 2),
}


def test_the_catalogue_is_the_stated_one():
    assert {d.name: (d.dataset, d.kind, d.tasks, d.classes) for d in DEFINITIONS.values()} == EXPECTED
    for name, definition in DEFINITIONS.items():
        assert define(name) == definition
        if definition.kind in ("split", "corrupted"):
            assert definition.tasks * definition.classes == SOURCES[definition.dataset].classes
        if definition.kind == "permuted":
            assert definition.classes == SOURCES[definition.dataset].classes


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
    ],
)
def test_a_wrong_name_or_value_says_what_is_right(name, overrides, said):
    with pytest.raises(ValueError, match=said):
        define(name, **overrides)
