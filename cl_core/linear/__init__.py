"""The linear model of continual learning: what each update learns and what it forgets, exactly and by simulation.

Needs NumPy alone. Start with :func:`expected_losses`; :func:`profile` answers for one update at every magnitude,
:mod:`cl_core.linear.paper` holds the paper's theory item by item. Everything else reads these or draws samples.
"""

from cl_core.linear.alignment import draw_alignment, expected_alignment
from cl_core.linear.blocks import TwoBlocks, sizes_of
from cl_core.linear.closed_form import forgetting_of_initialized
from cl_core.linear.decomposition import Decomposition, Profile, decompose, profile
from cl_core.linear.exact import expected_losses
from cl_core.linear.fraction import (
    FractionRun,
    JointSchedule,
    best_fraction,
    best_fractions,
    best_joint_schedule,
    gain,
    gains,
    price,
    read_gains,
    run_fractions,
)
from cl_core.linear.laws import GAUSSIAN, Law, correlated, neighbours_correlated, student
from cl_core.linear.measures import forgetting, generalization
from cl_core.linear.optimum import best_magnitude, forgetting_curve, optimal_magnitude
from cl_core.linear.paper import Setting
from cl_core.linear.phase import compare, draw_by_size, draw_outcomes, gain_lines, realise
from cl_core.linear.rules import RuleRun, run_rule
from cl_core.linear.schedule import Schedule, best_fixed_schedule, oracle_losses
from cl_core.linear.simulate import draw_losses, simulate_losses
from cl_core.linear.spectrum import (
    Spent,
    draw_filtered,
    go_part,
    make_steps,
    match_distance,
    move,
    pull_back,
    spend,
    stop_early,
)
from cl_core.linear.step import Update, learned_share, one_update, variance
from cl_core.linear.updates import draw_updates, loss_change, z_score

__all__ = [
    "GAUSSIAN",
    "Decomposition",
    "FractionRun",
    "JointSchedule",
    "Law",
    "Profile",
    "RuleRun",
    "Schedule",
    "Setting",
    "Spent",
    "TwoBlocks",
    "Update",
    "best_fixed_schedule",
    "best_fraction",
    "best_fractions",
    "best_joint_schedule",
    "best_magnitude",
    "compare",
    "correlated",
    "decompose",
    "draw_alignment",
    "draw_by_size",
    "draw_filtered",
    "draw_losses",
    "draw_outcomes",
    "draw_updates",
    "expected_alignment",
    "expected_losses",
    "forgetting",
    "forgetting_curve",
    "forgetting_of_initialized",
    "gain",
    "gain_lines",
    "gains",
    "generalization",
    "go_part",
    "learned_share",
    "loss_change",
    "make_steps",
    "match_distance",
    "move",
    "neighbours_correlated",
    "one_update",
    "optimal_magnitude",
    "oracle_losses",
    "price",
    "profile",
    "pull_back",
    "read_gains",
    "realise",
    "run_fractions",
    "run_rule",
    "simulate_losses",
    "sizes_of",
    "spend",
    "stop_early",
    "student",
    "variance",
    "z_score",
]
