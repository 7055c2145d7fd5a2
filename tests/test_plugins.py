"""Plugins: found by reference or entry point, known by their source, and one clear line for what does not fit."""

import pytest
from support.plugin_files import STRATEGY

from cl_core import plugins
from cl_core.plugins import explain_failure, find_plugin

BUILT_IN = ("frozen", "initialized")


def find(name, kind="strategy"):
    return find_plugin(kind, name, BUILT_IN)


def test_a_module_of_the_working_folder_is_found_and_known_by_its_source(own_files):
    own_files.write("mine.py")
    plugin = find("mine:Halved")
    assert plugin.value.__name__ == "Halved"
    assert list(plugin.files) == ["mine.py"]
    assert plugin.describe() == f"strategy mine:Halved: {own_files.folder / 'mine.py'}, source {plugin.digest}"
    own_files.write("mine.py", STRATEGY.replace("// 2", "// 3"))
    assert find("mine:Halved").digest != plugin.digest


def test_a_loaded_plugin_stays_what_it_is_while_its_file_changes(own_files):
    path = own_files.write("mine.py")
    before = find("mine:Halved")
    path.write_text(STRATEGY + "\n# later\n", encoding="utf-8")
    assert find("mine:Halved") is before


def test_the_source_takes_in_what_is_imported_from_beside_it_and_no_more(own_files):
    own_files.write("kit/__init__.py", "")
    own_files.write("kit/deep/rates.py", "RATE = 1\n")
    own_files.write("helper.py", "import numpy, os\nimport cl_core.files\n")
    own_files.write("unused.py", "X = 1\n")
    own_files.write("kit/mine.py", STRATEGY + "\nimport helper\nfrom .deep import rates\n")
    before = find("kit.mine:Halved")
    assert sorted(before.files) == ["helper.py", "kit/__init__.py", "kit/deep/rates.py", "kit/mine.py"]
    own_files.write("kit/deep/rates.py", "RATE = 2\n")
    assert find("kit.mine:Halved").digest != before.digest


def test_a_package_in_another_folder_is_found_by_the_path(own_files, tmp_path, monkeypatch):
    other = tmp_path / "other"
    other.mkdir()
    (other / "elsewhere.py").write_text(STRATEGY, encoding="utf-8")
    with pytest.raises(ValueError, match=r"no module 'elsewhere' .* PYTHONPATH=folder"):
        find("elsewhere:Halved")
    monkeypatch.syspath_prepend(other)
    assert find("elsewhere:Halved").root == other.resolve()


@pytest.mark.parametrize(
    "name", [".mine:Halved", "../mine.py:Halved", "mine.py", "mine:", ":Halved", "mine:A:B", "mine.Halved", "a\\b:C"]
)
def test_what_is_no_reference_is_told_the_form(own_files, name):
    own_files.write("mine.py")
    with pytest.raises(ValueError, match=r"is no strategy; write package\.module:name, such as mine:Averaged"):
        find(name)


def test_a_wrong_name_is_told_what_the_module_has(own_files):
    path = own_files.write("mine.py")
    with pytest.raises(ValueError, match="has no 'Halvd' for a strategy; it has Halved") as error:
        find("mine:Halvd")
    assert str(error.value).startswith(f"mine ({path}) ")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("1 / 0\n", "broken raises ZeroDivisionError: division by zero"),
        ("def f(:\n", "broken raises SyntaxError"),
        ("import no_such_library\n", "cannot be imported: No module named 'no_such_library'"),
        ("raise SystemExit(3)\n", "broken raises SystemExit: 3"),
    ],
)
def test_a_module_that_cannot_be_imported_says_why_in_one_line(own_files, text, said):
    own_files.write("broken.py", text)
    with pytest.raises(ValueError, match=said) as error:
        find("broken:Halved")
    assert "\n" not in str(error.value)


def test_a_file_called_like_a_library_is_refused_not_passed_over(own_files):
    own_files.write("random.py")
    with pytest.raises(ValueError, match=r"hides .*own.random\.py; give your own another name"):
        find("random:Halved")


def test_the_program_itself_is_no_plugin(own_files):
    with pytest.raises(ValueError, match="stands in no file that another process could import"):
        find("__main__:Halved")


def test_a_module_without_python_text_is_refused(own_files):
    with pytest.raises(ValueError, match="no file of Python text"):
        find("math:floor")


def test_an_installed_package_names_a_plugin(own_files):
    own_files.write("mine.py")
    own_files.install("apack", "cl_core.strategies", halved="mine:Halved")
    plugin = find("halved")
    assert (plugin.name, plugin.reference) == ("halved", "mine:Halved")
    with pytest.raises(ValueError, match="There is no strategy 'halvd'; did you mean 'halved'"):
        find("halvd")


def test_two_packages_with_one_name_must_be_told_apart(own_files):
    own_files.write("mine.py")
    own_files.write("yours.py")
    own_files.install("apack", "cl_core.strategies", halved="mine:Halved")
    own_files.install("bpack", "cl_core.strategies", halved="yours:Halved")
    with pytest.raises(
        ValueError, match=r"2 installed packages have a strategy called 'halved': .*mine:Halved.*yours|yours.*mine"
    ):
        find("halved")
    assert find("yours:Halved").value.__module__ == "yours"


def test_no_plugin_replaces_what_is_built_in(own_files):
    own_files.write("mine.py")
    own_files.install("apack", "cl_core.strategies", frozen="mine:Halved")
    assert find("frozen") is None
    assert plugins.list_installed("strategy")["frozen"] == ("mine:Halved",)


def test_a_name_that_no_file_could_have_is_refused(own_files):
    own_files.install("apack", "cl_core.strategies", **{"my rule": "mine:Halved"})
    with pytest.raises(ValueError, match="cannot be part of a file's name; ask for mine:Halved"):
        find("my rule")


def test_what_a_plugin_raises_is_one_line_with_its_place(own_files):
    own_files.write("mine.py", "def f():\n    return {}['no']\n")
    plugin = find("mine:f")
    with (
        pytest.raises(RuntimeError, match=r"^mine:f raises KeyError: 'no' \(mine.py, line 2\)"),
        explain_failure([plugin]),
    ):
        plugin.value()
    with pytest.raises(KeyError), explain_failure([plugin]):
        raise KeyError("another's")


def test_diverging_stays_what_it_is(own_files):
    own_files.write("mine.py", "def f():\n    raise FloatingPointError('diverged')\n")
    plugin = find("mine:f")
    with pytest.raises(FloatingPointError, match="diverged"), explain_failure([plugin]):
        plugin.value()


def test_of_two_plugins_in_one_file_neither_is_blamed_alone(own_files):
    own_files.write("mine.py", "def f():\n    return 1\n\ndef g():\n    return {}['no']\n")
    one, other = find("mine:f"), find("mine:g", kind="stream")
    with (
        pytest.raises(RuntimeError, match=r"^mine:f or mine:g raises KeyError: 'no' \(mine.py, line 5\)"),
        explain_failure([one, other]),
    ):
        other.value()
