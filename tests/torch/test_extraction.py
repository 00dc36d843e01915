"""Extraction: the layers' outputs recomputed by hand in numpy, and CKA of them by its formula."""

import numpy as np
import pytest

import pivotsim as ps
from pivotsim.effort.cka import cka_matrix
from tests.torch.small import FORMS, PLAIN, REASON

torch = pytest.importorskip("torch", reason=REASON)
from pivotsim.vit_torch.measuring.extraction import features, logits_of
from pivotsim.vit_torch.model.plan_application import apply_plan
from pivotsim.vit_torch.model.transformer import build_vit

IMAGES = torch.randn(7, 2, 16, 16, generator=torch.Generator().manual_seed(1))


def stepped(vit, images):
    """Return the same outputs by walking the encoders one operation after the other."""
    out, after = {}, {}
    with torch.no_grad():
        patches = vit.patch_embed(images)
        x = torch.cat([vit.cls_token.expand(len(patches), -1, -1), patches], dim=1) + vit.pos_embed
        for i, block in enumerate(vit.blocks, start=1):
            a = block.attn(block.norm1(x))
            x = x + a
            out[f"attention{i}"], after[f"attention{i}"] = a, x
            m = block.mlp(block.norm2(x))
            x = x + m
            out[f"mlp{i}"], after[f"mlp{i}"] = m, x
    return out, after


@pytest.mark.parametrize("batch", [1, 3, 7, 8])
def test_features_are_the_layers_outputs(batch):
    vit = build_vit(PLAIN)
    for after_residual, wanted in zip((False, True), stepped(vit, IMAGES), strict=True):
        seen = features(vit, IMAGES, after_residual=after_residual, batch=batch)
        assert set(seen) == set(wanted)
        for name, values in wanted.items():
            np.testing.assert_allclose(seen[name], values.numpy(), rtol=1e-4, atol=1e-6, err_msg=name)


def test_cka_of_features_is_the_formula():
    vit = build_vit(PLAIN)
    with torch.no_grad():
        vit.pos_embed.mul_(20)
    seen = {name: rows.reshape(7, -1).astype(float) for name, rows in features(vit, IMAGES).items()}
    centred = {name: rows - rows.mean(axis=0) for name, rows in seen.items()}

    def cka(x, y):
        own = [np.linalg.norm(z.T @ z) for z in (x, y)]
        return np.linalg.norm(y.T @ x) ** 2 / np.prod(own)

    wanted = [[cka(centred[f"mlp{i}"], centred[f"attention{j}"]) for j in (1, 2, 3)] for i in (1, 2, 3)]
    np.testing.assert_allclose(cka_matrix(features(vit, IMAGES)), wanted, rtol=1e-6)


@pytest.mark.parametrize("form", FORMS)
def test_logits_of_every_form_by_parts(form):
    vit = build_vit(FORMS[form])
    images = torch.randn(5, FORMS[form].channels, 16, 16)
    with torch.inference_mode():
        wanted = vit(images).numpy()
    np.testing.assert_allclose(logits_of(vit, images, batch=2), wanted, atol=1e-6)
    np.testing.assert_allclose(logits_of(vit, iter(images.split(3))), wanted, atol=1e-6)
    assert features(vit, images)["mlp3"].shape == (5, vit.model.tokens, vit.model.width)


def test_nothing_is_left_behind():
    vit = build_vit(PLAIN).train()
    features(vit, IMAGES)
    with pytest.raises(ps.InputError):
        features(vit, IMAGES[:, :1])
    assert vit.training and not any(m._forward_hooks or m._forward_pre_hooks for m in vit.modules())


def test_bad_input_is_one_clear_line():
    vit = build_vit(PLAIN)
    with pytest.raises(ps.InputError, match=r"^images: must be a tensor of shape \(n, 2, 16, 16\) \(got 7, 1, 16, 16"):
        logits_of(vit, IMAGES[:, :1])
    with pytest.raises(ps.InputError, match=r"^images: must be a tensor .*ndarray|^images: .*\(got 2, 16, 16\)"):
        logits_of(vit, list(IMAGES.numpy()))
    for none in (IMAGES[:0], []):
        with pytest.raises(ps.InputError, match=r"^images: there is none$"):
            logits_of(vit, none)
    with pytest.raises(ps.InputError, match=r"^batch: must be at least 1"):
        features(vit, IMAGES, batch=0)
    apply_plan(vit, ps.skip_attention(ps.plan(PLAIN), active=[1, 3]))
    with pytest.raises(ps.InputError, match=r"^vit: every attention must be active for its output \(got a list"):
        features(vit, IMAGES)
