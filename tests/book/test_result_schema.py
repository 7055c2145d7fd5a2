"""The form of a result's file is written down as the class has it, and every stored result is of that form."""

import json
from pathlib import Path

import jsonschema
import pytest
from cl_book.result_schema import README, SCHEMA, fill_readme, make_schema

from cl_core.experiments import store

TOP = Path(__file__).resolve().parents[2]
WRITE = "write it with: python -m cl_book.result_schema"


@pytest.fixture(scope="module")
def validator():
    schema = json.loads((TOP / SCHEMA).read_text(encoding="utf-8"))
    jsonschema.Draft202012Validator.check_schema(schema)
    return jsonschema.Draft202012Validator(schema)


def test_the_stored_schema_and_the_table_of_fields_are_todays():
    assert json.loads((TOP / SCHEMA).read_text(encoding="utf-8")) == make_schema(), WRITE
    text = (TOP / README).read_text(encoding="utf-8")
    assert fill_readme(text) == text, WRITE


def test_every_field_has_a_meaning():
    properties = make_schema()["properties"]
    assert set(properties) == {"version", *store.Result.__dataclass_fields__}
    assert all(len(entry["description"]) > 10 for entry in properties.values())


def test_the_stored_results_fit_the_schema(validator):
    paths = sorted((TOP / "results").glob("**/*/*/*.json"))
    # One of each experiment and strategy: the others differ in numbers alone.
    kinds = {(path.parent, path.stem.rpartition("-")[0].split("~")[0]): path for path in paths}
    assert len(kinds) > 40
    for path in kinds.values():
        validator.validate(json.loads(path.read_text(encoding="utf-8")))


@pytest.mark.parametrize(
    "change",
    [
        lambda raw: raw.pop("digest"),
        lambda raw: raw.update(more=1),
        lambda raw: raw.update(seed="0"),
        lambda raw: raw.update(version=2),
        lambda raw: raw["correct"][0].append("9"),
    ],
)
def test_another_form_does_not_fit(validator, make_result, change):
    raw = json.loads(store.dumps(make_result()))
    validator.validate(raw)
    validator.validate({"version": 1, **raw})
    change(raw)
    with pytest.raises(jsonschema.ValidationError):
        validator.validate(raw)
