"""Training that feels the hardware: what goes forward, what comes back, what stays."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from xbarsim.analog import (
    ArraySize,
    Awareness,
    Converter,
    Numerics,
    Periphery,
    Schedule,
    aware,
    convert_to_analog,
    fine_tune,
)
from xbarsim.devices.load import load_technology

CONVERTERS = Periphery(Converter(1.0, 1 / 30), Converter(4.0, 1 / 62), "abs_max", "iterative")


def linear(outputs: int = 200, inputs: int = 300) -> nn.Linear:
    torch.manual_seed(1)
    return nn.Linear(inputs, outputs, bias=False)


def convolutions() -> nn.Sequential:
    torch.manual_seed(2)
    return nn.Sequential(
        nn.Conv2d(2, 4, 3, padding=1, groups=2), nn.ReLU(), nn.Flatten(), nn.Linear(4 * 5 * 5, 3)
    )


def read_weights(layer: nn.Linear) -> Tensor:
    """What the layer multiplies by: its answers to unit vectors."""
    return layer(torch.eye(layer.in_features)).detach().mT


def test_noise_has_the_size_that_is_asked_for_and_is_new_in_each_pass():
    """Mean within 4 standard errors, deviation within 1 %: of 60,000 weights, 0.3 %."""
    layer = linear()
    with aware(layer, Awareness(weight_noise=0.05)):
        first, second = (read_weights(layer) - layer.weight.detach() for _ in range(2))
    deviation = 0.05 * layer.weight.detach().abs().max().item()
    for noise in (first, second):
        assert noise.std().item() == pytest.approx(deviation, rel=0.01)
        assert noise.mean().abs() < 4 * deviation / noise.numel() ** 0.5
    correlation = torch.corrcoef(torch.stack([first.flatten(), second.flatten()]))[0, 1]
    assert abs(correlation) < 0.02


def test_noise_may_be_relative_to_the_largest_weight_of_each_output():
    layer = linear()
    with torch.no_grad():
        layer.weight *= torch.linspace(0.1, 1, 200)[:, None]
    numerics = Numerics(ArraySize(512, 512), weight_range="column")
    with aware(layer, Awareness(weight_noise=0.05, numerics=numerics)):
        noise = read_weights(layer) - layer.weight.detach()
    relative = noise / layer.weight.detach().abs().amax(dim=1, keepdim=True)
    assert relative.std().item() == pytest.approx(0.05, rel=0.01)


def test_the_same_seed_gives_the_same_noise_and_each_layer_has_its_own():
    def noise(seed: int) -> list[Tensor]:
        twins = nn.ModuleList([linear(20, 30), linear(20, 30)])
        with aware(twins, Awareness(weight_noise=0.1), seed):
            return [read_weights(layer) for layer in twins]

    assert all(map(torch.equal, noise(1), noise(1)))
    assert not torch.equal(*noise(1))
    assert not torch.equal(noise(1)[0], noise(2)[0])


def test_gradients_pass_the_noise_as_a_constant():
    """Of the weights: those without noise. Of the inputs: those of the weights that they met."""
    layer, inputs, upstream = linear(20, 30), torch.eye(30, requires_grad=True), torch.randn(30, 20)
    with aware(layer, Awareness(weight_noise=0.1)):
        outputs = layer(inputs)
        outputs.backward(upstream)
    met = outputs.detach().mT  # answers to unit vectors
    assert not torch.allclose(met, layer.weight, atol=1e-3)
    torch.testing.assert_close(layer.weight.grad, upstream.mT @ inputs.detach())
    torch.testing.assert_close(inputs.grad, upstream @ met)


@pytest.mark.parametrize("array", [ArraySize(512, 512), ArraySize(7, 3)])
@pytest.mark.parametrize("weight_range", ["given", "array", "column"])
def test_products_are_those_of_inference(array, weight_range):
    """Forward as the converted network, in blocks and through its converters; backward as if it were exact."""
    network, images = convolutions(), torch.rand(6, 2, 5, 5)
    numerics = Numerics(array, periphery=CONVERTERS, weight_range=weight_range)
    expected = convert_to_analog(network, numerics)(images)
    with aware(network, Awareness(weight_noise=0.0, numerics=numerics)):
        found = network(images)
    torch.testing.assert_close(found.detach(), expected)
    assert (network(images) - expected).abs().max() > 0.003  # the converters are coarse enough to be seen


def test_gradients_pass_converters_as_if_they_were_not_there():
    layer, inputs, upstream = linear(20, 30), torch.randn(7, 30), torch.randn(7, 20)
    with aware(layer, Awareness(0.0, numerics=Numerics(ArraySize(8, 8), periphery=CONVERTERS))):
        layer(inputs).backward(upstream)
    torch.testing.assert_close(layer.weight.grad, upstream.mT @ inputs)


def test_noise_of_the_read_out_is_new_in_each_pass():
    layer, inputs = linear(20, 30), torch.ones(1, 30)
    numerics = Numerics(ArraySize(64, 64), periphery=Periphery(output_noise=0.5))
    with aware(layer, Awareness(0.0, numerics=numerics)):
        noise = torch.cat([layer(inputs) - F.linear(inputs, layer.weight) for _ in range(200)])
    assert noise.std().item() == pytest.approx(0.5, rel=0.05)
    assert not torch.equal(noise[0], noise[1])


def test_cells_codebook_and_rounding_are_left_to_the_noise():
    from xbarsim.analog.codebook import Codebook

    layer, inputs = linear(20, 30), torch.randn(7, 30)
    plain = Numerics(ArraySize(64, 64), periphery=CONVERTERS)
    stored = Numerics(
        ArraySize(64, 64), load_technology("pcm"), periphery=CONVERTERS, codebook=Codebook(0.02, 0.03, 8)
    )
    results = []
    for numerics in (plain, stored):
        with aware(layer, Awareness(0.0, numerics=numerics)):
            results.append(layer(inputs).detach())
    assert torch.equal(*results)


@pytest.mark.parametrize(
    ("settings", "bound"), [({"clip_at": 0.01}, 0.01), ({"clip_sigmas": 1.5}, None), ({}, 1 / 300**0.5)]
)
def test_weights_are_cut(settings, bound):
    """At a size, or at multiples of a uniform distribution's deviation, 1 / sqrt(3 n); or not at all."""
    layer = linear()
    deviation = layer.weight.detach().std(correction=0).item()
    assert layer.weight.detach().abs().max() == pytest.approx(1 / 300**0.5, rel=1e-3)
    with aware(layer, Awareness(weight_noise=0.0, **settings)):
        layer(torch.ones(1, 300))
        inside = layer.weight.detach().abs().max().item()
    assert inside == pytest.approx(bound if bound is not None else 1.5 * deviation, rel=1e-3)
    assert layer.weight.detach().abs().max() <= inside


def test_weights_are_cut_after_the_last_step_too():
    layer = linear(20, 30)
    with aware(layer, Awareness(0.0, clip_at=0.1)), torch.no_grad():
        layer.weight[3, 4] = 7.0
    assert layer.weight[3, 4].item() == pytest.approx(0.1)


def test_without_noise_it_is_the_users_own_training():
    """Two networks, one inside and one not, with the same loop: the same bits."""

    def steps(network: nn.Module, optimiser: torch.optim.Optimizer) -> None:
        torch.manual_seed(4)
        for _ in range(5):
            loss = F.cross_entropy(network(torch.randn(8, 2, 5, 5)), torch.randint(3, (8,)))
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()

    inside, outside = convolutions(), convolutions()
    made_before = torch.optim.Adam(inside.parameters())
    with aware(inside, Awareness(weight_noise=0.0)):
        steps(inside, made_before)
    steps(outside, torch.optim.Adam(outside.parameters()))
    assert all(map(torch.equal, inside.parameters(), outside.parameters()))


def test_afterwards_it_is_the_plain_network_again():
    network, images = convolutions().eval(), torch.rand(6, 2, 5, 5)
    before, parameters, names = network(images), list(network.parameters()), list(network.state_dict())
    with pytest.raises(KeyboardInterrupt), aware(network, Awareness(weight_noise=0.3)):
        assert network.training
        assert list(network.state_dict()) == names
        assert not torch.allclose(network(images), before, atol=0.01)
        network.eval()
        assert torch.equal(network(images), before)  # exact, to validate
        raise KeyboardInterrupt
    assert not network.training
    assert all(one is other for one, other in zip(network.parameters(), parameters, strict=True))
    assert torch.equal(network(images), before)
    assert not any("forward" in vars(module) for module in network.modules())


def test_fine_tune_leaves_the_network_as_it_was():
    network, images, labels = convolutions(), torch.rand(30, 2, 5, 5), torch.randint(3, (30,))
    before = [parameter.clone() for parameter in network.parameters()]
    awareness, schedule = Awareness(0.1, clip_sigmas=2.5), Schedule(epochs=2, batch=8)
    first, second = (fine_tune(network, images, labels, awareness, schedule, seed=3) for _ in range(2))
    assert all(map(torch.equal, network.parameters(), before))
    assert all(map(torch.equal, first.parameters(), second.parameters()))
    assert not any(map(torch.equal, first.parameters(), before))
    assert not first.training


def test_fine_tune_lowers_the_loss_that_it_is_given():
    network, images = linear(2, 30), torch.randn(50, 30)
    wanted = images[:, :2]

    def loss(net: nn.Module) -> float:
        return F.mse_loss(net(images), wanted).item()

    tuned = fine_tune(network, images, wanted, Awareness(0.02), Schedule(50, 10), loss=F.mse_loss)
    assert loss(tuned) < 0.1 * loss(network)


@pytest.mark.parametrize(
    ("settings", "text"),
    [
        ({"weight_noise": -0.1}, "Awareness.weight_noise is -0.1; allowed: a number from 0"),
        ({"weight_noise": float("nan")}, "Awareness.weight_noise is nan; allowed: a number from 0"),
        (
            {"weight_noise": 0.1, "clip_sigmas": 1},
            "Awareness.clip_sigmas is 1; allowed: a number above 1 (no weights have all of them within less), or None",
        ),
        ({"weight_noise": 0.1, "clip_at": 0}, "Awareness.clip_at is 0; allowed: a number above 0, or None"),
        (
            {"weight_noise": 0.1, "clip_at": 1, "clip_sigmas": 2},
            "Awareness.clip_sigmas and clip_at are both given; allowed: one of them",
        ),
    ],
)
def test_wrong_settings(settings, text):
    with pytest.raises(ValueError) as caught:
        Awareness(**settings)
    assert str(caught.value) == text


def test_networks_that_cannot_be_made_aware():
    with pytest.raises(ValueError) as caught, aware(nn.ReLU(), Awareness(0.1)):
        pass
    assert str(caught.value) == (
        "the network has no Linear, Conv1d or Conv2d layer, so nothing that stands on arrays"
    )
    network = convolutions()
    with aware(network, Awareness(0.1)):
        with pytest.raises(ValueError) as caught, aware(network, Awareness(0.1)):
            pass
        assert str(caught.value) == "the network is aware already, or has layers with a forward of their own"


def test_converters_are_computed_on_the_processor():
    numerics = Numerics(ArraySize(64, 64), periphery=CONVERTERS)
    with pytest.raises(ValueError) as caught, aware(linear().to("meta"), Awareness(0.1, numerics=numerics)):
        pass
    assert str(caught.value) == (
        "the network is on meta; converters and the noise of the read-out are computed on the processor: give "
        "network.cpu(), or no numerics (noise of weights alone is drawn for every device)"
    )
    elsewhere = linear().to("meta")
    with aware(elsewhere, Awareness(0.1)):
        assert elsewhere(torch.ones(2, 300, device="meta")).device.type == "meta"


def test_training_that_diverges():
    network, images = linear(2, 30), torch.randn(50, 30)
    with pytest.raises(ValueError) as caught:
        fine_tune(network, images, images[:, :2], Awareness(0.1), Schedule(30, 10, 1e6), loss=F.mse_loss)
    assert str(caught.value).startswith("fine_tune: the loss is ")
    assert str(caught.value).endswith("; lower the learning rate (1000000.0) or the weight noise (0.1)")
