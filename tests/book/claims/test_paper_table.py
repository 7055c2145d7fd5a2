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


HEAD = "table,experiment,strategy,metric,mean,std,mark"
ROW = "I,split-cifar100,frozen,avg_acc,43.38,0.11,P"


@pytest.mark.parametrize("text", [f"{HEAD}\n{ROW}\n", f"\ufeff{HEAD}\r\n{ROW}\r\n", f"{HEAD}\n{ROW}"])
def test_the_table_is_read_with_any_line_ends_and_a_byte_order_mark(checkout, text):
    (checkout / "book/paper.csv").write_bytes(text.encode())
    assert reported() == {"I/split-cifar100/frozen/avg_acc": ("43.38", "0.11", "P")}


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "its first line is not table,experiment"),
        (f"{HEAD};x\n{ROW}", "its first line is not"),
        (f"{HEAD}\n{ROW.replace(',', ';')}", "line 2 has 1 cells, not 7"),
        (f"{HEAD}\n{ROW.replace('43.38', '43,38')}", "line 2 has 8 cells, not 7"),
        (f"{HEAD}\n{ROW}\nI,split-cifar100", "line 3 has 2 cells"),
        (f"{HEAD}\n{ROW}\n\n", "line 3 has 0 cells"),
        (
            f"{HEAD}\n{ROW}\n{ROW.replace('43.38', '44.38')}",
            "line 3 gives I/split-cifar100/frozen/avg_acc a second time",
        ),
        (f"{HEAD}\n{ROW.replace('43.38', 'nan')}", "line 2: mean 'nan' is no number from -100 to 100"),
        (f"{HEAD}\n{ROW.replace('43.38', '')}", "line 2: mean '' is no number"),
        (f"{HEAD}\n{ROW.replace('43.38', '433.8')}", "line 2: mean '433.8' is no number from -100 to 100"),
        (f"{HEAD}\n{ROW.replace('0.11', '1e5')}", "line 2: std '1e5' is no number"),
        (f"{HEAD}\n{ROW.replace('0.11', '-0.11')}", "line 2: std '-0.11' is no number from 0 to 100"),
        (f"{HEAD}\n{ROW.replace('frozen', '')}", "line 2: There is no strategy ''"),
        (f"{HEAD}\n{ROW.replace('frozen', 'adaptive-minus-frozn')}", "line 2: There is no strategy 'frozn'; did you"),
        (
            f"{HEAD}\n{ROW.replace('cifar100', 'cifar1000')}",
            "line 2: There is no experiment 'split-cifar1000'; did you mean 'split-cifar100'?",
        ),
        (f"{HEAD}\n{ROW.replace('avg_acc', 'acc')}", "line 2: There is no metric 'acc'; did you mean"),
        (f"{HEAD}\nIV{ROW[1:]}", "line 2: There is no table 'IV'"),
        (f"{HEAD}\n{ROW[:-1]}Q", "line 2: There is no mark 'Q'"),
        (f'{HEAD}\nI,"split', "unexpected end of data"),
    ],
)
def test_a_table_that_would_be_misread_is_one_line_with_file_and_place(checkout, text, says):
    (checkout / "book/paper.csv").write_text(text, encoding="utf-8")
    with pytest.raises(ValueError, match=r"^book/paper\.csv is not ") as caught:
        reported_rows()
    assert says in str(caught.value)
    (checkout / "book/paper.csv").write_bytes(b"\xff")
    with pytest.raises(ValueError, match=r"book/paper\.csv .*line 1 has the byte 0xff"):
        reported_rows()
