"""Each module has a test file in the same place under tests/, or stands here beside the file that tests it."""

from pathlib import Path

import pytest

TOP = Path(__file__).resolve().parents[1]
PACKAGES = {"cl_core": "tests", "book/cl_book": "tests/book"}

TESTED_BY = {
    "tests/test_strategies.py": [
        "cl_core/threshold_rules.py",
        "cl_core/hybrid_rule.py",
        "cl_core/given_updates.py",
        "cl_core/block_sizes.py",
    ],
    "tests/test_torch.py": ["cl_core/torch/movable.py", "cl_core/torch/holding.py"],
    "tests/test_torch_steps.py": ["cl_core/torch/step_hooks.py", "cl_core/torch/baselines.py"],
    "tests/linear/test_exact.py": ["cl_core/linear/closed_form.py", "cl_core/linear/measures.py"],
    "tests/linear/test_phase.py": ["cl_core/linear/blocks.py"],
    "tests/linear/test_schedule.py": ["cl_core/linear/rules.py"],
    "tests/linear/test_simulate.py": ["cl_core/draws.py", "cl_core/linear/laws.py", "cl_core/linear/problem.py"],
    "tests/streams/test_sequences.py": ["cl_core/streams/given.py"],
    "tests/streams/test_definitions.py": ["cl_core/naming.py"],
    "tests/streams/test_fetching.py": ["cl_core/streams/manifest.py", "cl_core/streams/errors.py"],
    "tests/streams/test_formats.py": ["cl_core/streams/arrays.py"],
    "tests/book/test_environment.py": ["cl_core/streams/presence.py"],
    "tests/experiments/test_strategy_table.py": ["cl_core/learners/penalties.py"],
    "tests/experiments/test_settings.py": ["cl_core/settings_base.py", "cl_core/setting_ranges.py"],
    "tests/experiments/test_store.py": ["cl_core/metric_table.py"],
    "tests/learners/test_networks.py": ["cl_core/learners/resnet.py"],
    "tests/learners/test_training.py": ["cl_core/learners/part_way.py"],
    "tests/test_extras.py": ["cl_core/late.py"],
    "tests/experiments/test_path.py": ["cl_core/learners/trained_gradient.py"],
    "tests/experiments/test_plan.py": ["cl_core/experiments/catalogue.py"],
    "tests/experiments/test_runner.py": [
        "cl_core/experiments/bounds.py",
        "cl_core/experiments/rows.py",
        "cl_core/experiments/run_context.py",
        "cl_core/experiments/sequential.py",
    ],
    "tests/runs/test_designs.py": ["cl_core/runs/design_axes.py"],
    "tests/runs/test_sweep.py": ["cl_core/runs/executors.py", "cl_core/runs/worker.py"],
    "tests/book/claims/test_design_claims.py": ["book/cl_book/claims/design_tests.py"],
    "tests/book/pages/test_design_pages.py": ["book/cl_book/figures/design_figures.py"],
    "tests/book/commands/test_sweep_command.py": ["book/cl_book/commands/design_sweep_command.py"],
    "tests/book/claims/test_comparisons.py": ["book/cl_book/claims/arms.py"],
    "tests/book/claims/test_claim.py": ["book/cl_book/claims/standings.py", "book/cl_book/claims/theory_claims.py"],
    "tests/book/claims/test_run_claims.py": ["book/cl_book/claims/caveats.py", "book/cl_book/claims/report.py"],
    "tests/book/commands/test_run_command.py": ["book/cl_book/commands/run_summary.py"],
    "tests/book/test_build.py": ["book/cl_book/pages/footer.py", "book/cl_book/pages/offline.py"],
    "tests/book/test_cover.py": ["book/cl_book/pages/cover_picture.py"],
    "tests/book/pages/test_explorer.py": ["book/cl_book/pages/interactive.py"],
    "tests/book/test_browser.py": [
        "book/cl_book/pages/blocked_storage.py",
        "book/cl_book/pages/proofs.py",
        "book/cl_book/pages/redirect.py",
    ],
    # What a role or directive makes of a page shows only when Sphinx builds one: two pages, built once for each case.
    "tests/book/test_extensions.py": [
        f"book/cl_book/pages/{name}.py"
        for name in (
            "charts",
            "claim_boxes",
            "evidence_marks",
            "figure_nodes",
            "folds",
            "formulas",
            "implied_table",
            "numbers",
            "outputs",
            "overview_table",
            "paper_cells",
            "reference_tables",
            "result_values",
            "results_link",
            "role_errors",
            "run_lists",
            "scoreboard",
            "stale_banner",
            "status_pages",
        )
    ],
}


def mirror(module):
    package = next(package for package in PACKAGES if module.startswith(package))
    inner = Path(module).relative_to(package)
    return Path(PACKAGES[package]) / inner.parent / f"test_{inner.name}"


MODULES = sorted(
    path.relative_to(TOP).as_posix()
    for package in PACKAGES
    for path in (TOP / package).rglob("*.py")
    if not path.name.startswith("__")
)


@pytest.mark.parametrize("module", MODULES)
def test_every_module_has_its_test_file(module):
    places = [place for place, modules in TESTED_BY.items() if module in modules]
    own = (TOP / mirror(module)).is_file()
    assert own or places, f"write {mirror(module)}, or name in TESTED_BY the file that tests {module}"
    assert not (own and places), f"{module} has its own test file: take it from TESTED_BY"
    assert len(places) <= 1


def test_the_list_names_nothing_that_is_gone():
    assert [place for place in TESTED_BY if not (TOP / place).is_file()] == []
    assert [each for modules in TESTED_BY.values() for each in modules if each not in MODULES] == []
