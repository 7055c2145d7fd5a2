"""Run a notebook with other parameters and write it to another folder; the stored notebook does not change."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from cl_book.notebooks import execution, parameters
from cl_book.notebooks import notebook as notebooks
from cl_book.notebooks.execution import Failure
from cl_book.notebooks.normalise import normalise_notebook, to_text
from cl_book.notebooks.notebook import METADATA
from cl_book.notebooks.parameters import Parameter, ParameterError, Range, Value
from cl_book.notebooks.record import in_words
from cl_book.yaml_text import parse_yaml
from cl_core import files
from cl_core.parsing import explain_unreadable

SMOKE = "smoke"
"""The profile in which a chapter only shows that it works."""

_REMEDY = "give another folder with --out"

REPEATED = ("draws", "tuning", "cases", "seeds", "tasks", "cuts", "epochs", "longer")
"""Parameters that say how often something is done: more of it makes a chapter slower and its answers surer."""


@dataclass(frozen=True)
class Change:
    """A recorded value or verdict that came out differently from the notebook that was rerun."""

    name: str
    stored: str
    now: str


@dataclass(frozen=True)
class Rerun:
    """A finished rerun: the path of the executed notebook, its parameters, the changed values, and the failure if any."""

    path: Path
    given: Mapping[str, Value]
    changes: tuple[Change, ...]
    failure: Failure | None


def resolve(
    path: Path, *, settings: Mapping[str, object], file: Path | None = None, profile: str | None = None
) -> dict[str, Value]:
    """Return the checked parameters for the notebook at `path`: from `file` (YAML), then `profile`, then `settings`.

    Profile smoke is for every notebook, whether or not it has that parameter: each of REPEATED is at its least.
    Raises ParameterError on what the notebook does not have or allow, before anything runs.
    """
    declared = parameters.read(path)
    values: dict[str, object] = {}
    if file is not None:
        values.update(_read_yaml(file))
    if profile == SMOKE:
        values.update(_choose_least(declared))
    if profile is not None and (profile != SMOKE or "profile" in {parameter.name for parameter in declared}):
        values["profile"] = profile
    values.update(settings)
    return parameters.resolve(declared, values, where=path.name)


def _choose_least(declared: tuple[Parameter, ...]) -> dict[str, object]:
    """Return the least that each of REPEATED allows."""
    values: dict[str, object] = {}
    for parameter in declared:
        if parameter.name in REPEATED and isinstance(parameter.allowed, Range):
            low = parameter.allowed.low
            least = math.ceil(low) if parameter.allowed.low_in else math.floor(low) + 1
            values[parameter.name] = [least] if parameter.is_list else least
    return values


def rerun(path: Path, *, given: Mapping[str, Value], out: Path) -> Rerun:
    """Run the notebook at `path` with the checked parameters `given` and write it to the folder `out`, under its name.

    Two reruns with the same parameters write the same file. A cell that fails ends the run, and so does a signal; what
    there is by then is written all the same. Raises ValueError if that would overwrite the notebook itself, FileError
    where `out` cannot be written, before anything runs.
    """
    target = out / path.name
    if target.resolve() == path.resolve():
        raise ValueError(f"{target} is the notebook itself; give another folder with --out")
    source = notebooks.load(path)
    files.require_writable(out, doing="write the executed notebook into", remedy=_REMEDY)
    run = execution.execute(source, folder=path.parent, parameters=given)
    result = run.notebook
    result.metadata[METADATA] = {"rerun": {"notebook": path.name, "parameters": dict(given)}}
    files.write_text(target, to_text(normalise_notebook(result)), remedy=_REMEDY)
    changes = () if run.failure else _list_changes(source, result)
    return Rerun(path=target, given=given, changes=changes, failure=run.failure)


def _list_changes(stored: notebooks.Notebook, now: notebooks.Notebook) -> tuple[Change, ...]:
    before, after = _read_record(stored), _read_record(now)
    names = [*before, *(name for name in after if name not in before)]
    return tuple(
        Change(name=name, stored=before.get(name, "–"), now=after.get(name, "–"))
        for name in names
        if before.get(name) != after.get(name)
    )


def _read_record(notebook: notebooks.Notebook) -> dict[str, str]:
    verdicts = {
        line.claim: f"{in_words(line.verdict, line.condition)} · {line.evidence}"
        for line in notebooks.read_verdicts(notebook)
    }
    return {**verdicts, **notebooks.read_values(notebook)}


def _read_yaml(file: Path) -> dict[str, object]:
    with explain_unreadable(file, "readable as YAML", cure="write `name: value` lines", error=ParameterError):
        if not file.exists():
            raise ValueError("there is no such file")
        content = parse_yaml(file.read_bytes())
    if content is None:
        return {}
    if not isinstance(content, dict) or not all(isinstance(name, str) for name in content):
        raise ParameterError(f"{file} is not a list of `name: value` lines")
    return content
