"""Fake quantisation: error bounds, levels, a quantised linear layer by integers, and what stays in float."""

import numpy as np
import pytest

import pivotsim as ps
from tests.torch.small import FORMS, PLAIN, REASON

torch = pytest.importorskip("torch", reason=REASON)
from pivotsim.vit_torch.measuring.extraction import logits_of
from pivotsim.vit_torch.model.plan_application import apply_plan
from pivotsim.vit_torch.model.transformer import build_vit
from pivotsim.vit_torch.training.quantisation import fake_quantised, rounded

IMAGES = torch.randn(7, 2, 16, 16, generator=torch.Generator().manual_seed(1))


@pytest.mark.parametrize("bits", [2, 3, 8, 16])
def test_rounding_is_within_half_a_step_and_on_the_grid(bits):
    levels = 2 ** (bits - 1) - 1
    x = torch.randn(10_000, generator=torch.Generator().manual_seed(bits), dtype=torch.float64)
    y, step = rounded(x, float(x.abs().max()), levels), float(x.abs().max()) / levels
    assert (y - x).abs().max() <= step / 2 * (1 + 1e-9)
    assert len((y / step).round().unique()) <= 2 * levels + 1
    assert ((y / step) - (y / step).round()).abs().max() < 1e-6
    clipped = rounded(x, 1.0, levels)
    assert clipped.abs().max() == pytest.approx(1.0)


def test_weights_are_rounded_each_by_its_own_largest():
    vit = build_vit(PLAIN)
    small = fake_quantised(vit, IMAGES)
    count = 0
    for name, module in vit.named_modules():
        if not isinstance(module, (torch.nn.Linear, torch.nn.Conv2d)):
            continue
        weight, seen = module.weight.detach().numpy(), small.get_submodule(name).weight.detach().numpy()
        step = np.abs(weight).max() / 127
        np.testing.assert_allclose(seen, np.round(weight / step) * step, atol=1e-7)
        assert not np.array_equal(seen, weight)
        count += 1
    assert count == 1 + 4 * 3 + 1  # patches; qkv, proj, fc1, fc2; head
    assert torch.equal(small.pos_embed, vit.pos_embed) and torch.equal(small.norm.weight, vit.norm.weight)


def test_a_linear_layer_is_an_integer_product():
    vit = build_vit(PLAIN)
    small = fake_quantised(vit, IMAGES)
    inputs = {}
    for name, model in (("float", vit), ("int8", small)):
        spot = model.blocks[1].mlp.fc1
        spot.register_forward_hook(lambda module, given, output, name=name: inputs.update({name: (given[0], output)}))
        logits_of(model, IMAGES)
    fc1 = small.blocks[1].mlp.fc1
    largest = float(inputs["float"][0].abs().max())  # the range that was observed, in float
    step_x, step_w = largest / 127, float(vit.blocks[1].mlp.fc1.weight.detach().abs().max()) / 127
    x, output = (values.double().numpy() for values in inputs["int8"])
    q_x, q_w = np.rint(x / step_x), np.rint(fc1.weight.detach().double().numpy() / step_w)
    assert np.abs(q_x).max() <= 127 and np.abs(x / step_x - q_x).max() < 1e-3
    wanted = (q_x @ q_w.T) * step_x * step_w + fc1.bias.detach().double().numpy()
    np.testing.assert_allclose(output, wanted, atol=1e-5)


def test_q_k_and_v_are_rounded_too():
    small = fake_quantised(build_vit(PLAIN), IMAGES, bits=3)
    seen = []
    small.blocks[0].attn.qkv.register_forward_hook(lambda module, given, output: seen.append(output))
    logits_of(small, IMAGES)
    assert len(seen[0].unique()) <= 7


@pytest.mark.parametrize("form", FORMS)
def test_more_bits_are_nearer_and_the_vit_stays(form):
    vit = build_vit(FORMS[form])
    images = torch.randn(5, FORMS[form].channels, 16, 16, generator=torch.Generator().manual_seed(0))
    wanted = logits_of(vit, images)
    errors = [np.abs(logits_of(fake_quantised(vit, images, bits=bits), images) - wanted).max() for bits in (3, 8, 16)]
    assert errors[0] > errors[1] > errors[2] > 0
    assert errors[2] < 1e-3 * np.abs(wanted).max() + 1e-5
    np.testing.assert_array_equal(logits_of(vit, images), wanted)


def test_larger_activations_are_cut_off():
    small = fake_quantised(build_vit(PLAIN), IMAGES)
    seen = []
    small.patch_embed.proj.register_forward_hook(lambda module, given, output: seen.append(given[0]))
    logits_of(small, 100 * IMAGES)
    assert seen[0].abs().max() == pytest.approx(IMAGES.abs().max())


def test_an_effort_is_quantised_without_its_skipped_attention():
    vit = build_vit(PLAIN)
    apply_plan(vit, ps.skip_attention(ps.plan(PLAIN), active=[2]))
    assert np.isfinite(logits_of(fake_quantised(vit, IMAGES), IMAGES)).all()
    assert np.isfinite(logits_of(fake_quantised(vit, torch.zeros_like(IMAGES)), IMAGES)).all()


@pytest.mark.parametrize("bits", [1, 17])
def test_bits_are_two_to_sixteen(bits):
    with pytest.raises(ps.InputError, match="bits: must be at"):
        fake_quantised(build_vit(PLAIN), IMAGES, bits=bits)
