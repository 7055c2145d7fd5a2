"""Odd places: in each, the check says what it says in a plain one, and a page comes out to the same byte."""

import os
import shutil
import subprocess
from contextlib import contextmanager, nullcontext

import pytest
import yaml
from support.copies import Copy, make_whole_copy

PAGE = "notebooks/01-setting.ipynb"
HOSTILE = "\n".join(
    [
        "xtick.direction: in",
        "lines.marker: o",
        "axes.xmargin: 0.3",
        "figure.autolayout: True",
        "axes.formatter.limits: -1, 1",
        "font.size: 31",
        "svg.hashsalt: other",
        "no.such.key: 1",
    ]
)

pytestmark = pytest.mark.slow


def check(copy, **options):
    return copy.run("-m", "cl_book.cli", "check", **options)


def rerun(copy, **options):
    """Run the page in the copy and return what came of it: the bytes of its file."""
    shutil.rmtree(copy.top / "out", ignore_errors=True)
    done = copy.run("-m", "cl_book.cli", "rerun", PAGE, "-p", "draws", 1000, "--out", "out", **options)
    assert done.returncode == 0, done.stdout
    return (copy.top / "out" / "01-setting.ipynb").read_bytes()


@pytest.fixture(scope="module")
def plain(shared):
    """What the check says in a plain place, and the page that a rerun writes there."""
    return check(shared), rerun(shared)


@pytest.fixture(scope="module")
def hostile(tmp_path_factory):
    """A configuration folder whose settings of matplotlib spoil every figure, and warn."""
    folder = tmp_path_factory.mktemp("configuration")
    (folder / "matplotlib").mkdir()
    (folder / "matplotlib" / "matplotlibrc").write_text(HOSTILE, encoding="utf-8")
    return folder


@pytest.fixture
def place(request, hostile):
    """The surroundings of one kind of odd place, by its name."""
    ascii_alone = {"PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0", "LC_ALL": "C"}
    return {
        "the home is the root": {"surroundings": {"HOME": "/"}},
        "the home is empty": {"surroundings": {"HOME": ""}},
        "the home is relative": {"surroundings": {"HOME": "home"}},
        "there is no home": {"surroundings": {"HOME": None}},
        "ASCII alone": {"surroundings": {**ascii_alone, "PYTHONIOENCODING": None}},
        "Latin-1": {"surroundings": {**ascii_alone, "PYTHONIOENCODING": "latin-1"}},
        "a hostile matplotlibrc": {"surroundings": {"XDG_CONFIG_HOME": hostile, "MPLCONFIGDIR": None}},
        "one core": {"before": ("taskset", "-c", str(min(os.sched_getaffinity(0))))},
        "a relative data folder": {"surroundings": {"CL_DATA_DIR": "data", "CL_CACHE_DIR": "cache"}},
    }[request.param]


PLACES = [
    "the home is the root",
    "the home is empty",
    "the home is relative",
    "there is no home",
    "ASCII alone",
    "Latin-1",
    "a hostile matplotlibrc",
    "one core",
    "a relative data folder",
]


def same(first, second):
    """Whether two processes said the same, letters apart that one of the terminals does not have."""

    def bare(process):
        return process.returncode, "".join(letter for letter in process.stdout if letter.isascii() and letter != "?")

    return bare(first) == bare(second)


@pytest.mark.parametrize("place", PLACES, indirect=True)
def test_check_and_rerun_in_an_odd_place_are_as_in_a_plain_one(shared, plain, place):
    found = check(shared, **place)
    assert same(found, plain[0]), found.stdout
    assert rerun(shared, **place) == plain[1]
    assert "Traceback" not in found.stdout


@pytest.fixture(scope="module")
def odd_path(shared, tmp_path_factory):
    """The plain copy again, in a folder whose name has a space, a #, a percent sign and an é."""
    top = tmp_path_factory.mktemp("places") / "my #1 book, 100%20 café"
    shutil.copytree(shared.top, top)
    return Copy(top)


def test_check_and_rerun_under_an_odd_path_are_as_under_a_plain_one(odd_path, plain):
    found = check(odd_path)
    assert same(found, plain[0]), found.stdout
    assert rerun(odd_path) == plain[1]


def clone_for_windows(origin, top):
    """Make `origin` a repository, clone it to `top` as Git for Windows would, and return the clone."""

    def git(*words):
        settings = ("user.name=a", "user.email=a@b.c", "core.autocrlf=true", "core.safecrlf=false")
        options = [word for setting in settings for word in ("-c", setting)]
        subprocess.run(["git", *options, *words], cwd=origin, check=True, capture_output=True)

    git("init", "-q")
    git("add", "--all", "--force")
    git("commit", "-q", "-m", "All")
    git("clone", "-q", str(origin), str(top))
    return Copy(top)


def test_a_clone_with_line_ends_of_windows_is_checked_as_any(shared, plain, tmp_path):
    origin = tmp_path / "origin"
    shutil.copytree(shared.top, origin, ignore=shutil.ignore_patterns("out", "__pycache__"))
    shutil.copy(".gitattributes", origin)
    clone = clone_for_windows(origin, tmp_path / "clone")
    assert b"\r\n" not in (clone.top / "book" / "claims.yml").read_bytes()
    found = check(clone)
    assert same(found, plain[0]), found.stdout


def _without_the_right_to_write():
    """Words that take from the superuser the right to write where nobody may."""
    return () if os.geteuid() else ("setpriv", "--bounding-set=-dac_override", "--inh-caps=-dac_override")


@contextmanager
def closed(top):
    """Let nobody write into a folder of `top`; for the superuser see `_without_the_right_to_write`."""
    folders = [top, *(path for path in top.rglob("*") if path.is_dir() and not path.is_symlink())]
    try:
        for folder in folders:
            folder.chmod(0o555)
        yield
    finally:
        for folder in folders:
            folder.chmod(0o755)


def test_a_checkout_that_cannot_be_written_is_checked_as_any_and_says_where_a_rerun_may_write(plain, shared, tmp_path):
    top = tmp_path / "copy"
    shutil.copytree(shared.top, top, ignore=shutil.ignore_patterns("out"))
    copy, before = Copy(top), _without_the_right_to_write()
    with closed(top):
        found = check(copy, before=before)
        assert same(found, plain[0]), found.stdout
        refused = copy.run("-m", "cl_book.cli", "rerun", PAGE, before=before)
        assert refused.returncode == 2
        assert "cannot write the executed notebook into build/rerun: Permission denied" in refused.stdout
        assert "give another folder with --out" in refused.stdout
        words = ("run", "digits-split", "--strategy", "frozen")
        surroundings = {"CL_CACHE_DIR": tmp_path / "cache"}
        refused = copy.run("-m", "cl_book.cli", *words, before=before, surroundings=surroundings)
        assert refused.returncode == 2
        assert "cannot store results in" in refused.stdout.splitlines()[-1]


ODD = "a #1 b%20 é"
"""A folder's name that is hard on whoever puts paths together."""


@pytest.fixture(scope="module")
def clone(tmp_path_factory):
    """A clone with Windows' line ends of the working tree as it stands, under an odd path."""
    folder = tmp_path_factory.mktemp("clone")
    make_whole_copy(folder / "origin")
    return clone_for_windows(folder / "origin", folder / ODD)


def make_book(clone, odd, hostile, out):
    """Run `make book` in the clone with the oddities of these names, into the folder `out`."""
    surroundings, before = {"LC_ALL": "C.UTF-8"}, []
    ascii_alone = {"PYTHONCOERCECLOCALE": "0", "LC_ALL": "C"}
    for name in odd:
        surroundings |= {
            "the home is the root": {"HOME": "/"},
            "ASCII alone": ascii_alone,
            "Latin-1": {**ascii_alone, "PYTHONIOENCODING": "latin-1"},
            "a hostile matplotlibrc": {"XDG_CONFIG_HOME": hostile, "MPLCONFIGDIR": None},
            "a relative data folder": {"CL_DATA_DIR": "data", "CL_CACHE_DIR": "cache"},
        }.get(name, {})
        if name == "one core":
            before += ["taskset", "-c", str(min(os.sched_getaffinity(0)))]
        if name == "a checkout that cannot be written":
            before += _without_the_right_to_write()
    return clone.make_book(f"OUT={out}", before=before, surroundings=surroundings)


ODDITIES = [
    "the home is the root",
    "ASCII alone",
    "Latin-1",
    "a hostile matplotlibrc",
    "one core",
    "a relative data folder",
    "a checkout that cannot be written",
]
CLONE = "a clone with Windows' line ends under an odd path"


@pytest.fixture(scope="module")
def all_at_once(clone, hostile, tmp_path_factory):
    """The book built by a user who has all oddities: whether that went well, what was said, and the folder of pages."""
    out = tmp_path_factory.mktemp("out") / ODD
    with closed(clone.top):
        built = make_book(clone, ODDITIES, hostile, out)
    return built, out / "_build" / "html"


@pytest.fixture(scope="module")
def require_plain(all_at_once, tmp_path_factory):
    """Fail where the book is not built in a plain place either, which is looked at where it matters."""
    if all_at_once[0].returncode != 0:
        top = tmp_path_factory.mktemp("plain") / "copy"
        built = make_book(make_whole_copy(top), [], None, top)
        if built.returncode != 0:
            pytest.fail(f"the book is built nowhere, whatever the place:\n{built.stdout}", pytrace=False)


@pytest.mark.timeout(1800)
@pytest.mark.usefixtures("require_plain")
@pytest.mark.parametrize("odd", [CLONE, *ODDITIES])
def test_make_book_holds_in_an_odd_place(odd, all_at_once, clone, hostile, tmp_path):
    """All oddities at once take one build; where that is red, each is tried alone, and is red by its own name."""
    built, pages = all_at_once
    if built.returncode != 0:
        with closed(clone.top) if "cannot be written" in odd else nullcontext():
            built, pages = make_book(clone, [odd], hostile, tmp_path / "out"), tmp_path / "out" / "_build" / "html"
    assert built.returncode == 0, built.stdout
    assert built.stdout.splitlines()[-1] == f"The book: {pages}/index.html"
    contents = yaml.safe_load((clone.top / "book" / "_toc.yml").read_text(encoding="utf-8"))
    named = [contents["root"], *_list_pages(contents)]
    assert len(named) > 20
    assert [name for name in named if not (pages / f"{name}.html").is_file()] == []
    assert not (clone.top / "_build").exists()


def _list_pages(part):
    """Names of the pages of a part of a table of contents."""
    for key in ("parts", "chapters", "sections"):
        for entry in part.get(key, ()):
            if "file" in entry:
                yield entry["file"]
            yield from _list_pages(entry)


def test_make_book_in_a_checkout_that_cannot_be_written_is_one_line_that_says_where_to(clone, hostile):
    with closed(clone.top):
        refused = make_book(clone, ["a checkout that cannot be written"], hostile, ".")
        env = clone.call(*_without_the_right_to_write(), "make", "book", "PYTHON=python3")
    said = [line for line in refused.stdout.splitlines() if not line.startswith(("make: ", "make["))]
    assert refused.returncode != 0
    assert said == ["./_build cannot be written; give another folder for the book: make book OUT=/path/to/folder"]
    said = [line for line in env.stdout.splitlines() if not line.startswith(("make: ", "make["))]
    assert env.returncode != 0
    assert said[-1] == (
        ".venv cannot be written; give another folder for the environment: make VENV=/path/to/folder ..."
    )
