"""A passage bound to every seed: it holds only while the order does, with three seeds, and what names nothing is said."""

import re

import pytest
from cl_book.pages.every_seed import find_wrong_seeds
from support.made_results import official_images

from cl_core.runs.result_set import ResultSet, read_results

PLACE = "cpu/split-cifar100/avg_acc"


def test_the_order_of_the_stored_runs_is_looked_up_and_the_turned_one_is_wrong():
    results = read_results()
    assert find_wrong_seeds("paper/split-cifar100/avg_acc", "frozen-0>adaptive", results) == []
    assert find_wrong_seeds("paper/split-cifar100/avg_acc", "adaptive>frozen-0", results) == [0, 1, 2]
    assert find_wrong_seeds("paper/split-cifar100/forgetting", "frozen:trained=3>frozen", results) == []
    assert find_wrong_seeds("paper/split-cifar100/avg_acc", "frozen>frozen", results) == [0, 1, 2]


def test_the_first_page_and_the_page_on_scale_hold_each_order_that_they_tell():
    from cl_core import files

    results, told = read_results(), 0
    for page in ("index", "scale"):
        for line in (files.root() / f"book/{page}.md").read_text(encoding="utf-8").splitlines():
            if line.startswith(":::{every-seed} "):
                for word in line.split()[1:]:
                    if "/" in word:
                        place = word
                    else:
                        assert find_wrong_seeds(place, word, results) == [], (page, place, word)
                        told += 1
    assert told > 20


@pytest.mark.parametrize(
    ("place", "order", "said"),
    [
        ("paper/split-cifar100", "frozen>adaptive", "write PROFILE/EXPERIMENT/MEASURE, and STRATEGY>STRATEGY"),
        (PLACE, "frozen", "write PROFILE/EXPERIMENT/MEASURE, and STRATEGY>STRATEGY"),
        ("cpu/split-cifar100/speed", "frozen>adaptive", "there is no measure 'speed'; there are "),
        (PLACE, "frozn>adaptive", "There is no strategy 'frozn'; did you mean 'frozen'?"),
        ("big/split-cifar100/avg_acc", "frozen>adaptive", "There is no profile 'big'"),
        (PLACE, "frozen:deep>adaptive", "'deep' is not of the form name=value"),
    ],
)
def test_words_that_name_nothing_are_said(place, order, said):
    with pytest.raises(ValueError, match="^" + re.escape(said)):
        find_wrong_seeds(place, order, ResultSet({}, {}))


def test_two_seeds_are_too_few():
    stored = read_results()
    kept = {name: run for name, run in stored.current.items() if run.profile == "paper" and run.seed < 2}
    few = ResultSet(kept, stored.states)
    with pytest.raises(ValueError, match=r"^2 seeds have both sides, and it takes 3$"):
        find_wrong_seeds("paper/split-cifar100/avg_acc", "frozen>initialized", few)


def test_a_seed_whose_sides_are_on_different_images_has_no_order(keep_all, keep):
    keep_all("split-cifar100", range(3), {"frozen": {"forgetting": 10.0}, "initialized": {}})
    keep("split-cifar100", "frozen", 3, task_acc=25.0)
    keep("split-cifar100", "initialized", 3, data=official_images("cifar100"))
    assert find_wrong_seeds(PLACE, "frozen>initialized", read_results()) == []
