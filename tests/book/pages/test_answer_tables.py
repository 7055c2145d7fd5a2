"""The answers of page one: what is better, worse, open and not run is counted, and a protocol is known by what it sets."""

from types import SimpleNamespace

import pytest
from cl_book.claims import answers
from cl_book.claims.answers import QUESTIONS
from cl_book.pages import answer_tables

from cl_core.experiments.protocols import COMPANION, PROTOCOLS


def test_each_measure_is_counted_by_its_own_columns(monkeypatch):
    question = QUESTIONS["frozen"]
    columns = [measure for _, measure, _ in question.columns]
    row = [f"{measure} {place}" for place, measure in enumerate(columns)]
    counted = []

    def count(cells):
        counted.append(list(cells))
        return {"better": 2, "worse": 1, "open": 3, "not run": 4}

    monkeypatch.setattr(answers, "count_sides", count)
    said = answer_tables._count(question, [row, row])
    for cells, measure in zip(counted, ("avg_acc", "forgetting"), strict=True):
        assert len(cells) == 2 * columns.count(measure) > 0
        assert all(cell.startswith(measure) for cell in cells)
    assert said[0] == (
        "In average accuracy at the end frozen training is better in 2 of the 6 comparisons that were run, worse in 1 and "
        "open in 3, each by its own interval; 4 are not run yet."
    )


@pytest.mark.parametrize("name", [name for name in PROTOCOLS if name != COMPANION])
def test_a_run_is_of_the_protocol_whose_values_it_read(name):
    config = {setting: sourced.value for setting, sourced in PROTOCOLS[name].values.items()}
    run = SimpleNamespace(config=config)
    assert [other for other in PROTOCOLS if answer_tables._is_of(other, run)] == [name]


def test_one_changed_value_is_the_companion_s():
    other = next(name for name in PROTOCOLS if name != COMPANION)
    config = {setting: sourced.value for setting, sourced in PROTOCOLS[other].values.items()}
    config["learning_rate"] = 2 * config["learning_rate"]
    assert answer_tables._is_of(COMPANION, SimpleNamespace(config=config))
    assert not answer_tables._is_of(other, SimpleNamespace(config=config))
