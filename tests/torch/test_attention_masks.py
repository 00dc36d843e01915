"""Fixed attention masks: what they leave out is left out."""

import numpy as np
import pytest

import pivotsim as ps
from tests.torch.small import PLAIN, REASON

torch = pytest.importorskip("torch", reason=REASON)
from pivotsim.vit_torch.model.attention_masks import mask_attention
from pivotsim.vit_torch.model.plan_application import apply_plan
from pivotsim.vit_torch.model.transformer import build_vit
from pivotsim.vit_torch.reducers import reduction
from tests.torch.test_transformer import images_of, randomised


def a_mask():
    mask = np.random.default_rng(0).random((3, 17, 17)) < 0.3
    return mask | np.eye(17, dtype=bool)


@pytest.mark.parametrize("fused", [True, False])
def test_a_masked_attention_is_softmax_over_what_is_left(fused):
    vit, mask = randomised(PLAIN), a_mask()
    attn = vit.blocks[1].attn
    attn.fused = fused
    mask_attention(vit, {2: mask})
    x = torch.randn(1, 17, 12, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    with torch.no_grad():
        got = attn(x)[0].numpy()
        qkv = attn.qkv(x)[0].numpy().reshape(17, 3, 3, 4)
        wanted = np.zeros((17, 3, 4))
        for head in range(3):
            for query in range(17):
                keys = np.flatnonzero(mask[head, query])
                scores = qkv[keys, 1, head] @ qkv[query, 0, head] / 2
                weights = np.exp(scores - scores.max())
                wanted[query, head] = weights / weights.sum() @ qkv[keys, 2, head]
        wanted = attn.proj(torch.as_tensor(wanted.reshape(17, 12))).numpy()
    np.testing.assert_allclose(got, wanted, rtol=1e-9, atol=1e-9)


def test_a_mask_is_no_weight_and_comes_off():
    vit, images = build_vit(PLAIN), images_of(PLAIN).float()
    whole, names = vit(images), list(vit.state_dict())
    mask_attention(vit, {1: a_mask(), 3: a_mask()})
    assert not torch.equal(vit(images), whole) and list(vit.state_dict()) == names
    with pytest.raises(ps.InputError, match="vit: has attention masks"):
        reduction.merge_tokens(vit, removed=1)
    apply_plan(vit, ps.plan(PLAIN))
    assert torch.equal(vit(images), whole)


def test_bad_masks_all_at_once():
    blind = np.ones((3, 17, 17), dtype=bool)
    blind[1, 5] = False
    vit = build_vit(PLAIN)
    reduction.prune_top_k(vit, removed=1)
    with pytest.raises(ps.InputError) as caught:
        mask_attention(vit, {1: blind, 2: np.ones((3, 16, 17), dtype=bool), 3: np.ones((3, 17, 17))})
    assert len(caught.value.problems) == 4
    assert caught.value.problems[0] == "encoder 1: a query must see a key (got none for head 1, query 5)"
    assert "must hold true and false, 3x17x17" in caught.value.problems[1]
    with pytest.raises(ps.InputError, match="encoder: must be at most 3"):
        mask_attention(build_vit(PLAIN), {4: blind})
