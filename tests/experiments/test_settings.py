"""Settings: a wrong one is an error that says what is allowed, before anything runs."""

from dataclasses import asdict

import pytest

from cl_core.experiments.catalogue import SHARED, VALUES
from cl_core.experiments.settings import SETTINGS, allowed, changed, check, meaning, parse


@pytest.mark.parametrize(
    ("text", "name", "value"),
    [
        ("epochs=3", "epochs", 3),
        (" learning_rate = 0.1 ", "learning_rate", 0.1),
        ("threshold=0", "threshold", 0.0),
        ("threshold=-0.25", "threshold", -0.25),
        ("shared_head=True", "shared_head", True),
        ("metric=sign", "metric", "sign"),
    ],
)
def test_parses_a_setting_into_its_own_type(text, name, value):
    got = parse(text)
    assert got == (name, value)
    assert type(got[1]) is type(value)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("epoch=3", "did you mean 'epochs'"),
        ("epochs", "name=value"),
        ("epochs=", "name=value"),
        ("epochs=2.5", "allowed: integer, 1 to 1000"),
        ("epochs=0", "allowed: integer, 1 to 1000"),
        ("learning_rate=fast", "allowed: number, 1e-06 to 10"),
        ("learning_rate=nan", "allowed: number"),
        ("threshold=inf", "allowed: number"),
        ("metric=cosin", "allowed: one of cosine, sign, projection"),
        ("shared_head=1", "allowed: one of false, true"),
    ],
)
def test_a_wrong_setting_names_itself_and_what_is_allowed(text, says):
    with pytest.raises(ValueError, match=says) as error:
        parse(text)
    assert text.partition("=")[0] in str(error.value)


@pytest.mark.parametrize(("name", "value"), [("epochs", True), ("epochs", 3.0), ("shared_head", 0), ("metric", 1)])
def test_a_value_of_another_type_is_refused(name, value):
    with pytest.raises(ValueError, match="does not fit"):
        check(name, value)


def test_an_integer_given_for_a_number_becomes_the_same_number():
    assert check("threshold", 0) == 0.0
    assert type(check("threshold", 0)) is float


def test_every_value_of_the_protocol_lies_in_its_range():
    for name, value in asdict(SHARED).items():
        assert check(name, value) == value
    for networks in VALUES.values():
        for values in networks.values():
            assert {name: getattr(changed(SHARED, values), name) for name in values} == values


def test_every_setting_has_a_meaning_and_a_range():
    for name in SETTINGS:
        assert len(meaning(name)) > 10
        assert allowed(name)
