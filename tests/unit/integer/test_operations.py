"""Integer operations: within their stated errors of float64, defined at their ends, and bad input refused."""

import numpy as np
import pytest

from pivotsim.errors import InputError
from pivotsim.integer import activation, layer_norm, residual, softmax, tokens
from pivotsim.integer.scaling import Scale, power_of_two
from tests.recordings import integer_units


@pytest.mark.parametrize("scale", [0.003, 0.02, 0.3, 2.0])
def test_softmax_is_within_its_stated_steps(scale):
    assert integer_units.softmax_errors(scale).max() * softmax.ONE < 0.506


def test_softmax_of_one_of_equals_and_of_far_ones():
    table = softmax.softmax_table(0.5)
    assert softmax.probabilities(np.array([[-128], [127]], np.int8), table).tolist() == [[127], [127]]
    assert softmax.probabilities(np.full(4, 5, np.int8), table).tolist() == [32, 32, 32, 32]  # 127 / 4, rounded
    assert softmax.probabilities(np.array([127, -128], np.int8), table).tolist() == [127, 0]
    assert softmax.probabilities(np.zeros(softmax.MAX_ELEMENTS, np.int8), table).max() == 0  # a 512th of a step each


@pytest.mark.parametrize("kind", list(activation.ACTIVATIONS))
def test_an_activation_is_within_half_a_step(kind):
    assert integer_units.activation_errors(kind, 3 / 127).max() <= 3 / 127 / 2


def test_an_activation_saturates():
    table = activation.activation_table("relu", 1.0, 0.5)
    assert activation.activate(np.array([[63, 64, -128]], np.int8), table).tolist() == [[126, 127, 0]]


@pytest.mark.parametrize("spread", [0.003, 0.1, 3.0])
@pytest.mark.parametrize("out_scale", [1 / 30, 1 / 3])
def test_layer_norm_is_within_its_stated_steps(spread, out_scale):
    assert integer_units.layer_norm_errors(spread, out_scale).max() / out_scale < 0.56


@pytest.mark.parametrize("n", [1, 2, 3, 64, 1000, 4096])
def test_layer_norm_at_the_ends_of_its_numbers(n):
    beta = np.linspace(-1, 1, n)
    one = layer_norm.layer_norm_constants(np.ones(n), beta, 1e-6, 1e-3, 1 / 20)
    for value in (-32768, 0, 32767):
        constant = layer_norm.normalised(np.full(n, value, np.int16), one)
        assert np.abs(constant - beta * 20).max() <= 1.001  # the mean is within 2^-9 steps of the stream
    x = np.where(np.arange(n) % 2, 32767, -32768).astype(np.int16)
    real = (x - x.mean()) / np.sqrt(x.astype(float).var() + 1.0) * 20 + beta * 20  # eps is a step squared
    assert np.abs(layer_norm.normalised(x, one) - np.clip(real, -128, 127)).max() < 0.56


def test_layer_norm_of_factors_and_offsets_of_any_size():
    for gamma, beta in ((1e-4, 100.0), (300.0, 0.0), (0.0, 0.0), (1.0, -6.3)):
        one = layer_norm.layer_norm_constants(np.full(64, gamma), np.full(64, beta), 1e-6, 1e-3, 1 / 16)
        assert np.abs(one.multiplier).max() < 1 << 15 and np.abs(one.addend).max() < 1 << 31 and 0 <= one.shift <= 31


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"gamma": np.ones(5000), "beta": np.ones(5000)}, "1 to 4096"),
        ({"beta": np.ones(3)}, "of one length"),
        ({"eps": -1.0}, "eps: at least 0"),
        ({"eps": float("nan")}, "eps: at least 0"),
        ({"in_scale": 0.0}, "in_scale: more than 0"),
        ({"out_scale": float("inf")}, "out_scale: more than 0"),
        ({"out_scale": 1e-12}, "out_scale: too small"),
    ],
)
def test_constants_that_do_not_exist_are_refused(change, message):
    good = {"gamma": np.ones(4), "beta": np.ones(4), "eps": 1e-6, "in_scale": 1e-3, "out_scale": 0.1}
    with pytest.raises(InputError, match=message):
        layer_norm.layer_norm_constants(**(good | change))


def test_tables_of_impossible_scales_are_refused():
    with pytest.raises(InputError, match="score_scale: more than 0"):
        softmax.softmax_table(0.0)
    with pytest.raises(InputError, match="in_scale: more than 0"):
        activation.activation_table("gelu", -1.0, 1.0)
    with pytest.raises(InputError, match="gelu"):
        activation.activation_table("gleu", 1.0, 1.0)


def test_a_residual_addition_saturates_what_it_adds_and_the_sum():
    stream = np.array([-32768, -32768, 100], np.int16)
    assert residual.add(stream, np.array([1 << 20, -1, 7]), power_of_two(1)).tolist() == [-1, -32768, 104]
    assert residual.add(stream, np.array([5, 5, 5]), Scale(0, 0)).tolist() == stream.tolist()


def test_tokens_are_ranked_by_score_and_then_by_index():
    generator = np.random.default_rng(1)
    for n in (1, 7, 196):
        attention = generator.integers(0, 4, (3, n)).astype(np.int8)
        score = tokens.scores(attention)
        assert tokens.ranked(score).tolist() == sorted(range(n), key=lambda i: (-int(score[i]), i))
    x = np.arange(8).reshape(4, 2)
    assert tokens.gather(x, tokens.top_k(np.array([1, 5, 5]), 2)).tolist() == [[0, 1], [4, 5], [6, 7]]


def test_the_fused_token_is_the_weighted_mean():
    generator = np.random.default_rng(2)
    for n in (1, 5, 190):
        x = generator.integers(-32768, 32768, (n, 50)).astype(np.int16)
        score = generator.integers(0, 127 * 12, n)
        score[0] += 1
        assert np.abs(tokens.fuse(x, score) - score @ x / score.sum()).max() < 1.5
    assert tokens.fuse(np.ones((3, 4), np.int16), np.zeros(3, np.int64)).tolist() == [0, 0, 0, 0]


@pytest.mark.parametrize("name", list(integer_units.SECTIONS))
def test_the_page_has_the_tables_that_are_measured(name):
    assert integer_units.section(name) in integer_units.PAGE.read_text(encoding="utf-8")
