"""The page on how the book is written: its list of markup is whole, and each recipe works as it stands there."""

import re
import subprocess
import sys
from pathlib import Path

import cl_book.pages
import pytest
from cl_book.pages.markup_page import set_text
from support.copies import Copy

TOP = Path(__file__).resolve().parents[3]
PAGE = (TOP / "book" / "writing.md").read_text(encoding="utf-8")
BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", flags=re.MULTILINE | re.DOTALL)
FILES = {"A stream": 2, "A strategy": 2, "A claim": 1, "A chapter": 2}
"""The files that each recipe changes; a chapter's notebook is made beside them."""

AFTER = {
    "A stream": ["tests/streams", "tests/experiments/test_plan.py", "tests/experiments/test_settings.py"],
    "A strategy": [
        "tests/test_strategies.py",
        "tests/experiments/test_strategy_table.py",
        "tests/experiments/test_plan.py",
    ],
    "A claim": ["tests/book/claims/test_claim.py", "tests/book/test_check.py"],
    "A chapter": ["tests/notebooks/test_stored.py", "tests/notebooks/test_alternatives.py"],
}
"""Tests that spell out what there is, and must not have to be touched."""


def recipe(title):
    """The blocks of one recipe, in their order, as pairs of language and text."""
    return BLOCK.findall(re.split(r"^## ", PAGE.partition(f"## {title}\n")[2], maxsplit=1, flags=re.MULTILINE)[0])


def apply(copy, text):
    """Make the change that a block shows, and return the name of the file."""
    head, *lines = text.splitlines()
    name = head.removeprefix("+++ ")
    old = "\n".join(line[1:] for line in lines if not line.startswith("+"))
    copy.plant(name, f"\n{old}\n", "\n" + "\n".join(line[1:] for line in lines) + "\n")
    return name


def follow(copy, title):
    """Do what a recipe says, compare what its commands print, and return the files that it changed."""
    changed = []
    for language, text in recipe(title):
        if language == "diff":
            changed.append(apply(copy, text))
        elif language == "python":
            done = copy.run("-c", text)
            assert done.returncode == 0, done.stdout
        else:
            for command, *expected in (part.splitlines() for part in re.split(r"^\$ ", text, flags=re.MULTILINE)[1:]):
                program, *words = command.split()
                assert program == "cl-core"
                done = copy.run("-m", "cl_book", *words)
                assert done.returncode == 0, done.stdout
                for line in expected:
                    pattern = ".*".join(map(re.escape, line.split("…")))
                    assert re.search(f"^{pattern}$", done.stdout, flags=re.MULTILINE), (line, done.stdout)
    return changed


@pytest.fixture
def copy(tmp_path):
    copy = Copy(tmp_path / "copy")
    copy.take("pyproject.toml", "cl_core", "book", "notebooks", "results", "tests", "README.md", "_config.yml")
    return copy


@pytest.mark.slow
@pytest.mark.parametrize("title", FILES)
def test_a_recipe_works_as_it_stands(copy, title):
    changed = follow(copy, title)
    assert len(set(changed)) == FILES[title]
    chosen = ("-k", "20-two-tasks") if title == "A chapter" else ("-m", "not slow")
    done = copy.pytest(*chosen, *AFTER[title])
    assert done.returncode == 0, done.stdout
    assert " passed" in done.stdout


def test_every_recipe_of_the_page_is_followed():
    titles = re.findall(r"^## (A .+)$", PAGE, flags=re.MULTILINE)
    assert titles == list(FILES) == list(AFTER)
    assert all({language for language, _ in recipe(title)} >= {"diff", "console"} for title in titles)


@pytest.mark.slow
def test_every_role_and_directive_says_how_it_is_written():
    """In a process of its own: what is registered stays registered."""
    program = (
        "from types import SimpleNamespace\n"
        "from docutils.parsers.rst import directives, roles\n"
        "import cl_book.pages\n"
        "from cl_book.pages.markup_page import list_markup\n"
        "class App(SimpleNamespace):\n"
        "    def __getattr__(self, name): return lambda *a, **k: None\n"
        "    def add_role(self, name, role, **k): roles.register_local_role(name, role)\n"
        "    def add_directive(self, name, kind, **k): directives.register_directive(name, kind)\n"
    )
    sources = [path.read_text(encoding="utf-8") for path in Path(cl_book.pages.__file__).parent.glob("*.py")]
    names = {name for text in sources for name in re.findall(r'app\.add_(?:role|directive)\("([\w-]+)"', text)}
    parts = sorted(
        path.stem
        for path in Path(cl_book.pages.__file__).parent.glob("*.py")
        if re.search(r"app\.add_(role|directive)", path.read_text(encoding="utf-8"))
    )
    program += f"from importlib import import_module\nfor part in {parts!r}:\n"
    program += "    import_module('cl_book.pages.' + part).setup(App())\n"
    program += "for name, text in list_markup().items(): print(name, text, sep='\\t')\n"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    listed = dict(line.split("\t") for line in done.stdout.splitlines())
    assert len(listed) >= 21
    assert {name.strip(":{}") for name in listed} == names
    for name, text in listed.items():
        assert text.startswith(f"``{name}"), f"{name}: its docstring begins with how it is written"
        assert len(text.split(": ", 1)[1]) > 20


@pytest.mark.parametrize(
    ("text", "codes"),
    [
        ("``{mark}`S```: the mark", ["{mark}`S`"]),
        ("``:::{cover}``: a picture", [":::{cover}"]),
        ("``{value}`a``` or ``{value}`b:a```: a `number`", ["{value}`a`", "{value}`b:a`", "number"]),
        ("nothing of the kind", []),
    ],
)
def test_what_stands_in_backticks_is_set_as_code(text, codes):
    parts = set_text(text)
    assert [part.astext() for part in parts if part.tagname == "literal"] == codes
