"""``:::{stream} EXPERIMENT``: the tasks of a stream as its reference runs met them, and pictures where the images are at hand."""

from collections.abc import Sequence

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective

from cl_book.claims.arms import PROFILE, Arm, run_of
from cl_book.claims.overview import find_runs
from cl_book.figures.drawing import style, to_csv
from cl_book.figures.task_pictures import draw_tasks
from cl_book.pages.figure_nodes import data_link, draw, make_captioned_figure, name_data_file
from cl_book.pages.result_values import noted
from cl_book.pages.role_errors import suggest
from cl_core.experiments.catalogue import CATALOGUE
from cl_core.experiments.store import Result
from cl_core.runs.result_set import read_results
from cl_core.streams.fetching import locate_official, locate_prepared
from cl_core.streams.manifest import SOURCES, Route

IMAGES = 6
"""Pictures of a task."""


class StreamBox(SphinxDirective):
    """``:::{stream} split-cifar100``: how many tasks, classes, images and steps, and six training images of each task.

    The images are no part of this project: the pictures are drawn where the book is built with them at hand, and a
    sentence says so where it is not.
    """

    required_arguments = 1

    def run(self) -> list[nodes.Node]:
        """Return a paragraph of facts and the pictures; an unknown experiment is an error."""
        name = self.arguments[0]
        if name not in CATALOGUE:
            raise self.error(f"there is no experiment {name!r}{suggest(name, CATALOGUE)}")
        noted(self.env, f"{PROFILE}/{name}/initialized-*")
        runs = list(find_runs(name, Arm("initialized"), read_results()).values())
        facts = describe_stream(runs[0]) if runs else "Not run: there is no reference result of this stream."
        return [nodes.paragraph(text=facts), *self._draw(name)]

    def _draw(self, name: str) -> list[nodes.Node]:
        plan = run_of(name, Arm("initialized"), 0)
        dataset = plan.experiment.definition.dataset
        route = find_route(dataset)
        if route is None:
            absent = (
                f"The images are no part of this project, so this copy of the book shows none. Where {SOURCES[dataset].title} is at "
                f"hand (cl-core data list), building the book draws {IMAGES} training images of each task here."
            )
            return [nodes.paragraph(text=absent, classes=["cl-evidence"])]
        style()
        picture = draw_tasks(plan.draw_stream(route), images=IMAGES)
        label = f"stream-{name}"
        caption = f"The first {IMAGES} training images of each task at seed {plan.seed}, a column a task."
        figure = make_captioned_figure(self, f"fig-{label}", [], caption=[caption])
        figure.insert(0, draw(picture, label))
        figure += data_link(csv=to_csv(picture.data), file=name_data_file(self.env.docname, label))
        return [figure]


def find_route(dataset: str) -> Route | None:
    """Return the route by which the images of `dataset` can be read without fetching anything; None where there is none."""
    source = SOURCES[dataset]
    places: dict[Route, bool] = {
        "prepared": locate_prepared(source).exists(),
        "official": locate_official(source).exists(),
    }
    return next((route for route, here in places.items() if here and route in source.routes), None)


def describe_stream(run: Result) -> str:
    """Return what a run of the stream met, in two sentences: tasks, classes, images, steps, chance, and the images."""
    classes, images, tests, steps = (
        _say_each(values) for values in (run.classes, run.train_sizes, run.test_sizes, run.steps)
    )
    return (
        f"{run.tasks} tasks of {classes} classes each; {images} training and {tests} test images a task, and {steps} steps of "
        f"training: {run.config['epochs']} epochs in batches of {run.config['batch']}, at learning rate "
        f"{run.config['learning_rate']:g}. Guessing is right in {100 / run.classes[0]:.0f} % of cases. "
        f"The images are {run.data['label']}; the network is a {run.config['network']}."
    )


def _say_each(values: Sequence[int | None]) -> str:
    known = [value for value in values if value is not None]
    low, high = min(known), max(known)
    return str(low) if low == high else f"{low} to {high}"


def setup(app: Sphinx) -> None:
    """Register the directive."""
    app.add_directive("stream", StreamBox)
