"""A user's own claims: read with one clear line for each fault, judged as the book's are, held to what was stated."""

import json
import shlex

import pytest
from cl_book.claims.claim import ClaimError
from cl_book.claims.own_claims import read_own_claims

from cl_core.experiments.provenance import code_digests

FILE = """
profile: cpu
paper: table.csv
claims:
  - id: less
    title: Frozen forgets less
    statement: Frozen training forgets less than initialized training.
    test:
      kind: difference
      experiment: split-cifar100
      measure: forgetting
      direction: less
      of: frozen
      against: initialized
      seeds: 0-4
      paper: [1/a/frozen/forgetting, 1/a/initialized/forgetting]
  - id: share
    title: Under most protocols
    statement: It does so under most learning rates.
    test:
      kind: share
      experiment: split-cifar100
      measure: forgetting
      direction: less
      of: frozen
      against: initialized
      seeds: 0-4
      across: {learning_rate: [0.05, 0.1], epochs: [2, 4]}
      at_least: 0.5
      delta: 10
"""
TABLE = "table,experiment,strategy,metric,mean\n1,a,frozen,forgetting,12.0\n1,a,initialized,forgetting,20.5\n"
SEEDS = range(5)


@pytest.fixture
def state(checkout):
    """Write the file of claims, after some replacements, and read it."""

    def write(*replaced, profile=None, table=TABLE):
        text = FILE
        for old, new in replaced:
            assert old in text
            text = text.replace(old, new)
        (checkout / "mine.yml").write_text(text, encoding="utf-8")
        (checkout / "table.csv").write_text(table, encoding="utf-8")
        return read_own_claims(checkout / "mine.yml", profile)

    return write


@pytest.fixture
def keep_both(keep_all, state):
    """Store both arms of the first claim, as runs that recorded what `stated` says."""

    def write(stated):
        recorded = {"files": code_digests(), **({} if stated is None else {"stated": stated})}
        arms = {
            "initialized": {"forgetting": lambda seed: 20 + seed / 10, "recorded": recorded},
            "frozen": {"forgetting": lambda seed: 10 + seed / 5, "recorded": recorded},
        }
        keep_all("split-cifar100", SEEDS, arms)

    return write


def test_a_claim_is_judged_by_the_rule_of_the_book_with_the_users_own_table(state, keep_both, checkout):
    own = state()
    keep_both(own.digests())
    (standing,) = own.stand(checkout / "results", ["less"])
    assert (standing.verdict, standing.interval.seeds) == ("reproduced", 5)
    assert standing.interval.mean == pytest.approx(9.8)
    assert "δ 4.25; reported +8.50" in standing.evidence
    assert standing.labels[-1] == "exploratory"
    assert not [label for label in standing.labels if "record" in label or "amended" in label]


def test_a_claim_changed_after_its_runs_is_said_so(state, keep_both, checkout):
    keep_both(state().digests())
    changed = state(
        (
            "direction: less\n      of: frozen\n      against: initialized\n      seeds: 0-4\n      paper",
            "direction: less\n      of: frozen\n      against: initialized\n      seeds: 0-4\n      delta: 3\n      paper",
        )
    )
    labels = changed.stand(checkout / "results", ["less"])[0].labels
    assert "amended, and no reason is given" in labels
    explained = state(
        ("title: Frozen forgets less", "title: Frozen forgets less\n    amended: a slip of the pen"),
        ("paper: [1/a/frozen/forgetting, 1/a/initialized/forgetting]", "paper: [1/a/frozen/forgetting]"),
    )
    assert "amended: a slip of the pen" in explained.stand(checkout / "results", ["less"])[0].labels


def test_a_changed_table_changes_the_claim_and_another_title_does_not(state):
    own = state()
    assert state(table=TABLE.replace("20.5", "21.5")).digests()["less"] != own.digests()["less"]
    assert state(("title: Frozen", "title: Oh, frozen")).digests() == own.digests()
    assert state(("profile: cpu", "profile: smoke")).digests() != own.digests()


def test_a_claim_added_after_its_runs_is_said_so(state, keep_both, checkout):
    own = state()
    keep_both({"share": own.digests()["share"]})
    assert "added, and no reason is given" in own.stand(checkout / "results", ["less"])[0].labels


def test_runs_without_a_record_are_counted(state, keep_both, checkout):
    own = state()
    keep_both(None)
    assert (
        "no record that it was stated before 10 of its 10 runs" in own.stand(checkout / "results", ["less"])[0].labels
    )


def test_claims_of_a_family_are_corrected_together(state, keep_both, checkout):
    own = state(
        ("seeds: 0-4\n      paper", "seeds: 0-4\n      family: mine\n      paper"),
        ("      at_least: 0.5", "      at_least: 0.5\n      family: mine"),
    )
    keep_both(own.digests())
    alone = state()
    together, single = (each.stand(checkout / "results", ["less"])[0] for each in (own, alone))
    assert "corrected in the family mine" in together.labels
    assert "corrected p" in together.evidence
    assert "corrected p" not in single.evidence


def test_a_share_counts_the_protocols_in_which_the_claim_holds(state, keep_all, checkout):
    own = state()
    settings = [
        f"learning_rate={rate} epochs={passes}".replace(" epochs=4", "") for rate in (0.05, 0.1) for passes in (2, 4)
    ]
    for number, words in enumerate(settings):
        fall = -1.0 if number == 3 else 5.0
        keep_all(
            "split-cifar100",
            SEEDS,
            {f"initialized {words}": {"forgetting": 20.0}, f"frozen {words}": {"forgetting": 20.0 - fall}},
        )
    (standing,) = own.stand(checkout / "results", ["share"])
    assert standing.interval.mean == pytest.approx(25.0)
    assert "holds in 3 of 4 protocols, not with learning_rate=0.1 epochs=4" in standing.evidence
    assert " percentage points, 95 % interval" in standing.evidence
    assert standing.verdict == "reproduced"


def test_the_plan_lists_every_run_and_what_is_there(state, keep_both, checkout):
    own = state()
    keep_both(own.digests())
    lines = own.plan_lines(checkout / "results")
    assert lines[0] == "less  Frozen forgets less: 10 of 10 runs are there"
    assert (
        lines[1]
        == "     cl-core sweep --experiments split-cifar100 --strategies frozen,initialized --seeds 0-4 --profile cpu"
    )
    assert lines[2].startswith("share  Under most protocols: ")
    assert f"--claims {own.path} --out" in lines[-1]
    assert lines[-1].startswith(f"{len(own.list_runs())} runs in all, {len(own.list_runs()) - 10} to do: ")


def test_the_commands_are_what_a_shell_takes_and_ask_for_the_same_runs(state, run, checkout):
    state(("profile: cpu\n", ""), profile="smoke")
    folder = checkout / "my folder"
    folder.mkdir()
    moved = (checkout / "mine.yml").rename(folder / "my claims.yml")
    (checkout / "table.csv").rename(folder / "table.csv")
    words = ["--claims", str(moved), "--profile", "smoke"]
    code, out, error = run("claims", *words, "--plan", "--results", folder)
    assert code == 0, error
    last = out.splitlines()[-1].partition("to do: ")[2]
    assert shlex.split(last) == ["cl-core", "sweep", *words, "--out", str(folder)]
    code, out, error = run("claims", "less", *words, "--results", folder, "--json")
    assert code == 0, error
    told = ["cl-core", "claims", *words, "--results", str(folder)]
    assert shlex.split(json.loads(out)[0]["command"]) == [*shlex.split(last), "&&", *told]


def test_the_run_that_a_control_follows_is_among_the_runs(state):
    own = state(
        (
            "of: frozen\n      against: initialized\n      seeds: 0-4\n      paper",
            "of: within\n      against: initialized\n      seeds: 0-4\n      paper",
        )
    )
    names = [plan.strategy.name for plan in own.list_runs(["less"])]
    assert names.index("frozen") < names.index("within")


@pytest.mark.parametrize(
    ("replaced", "said"),
    [
        ([("claims:\n", "claim:\n")], "no list `claims`"),
        ([("profile: cpu\n", "")], "names no `profile`"),
        ([("profile: cpu", "profile: cp")], "There is no profile 'cp'; did you mean 'cpu'"),
        ([("profile: cpu", "profile: ''")], "There is no profile ''"),
        ([("profile: cpu", "profile: 0")], "There is no profile '?0"),
        ([("profile: cpu", "profil: cpu")], "There is no part of such a file 'profil'; did you mean 'profile'"),
        ([("id: share", "id: less")], "less stands there twice"),
        ([("id: less", "id: 7")], "7, id: Input should be a valid string"),
        ([("    title: Frozen forgets less\n", "")], "less, title: Field required"),
        ([("kind: difference", "kind: differing")], "less, test"),
        (
            [
                (
                    "of: frozen\n      against: initialized\n      seeds: 0-4\n      paper",
                    "of: frozn\n      against: initialized\n      seeds: 0-4\n      paper",
                )
            ],
            "less.*There is no strategy 'frozn'; did you mean 'frozen'",
        ),
        (
            [("1/a/frozen/forgetting,", "1/a/frozn/forgetting,")],
            "There is no number in the table '1/a/frozn/forgetting'",
        ),
        ([("      delta: 10\n", "")], "a share needs its own delta"),
        ([("[0.05, 0.1], epochs: [2, 4]", "[0.05]")], "gives one protocol alone"),
        ([("seeds: 0-4\n      paper", "seeds: 4-0\n      paper")], "runs backwards"),
    ],
)
def test_a_file_that_does_not_hold_together_is_one_line_that_names_it(state, replaced, said):
    with pytest.raises(ClaimError, match=said) as error:
        state(*replaced)
    assert "mine.yml" in str(error.value)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    ("table", "said"),
    [
        ("table,experiment\n1,a\n", "has no column 'strategy'"),
        (TABLE.replace("12.0", "twelve"), "line 2: mean 'twelve' is no number"),
        (TABLE + "1,a,frozen,forgetting,3\n", "gives 1/a/frozen/forgetting a second time"),
    ],
)
def test_a_table_that_does_not_hold_together_is_one_line(state, table, said):
    with pytest.raises(ClaimError, match=said):
        state(table=table)


def test_a_profile_that_differs_from_the_stated_one_is_refused(state):
    with pytest.raises(ClaimError, match="states profile 'cpu', and --profile smoke would decide it from other runs"):
        state(profile="smoke")
    assert state(("profile: cpu\n", ""), profile="smoke").claims[0].test.profile == "smoke"


def test_the_command_line_judges_lists_and_refuses(run, state, keep_both, checkout):
    keep_both(state().digests())
    code, out, _ = run("claims", "--claims", "mine.yml", "--results", "results")
    assert code == 0
    assert "less  reproduced" in out
    assert "2 claims: 1 reproduced, 1 not run" in out
    code, out, _ = run("claims", "less", "--claims", "mine.yml", "--results", "results", "--json")
    assert [entry["verdict"] for entry in json.loads(out)] == ["reproduced"]
    code, out, _ = run("claims", "--claims", "mine.yml", "--plan")
    assert "to do: cl-core sweep --claims mine.yml" in out
    code, _, error = run("claims", "les", "--claims", "mine.yml")
    assert (code, error.startswith("cl-core: There is no claim in mine.yml 'les'; did you mean 'less'")) == (2, True)
    code, _, error = run("claims", "--profile", "")
    assert (code, error) == (2, "cl-core: --profile is for your own claims; give their file with --claims\n")
    code, _, error = run("claims", "--plan")
    assert (code, error) == (2, "cl-core: --plan is for your own claims; give their file with --claims\n")
    code, _, error = run("sweep", "--claims", "mine.yml", "--seeds", "0", "--dry-run")
    assert (code, error.startswith("cl-core: --claims takes the runs from the claims")) == (2, True)
    code, out, _ = run("sweep", "--claims", "mine.yml", "--dry-run")
    assert "10 there, " in out
