"""The importance score: golden vectors, the oracle, and the package's numpy reference."""

import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.oracles.workload import token_reduction as oracle
from tests.torch.small import REASON

torch = pytest.importorskip("torch", reason=REASON)
from pivotsim.pruning import importance
from pivotsim.pruning.importance import token_importance
from pivotsim.vit_torch.model.attention_tensors import AttentionTensors
from pivotsim.vit_torch.reducers.dropping import SingleLayer
from pivotsim.vit_torch.reducers.importance import score_by_class_token, score_tokens

GOLDEN = json.loads((Path(__file__).parents[1] / "data" / "tail_golden_vectors.json").read_text())["importance"]


def tensors_of(query, key, value):
    """Attention tensors of (B, H, N, d) arrays, the attention by the oracle."""
    tensors = AttentionTensors(with_map=True)
    tensors.query, tensors.key, tensors.value = map(torch.as_tensor, (query, key, value))
    attentions = [oracle.attention_of(*image) for image in zip(query, key, strict=True)]
    tensors.attention = torch.as_tensor(np.array(attentions))
    return tensors


def drawn(seed, batch, heads, tokens, channels, scale=2.0):
    """Q, K and V, (batch, heads, tokens, channels) each."""
    return scale * np.random.default_rng(seed).standard_normal((3, batch, heads, tokens, channels))


def golden():
    return [np.array(GOLDEN[name])[None] for name in "QKV"]


def test_golden_scores():
    tensors = tensors_of(*golden())
    scores = score_tokens(tensors.attention, tensors.value, GOLDEN["p"])
    np.testing.assert_allclose(scores[0], GOLDEN["score"], rtol=0, atol=1e-12)
    slow = oracle.importance(tensors.attention.numpy(), golden()[2], 1)[0]
    np.testing.assert_allclose(slow, GOLDEN["score"], rtol=0, atol=1e-12)


def test_golden_pruning():
    x = torch.tensor(GOLDEN["x"], dtype=torch.float64)[None]
    y, _ = SingleLayer(GOLDEN["R"], GOLDEN["p"], "image")(x, None, tensors_of(*golden()))
    np.testing.assert_allclose(y[0], GOLDEN["y"], rtol=0, atol=1e-12)


@given(
    seed=st.integers(0, 2**32 - 1), batch=st.integers(1, 3), heads=st.integers(1, 4), patches=st.integers(1, 9),
    prefix=st.integers(0, 3), channels=st.integers(1, 4), batch_max=st.booleans(),
)  # fmt: skip
def test_scores_are_the_oracles(seed, batch, heads, patches, prefix, channels, batch_max):
    tensors = tensors_of(*drawn(seed, batch, heads, prefix + patches, channels))
    scores = score_tokens(tensors.attention, tensors.value, prefix, "batch" if batch_max else "image")
    wanted = oracle.importance(tensors.attention.numpy(), tensors.value.numpy(), prefix, batch_max)
    np.testing.assert_allclose(scores, wanted, rtol=1e-12, atol=1e-12)
    rows = [oracle.class_row(attention, prefix) for attention in tensors.attention.numpy()]
    np.testing.assert_allclose(score_by_class_token(tensors.attention, prefix), rows)


def test_scores_are_the_numpy_references_in_float32():

    for seed in range(20):
        q, k, v = drawn(seed, 2, 6, 197, 64, scale=1.0).astype(np.float32)
        attention = (torch.as_tensor(q) @ torch.as_tensor(k).transpose(-1, -2) / 8).softmax(-1)
        for batch_max, word in ((False, "image"), (True, "batch")):
            scores = score_tokens(attention, torch.as_tensor(v), 1, word)
            wanted = importance.token_importance(q, k, v, prefix_tokens=1, batch_max=batch_max)
            np.testing.assert_allclose(scores, wanted, rtol=0, atol=1e-5)


@pytest.mark.parametrize("feature", ["v", "k", "q"])
@pytest.mark.parametrize("reduction", ["max", "mean", "sum"])
def test_features_and_reductions_are_the_numpy_references(feature, reduction):
    q, k, v = drawn(7, 2, 3, 9, 4)
    tensors = tensors_of(q, k, v)
    chosen = {"q": tensors.query, "k": tensors.key, "v": tensors.value}[feature]
    scores = score_tokens(tensors.attention, chosen, 1, reduction=reduction)
    wanted = token_importance(q, k, v, feature=feature, reduction=reduction)
    np.testing.assert_allclose(scores, wanted, rtol=0, atol=1e-12)
    x = torch.as_tensor(np.random.default_rng(1).standard_normal((2, 9, 5)))
    pruned, _ = SingleLayer(3, 1, "image", feature, reduction)(x, None, tensors)
    for image in range(2):
        expected = importance.merge_inattentive(x[image].numpy(), wanted[image], 3).tokens
        np.testing.assert_allclose(pruned[image], expected, rtol=0, atol=1e-12)


def test_an_image_does_not_depend_on_its_neighbours_unless_asked():
    q, k, v = drawn(0, 2, 2, 8, 3)
    alone, both = tensors_of(q[:1], k[:1], v[:1]), tensors_of(q, k, v)
    for word, same in (("image", True), ("batch", False)):
        one = [score_tokens(e.attention, e.value, 1, word)[0] for e in (alone, both)]
        assert torch.allclose(*one) is same


def test_no_attention_among_patches_is_not_a_nan():
    attention = torch.zeros(1, 1, 3, 3)
    attention[..., 0] = 1.0  # all of it to the class token
    scores = score_tokens(attention, torch.zeros(1, 1, 3, 2), 1)
    assert torch.allclose(scores, torch.full((1, 2), 1 / 3))


def test_attention_to_the_prefix_alone_is_scored_as_the_reference_scores_it():
    query, key, value = np.full((1, 1, 4, 1), 2000.0), -np.ones((1, 1, 4, 1)), np.zeros((1, 1, 4, 1))
    key[:, :, 0] = 0.0
    tensors = tensors_of(query, key, value)
    found = score_tokens(tensors.attention, tensors.value, 1)
    np.testing.assert_array_equal(found, token_importance(query, key, value))
