"""The paper's numbers: each row whole, each number a percentage with a known mark, none twice."""

from decimal import Decimal

import pytest
from cl_book.claims.paper_table import reported, reported_means, reported_rows


def test_every_row_is_a_number_with_its_mark_and_stands_once():
    rows = reported_rows()
    keys = [tuple(row[name] for name in ("table", "experiment", "strategy", "metric")) for row in rows]
    assert rows
    assert len(set(keys)) == len(keys)
    for row in rows:
        assert all(row[name] for name in ("table", "experiment", "strategy", "metric", "mean"))
        assert -100 <= float(row["mean"]) <= 100
        assert row["mark"] == "P"
        assert not row["std"] or 0 <= float(row["std"]) < 10


def test_a_number_is_found_by_its_key_as_it_is_printed():
    number = reported()["I/split-cifar100/adaptive/avg_acc"]
    assert reported_means("I", "split-cifar100", "avg_acc")["adaptive"] == float(number.mean)
    assert len(reported()) == len(reported_rows())


def test_the_papers_rows_are_read_and_a_wrong_one_is_refused():
    learned = reported_means("II", "split-cifar100", "task_acc")
    assert set(learned) == {"initialized", "frozen", "adaptive"}
    assert all(0 < value < 100 for value in learned.values())
    with pytest.raises(ValueError, match="no peak of split-cifar100 in table I"):
        reported_means("I", "split-cifar100", "peak")


def test_every_table_is_whole():
    rows = [row for row in reported_rows() if "-minus-" not in row["strategy"]]
    measures = {"I": ("avg_acc", "forgetting"), "II": ("task_acc",), "III": ("task_acc", "avg_acc", "forgetting")}
    experiments = {"I": 6, "II": 4, "III": 2}
    for table, metrics in measures.items():
        mine = [row for row in rows if row["table"] == table]
        assert {row["metric"] for row in mine} == set(metrics)
        assert len(mine) == experiments[table] * 3 * len(metrics)
        # Table III has no spread over seeds.
        assert all(bool(row["std"]) == (table != "III") for row in mine)


def test_what_the_text_reports_as_gains_is_what_the_table_says():
    means = {
        "/".join((row["experiment"], row["strategy"], row["metric"])): Decimal(row["mean"]) for row in reported_rows()
    }
    gains = [key for key in means if "-minus-" in key]
    assert len(gains) == 4
    for key in gains:
        experiment, pair, metric = key.split("/")
        first, _, second = pair.partition("-minus-")
        assert means[key] == means[f"{experiment}/{first}/{metric}"] - means[f"{experiment}/{second}/{metric}"]
