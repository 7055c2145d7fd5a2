"""The README's first lines of Python: they run, print what stands below them, and import a small core."""

import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

TOP = Path(__file__).resolve().parents[1]
README = (TOP / "README.md").read_text(encoding="utf-8")
MOST_LINES = {"core": 1500, "holding": 160}
"""What the lines import of the core is to be read in an hour, descriptions included.

Counted apart, what holds the blocks of any model: the same lines hold a network of one's own, which these ten do not show.
"""

COUNT = """
import sys, cl_core
from pathlib import Path
for name, module in sorted(sys.modules.items()):
    if name.partition(".")[0] in ("cl_core", "cl_book"):
        print("imported", name, module.__file__)
"""


def block(language):
    """The first block of a language in the README."""
    return re.search(rf"^```{language}\n(.*?)^```$", README, flags=re.MULTILINE | re.DOTALL)[1]


@pytest.fixture(scope="module")
def printed():
    done = subprocess.run([sys.executable, "-c", block("python") + COUNT], capture_output=True, text=True, cwd=TOP)
    assert done.returncode == 0, done.stderr
    said, imported = done.stdout.partition("imported ")[::2]
    return said, dict(line.split() for line in imported.replace("imported ", "").splitlines())


def numbers(text):
    return [float(word) for word in re.findall(r"-?\d+\.\d*|nan", text)]


def test_python_comes_before_the_details_of_the_commands():
    assert README.index("make book") < README.index("```python") < README.index("cl-core rerun")


def test_the_core_s_part_is_ten_lines():
    lines = [line for line in block("python").splitlines() if line and not line.startswith("import numpy")]
    assert sum("cl." in line or "cl_core" in line for line in lines) <= 10


@pytest.mark.slow
def test_the_lines_print_what_is_said_below_them(printed):
    said, shown = numbers(printed[0]), numbers(block("text"))
    assert len(said) == len(shown) == 26
    # Rounding differs between machines, and training amplifies it.
    assert said == pytest.approx(shown, abs=0.1, nan_ok=True)
    accuracy = np.array(said[:25]).reshape(5, 5)
    assert said[25] == pytest.approx(np.mean((np.diag(accuracy) - accuracy[-1])[:-1]), abs=0.01)


@pytest.mark.slow
def test_the_lines_import_a_small_core(printed):
    lines = {name: len(Path(path).read_text(encoding="utf-8").splitlines()) for name, path in printed[1].items()}
    assert {"cl_core", "cl_core.strategies", "cl_core.metrics", "cl_core.learners.training"} <= set(lines)
    holding = {name: lines.pop(name) for name in [*lines] if name.startswith("cl_core.torch")}
    assert set(holding) == {"cl_core.torch", "cl_core.torch.holding"}
    assert sum(holding.values()) < MOST_LINES["holding"], holding
    assert sum(lines.values()) < MOST_LINES["core"], lines
    assert not [name for name in lines if name.startswith(("cl_book", "cl_core.runs", "cl_core.experiments"))]
