"""Bytes that somebody else wrote: every reader gives a value or one line with the file, soon, and writes nothing.

Two kinds of bytes: sound content with a few bytes or entries changed, which gets far, and bytes at random. Derandomised,
so that what is red once is red again; 4,500 inputs in all.
"""

import io
import json
import signal
from contextlib import contextmanager

import numpy as np
import pytest
from cl_book import digest_list
from cl_book.claims import claim as claims
from cl_book.claims import paper_table
from cl_book.notebooks import notebook as notebooks
from cl_book.notebooks import parameters, rerun
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cl_core.experiments import store
from cl_core.experiments.checkpoints import Checkpoint
from cl_core.runs import ledger
from cl_core.runs.staleness import state
from cl_core.streams import DataError, arrays

pytestmark = pytest.mark.slow

SECONDS = 10

bounded = settings(
    max_examples=500,
    derandomize=True,
    database=None,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)

VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(10**30), 10**30)
    | st.floats()
    | st.sampled_from(["", "a", "é\u2028", "\x00", "1", "x" * 5000]),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["a", "id", "name"]), inner, max_size=3)
    ),
    max_leaves=6,
)


PIECES = [
    *(b"\t", b"\r", b"\r\n", b"\x00", b"\xef\xbb\xbf", b"\xff\xfe", b"\\ud800", "\u2028".encode()),
    *(b"{", b"[" * 3000, b'"', b"'", b",", b";", b"- ", b": ", b"? ", b"&a ", b"*a", b"<<: ", b"!!", b"---\n", b"#"),
    *(
        b"NaN",
        b"Infinity",
        b"1e999",
        b"9" * 5000,
        b"0x1",
        b"017",
        b"1:30",
        b"no",
        b"on",
        b"~",
        b"2026-01-02",
        b"-" * 3000,
    ),
]
"""What has a meaning of its own to a reader of JSON, YAML or CSV."""


@contextmanager
def in_time():
    def stop(number, frame):
        raise AssertionError(f"not read in {SECONDS} s")

    before = signal.signal(signal.SIGALRM, stop)
    signal.alarm(SECONDS)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)


def require_value_or_line(read, path, name, *, error=ValueError):
    """Read; where it is refused, in one line that begins with the file's `name`. No file beside `path` is touched."""
    before = sorted(path.parent.iterdir())
    with in_time():
        try:
            value = read()
        except error as refused:
            line = str(refused)
            assert len(line.splitlines()) == 1, line
            assert len(line) < 1000, line
            assert name in line, line
            value = None
    assert sorted(path.parent.iterdir()) == before
    return value


@st.composite
def damaged(draw, content: bytes):
    """`content` with up to four bytes changed, put in or taken out, cut short, or other bytes altogether."""
    if draw(st.integers(0, 9)) == 0:
        return draw(st.binary(max_size=200))
    changed = bytearray(content)
    for _ in range(draw(st.integers(1, 4))):
        at = draw(st.integers(0, max(0, len(changed) - 1)))
        piece = draw(st.binary(max_size=3) | st.sampled_from(PIECES))
        changed[at : at + draw(st.integers(0, 3))] = piece
    return bytes(changed[: draw(st.integers(0, len(changed)))]) if draw(st.integers(0, 4)) == 0 else bytes(changed)


@st.composite
def reshaped(draw, value):
    """A JSON value with one to three entries, however deep, replaced by others, taken out or doubled."""
    value = json.loads(json.dumps(value))
    for _ in range(draw(st.integers(1, 3))):
        place = value
        while isinstance(place, dict | list) and place:
            keys = sorted(place) if isinstance(place, dict) else range(len(place))
            key = draw(st.sampled_from(list(keys)))
            if not isinstance(place[key], dict | list) or not place[key] or draw(st.booleans()):
                if draw(st.integers(0, 3)) == 0:
                    del place[key]
                else:
                    place[key] = draw(VALUES)
                break
            place = place[key]
    return json.dumps(value).encode()


def test_results(tmp_path, make_result):
    path, sound = tmp_path / "x.json", store.dumps(make_result())

    @bounded
    @given(reshaped(json.loads(sound)) | damaged(sound.encode()))
    def read(content):
        path.write_bytes(content)
        result = require_value_or_line(lambda: store.load(path), path, "x.json")
        if result is not None:
            # What is read can be used: nothing that is computed from it fails.
            store.flags(result)
            store.dumps(result)
            assert result.outcome
            state(result, name="x.json", confirmed=False)
            for measure in ("avg_acc", "forgetting", "lost_share", "task_acc"):
                store.metric(result, measure)

    read()


def test_notebooks(tmp_path):
    code = {"cell_type": "code", "metadata": {"tags": ["parameters"]}, "source": ["a: int = 1  # [0, 5] b\n"]}
    output = {"output_type": "display_data", "metadata": {}, "data": {"text/plain": ["a", "b"]}}
    value = {**output, "data": {notebooks.VALUE_MIME: {"name": "a", "text": "1"}}}
    line = {**output, "data": {notebooks.VERDICT_MIME: {"claim": "T01", "verdict": "holds", "evidence": "b"}}}
    stream = {"output_type": "stream", "name": "stdout", "text": "a"}
    error = {"output_type": "error", "ename": "E", "evalue": "b", "traceback": ["c"]}
    cells = [{**code, "execution_count": 1, "outputs": [output, value, line, stream, error]}]
    text = {"cell_type": "markdown", "metadata": {}, "source": "# A"}
    sound = {"nbformat": 4, "nbformat_minor": 5, "metadata": {"cl_core": {"form": 1}}, "cells": [text, *cells]}
    path = tmp_path / "x.ipynb"

    @bounded
    @given(reshaped(sound) | damaged(json.dumps(sound).encode()))
    def read(content):
        path.write_bytes(content)
        page = require_value_or_line(lambda: notebooks.load(path), path, "x.ipynb")
        if page is not None:
            notebooks.read_verdicts(page)
            notebooks.read_values(page)
            require_value_or_line(lambda: parameters.read(path), path, "")

    read()


def test_arrays_and_checkpoints(tmp_path):
    buffer = io.BytesIO()
    np.savez(buffer, x_train=np.zeros((4, 2, 2), np.uint8), y_train=np.arange(4, dtype=np.uint8))
    path = tmp_path / "x.npz"

    @bounded
    @given(damaged(buffer.getvalue()))
    def read(content):
        path.write_bytes(content)
        found = require_value_or_line(lambda: arrays.read(path), path, "x.npz", error=DataError)
        if found is not None:
            require_value_or_line(
                lambda: arrays.check(path, found, shape=(2, 2), classes=4), path, "x.npz", error=DataError
            )

    place = Checkpoint("cpu/a/b-0.json", "x", tmp_path)
    place.save({"weights": np.zeros(2)}, {"task": 1})
    stored = place.folder / "checkpoint.npz"

    @bounded
    @given(damaged(stored.read_bytes()))
    def resume(content):
        stored.write_bytes(content)
        with in_time():
            assert place.load() is None or place.load()[1] == {"task": 1}

    read()
    resume()


def test_parameter_files(tmp_path):
    path = tmp_path / "x.yaml"

    @bounded
    @given(
        damaged(b"seed: 5\nsizes: [1, 2, 3]\nname: {a: 'b', c: 1.5}\nflag: true\n")
        | damaged(b"a: &a [1]\nb: [*a, *a]\n")
    )
    def read(content):
        path.write_bytes(content)
        require_value_or_line(lambda: rerun._read_yaml(path), path, "x.yaml")

    read()


def test_the_list_of_claims_the_papers_table_and_the_ledgers(checkout):
    (checkout / "results").mkdir(exist_ok=True)
    entry = "- id: T01\n  title: a\n  statement: >-\n    b\n  where: c\n  mark: D\n  source: theory\n  page: p\n"
    confirmation = {"code": "a", "date": "b", "golden_runs": 1, "golden": "c", "processor": "d", "versions": {"e": "f"}}
    ledgers = {"version": 1, "confirmed": [{**confirmation, "repeated": []}]}
    readers = {
        "book/claims.yml": (claims.load, damaged(f"{entry}  shows: d\n  tolerance: 5 %\n".encode())),
        "book/paper.csv": (
            paper_table.reported,
            damaged(
                b"table,experiment,strategy,metric,mean,std,mark\nI,a,b,avg_acc,43.38,0.11,P\nI,a,c,avg_acc,4,,P\n"
            ),
        ),
        ledger.LEDGER: (ledger.confirmations, reshaped(ledgers) | damaged(json.dumps(ledgers).encode())),
        digest_list.LIST: (
            digest_list.listed_digests,
            damaged(b"0123456789abcdef  a.json\nfedcba9876543210  b.json\n"),
        ),
    }
    for name, (reader, contents) in readers.items():
        _try_all(checkout / name, name, reader, contents)


def _try_all(path, name, reader, contents):
    @bounded
    @given(contents)
    def read(content):
        path.write_bytes(content)
        require_value_or_line(reader, path, name)

    read()
