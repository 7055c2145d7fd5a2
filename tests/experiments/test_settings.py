"""Settings: a wrong one is an error that says what is allowed, before anything runs."""

import pytest

from cl_core.experiments.catalogue import OWN, PROFILES, VALUES
from cl_core.experiments.settings import SETTINGS, LimitSettings, Settings, check, parse
from cl_core.setting_ranges import describe_range


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


@pytest.mark.parametrize("network", ["resnet", "mlp"])
@pytest.mark.parametrize("profile", PROFILES.values(), ids=lambda profile: profile.name)
def test_every_value_that_a_profile_or_an_experiment_changes_lies_in_its_range(profile, network):
    changes = [VALUES[profile.name][network], *OWN.values()]
    for values in changes:
        assert Settings.from_mapping(values).given() == values


@pytest.mark.parametrize("name", SETTINGS)
def test_every_setting_says_its_meaning_range_default_and_title(name):
    field = SETTINGS[name]
    assert len(field.description) > 10
    assert field.title
    assert check(name, field.default) == field.default
    assert type(check(name, field.default)) is type(field.default)
    assert describe_range(Settings, name)


def test_no_two_settings_share_a_title():
    titles = [field.title for field in SETTINGS.values()]
    assert len(set(titles)) == len(titles)


@pytest.mark.parametrize("name", LimitSettings.model_fields)
def test_the_example_of_a_limit_does_limit(name):
    for example in SETTINGS[name].examples or []:
        assert check(name, example) != SETTINGS[name].default


def test_the_first_wrong_of_several_settings_is_named():
    with pytest.raises(ValueError, match="momentum = 2 does not fit; allowed: number, 0 to 0"):
        Settings.from_mapping({"width": 8, "momentum": 2, "width_": 3, "epochs": 0})
    with pytest.raises(ValueError, match="There is no setting 'epoch'; did you mean 'epochs'"):
        Settings.from_mapping({"epoch": 2, "momentum": 2})
