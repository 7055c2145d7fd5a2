"""What a clone brings for those who work on it: line ends, hooks, workflows, environments, locks."""

import re
import subprocess
import tomllib
from pathlib import Path

import pytest
import yaml
from packaging.requirements import Requirement

TOP = Path(__file__).resolve().parents[1]
PROJECT = tomllib.loads((TOP / "pyproject.toml").read_text(encoding="utf-8"))["project"]
WORKFLOWS = sorted((TOP / ".github" / "workflows").glob("*.yml"))
LOCKS = ("requirements.lock", "requirements-torch.lock", "requirements-peers.lock")


def load(name):
    return yaml.safe_load((TOP / name).read_text(encoding="utf-8"))


def test_a_clone_made_for_windows_has_the_same_bytes(tmp_path):
    clone = tmp_path / "clone"
    command = ["git", "clone", "-q", "-c", "core.autocrlf=true", "-c", "core.eol=crlf", str(TOP), str(clone)]
    subprocess.run(command, check=True, capture_output=True)
    listed = subprocess.run(["git", "-C", clone, "ls-files", "--eol"], check=True, capture_output=True, text=True)
    ends = {tuple(line.split()[:2]) for line in listed.stdout.splitlines()}
    assert ends <= {("i/lf", "w/lf"), ("i/none", "w/none"), ("i/-text", "w/-text")}


def test_actions_are_pinned_by_commit_and_each_in_one_version():
    used = [word for path in WORKFLOWS for word in re.findall(r"uses: (.+)", path.read_text(encoding="utf-8"))]
    assert len(used) > 5
    assert all(re.fullmatch(r"[\w-]+/[\w-]+@[0-9a-f]{40} # v[\d.]+", word) for word in used)
    assert len(set(used)) == len({word.partition("@")[0] for word in used})


def test_the_workflows_name_targets_that_the_makefile_has():
    makefile = (TOP / "Makefile").read_text(encoding="utf-8")
    text = "".join(path.read_text(encoding="utf-8") for path in WORKFLOWS)
    text += (TOP / "CONTRIBUTING.md").read_text(encoding="utf-8")
    targets = set(re.findall(r"make ([a-z-]+)", text))
    assert {"book", "test", "slow", "links", "lock"} <= targets
    assert all(re.search(rf"^{target}:", makefile, flags=re.MULTILINE) for target in targets)


def test_the_quick_tests_run_on_every_python_that_is_promised():
    tested = load(".github/workflows/book.yml")["jobs"]["test"]["strategy"]["matrix"]
    assert PROJECT["requires-python"] == ">=3.11,<3.14"
    assert tested == {"os": ["ubuntu-latest", "macos-latest"], "python": ["3.11", "3.12", "3.13"]}


def test_each_hook_is_a_command_of_the_checkout_s_own_environment():
    hooks = [hook for repo in load(".pre-commit-config.yaml")["repos"] for hook in repo["hooks"]]
    assert {hook["id"] for hook in hooks} >= {"ruff", "codespell", "import-linter", "cl-core-check"}
    scripts = {"ruff", "codespell", "lint-imports", "cl-core"}
    assert {hook["entry"].split()[0] for hook in hooks} == {f".venv/bin/{script}" for script in scripts}


def test_binder_installs_extras_that_there_are():
    (own,) = next(part["pip"] for part in load("binder/environment.yml")["dependencies"] if isinstance(part, dict))
    assert own.startswith("../.[")
    assert set(own[5:-1].split(",")) <= set(PROJECT["optional-dependencies"])


@pytest.mark.parametrize("name", LOCKS)
def test_a_lock_says_how_it_was_made_and_pins_versions_alone(name):
    lines = (TOP / name).read_text(encoding="utf-8").splitlines()
    assert "#    make lock" in lines[:2]
    for line in lines[2:]:
        assert re.fullmatch(r"[\w.-]+==[\w.]+( ; [\w<>=!.'()* ]+)?", line), line
        Requirement(line)


def test_the_locks_pin_all_that_the_extras_ask_for():
    pinned = {Requirement(line).name for name in LOCKS for line in (TOP / name).read_text().splitlines()[2:]}
    for lines in PROJECT["optional-dependencies"].values():
        assert {Requirement(line).name.lower() for line in lines} - {"cl-core"} <= pinned


def test_no_lock_contradicts_another():
    pins = {}
    for name in LOCKS:
        for line in (TOP / name).read_text(encoding="utf-8").splitlines()[2:]:
            pin = Requirement(line)
            pins.setdefault((pin.name, str(pin.specifier)), set()).add(name)
    places = {}
    for (name, _), locks in pins.items():
        places.setdefault(name, []).append(locks)
    assert {name: locks for name, locks in places.items() if len({frozenset(one) for one in locks}) > 1} == {}


def test_the_peers_bring_no_torch_of_their_own():
    lock = (TOP / "requirements-peers.lock").read_text(encoding="utf-8")
    assert "\ntorchvision==" in lock
    assert not re.search(r"^(torch|triton|jax|nvidia-\S+|cuda-\S+)==", lock, flags=re.MULTILINE)
    makefile = (TOP / "Makefile").read_text(encoding="utf-8")
    assert re.search(r"--no-deps .*requirements-peers\.lock", makefile)
    assert re.search(r"^slow: \$\(VENV\)/installed-peers$", makefile, flags=re.MULTILINE)


@pytest.mark.parametrize("path", sorted((TOP / ".github").rglob("*.yml")), ids=lambda path: path.name)
def test_what_github_reads_is_yaml(path):
    assert isinstance(yaml.safe_load(path.read_text(encoding="utf-8")), dict)
