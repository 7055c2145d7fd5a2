"""Reruns: equal ones are equal to the line, wrong parameters never start one, failures are kept."""

import json

import pytest
from cl_book.notebooks import execution
from cl_book.notebooks.parameters import ParameterError
from cl_book.notebooks.refresh import refresh
from cl_book.notebooks.rerun import Change, rerun, resolve
from nbdime import nbdiffapp

PARAMETERS = "steps: int = 30  # [1, 500] gradient steps\nprofile: str = 'smoke'  # {smoke, cpu} size of the run"
PAGE = """\
from cl_book.notebooks.record import record, verdict
record("double", 2 * steps, "{:d}")
record("fixed", 1.0)
verdict("T04", holds=steps < 100, evidence=f"{steps} steps, limit 100")"""


@pytest.mark.slow
def test_equal_reruns_are_equal_and_changes_are_told_and_shown_by_nbdime(write_page, tmp_path, capsys):
    path = write_page("page", PAGE, parameters=PARAMETERS)
    list(refresh([path]))
    before = path.read_bytes()
    given = resolve(path, settings={"steps": "400"}, profile="cpu")
    assert given == {"profile": "cpu", "steps": 400}

    one, two = (rerun(path, given=given, out=tmp_path / name) for name in ("one", "two"))
    assert one.failure is None
    assert one.path.read_bytes() == two.path.read_bytes()
    assert path.read_bytes() == before
    assert str(tmp_path) not in one.path.read_text()
    assert json.loads(one.path.read_text())["metadata"]["cl_core"] == {
        "rerun": {"notebook": "page.ipynb", "parameters": {"profile": "cpu", "steps": 400}}
    }
    assert one.changes == (
        Change("T04", "holds · 30 steps, limit 100", "fails · 400 steps, limit 100"),
        Change("double", "60", "800"),
    )

    def shown(*paths):
        assert nbdiffapp.main(["--no-color", *map(str, paths)]) == 0
        return capsys.readouterr().out

    other = rerun(path, given={**given, "steps": 401}, out=tmp_path / "other")
    assert shown(one.path, two.path) == ""
    assert "steps = 401" in shown(one.path, other.path)
    assert "double = 802" in shown(one.path, other.path)
    assert "fixed" not in shown(one.path, other.path)


def test_a_rerun_of_a_rerun_has_the_parameters_that_it_is_given_and_no_others(write_page, tmp_path):
    path = write_page("page", "print(steps, profile)", parameters=PARAMETERS)
    first = rerun(path, given={"steps": 7, "profile": "cpu"}, out=tmp_path / "one")
    for given, printed in (({}, "30 smoke\n"), ({"steps": 8}, "8 smoke\n")):
        again = rerun(first.path, given=given, out=tmp_path / "two")
        notebook = json.loads(again.path.read_text())
        assert notebook["metadata"]["cl_core"]["rerun"]["parameters"] == given
        assert notebook["cells"][-1]["outputs"][0]["text"] == [printed]


def test_sources_of_parameters(write_page, tmp_path):
    path = write_page("page", PAGE, parameters=PARAMETERS)
    file = tmp_path / "mine.yaml"
    file.write_text("steps: 5\nprofile: cpu\n", encoding="utf-8")
    assert resolve(path, settings={}, file=file) == {"steps": 5, "profile": "cpu"}
    assert resolve(path, settings={"steps": "6"}, file=file, profile="smoke") == {"steps": 6, "profile": "smoke"}
    assert resolve(path, settings={}) == {}


def test_profile_smoke_is_for_every_notebook_and_repeats_least(write_page):
    counts = (
        "draws: int = 30  # [10, 500] draws\n"
        "epochs: list[int] = []  # [1, 200] passes\n"
        "few: int = 3  # [1, 9] blocks\n"
        "seeds: int = 6  # (2, 9] networks"
    )
    without, with_profile = (
        write_page("page", PAGE, parameters=counts),
        write_page("other", PAGE, parameters=PARAMETERS),
    )
    assert resolve(without, settings={}, profile="smoke") == {"draws": 10, "epochs": [1], "seeds": 3}
    assert resolve(without, settings={"draws": "11"}, profile="smoke")["draws"] == 11
    assert resolve(with_profile, settings={}, profile="smoke") == {"profile": "smoke"}
    with pytest.raises(ParameterError, match="no parameter 'profile'"):
        resolve(without, settings={}, profile="cpu")


@pytest.mark.parametrize(
    ("content", "says"), [("- 1", "name: value"), ("a: [", "as YAML"), ("stepz: 5", "did you mean 'steps'"), ("", None)]
)
def test_parameter_files(write_page, tmp_path, content, says):
    path = write_page("page", PAGE, parameters=PARAMETERS)
    file = tmp_path / "mine.yaml"
    file.write_text(content, encoding="utf-8")
    if says is None:
        assert resolve(path, settings={}, file=file) == {}
        return
    with pytest.raises(ParameterError, match=says):
        resolve(path, settings={}, file=file)


def test_missing_parameter_file_and_profile(write_page, tmp_path):
    path = write_page("page", "1", parameters="steps: int = 30  # [1, 500] steps")
    with pytest.raises(ParameterError, match=r"gone\.yaml"):
        resolve(path, settings={}, file=tmp_path / "gone.yaml")
    with pytest.raises(ParameterError, match="no parameter 'profile'"):
        resolve(path, settings={}, profile="cpu")


def test_the_notebook_itself_is_never_overwritten(write_page):
    path = write_page("page", "1")
    with pytest.raises(ValueError, match="--out"):
        rerun(path, given={}, out=path.parent)


def test_a_place_that_cannot_be_written_is_told_before_anything_runs(write_page, tmp_path, monkeypatch):
    path = write_page("page", "1")
    (tmp_path / "file").write_text("no folder")
    monkeypatch.setattr(execution, "execute", lambda *given, **more: pytest.fail("nothing may run"))
    with pytest.raises(
        OSError, match=r"cannot write the executed notebook into .*file: .*; give another folder with --out"
    ):
        rerun(path, given={}, out=tmp_path / "file")
