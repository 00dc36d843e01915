"""Least squares with bounds against scipy, what rows tell against brute force, and intervals of known constants."""

import itertools

import numpy as np
import pytest
from scipy.optimize import lsq_linear

import pivotsim as ps
from pivotsim.calibration import MeasuredRow
from pivotsim.calibration.fitting.fit import bounded_least_squares
from pivotsim.calibration.fitting.identifiability import flat_directions
from pivotsim.workload.ops import Op
from tests.oracles.system import calibration as oracle
from tests.unit.calibration import synthetic

LEAST_SHARE = 0.7  # of 20 trials: at 95 % fewer than 14 come once in 40,000, at 50 % more than 9 times in 10


def test_bounded_least_squares_equals_scipy():
    rng = np.random.default_rng(0)
    pinned = 0
    for _ in range(300):
        rows, columns = int(rng.integers(3, 20)), int(rng.integers(1, 8))
        matrix = rng.standard_normal((max(rows, columns + 1), columns)) * 10 ** rng.uniform(-3, 3, columns)
        aim = rng.standard_normal(len(matrix)) * 3
        low = np.where(rng.random(columns) < 0.7, 0.0, -rng.random(columns))
        high = np.where(rng.random(columns) < 0.7, 1e9, low + rng.random(columns))
        found = bounded_least_squares(matrix, aim, low, high, rng.random(columns))
        exact = lsq_linear(matrix, aim, (low, high), method="bvls", tol=1e-14, max_iter=500)
        assert np.all(found >= low) and np.all(found <= high)
        cost = 0.5 * float(((matrix @ found - aim) ** 2).sum())
        assert cost <= exact.cost * (1 + 1e-9) + 1e-12
        pinned += bool(np.any((found == low) | (found == high)))
    assert pinned > 100  # bounds matter


@pytest.mark.parametrize("seed", range(2))
def test_a_calibration_equals_scipy_on_formulas_by_hand(seed):
    rng = np.random.default_rng(seed)
    hw, _ = synthetic.drawn_board(rng)
    rows = [row for row in synthetic.form() if row.kind in ("softmax", "gelu", "transfer", "gemm")]
    rows = synthetic.filled(rows, hw, rng, 0.05)
    found = ps.calibrate(rows, draws=100)
    free = [each.path for each in found.fitted]
    assert len(free) == 8
    exact = oracle.fit(rows, synthetic.constants_of(ps.load_hardware("zcu102")), free)
    for each in found.fitted:
        assert each.value == pytest.approx(exact[each.path], rel=2e-5, abs=2e-4), each.path


def test_cross_validation_equals_a_plain_loop():
    rng = np.random.default_rng(7)
    rows = [MeasuredRow("gelu", m, 1, n) for m in (8, 50, 197) for n in (96, 1536)]
    rows = synthetic.filled([*rows, rows[0]], ps.load_hardware("zcu102"), rng, 0.05)
    found = ps.calibrate(rows, draws=100)
    free = [each.path for each in found.fitted]
    exact = oracle.left_out_ms(rows, synthetic.constants_of(ps.load_hardware("zcu102")), free)
    assert [each.left_out for each in found.rows] == pytest.approx(exact, rel=1e-6)
    assert found.score(left_out=True).mape_frac > found.score().mape_frac


def test_rows_without_noise_give_the_constants_back():
    hw, truth = synthetic.drawn_board(np.random.default_rng(3))
    found = ps.calibrate(synthetic.filled(synthetic.form(), hw, np.random.default_rng(0), 0.0))
    assert {each.path for each in found.fitted} == set(truth)
    for each in found.fitted:
        assert each.value == pytest.approx(truth[each.path], rel=1e-6)
    assert found.score(left_out=True).worst_frac == pytest.approx(0, abs=1e-6)


def test_intervals_hold_the_truth():
    shares = synthetic.coverage(20, seed=11, draws=300, kinds=("gelu", "norm", "gemm", "transfer"))
    assert min(shares.values()) >= LEAST_SHARE, shares
    assert np.mean(list(shares.values())) >= 0.9, shares


def test_the_same_seed_gives_the_same_intervals():
    rows = synthetic.filled(synthetic.form()[:16], ps.load_hardware("zcu102"), np.random.default_rng(0), 0.05)
    one, same, other = (ps.calibrate(rows, seed=seed) for seed in (1, 1, 2))
    assert one.to_dict() == same.to_dict()
    assert [each.interval for each in one.fitted] != [each.interval for each in other.fitted]
    assert [each.value for each in one.fitted] == [each.value for each in other.fitted]


# -- what rows do not tell -------------------------------------------------------------------------------------
def test_flat_directions_are_those_in_which_nothing_changes():
    rng = np.random.default_rng(2)
    for _ in range(200):
        rank, columns = int(rng.integers(1, 4)), int(rng.integers(2, 6))
        matrix = rng.standard_normal((8, rank)) @ rng.integers(-2, 3, (rank, columns))
        projector = flat_directions(matrix)
        lengths = np.linalg.norm(matrix, axis=0)
        scaled = matrix / np.where(lengths > 0, lengths, 1)
        assert np.allclose(scaled @ projector, 0, atol=1e-9)
        assert round(float(np.trace(projector))) == columns - np.linalg.matrix_rank(matrix)


def test_one_size_does_not_tell_a_rows_cost_from_an_elements():
    size = MeasuredRow("norm", 197, 1, 384, calls=0)
    others = [MeasuredRow("gelu", m, 1, n, calls=0) for m, n in itertools.product((8, 197), (96, 1536))]
    hw = ps.load_hardware("zcu102")
    rows = synthetic.filled([size, size, *others], hw, np.random.default_rng(0), 0.02)
    found = ps.calibrate(rows)
    assert [each.path for each in found.fitted] == [
        "host.full.gelu.cycles_per_element", "host.full.gelu.cycles_per_row"
    ]  # fmt: skip
    pair = ("host.full.norm.cycles_per_element", "host.full.norm.cycles_per_row")
    kept = {each.path: each for each in found.constants if each.state.name == "NOT_TOLD_APART"}
    assert set(kept) == set(pair)
    assert all(each.value == each.old for each in kept.values())
    assert kept[pair[0]].others == pair[1:]
    (line,) = found.untold
    assert line.startswith(f"cannot be told apart: {pair[0]}, {pair[1]}; they keep their values")
    assert line.endswith(f"--hold {pair[1]}")
    assert [each.fitted for each in found.rows] == [False, False, True, True, True, True]
    assert any("not used" in note and "norm 197x384" in note for note in found.notes)
    held = ps.calibrate(rows, hold=[pair[1]])
    assert {each.path for each in held.fitted} == {*(each.path for each in found.fitted), pair[0]}
    assert held.hardware.host.full.of("norm").cycles_per_row == 130


def test_the_whole_of_a_model_alone_tells_nothing():
    with pytest.raises(ps.InputError) as error:
        ps.calibrate([MeasuredRow(model="deit_s", ms=60.0)])
    assert str(error.value).startswith("rows: tell no constant of 'zcu102'\nrows: cannot be told apart: ")
    assert "array.clock_mhz" in str(error.value)


def test_as_many_constants_as_rows_have_no_interval():
    rows = [MeasuredRow("gelu", 197, 1, n, ms=ms, calls=0) for n, ms in ((96, 0.2), (1536, 2.2))]
    found = ps.calibrate(rows)
    assert len(found.fitted) == 2 and not found.hardware.intervals
    assert all(each.interval is None for each in found.fitted)
    assert any(note.startswith("no interval, as many constants as rows") for note in found.notes)
    assert found.score(left_out=True).rows == 0


def test_absolute_errors_let_the_longest_row_decide():
    rows = [MeasuredRow("gelu", m, 1, 1536, ms=ms, calls=0) for m, ms in ((8, 0.1), (16, 0.2), (1970, 12.0))]
    hold = ["*.cycles_per_row"]
    relative, absolute = (ps.calibrate(rows, errors=each, hold=hold) for each in ("relative", "absolute"))
    last = {each.errors: each.rows[2].predicted / 12.0 - 1 for each in (relative, absolute)}
    assert abs(last["absolute"]) < 1e-3 < 0.1 < abs(last["relative"])


def test_a_pattern_that_holds_nothing_is_an_error():
    rows = [MeasuredRow("gelu", 8, 1, 8, ms=1.0)]
    with pytest.raises(ps.InputError, match=r"hold: names no constant .* nearest valid name: 'host.full.call_us'"):
        ps.calibrate(rows, hold=["host.full.call_u"])


def test_calls_of_a_driver_are_found_where_the_board_knows_of_them():
    """Times of products on a board with other calls; the clock is told apart from them by how often each counts."""
    board = ps.load_hardware("zcu102")
    true = board.replace({"array.clock_mhz": 100, "calls.fold_us": 7.0, "calls.gemm_us": 250.0})
    sizes = [(197, 384, 1536), (64, 64, 36), (640, 36, 72), (16, 2048, 3000), (197, 64, 197)]
    rows = [
        MeasuredRow("gemm", m, k, n, ms=ps.simulate(ps.Trace((Op(1, "fc1", "gemm", m, k, n, 1),)), true).pl_ms)
        for m, k, n in sizes
    ]
    guess = board.replace({"calls.fold_us": 1.0, "calls.gemm_us": 10.0})
    found = {each.path: each.value for each in ps.calibrate(rows, guess, draws=100).fitted}
    assert found["calls.fold_us"] == pytest.approx(7, rel=0.01)
    assert found["calls.gemm_us"] == pytest.approx(250, rel=0.01)
    assert found["array.clock_mhz"] == pytest.approx(100, rel=0.01)
    without = ps.calibrate(rows, board, draws=100).fitted
    assert not [each.path for each in without if each.path.startswith("calls.")]


def _gelu_rows(wrong=(), times=1000.0):
    rows = [
        MeasuredRow("gelu", m, 1, n, ms=(0.02 + m * n * 6e-6) * (1.01 if m == 64 else 1))
        for m in (8, 64, 197) for n in (96, 1536)
    ]  # fmt: skip
    return [row._replace(ms=row.ms * times) if place in wrong else row for place, row in enumerate(rows)]


@pytest.mark.parametrize("place", range(6))
@pytest.mark.parametrize("times", [1000.0, 1e-3])
def test_a_row_in_another_unit_is_told(place, times):
    (line,) = ps.calibrate(_gelu_rows([place], times)).suspects
    assert line.startswith(f"row {place + 1}: gelu ") and line.endswith(" times: is its unit ms?")
    factor = float(line.split(" by ")[1].split(" times")[0].replace(",", ""))
    assert 800 < factor < 1250


def test_rows_that_agree_are_not_suspected():
    assert not ps.calibrate(_gelu_rows()).suspects
    assert not ps.calibrate(_gelu_rows([3], 1.5)).suspects  # far from the others, but no matter of units
    found = ps.calibrate(_gelu_rows([2]))
    assert found.suspects[0] in " ".join(str(found).split())
    assert found.suspects[0] in found.to_dict()["notes"]
