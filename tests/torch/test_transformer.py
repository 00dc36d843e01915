"""The plain-torch ViT: timm's names and shapes, the oracle's logits, sizes from the model alone."""

import csv
from pathlib import Path

import numpy as np
import pytest

import pivotsim as ps
from tests.oracles.workload import vit_forward
from tests.torch.small import FORMS, PLAIN, REASON

torch = pytest.importorskip("torch", reason=REASON)
from pivotsim.vit_torch.measuring.extraction import logits_of
from pivotsim.vit_torch.measuring.plan_extraction import extract_plan
from pivotsim.vit_torch.measuring.timing import time_forward_ms
from pivotsim.vit_torch.model.transformer import VisionTransformer, build_vit

DATA = Path(__file__).parents[1] / "data"


def randomised(model, distilled=False):
    """A ViT in float64 whose every parameter and buffer is random, so that none can be left out unseen."""
    vit = build_vit(model, distilled=distilled).double()
    generator = torch.Generator().manual_seed(1)
    for name, values in vit.state_dict().items():
        if values.is_floating_point():
            drawn = torch.randn(values.shape, generator=generator, dtype=torch.float64) * 0.4
            values.copy_(drawn.abs() + 0.1 if "running_var" in name else drawn)
    return vit


def images_of(model, batch=2):
    generator = torch.Generator().manual_seed(2)
    return torch.randn(batch, model.channels, *model.image_sides, generator=generator, dtype=torch.float64)


def arrays(vit):
    return {name: values.numpy() for name, values in vit.state_dict().items()}


def test_state_dict_is_timms():
    with (DATA / "deit_small_patch16_224_state_dict.csv").open() as file:
        wanted = [(row["name"], tuple(map(int, row["shape"].split("x")))) for row in csv.DictReader(file)]
    vit = build_vit("deit_s")
    assert len(wanted) == 152
    assert [(name, tuple(values.shape)) for name, values in vit.state_dict().items()] == wanted
    assert sum(p.numel() for p in vit.parameters()) == 22_050_664


def test_state_dict_loads_whole():
    other = build_vit(PLAIN, seed=5)
    vit = build_vit(PLAIN)
    vit.load_state_dict(other.state_dict())
    assert torch.equal(vit(images_of(PLAIN).float()), other(images_of(PLAIN).float()))


@pytest.mark.parametrize("name", ["deit_t", "deit_s", "deit_b", "vit_b_16", "dinov2_g", "lvvit_s", "lvvit_m"])
def test_parameters_are_the_models(name):
    model = ps.load_model(name)
    with torch.device("meta"):  # shapes without memory
        vit = VisionTransformer(model)
    assert sum(p.numel() for p in vit.parameters()) == model.parameters


def test_a_distilled_model_has_a_second_head():
    model = ps.load_model("deit_s").replace({"prefix_tokens": 2})
    with torch.device("meta"):
        vit = VisionTransformer(model, distilled=True)
    assert sum(p.numel() for p in vit.parameters()) == 22_436_432  # timm's deit_small_distilled_patch16_224
    names = list(vit.state_dict())
    assert names[:3] == ["cls_token", "dist_token", "pos_embed"]
    assert names[-4:] == ["head.weight", "head.bias", "head_dist.weight", "head_dist.bias"]


def test_names_of_dinov2():
    names = set(build_vit(FORMS["dinov2"]).state_dict())
    assert {"blocks.0.ls1.gamma", "blocks.0.ls2.gamma", "blocks.0.mlp.w12.weight", "blocks.0.mlp.w3.bias"} <= names
    assert not any("fc1" in name for name in names)


RECTANGLE = PLAIN.replace({"image_px": "24x8", "patch_px": "4x2"})


@pytest.mark.parametrize("fused", [True, False])
@pytest.mark.parametrize("form", FORMS)
def test_logits_are_the_oracles(form, fused):
    model = FORMS[form]
    vit = randomised(model, distilled=form == "distilled")
    for block in vit.blocks:
        block.attn.fused = fused
    images = images_of(model)
    with torch.no_grad():
        logits = vit(images).numpy()
    wanted = [vit_forward.logits(arrays(vit), model, image) for image in images.numpy()]
    np.testing.assert_allclose(logits, wanted, rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("stem", ["patch", "lvvit_4_2"])
def test_rectangles(stem):
    """24 x 8 pixels in patches of 4 x 2: six rows of four."""
    model = RECTANGLE.replace({"stem": stem, "channels": 3})
    vit, images = randomised(model), images_of(model)
    with torch.no_grad():
        logits = vit(images).numpy()
    assert (model.tokens, tuple(images.shape)) == (25, (2, 3, 24, 8))
    wanted = [vit_forward.logits(arrays(vit), model, image) for image in images.numpy()]
    np.testing.assert_allclose(logits, wanted, rtol=1e-9, atol=1e-9)


def test_rectangles_are_measured():
    vit = build_vit(RECTANGLE)
    assert extract_plan(vit).encoders[0].attention_tokens == 25
    assert len(time_forward_ms(vit, 2, repeats=1, warm_up=1)) == 1
    with pytest.raises(ps.InputError, match=r"images: must be a tensor of shape \(n, 2, 24, 8\)"):
        logits_of(vit, torch.zeros(1, 2, 8, 24))


def test_training_stacks_the_two_heads_of_a_distilled_model():
    vit = randomised(FORMS["distilled"], distilled=True)
    images = images_of(FORMS["distilled"])
    both = vit.train()(images)
    assert both.shape == (2, 2, 5)
    torch.testing.assert_close(both.mean(dim=0), vit.eval()(images))


def test_every_parameter_learns():
    for form, model in FORMS.items():
        vit = randomised(model, distilled=form == "distilled").train()
        vit(images_of(model)).square().sum().backward()
        assert [n for n, p in vit.named_parameters() if p.grad is None or not p.grad.any()] == [], form


def test_hooks_see_attention_and_mlp_outputs():
    """Features of CKA: the output of each encoder's attention and MLP."""
    vit, seen = build_vit(PLAIN), []
    for block in vit.blocks:
        block.attn.register_forward_hook(lambda _, inputs, output: seen.append(tuple(output.shape)))
        block.mlp.register_forward_hook(lambda _, inputs, output: seen.append(tuple(output.shape)))
    vit(images_of(PLAIN).float())
    assert seen == [(2, 17, 12)] * 6


def test_weights_follow_the_seed_and_leave_torchs_generator_alone():
    before = torch.random.get_rng_state()
    one, same, other = (build_vit(PLAIN, seed=seed).state_dict() for seed in (3, 3, 4))
    assert torch.equal(torch.random.get_rng_state(), before)
    assert all(torch.equal(one[name], same[name]) for name in one)
    assert not torch.equal(one["head.weight"], other["head.weight"])
    assert 0.01 < one["head.weight"].std() < 0.03
    assert not one["blocks.0.attn.qkv.bias"].any()


@pytest.mark.parametrize(
    ("changes", "arguments", "problem"),
    [
        ({"head_features": 13}, {}, r"head_features: must be 12 or 24 \(got 13\)"),
        ({"head_features": 24, "prefix_tokens": 0}, {}, r"head_features: must be 12 \(got 24\)"),
        ({}, {"distilled": True}, r"distilled: prefix_tokens must be 2 \(got 1\)"),
        ({"register_tokens": 4}, {}, r"small: register_tokens: is built with 0 alone \(got 4\)"),
        ({"positions": "rope"}, {}, r"positions: is built with learned alone \(got 'rope'\)"),
        ({"prefix_positions": False}, {}, r"prefix_positions: is built with true alone \(got false\)"),
        ({"patch_edge": "pad"}, {}, r"patch_edge: is built with refuse alone"),
        ({"norm": "rmsnorm"}, {}, r"norm: is built with layernorm alone"),
        ({"pool": "attention"}, {}, r"pool: is built with class alone"),
        ({"qk_norm": True}, {}, r"qk_norm: is built with false alone"),
        ({"mlp_norm": True}, {}, r"mlp_norm: is built with false alone"),
        ({"k_bias": False}, {}, r"k_bias: is built with true alone"),
        ({"head_size": 8}, {}, r"head_size: is built as width / heads alone \(got 8\)"),
        ({"classes": 0}, {}, r"classes: is built with a head alone, so at least 2 \(got 0\)"),
        ({}, {"seed": -1}, r"seed: must be at least 0 \(got -1\)"),
        ({}, {"distilled": 1}, r"distilled: must be true or false \(got 1\)"),
    ],
)
def test_bad_input(changes, arguments, problem):
    with pytest.raises(ps.InputError, match=problem):
        build_vit(PLAIN.replace(changes), **arguments)
