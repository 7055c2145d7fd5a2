"""The form of a result's file: its JSON Schema and a table of its fields, both made from the class Result.

``python -m cl_book.result_schema`` writes ``results/schema.json`` and the table in ``results/README.md``.
"""

import json
import sys
from typing import Any

from pydantic import TypeAdapter

from cl_core import files
from cl_core.experiments.store import OPTIONAL, RESULTS, VERSION, Result

SCHEMA = f"{RESULTS}/schema.json"
README = f"{RESULTS}/README.md"
BEGIN, END = "<!-- fields: made by python -m cl_book.result_schema -->", "<!-- end of fields -->"


def make_schema() -> dict[str, Any]:
    """Return the JSON Schema (draft 2020-12) of a result's file."""
    schema = TypeAdapter(Result).json_schema(mode="serialization")
    properties = schema["properties"]
    for entry in properties.values():
        entry.pop("title", None)
        entry.pop("default", None)
    version = {
        "const": VERSION,
        "description": f"Version of this form; a file that does not name it is of version {VERSION}.",
    }
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "A run's result",
        "description": "One finished run of M tasks on a network of K shared blocks.",
        "type": "object",
        "properties": {"version": version, **properties},
        "required": [name for name in properties if name not in OPTIONAL],
        "additionalProperties": False,
    }


def format_fields() -> str:
    """Return the fields and their meaning as a Markdown table."""
    rows = [f"| `{name}` | {entry['description']} |" for name, entry in make_schema()["properties"].items()]
    return "\n".join(["| field | meaning |", "| --- | --- |", *rows])


def fill_readme(text: str) -> str:
    """Return the README's `text` with today's table of fields between its marks."""
    before, _, rest = text.partition(BEGIN)
    _, _, after = rest.partition(END)
    return f"{before}{BEGIN}\n{format_fields()}\n{END}{after}"


def write_schema() -> None:
    """Write the checkout's schema and the table of its README."""
    top = files.base()
    files.write_text(top / SCHEMA, json.dumps(make_schema(), indent=1, ensure_ascii=False) + "\n")
    files.write_text(top / README, fill_readme((top / README).read_text(encoding="utf-8")))
    sys.stdout.write(f"written: {SCHEMA} and the table in {README}\n")


if __name__ == "__main__":
    write_schema()
