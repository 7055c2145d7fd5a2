"""Reference results in prose, read from results/ by key: never typed, and never quoted when stale."""

from pathlib import Path
from statistics import fmean, stdev

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment
from sphinx.util.docutils import SphinxRole

from cl_book.pages.role_errors import Rendered, report_role_error, suggest
from cl_core.experiments import store
from cl_core.metric_table import MEASURES
from cl_core.runs.result_set import read_results


class ResultRole(SphinxRole):
    """``{result}`cpu/split-cifar100/two-level/avg_acc```: mean ± standard deviation over seeds, in per cent."""

    def run(self) -> Rendered:
        """Return the number; its tooltip says seeds, profile and data. No result, and a stale one, are errors."""
        parts = self.text.strip().split("/")
        if len(parts) != 4:
            return report_role_error(self, f"{self.text!r} is not profile/experiment/strategy/metric")
        profile, experiment, strategy, name = parts
        if name not in MEASURES:
            return report_role_error(self, f"{name!r} is not a metric{suggest(name, MEASURES)}")
        results = read_results()
        for file in noted(self.env, f"{profile}/{experiment}/{strategy}-*"):
            if why := results.stale.get(file.removeprefix(f"{store.RESULTS}/")):
                return report_role_error(self, f"{file} is stale ({why}) and may not be quoted; run it again")
        runs = list(results.find(experiment, strategy, profile))
        if not runs:
            return report_role_error(self, f"results/ has no run of {profile}/{experiment}/{strategy}")
        values = [100 * store.metric(run, name) for run in runs]
        text = f"{fmean(values):.2f}" + (f" ± {stdev(values):.2f}" if len(values) > 1 else "")
        seeds = "1 seed" if len(values) == 1 else f"{len(values)} seeds"
        about = f"{seeds}, profile {profile}, {runs[0].data['label']}"
        return [nodes.abbreviation("", text, explanation=about, classes=["cl-value"])], []


class SpentRole(SphinxRole):
    """``{spent}`cpu/split-cifar100/initialized/arrival```: a stage's share of a run's recorded seconds, the mean over seeds.

    A share of one run's time, and so of one machine's, however busy that was.
    """

    def run(self) -> Rendered:
        """Return the share in per cent; no result, or a stage that none recorded, is an error."""
        parts = self.text.strip().split("/")
        if len(parts) != 4:
            return report_role_error(self, f"{self.text!r} is not profile/experiment/strategy/stage")
        profile, experiment, strategy, stage = parts
        noted(self.env, f"{profile}/{experiment}/{strategy}-*")
        times = [run.recorded.get("times", {}) for run in read_results().find(experiment, strategy, profile)]
        shares = [100 * each[f"{stage}_s"] / each["total_s"] for each in times if f"{stage}_s" in each]
        if not shares:
            return report_role_error(self, f"no run of {profile}/{experiment}/{strategy} recorded the stage {stage!r}")
        about = f"mean of {len(shares)} seeds, {min(shares):.0f} to {max(shares):.0f} %"
        return [nodes.abbreviation("", f"{fmean(shares):.0f} %", explanation=about, classes=["cl-value"])], []


def noted(env: BuildEnvironment, pattern: str = "*") -> list[str]:
    """Return the names of the stored results that fit `pattern`; the page that asks is made anew when one changes."""
    names = store.stored(pattern)
    for name in names:
        env.note_dependency(str(Path(env.srcdir) / name))
    return names


def setup(app: Sphinx) -> None:
    """Register the role."""
    app.add_role("result", ResultRole())
    app.add_role("spent", SpentRole())
