"""Make the talk: ``python -m cl_book.slides FILE.html`` writes twelve slides as one page that asks nothing of a network.

The figures are those of the book, drawn from the stored runs. A slide that states results names the verdicts that it was
written for; where one has turned, nothing is written, as the book would not be built. Printed, each slide is a page.
"""

import sys
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from html import escape
from pathlib import Path

from cl_book.claims import report, standings
from cl_book.claims.answers import QUESTIONS, answer, count_by_measure
from cl_book.claims.claim import Standing
from cl_book.figures.drawing import to_svg
from cl_book.figures.hero_figure import draw_hero
from cl_book.figures.picture import Picture
from cl_book.pages.charts import CHARTS
from cl_book.pages.claim_boxes import bound
from cl_core import files
from cl_core.runs.result_set import ResultSet, read_results

Draw = Callable[[ResultSet], Picture | None]


@dataclass(frozen=True)
class Slide:
    """One slide: its title, its lines, the verdicts that they were written for, and its figure if it has one."""

    title: str
    lines: tuple[str, ...] = ()
    reads: str = ""
    draw: Draw | None = None
    counts: str = ""
    """The question of the first page whose counts are said below the lines."""


def _chart(name: str) -> Draw:
    return lambda results: CHARTS[name].draw(CHARTS[name].experiment, results)


SLIDES: tuple[Slide, ...] = (
    Slide(
        "How much may a network move?",
        (
            "A network that learns one task after another forgets.",
            "How much depends on how many parameters a new task may move: so says the paper, arXiv 2602.20796.",
            "This companion derives its theory, runs it as code, and repeats its experiments.",
        ),
    ),
    Slide(
        "What the paper claims",
        (
            "How much is forgotten depends on the magnitude of an update.",
            "There is a magnitude that forgets least; frozen and initialized training are the two ends.",
            "Close tasks favour frozen training.",
            "A rule that reads the gradients beats both.",
        ),
    ),
    Slide(
        "What is compared",
        (
            "Initialized: every task moves everything, which is sequential fine-tuning.",
            "Frozen: after the first task only the last blocks move, which is partial fine-tuning.",
            "Adaptive: the paper's rule chooses the number of blocks at each task.",
            "Multi-head and task-incremental: the task of an image is known when it is scored.",
        ),
    ),
    Slide(
        "Learning against forgetting",
        ("Split CIFAR-100. Lower and to the right is better; grey lines join what ends equally high.",),
        draw=lambda results: draw_hero("split-cifar100", results),
    ),
    Slide(
        "Is frozen training better?",
        (
            "It forgets less, with one block that trains (C04) and with five (C137).",
            "It ends higher with one block (C03), but not with five (C135).",
            "On Correlated Split CIFAR-100 it ends lower (C149).",
            "It learns each new task less well (C07).",
        ),
        reads="C04 reproduced C137 reproduced C03 reproduced C135 not reproduced C149 not reproduced C07 reproduced",
        counts="frozen",
    ),
    Slide(
        "Every stream: average accuracy",
        ("Right of the line a method ends higher than fine-tuning. Hollow: the paper's difference.",),
        draw=_chart("forest-accuracy"),
    ),
    Slide(
        "Every stream: forgetting",
        ("Left of the line a method forgets less than fine-tuning.",),
        draw=_chart("forest-forgetting"),
    ),
    Slide(
        "Does the rule work?",
        (
            "It ends higher than initialized training (C82) and than frozen training (C85).",
            "It learns each new task less well; the paper's learns it better (C83).",
            "As tuned it is gradual freezing: nearly every task counts as related.",
            "Where it decides, it is not shown to end higher than a random walk by the same steps (C349).",
        ),
        reads="C82 reproduced C85 reproduced C83 not reproduced C349 inconclusive",
        counts="adaptive",
    ),
    Slide(
        "What the rule moved",
        ("A row a seed, a column a task.",),
        draw=_chart("paths"),
    ),
    Slide(
        "Closeness of tasks",
        (
            "Frozen training forgets less where neighbours share no class (C59).",
            "It loses that as they share more (C56), and forgets more where they share all (C58).",
        ),
        reads="C59 reproduced C56 not reproduced C58 not reproduced",
        draw=_chart("overlap"),
    ),
    Slide(
        "Other ways to move less",
        (
            "The whole network at a smaller learning rate ends higher than frozen training (C79).",
            "Training everything, then going a part of the way, ends higher than fine-tuning (C300), than frozen training "
            "of one block (C301) and than no update (C305).",
        ),
        reads="C79 reproduced C300 reproduced C301 reproduced C305 reproduced",
        draw=_chart("distance"),
    ),
    Slide(
        "Check it",
        (
            "Each verdict names the runs that decided it and the command that repeats it: cl-core claims C03",
            "Each chapter is a notebook with parameters; each number is read from a stored run.",
        ),
        counts="tally",
    ),
)
"""The talk."""

STYLE = """
:root { --cl-paper: #fff; color: #1b1c1d; background: #e9ecf0; font: 1.5rem/1.45 Inter, system-ui, sans-serif; }
body { margin: 0; }
section { box-sizing: border-box; display: flex; flex-direction: column; gap: 0.6rem; width: min(100vw, 178vh); height: 100vh;
  max-height: 56.25vw; margin: 0 auto 1rem; padding: 2.2rem 3.4rem; background: #fff; overflow: hidden;
  scroll-snap-align: start; }
h1, h2 { margin: 0; font-size: 2.3rem; line-height: 1.15; }
h1 { margin-top: 15vh; font-size: 3.4rem; }
ul { margin: 0; padding-left: 1.2em; }
li { margin: 0.25em 0; }
.counts { margin: 0; color: #535e6c; font-size: 1.1rem; }
section:has(.figure) { display: grid; grid-template: auto 1fr auto / 1fr 1.7fr; column-gap: 2rem; }
section:has(.figure) :is(h2, footer) { grid-column: 1 / 3; }
section:has(.figure) ul { font-size: 1.25rem; }
.figure { min-height: 0; }
.figure svg { display: block; width: 100%; height: 100%; }
footer { margin-top: auto; color: #535e6c; font-size: 0.9rem; }
@page { size: 33.867cm 19.05cm; margin: 0; }
@media print { section { width: 33.867cm; height: 19.05cm; max-height: none; margin: 0; break-after: page; } }
"""


def check_verdicts(slides: Iterable[Slide], stands: Mapping[str, Standing]) -> None:
    """Raise ValueError for a slide that was written for another verdict than stands."""
    for slide in slides:
        for claim, verdict in bound(slide.reads.split()):
            now = stands[claim].printed
            if now != verdict:
                raise ValueError(
                    f"the slide {slide.title!r} was written for {claim} {verdict}, but it is {now}; rewrite it"
                )


def write_slides(slides: Iterable[Slide], results: ResultSet, stands: Mapping[str, Standing]) -> str:
    """Return the slides as one HTML page. Raises ValueError where a verdict has turned."""
    slides = tuple(slides)
    check_verdicts(slides, stands)
    pages = [_write_slide(number, slide, len(slides), results, stands) for number, slide in enumerate(slides, start=1)]
    head = f'<meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>{escape(slides[0].title)}</title>'
    return f'<!doctype html>\n<html lang="en"><head>{head}<style>{STYLE}</style></head>\n<body>\n{"".join(pages)}</body></html>\n'


def _write_slide(number: int, slide: Slide, of: int, results: ResultSet, stands: Mapping[str, Standing]) -> str:
    level = "h1" if number == 1 else "h2"
    lines = "".join(f"<li>{escape(line)}</li>" for line in slide.lines)
    counts = "".join(f'<p class="counts">{escape(each)}</p>' for each in _count(slide.counts, results, stands))
    return (
        f'<section id="slide-{number}"><{level}>{escape(slide.title)}</{level}>\n<ul>{lines}</ul>\n{counts}'
        f"{_draw(number, slide, results)}<footer>{number} / {of}</footer></section>\n"
    )


def _draw(number: int, slide: Slide, results: ResultSet) -> str:
    from matplotlib import pyplot as plt

    picture = None if slide.draw is None else slide.draw(results)
    if picture is None:
        return ""
    svg = to_svg(picture.figure, name=f"slide-{number}-figure", alt=picture.alt)
    plt.close(picture.figure)
    return f'<div class="figure">{svg}</div>\n'


def _count(question: str, results: ResultSet, stands: Mapping[str, Standing]) -> list[str]:
    if question == "tally":
        return [f"Of {line}." for line in report.tally(list(stands.values()))]
    if not question:
        return []
    asked = QUESTIONS[question]
    counted = count_by_measure(asked, answer(asked, results, stands.values()).values())
    return [
        f"In {words}: better in {counts['better']} of {counts['run']} comparisons that were run, worse in {counts['worse']}, "
        f"open in {counts['open']}."
        for words, counts in (("average accuracy", counted["avg_acc"]), ("forgetting", counted["forgetting"]))
    ]


def main(target: Path) -> None:
    """Write the talk to `target`; raises SystemExit with one line where a verdict has turned."""
    stands = {each.claim.id: each for each in standings.standings()}
    try:
        text = write_slides(SLIDES, read_results(), stands)
    except ValueError as error:
        raise SystemExit(str(error)) from None
    files.write_text(target, text)
    sys.stdout.write(f"The slides: {target.resolve()}\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
