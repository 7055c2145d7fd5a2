"""The settings of a run as tables of the protocol page: meaning, range, default and readers, and what is changed where."""

from collections.abc import Iterable, Sequence

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective

from cl_book.pages.claim_boxes import table
from cl_book.pages.role_errors import suggest
from cl_core.experiments.catalogue import CATALOGUE, OWN, PROFILES, VALUES
from cl_core.experiments.plan import list_readers
from cl_core.experiments.settings import SETTINGS, Settings
from cl_core.experiments.strategy_table import STRATEGIES
from cl_core.setting_ranges import describe_range, format_value
from cl_core.settings_base import Value

_NETWORKS = {"resnet": "ResNet", "mlp": "perceptron"}
_FEW_NAMES = 3


class SettingTable(SphinxDirective):
    """``:::{settings}``: every setting with its meaning, its range, its default and who reads it.

    ``:::{settings} profiles`` shows what the profiles change of the defaults instead, and ``:::{settings} experiments``
    what single experiments change on top of that.
    """

    optional_arguments = 1

    def run(self) -> list[nodes.Node]:
        """Return the table; an unknown choice is an error."""
        tables = {"all": _list_all, "profiles": _list_profiles, "experiments": _list_experiments}
        choice = self.arguments[0] if self.arguments else "all"
        if choice not in tables:
            raise self.error(f"there is no table of settings {choice!r}{suggest(choice, tables)}")
        return [tables[choice]()]


def describe_readers(name: str) -> str:
    """Return in words which runs read the setting `name`, such as ``every strategy but joint``."""
    experiments, strategies = list_readers(name)
    networks = {CATALOGUE[experiment].network for experiment in experiments}
    of_networks = [entry.name for entry in CATALOGUE.values() if entry.network in networks]
    words = []
    if len(strategies) < len(STRATEGIES):
        words.append(_name_some(strategies, STRATEGIES, "every strategy"))
    if len(of_networks) < len(CATALOGUE) and list(experiments) == of_networks:
        words.append(" and ".join(f"every {_NETWORKS[network]}" for network in sorted(networks)))
    elif len(experiments) < len(CATALOGUE):
        words.append(_name_some(experiments, CATALOGUE, "every experiment"))
    return " on ".join(words) or "every run"


def _name_some(names: Sequence[str], everyone: Iterable[str], every: str) -> str:
    """Return `names` as a list, or as `every` but the few of `everyone` that are missing."""
    missing = [name for name in everyone if name not in names]
    return f"{every} but {', '.join(missing)}" if 0 < len(missing) <= _FEW_NAMES else ", ".join(names)


def _list_all() -> nodes.container:
    head = ["Setting", "Meaning", "Allowed", "Default", "Read by"]
    rows = [
        [
            [_code(name)],
            [nodes.paragraph(text=field.description)],
            [nodes.paragraph(text=describe_range(Settings, name))],
            [_number(field.default)],
            [nodes.paragraph(text=describe_readers(name))],
        ]
        for name, field in SETTINGS.items()
    ]
    return table(head, rows)


def _list_profiles() -> nodes.container:
    """Return the settings that some profile changes; two values where the two networks differ."""
    rows = [
        [
            [_code(name)],
            *(
                [_numbers([values.get(name, field.default) for values in VALUES[profile].values()])]
                for profile in PROFILES
            ),
        ]
        for name, field in SETTINGS.items()
        if any(name in values for networks in VALUES.values() for values in networks.values())
    ]
    return table(["Setting", *PROFILES], rows, wordy=False)


def _list_experiments() -> nodes.container:
    groups: dict[tuple[tuple[str, Value], ...], list[str]] = {}
    for experiment, values in OWN.items():
        groups.setdefault(tuple(values.items()), []).append(experiment)
    rows = [
        [[_code(name)], [_number(value)], [nodes.paragraph(text=", ".join(experiments))]]
        for values, experiments in groups.items()
        for name, value in values
    ]
    return table(["Setting", "Value", "Experiments"], rows, wordy=False)


def _code(text: str) -> nodes.paragraph:
    return nodes.paragraph("", "", nodes.literal(text=text))


def _number(value: Value) -> nodes.paragraph:
    return nodes.paragraph("", "", nodes.inline("", format_value(value), classes=["cl-given"]))


def _numbers(values: Sequence[Value]) -> nodes.paragraph:
    return _number(" / ".join(dict.fromkeys(map(format_value, values))))


def setup(app: Sphinx) -> None:
    """Register the directive."""
    app.add_directive("settings", SettingTable)
