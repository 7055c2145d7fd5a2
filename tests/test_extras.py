"""The public names, what they import, and what is said where an extra is missing."""

import ast
import importlib
import json
import re
import subprocess
import sys
import tomllib
from functools import cache
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

import cl_core
from cl_core.extras import EXTRA_OF, missing_extra
from cl_core.late import import_late

TOP = Path(__file__).resolve().parents[1]
PROJECT = tomllib.loads((TOP / "pyproject.toml").read_text(encoding="utf-8"))["project"]
FACADES = ("cl_core", "cl_core.learners")

distributions_of = cache(packages_distributions)
"""The distributions that bring each installed package; asked for once, since it reads all of them."""

BARE = """
import sys
allowed = {"cl_core", "cl_book", "numpy", *sys.stdlib_module_names}
class Bare:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] not in allowed and not name.startswith("_"):
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)
sys.meta_path.insert(0, Bare())
"""


def bare(program):
    """Run a program where no package but NumPy can be imported."""
    return subprocess.run([sys.executable, "-c", BARE + program], capture_output=True, text=True, cwd=TOP)


def requirements(extra):
    """Names of the packages that an extra brings, with those of the extras that it contains."""
    names = set()
    for line in PROJECT["optional-dependencies"][extra]:
        if own := re.fullmatch(r"cl-core\[(.+)\]", line):
            names.update(*(requirements(part) for part in own[1].split(",")))
        else:
            names.add(re.match(r"[\w.-]+", line)[0].lower())
    return names


@pytest.mark.parametrize(
    "module", ["cl_core", "cl_core.linear", "cl_core.strategies", "cl_core.metrics", "cl_core.streams", "cl_core.draws"]
)
def test_this_needs_numpy_alone(module):
    done = bare(f"import {module}\nprint({module}.__name__)")
    assert (done.returncode, done.stdout) == (0, f"{module}\n"), done.stderr


def test_importing_the_package_imports_nothing_else():
    done = bare("import cl_core\nprint(sorted(name for name in sys.modules if name.startswith(('cl_core', 'numpy'))))")
    assert done.stdout == "['cl_core', 'cl_core.late']\n"


def test_a_network_without_torch_says_which_extra():
    done = bare("import cl_core\ncl_core.train_task")
    assert done.stderr.splitlines()[-1] == (
        'ModuleNotFoundError: cl_core.train_task: torch is not installed; pip install "cl-core[torch]" brings it'
    )


def test_the_command_line_without_its_packages_says_which_extra():
    done = bare("from cl_book.__main__ import main\nmain()")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == 'cl-core: typer is not installed; pip install "cl-core[runs]" brings it\n'


def test_a_run_without_torch_says_which_extra(tmp_path):
    program = f"import sys\nOUT = {str(tmp_path)!r}\nsys.modules['torch'] = None\nsys.argv = ['cl-core', 'run', 'digits-split', '--strategy', 'frozen', '--out', OUT]\nfrom cl_book.__main__ import main\nmain()"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, cwd=TOP)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == 'cl-core: torch is not installed; pip install "cl-core[torch]" brings it\n'


def test_what_is_in_no_extra_is_not_explained():
    assert missing_extra(ModuleNotFoundError("No module named 'nowhere'", name="nowhere")) is None
    assert missing_extra(ModuleNotFoundError("cl_core.mistyped", name="cl_core.mistyped")) is None
    assert missing_extra(ModuleNotFoundError("no name is given")) is None


def test_a_wrong_name_lists_the_right_ones():
    with pytest.raises(AttributeError, match=r"module 'cl_core' has no attribute 'trian_task'; it has NetworkSpec, "):
        _ = cl_core.trian_task


def test_a_module_that_lacks_what_is_in_no_extra_shows_its_own_error():
    get, _ = import_late("package", {"name": "cl_core.nowhere"})
    with pytest.raises(ModuleNotFoundError, match=r"^No module named 'cl_core.nowhere'$"):
        get("name")


@pytest.mark.parametrize("module", sorted(EXTRA_OF))
def test_each_extra_brings_what_it_is_said_to_bring(module):
    distributions = {name.lower() for name in distributions_of()[module]}
    assert distributions & {name.replace("_", "-") for name in requirements(EXTRA_OF[module])}


FLOORS = {
    "cl_core/streams": "streams",
    "cl_core/learners": "torch",
    "cl_core/experiments": "torch",
    "cl_core/runs": "all",
    "book/cl_book/notebooks": "notebooks",
    "book/cl_book/claims": "notebooks",
    "book/cl_book/figures": "notebooks",
    "book/cl_book/commands": "runs",
    "book/cl_book/pages": "book",
}


@pytest.mark.parametrize("folder", sorted(FLOORS))
def test_each_floor_imports_only_what_its_extra_brings(folder):
    # What a package of the extra brings with it: torch's and jupyter's own parts.
    brought = {
        "ipython",
        "jupyter-client",
        "pyzmq",
        "traitlets",
        "dask",
        "docutils",
        "markdown-it-py",
        "cycler",
        "numpy",
    }
    allowed = requirements(FLOORS[folder]) | brought
    for path in (TOP / folder).rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            names += [node.module] if isinstance(node, ast.ImportFrom) and node.module else []
            for name in {name.partition(".")[0] for name in names} - sys.stdlib_module_names - {"cl_core", "cl_book"}:
                assert {one.lower().replace("_", "-") for one in distributions_of()[name]} & allowed, f"{path}: {name}"


@pytest.mark.parametrize("package", FACADES)
def test_every_public_name_is_there_and_the_types_say_the_same(package):
    module = importlib.import_module(package)
    names = {name for name in module.__all__ if not name.startswith("__")}
    assert names == set(dir(module))
    stub = TOP.joinpath(*package.split("."), "__init__.pyi").read_text(encoding="utf-8")
    places = {
        alias.asname: (node.module, alias.name)
        for node in ast.parse(stub).body
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
    }
    assert set(places) == names
    for name in names:
        place, original = places[name]
        assert importlib.import_module(place) is not None
        value = getattr(module, name)
        assert value is getattr(importlib.import_module(place), original)


def test_no_stored_code_goes_through_the_late_names():
    """A page is stale when a module that it reaches has changed, and reachable is what an import names."""
    sources = [path.read_text(encoding="utf-8") for part in ("cl_core", "book") for path in (TOP / part).rglob("*.py")]
    for path in (TOP / "notebooks").glob("*.ipynb"):
        cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
        sources += ["".join(cell["source"]) for cell in cells if cell["cell_type"] == "code"]
    for source in sources:
        lines = "\n".join(line for line in source.splitlines() if not line.lstrip().startswith(("%", "!")))
        for node in ast.walk(ast.parse(lines)):
            if isinstance(node, ast.Import):
                assert not {alias.name for alias in node.names} & set(FACADES)
            elif isinstance(node, ast.ImportFrom) and node.module in FACADES:
                for alias in node.names:
                    place = TOP.joinpath(*node.module.split("."), alias.name)
                    assert alias.name == "__version__" or place.is_dir() or place.with_suffix(".py").is_file(), (
                        f"import {alias.name} from the module that defines it, not from {node.module}"
                    )


def test_the_version_is_said_once_and_cited():
    assert PROJECT["dynamic"] == ["version"]
    assert f"\nversion: {cl_core.__version__}\n" in (TOP / "CITATION.cff").read_text(encoding="utf-8")
