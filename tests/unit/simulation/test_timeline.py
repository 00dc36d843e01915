"""Queues of PL and PS against an oracle that lists every open job, and the bounds that hold for any of them."""

import itertools
import math
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import pivotsim as ps
from pivotsim.engines.base import Details
from pivotsim.engines.registry import ENGINES
from pivotsim.hardware.host import PS_PL_OVERLAPS
from pivotsim.host.costs import host_ops
from pivotsim.simulation.chains import MAX_TASKS, check_tasks, head_cycles, head_ranges, timeline_of
from pivotsim.simulation.placed_ops import place_ops
from pivotsim.simulation.timeline import Task, Timeline, run_chains
from pivotsim.units import Ticks
from tests.oracles.system import queues
from tests.proofs.masked_campaign import masked_heads

HW = ps.load_hardware("zcu102")
WHOLE = ps.plan("deit_s")
ON_UNIT = {"placement.softmax": "pl"}


def simulate(mode, changes=None, workload=WHOLE, **options):
    return ps.simulate(workload, HW.replace(changes or {}), ps_pl_overlap=mode, **options)


def no_overlap(timeline):
    for resource in timeline.resources:
        pieces = sorted((p for p in timeline.pieces if p.resource == resource), key=lambda p: (p.start, p.end))
        assert all(a.end <= b.start for a, b in itertools.pairwise(pieces)), resource


LENGTH = st.integers(1, 9) | st.integers(1, 10**15)  # short ones meet often
TASK = st.tuples(st.sampled_from(["array", "ps", "softmax unit"]), LENGTH)


@given(st.lists(st.lists(TASK, min_size=1, max_size=6), min_size=1, max_size=9))
@settings(max_examples=300)
def test_any_chains_equal_the_oracle(chains):
    expected = queues.run([[(resource, Fraction(length)) for resource, length in chain] for chain in chains])
    tasks = [[Task(row, number, *task) for row, task in enumerate(chain)] for number, chain in enumerate(chains)]
    pieces, end = run_chains(tasks)
    ours = {(p.block, p.row): (p.start, p.end) for p in pieces}
    assert ours == {(n, i): times for n, done in enumerate(expected) for i, times in enumerate(done)}
    assert end == max(stop for done in expected for _, stop in done)
    assert [p.start for p in pieces] == sorted(p.start for p in pieces)
    busy = {}
    for resource, length in (task for chain in chains for task in chain):
        busy[resource] = busy.get(resource, 0) + length
    assert max(busy.values()) <= end <= sum(busy.values())
    no_overlap(Timeline(Ticks(125.0, []), tuple(pieces)))


@given(
    heads=st.integers(1, 16),
    scores=st.integers(1, 10**6),
    values=st.integers(1, 10**6),
    softmax_ms=st.floats(1e-6, 50),
    clock_mhz=st.floats(0.5, 900),
)
@settings(max_examples=200)
def test_heads_of_random_lengths_equal_the_oracle(heads, scores, values, softmax_ms, clock_mhz):
    per_clock = 1 / (1000 * Fraction(clock_mhz))
    lengths = [("array", scores * per_clock), ("ps", Fraction(softmax_ms)), ("array", values * per_clock)]
    expected = queues.run([lengths] * heads)
    ticks = Ticks(clock_mhz, [softmax_ms])
    parts = [("array", scores, 0.0), ("ps", 0, softmax_ms), ("array", values, 0.0)]
    chain = [Task(row, 0, where, ticks.of(cycles, ms)) for row, (where, cycles, ms) in enumerate(parts)]
    _, end = run_chains([chain] * heads)
    assert Fraction(end, ticks.per_ms) == expected[-1][-1][1] == max(done[-1][1] for done in expected)


def test_three_heads_by_hand():
    """QK^T 2 clocks, softmax 5, SV 3: softmax hides all but the first QK^T and the last SV."""
    head = [Task(0, 0, "array", 2), Task(1, 0, "ps", 5), Task(2, 0, "array", 3)]
    assert run_chains([head] * 3)[1] == 2 + 3 * 5 + 3
    short = [head[0], Task(1, 0, "ps", 1), head[2]]
    # at 4 both SV 1 (ready since 3) and QK^T 3 wait: SV goes first
    order = [(p.row, p.start) for p in run_chains([short] * 3)[0] if p.resource == "array"]
    assert order == [(0, 0), (0, 2), (2, 4), (2, 7), (0, 10), (2, 13)]


@pytest.mark.parametrize("options", [{}, {"ps_pl_overlap": "heads"}, {"ps_pl_overlap": "images", "batch": 3}])
def test_totals_are_those_of_the_rows_that_are_made_when_asked_for(options):
    report = ps.simulate(ps.plan("deit_s"), "zcu102", profile="full", **options)
    is_serial = not options
    assert ("timeline" in vars(report.placed)) is not is_serial  # a serial run needs none for its totals
    assert "rows" not in vars(report.placed)
    assert report.pl_cycles == sum(row.cycles for row in report.rows)
    assert report.ps_ms == math.fsum(row.delay_ms for row in report.rows if row.resource == "ps")
    again = ps.simulate(ps.plan("deit_s"), "zcu102", profile="full", **options)
    assert (report == again, report == ps.simulate(ps.plan("deit_t"), "zcu102")) == (True, False)


def test_serial_is_the_default_and_unchanged():
    report = ps.simulate(WHOLE)
    assert (report.pl_cycles, report.options["ps_pl_overlap"]) == (3_026_160, "serial")
    assert report.delay_ms == report.pl_ms + report.ps_ms == pytest.approx(59.659904376, abs=1e-9)
    assert report.rows == simulate("serial").rows
    assert report.overlap_ms == 0


def test_heads_save_six_percent_of_deit_s():
    serial, heads = simulate("serial"), simulate("heads")
    assert heads.delay_ms == pytest.approx(56.022464376, abs=1e-9)
    assert 1 - heads.delay_ms / serial.delay_ms == pytest.approx(0.061, abs=0.0005)
    # the PS is the longer one: of each encoder's attention only the first QK^T and the last SV stay in sight
    per_head = {m: {r.cycles for r in serial.rows if r.module == m}.pop() // 6 for m in ("qkt", "sv")}
    hidden = 12 * 5 * sum(per_head.values())
    assert heads.overlap_ms == pytest.approx(hidden / 125e3, abs=1e-9)
    assert (heads.pl_cycles, heads.ps_ms) == (serial.pl_cycles, serial.ps_ms)


@given(
    mode=st.sampled_from(PS_PL_OVERLAPS),
    profile=st.sampled_from(["paper", "full"]),
    active=st.sets(st.integers(1, 12)),
    heads=st.sampled_from([1, 2, 3, 6, 12]),
    score_bits=st.sampled_from([8, 32]),
    batch=st.integers(1, 4),
    units=st.sets(st.sampled_from(["softmax", "gelu", "silu", "norm"])),
    cores=st.sampled_from([1, 4]),
    scope=st.sampled_from(["encoders", "all"]),
)
@settings(max_examples=80)
def test_bounds_of_random_plans(mode, profile, active, heads, score_bits, batch, units, cores, scope):
    plan = ps.plan(ps.load_model("deit_s").replace({"heads": heads}), score_bits=score_bits)
    plan = ps.skip_attention(plan, active=active)
    changes = {f"placement.{unit}": "pl" for unit in units} | {"host.cores": cores}
    options = {"profile": profile, "batch": batch, "scope": scope}
    report = simulate(mode, changes, plan, **options)
    timeline = report.timeline
    no_overlap(timeline)
    assert timeline.delay_ms == pytest.approx(report.delay_ms, abs=1e-9)
    busy = {name: sum(p.end - p.start for p in timeline.pieces if p.resource == name) for name in timeline.resources}
    assert max(busy.values()) <= timeline.end <= sum(busy.values())
    assert timeline.ticks.to_ms(sum(busy.values())) == pytest.approx(report.busy_ms, rel=1e-9)
    assert report.delay_ms <= report.pl_ms + report.ps_ms + 1e-9
    for by in ("module", "encoder", "resource"):
        entries = report.breakdown(by).values()
        assert sum(e["share"] for e in entries) == pytest.approx(1)
        assert sum(e["delay_ms"] for e in entries) == pytest.approx(report.delay_ms + report.overlap_ms)
    assert min(row.start_ms for row in report.rows) == 0
    assert all(row.start_ms + row.delay_ms <= report.delay_ms + 1e-9 for row in report.rows)
    if mode == "heads":
        assert report.delay_ms <= simulate("serial", changes, plan, **options).delay_ms + 1e-9


@pytest.mark.parametrize("profile", ["paper", "full"])
@pytest.mark.parametrize("changes", [{}, ON_UNIT, {"host.cores": 4}])
def test_every_encoder_of_heads_equals_the_oracle(profile, changes):
    """A plan of one encoder, taken apart here from the serial rows: share of each head, the call with the first."""
    hw = HW.replace(changes)
    plan = ps.plan(ps.load_model("deit_s").replace({"depth": 1}), score_bits=32)
    call_ms = hw.host_costs(profile).call_us / 1000
    rows = simulate("serial", changes, plan, profile=profile).rows
    first = next(i for i, row in enumerate(rows) if row.module == "qkt")
    last = next(i for i, row in enumerate(rows) if row.module == "proj")
    chains = []
    for head in range(6):
        chain = []
        for row in rows[first:last]:
            if row.resource == "pl":
                where = "unit" if row.kind == "softmax" else "array"
                chain.append((where, Fraction(row.cycles, 6 * 125_000)))
            else:
                work = Fraction(row.delay_ms) - Fraction(call_ms)
                chain.append(("ps", work / 6 + (Fraction(call_ms) if head == 0 else 0)))
        chains.append(chain)
    inside = max(done[-1][1] for done in queues.run(chains))
    around = sum(Fraction(row.delay_ms) for row in (*rows[:first], *rows[last:]))
    assert simulate("heads", changes, plan, profile=profile).delay_ms == pytest.approx(float(inside + around), abs=1e-9)


def test_nothing_crosses_encoders():
    heads = simulate("heads")
    ends, starts = {}, {}
    for piece in heads.timeline.pieces:
        encoder = heads.rows[piece.row].encoder
        ends[encoder] = max(ends.get(encoder, 0), piece.end)
        starts[encoder] = min(starts.get(encoder, piece.start), piece.start)
    assert [ends[e] for e in range(1, 12)] == [starts[e] for e in range(2, 13)]


def test_images_gain_throughput_and_no_delay():
    one, two, many = simulate("images"), simulate("images", batch=2), simulate("images", batch=16)
    assert one.delay_ms == one.latency_ms == simulate("serial").delay_ms
    assert two.delay_ms < 2 * one.delay_ms
    assert many.delay_per_image_ms < two.delay_per_image_ms
    assert many.delay_per_image_ms >= one.ps_ms  # the PS is the longer one
    assert many.fps == pytest.approx(1e3 / one.ps_ms, rel=0.02)
    assert min(two.latency_ms, many.latency_ms) >= one.delay_ms
    assert many.pl_cycles == 16 * one.pl_cycles
    assert len(many.rows) == 16 * len(one.rows)


def test_heads_are_found_where_they_stand():
    trace = ps.lower(ps.plan("deit_s"))
    ranges = head_ranges(trace)
    assert len(ranges) == 12
    assert [trace.ops[i].module for i in ranges[0]] == ["qkt", "requant", "softmax", "sv", "requant"]
    assert head_ranges(ps.lower(ps.skip_attention(WHOLE, active=[]))) == []
    lone = ps.Trace(tuple(op for op in trace if op.module != "sv"))
    assert head_ranges(lone) == []
    assert simulate("heads", workload=lone).delay_ms == pytest.approx(simulate("serial", workload=lone).delay_ms)


def test_moving_softmax_saves_more_than_skipping_attention():
    """Section 6: 1.23x for PIVOT's pair at F_L = 0.8, up to 2.46x for a softmax that costs the array nothing."""
    whole, low = ps.simulate(WHOLE), ps.simulate(ps.skip_attention(WHOLE, active=range(1, 7)))
    skipping = whole.delay_ms / ps.combine([low, whole], [0.8, 0.2], gate="none").delay_ms
    assert skipping == pytest.approx(1.23, abs=0.005)
    moved = simulate("serial", ON_UNIT)
    assert moved.unit_cycles == 12 * 6 * (-(-197 * 197 // 16) + 64)
    assert moved.pl_cycles == 3_026_160 + moved.unit_cycles
    assert moved.utilization_frac == whole.utilization_frac
    assert whole.delay_ms / moved.delay_ms == pytest.approx(2.33, abs=0.005)
    hidden = simulate("heads", ON_UNIT)
    assert whole.delay_ms / hidden.delay_ms == pytest.approx(2.46, abs=0.005)
    assert hidden.delay_ms == pytest.approx(whole.pl_ms)
    assert any(note.startswith("units.softmax: [assumed]") for note in moved.notes)
    assert not any("softmax: [calibrated]" in note for note in moved.notes)


@pytest.mark.parametrize(("kind", "elements", "fill"), [("gelu", 12 * 197 * 1536, 8), ("norm", 24 * 197 * 384, 64)])
def test_other_units(kind, elements, fill):
    calls = 12 if kind == "gelu" else 24
    moved = simulate("serial", {f"placement.{kind}": "pl"}, profile="full")
    assert moved.unit_cycles == elements // 16 + calls * fill
    serial = simulate("serial", profile="full")
    of_kind = [[r for r in report.rows if r.kind == kind] for report in (serial, moved)]
    assert [{r.resource for r in rows} for rows in of_kind] == [{"ps"}, {"pl"}]
    assert moved.delay_ms < serial.delay_ms


def test_a_unit_needs_no_transfer_to_the_array():
    edge = {"placement.requant": "array"}
    here, there = (simulate("serial", edge | more, profile="full") for more in ({}, ON_UNIT))
    crossings = [sum(r.module == "transfer" for r in report.rows) for report in (here, there)]
    assert crossings[0] - crossings[1] == 24


def test_designs_charge_units_and_refuse_heads():
    hw = HW.replace(ON_UNIT)
    table = ps.simulate_designs(WHOLE, hw, {"rows": [64, 32]})
    assert table["pl_cycles"][0] == ps.simulate(WHOLE, hw).pl_cycles
    assert table["delay_ms"][0] == pytest.approx(ps.simulate(WHOLE, hw).delay_ms)
    with pytest.raises(ps.InputError, match="many designs at once are serial"):
        ps.simulate_designs(WHOLE, HW.replace({"host.ps_pl_overlap": "heads"}), {"rows": [64]})


def test_combinations_and_comparisons_of_overlapped_runs():
    low, high = (simulate("heads", workload=ps.skip_attention(WHOLE, active=range(1, n + 1))) for n in (6, 12))
    mix = ps.combine([low, high], [0.8, 0.2])
    assert mix.delay_ms + mix.overlap_ms == pytest.approx(mix.busy_ms)
    assert sum(e["share"] for e in mix.breakdown().values()) == pytest.approx(1)
    with pytest.raises(ps.InputError, match="ps_pl_overlap differs between number 1 and 2"):
        ps.combine([ps.simulate(WHOLE), high], [0.5, 0.5])
    table = ps.compare(ps.simulate(WHOLE), high)
    assert sum(d.delta for d in table["modules"]) == pytest.approx(table["totals"][0].delta)
    assert table["modules"][-1].name == "overlap"


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: simulate("head"), "ps_pl_overlap: must be one of serial, heads, images (got 'head')"),
        (lambda: simulate("images", workload=ps.lower(WHOLE, 2), batch=2), "a trace of 2 images cannot be taken apart"),
        (lambda: simulate("heads", batch=10**6), f"runs up to {MAX_TASKS} pieces of work"),
        (lambda: simulate("images", batch=10**6), f"runs up to {MAX_TASKS} pieces of work"),
        (lambda: HW.replace({"units.softmax.elements_per_clock": 0}), "must be at least 1"),
        (lambda: HW.replace({"placement.softmax": "array"}), "placement.softmax: must be one of ps, pl"),
        (
            lambda: simulate("serial", ON_UNIT, ps.Trace((ps.workload.Op(1, "softmax", "softmax", 2**62, 1, 2**62),))),
            "the clocks of PL units exceed int64",
        ),
    ],
)
def test_wrong_input_is_one_line(call, message):
    with pytest.raises(ps.InputError) as error:
        call()
    assert message in str(error.value) and "\n" not in str(error.value)


@pytest.mark.parametrize("heads", [[2], [MAX_TASKS // 2 - 1, 1, MAX_TASKS // 2]])
def test_a_step_of_heads_counts_as_its_heads(heads):
    fewer = MAX_TASKS - sum(heads)  # steps that are no heads
    check_tasks(fewer + len(heads), heads, "heads", Details(), 1)
    with pytest.raises(ps.InputError, match="more"):
        check_tasks(fewer + len(heads) + 1, heads, "heads", Details(), 1)


@pytest.mark.parametrize("cycles", [0, 1, 5, 6, 7, 1000])
def test_heads_of_unequal_work_share_every_clock(cycles):
    """Masks leave each head its own work; what a step takes is shared out in whole clocks that add up."""
    hw = HW.replace({"host.ps_pl_overlap": "heads"})
    trace = ps.lower(ps.plan(ps.load_model("deit_s").replace({"depth": 1}))).within("encoders")
    counts = [cycles + i for i in range(len(trace.gemms))]
    timeline = timeline_of(
        place_ops(trace, counts, ENGINES["analytic"].other_cycles(trace, hw), host_ops(trace, hw, "paper")), trace, hw
    )
    busy = sum(piece.end - piece.start for piece in timeline.pieces if piece.resource == "array")
    assert busy == sum(counts) * timeline.ticks.per_cycle
    scores = [p.end - p.start for p in timeline.pieces if p.row == 1]
    assert len(scores) == 6 and max(scores) - min(scores) <= timeline.ticks.per_cycle


@pytest.mark.parametrize("engine", ["analytic", "pe"])
@pytest.mark.parametrize("copies", [1, 2, 4])
def test_heads_of_different_masks_take_their_own_clocks(copies, engine):
    trace = masked_heads(copies)
    small = {"array.rows": 8, "array.cols": 6}
    report = simulate("heads", small, trace, engine=engine)
    per_cycle = report.timeline.ticks.per_cycle
    for row, (sizes, key) in {1: ((40, 16, 40), "scores"), 3: ((40, 40, 16), "values")}.items():
        mask = trace.masks["", key]
        pieces = {p.block: p.end - p.start for p in report.timeline.pieces if p.row == row}
        singles = [ps.workload.Mask(mask.operand, 40, 40, 1, mask.kept[head % copies]) for head in range(4)]
        clocks = [ps.simulate_gemm(*sizes, rows=8, cols=6, mask=one).cycles for one in singles]
        assert [pieces[head] for head in range(4)] == [count * per_cycle for count in clocks]
        assert (len(set(clocks)) == 1) == (copies == 1)
    busy = sum(p.end - p.start for p in report.timeline.pieces if p.resource == "array")
    assert busy == report.pl_cycles * per_cycle
    assert report.pl_cycles == simulate("serial", small, trace, engine=engine).pl_cycles
    no_overlap(report.timeline)


@pytest.mark.parametrize(("most", "listed"), [(MAX_TASKS, {0: MAX_TASKS, 2: MAX_TASKS}), (MAX_TASKS + 1, {})])
def test_heads_that_are_refused_are_not_listed_first(most, listed):
    """Else two thousand million heads would fill the memory before the message comes."""
    few = masked_heads(2)
    ops = tuple(op._replace(repeats=most) for op in few.ops[1:4])
    trace = ps.Trace(ops, "masked", few.masks)
    found = head_cycles(trace, lambda part: np.arange(1, len(part) + 1))
    assert {place: len(clocks) for place, clocks in found.items()} == listed
    with pytest.raises(ps.InputError, match=f"runs up to {MAX_TASKS} pieces of work"):
        simulate("heads", workload=trace)


def test_a_run_of_nothing_that_takes_time_has_no_rows():
    trace = ps.Trace((ps.workload.Op(1, "other", "gelu", 64, 1, 64),), "other")
    for mode in ("serial", "heads", "images"):
        report = ps.simulate(trace, HW, scope="all", profile="paper", ps_pl_overlap=mode)
        assert (report.rows, report.timeline.pieces, report.delay_ms) == ((), (), 0)


@pytest.mark.parametrize("heads", [1, 2, 3])
def test_two_heads_are_enough_to_overlap(heads):
    """Beside the longer PS all but the first head's QK^T and the last one's SV are hidden; one head hides nothing."""
    plan = ps.plan(ps.load_model("deit_t").replace({"heads": heads}))
    serial, overlapped = (simulate(mode, workload=plan) for mode in ("serial", "heads"))
    of_heads = {row.module: row.cycles // heads for row in serial.rows if row.module in ("qkt", "sv")}
    hidden = 12 * (heads - 1) * sum(of_heads.values())
    assert overlapped.delay_ms == pytest.approx(serial.delay_ms - hidden / 125e3, abs=1e-9)
    if heads == 2:
        assert round(overlapped.delay_ms, 2) == 18.77
    assert len(head_ranges(ps.lower(plan))) == (12 if heads > 1 else 0)


def test_the_first_head_pays_the_call():
    """Softmax of six heads of 197 tokens at four clocks an element, and a call of 20 us."""
    free = {"host.full.softmax.cycles_per_row": 0, "host.full.softmax.cycles_per_element": 4, "host.full.call_us": 20}
    report = simulate("heads", free, ps.plan(ps.load_model("deit_s").replace({"depth": 1})), profile="full")
    timeline = report.timeline
    lengths = {p.block: p.end - p.start for p in timeline.pieces if report.rows[p.row].module == "softmax"}
    work_ms = 197 * 197 * 4 / 1200e3
    expected_ms = [work_ms + 0.02, *[work_ms] * 5]
    assert [timeline.ticks.to_ms(lengths[head]) for head in range(6)] == pytest.approx(expected_ms, abs=1e-12)
