"""Processor costs against the plain oracle and the figures that the constants come from."""

import pytest

import pivotsim as ps
from pivotsim.host.costs import entropy_ms
from tests.oracles import host_costs

HW = ps.load_hardware("zcu102")
PLAN = ps.plan("deit_s")


def module_ms(report):
    return {module: entry["delay_ms"] for module, entry in report.breakdown("module").items()}


@pytest.mark.parametrize("profile", ["paper", "full"])
@pytest.mark.parametrize("cores", [1, 2, 4])
@pytest.mark.parametrize("batch", [1, 3])
def test_every_operation_equals_the_oracle(profile, cores, batch):
    hw = HW.replace({"host.cores": cores, "host.transfer.ports": 2})
    report = ps.simulate(PLAN, hw, profile=profile, scope="all", batch=batch)
    costs = hw.host_costs(profile)
    trace = list(ps.lower(PLAN, batch))
    share = {"clock_mhz": hw.host.clock_mhz, "cores": cores, "efficiency": hw.host.multicore_efficiency_frac}
    expected = []
    for position, op in enumerate(trace):
        if op.kind != "gemm":
            cost = getattr(costs, op.kind).model_dump()
            if any(cost.values()):
                rows = op.m * op.repeats
                ms = host_costs.op_ms(cost, rows, rows * op.n, call_us=costs.call_us, **share)
                expected.append((op.encoder, op.module, ms))
        following = trace[position + 1] if position + 1 < len(trace) else None
        if profile == "full" and following and (op.kind == "gemm") != (following.kind == "gemm"):
            width = 4 if op.kind == "gemm" else 1
            ms = host_costs.transfer_ms(
                op.m * op.repeats * op.n * width,
                bytes_per_clock=32,
                clock_mhz=125,
                line_bytes=64,
                ns_per_line=15,
                call_us=costs.call_us,
            )
            expected.append((op.encoder, "transfer", ms))
    ours = [(row.encoder, row.module, row.delay_ms) for row in report.rows if row.resource == "ps"]
    assert [row[:2] for row in ours] == [row[:2] for row in expected]
    assert [row[2] for row in ours] == pytest.approx([row[2] for row in expected], rel=1e-9)


def test_softmax_constant_is_the_calibration():
    """The one free constant: what DeiT-S's 59.66 ms leave beside the array, per softmax element."""
    report = ps.simulate(PLAN, HW)
    elements = sum(op.elements for op in ps.lower(PLAN) if op.kind == "softmax")
    assert elements == 2_794_248
    ns = (59.66 - report.pl_ms) * 1e6 / elements
    assert round(ns, 3) == 12.687
    assert HW.host.paper.softmax.cycles_per_element / HW.host.clock_mhz * 1e3 == pytest.approx(12.687, abs=1e-9)


def test_full_profile_charges_what_the_paper_leaves_out():
    """At the defaults and without calls, 61 ms: GELU 21.2, LayerNorm 10.5, adds 4.6, requantisation 24.8."""
    hw = HW.replace({"host.full.call_us": 0, "host.full.transfers": False})
    ms = module_ms(ps.simulate(PLAN, hw, profile="full", scope="all"))
    final_norm = ps.simulate(
        ps.Trace(tuple(o for o in ps.lower(PLAN) if o.module == "head")), hw, profile="full", scope="all"
    )
    norm = ms["norm1"] + ms["norm2"] + sum(r.delay_ms for r in final_norm.rows if r.kind == "norm")
    assert ms["gelu"] == pytest.approx(21.2, abs=0.05)
    assert norm == pytest.approx(10.5, abs=0.05)
    assert ms["residual1"] + ms["residual2"] == pytest.approx(4.6, abs=0.05)
    requantised = ps.simulate(PLAN, hw, profile="full").breakdown("module")["requant"]["delay_ms"]
    assert requantised == pytest.approx(24.8, rel=0.015)  # 25.05: the model counts a row per head here


def test_scores_that_softmax_takes_as_int32_are_not_requantised():
    eight, wide = (ps.lower(ps.plan("deit_s", score_bits=bits)) for bits in (8, 32))
    elements = [sum(op.elements for op in t.within("encoders") if op.kind == "requant") for t in (eight, wide)]
    assert elements == [11_872_008, 9_077_760]


def test_scores_cross_once_as_int32_or_twice_narrowed():
    """QK^T's sums cross to the PS as int32 either way; only the requantisation between is saved."""
    hw = HW.replace({"host.full.call_us": 0, "host.transfer.cache_ns_per_line": 0})
    eight, wide = (
        ps.simulate(ps.plan("deit_s", score_bits=bits), hw, profile="full").breakdown("module") for bits in (8, 32)
    )
    assert eight["transfer"]["delay_ms"] == pytest.approx(wide["transfer"]["delay_ms"])
    one = ps.plan(ps.load_model("deit_s").replace({"depth": 1}), score_bits=32)
    crossing = [row for row in ps.simulate(one, hw, profile="full").rows if row.module == "transfer"]
    scores_ms = 6 * 197 * 197 * 4 / 16 / 125e3
    assert min(abs(row.delay_ms - scores_ms) for row in crossing) < 1e-4


def test_requantisation_at_the_arrays_edge_is_free_and_narrows_transfers():
    at_edge = HW.replace({"placement.requant": "array"})
    there, here = (module_ms(ps.simulate(PLAN, hw, profile="full")) for hw in (at_edge, HW))
    assert "requant" not in there
    assert there["transfer"] < 0.5 * here["transfer"]


def test_entropy_is_thirty_nanoseconds_per_class():
    assert entropy_ms(HW, "paper", 1000) == pytest.approx(0.03)
    report = ps.simulate(PLAN, HW)
    assert report.gate_ms == pytest.approx(0.03)
    assert report.gate_components_j == pytest.approx({"board": 7.92 * 0.03e-3})
    assert entropy_ms(HW, "full", 1000) == pytest.approx(0.05)
    assert "entropy" not in ps.simulate(PLAN, HW).breakdown("module")


def test_paper_profile_charges_softmax_alone():
    assert {r.module for r in ps.simulate(PLAN, HW, scope="all").rows if r.resource == "ps"} == {"softmax"}
