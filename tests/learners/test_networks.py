import numpy as np
import pytest
import torch
from torch import nn

from cl_core.learners.networks import NetworkSpec, block_parameters, build_network


def build(**spec):
    options = {"tasks": 2, "classes": 5, "image_shape": (16, 16, 3), "seed": 1, "dtype": torch.float32}
    options |= {name: spec.pop(name) for name in list(spec) if name in options}
    return build_network(NetworkSpec(**spec), **options)


def test_resnet_has_the_shape_of_a_resnet18():
    network = build(width=64, image_shape=(32, 32, 3), classes=10, tasks=1)
    assert len(network.blocks) == 9
    # torchvision's ResNet-18 has 11,689,512 parameters; less its head (513,000) and its 7×7 stem's surplus (7,680).
    assert sum(block_parameters(network)) == 11_689_512 - 513_000 - (64 * 3 * 49 - 64 * 3 * 9)
    x = torch.zeros(1, 3, 32, 32)
    sides = []
    for block in network.blocks:
        x = block(x)
        sides.append((x.shape[1], x.shape[2]))
    assert sides == [(64, 32)] * 3 + [(128, 16)] * 2 + [(256, 8)] * 2 + [(512, 4)] * 2


def test_last_blocks_hold_the_stated_shares():
    sizes = block_parameters(build(width=16))
    assert sizes[-1] / sum(sizes) == pytest.approx(0.42, abs=0.005)
    assert sum(sizes[-2:]) / sum(sizes) == pytest.approx(0.75, abs=0.005)


def test_mlp_has_a_block_for_each_hidden_layer():
    network = build(kind="mlp", width=7, depth=4)
    assert block_parameters(network) == (768 * 7 + 7, 56, 56, 56)
    assert network(torch.zeros(3, 3, 16, 16), 1).shape == (3, 5)


def test_forward_is_the_blocks_in_order_then_the_task_s_head():
    network = build(width=4)
    x = torch.randn(3, 3, 16, 16, generator=torch.Generator().manual_seed(0))
    middle = network.features(x, 0, 4)
    assert torch.equal(network(x, 1), network.logits(network.features(middle, 4), 1))
    assert not torch.equal(network(x, 0), network(x, 1))


def test_one_head_for_all_tasks_or_one_each():
    shared, own = build(width=2, shared_head=True), build(width=2)
    assert (len(shared.heads), len(own.heads)) == (1, 2)
    assert shared.head(1) is shared.head(0)
    assert own.head(1) is not own.head(0)
    with pytest.raises(IndexError, match="tasks 0 to 1"):
        own.head(2)


@pytest.mark.parametrize("norm", ["batch", "group"])
def test_normalisation(norm):
    kinds = {type(module) for module in build(width=6, norm=norm).modules()}
    assert (nn.BatchNorm2d in kinds) == (norm == "batch")
    assert (nn.GroupNorm in kinds) == (norm == "group")


def test_weights_come_from_the_seed_alone():
    before = torch.random.get_rng_state()
    one, same, other = build(width=4), build(width=4), build(width=4, seed=2)
    assert torch.equal(torch.random.get_rng_state(), before)
    torch.manual_seed(12345)
    later = build(width=4)
    for network in (same, later):
        assert all(torch.equal(a, b) for a, b in zip(one.parameters(), network.parameters(), strict=True))
    assert not torch.equal(one.blocks[0].convolution.weight, other.blocks[0].convolution.weight)
    assert not torch.equal(one.heads[0].weight, one.heads[1].weight)


def test_weights_do_not_depend_on_number_of_tasks_or_precision():
    few, many = build(width=4), build(width=4, tasks=5, dtype=torch.float64)
    assert torch.equal(few.heads[1].weight, many.heads[1].weight.float())
    assert torch.equal(few.blocks[8].convolution2.weight, many.blocks[8].convolution2.weight.float())


def test_weights_have_he_s_variance():
    weight = build(width=32).blocks[5].convolution2.weight.detach().numpy()
    assert np.var(weight) == pytest.approx(2 / (9 * 128), rel=0.02)


def test_the_stem_s_stride_halves_every_side():
    x = torch.zeros(1, 3, 16, 16)
    assert build(width=2, stem_stride=2).blocks[0](x).shape[2:] == (8, 8)


@pytest.mark.parametrize("values", [{"tasks": 0}, {"classes": 1}, {"image_shape": (4,)}])
def test_sizes_that_do_not_fit_are_errors(values):
    with pytest.raises(ValueError, match=r"do(es)? not fit"):
        build(width=2, **values)


def test_the_shortcut_is_a_strided_convolution_without_one():
    """oneDNN's own strided 1×1 convolution corrupts memory with few channels (issue 6035), so none may come back."""
    network = build(width=4)
    small = [module for module in network.modules() if isinstance(module, nn.Conv2d) and module.kernel_size == (1, 1)]
    assert len(small) == 3
    assert all(module.stride == (1, 1) for module in small)
    block = network.blocks[3]
    x = torch.randn(2, 4, 16, 16, generator=torch.Generator().manual_seed(0))
    strided = nn.functional.conv2d(x, block.shortcut.convolution.weight, stride=2)
    torch.testing.assert_close(block.shortcut(x), block.shortcut.norm(strided))


@pytest.mark.parametrize("width", [2, 3, 4, 8, 12])
@pytest.mark.parametrize("stem_stride", [1, 2])
def test_float32_gradients_are_those_of_float64(width, stem_stride):
    """With channels last, few channels and strides: where a kernel of the CPU's library could go wrong."""
    gradients = []
    for dtype in (torch.float32, torch.float64):
        network = build(width=width, stem_stride=stem_stride, image_shape=(32, 32, 3), dtype=dtype)
        draws = np.random.default_rng(1).standard_normal((8, 32, 32, 3))
        x = torch.from_numpy(draws).to(dtype).permute(0, 3, 1, 2)
        network(x, 0).square().sum().backward()
        gradients.append([parameter.grad for parameter in network.blocks.parameters()])
    for single, double in zip(*gradients, strict=True):
        assert float(torch.linalg.vector_norm(single.double() - double)) <= 1e-4 * float(
            torch.linalg.vector_norm(double)
        )


@pytest.mark.parametrize("side", [1, 2, 3])
@pytest.mark.parametrize("layout", [torch.contiguous_format, torch.channels_last])
def test_a_convolution_of_a_small_image_is_the_plain_one_with_its_gradients(side, layout):
    draws = torch.Generator().manual_seed(0)
    layer = build(width=4, dtype=torch.float64).blocks[4].convolution1
    x = torch.randn(5, 8, side, side, generator=draws, dtype=torch.float64).contiguous(memory_format=layout)
    weights = torch.randn(5, 8, side, side, generator=draws, dtype=torch.float64)
    results = []
    for convolve in (layer, lambda images: nn.functional.conv2d(images, layer.weight, padding=1)):
        images = x.clone().requires_grad_()
        output = convolve(images)
        layer.weight.grad = None
        (output * weights).sum().backward()
        results.append((output.detach(), images.grad, layer.weight.grad))
    for own, plain in zip(*results, strict=True):
        torch.testing.assert_close(own, plain)
