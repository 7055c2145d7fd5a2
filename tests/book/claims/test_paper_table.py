"""The paper's numbers: each row whole, each number a percentage with a known mark, none twice."""

from cl_book.claims.paper_table import reported_rows


def test_every_row_is_a_number_with_its_mark_and_stands_once():
    rows = reported_rows()
    keys = [tuple(row[name] for name in ("table", "experiment", "strategy", "metric")) for row in rows]
    assert rows
    assert len(set(keys)) == len(keys)
    for row in rows:
        assert all(row[name] for name in ("table", "experiment", "strategy", "metric", "mean"))
        assert -100 <= float(row["mean"]) <= 100
        assert row["mark"] in "PSD"
        assert not row["std"] or 0 <= float(row["std"]) < 10
