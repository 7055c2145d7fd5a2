"""What a setting may hold, in words, from the schema of its group."""

from functools import cache
from typing import Any

from pydantic import BaseModel


@cache
def describe_fields(group: type[BaseModel]) -> dict[str, dict[str, Any]]:
    """Return the JSON schema of each setting of `group`, by name: its type, range, title, description and default."""
    described: dict[str, dict[str, Any]] = group.model_json_schema()["properties"]
    return described


def describe_range(group: type[BaseModel], name: str) -> str:
    """Return in words what the setting `name` of `group` may hold, such as ``integer, 1 to 1024``."""
    field = describe_fields(group)[name]
    if "allowed" in field:
        return str(field["allowed"])
    if field["type"] == "boolean":
        return "one of false, true"
    if "enum" in field:
        return "one of " + ", ".join(field["enum"])
    return f"{field['type']}, {field['minimum']:g} to {field['maximum']:g}"


def format_value(value: int | float | bool | str) -> str:
    """Return `value` as it is written on the command line."""
    return str(value).lower() if isinstance(value, bool) else str(value)
