import subprocess
import sys
from typing import get_args

import pytest

from cl_core.experiments.settings import SETTINGS
from cl_core.learners.recipe import NetworkSpec, Recipe
from cl_core.strategies import SCORES


@pytest.mark.parametrize(
    ("record", "values", "words"),
    [
        (NetworkSpec, {"kind": "transformer"}, "resnet, mlp"),
        (NetworkSpec, {"norm": "layer"}, "batch, group"),
        (NetworkSpec, {"width": 0}, "width = 0"),
        (Recipe, {"learning_rate": 0.0}, "learning_rate"),
        (Recipe, {"learning_rate": float("nan")}, "learning_rate"),
        (Recipe, {"momentum": 1.0}, "momentum"),
        (Recipe, {"batch": 1}, "batch"),
        (Recipe, {"schedule": "linear"}, "constant, cosine, step"),
        (Recipe, {"precision": "float16"}, "bfloat16"),
        (Recipe, {"metric": "angle"}, "cosine"),
        (Recipe, {"gradient_at": "end"}, "arrival, warm"),
        (Recipe, {"epochs": 2.5}, "epochs = 2.5 does not fit; allowed: integer, 1 to 1000"),
        (Recipe, {"epoch": 2}, "did you mean 'epochs'"),
    ],
)
def test_a_value_that_does_not_fit_names_itself_and_what_is_allowed(record, values, words):
    with pytest.raises(ValueError, match=words):
        record(**values)


@pytest.mark.parametrize("record", [NetworkSpec, Recipe])
def test_the_defaults_are_the_protocols(record):
    defaults = {name: field.default for name, field in record.model_fields.items() if name in SETTINGS}
    # A run that does not read the place of the first gradient has the old one; those that read it have Algorithm 1's.
    assert defaults.pop("first_gradient", "arrival") == "arrival"
    assert defaults == {name: SETTINGS[name].default for name in defaults}
    assert set(record.model_fields) - set(SETTINGS) <= {"kind"}


def test_a_changed_recipe_is_checked_and_leaves_the_first_as_it_was():
    recipe = Recipe(epochs=3)
    assert (recipe.replace(batch=8).batch, recipe.replace(batch=8).epochs, recipe.batch) == (8, 3, Recipe().batch)
    with pytest.raises(ValueError, match="batch = 1 does not fit"):
        recipe.replace(batch=1)


def test_every_score_can_be_chosen():
    assert set(get_args(Recipe.model_fields["metric"].annotation)) == set(SCORES)


def test_a_recipe_needs_neither_torch_nor_the_experiments():
    lines = "import sys, cl_core.learners.recipe; print('torch' in sys.modules, 'cl_core.experiments' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", lines], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["False", "False"]
