"""normalized_entropy(), exit_threshold() and run_gates() against decimals and walks."""

import math

import numpy as np
import pytest

import pivotsim as ps
from pivotsim.effort import entropy as entropy_module
from pivotsim.effort.gating import run_gates, thresholds_for
from pivotsim.effort.outputs import effort_outputs
from tests.oracles.effort import entropy_gate
from tests.unit.effort import synthetic


@pytest.mark.parametrize("classes", [2, 3, 10, 1000])
@pytest.mark.parametrize("magnitude", [0.0, 1e-300, 1e-3, 1.0, 1e4, 1e300])
def test_uniform_is_one(classes, magnitude):
    for level in (magnitude, -magnitude):
        assert ps.effort.normalized_entropy(np.full((3, classes), level)) == pytest.approx([1, 1, 1], abs=1e-12)
        assert ps.effort.normalized_entropy(np.full((3, classes), level)).max() <= 1


@pytest.mark.parametrize("classes", [2, 3, 10, 1000])
@pytest.mark.parametrize("height", [800.0, 1e4, 1e300, 1.7e308])
def test_one_hot_is_zero(classes, height):
    logits = np.zeros((classes, classes))
    logits[np.diag_indices(classes)] = height
    for image in (logits, logits - height, np.where(logits > 0, height, -height)):
        assert ps.effort.normalized_entropy(image) == pytest.approx(np.zeros(classes), abs=1e-12)
        assert ps.effort.normalized_entropy(image).min() >= 0


@pytest.mark.parametrize("scale", [1e-6, 0.1, 1.0, 30.0, 300.0, 1e4])
def test_equals_800_digits(scale):
    logits = scale * np.random.default_rng(3).normal(size=(6, 7))
    expected = [float(entropy_gate.entropy(row)) for row in logits.tolist()]
    assert ps.effort.normalized_entropy(logits) == pytest.approx(expected, rel=1e-12, abs=1e-300)


@pytest.mark.parametrize("classes", [2, 4, 10])
@pytest.mark.parametrize("noise", [1e-12, 1e-9, 3e-8])
def test_nearly_uniform_rounds_to_one_at_most(classes, noise):
    entropies = ps.effort.normalized_entropy(noise * np.random.default_rng(0).normal(size=(50, classes)))
    assert entropies.max() == 1 and entropies.min() > 1 - 1e-12


def test_sure_images_stay_apart():
    logits = np.array([[40.0, 0.0], [50.0, 0.0], [700.0, 0.0]])
    entropies = ps.effort.normalized_entropy(logits)
    assert entropies[0] > entropies[1] > entropies[2] > 0
    assert entropies[1] == pytest.approx(float(entropy_gate.entropy([50.0, 0.0])), rel=1e-12)


def test_blocks_of_images_make_no_difference(monkeypatch):
    logits = np.random.default_rng(1).normal(size=(11, 4))
    whole = ps.effort.normalized_entropy(logits)
    for size in (1, 4, 8, 12, 43, 44, 45):
        monkeypatch.setattr(entropy_module, "BLOCK_ELEMENTS", size)
        assert ps.effort.normalized_entropy(logits).tolist() == whole.tolist()


def test_kinds_of_numbers():
    logits = [[3, 0, -2], [1, 1, 1]]
    expected = ps.effort.normalized_entropy(np.array(logits, dtype=np.float64))
    for kind in (np.int8, np.uint64, np.float16, np.float32, np.longdouble):
        values = np.array(logits) + 2 if kind is np.uint64 else np.array(logits)
        assert ps.effort.normalized_entropy(values.astype(kind)) == pytest.approx(expected, rel=1e-15)


@pytest.mark.parametrize(
    ("logits", "message"),
    [
        ([[1.0, math.nan]], "logits[0, 1]: must be a finite number (got nan)"),
        ([[1.0, 2.0], [-math.inf, 0.0]], "logits[1, 0]: must be a finite number (got -inf)"),
        ([[1.0], [2.0]], "logits: an entropy needs at least 2 classes (got 1)"),
        (np.zeros((0, 5)), "logits: holds no image (got 0x5)"),
        ([1.0, 2.0], "logits: must have the shape (n, classes) (got a vector of 2)"),
        (np.zeros((2, 2, 2)), "logits: must have the shape (n, classes) (got 2x2x2)"),
        ([[1.0, 2.0], [3.0]], "logits: must be an array of shape (n, classes)"),
        ([["a", "b"]], "logits: must hold real numbers (got text)"),
        ([[True, False]], "logits: must hold real numbers (got true and false)"),
        ([[1j, 2]], "logits: must hold real numbers (got complex numbers)"),
        (None, "logits: must hold real numbers (got other things than numbers)"),
    ],
)
def test_wrong_logits(logits, message):
    with pytest.raises(ps.InputError) as error:
        ps.effort.normalized_entropy(logits)
    assert str(error.value) == message


def test_threshold_equals_trying_all_of_them():
    """1,000 seeded sets: sizes from 1, entropies with and without ties, LEC at, beside and between k / n."""
    draw = np.random.default_rng(7)
    for _ in range(1000):
        n = int(draw.integers(1, 40))
        levels = int(draw.integers(1, 60))
        entropies = draw.integers(0, levels + 1, n) / levels if draw.random() < 0.6 else draw.random(n)
        lec = [draw.random(), draw.integers(0, n + 1) / n, 0.0, 1.0, draw.integers(0, 101) / 100][draw.integers(0, 5)]
        lec = [lec, math.nextafter(lec, 1), math.nextafter(lec, 0)][draw.integers(0, 3)]
        threshold = ps.effort.exit_threshold(entropies, lec)
        assert threshold == entropy_gate.smallest_threshold(entropies.tolist(), lec)
        assert (entropies < threshold).mean() >= lec


@pytest.mark.parametrize(("lec", "n", "count"), [(0.07, 100, 7), (0.7, 10, 7), (0.29, 100, 29), (0.58, 100, 58)])
def test_a_count_that_meets_the_lec_is_enough(lec, n, count):
    """0.07 * 100 rounds above 7, so ceil() alone would ask for 8."""
    entropies = np.arange(n) / n
    assert (entropies < ps.effort.exit_threshold(entropies, lec)).sum() == count
    assert (entropies < ps.effort.exit_threshold(entropies, math.nextafter(lec, 1))).sum() == count + 1


def test_ends_of_the_lec():
    assert ps.effort.exit_threshold([0.5, 0.0], 0.0) == 0.0
    assert ps.effort.exit_threshold([0.5, 1.0], 1.0) == math.nextafter(1.0, 2)
    assert ps.effort.exit_threshold([0.4], 1e-300) == math.nextafter(0.4, 1)
    assert ps.effort.exit_threshold([0.0, 0.0], 0.1) == 5e-324


@pytest.mark.parametrize(
    ("entropies", "lec", "message"),
    [
        ([0.5], 1.1, "lec: must lie in 0 to 1 (got 1.1)"),
        ([0.5], -0.1, "lec: must lie in 0 to 1 (got -0.1)"),
        ([0.5], math.nan, "lec: must lie in 0 to 1 (got nan)"),
        ([0.5], "0.7", "lec: must be a number (got '0.7')"),
        ([0.5, 1.2], 0.7, "entropies[1]: must lie in 0 to 1 (got 1.2)"),
        ([math.nan], 0.7, "entropies[0]: must lie in 0 to 1 (got nan)"),
        ([], 0.7, "entropies: holds no image (got a vector of 0)"),
    ],
)
def test_wrong_thresholds(entropies, lec, message):
    with pytest.raises(ps.InputError) as error:
        ps.effort.exit_threshold(entropies, lec)
    assert str(error.value) == message


@pytest.mark.parametrize("efforts", [1, 2, 3, 5])
def test_gates_equal_a_walk_image_by_image(efforts):
    draw = np.random.default_rng(efforts)
    for _ in range(50):
        entropies = draw.integers(0, 11, (efforts, draw.integers(1, 30))) / 10
        right = draw.random(entropies.shape) < 0.7
        thresholds = draw.choice([0.0, 0.3, math.nextafter(0.3, 1), 0.75, 2.0], efforts - 1).tolist()
        exits = run_gates(list(entropies), thresholds, list(right))
        walk = entropy_gate.exits(entropies.tolist(), thresholds)
        assert exits.at.tolist() == walk
        assert exits.counts == tuple(walk.count(e) for e in range(efforts))
        assert exits.correct == tuple(
            sum(at == e and right[at, i] for i, at in enumerate(walk)) for e in range(efforts)
        )
        assert exits.incorrect == tuple(n - c for n, c in zip(exits.counts, exits.correct, strict=True))
        assert exits.accuracy_frac == sum(right[at, i] for i, at in enumerate(walk)) / len(walk)
        assert math.fsum(exits.fractions) == pytest.approx(1, abs=1e-15)


def test_each_gate_of_a_cascade_meets_its_lec():
    seen = effort_outputs(synthetic.outputs([3, 6, 12], images=100))
    entropies = [seen.entropies[e] for e in (3, 6, 12)]
    exits = run_gates(entropies, thresholds_for(entropies, [0.5, 0.34]))
    assert exits.counts == (50, 17, 33)
    assert run_gates(entropies, thresholds_for(entropies, [1, 0.5])).counts == (100, 0, 0)
    assert run_gates(entropies, thresholds_for(entropies, [0, 1])).counts == (0, 100, 0)
    assert run_gates(entropies, [0.2, 0.2]).correct is None


def test_an_image_at_the_threshold_goes_on():
    """The threshold above 0.5 is the second image's entropy: it is not below it, so it reaches the second gate."""
    entropies = [np.array([0.5, math.nextafter(0.5, 1)]), np.array([0.9, 0.8])]
    assert thresholds_for(entropies, [0.5, 1.0]) == [math.nextafter(0.5, 1), math.nextafter(0.8, 1)]
    assert thresholds_for([np.zeros(2), np.array([0.3, 0.4])], [0.0, 0.5]) == [0.0, math.nextafter(0.3, 1)]


def test_right_is_the_first_of_the_largest_logits():
    seen = effort_outputs({"effort1": [[1, 3, 3], [2, 2, 0], [0, 0, 5]], "labels": [1, 1, 2]})
    assert seen.right[1].tolist() == [True, False, True]
    assert (seen.images, seen.classes, seen.efforts) == (3, 3, [1])


def right_of(right):
    return run_gates([[0.1, 0.6], [0.2, 0.3]], [0.5], right)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: run_gates([], []), "entropies: at least one effort is needed (got none)"),
        (lambda: run_gates([[0.1], [0.2]], []), "thresholds: expected 1, one per effort but the last (got 0)"),
        (lambda: run_gates([[0.1], [0.2, 0.3]], [1]), "entropies: efforts differ in the number of images (got 1, 2)"),
        (lambda: run_gates([[0.1], [0.2]], [math.nan]), "thresholds: must be numbers (got a list of one: nan)"),
        (lambda: run_gates([[0.1], [7]], [0.5]), "entropies[1][0]: must lie in 0 to 1 (got 7)"),
        (lambda: run_gates([np.array(["1e400"], np.longdouble)], []), "entropies[0][0]: must lie in 0 to 1 (got inf)"),
        (lambda: run_gates(0.5, []), "entropies: must be a list of arrays, one per effort (got 0.5)"),
        (lambda: run_gates([[0.1], [0.2]], 0.5), "thresholds: must be a list of numbers, one per effort but the last"),
        (lambda: right_of([[True], [True]]), "right[0]: expected 2, one per image (got 1)"),
        (lambda: right_of([[True, True], [True] * 3]), "right[1]: expected 2, one per image (got 3)"),
        (lambda: right_of([[True, True]]), "right: expected 2, one per effort (got 1)"),
        (lambda: right_of([[True, True]] * 3), "right: expected 2, one per effort (got 3)"),
        (lambda: right_of([[True, True], [[True], [True, False]]]), "right[1]: must be an array of shape (n,)"),
        (lambda: right_of([[True, True], [1, 0]]), "right[1]: must hold true and false (got integers)"),
        (lambda: right_of([True, False]), "right[0]: must have the shape (n,) (got a single value)"),
        (lambda: right_of(True), "right: must be a list of arrays, one per effort (got true)"),
        (lambda: effort_outputs({}), "logits: holds no effort, expected effort3, effort6, ..."),
        (
            lambda: effort_outputs({"effort03": [[1, 2]]}),
            "logits: effort03: unknown name, expected effort3, effort6, ..., labels",
        ),
        (
            lambda: effort_outputs({"effort3": [[1, 2]], "effort6": [[1, 2, 3]]}),
            "logits: effort6: must have the shape of effort3, 1x2 (got 1x3)",
        ),
        (
            lambda: effort_outputs({"effort3": [[1, 2]], "labels": [2]}),
            "logits: labels[0]: must be a class from 0 to 1 (got 2)",
        ),
        (
            lambda: effort_outputs({"effort3": [[1, 2]], "labels": [-1]}),
            "logits: labels[0]: must be a class from 0 to 1 (got -1)",
        ),
        (
            lambda: effort_outputs({"effort3": [[1, 2]], "labels": [0, 1]}),
            "logits: labels: expected 1, one per image (got 2)",
        ),
        (
            lambda: effort_outputs({"effort3": [[1, 2]], "labels": [0.0]}),
            "logits: labels: must hold integers (got decimal numbers)",
        ),
        (
            lambda: effort_outputs({"effort3": [[1, math.nan]]}),
            "logits: effort3[0, 1]: must be a finite number (got nan)",
        ),
    ],
)
def test_wrong_batches(call, message):
    with pytest.raises(ps.InputError) as error:
        call()
    assert str(error.value).startswith(message)
