"""Faults in the theory: exact values against simulation must see them."""

import pytest

AGAINST_SIMULATION = "test_exact_values_agree_with_simulation_over_random_cases"


@pytest.fixture
def theory(copy):
    """Run the comparison of exact values with simulation, over the first `cases` of its cases."""
    copy.take("cl_core", "tests/linear/test_exact.py")

    def compare(cases):
        copy.plant("tests/linear/test_exact.py", "QUICK_CASES = 40\n", f"QUICK_CASES = {cases}\n")
        looks = f"tests/linear/test_exact.py::{AGAINST_SIMULATION}[{cases}]"
        return copy.pytest("--noconftest", looks)

    copy.compare = compare
    return copy


@pytest.mark.slow
def test_without_a_fault_it_is_green(theory):
    done = theory.compare(40)
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize(
    ("name", "old", "new", "cases"),
    [
        ("exact", "+ alpha * r * (target - moments.mean)", "- alpha * r * (target - moments.mean)", 4),
        pytest.param(
            "step", "* np.where(idle, 1.0, b))", "* np.where(idle, 1.0, b)) * 1.02", 40, marks=pytest.mark.slow
        ),
    ],
    ids=["a sign in the recursion", "V scaled by 1.02"],
)
def test_exact_values_leave_simulation(theory, name, old, new, cases):
    theory.plant(f"cl_core/linear/{name}.py", old, new)
    done = theory.compare(cases)
    assert done.returncode == 1, done.stdout
    assert "1 failed" in done.stdout
    assert "AssertionError" in done.stdout
    assert any(limit in done.stdout for limit in ("LARGEST_Z", "Z_DEVIATION", "LARGEST_BIAS"))
