"""What the tests of the companion share with those of the experiments."""

import runpy
from pathlib import Path

make_result = runpy.run_path(str(Path(__file__).resolve().parents[1] / "experiments/conftest.py"))["make_result"]
"""The made-up results of the tests of experiments."""
