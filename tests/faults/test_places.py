"""Odd places: in each, the check says what it says in a plain one, and a page comes out to the same byte."""

import os
import shutil
import subprocess

import pytest
from support.copies import Copy, make_copy

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


def test_a_clone_with_line_ends_of_windows_is_checked_as_any(shared, plain, tmp_path):
    origin = tmp_path / "origin"
    shutil.copytree(shared.top, origin, ignore=shutil.ignore_patterns("out", "__pycache__"))
    shutil.copy(".gitattributes", origin)

    def git(*words, folder=origin):
        settings = [
            "-c",
            "user.name=a",
            "-c",
            "user.email=a@b.c",
            "-c",
            "core.autocrlf=true",
            "-c",
            "core.safecrlf=false",
        ]
        subprocess.run(["git", *settings, *words], cwd=folder, check=True, capture_output=True)

    git("init", "-q")
    git("add", "--all", "--force")
    git("commit", "-q", "-m", "All")
    git("clone", "-q", str(origin), str(tmp_path / "clone"), folder=tmp_path)
    clone = Copy(tmp_path / "clone")
    assert b"\r\n" not in (clone.top / "book" / "claims.yml").read_bytes()
    found = check(clone)
    assert same(found, plain[0]), found.stdout


def _without_the_right_to_write():
    """Words that take from the superuser the right to write where nobody may."""
    return () if os.geteuid() else ("setpriv", "--bounding-set=-dac_override", "--inh-caps=-dac_override")


def test_a_checkout_that_cannot_be_written_is_checked_as_any_and_says_where_a_rerun_may_write(plain, shared, tmp_path):
    top = tmp_path / "copy"
    shutil.copytree(shared.top, top, ignore=shutil.ignore_patterns("out"))
    copy, before = Copy(top), _without_the_right_to_write()
    folders = [top, *(path for path in top.rglob("*") if path.is_dir())]
    try:
        for folder in folders:
            folder.chmod(0o555)
        found = check(copy, before=before)
        assert same(found, plain[0]), found.stdout
        refused = copy.run("-m", "cl_book.cli", "rerun", PAGE, before=before)
        assert refused.returncode == 2
        assert "cannot write the executed notebook into build/rerun: Permission denied" in refused.stdout
        assert "give another folder with --out" in refused.stdout
        refused = copy.run(
            "-m",
            "cl_book.cli",
            "run",
            "digits-split",
            "--strategy",
            "frozen",
            before=before,
            surroundings={"CL_CACHE_DIR": tmp_path / "cache"},
        )
        assert refused.returncode == 2
        assert "cannot store results in" in refused.stdout.splitlines()[-1]
    finally:
        for folder in folders:
            folder.chmod(0o755)


@pytest.mark.parametrize("hard", [False, True], ids=["plain", "all at once"])
def test_the_book_is_built_under_an_odd_path_with_a_hostile_user(hard, hostile, tmp_path):
    copy = make_copy(tmp_path / ("a #1 b%20 é" if hard else "plain"))
    copy.take("_config.yml", "book", "cl_core", "notebooks")
    for page in (copy.top / "book").glob("*.md"):
        page.unlink()
    (copy.top / "book" / "_toc.yml").write_text("format: jb-book\nroot: book/page\n", encoding="utf-8")
    (copy.top / "book" / "page.md").write_text("# A page\n\n```{math}\na = 1/2\n```\n", encoding="utf-8")
    program = "import sys; from jupyter_book.cli.main import main; sys.exit(main())"
    words = ("-c", program, "build", ".", "--toc", "book/_toc.yml", "-q", "-W", "-n", "--keep-going")
    surroundings = {"HOME": "/", "LC_ALL": "C", "XDG_CONFIG_HOME": hostile, "CL_DATA_DIR": "data"}
    one_core = ("taskset", "-c", str(min(os.sched_getaffinity(0))))
    built = copy.run(*words, surroundings=surroundings if hard else None, before=one_core if hard else ())
    assert built.returncode == 0, built.stdout
    assert "a = 1/2" in (copy.top / "_build/html/book/page.html").read_text(encoding="utf-8")
