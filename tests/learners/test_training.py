"""What may move, moves; what may not, does not move by a bit; and nothing random depends on the strategy."""

import math
from unittest.mock import Mock, call

import numpy as np
import pytest
import torch

from cl_core.learners import evaluation, training
from cl_core.learners.arrival import arrive
from cl_core.learners.evaluation import evaluate
from cl_core.learners.part_way import refit_head
from cl_core.learners.training import moving_blocks, train_task
from cl_core.strategies import Update


def changed_blocks(network, before):
    after = network.state_dict()
    return {
        int(name.split(".")[1])
        for name, old in before.items()
        if name.startswith("blocks.") and not torch.equal(old, after[name])
    }


@pytest.mark.parametrize("kind", ["resnet", "mlp"])
@pytest.mark.parametrize("leading", [False, True])
def test_exactly_the_chosen_blocks_move(make, recipe, frozen_copy, kind, leading):
    network, data = make(kind)
    most = len(network.blocks)
    for magnitude in (0, 1, 2, most):
        before = frozen_copy(network)
        train_task(network, data[1], 1, Update(magnitude, leading=leading), recipe, 5)
        assert changed_blocks(network, before) == set(moving_blocks(most, magnitude, leading=leading))


def test_a_frozen_block_is_bitwise_the_same_with_its_running_statistics(make, recipe, frozen_copy):
    network, data = make()
    train_task(network, data[0], 0, 9, recipe, 5)
    before = [frozen_copy(block) for block in network.blocks]
    arrive(network, data[1], 1, recipe, 5)
    train_task(network, data[1], 1, 2, recipe, 5)
    for old, block in zip(before[:7], network.blocks, strict=False):
        assert any("running_mean" in name for name in old)
        assert all(torch.equal(old[name], value) for name, value in block.state_dict().items())
    for old, block in zip(before[7:], network.blocks[7:], strict=True):
        assert all(not torch.equal(old[name], value) for name, value in block.state_dict().items())


@pytest.mark.parametrize("kind", ["resnet", "mlp"])
def test_at_magnitude_0_old_outputs_are_bitwise_the_same(make, recipe, kind):
    network, data = make(kind)
    train_task(network, data[0], 0, len(network.blocks), recipe, 5)
    old, new = network(data[0].x_eval, 0), network(data[1].x_eval, 1)
    arrive(network, data[1], 1, recipe, 5)
    train_task(network, data[1], 1, 0, recipe, 5)
    assert torch.equal(network(data[0].x_eval, 0), old)
    assert not torch.equal(network(data[1].x_eval, 1), new)


def test_heads_of_other_tasks_stand_still(make, recipe, frozen_copy):
    network, data = make("mlp")
    before = [frozen_copy(head) for head in network.heads]
    train_task(network, data[1], 1, 3, recipe, 5)
    moved = [not torch.equal(old["weight"], head.weight) for old, head in zip(before, network.heads, strict=True)]
    assert moved == [False, True, False]


def test_no_graph_through_a_frozen_prefix_and_its_features_once(make, recipe):
    network, data = make()
    graphs, calls = [], []

    def watch(module, inputs, output):
        graphs.append(output.requires_grad)
        calls.append(len(output))

    network.blocks[6].register_forward_hook(watch)
    train_task(network, data[0], 0, 2, recipe, 5)
    assert not any(graphs)
    # One image to learn the size, then every image once; never again in any pass.
    assert calls == [1, 40]


def test_a_prefix_too_large_to_keep_changes_nothing_but_the_work(make, recipe, monkeypatch):
    kept, data = make()
    train_task(kept, data[0], 0, 2, recipe, 5)
    monkeypatch.setattr(evaluation, "MOST_BYTES", 10)
    graphs = []
    anew, _ = make()
    anew.blocks[6].register_forward_hook(lambda module, inputs, output: graphs.append(output.requires_grad))
    train_task(anew, data[0], 0, 2, recipe, 5)
    assert len(graphs) > 3
    assert not any(graphs)
    for one, other in zip(kept.parameters(), anew.parameters(), strict=True):
        torch.testing.assert_close(one, other, rtol=1e-9, atol=1e-11)


def test_a_run_is_bitwise_repeatable_whatever_torch_s_own_seed(make, recipe):
    results = []
    for outer in (0, 99):
        torch.manual_seed(outer)
        network, data = make()
        arrive(network, data[0], 0, recipe, 5)
        train_task(network, data[0], 0, 9, recipe, 5)
        results.append(network.state_dict())
    assert all(torch.equal(results[0][name], results[1][name]) for name in results[0])


def test_batch_order_does_not_depend_on_the_strategy(make, recipe, monkeypatch):
    """The minibatches of the third task are the same, whatever moved in it and before it."""
    seen = {}
    plain = training.descend

    def watched(loss_on, *rest, **options):
        def watch(chosen):
            seen[key].append(chosen.tolist())
            return loss_on(chosen)

        return plain(watch, *rest, **options)

    monkeypatch.setattr(training, "descend", watched)
    for key in ((3, 3, 3), (3, 1, 0), (3, 0, 2)):
        seen[key] = []
        network, data = make("mlp")
        for task, magnitude in enumerate(key):
            train_task(network, data[task], task, magnitude, recipe, 5)
    first, *others = seen.values()
    assert len(first) == 3 * 2 * 2
    assert all(order == first for order in others)
    assert first[0] != first[2] != first[4]


def test_every_strategy_makes_the_same_steps(make, recipe):
    for magnitude in (0, 1, 9):
        network, data = make()
        progress = Mock()
        report = train_task(network, data[0], 0, magnitude, recipe, 5, progress)
        assert report.steps == 4
        assert progress.call_args_list == [call(1, 4), call(2, 4), call(3, 4), call(4, 4)]


def test_a_task_smaller_than_a_batch_is_one_batch(make, recipe):
    network, data = make("mlp")
    assert train_task(network, data[0], 0, 3, recipe.replace(batch=64), 5).steps == 2


def test_the_report_says_what_moved(make, recipe):
    network, data = make("mlp")
    before = [block.linear.weight.detach().clone() for block in network.blocks]
    biases = [block.linear.bias.detach().clone() for block in network.blocks]
    report = train_task(network, data[0], 0, 1, recipe, 5)
    last = network.blocks[2].linear
    moved = math.sqrt(
        float(((last.weight.detach() - before[2]) ** 2).sum() + ((last.bias.detach() - biases[2]) ** 2).sum())
    )
    assert report.update_norms == pytest.approx((0, 0, moved))
    assert report.relative_norms == pytest.approx((0, 0, moved / float(torch.linalg.vector_norm(before[2]))))
    assert report.moved_share == pytest.approx(156 / (65 * 12 + 156 + 156))
    assert report.train_correct == evaluate(network, data[0].x_train, data[0].y_train, 0)
    assert report.train_accuracy == report.train_correct / 40


@pytest.mark.parametrize(("kind", "spec"), [("resnet", {}), ("resnet", {"norm": "group", "width": 4}), ("mlp", {})])
def test_it_learns(make, recipe, kind, spec):
    network, data = make(kind, channels=3, **spec)
    report = train_task(network, data[0], 0, len(network.blocks), recipe.replace(epochs=15), 5)
    assert report.train_accuracy > 0.9
    assert evaluate(network, data[0].x_eval, data[0].y_eval, 0) > 25


def test_one_step_is_sgd_with_momentum_and_weight_decay_by_hand(make):
    """Two steps of the head, computed from the gradients by the formula."""
    recipe = training.Recipe(
        batch=40, epochs=2, precision="float64", learning_rate=0.1, momentum=0.5, weight_decay=0.2, schedule="cosine"
    )
    network, data = make("mlp")
    expected, speed = network.heads[0].weight.detach().clone(), 0.0
    features = network.features(data[0].x_train).detach()
    bias = torch.zeros(3, dtype=torch.float64)
    targets = torch.eye(3, dtype=torch.float64)[data[0].y_train]
    bias_speed = 0.0
    for rate in (0.1, 0.05):
        wrong = (torch.softmax(features @ expected.T + bias, 1) - targets) / 40
        speed = 0.5 * speed + wrong.T @ features + 0.2 * expected
        bias_speed = 0.5 * bias_speed + wrong.sum(0) + 0.2 * bias
        expected, bias = expected - rate * speed, bias - rate * bias_speed
    train_task(network, data[0], 0, 0, recipe, 5)
    torch.testing.assert_close(network.heads[0].weight.detach(), expected, rtol=1e-10, atol=1e-12)
    torch.testing.assert_close(network.heads[0].bias.detach(), bias, rtol=1e-10, atol=1e-12)


def test_bfloat16_and_float32_train_and_keep_float32_parameters(make, recipe):
    for precision in ("float32", "bfloat16"):
        network, data = make("mlp", dtype=torch.float32)
        settings = recipe.replace(precision=precision, epochs=8)
        arrive(network, data[0], 0, settings, 5)
        assert train_task(network, data[0], 0, 3, settings, 5).train_accuracy > 0.6
        assert train_task(network, data[1], 1, 1, settings, 5).train_size == 40
        assert {parameter.dtype for parameter in network.parameters()} == {torch.float32}
        seen = []
        network.blocks[2].register_forward_hook(lambda module, inputs, output, seen=seen: seen.append(output.dtype))
        train_task(network, data[1], 1, 1, settings, 5)
        assert (torch.bfloat16 in seen) == (precision == "bfloat16")


def test_a_loss_that_runs_away_is_an_error_that_says_when_and_at_which_learning_rate(make, recipe):
    network, data = make("mlp")
    data[0].x_train.mul_(1e300)
    with pytest.raises(FloatingPointError, match=r"is nan after .* at a learning rate of 0\.02"):
        train_task(network, data[0], 0, 3, recipe, 5)
    assert all(parameter.requires_grad for parameter in network.parameters())


@pytest.mark.parametrize("magnitude", [-1, 4])
def test_a_magnitude_that_does_not_fit_is_an_error(make, recipe, magnitude):
    network, data = make("mlp")
    with pytest.raises(ValueError, match=f"magnitude {magnitude} does not fit 3 blocks"):
        train_task(network, data[0], 0, magnitude, recipe, 5)


def test_the_network_is_left_in_eval_mode_and_open(make, recipe):
    network, data = make()
    train_task(network, data[0], 0, 2, recipe, 5)
    assert not any(module.training for module in network.modules())
    assert all(parameter.requires_grad and parameter.grad is None for parameter in network.parameters())
    assert np.isfinite(float(network(data[0].x_eval, 0).detach().sum()))


@pytest.mark.parametrize("kind", ["resnet", "mlp"])
def test_the_whole_way_is_the_same_to_the_bit(make, recipe, kind):
    plain, data = make(kind)
    whole, _ = make(kind)
    reports = [
        train_task(plain, data[0], 0, 2, recipe, 5),
        train_task(whole, data[0], 0, Update(2, fraction=1.0), recipe, 5),
    ]
    assert reports[0] == reports[1]
    assert all(
        torch.equal(one, other)
        for one, other in zip(plain.state_dict().values(), whole.state_dict().values(), strict=True)
    )


@pytest.mark.parametrize("fraction", [0.25, 0.5])
def test_a_part_of_the_way_is_old_plus_that_part_running_statistics_too(make, recipe, frozen_copy, fraction):
    trained, data = make()
    network, _ = make()
    before = frozen_copy(network)
    long = train_task(trained, data[1], 1, 3, recipe, 5)
    short = train_task(network, data[1], 1, Update(3, fraction=fraction), recipe, 5)
    after, end = network.state_dict(), trained.state_dict()
    moved = 0
    for name, old in before.items():
        if name.startswith("blocks.") and old.is_floating_point():
            assert torch.allclose(after[name], old + fraction * (end[name] - old), rtol=1e-12, atol=1e-12), name
            moved += "running_mean" in name and not torch.equal(after[name], old)
        if name.startswith("heads.0"):
            assert torch.equal(after[name], old), name
    assert moved > 0
    assert short.update_norms == pytest.approx([fraction * norm for norm in long.update_norms])
    assert short.train_correct == evaluate(network, data[1].x_train, data[1].y_train, 1)
    assert not torch.equal(after["heads.1.weight"], end["heads.1.weight"])
    trained.load_state_dict({name: after[name] if name.startswith("blocks.") else now for name, now in end.items()})
    refit_head(trained, data[1], 1, recipe)
    assert torch.equal(after["heads.1.weight"], trained.head(1).weight)


def test_a_head_that_all_tasks_share_goes_a_part_of_the_way_too(make, recipe, frozen_copy):
    trained, data = make("mlp", shared_head=True)
    network, _ = make("mlp", shared_head=True)
    before = frozen_copy(network)
    train_task(trained, data[1], 1, 3, recipe, 5)
    train_task(network, data[1], 1, Update(3, fraction=0.25), recipe, 5)
    for name, now in network.state_dict().items():
        assert torch.allclose(now, before[name] + 0.25 * (trained.state_dict()[name] - before[name]), rtol=1e-12), name


def test_after_a_part_of_the_way_the_head_is_fitted_to_the_features_as_they_are(make, recipe):
    network, data = make()
    train_task(network, data[0], 0, Update(9, fraction=0.5), recipe, 5)

    def loss():
        with torch.no_grad():
            return torch.nn.functional.cross_entropy(network(data[0].x_train, 0), data[0].y_train).item()

    fitted = loss()
    refit_head(network, data[0], 0, recipe.replace(head_warmup_steps=500))
    assert loss() <= fitted
    settled = loss()
    with torch.no_grad():
        network.head(0).weight.zero_()
    assert loss() > settled
    refit_head(network, data[0], 0, recipe.replace(head_warmup_steps=2000))
    assert loss() == pytest.approx(settled, abs=0.02)


def test_a_penalty_is_part_of_the_loss_and_sees_the_minibatch(make, recipe):
    network, data = make()
    seen = []

    def penalty(minibatch):
        assert minibatch.network is network
        assert minibatch.task == 1
        assert minibatch.features.shape[0] == len(minibatch.positions)
        assert minibatch.features.requires_grad
        seen.append(minibatch.positions)
        return torch.tensor(3.0)

    report = train_task(network, data[1], 1, Update(2, penalty=penalty), recipe, 5)
    plain, _ = make()
    without = train_task(plain, data[1], 1, 2, recipe, 5)
    assert len(seen) == report.steps
    assert report.loss == pytest.approx(without.loss + 3.0)
    assert report.update_norms == pytest.approx(without.update_norms)


@pytest.mark.parametrize("total", [30, 31, 3])
def test_a_step_schedule_goes_to_a_tenth_after_two_thirds_of_the_steps(recipe, total):
    stepped = recipe.replace(schedule="step", learning_rate=0.5)
    rates = [training._rate(stepped, done, total) for done in range(total)]
    first = sum(rate == 0.5 for rate in rates)
    assert rates == [0.5] * first + [pytest.approx(0.05)] * (total - first)
    assert first - 1 < total * 2 / 3 <= first


def test_augmentation_leaves_what_is_frozen_and_changes_what_is_learned(make, recipe, frozen_copy):
    augmented = recipe.replace(augmentation="flips-and-crops")
    after = []
    for given in (recipe, augmented, augmented):
        network, data = make(channels=3)
        before = frozen_copy(network)
        report = train_task(network, data[1], 1, 2, given, 5)
        assert changed_blocks(network, before) == {7, 8}
        after.append((report.loss, frozen_copy(network)))
    (plain, _), (loss, weights), (again, same) = after
    assert loss == again != plain
    assert all(torch.equal(weights[name], value) for name, value in same.items())


def test_every_pass_over_augmented_images_passes_all_blocks(make, recipe):
    network, data = make()
    calls = []
    network.blocks[0].register_forward_hook(lambda module, inputs, output: calls.append(len(output)))
    report = train_task(network, data[1], 1, 1, recipe.replace(augmentation="flips-and-crops"), 5)
    assert len(calls) >= report.steps


def test_adamw_makes_other_steps_than_sgd_and_its_decay_is_apart(make, recipe):
    ends = {}
    for name, values in {
        "sgd": {},
        "adamw": {"optimizer": "adamw"},
        "decayed": {"optimizer": "adamw", "weight_decay": 0.5},
    }.items():
        network, data = make("mlp")
        report = train_task(network, data[0], 0, 3, recipe.replace(**{"weight_decay": 0.0, **values}), 5)
        ends[name] = report.update_norms
    assert len({tuple(end) for end in ends.values()}) == 3


def test_adamw_is_torchs_own(make, recipe):
    network, data = make("mlp")
    other, _ = make("mlp")
    given = recipe.replace(optimizer="adamw", learning_rate=0.003, weight_decay=0.1)
    train_task(network, data[0], 0, 3, given, 5)
    train_task(
        other,
        data[0],
        0,
        3,
        recipe.replace(learning_rate=0.003),
        5,
        optimizer=lambda parameters: torch.optim.AdamW(parameters, lr=0.003, weight_decay=0.1),
    )
    torch.testing.assert_close(network.state_dict(), other.state_dict())


def test_running_statistics_of_held_blocks_move_where_the_recipe_says_so(make, recipe):
    network, data = make("resnet")
    train_task(network, data[0], 0, len(network.blocks), recipe, 5)
    before = {name: value.clone() for name, value in network.blocks[0].state_dict().items()}
    report = train_task(network, data[1], 1, 1, recipe.replace(frozen_statistics="moving"), 5)
    moved = {name for name, value in network.blocks[0].state_dict().items() if not torch.equal(value, before[name])}
    assert moved == {"norm.running_mean", "norm.running_var", "norm.num_batches_tracked"}
    assert report.update_norms[0] == 0
    assert network.first_moved == 0
    assert not any(module.training for module in network.modules())
    assert all(parameter.requires_grad for parameter in network.parameters())
    train_task(network, data[1], 1, 1, recipe, 5)
    assert network.first_moved == len(network.blocks) - 1


def test_a_magnitude_may_be_a_number_of_numpy_s_and_no_fraction(make, recipe):
    network, data = make("mlp")
    assert train_task(network, data[0], 0, np.int64(2), recipe, 5).magnitude == 2
    with pytest.raises(ValueError, match=r"blocks = 1\.5 does not fit; give a whole number of blocks"):
        train_task(network, data[0], 0, 1.5, recipe, 5)
