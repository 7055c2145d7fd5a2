"""The commands run and data, as a user meets them."""

import json
from dataclasses import replace

import numpy as np
import pytest
from cl_book.commands.run_summary import describe_stand_in

from cl_core import streams
from cl_core.experiments import store
from cl_core.experiments.catalogue import CATALOGUE, PROFILES
from cl_core.experiments.plan import make_plan
from cl_core.experiments.settings import SETTINGS
from cl_core.experiments.strategy_table import STRATEGIES
from cl_core.streams import arrays
from cl_core.streams.fetching import locate_official
from cl_core.streams.manifest import SOURCES
from cl_core.streams.splits import split_by_digest

QUICK = ["--set", "width=8", "--set", "epochs=1", "--set", "batch=256", "--set", "tasks=3"]
SIZES = {"train": 300, "test": 50}
FEATURES = """
import numpy as np
from cl_core.streams import Stream

rows = np.arange(24.0).reshape(8, 3)
labels = np.arange(8) % 2
tasks = Stream.of([(rows, labels, rows, labels), (rows + 1, labels, rows, labels)], name="features")
"""


@pytest.fixture
def command(run, monkeypatch, tmp_path):
    """Call the command line with a cache of the test's own; return its exit code, stdout and stderr."""
    monkeypatch.setenv("CL_CACHE_DIR", str(tmp_path / "cache"))
    monkeypatch.delenv("CL_DATA_ROUTE", raising=False)
    return run


def test_help_is_a_manual_of_all_there_is(command):
    code, out, _ = command("run", "--help")
    assert code == 0
    for name in (*CATALOGUE, *STRATEGIES, *PROFILES, *SETTINGS, "--again", "--data", "--set", "Examples"):
        assert name in out
    for strategy in STRATEGIES.values():
        assert f"also: {strategy.also}" in out


def test_a_network_that_a_stream_has_anyway_is_no_stand_in(own_files):
    own_files.write("features.py", FEATURES)
    assert describe_stand_in(make_plan("features:tasks@mlp", "frozen", 100, "smoke")) is None
    assert "stand-in digits-split@mlp" in describe_stand_in(make_plan("split-cifar10@mlp", "frozen", 100, "smoke"))


def test_smoke_says_that_it_runs_a_stand_in_and_names_the_result_so(command, tmp_path):
    words = ["run", "permuted-mnist", "--strategy", "frozen", "--seed", 100, "--profile", "smoke", *QUICK]
    code, out, err = command(*words, "--out", tmp_path / "results")
    assert code == 0
    assert "no images of permuted-mnist: running its embedded stand-in digits-permuted" in out
    assert "task 1 of 3" in err
    assert "Avg.Acc" in out
    (path,) = (tmp_path / "results").rglob("*.json")
    assert path.parent == tmp_path / "results" / "smoke" / "digits-permuted"
    assert json.loads(path.read_text())["experiment"] == "digits-permuted"
    assert f"written: {path}" in out

    code, out, err = command(*words, "--out", tmp_path / "results")
    assert code == 0
    assert "was there already" in out
    assert err == ""

    code, out, _ = command("run", "--again", path)
    assert code == 0
    assert "identical to the bit, on the same machine and versions" in out


def test_again_fails_where_the_numbers_differ(command, tmp_path):
    words = ["run", "digits-permuted", "--strategy", "frozen", *QUICK, "--out", tmp_path / "results"]
    assert command(*words)[0] == 0
    (path,) = (tmp_path / "results").rglob("*.json")
    raw = json.loads(path.read_text())
    raw["correct"][2][0] += 1
    result = store.loads(json.dumps(raw), where="x").sealed()
    path.unlink()
    store.save(result, path)
    code, out, _ = command("run", "--again", path)
    assert code == 1
    assert "not identical, on the same machine and versions" in out


def test_again_fails_where_the_images_are_other_ones_and_says_so(command, tmp_path):
    words = ["run", "digits-permuted", "--strategy", "frozen", *QUICK, "--out", tmp_path / "results"]
    assert command(*words)[0] == 0
    (path,) = (tmp_path / "results").rglob("*.json")
    made = store.load(path)
    path.unlink()
    elsewhere = {"data": {**made.data, "digest": "f" * 64}, "recorded": {**made.recorded, "machine": {}}}
    store.save(replace(made, **elsewhere).sealed(), path)
    code, out, _ = command("repeat", path)
    assert code == 1
    assert (
        "not confirmed, as it is no repetition: the runs are on different images, digits (ffffffff) and digits (" in out
    )


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["split-cifar", "--strategy", "frozen"], "did you mean 'split-cifar10'"),
        (["digits-split", "--strategy", "frozn"], "did you mean 'frozen'"),
        (["digits-split"], "--strategy is missing"),
        (["--strategy", "frozen"], "EXPERIMENT is missing"),
        (["digits-split", "--strategy", "frozen", "--profile", "tiny"], "There is no profile 'tiny'"),
        (["digits-split", "--strategy", "frozen", "--profile", "cpu"], "run it with profile 'smoke'"),
        (["digits-split", "--strategy", "frozen", "--set", "epoch=3"], "did you mean 'epochs'"),
        (["digits-split", "--strategy", "frozen", "--set", "epochs=0"], "allowed: integer, 1 to 1000"),
        (["digits-split", "--strategy", "frozen", "--set", "epochs=2", "--set", "epochs=3"], "given twice"),
        (["digits-split", "--strategy", "frozen", "--set", "threshold=0"], "no effect on frozen"),
        (["digits-split", "--strategy", "two-level-random"], "follows a finished two-level run"),
        (["digits-split", "--strategy", "frozen", "--data", "prepard"], "did you mean 'prepared'"),
        (
            ["digits-split", "--strategy", "frozen", "--data", "prepared"],
            "digits has no route 'prepared' (--data, or CL_DATA_ROUTE",
        ),
        (["digits-split", "--again", "x.json"], "--again takes everything"),
        (["--again", "x.json", "--network", ""], "--again takes everything"),
    ],
)
def test_a_wrong_word_is_one_clear_line_and_nothing_is_written(command, tmp_path, words, says):
    out = [] if "--again" in words else ["--out", tmp_path / "results"]
    code, printed, err = command("run", *words, *out)
    assert code == 2
    assert says in err
    assert err.startswith("cl-core: ")
    assert "Traceback" not in err + printed
    assert not (tmp_path / "results").exists()


def test_data_that_are_absent_are_one_clear_error(command, tmp_path, monkeypatch):
    monkeypatch.setenv("CL_DATA_DIR", str(tmp_path / "data"))
    words = ["run", "split-cifar10", "--strategy", "frozen", "--profile", "cpu", "--out", tmp_path / "results"]
    code, _, err = command(*words, "--data", "prepared")
    assert code == 2
    assert str(tmp_path / "data" / "prepared" / "cifar10.npz") in err
    assert "Traceback" not in err
    monkeypatch.setenv("CL_DATA_ROUTE", "prepared")
    assert command(*words)[2] == err


def test_a_route_from_the_environment_is_named_where_a_stream_brings_its_own_data(command, own_files, monkeypatch):
    own_files.write("features.py", FEATURES)
    monkeypatch.setenv("CL_DATA_ROUTE", "prepared")
    code, _, err = command("run", "features:tasks", "--strategy", "frozen", "--seed", 100, "--profile", "smoke")
    assert code == 2
    said = "cl-core: features:tasks brings its own data; leave out --data prepared, or unset CL_DATA_ROUTE"
    assert err.splitlines()[-1] == said


@pytest.mark.parametrize(
    ("strategy", "wild", "place", "advice"),
    [
        ("initialized", ("learning_rate=10", "weight_decay=1", "epochs=80"), " in task 1", "learning_rate = 10.0"),
        (
            "pulled",
            ("learning_rate=10", "weight_decay=1", "epochs=80", "pull=1e6"),
            " in task 1",
            "learning_rate = 10.0",
        ),
        ("joint", ("learning_rate=10", "weight_decay=1", "joint_epochs=80"), "", "learning_rate = 10.0"),
        ("separate", ("learning_rate=10", "weight_decay=1", "epochs=80"), " in task 1", "learning_rate = 10.0"),
        ("ewc", ("ewc_strength=1e9",), " in task 2", "ewc_strength = 1000000000.0 or learning_rate = 0.05"),
        (
            "lwf",
            ("lwf_strength=1e6", "learning_rate=10"),
            " in task 2",
            "lwf_strength = 1000000.0 or learning_rate = 10.0",
        ),
    ],
)
def test_training_that_diverges_is_one_line_that_names_what_to_lower(command, tmp_path, strategy, wild, place, advice):
    settings = [word for setting in ("tasks=2", "width=16", *wild) for word in ("--set", setting)]
    code, _, err = command("run", "digits-permuted", "--strategy", strategy, *settings, "--out", tmp_path / "results")
    line = err.splitlines()[-1]
    assert code == 2
    assert line.startswith(f"cl-core: digits-permuted · {strategy} · seed 100 · smoke · ")
    assert f": training diverged{place}: " in line
    assert line.endswith(f"; lower {advice}, a third of it to begin with")
    assert not (tmp_path / "results").exists()


def test_data_list_says_what_is_here(command, monkeypatch, tmp_path):
    monkeypatch.setenv("CL_DATA_DIR", str(tmp_path))
    code, out, _ = command("data", "list")
    assert code == 0
    assert str(tmp_path) in out
    rows = {tuple(line.split()[:2]): line for line in out.splitlines()[1:]}
    assert {(row.name, row.route) for row in streams.list_available()} == set(rows)
    assert "here, verified" in rows["digits", "embedded"]
    assert f"  {streams.load('digits').digest[:16]}  " in rows["digits", "embedded"]
    assert "not here" in rows["cifar100", "official"]


def test_data_fetch_of_a_wrong_name_suggests_the_right_one(command):
    code, _, err = command("data", "fetch", "cifar-100")
    assert code == 2
    assert "did you mean 'cifar100'" in err


@pytest.mark.parametrize("known", [True, False])
def test_data_split_makes_the_route_prepared_and_says_whose_images_these_are(command, monkeypatch, tmp_path, known):
    monkeypatch.setenv("CL_DATA_DIR", str(tmp_path))
    draw = np.random.default_rng(0)
    parts = {"train": 300, "test": 100}
    content = {f"x_{part}": draw.integers(0, 256, (count, 32, 32, 3), dtype=np.uint8) for part, count in parts.items()}
    content |= {f"y_{part}": (np.arange(count) % 100).astype(np.uint8) for part, count in parts.items()}
    labels = {arrays.digest(split_by_digest(content, 3)): "own split"} if known else {}
    monkeypatch.setitem(SOURCES, "cifar100", replace(SOURCES["cifar100"], train=300, test=100, labels=labels))
    named = {"names": np.array(SOURCES["cifar100"].names), "digest": np.array(arrays.digest(content))}
    arrays.write(locate_official(SOURCES["cifar100"]), {**content, **named})
    code, out, err = command("data", "split", "cifar100")
    assert code == 0, err
    assert f"300 training and 100 test images, digest {streams.load('cifar100', 'prepared').digest}" in out
    assert ("these are the images of the book's results (own split)" in out, "are NOT" in out) == (known, not known)


def test_data_split_of_a_set_without_one_says_how_its_copy_was_made(command):
    code, _, err = command("data", "split", "cifar10")
    assert (code, err.count("\n")) == (2, 1)
    assert "cifar10 has no split to be made. The official split, ordered by class. 1,135 of" in err


@pytest.fixture
def own_images(monkeypatch, tmp_path):
    """Write random images as a user's own MNIST, another set for another seed; return the file."""
    monkeypatch.setenv("CL_DATA_DIR", str(tmp_path / "data"))
    path = tmp_path / "data" / "prepared" / "mnist.npz"
    path.parent.mkdir(parents=True)

    def write(seed=0):
        draw = np.random.default_rng(seed)
        images = {
            f"x_{part}": draw.integers(0, 256, (count, 28, 28), dtype=np.uint8)
            for part, count in (("train", 300), ("test", 50))
        }
        labels = {f"y_{part}": np.arange(len(images[f"x_{part}"]), dtype=np.uint8) % 10 for part in ("train", "test")}
        np.savez(path, **images, **labels)
        return path

    write()
    return write


SHORT = ["--profile", "cpu", "--data", "prepared", *QUICK, "--set", "head_warmup_steps=1"]


def test_a_result_on_a_users_own_images_holds_is_followed_and_is_repeated(command, own_images, tmp_path):
    results = tmp_path / "results"
    words = ["run", "permuted-mnist", *SHORT, "--out", results]
    follows = STRATEGIES["within"].follows
    for strategy, says in ((follows, "written"), (follows, "was there already"), ("within", "written")):
        code, out, err = command(*words, "--strategy", strategy)
        assert (code, says in out) == (0, True), err
    for path in results.rglob("*.json"):
        assert "identical to the bit" in command("repeat", path)[1]
    sweep = ["sweep", "--experiments", "permuted-mnist", "--strategies", "within", *SHORT, "--out", results]
    code, out, err = command(*sweep)
    assert (code, "0 computed, 2 were there" in out) == (0, True), out + err
    row = next(line for line in command("data", "list")[1].splitlines() if line.split()[:2] == ["mnist", "prepared"])
    assert "here, your own, " in row


def test_a_result_on_images_that_a_user_has_changed_since_is_not_taken_for_one_on_these(command, own_images, tmp_path):
    words = ["run", "permuted-mnist", *SHORT, "--strategy", "frozen", "--out", tmp_path / "results"]
    assert command(*words)[0] == 0
    own_images(seed=1)
    code, _, err = command(*words)
    assert (code, "now holds other images" in err, "delete" in err) == (2, True, False), err


@pytest.mark.parametrize("place", ["beside it", "above it", "elsewhere"])
def test_a_stored_result_is_repeated_from_any_folder_by_any_path(command, tmp_path, monkeypatch, place):
    words = ["run", "digits-permuted", "--strategy", "frozen", *QUICK, "--out", tmp_path / "results"]
    assert command(*words)[0] == 0
    (path,) = (tmp_path / "results").rglob("*.json")
    if place == "elsewhere":
        copied = tmp_path / "mine.json"
        copied.write_bytes(path.read_bytes())
        path = copied
    monkeypatch.chdir(path.parent.parent if place == "above it" else path.parent)
    code, out, err = command("repeat", path.relative_to(path.parent.parent if place == "above it" else path.parent))
    assert (code, "identical to the bit" in out) == (0, True), err


def test_results_drawn_at_random_are_made_again(command, checkout, monkeypatch):
    monkeypatch.setattr("cl_book.check.require_own_code", lambda: None)
    for seed in (100, 101, 102):
        words = [
            "run",
            "digits-permuted",
            "--strategy",
            "frozen",
            "--seed",
            seed,
            *QUICK,
            "--out",
            checkout / "results",
        ]
        assert command(*words)[0] == 0
    code, out, err = command("check", "--rerun", 2, "--seed", 7)
    assert (code, out.count("made again: identical to the bit")) == (0, 2), err
    assert "2 of 3 results whose images are here, drawn with --seed 7" in out
    assert command("check", "--rerun", 2, "--seed", 7)[1] == out
    for path in (checkout / "results").rglob("*.json"):
        before = store.load(path)
        path.unlink()
        counts = (*before.correct[:-1], (0, *before.correct[-1][1:]))
        store.save(replace(before, correct=counts).sealed(), path)
    code, out, _ = command("check", "--rerun", 1)
    assert (code, "which is too much" in out, "drawn with --seed " in out) == (1, True, True)


def test_no_result_to_make_again_is_a_fault(command, checkout, monkeypatch):
    monkeypatch.setattr("cl_book.check.require_own_code", lambda: None)
    code, out, _ = command("check", "--rerun", 3)
    assert (code, out) == (1, "0 of 0 results have their images here\n")


@pytest.fixture
def few_images(tmp_path, monkeypatch):
    """A prepared file of few images, which passes for the right one."""
    draws = np.random.default_rng(0)
    images = {f"x_{part}": draws.integers(0, 256, (count, 28, 28), np.uint8) for part, count in SIZES.items()}
    labels = {f"y_{part}": (np.arange(count) % 10).astype(np.uint8) for part, count in SIZES.items()}
    place = tmp_path / "data" / "prepared" / "mnist.npz"
    place.parent.mkdir(parents=True)
    np.savez(place, **images, **labels)
    monkeypatch.setenv("CL_DATA_DIR", str(tmp_path / "data"))
    digest = arrays.digest({**images, **labels})
    monkeypatch.setitem(SOURCES, "mnist", replace(SOURCES["mnist"], labels={digest: "few"}))
    return place


def test_streams_are_drawn_again_where_the_images_are_here(command, checkout, monkeypatch, few_images):
    monkeypatch.setattr("cl_book.check.require_own_code", lambda: None)
    words = ["permuted-mnist", "--strategy", "frozen", "--profile", "cpu", "--data", "prepared", *QUICK]
    for seed in (3, 4):
        assert command("run", *words, "--seed", seed, "--out", checkout / "results")[0] == 0
    code, out, err = command("check", "--streams")
    assert (code, out.splitlines()[-1]) == (0, "2 of 2 results saw the stream that their settings and seed draw"), err
    (path,) = (path for path in (checkout / "results").rglob("*.json") if path.stem.endswith("-4"))
    before = store.load(path)
    path.unlink()
    store.save(replace(before, data={**before.data, "stream": "0" * 64}).sealed(), path)
    code, out, _ = command("check", "--streams")
    name = path.relative_to(checkout).as_posix()
    assert code == 1
    assert f"{name}: its stream of tasks is not the one that its settings and seed 4 draw" in out.splitlines()
    code, out, _ = command("check", "--rerun", 5, "--seed", 1)
    said = f"{name}, made again: it is no repetition: the stream of tasks is another one, of the same images"
    assert (code, said in out.splitlines(), out.count("identical")) == (1, True, 1)
    few_images.unlink()
    for look in (("--streams",), ("--rerun", 1)):
        code, out, _ = command("check", *look)
        assert (code, len(out.splitlines())) == (1, 1)
        assert out.startswith(
            "0 of 2 results have their images here: left out, as their images are not here: 2 on mnist"
        )


def test_a_repetition_that_fails_is_told_and_the_others_are_made(command, checkout, monkeypatch):
    monkeypatch.setattr("cl_book.check.require_own_code", lambda: None)
    for seed in (100, 101):
        words = [
            "run",
            "digits-permuted",
            "--strategy",
            "frozen",
            "--seed",
            seed,
            *QUICK,
            "--out",
            checkout / "results",
        ]
        assert command(*words)[0] == 0
    from cl_core.runs import repeat

    whole = repeat.repeat

    def fail(path, **options):
        if path.stem.endswith("-100"):
            raise ValueError("no memory")
        return whole(path, **options)

    monkeypatch.setattr(repeat, "repeat", fail)
    code, out, _ = command("check", "--rerun", 2)
    assert code == 1
    assert out.count("made again: it cannot be made again: no memory") == 1
    assert out.count("made again: identical to the bit") == 1


@pytest.mark.parametrize("words", [("--env", "--streams"), ("--streams", "--rerun", 1), ("--seed", 1)])
def test_looks_that_do_not_go_together_are_refused(command, words):
    code, _, err = command("check", *words)
    assert (code, len(err.splitlines())) == (2, 1)


@pytest.mark.parametrize("content", [b"<<<<<<< HEAD\n- id: C01\n", b"- 1\n", b"- id: caf\xe9\n", b"\t- id: C01\n"])
@pytest.mark.parametrize(
    "words", [("run", "digits-split", "--strategy", "frozen"), ("sweep", "--experiments", "digits-split")]
)
def test_a_broken_list_of_claims_is_told_before_training(command, checkout, tmp_path, content, words):
    (checkout / "book" / "claims.yml").write_bytes(content)
    code, _, err = command(*words, "--out", tmp_path / "results")
    assert code == 2
    assert [line for line in err.splitlines() if "left out" not in line] == [err.splitlines()[-1]]
    assert "book/claims.yml" in err
    assert not (tmp_path / "results").exists()
    assert not (tmp_path / "cache").exists()


def test_a_strangers_project_file_above_the_working_folder_costs_nothing(command, tmp_path, monkeypatch):
    (tmp_path / "pyproject.toml").write_bytes("# caf\u00e9".encode("latin-1"))
    (tmp_path / "work").mkdir()
    monkeypatch.chdir(tmp_path / "work")
    code, out, err = command("run", "digits-permuted", "--strategy", "frozen", *QUICK, "--out", "mine")
    assert code == 0, err
    assert "written" in out
