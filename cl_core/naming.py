"""A wrong name is an error that gives the nearest right one."""

from collections.abc import Iterable
from difflib import get_close_matches


def nearest(name: str, names: Iterable[str], *, most: int = 1, cutoff: float = 0.5) -> list[str]:
    """Return those of `names` that `name` may have meant, the likeliest first, at most `most`; empty where none is near.

    `cutoff` from 0 to 1 is how alike they must be, as :func:`difflib.get_close_matches` has it.
    """
    return get_close_matches(str(name), list(names), n=most, cutoff=cutoff)


def require_name(kind: str, name: str, known: Iterable[str]) -> None:
    """Raise ValueError unless `name` is among `known`; the message gives the nearest name and lists all.

    `kind` says in the message what the name is of, for example ``"stream"``.
    """
    names = list(known)
    if name in names:
        return
    close = nearest(name, names)
    hint = f"; did you mean {close[0]!r}?" if close else "."
    raise ValueError(f"There is no {kind} {name!r}{hint} There are {', '.join(names)}.")
