"""Integers of a torch ViT: its scales are those of fake quantisation, and it says what the rounded ViT says."""

import numpy as np
import pytest

torch = pytest.importorskip("torch")

import pivotsim as ps
from pivotsim.vit_torch.measuring.extraction import logits_of
from pivotsim.vit_torch.measuring.ranges import joined_ranges, observed_ranges
from pivotsim.vit_torch.model.transformer import build_vit
from pivotsim.vit_torch.training.quantisation import fake_quantised, rounded_within
from pivotsim.vit_torch.training.rungs import as_planned

SIZES = {
    "name": "small", "depth": 2, "image_px": 8, "patch_px": 2, "channels": 1, "width": 16, "heads": 2, "mlp_hidden": 32,
    "classes": 5,
}  # fmt: skip


@pytest.fixture(scope="module")
def vit():
    one = build_vit(SIZES, seed=3)
    with torch.no_grad():
        one.pos_embed.mul_(25)
        for module in one.modules():
            if isinstance(module, torch.nn.Linear):
                module.weight.mul_(16**-0.5 / 0.02)
                module.bias.normal_(0, 0.3, generator=torch.Generator().manual_seed(5))
    return one


@pytest.fixture(scope="module")
def images():
    return torch.randn(64, 1, 8, 8, generator=torch.Generator().manual_seed(1))


@pytest.mark.parametrize("name", ["whole", "skipped", "blocks", "tokens"])
def test_integers_say_what_the_rounded_vit_says(vit, images, name):
    whole = ps.plan(vit.model)
    plan = {
        "whole": whole,
        "skipped": ps.skip_attention(whole, active=[2]),
        "blocks": ps.prune_blocks(whole, block=4, density=0.5),
        "tokens": ps.prune_tokens(whole, "top_k", r=1, encoders=[1]),
    }[name]
    model = ps.integer.quantise(vit, images, [plan])
    rounded = rounded_within(vit, observed_ranges(as_planned(vit, plan), images))
    found = ps.integer.run(model, images.numpy(), plan).logits * model.logit_scale
    right, spread = logits_of(as_planned(rounded, plan), images), 0.05 if name == "tokens" else 0.03
    assert np.sqrt(((found - right) ** 2).mean()) < spread * right.std()  # a few steps of 8 bits


def test_scales_are_those_of_fake_quantisation(vit, images):
    model, rounded = ps.integer.quantise(vit, images), fake_quantised(vit, images)
    weight = rounded.blocks[0].attn.qkv.weight.detach()
    step = float(vit.blocks[0].attn.qkv.weight.detach().abs().max()) / 127
    assert (model.constants["1.qkv.weights"] == np.rint(weight.numpy().T / step)).all()
    assert model.image_scale == pytest.approx(float(images.abs().max()) / 127)
    pixels = ps.integer.run(model, images.numpy()).tensors["patches"]
    assert (np.abs(pixels) <= 127).all() and np.abs(pixels).max() == 127


def test_ranges_of_several_plans_are_the_largest(vit, images):
    whole = ps.plan(vit.model)
    plans = [whole, ps.skip_attention(whole, active=[1])]
    each = [observed_ranges(as_planned(vit, plan), images) for plan in plans]
    joined = joined_ranges(each)
    assert "blocks.1.attn.scores" in each[0] and "blocks.1.attn.scores" not in each[1]
    assert all(joined[name] == max(r.get(name, 0) for r in each) for name in joined)
    both, alone = ps.integer.quantise(vit, images, plans), ps.integer.quantise(vit, images, plans[1:])
    assert both.has_attention(2) and not alone.has_attention(2)


def test_scores_are_observed_before_softmax(vit, images):
    seen = []
    block = vit.blocks[0].attn
    hook = block.qkv.register_forward_hook(lambda module, given, made: seen.append(made))
    found = observed_ranges(vit, images)
    hook.remove()
    largest = 0.0
    for made in seen:  # a head and a pair at a time
        for head in range(2):
            q, k = (made[..., part * 16 + head * 8 : part * 16 + head * 8 + 8] for part in (0, 1))
            largest = max(largest, float((torch.einsum("bid,bjd->bij", q, k) / 8**0.5).abs().max()))
    assert found["blocks.0.attn.scores"] == pytest.approx(largest)
    assert not block.qkv._forward_hooks  # taken off again


def test_a_distilled_vit_has_no_integer_form(images):
    vit = build_vit({**SIZES, "prefix_tokens": 2}, distilled=True)
    with pytest.raises(ps.InputError, match="two heads have no integer form"):
        ps.integer.quantise(vit, images)


def test_the_command_writes_what_the_function_makes(vit, images, tmp_path, capsys):
    from pivotsim.cli.entry import main
    from pivotsim.io.array_files import write_arrays

    model, weights, shown, out = (tmp_path / name for name in ("small.yaml", "small.pth", "images.npz", "int8.npz"))
    model.write_text("".join(f"{key}: {value}\n" for key, value in SIZES.items()))
    torch.save(vit.state_dict(), weights)
    write_arrays(shown, {"images": images.numpy()})
    arguments = ["quantise", model, "--checkpoint", weights, "--images", shown, "--rung", "low=--active 1"]
    assert main([*map(str, arguments), "--rung", "whole", "--out", str(out)]) == 0
    assert "ranges of 64 images in low, whole" in " ".join(capsys.readouterr().out.split())
    whole = ps.plan(vit.model)
    same = ps.integer.quantise(vit, images, [ps.skip_attention(whole, active=[1]), whole])
    found = ps.integer.read_integer_model(out)
    assert found.constants.keys() == same.constants.keys()
    assert all((found.constants[name] == same.constants[name]).all() for name in same.constants)
