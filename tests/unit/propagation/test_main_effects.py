"""Shares of costs: those of a sum by the variances of its parts, heavy tails too; interactions; one constant alone."""

import numpy as np
import pytest

import pivotsim as ps
from pivotsim.propagation.constants import Constant
from pivotsim.propagation.main_effects import shares_of_costs

A, B, C = (Constant(name, 4.0, low, high, "range") for name, low, high in (("a", 2, 8), ("b", 3, 70), ("c", 0, 5)))
SHARES = (np.arange(200_000) + 0.5) / 200_000


def variances(constants):
    return np.array([each.quantiles(SHARES).var() for each in constants])


def test_a_sum_has_the_variances_of_its_parts():
    expected = variances((A, B, C)) * np.array([9, 1, 4])
    found = shares_of_costs((A, B, C), 0, lambda d: {"y": 3 * d["a"] + d["b"] + 2 * d["c"] + 7}, {})["y"]
    assert list(found.values()) == pytest.approx(list(expected / expected.sum()), abs=2e-3)
    assert sum(found.values()) == pytest.approx(1, abs=1e-12)


def test_a_product_leaves_its_interaction():
    va, vb = variances((A, B))
    ma, mb = (each.quantiles(SHARES).mean() for each in (A, B))
    whole = va * vb + ma**2 * vb + mb**2 * va
    found = shares_of_costs((A, B), 0, lambda d: {"y": d["a"] * d["b"]}, {})["y"]
    assert list(found.values()) == pytest.approx([mb**2 * va / whole, ma**2 * vb / whole], abs=0.02)


def test_nothing_that_varies_has_no_shares():
    found = shares_of_costs((A, B), 0, lambda d: {"y": 0 * d["a"] + 0.1, "z": d["a"]}, {"z": ["b"]})
    assert set(found["y"].values()) == {0.0} and found["z"]["a"] == 0.0


@pytest.mark.parametrize("seed", [0, 5])
def test_one_constant_explains_everything(seed):
    found = ps.uncertainty(ps.plan("deit_s"), draws=20, seed=seed)
    for outcome, rest in (("delay_ms", 1e-12), ("energy_j", 1e-12), ("edp_j_ms", 5e-4)):
        assert found.shares[outcome]["host.paper.softmax.cycles_per_element"] == pytest.approx(1, abs=rest)


def test_a_run_has_the_shares_of_its_slopes():
    """Delay is a sum over constants: the slope of each by two runs, its variance by 200,000 quantiles."""
    hw, plan = ps.load_hardware("zcu102"), ps.plan("deit_s")
    found = ps.uncertainty(plan, hw, draws=20, profile="full")
    own, expected = found.report.delay_ms, {}
    for each in found.draws.constants:
        step = ps.simulate(plan, hw.replace({each.path: each.value * 1.5}), profile="full").delay_ms - own
        expected[each.path] = (step / (0.5 * each.value)) ** 2 * each.quantiles(SHARES).var()
    total = sum(expected.values())
    assert found.shares["delay_ms"] == pytest.approx({path: v / total for path, v in expected.items()}, abs=1e-3)
