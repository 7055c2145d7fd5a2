"""Avalanche's `Naive`, as the benchmark times it, does the work that it is timed for."""

import pytest
from bench import bench_training, naive

pytestmark = pytest.mark.slow


def test_naive_makes_one_pass_over_the_images(operators):
    assert naive.is_there()
    case = bench_training.cases()["mlp"]
    network, seen = case.network(), []
    network.blocks[0].register_forward_hook(lambda module, inputs, output: seen.append(len(output)))
    before = [parameter.clone() for parameter in network.parameters()]
    assert naive.train_naively(network, case.data(640), case.recipe) > 0
    assert sum(seen) == 640 // case.recipe.batch * case.recipe.batch
    assert any((one != other).any() for one, other in zip(before, network.parameters(), strict=True))
