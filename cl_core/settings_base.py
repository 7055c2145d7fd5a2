"""What a setting is: a field of a pydantic model, which says its range, meaning, default and title in one place.

Errors are one line that names the value and what is allowed. Needs pydantic.
"""

from collections.abc import Mapping
from typing import Any, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError

Value = int | float | bool | str
"""What a setting may hold."""


class SettingsBase(BaseModel):
    """A group of settings. Raises ValueError for a name that is none of them or a value that does not fit."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, allow_inf_nan=False)

    def __init__(self, **values: Any) -> None:
        try:
            super().__init__(**values)
        except ValidationError as error:
            from cl_core.naming import require_name
            from cl_core.setting_ranges import describe_range

            wrong = {entry["loc"][0] for entry in error.errors()}
            for name, value in values.items():
                require_name("setting", name, type(self).model_fields)
                if name in wrong:
                    raise ValueError(
                        f"{name} = {value!r} does not fit; allowed: {describe_range(type(self), name)}"
                    ) from None
            raise

    @classmethod
    def from_mapping(cls, values: Mapping[str, Any]) -> Self:
        """Return the settings with these values, the others at their defaults."""
        return cls(**values)

    def replace(self, **values: Any) -> Self:
        """Return these settings with `values` put in, each one checked. Raises ValueError where one does not fit."""
        self.from_mapping(values)
        return self.from_mapping({**self.model_dump(), **values})

    def select(self, group: type["SettingsBase"]) -> dict[str, Any]:
        """Return the values of those settings that belong to `group`, by name."""
        return self.model_dump(include=set(group.model_fields))

    def given(self) -> dict[str, Any]:
        """Return the values that were given and not left at their default, by name, in the order of the fields."""
        return self.model_dump(exclude_unset=True)


def define(
    default: Value,
    title: str,
    description: str,
    *,
    least: float | None = None,
    most: float | None = None,
    network: str | None = None,
    examples: list[Any] | None = None,
) -> Any:
    """Return the field of a setting: default, title, meaning, range, examples; `network` is the one kind that has it."""
    extra: dict[str, Any] = {} if network is None else {"json_schema_extra": {"network": network}}
    return Field(default, title=title, description=description, ge=least, le=most, examples=examples, **extra)
