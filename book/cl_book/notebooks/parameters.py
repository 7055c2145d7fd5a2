"""The parameters of a notebook: read from its `parameters` cell without running it, and checked before anything runs.

One parameter a line, with its type, its default, what is allowed and what it means::

    steps: int = 30  # [1, 500] gradient steps
    share: float = 0.5  # (0, 1] share of coordinates that may move
    metric: str = "cosine"  # {cosine, sign} how gradients are compared
    sizes: list[int] = [5, 20]  # [1, 40] trained coordinates, one a task

A bracket includes its end, a parenthesis does not; a list's range or set holds for each element. A list may be empty
where its default is.
"""

import ast
import contextlib
import io
import math
import re
import tokenize
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from cl_book.notebooks import notebook as notebooks
from cl_core.naming import nearest
from cl_core.parsing import summarise_error

Scalar = int | float | bool | str
Value = Scalar | list[Scalar]

TAG = "parameters"
"""Tag of the cell that holds a notebook's parameters."""

_LONGEST = 100
_TYPES: dict[str, type] = {"int": int, "float": float, "bool": bool, "str": str}
_RANGE = re.compile(r"([\[(])\s*([^,\])]+?)\s*,\s*([^,\])]+?)\s*([\])])\s*(.*)")
_CHOICES = re.compile(r"\{([^}]*)\}\s*(.*)")


class ParameterError(ValueError):
    """A parameter that a notebook does not have or allow, or a `parameters` cell that cannot be read."""


@dataclass(frozen=True)
class Range:
    """Numbers from `low` to `high`, each end in or out."""

    low: float
    high: float
    low_in: bool = True
    high_in: bool = True

    def __contains__(self, value: object) -> bool:
        """Whether the number `value` lies in the range; NaN never does."""
        if not isinstance(value, int | float):
            return False
        above = value >= self.low if self.low_in else value > self.low
        return above and (value <= self.high if self.high_in else value < self.high)

    def __str__(self) -> str:
        return f"{'[' if self.low_in else '('}{self.low:g}, {self.high:g}{']' if self.high_in else ')'}"


@dataclass(frozen=True)
class Choices:
    """One of a few values."""

    values: tuple[Scalar, ...]

    def __contains__(self, value: object) -> bool:
        return any(value == choice and type(value) is type(choice) for choice in self.values)

    def __str__(self) -> str:
        return "{" + ", ".join(str(value) for value in self.values) + "}"


@dataclass(frozen=True)
class Parameter:
    """One line of a `parameters` cell; `kind` is int, float, bool, str, or list[…] of one of them."""

    name: str
    kind: str
    default: Value
    allowed: Range | Choices
    help: str

    @property
    def scalar(self) -> str:
        """The type of the value, or of the list's elements."""
        return self.kind.removeprefix("list[").removesuffix("]")

    @property
    def is_list(self) -> bool:
        """Whether the value is a list."""
        return self.kind.startswith("list[")

    def check(self, value: object) -> Value:
        """Return `value` as this parameter's type (an int serves as a float); raises ParameterError."""
        if not self.is_list:
            return self._checked(value)
        if not isinstance(value, list | tuple):
            raise self._error(value, f"a list of {self.scalar}, such as {self.default}")
        if not value and self.default:
            raise self._error([], f"at least one {self.scalar}, such as {self.default}")
        return [self._checked(element) for element in value]

    def parse(self, text: str) -> Value:
        """Return what `text`, from a command line, means for this parameter; raises ParameterError."""
        if self.is_list:
            inner = text.strip()
            if inner[:1] + inner[-1:] == "[]":
                inner = inner[1:-1]
            parts = [part.strip() for part in inner.split(",")] if inner.strip() else []
            return self.check([self._scalar_of(part) for part in parts])
        return self.check(self._scalar_of(text))

    def _scalar_of(self, text: str) -> object:
        word = text.strip()
        if self.scalar == "str":
            quoted = len(word) > 1 and word[0] == word[-1] and word[0] in "'\""
            return word[1:-1] if quoted else word
        if self.scalar == "bool":
            return {"true": True, "false": False}.get(word.lower(), word)
        try:
            return int(word)
        except ValueError:
            pass
        try:
            return float(word)
        except ValueError:
            return word

    def _checked(self, value: object) -> Scalar:
        if self.scalar == "float" and type(value) is int:
            # One too large for a float is left as it is, and refused.
            with contextlib.suppress(OverflowError):
                value = float(value)
        if type(value) is not _TYPES[self.scalar] or value not in self.allowed:
            raise self._error(value, f"{self._article()} in {self.allowed}")
        return value  # type: ignore[return-value]

    def _article(self) -> str:
        return f"{'an' if self.scalar == 'int' else 'a'} {self.scalar}"

    def _error(self, value: object, allowed: str) -> ParameterError:
        return ParameterError(f"{self.name} = {_show(value)} is not allowed: give {allowed} ({self.help})")


def _show(value: object) -> str:
    try:
        shown = repr(value)
    except ValueError:
        # Python writes no integer of more digits than a limit has.
        return "an integer of thousands of digits"
    return shown if len(shown) <= _LONGEST else f"{shown[:_LONGEST]} …"


def read(path: Path) -> tuple[Parameter, ...]:
    """Return the parameters of the notebook at `path`, in their order; empty if no cell is tagged `parameters`.

    Raises ParameterError where a line does not follow the form above.
    """
    cells = [cell for cell in notebooks.select_code_cells(notebooks.load(path)) if TAG in cell.metadata.get("tags", [])]
    if len(cells) > 1:
        raise ParameterError(f"{path.name} has {len(cells)} cells tagged {TAG!r}; keep one")
    return parse_cell(cells[0].source, where=path.name) if cells else ()


def parse_cell(source: str, *, where: str = "the parameters cell") -> tuple[Parameter, ...]:
    """Return the parameters that the text of a cell declares; raises ParameterError, naming the line and `where`."""
    try:
        statements = ast.parse(source).body
    except SyntaxError as error:
        raise ParameterError(f"{where}: line {error.lineno} is not Python: {error.msg}") from error
    except (RecursionError, MemoryError) as error:
        raise ParameterError(f"{where} is not Python: it is nested too deeply") from error
    except ValueError as error:
        raise ParameterError(f"{where} is not Python: {summarise_error(error)}") from error
    comments = _read_comments(source)
    parameters = tuple(
        _parse_parameter(statement, comments, f"{where}: line {statement.lineno}") for statement in statements
    )
    doubled = {
        parameter.name for parameter in parameters if [other.name for other in parameters].count(parameter.name) > 1
    }
    if doubled:
        raise ParameterError(f"{where}: {', '.join(sorted(doubled))} is set twice")
    return parameters


def resolve(parameters: tuple[Parameter, ...], texts: Mapping[str, object], *, where: str) -> dict[str, Value]:
    """Return the `given` values, checked; text of a non-text parameter is parsed as from a command line.

    Raises ParameterError on a name that is not among `parameters` (with the nearest) or a value that is not allowed.
    """
    by_name = {parameter.name: parameter for parameter in parameters}
    values: dict[str, Value] = {}
    for name, value in texts.items():
        if name not in by_name:
            raise ParameterError(f"{where} has no parameter {name!r}; {_suggest(name, list(by_name))}")
        parameter = by_name[name]
        values[name] = parameter.parse(value) if isinstance(value, str) else parameter.check(value)
    return values


def write_manual(parameters: tuple[Parameter, ...], *, title: str) -> str:
    """Return the parameters as a manual for a terminal."""
    if not parameters:
        return f"{title} has no parameters.\n"
    lines = [f"Parameters of {title}:", ""]
    for parameter in parameters:
        default = repr(parameter.default) if parameter.kind == "str" else str(parameter.default)
        lines += [f"  {parameter.name}  {parameter.kind}, {_describe_allowed(parameter)}; default {default}"]
        lines += [f"      {parameter.help}", ""]
    first = parameters[0]
    example = first.default if not isinstance(first.default, list) else ",".join(str(item) for item in first.default)
    lines += ["Set them one by one, or in a YAML file:", f"  -p {first.name} {example}", "  -f parameters.yaml", ""]
    return "\n".join(lines)


def _describe_allowed(parameter: Parameter) -> str:
    each = "each " if parameter.is_list else ""
    return (
        f"{each}one of {parameter.allowed}"
        if isinstance(parameter.allowed, Choices)
        else f"{each}in {parameter.allowed}"
    )


def _suggest(name: str, names: list[str]) -> str:
    if not names:
        return "it has none"
    close = nearest(name, names)
    return (f"did you mean {close[0]!r}? It" if close else "it") + f" has: {', '.join(names)}"


def _read_comments(source: str) -> dict[int, str]:
    tokens = tokenize.generate_tokens(io.StringIO(source).readline)
    return {token.start[0]: token.string.lstrip("# ").strip() for token in tokens if token.type == tokenize.COMMENT}


def _parse_parameter(statement: ast.stmt, comments: Mapping[int, str], where: str) -> Parameter:
    if not (isinstance(statement, ast.AnnAssign) and isinstance(statement.target, ast.Name) and statement.value):
        raise ParameterError(f"{where} is not of the form `name: type = value  # [low, high] what it is`")
    name, kind = statement.target.id, ast.unparse(statement.annotation)
    if kind.removeprefix("list[").removesuffix("]") not in _TYPES:
        raise ParameterError(f"{where}: {name} has type {kind}; use int, float, bool, str or a list[…] of one of them")
    if statement.end_lineno != statement.lineno:
        raise ParameterError(f"{where}: {name} spans several lines; papermill reads one line a parameter")
    try:
        default = ast.literal_eval(statement.value)
    except (ValueError, TypeError, RecursionError, MemoryError) as error:
        raise ParameterError(
            f"{where}: the default of {name} is not a plain value; derive it in a later cell"
        ) from error
    allowed, words = _parse_comment(comments.get(statement.lineno, ""), kind, f"{where}: {name}")
    parameter = Parameter(name=name, kind=kind, default=default, allowed=allowed, help=words)
    try:
        return Parameter(name=name, kind=kind, default=parameter.check(default), allowed=allowed, help=words)
    except ParameterError as error:
        raise ParameterError(f"{where}: the default is out of its own range: {error}") from error


def _parse_comment(comment: str, kind: str, where: str) -> tuple[Range | Choices, str]:
    scalar = kind.removeprefix("list[").removesuffix("]")
    if "=" in comment:
        raise ParameterError(f"{where}: papermill cannot read a line with a second '='; say {comment!r} without it")
    interval, choices = _RANGE.fullmatch(comment), _CHOICES.fullmatch(comment)
    if interval and scalar in ("int", "float"):
        opening, low, high, closing, words = interval.groups()
        try:
            bounds = float(low), float(high)
        except ValueError as error:
            raise ParameterError(f"{where}: the ends of {comment!r} are not numbers") from error
        if not bounds[0] <= bounds[1] or math.isnan(sum(bounds)):
            raise ParameterError(f"{where}: the range of {comment!r} is empty")
        return Range(*bounds, low_in=opening == "[", high_in=closing == "]"), words or _refuse_missing_words(where)
    if choices and choices[1].strip():
        reader = Parameter(name=where, kind=scalar, default=0, allowed=Choices(()), help="")
        values = tuple(reader._scalar_of(word) for word in choices[1].split(","))
        if any(type(value) is not _TYPES[scalar] for value in values):
            raise ParameterError(f"{where}: not every value of {comment!r} is of type {scalar}")
        return Choices(values), choices[2] or _refuse_missing_words(where)  # type: ignore[arg-type]
    raise ParameterError(
        f"{where} says {comment!r}, not what is allowed; end the line with `# [low, high] what it is` for a number "
        "or `# {one, other} what it is`"
    )


def _refuse_missing_words(where: str) -> str:
    raise ParameterError(f"{where}: say after the range or the set, in a few words, what it is")
