import pytest

from cl_core.learners.recipe import NetworkSpec, Recipe


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
        (Recipe, {"schedule": "step"}, "constant, cosine"),
        (Recipe, {"precision": "float16"}, "bfloat16"),
        (Recipe, {"metric": "angle"}, "cosine"),
        (Recipe, {"gradient_at": "end"}, "arrival, warm"),
    ],
)
def test_a_value_that_does_not_fit_names_itself_and_what_is_allowed(record, values, words):
    with pytest.raises(ValueError, match=words):
        record(**values)
