"""A wrong name is an error that gives the nearest right one."""

from collections.abc import Iterable
from difflib import get_close_matches


def require_name(kind: str, name: str, known: Iterable[str]) -> None:
    """Raise ValueError unless `name` is among `known`; the message gives the nearest name and lists all.

    `kind` says in the message what the name is of, for example ``"stream"``.
    """
    names = list(known)
    if name in names:
        return
    nearest = get_close_matches(str(name), names, n=1, cutoff=0.5)
    hint = f"; did you mean {nearest[0]!r}?" if nearest else "."
    raise ValueError(f"There is no {kind} {name!r}{hint} There are {', '.join(names)}.")
