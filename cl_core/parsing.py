"""Content from outside turned into values: whatever is wrong with it becomes one line that names the file."""

import json
import math
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

_LONGEST = 200

Pairs = Sequence[tuple[str, Any]]


@contextmanager
def explain_unreadable(
    where: object, what: str, *, cure: str, error: Callable[[str], Exception] = ValueError
) -> Iterator[None]:
    """Turn any error of reading into one line: the file `where`, that it is not `what`, why, and what to do.

    Raises what `error` makes of that line. A file that is not there stays a FileNotFoundError: that is no fault of its
    content.
    """
    try:
        yield
    except FileNotFoundError:
        raise
    except Exception as fault:
        # Decoders, numpy and zipfile raise more kinds than any list has, for bytes that somebody else wrote.
        raise error(f"{where} is not {what}: {summarise_error(fault)}; {cure}") from None


def summarise_error(error: Exception) -> str:
    """Return the first line of what `error` says, cut to a line's length; its kind where it says nothing."""
    if isinstance(error, RecursionError):
        return "it is nested too deeply"
    if isinstance(error, MemoryError):
        return "it asks for more memory than there is"
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    line = next((line.strip() for line in str(error).splitlines() if line.strip()), type(error).__name__)
    return line if len(line) <= _LONGEST else f"{line[:_LONGEST]} …"


def decode_text(content: bytes) -> str:
    """Return the UTF-8 text in `content`, without a byte order mark. Raises ValueError that names line and byte."""
    try:
        return content.decode("utf-8").removeprefix("\ufeff")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise ValueError(f"it is not UTF-8 text: line {line} has the byte 0x{content[error.start]:02x}") from None


def parse_json(content: bytes | str, *, make_object: Callable[[Pairs], Any] = dict, finite: bool = True) -> Any:
    """Return the value that JSON text holds; `make_object` makes an object of its pairs, whose names are distinct.

    Raises ValueError for what is no JSON, a name given twice in one object, text that is no Unicode and, where
    `finite`, a number that is not finite. Deep nesting raises RecursionError.
    """
    text = decode_text(content) if isinstance(content, bytes) else content

    def gather(pairs: Pairs) -> Any:
        names = [name for name, _ in pairs]
        if len(set(names)) != len(names):
            doubled = next(name for name in names if names.count(name) > 1)
            raise ValueError(f"it gives {doubled!r} twice")
        return make_object(pairs)

    number = _parse_finite if finite else float
    value = json.loads(text, object_pairs_hook=gather, parse_float=number, parse_constant=number)
    if "\\u" in text:
        # Half a surrogate pair can be read and never be written.
        json.dumps(value, ensure_ascii=False).encode("utf-8")
    return value


def _parse_finite(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise ValueError(f"{text} is not a finite number")
    return number
