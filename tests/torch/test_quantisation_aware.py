"""Quantisation-aware training: the forward pass of fake_quantised, straight-through gradients, float weights after."""

import copy
from contextlib import contextmanager

import numpy as np
import pytest

import pivotsim as ps
from tests.torch.small import FORMS, PLAIN, REASON

torch = pytest.importorskip("torch", reason=REASON)
from torch.nn.utils import parametrize

from pivotsim.vit_torch.measuring.extraction import logits_of
from pivotsim.vit_torch.model.transformer import build_vit
from pivotsim.vit_torch.training.batches import InMemory
from pivotsim.vit_torch.training.loop import train
from pivotsim.vit_torch.training.parts import Part
from pivotsim.vit_torch.training.quantisation import fake_quantised
from pivotsim.vit_torch.training.quantisation_aware import QuantisationAware, rounded_straight_through
from pivotsim.vit_torch.training.recipes import Recipe
from tests.torch.training_cases import grown, whole_batches

ORIGINAL = "parametrizations.weight.original"  # a weight's own name while it is rounded
STILL = Recipe(1, 0.0, 0.0, "labels")


class Seen(Part):
    """Keeps the logits of each pass and the gradients of each step."""

    @contextmanager
    def attached(self, vit):
        self.vit, self.logits, self.gradients = vit, [], {}
        yield

    def loss(self, outputs, labels):
        self.logits.append(outputs.logits.detach())

    def after_step(self, step, steps):
        self.gradients = {name: weight.grad.clone() for name, weight in self.vit.named_parameters()}


class Watching(Part):
    """Keeps what one layer takes in, its weight and its result."""

    @contextmanager
    def attached(self, vit):
        def keep(layer, given, result):
            self.seen = [x.detach().double().numpy() for x in (given[0], layer.weight, layer.bias, result)]

        hook = vit.blocks[1].mlp.fc1.register_forward_hook(keep)
        yield
        hook.remove()


def test_a_linear_layer_is_an_integer_product_in_training():
    vit, watching = grown(), Watching()
    float_weight = vit.blocks[1].mlp.fc1.weight.detach().double().numpy()
    train(vit, whole_batches(), STILL, parts=[QuantisationAware(8), watching])
    x, weight, bias, result = watching.seen
    step_x, step_w = np.abs(x).max() / 127, np.abs(float_weight).max() / 127
    q_x, q_w = np.rint(x / step_x), np.rint(float_weight / step_w)
    assert np.abs(x / step_x - q_x).max() < 1e-3 and len(np.unique(q_x)) > 50
    np.testing.assert_allclose(weight, q_w * step_w, rtol=1e-5)
    scale = np.abs(result).max()
    np.testing.assert_allclose(result, (q_x @ q_w.T) * step_x * step_w + bias, atol=1e-5 * scale)


def test_q_k_and_v_are_rounded_in_training():
    vit, results = grown(), []
    hook = vit.blocks[0].attn.register_forward_hook(lambda attention, given, _: results.append(attention.qkv(given[0])))
    train(vit, whole_batches(), STILL, parts=[QuantisationAware(3)])
    hook.remove()
    assert len(results[0].unique()) <= 7 < len(vit.blocks[0].attn.qkv(torch.randn(1, 5, 12)).unique())


def test_training_sees_about_what_rounding_after_training_gives():
    vit, seen = build_vit(PLAIN), Seen()
    train(copy.deepcopy(vit), whole_batches(), STILL, parts=[QuantisationAware(8), seen])
    order = torch.cat([images for images, _ in whole_batches()])
    after, exact = logits_of(fake_quantised(vit, order), order), logits_of(vit, order)
    assert 0 < np.abs(seen.logits[0].numpy() - exact).max() < 2 * np.abs(after - exact).max()


def test_the_gradient_passes_the_rounding_as_it_is():
    x = torch.randn(50, generator=torch.Generator().manual_seed(0), requires_grad=True)
    factors = torch.arange(50.0)
    (rounded_straight_through(x, 3) * factors).sum().backward()
    assert torch.equal(x.grad, factors) and len(rounded_straight_through(x, 3).unique()) <= 7
    zeros = torch.zeros(4, requires_grad=True)
    rounded_straight_through(zeros, 127).sum().backward()
    assert torch.equal(zeros.grad, torch.ones(4))


def test_with_sixteen_bits_it_is_training_in_float():
    gradients = []
    for parts in ([], [QuantisationAware(16)]):
        seen, vit = Seen(), build_vit(PLAIN)
        train(vit, whole_batches(), STILL, parts=[*parts, seen])
        gradients.append({name.replace(ORIGINAL, "weight"): g for name, g in seen.gradients.items()})
    assert set(gradients[0]) == set(gradients[1])
    for name, gradient in gradients[0].items():
        assert (gradients[1][name] - gradient).abs().max() <= 0.01 * gradient.abs().max(), name


@pytest.mark.parametrize("form", FORMS)
def test_it_comes_off_and_leaves_float_weights(form):
    model = FORMS[form]
    vit = build_vit(model)
    names = list(vit.state_dict())
    images = torch.randn(7, model.channels, 16, 16, generator=torch.Generator().manual_seed(1))
    before = logits_of(vit, images)
    train(vit, whole_batches(images), STILL, parts=[QuantisationAware(4)])
    if form != "lvvit":  # whose batch norm has seen the batch
        np.testing.assert_array_equal(logits_of(vit, images), before)
    assert sorted(vit.state_dict()) == sorted(names)
    train(vit, whole_batches(images), Recipe(1, 1e-3, 0.0, "labels"), parts=[QuantisationAware(4)])
    assert len(vit.blocks[0].attn.qkv.weight.unique()) > 15


def test_training_with_three_bits_learns_what_rounding_after_training_loses():
    labels = torch.arange(40) % 5
    images = torch.randn(40, 2, 16, 16, generator=torch.Generator().manual_seed(3)) + labels[:, None, None, None]
    losses = {}
    for name, parts in {"after": [], "aware": [QuantisationAware(3)]}.items():
        vit = build_vit(PLAIN)
        train(vit, InMemory(images, labels, batch=40), Recipe(40, 1e-2, loss="labels"), parts=parts)
        logits = torch.tensor(logits_of(fake_quantised(vit, images, bits=3), images))
        losses[name] = torch.nn.functional.cross_entropy(logits, labels).item()
    assert losses["aware"] < 0.9 * losses["after"]


class Halved(torch.nn.Module):
    """A weight times a mask of every other column."""

    def forward(self, weight):
        return weight * (torch.arange(weight.shape[1]) % 2)


class Masked(Part):
    """A fixed mask on one layer, which stays in its weight."""

    @contextmanager
    def attached(self, vit):
        layer = vit.blocks[1].mlp.fc1
        parametrize.register_parametrization(layer, "weight", Halved())
        yield
        parametrize.remove_parametrizations(layer, "weight")


def test_it_rounds_what_a_mask_leaves_and_leaves_the_mask_alone():
    vit, watching = grown(), Watching()
    before = vit.blocks[1].mlp.fc1.weight.detach().clone()
    train(vit, whole_batches(), STILL, parts=[Masked(), QuantisationAware(3), watching])
    weight = watching.seen[1]
    assert not weight[:, ::2].any() and len(np.unique(weight)) <= 7
    assert torch.equal(vit.blocks[1].mlp.fc1.weight, before * (torch.arange(12) % 2))
    assert not any(parametrize.is_parametrized(module) for module in vit.modules())


@pytest.mark.parametrize("bits", [1, 17, 8.0])
def test_bits_are_two_to_sixteen(bits):
    with pytest.raises(ps.InputError, match=r"^bits: must be a"):
        QuantisationAware(bits)
