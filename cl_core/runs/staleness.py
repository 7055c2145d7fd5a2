"""Whether a stored result still holds: what decides it unchanged, its own digest right, its code the same or confirmed.

*Stale*: settings, data, protocol, source run or own digest differ; the result must be run again. *Unconfirmed*: the
code files of a run are other ones than when it was made, and the ledger does not say that golden runs confirm today's.
"""

from collections.abc import Callable
from dataclasses import dataclass

from cl_core.experiments.catalogue import PROTOCOL
from cl_core.experiments.plan import Plan, make_plan
from cl_core.experiments.provenance import code_digest, code_digests
from cl_core.experiments.settings import SETTINGS
from cl_core.experiments.store import Result, own_digest
from cl_core.runs import ledger
from cl_core.runs.plausibility import explain_magnitudes
from cl_core.streams.manifest import SOURCES


@dataclass(frozen=True)
class State:
    """Reasons why a result is stale, and code files that changed unconfirmed since it was made. Both empty: it holds."""

    stale: tuple[str, ...] = ()
    unconfirmed: tuple[str, ...] = ()

    @property
    def word(self) -> str:
        """``stale``, ``unconfirmed`` or ``current``."""
        return "stale" if self.stale else "unconfirmed" if self.unconfirmed else "current"


def code_is_confirmed() -> bool:
    """Return whether the ledger says that golden runs confirm today's code."""
    return ledger.confirmation_of(code_digest()) is not None


def state(
    result: Result,
    *,
    name: str | None = None,
    read_source: Callable[[str], Result] | None = None,
    confirmed: bool | None = None,
    reference: bool = False,
    apart: bool = False,
) -> State:
    """Return what has changed since `result` was made.

    `name` is where it stands, checked against the name that its run has; `read_source` reads a run by its name below
    the results folder, to check a control's source (None: not checked). `confirmed`: whether golden runs confirm
    today's code (None: the ledger is asked). `reference`: whether it is one of the repository's own, which are made on
    data that the manifest knows; a user's may stand on any. `apart`: whether it is no reference
    result, so that it holds with its own values, whatever the profile's are since.
    """
    reasons = []
    if result.digest != own_digest(result):
        reasons.append("its content does not match its own digest: it was edited")
    if result.protocol != PROTOCOL:
        reasons.append(f"protocol {result.protocol}, now {PROTOCOL}")
    overrides = {key: value for key, value in result.config.items() if key in SETTINGS} if apart else result.overrides
    try:
        today = make_plan(result.experiment, result.strategy, result.seed, result.profile, overrides=overrides)
    except ValueError as error:
        reasons.append(f"the catalogue no longer has this run: {error}")
    else:
        reasons += _config_reasons(result, today) + _data_reasons(result, today, reference=reference)
        if name is not None and not apart and not name.endswith(today.name):
            reasons.append(f"it stands at {name}, while its run is called {today.name}")
        reasons += explain_magnitudes(result, today, _find_followed(result, read_source))
    if read_source is not None:
        reasons += _source_reasons(result, read_source)
    then, now = result.recorded.get("files", {}), code_digests()
    changed = tuple(sorted(file for file in {*then, *now} if then.get(file) != now.get(file)))
    if changed and (code_is_confirmed() if confirmed is None else confirmed):
        changed = ()
    return State(stale=tuple(reasons), unconfirmed=changed)


def _config_reasons(result: Result, today: Plan) -> list[str]:
    then, now = dict(result.config), dict(today.config)
    changed = [
        f"made by other code: the source of {plugin.name} was {then[key]}, and is {now[key]} now"
        for kind, plugin in today.plugins.items()
        if (key := f"{kind}_source") in then and then[key] != now[key]
    ]
    if changed:
        then, now = ({k: v for k, v in config.items() if not k.endswith("_source")} for config in (then, now))
    return changed + [
        f"{key}: {then.get(key, 'not there')!s}, now {now.get(key, 'not there')!s}"
        for key in sorted({*then, *now})
        if then.get(key) != now.get(key)
    ]


def _data_reasons(result: Result, today: Plan, *, reference: bool) -> list[str]:
    data, wanted = result.data, today.dataset
    if data.get("name") != wanted:
        return [f"data {data.get('name')!r}, now {wanted!r}"]
    # A stream of a user's own is of no set that the manifest knows, whatever its name.
    source = SOURCES.get(wanted) if today.experiment.own_stream is None else None
    if source is not None and data.get("route") not in source.routes:
        return [f"{wanted} has no route {data.get('route')!r}"]
    # The arrays of an official archive are known by the archive's digest, which is checked when it is fetched.
    known = {} if source is None else source.labels
    if reference and data.get("route") != "official" and data.get("digest") not in known:
        return [
            f"its data ({wanted}, {data.get('route')}) are not among those that this version knows; "
            "move it out of the repository's results, into a folder for --out"
        ]
    return []


def _find_followed(result: Result, read_source: Callable[[str], Result] | None) -> Result | None:
    if result.source is None or read_source is None:
        return None
    try:
        source = read_source(result.source["name"])
    except (FileNotFoundError, ValueError):
        return None
    return source if source.outcome == result.source["outcome"] else None


def _source_reasons(result: Result, read_source: Callable[[str], Result]) -> list[str]:
    if result.source is None:
        return []
    name = result.source["name"]
    try:
        source = read_source(name)
    except (FileNotFoundError, ValueError):
        return [f"the run it follows, {name}, is not there"]
    return [] if source.outcome == result.source["outcome"] else [f"the run it follows, {name}, has changed"]
