"""The book's Sphinx extension: it takes figures, verdicts and numbers from stored notebooks and results."""

import gc
from hashlib import sha256
from pathlib import Path
from typing import Any

from sphinx.application import Sphinx

from cl_book.pages import (
    answer_tables,
    api_page,
    blocked_storage,
    chapter_numbers,
    charts,
    choice_tables,
    claim_boxes,
    code_cells,
    cover_picture,
    data_tables,
    design_pages,
    every_seed,
    evidence_marks,
    explorer,
    figure_nodes,
    folds,
    footer,
    hero,
    implied_table,
    interactive,
    launch,
    links,
    markup_page,
    number_columns,
    numbers,
    offline,
    outputs,
    overview_table,
    paper_cells,
    phase_map,
    proofs,
    redirect,
    reference_tables,
    result_values,
    results_link,
    retest_tables,
    run_lists,
    scoreboard,
    setting_tables,
    social_card,
    stale_banner,
    status_pages,
    strategy_tables,
    stream_box,
)


def setup(app: Sphinx) -> dict[str, Any]:
    """Set up every part."""
    for part in (
        offline,
        blocked_storage,
        chapter_numbers,
        api_page,
        markup_page,
        folds,
        claim_boxes,
        run_lists,
        figure_nodes,
        outputs,
        code_cells,
        number_columns,
        proofs,
        cover_picture,
        data_tables,
        design_pages,
        evidence_marks,
        every_seed,
        numbers,
        status_pages,
        result_values,
        results_link,
        retest_tables,
        reference_tables,
        overview_table,
        answer_tables,
        hero,
        setting_tables,
        strategy_tables,
        stream_box,
        charts,
        choice_tables,
        explorer,
        phase_map,
        interactive,
        implied_table,
        paper_cells,
        scoreboard,
        stale_banner,
        footer,
        redirect,
        launch,
        social_card,
        links,
    ):
        part.setup(app)
    # A build keeps nearly all that it makes: looking through it for garbage as often as usual took a fifth of its time.
    gc.set_threshold(50_000, 20, 50)
    return {"version": "1", "env_version": _digest(), "parallel_read_safe": True, "parallel_write_safe": True}


def _digest() -> int:
    """Return a number that changes with these sources, so that Sphinx builds all pages anew."""
    sources = sorted(Path(__file__).parent.glob("*.py"))
    return int(sha256(b"".join(path.read_bytes() for path in sources)).hexdigest()[:8], 16)
