"""Predicted rows: equal to formulas worked out by hand, and linear in the parameters as the coefficients say."""

import numpy as np
import pytest

import pivotsim as ps
from pivotsim.calibration import MeasuredRow
from pivotsim.calibration.parameters import EFFICIENCY, time_parameters, value_on
from pivotsim.calibration.predictions import Predictor, coefficients
from tests.oracles.system import calibration as oracle
from tests.unit.calibration import synthetic

KINDS = ("softmax", "gelu", "silu", "relu", "norm", "add", "mul", "pool", "requant", "score", "sort", "gather", "merge")


def drawn_row(rng):
    kind = str(rng.choice([*KINDS, "entropy", "transfer", "gemm"]))
    m, k, n, repeats = (int(rng.integers(1, size)) for size in (300, 500, 500, 7))
    on_cores = kind not in ("transfer", "gemm")
    cores = int(rng.choice([0, 1, 2, 4])) if on_cores else 0
    calls = int(rng.integers(0, 2)) if kind != "gemm" else 1
    return MeasuredRow(kind, m, k if kind == "gemm" else 1, n, repeats, cores=cores, calls=calls)


def test_a_row_costs_what_its_formula_says():
    rng = np.random.default_rng(0)
    for _ in range(30):
        hw, _ = synthetic.drawn_board(rng)
        rows = [drawn_row(rng) for _ in range(10)]
        constants = synthetic.constants_of(hw)
        for row, found in zip(rows, Predictor(rows, synthetic.OPTIONS).times_ms(hw), strict=True):
            assert found == pytest.approx(oracle.row_ms(row, constants), rel=1e-12), row


def test_coefficients_predict_every_board():
    """What is found from differences around one board holds on others that lie anywhere."""
    rng = np.random.default_rng(1)
    rows = [*(drawn_row(rng) for _ in range(20)), *synthetic.form()[-8:], MeasuredRow(model="deit_t", module="norm1")]
    predictor = Predictor(rows, synthetic.OPTIONS)
    hw = ps.load_hardware("zcu102")
    parameters = [each for each in time_parameters(hw, "full", "paper") if each.path != EFFICIENCY]
    of = coefficients(predictor, hw, parameters)
    for _ in range(8):
        board, _ = synthetic.drawn_board(rng)
        values = np.array([each.parameter_of(value_on(board, each)) for each in parameters])
        turned = 1 / board.host.multicore_efficiency_frac
        predicted = of.offset + of.alone @ values + turned * (of.offset_shared + of.shared @ values)
        assert predicted == pytest.approx(predictor.times_ms(board), rel=1e-9)


def test_a_kind_that_costs_nothing_is_found_from_its_own_rows():
    """Under `paper` GELU is left out: rows of its own find its cost, and no cost is found from a model's rows."""
    rows = [MeasuredRow("gelu", m, 1, n, ms=0.004 + m * n * 5e-6) for m in (8, 64, 197) for n in (96, 1536)]
    found = ps.calibrate(rows, profile="paper")
    cost = found.hardware.host.paper.of("gelu")
    assert cost.cycles_per_element == pytest.approx(6.0, rel=1e-6)
    assert found.hardware.host.paper.call_us == pytest.approx(4.0, rel=1e-6)
    assert "host.paper.norm.cycles_per_element" not in {each.path for each in found.constants}


@pytest.mark.parametrize(
    ("row", "problem"),
    [
        (MeasuredRow(model="deit_x", ms=1.0), "nearest valid name"),
        (MeasuredRow(model="deit_s", module="silu", ms=1.0), "'silu' takes no time in deit_s under profile 'full'"),
        (MeasuredRow("transfer", 64, 1, 1, cores=2, ms=1.0), "cores: no core shares a transfer (got 2)"),
    ],
)
def test_rows_that_a_board_cannot_have(row, problem):
    with pytest.raises(ps.InputError) as error:
        ps.calibrate([row])
    assert str(error.value).startswith("row 1: ") and problem in str(error.value)


def test_a_board_without_a_processor_has_its_clock_alone():
    hw = ps.load_hardware("u250_mpca")
    with pytest.raises(ps.InputError, match="'u250_mpca' has no processor"):
        ps.calibrate([MeasuredRow("gelu", 8, 1, 8, ms=1.0)], hw)
    run_ms = ps.simulate(ps.plan("deit_t"), hw, memory="paper", scope="all").delay_ms
    found = ps.calibrate([MeasuredRow(model="deit_t", ms=2 * run_ms)] * 2, hw, memory="paper")
    assert [each.path for each in found.fitted] == ["mpca.clock_mhz"]
    assert found.hardware.clock_mhz == pytest.approx(hw.clock_mhz / 2, rel=1e-5)


def test_the_time_of_an_overlapped_model_is_no_sum():
    hw = ps.load_hardware("zcu102").replace({"host.ps_pl_overlap": "heads"})
    with pytest.raises(ps.InputError, match=r"is no sum under host\.ps_pl_overlap 'heads'; give its modules"):
        ps.calibrate([MeasuredRow(model="deit_s", ms=60.0)], hw)
