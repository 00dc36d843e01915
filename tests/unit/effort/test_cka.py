"""cka_matrix() against plain loops, and what CKA must not depend on."""

import itertools
import math

import numpy as np
import pytest

import pivotsim as ps
from pivotsim.effort.cka import hsic_terms
from tests.oracles.effort import alignment


def features(depth, images, width, seed=0, offset=0.0):
    draw = np.random.default_rng(seed)
    shared = draw.normal(size=(images, width))
    return {
        f"{kind}{i}": offset + shared + draw.normal(size=(images, width)) * i
        for kind in ("mlp", "attention")
        for i in range(1, depth + 1)
    }


def pairs(arrays):
    depth = len(arrays) // 2
    rows = {name: values.reshape(len(values), -1).tolist() for name, values in arrays.items()}
    return [[(rows[f"mlp{i}"], rows[f"attention{j}"]) for j in range(1, depth + 1)] for i in range(1, depth + 1)]


@pytest.mark.parametrize(("images", "width"), [(2, 1), (2, 5), (5, 4), (5, 5), (5, 6), (12, 3), (4, 20)])
@pytest.mark.parametrize("offset", [0.0, 1000.0])
def test_equals_double_loops(images, width, offset):
    arrays = features(3, images, width, offset=offset)
    expected = [[alignment.cka(x, y) for x, y in row] for row in pairs(arrays)]
    matrix = ps.effort.cka_matrix(arrays)
    np.testing.assert_allclose(matrix, expected, rtol=0, atol=1e-10)
    assert matrix.min() >= 0 and matrix.max() <= 1


def test_both_ways_to_multiply_agree():
    """More features than images, or fewer: zeros added to the features change the way and nothing else."""
    arrays = features(2, 6, 3)
    wide = {name: np.hstack([values, np.zeros((6, 9))]) for name, values in arrays.items()}
    np.testing.assert_allclose(ps.effort.cka_matrix(arrays), ps.effort.cka_matrix(wide), rtol=0, atol=1e-13)


@pytest.mark.parametrize(("images", "width"), [(20, 6), (6, 20)])
@pytest.mark.parametrize("scale", [1e-200, 0.3, 1e200])
def test_rotations_shifts_and_scale_change_nothing(images, width, scale):
    arrays = features(2, images, width)
    turn, _ = np.linalg.qr(np.random.default_rng(5).normal(size=(width, width)))
    moved = {name: (values @ turn + 3.0) * scale if "mlp" in name else values for name, values in arrays.items()}
    np.testing.assert_allclose(ps.effort.cka_matrix(moved), ps.effort.cka_matrix(arrays), rtol=0, atol=1e-10)
    turned = ps.effort.cka_matrix({name: values @ np.diag(range(1, width + 1)) for name, values in arrays.items()})
    assert np.abs(turned - ps.effort.cka_matrix(arrays)).max() > 1e-3  # a map that is not orthogonal does


def test_tokens_are_flattened():
    arrays = features(2, 5, 12)
    tokens = {name: values.reshape(5, 3, 4) for name, values in arrays.items()}
    assert ps.effort.cka_matrix(tokens).tolist() == ps.effort.cka_matrix(arrays).tolist()


def test_unbiased_terms_equal_all_choices_of_four():
    arrays = features(2, 7, 3, offset=2.0)
    cross, own = hsic_terms(list(arrays.values()))
    expected = [[alignment.unbiased_hsic(x, y) for x, y in row] for row in pairs(arrays)]
    np.testing.assert_allclose(cross, expected, rtol=1e-10)
    rows = [values.tolist() for values in arrays.values()]
    np.testing.assert_allclose(own, [alignment.unbiased_hsic(x, x) for x in rows], rtol=1e-10)


@pytest.mark.parametrize("size", [4, 5, 7])
def test_unbiased_terms_of_all_minibatches_average_to_the_full_batch(size):
    arrays = list(features(2, 8, 3).values())
    parts = [hsic_terms([a[list(chosen)] for a in arrays]) for chosen in itertools.combinations(range(8), size)]
    for of_parts, whole in zip(zip(*parts, strict=True), hsic_terms(arrays), strict=True):
        np.testing.assert_allclose(np.mean(of_parts, axis=0), whole, rtol=1e-11)


def test_minibatches_equal_double_loops_whatever_the_order_and_scale():
    arrays = features(2, 14, 3, offset=5.0)
    slices = [slice(0, 5), slice(5, 9), slice(9, 14)]
    parts = [{name: values[s] for name, values in arrays.items()} for s in slices]
    expected = [
        [alignment.minibatch_cka([x[s] for s in slices], [y[s] for s in slices]) for x, y in row]
        for row in pairs(arrays)
    ]
    np.testing.assert_allclose(ps.effort.cka_matrix(parts), expected, rtol=1e-10)
    np.testing.assert_allclose(ps.effort.cka_matrix(iter(parts[::-1])), expected, rtol=1e-10)
    large = [{name: 1e150 * values for name, values in part.items()} for part in parts]
    np.testing.assert_allclose(ps.effort.cka_matrix(large), expected, rtol=1e-10)


def test_files(tmp_path):
    arrays = features(2, 8, 3)
    parts = []
    for number, part in enumerate((slice(0, 4), slice(4, 8))):
        parts.append(tmp_path / f"part{number}.npz")
        np.savez(parts[-1], **{name: values[part] for name, values in arrays.items()})
    np.savez_compressed(tmp_path / "whole.npz", **arrays)
    assert ps.effort.cka_matrix(tmp_path / "whole.npz").tolist() == ps.effort.cka_matrix(arrays).tolist()
    assert ps.effort.cka_matrix(str(tmp_path / "whole.npz")).tolist() == ps.effort.cka_matrix(arrays).tolist()
    in_memory = [{name: values[s] for name, values in arrays.items()} for s in (slice(0, 4), slice(4, 8))]
    assert ps.effort.cka_matrix(parts).tolist() == ps.effort.cka_matrix(in_memory).tolist()


ONE = {"mlp1": [[1.0], [2.0]], "attention1": [[1.0], [2.0]]}


@pytest.mark.parametrize(
    ("arrays", "message"),
    [
        ({}, "features: expected mlp1 to mlp1 and attention1 to attention1 (got an empty list)"),
        ({"mlp1": [[1.0]], "att1": [[1.0]]}, "features: expected mlp1 to mlp1 and attention1 to attention1 (got "),
        ({**ONE, "mlp2": [[1.0], [2.0]]}, "features: expected mlp1 to mlp1 and attention1 to attention1 (got "),
        ({**ONE, "mlp1": [[1.0]]}, "features: mlp1: at least 2 images are needed (got 1)"),
        ({**ONE, "mlp1": np.zeros((0, 3))}, "features: mlp1: holds no image (got 0x3)"),
        ({**ONE, "mlp1": np.zeros((2, 0))}, "features: mlp1: holds no feature (got 2x0)"),
        ({**ONE, "mlp1": [1.0, 2.0]}, "features: mlp1: must have the shape (n, ...) (got a vector of 2)"),
        ({**ONE, "mlp1": 3.0}, "features: mlp1: must have the shape (n, ...) (got a single value)"),
        ({**ONE, "mlp1": [[1.0], [2.0], [3.0]]}, "features: attention1: must have the 3 images of mlp1 (got 2)"),
        ({**ONE, "mlp1": [[1.0], [math.nan]]}, "features: mlp1: image 1: must be finite (got nan)"),
        ({**ONE, "mlp1": [["a"], ["b"]]}, "features: mlp1: must hold real numbers (got text)"),
        ({**ONE, "attention1": [[0.1], [0.1]]}, "features: attention1: varies too little over the images for a CKA"),
        ({**ONE, "mlp1": [[0.0], [0.0]]}, "features: mlp1: varies too little over the images for a CKA"),
        ({**ONE, "mlp1": [[1.0], [2.0, 3.0]]}, "features: mlp1: must be an array of shape (n, ...)"),
        ({**ONE, "mlp1": [[[1.0]], [[2.0], [3.0]]]}, "features: mlp1: must be an array of shape (n, ...)"),
        (
            {**ONE, "mlp1": np.array([[1], ["1e400"]], np.longdouble)},
            "features: mlp1: image 1: must be finite (got inf)",
        ),
        (7, "features: must be a file, a mapping, or an iterable of minibatches (got 7)"),
        ([], "features: holds no minibatch"),
        ([7], "features: a minibatch must be a file or a mapping (got 7)"),
        ([ONE], "features: mlp1: at least 4 images are needed (got 2)"),
        ([features(2, 4, 2), features(1, 4, 2)], "features: minibatches differ in depth (got 2, 1)"),
        ("nothing.npz", "nothing.npz: no such file"),
    ],
)
def test_wrong_features(arrays, message):
    with pytest.raises(ps.InputError) as error:
        ps.effort.cka_matrix(arrays)
    assert str(error.value).startswith(message)


def test_a_constant_feature_is_constant_whatever_its_mean_rounds_to():
    constant = np.array([[1.0, 0.1]] * 3)
    assert (constant - constant.mean(axis=0)).any()
    with pytest.raises(ps.InputError, match="mlp1: varies too little"):
        ps.effort.cka_matrix({"mlp1": constant, "attention1": np.arange(6.0).reshape(3, 2)})
