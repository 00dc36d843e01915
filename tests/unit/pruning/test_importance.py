"""Importance of tokens: golden vectors, the oracle's loops, batches, prefixes, and what is refused."""

import json
from pathlib import Path

import numpy as np
import pytest

from pivotsim.errors import InputError
from pivotsim.pruning.importance import merge_inattentive, token_importance
from tests.oracles.workload import token_pruning as oracle

GOLDEN = json.loads((Path(__file__).parents[2] / "data" / "token_golden_vectors.json").read_text())["importance"]


def drawn(seed, heads, tokens, channels, batch=None):
    shape = (heads, tokens, channels) if batch is None else (batch, heads, tokens, channels)
    return np.random.default_rng(seed).normal(size=(3, *shape))


def test_the_golden_vector():
    found = token_importance(GOLDEN["Q"], GOLDEN["K"], GOLDEN["V"], prefix_tokens=GOLDEN["p"])
    np.testing.assert_allclose(found, GOLDEN["score"], rtol=0, atol=1e-12)
    pruned = merge_inattentive(GOLDEN["x"], found, GOLDEN["R"], prefix_tokens=GOLDEN["p"])
    np.testing.assert_allclose(pruned.tokens, GOLDEN["y"], rtol=0, atol=1e-12)
    assert pruned.kept.tolist() == GOLDEN["kept_token_indices"]
    assert pruned.averaged.tolist() == GOLDEN["discarded_token_indices"]


@pytest.mark.parametrize(("heads", "tokens", "prefix"), [(1, 1, 0), (1, 2, 1), (2, 7, 1), (3, 9, 2), (4, 5, 4)])
def test_the_oracles_loops_agree(heads, tokens, prefix):
    q, k, v = drawn(heads * tokens, heads, tokens, 4)
    found = token_importance(q, k, v, prefix_tokens=prefix)
    np.testing.assert_allclose(found, oracle.importance(q, k, v, prefix), rtol=0, atol=1e-12)


@pytest.mark.parametrize("feature", ["v", "k", "q"])
@pytest.mark.parametrize("reduction", ["max", "mean", "sum"])
def test_every_row_of_table_2_by_the_oracles_loops(feature, reduction):
    q, k, v = drawn(9, 3, 7, 4)
    found = token_importance(q, k, v, feature=feature, reduction=reduction)
    expected = oracle.importance(q, k, v, 1, feature=feature, reduction=reduction)
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-12)
    if (feature, reduction) != ("v", "max"):
        assert not np.allclose(found, token_importance(q, k, v))


@pytest.mark.parametrize(
    ("options", "problem"),
    [
        ({"feature": "w"}, r"feature: must be one of v, k, q \(got 'w'\)"),
        ({"reduction": "min"}, r"reduction: must be one of max, mean, sum \(got 'min'\)"),
    ],
)
def test_a_feature_or_reduction_that_is_none_is_refused(options, problem):
    with pytest.raises(InputError, match=problem):
        token_importance(*drawn(9, 3, 7, 4), **options)


def test_an_images_scores_do_not_depend_on_its_batch_unless_asked_to():
    q, k, v = drawn(1, 2, 6, 3, batch=3)
    whole = token_importance(q, k, v)
    for image in range(3):
        np.testing.assert_allclose(whole[image], token_importance(q[image], k[image], v[image]), rtol=0, atol=1e-12)
    batch_wide = token_importance(q, k, v, batch_max=True)
    divisor = max(max(oracle.attention_received(q[i], k[i], 1)) for i in range(3))
    for image in range(3):
        expected = oracle.importance(q[image], k[image], v[image], 1, divisor)
        np.testing.assert_allclose(batch_wide[image], expected, rtol=0, atol=1e-12)
    assert not np.allclose(whole, batch_wide)


def test_large_scores_do_not_overflow():
    q, k, v = 1e3 * drawn(2, 2, 5, 4)
    assert np.isfinite(token_importance(q, k, v)).all()


@pytest.mark.parametrize("prefix_only", [1, 2])
def test_attention_that_goes_to_the_prefix_alone_leaves_the_value_term(prefix_only):
    """Each patch pays exp(0) to the prefix and exp(-2000) = 0 to patches: nothing is received, and nothing divides."""
    q = np.full((1, 4, 1), 2000.0)
    k = -np.ones((1, 4, 1))
    k[0, :prefix_only] = 0.0
    v = np.zeros((1, 4, 1))
    expected = [0.25] * (4 - prefix_only)
    assert token_importance(q, k, v, prefix_tokens=prefix_only).tolist() == expected
    assert token_importance(q[None], k[None], v[None], prefix_tokens=prefix_only, batch_max=True).tolist() == [expected]


def test_finite_inputs_whose_products_are_not_are_refused():
    large = np.full((1, 3, 1), 1e200)
    small = np.ones((1, 3, 1))
    with pytest.raises(InputError, match=r"^q, k: products of queries and keys must stay finite$"):
        token_importance(large, large, small)
    with pytest.raises(InputError, match=r"^v: sums over channels must stay finite$"):
        token_importance(np.ones((1, 3, 2)), np.ones((1, 3, 2)), np.full((1, 3, 2), 1.7e308))


def test_values_as_far_apart_as_floats_go():
    """The class token has all of V's softmax; attention is alike."""
    ones, apart = np.ones((1, 3, 1)), np.array([[[1.7e308], [-1.7e308], [0.0]]])
    assert token_importance(ones, ones, apart).tolist() == [1.0, 1.0]


@pytest.mark.parametrize("prefix", [0, 1, 2])
@pytest.mark.parametrize("removed", [0, 1, 2, 3, 4, 5, 6, 7, 8])
def test_merging_at_every_reduction(prefix, removed):
    draw = np.random.default_rng(removed)
    tokens, scores = draw.normal(size=(8, 3)), draw.integers(0, 3, 8 - prefix).astype(float)  # ties too
    found = merge_inattentive(tokens, scores, removed, prefix_tokens=prefix)
    expected = oracle.merged(tokens.tolist(), scores.tolist(), removed, prefix)
    np.testing.assert_allclose(found.tokens, expected, rtol=0, atol=1e-12)
    prunes = removed > 0 and 8 - removed >= 2 * prefix + 2
    assert len(found.tokens) == (8 - removed if prunes else 8)
    assert sorted([*found.kept, *found.averaged]) == list(range(prefix, 8))


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        (([[1.0]], [[1.0]], [[1.0]]), "q: must have shape"),
        (([[["a"]]], [[[1.0]]], [[[1.0]]]), "q: must be numbers"),
        (([[[1.0]]], [[[1.0], [1.0]]], [[[1.0]]]), "q, k, v: must have one shape"),
        (([[[float("nan")]]], [[[1.0]]], [[[1.0]]]), "q: must hold finite numbers"),
        (([[[1.0]]], [[[1.0]]], [[[1.0]]]), "prefix_tokens: must be at most 0"),
    ],
)
def test_what_is_no_attention_is_refused(arguments, problem):
    with pytest.raises(InputError, match=problem):
        token_importance(*arguments)


@pytest.mark.parametrize(
    ("scores", "removed", "problem"),
    [([1.0], 1, "importance"), ([1.0, float("nan")], 1, "importance"), ([1, 2], 4, "removed"), ([1, 2], -1, "removed")],
)
def test_what_does_not_fit_is_not_merged(scores, removed, problem):
    with pytest.raises(InputError, match=problem):
        merge_inattentive([[1.0], [2.0], [3.0]], scores, removed)


@pytest.mark.parametrize("tokens", [[1.0, 2.0, 3.0], [[[1.0]], [[2.0]], [[3.0]]], [[], [], []]])
def test_tokens_are_a_matrix_that_holds_something(tokens):
    with pytest.raises(InputError, match="tokens: must be a matrix"):
        merge_inattentive(tokens, [1.0, 2.0], 1)
