"""A passage bound to stored runs too few for a verdict: it stands only while every seed has the order that it tells."""

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective

from cl_book.claims.arms import Arm
from cl_book.claims.overview import find_runs
from cl_book.claims.pairs import pair_by_seed
from cl_book.pages.result_values import noted
from cl_core.experiments.store import metric
from cl_core.metric_table import MEASURES
from cl_core.runs.result_set import ResultSet, read_results

LEAST_SEEDS = 3
"""Seeds that both sides of an order must share."""


class EverySeed(SphinxDirective):
    """``:::{every-seed} paper/split-cifar100/avg_acc frozen-0>frozen frozen>frozen:trained=3``: a passage that tells an order.

    The first word says of which runs, by profile, experiment and measure; another such word says it of the orders behind
    it. A side is a strategy, with settings behind colons. The passage is an error unless the first side of each order has
    more than the second with every seed that both have, three at least.
    """

    required_arguments = 2
    optional_arguments = 40
    has_content = True

    def run(self) -> list[nodes.Node]:
        """Return the passage, after every order has been looked up."""
        self.assert_has_content()
        place, *words = self.arguments
        results = read_results()
        for word in words:
            if "/" in word:
                place = word
                continue
            noted(self.env, "/".join((*place.split("/")[:2], "*")))
            try:
                wrong = find_wrong_seeds(place, word, results)
            except ValueError as error:
                raise self.error(f"every-seed {place} {word}: {error}") from None
            if wrong:
                raise self.error(f"every-seed {place} {word}: it is not so with seed {', '.join(map(str, wrong))}")
        passage = nodes.container(classes=["cl-reads"])
        self.state.nested_parse(self.content, self.content_offset, passage)
        return [passage]


def find_wrong_seeds(place: str, order: str, results: ResultSet) -> list[int]:
    """Return the seeds with which `order` does not hold at `place`, such as ``paper/split-cifar100/avg_acc``.

    Raises ValueError for words that name nothing, and where fewer than LEAST_SEEDS seeds have both sides.
    """
    parts, sides = place.split("/"), order.split(">")
    if len(parts) != 3 or len(sides) != 2:
        raise ValueError("write PROFILE/EXPERIMENT/MEASURE, and STRATEGY>STRATEGY for each order")
    profile, experiment, measure = parts
    if measure not in MEASURES:
        raise ValueError(f"there is no measure {measure!r}; there are {', '.join(MEASURES)}")
    runs = [
        {run.seed: run for run in find_runs(experiment, Arm(strategy, tuple(words)), results, profile).values()}
        for strategy, *words in (side.split(":") for side in sides)
    ]
    both = {seed: [metric(run, measure) for run in row] for seed, row in pair_by_seed(runs).items()}
    if len(both) < LEAST_SEEDS:
        raise ValueError(f"{len(both)} seeds have both sides, and it takes {LEAST_SEEDS}")
    return [seed for seed, (first, second) in both.items() if not first > second]


def setup(app: Sphinx) -> None:
    """Register the directive."""
    app.add_directive("every-seed", EverySeed)
