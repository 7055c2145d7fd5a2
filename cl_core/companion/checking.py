"""One look over the repository: which pages are stale and why, and which claims have no verdict."""

from dataclasses import dataclass

from cl_core.companion import claims, modules, stamps
from cl_core.companion import notebook as notebooks
from cl_core.companion.verdicts import NOT_RUN


@dataclass(frozen=True)
class Report:
    """What was found, a line each, and how much of it is a fault."""

    lines: tuple[str, ...]
    faults: int


def check() -> Report:
    """Return what is stale in the checkout that this stands in; raises ValueError where the code run is another one's."""
    _require_own_code()
    lines: list[str] = []
    faults = 0
    paths = notebooks.stored()
    for path in paths:
        reasons = stamps.state(path)
        faults += bool(reasons)
        lines += [f"{path.name}: stale, because", *(f"  {reason}" for reason in reasons)] if reasons else []
    lines.append(f"{len(paths)} notebooks, {faults} stale")
    standings = claims.standings()
    lines += [f"{one.claim.id}: not run ({one.claim.title})" for one in standings if one.printed == NOT_RUN]
    lines.append(f"{len(standings)} claims, {sum(one.printed == NOT_RUN for one in standings)} not run")
    return Report(lines=tuple(lines), faults=faults)


def _require_own_code() -> None:
    own, used = notebooks.top() / modules.PACKAGE, modules.package_folder()
    if own.resolve() != used.resolve():
        raise ValueError(f"{used} would be checked, not this checkout's {own}; install it with `pip install -e .`")
