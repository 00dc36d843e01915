"""Processor costs against the plain oracle and the figures that the constants come from."""

import pytest

import pivotsim as ps
from pivotsim.host.costs import entropy_ms
from tests.oracles.system import host_costs

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


PRUNED = {
    "evit": ps.prune_tokens(PLAN, "evit", keep_rate=0.7),
    "single": ps.prune_tokens(PLAN, "single", r=69, encoder=4),
    "tome": ps.prune_tokens(PLAN, "tome", r=13),
    "dynamicvit": ps.prune_tokens(PLAN, "dynamicvit", keep_rate=0.7),
    "heatvit": ps.prune_tokens(PLAN, "heatvit"),
}
TOKEN_KINDS = ("score", "sort", "gather", "merge")


@pytest.mark.parametrize("batch", [1, 3])
@pytest.mark.parametrize("plan", PRUNED.values(), ids=PRUNED)
def test_token_steps_equal_the_oracle(plan, batch):
    report = ps.simulate(plan, HW, profile="full", batch=batch)
    costs, expected = HW.host.full, []
    for op in ps.lower(plan, batch).within("encoders"):
        if op.kind in TOKEN_KINDS:
            rows = op.m * op.repeats
            elements = rows * op.n * (host_costs.sort_levels(op.n) if op.kind == "sort" else 1)
            cost = getattr(costs, op.kind).model_dump()
            ms = host_costs.op_ms(cost, rows, elements, call_us=20, clock_mhz=1200, cores=1, efficiency=0.9)
            expected.append((op.encoder, op.module, op.kind, ms))
    ours = [(r.encoder, r.module, r.kind, r.delay_ms) for r in report.rows if r.kind in TOKEN_KINDS]
    assert [row[:3] for row in ours] == [row[:3] for row in expected] and expected
    assert [row[3] for row in ours] == pytest.approx([row[3] for row in expected], rel=1e-9)


@pytest.mark.parametrize("plan", PRUNED.values(), ids=PRUNED)
def test_paper_profile_charges_softmax_alone_and_no_token_step(plan):
    rows = [row for row in ps.simulate(plan, HW).rows if row.resource == "ps"]
    assert {row.kind for row in rows} == {"softmax"}


def test_the_constants_behind_token_steps_are_named():
    notes = ps.simulate(PRUNED["evit"], HW, profile="full").notes
    for kind in TOKEN_KINDS:
        assert any(note.startswith(f"host.full.{kind}: [estimate]") for note in notes)
        assert any(note.startswith(f"placement.{kind}: [assumed]") for note in notes)
    paths = [note.split(":")[0] for note in ps.simulate(PRUNED["dynamicvit"], HW, profile="full").notes]
    assert "host.full.gather" in paths and "host.full.merge" not in paths
    notes = ps.simulate(PRUNED["evit"], HW).notes
    free = "profile: 'paper' charges no time for norm, requant, add, gelu, score, sort, gather, merge"
    assert f"{free}; profile 'full' charges more" in notes
    assert not any(kind in note for note in notes if not note.startswith(free) for kind in ("gather", "merge"))


def test_sorting_one_element_compares_nothing():
    trace = ps.Trace((ps.workload.Op(1, "sort", "sort", 3, 1, 1),))
    report = ps.simulate(trace, HW.replace({"host.full.sort.cycles_per_row": 0}), profile="full")
    assert report.ps_ms == pytest.approx(0.02)  # the call


def crossings(plan, places=()):
    """Return (module ahead, bytes) of what crosses in encoder 4, from the transfers' delays."""
    free = {"host.full.call_us": 0, "host.transfer.cache_ns_per_line": 0}
    hw = HW.replace({**free, **{f"placement.{kind}": "pl" for kind in places}})
    rows = [r for r in ps.simulate(plan, hw, profile="full").rows if r.encoder == 4]
    return [(rows[i - 1].module, round(r.delay_ms * 125e3) * 16) for i, r in enumerate(rows) if r.module == "transfer"]


def test_tokens_cross_as_what_the_next_operation_reads():
    """Tokens go to the module as they are (197), and come back as they are left (138 + 1 + 1 by EViT)."""
    plan = ps.prune_tokens(PLAN, "evit", keep_rate=0.7, encoders=[4])
    here, there = crossings(plan), crossings(plan, TOKEN_KINDS)
    assert [c for c in there if c not in here] == [("residual1", 197 * 384), ("merge", 140 * 384)]
    assert len(there) == len(here) + 2


def test_a_predictors_features_cross_as_the_next_layer_reads_them():
    """Half of them pooled on the processor, all 196 x 384 go back to the array, not the layer's 192 results."""
    plan = ps.prune_tokens(PLAN, "dynamicvit", keep_rate=0.7, encoders=[4])
    free = HW.replace({"host.full.call_us": 0, "host.transfer.cache_ns_per_line": 0})
    rows = ps.simulate(plan, free, profile="full").rows
    behind = rows[next(i for i, row in enumerate(rows) if row.kind == "score") + 1]
    assert (behind.module, round(behind.delay_ms * 125e3) * 16) == ("transfer", 196 * 384)


@pytest.mark.parametrize(
    ("bits", "width"), [(1, 1), (4, 1), (8, 1), (9, 2), (12, 2), (16, 2), (17, 3), (32, 4), (33, 5)]
)
def test_a_result_crosses_in_whole_bytes(bits, width):
    """Sixteen elements go over a port of sixteen bytes a clock: a clock for each byte of an element."""
    op = ps.workload.Op
    trace = ps.Trace((op(1, "gelu", "gelu", 16, 1, 1, out_bits=bits), op(1, "fc2", "gemm", 16, 1, 8)))
    hw = HW.replace({"host.full.call_us": 0, "host.transfer.cache_ns_per_line": 0, "host.transfer.ports": 1})
    (crossing,) = [row for row in ps.simulate(trace, hw, profile="full").rows if row.module == "transfer"]
    assert crossing.delay_ms * 125e3 == pytest.approx(width)
