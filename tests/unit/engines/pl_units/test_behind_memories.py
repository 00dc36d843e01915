"""Unit passes in the model: those of a layer program, clocks of the stepped station, and what is refused."""

import functools
from collections import Counter

import numpy as np
import pytest

import pivotsim as ps
from pivotsim.engines.memory.board_limits import limits_of
from pivotsim.engines.pl_units.behind_memories import pass_operations, unit_passes
from pivotsim.engines.pl_units.operations import MAX_OPERATIONS, Drain, Fill, Station
from pivotsim.engines.registry import ENGINES
from pivotsim.errors import InputError
from pivotsim.integer.softmax import softmax_table
from pivotsim.rtl.layers.efforts import efforts_program
from tests.oracles.station.clock import Dram, StationModel, Tables, indices
from tests.rtl.layers.networks import digits_board, digits_plans, with_units

KINDS = ("softmax", "gelu", "norm", "add")
TOKENS = ("score", "sort", "gather")
ON_PL = {f"placement.{kind}": "pl" for kind in KINDS}
BOARD = ps.load_hardware("zcu102").replace({**ON_PL, "units.memory_bytes": 65_536})
ON_TOKENS = {f"placement.{kind}": "pl" for kind in (*TOKENS, "merge")} | {
    "units.token_drop.ports": 1, "units.token_drop.channels_per_port": 16, "units.memory_bytes": 131_072,
}  # fmt: skip
PLAN = ps.plan("deit_t")
SOFTMAX = next(op for op in ps.lower(PLAN) if op.kind == "softmax")


def on(hw, **changes):
    return hw.replace({name.replace("__", "."): value for name, value in changes.items()})


@functools.cache
def digits():
    return ps.integer.read_integer_model("digits")


def program_and_model(lanes, plan, **changes):
    hw = with_units(digits_board(), lanes, 4096, **changes)
    program = efforts_program(digits(), [digits_plans()[plan]], hw)
    return [one for one in program.passes() if one.kind in (*KINDS, *TOKENS)], ps.lower(digits_plans()[plan]), hw


@pytest.mark.parametrize(
    ("lanes", "cols", "flow", "plan"), [(4, 8, "is", "whole"), (8, 5, "is", "low"), (8, 5, "ws", "whole"),
                                        (4, 8, "ws", "low"), (8, 5, "os", "low"), (4, 8, "is", "tokens"),
                                        (8, 5, "ws", "tokens")],
)  # fmt: skip
def test_passes_are_those_of_a_layer_program(lanes, cols, flow, plan):
    """Digits on 8 rows: clocks and bytes of DRAM; of os all but softmax, whose regions the program joins at the end."""
    program, trace, hw = program_and_model(lanes, plan, **{"array.dataflow": flow, "array.cols": cols})
    found = unit_passes(trace, hw)
    phases = [one for one in found if trace.ops[one.position].kind in TOKENS]
    assert len(found) - len(phases) * 2 // 3 == len(program) > 15 and len(phases) == 6 * (plan == "tokens")
    for one in program:
        own = [found.pop(0) for _ in range(3 if one.kind == "score" else 1)]  # a drop is a pass
        moved = sum(each.size_bytes for each in one.operations if isinstance(each, Fill | Drain))
        assert sum(each.dram_bytes for each in own) == moved, one.name
        cycles = sum(each.cycles for each in own)
        if flow == "os" and one.kind == "softmax":
            assert 1 < cycles / one.cycles < 1.2, one.name
        else:
            assert cycles == one.cycles, one.name
    if flow != "os":
        report = ps.simulate(trace, hw, memory="hw", scope="all", profile="full")
        assert report.unit_cycles == sum(one.cycles for one in program)


@pytest.mark.parametrize("flow", ["is", "ws", "os"])
@pytest.mark.parametrize("memory_bytes", [20_000, 65_536])
def test_a_pass_moves_every_byte_once_in_the_clocks_of_its_operations(flow, memory_bytes):
    size = memory_bytes if flow != "os" else 65_536  # a head's regions of less are too many operations
    hw = on(BOARD, array__dataflow=flow, units__memory_bytes=size)
    trace = ps.lower(PLAN).within("encoders")
    passes = {one.position: one for one in unit_passes(trace, hw)}
    own = [trace.ops[position] for position in passes]
    for position in list(passes)[:6]:
        op, one = trace.ops[position], passes[position]
        elements, wide = op.m * op.n, {"norm": 2, "add": 2}.get(op.kind, 1)
        moved = {"softmax": 2, "gelu": 2, "norm": 3, "add": 5}[op.kind] * elements
        assert one.dram_bytes == op.repeats * moved
        assert one.local_bytes == op.repeats * elements * {"add": 2 * 3 + 6}.get(op.kind, 2 * 2 + 4)
        operations = pass_operations(op, hw, own)
        filled = sum(count * each.walk.length * each.walk.runs for (kind, each), count in operations.items()
                     if kind is Fill and each.memory == 0)  # fmt: skip
        assert filled == elements and {
            each.wide for (kind, each) in operations if kind is Fill and not each.memory
        } == {wide - 1}
        for kind, each in operations:  # no memory is exceeded: its last word is there
            assert kind not in (Fill, Drain) or max(indices(each.walk)) < size // 2


def test_larger_memories_take_no_longer_and_slower_dram_no_less():
    """Of these sizes: each is a multiple of the one before, and so are the blocks that fit."""
    trace = ps.lower(PLAN).within("encoders")
    sizes = [sum(one.cycles for one in unit_passes(trace, on(BOARD, units__memory_bytes=size)))
             for size in (32_768, 131_072, 2**20)]  # fmt: skip
    assert sizes == sorted(sizes, reverse=True)
    rates = [sum(one.cycles for one in unit_passes(trace, on(BOARD, memories__dram_bytes_per_s=rate)))
             for rate in (10**9, 10**10, 10**11)]  # fmt: skip
    assert rates == sorted(rates, reverse=True) and rates[0] > rates[2]


def test_dram_is_that_of_engine_memory():
    limits = limits_of(BOARD.memories, BOARD.array.clock_mhz)
    slow = on(BOARD, memories__read_latency_ns=1000)
    more = limits_of(slow.memories, 125).read_latency_cycles - limits.read_latency_cycles
    assert more == 100
    op = SOFTMAX
    operations = pass_operations(op, BOARD, [op])
    count = sum(number for (kind, _), number in operations.items() if kind is Fill)
    before, after = (unit_passes(ps.Trace((op,)), hw)[0].cycles for hw in (BOARD, slow))
    assert after - before == op.repeats * count * more


def test_a_report_has_their_time_bytes_and_energy():
    plain = ps.simulate(PLAN, on(BOARD, units__memory_bytes=0), memory="hw", energy="activity", profile="full")
    found = ps.simulate(PLAN, BOARD, memory="hw", energy="activity", profile="full")
    passes = unit_passes(ps.lower(PLAN).within("encoders"), BOARD)
    assert found.unit_cycles == sum(one.cycles for one in passes) > plain.unit_cycles
    assert found.pl_cycles - plain.pl_cycles == found.unit_cycles - plain.unit_cycles
    dram, local = (sum(getattr(one, name) for one in passes) for name in ("dram_bytes", "local_bytes"))
    assert (found.counts.dram_bytes - plain.counts.dram_bytes, found.counts.local_bytes - plain.counts.local_bytes) == (
        dram, local
    )  # fmt: skip
    costs = BOARD.power.activity.default
    pj = found.energy_components_j["dram"] - plain.energy_components_j["dram"]
    assert pj == pytest.approx(1e-12 * costs.dram_pj_per_byte * dram)
    assert any(f"72 unit passes move {dram:,} B" in note for note in found.notes)
    assert not any("unit passes" in note for note in plain.notes)
    settled = ps.simulate(PLAN, on(BOARD, array__fold_overlap="settled"), memory="hw")
    assert [any("settled turns the rows" in note for note in one.notes) for one in (found, settled)] == [False, True]


def test_memory_paper_and_the_processor_know_no_memories_of_units():
    for hw, options, need in (
        (BOARD, {}, "needs --memory hw"),
        (on(BOARD, **{path.replace(".", "__"): "ps" for path in ON_PL}), {"memory": "hw"}, "needs --set placement."),
    ):
        found, none = (ps.simulate(PLAN, one, **options) for one in (hw, on(hw, units__memory_bytes=0)))
        assert (found.delay_ms, found.counts) == (none.delay_ms, none.counts)
        assert found.not_used["units.memory_bytes"].startswith(f"not used here: {need}")
    own = on(BOARD, units__softmax__fill_cycles=5, units__norm__bytes_per_element=3)
    report = ps.simulate(PLAN, own, memory="hw", energy="activity")
    assert report.not_used == dict.fromkeys(
        ("units.softmax.fill_cycles", "units.norm.bytes_per_element"),
        "not used here: needs --memory paper or --set units.memory_bytes=0",
    )


def test_a_batch_is_taller_and_has_more_heads():
    one, two = (Counter() for _ in range(2))
    for found, batch in ((one, 1), (two, 2)):
        trace = ps.lower(PLAN, batch).within("encoders")
        for each in unit_passes(trace, BOARD):
            found[trace.ops[each.position].kind] += each.dram_bytes
    assert two == Counter({kind: 2 * size for kind, size in one.items()})


def test_a_table_holds_the_operations_of_one_image():
    """Heads of other images are other passes: a batch takes what its images take, however many they are."""
    hw = on(BOARD, **{f"placement.{kind}": "ps" for kind in KINDS if kind != "softmax"})
    few, many = (unit_passes(ps.lower(PLAN, batch), hw) for batch in (1, 400))
    count = pass_operations(SOFTMAX, hw, [SOFTMAX]).total()
    assert 3 * count <= MAX_OPERATIONS < 400 * 3 * count
    assert [one.cycles for one in many] == [400 * one.cycles for one in few]


def test_a_drop_is_one_pass_in_the_note():
    tokens = ps.prune_tokens(PLAN, "tdm", keep_rate=0.5, encoders=[4])
    found = ps.simulate(tokens, BOARD.replace(ON_TOKENS), memory="hw")
    assert any("units.memory_bytes: 73 unit passes move" in note for note in found.notes)


def test_no_pass_reads_the_fills_of_units_without_memories():
    notes = [" ".join(ps.simulate(PLAN, BOARD, memory=memory, profile="full").notes) for memory in ("hw", "paper")]
    assert ["units.softmax.elements_per_clock: [assumed]" in note for note in notes] == [True, False]
    assert ["units.softmax: [assumed]" in note for note in notes] == [False, True]
    assert not any(f"units.softmax.{name}" in note for note in notes for name in ("fill_cycles", "bytes_per_element"))


def test_rows_that_are_no_whole_beats_are_refused():
    op = next(op for op in ps.lower(PLAN) if op.kind == "norm")
    with pytest.raises(InputError, match="rows of 200 elements are no whole beats of 16"):
        unit_passes(ps.Trace((op._replace(n=200),)), BOARD)


def test_sweeps_run_them_as_single_runs_do():
    axes = {"units.memory_bytes": [0, 32_768, 131_072], "array.rows": [32, 64], **{p: [v] for p, v in ON_PL.items()}}
    options = {"memory": "hw", "energy": "activity", "profile": "full"}
    fixed = {**options, "engine": "memory", "model": "deit_t"}
    table = ps.explore({"name": "passes", "axes": axes, "fixed": fixed})
    places = list(
        zip(*(np.asarray(table[name]).tolist() for name in ("units.memory_bytes", "array.rows")), strict=True)
    )
    assert len(places) == 6
    for i, (size, rows) in enumerate(places):
        alone = ps.simulate(PLAN, on(BOARD, units__memory_bytes=size, array__rows=rows), **options)
        assert np.asarray(table["energy_j"])[i] == alone.energy_j
        assert int(np.asarray(table["pl_cycles"])[i]) == alone.pl_cycles
    with pytest.raises(InputError, match=r"no column depends on it here: needs fixed\.memory: hw"):
        ps.explore({"name": "passes", "axes": axes, "fixed": {"model": "deit_t"}})


REFUSED = [
    ({"units.memory_bytes": 300}, "too small for norm's 197 rows of 192 elements"),
    ({"units.memory_bytes": 300}, "operations; 288 B are built, whole beats of units (got 300)"),
    (
        {"units.norm.elements_per_clock": 8},
        "units.norm.elements_per_clock: behind memories all units are as wide, 16 as softmax, gelu, add (got 8)",
    ),
    ({f"units.{kind}.elements_per_clock": 6 for kind in KINDS}, "behind memories 2, 4, 8 or 16 (got 6)"),
    ({f"units.{kind}.elements_per_clock": 32 for kind in KINDS}, "behind memories 2, 4, 8 or 16 (got 32)"),
    ({"memories.gb_port_bytes_per_clock": 1}, "DRAM's port must take an element of 2 bytes (got 1)"),
    ({"memories.dram": "dram/ddr4_2400"}, "set memories.dram to bandwidth, or units.memory_bytes to 0 (got 'dram/"),
    ({"memories.axi_read_burst_clocks": 4}, "set memories.axi_read_burst_clocks to 0, or units.memory_bytes to 0"),
    ({"host.ps_pl_overlap": "heads"}, "a unit pass runs beside no multiplication"),
]  # fmt: skip


@pytest.mark.parametrize(("changes", "problem"), REFUSED, ids=[problem for _, problem in REFUSED])
def test_what_no_pass_can_do_is_refused(changes, problem):
    with pytest.raises(InputError) as error:
        ps.simulate(PLAN, BOARD.replace(changes), memory="hw")
    assert any(problem in one for one in error.value.problems)


def test_memories_that_are_built_smaller_are_said():
    trace = ps.Trace((SOFTMAX,))
    for size, said in ((65_530, "65,530 B are stated; 65,504 B are built, whole beats of units"), (65_536, "")):
        found = ps.simulate(trace, on(BOARD, units__memory_bytes=size), memory="hw")
        assert [note for note in found.notes if "are built" in note] == (
            [f"units.memory_bytes: {said}"] if said else []
        )


def test_a_refusal_waits_for_no_engine(monkeypatch):
    monkeypatch.setattr(type(ENGINES["memory"]), "run", lambda *_: pytest.fail("counted before it was refused"))
    with pytest.raises(InputError, match=r"set memories\.dram to bandwidth"):
        ps.simulate(PLAN, BOARD.replace({"memories.dram": "dram/ddr4_2400"}), memory="hw")


def test_what_has_no_unit_is_refused_by_name():
    tokens = ps.prune_tokens(PLAN, "tdm", keep_rate=0.5)
    with pytest.raises(InputError, match="no unit pass is known of sort"):  # its scores are on the processor
        ps.simulate(tokens, BOARD.replace({"placement.sort": "pl"}), memory="hw")
    predicted = ps.prune_tokens(PLAN, "dynamicvit", keep_rate=0.7, encoders=[4])
    with pytest.raises(InputError, match="no unit pass is known of score of module predictor"):
        ps.simulate(predicted, BOARD.replace(ON_TOKENS), memory="hw")
    masked = ps.mask_attention(PLAN, density=0.5)
    with pytest.raises(InputError, match="no unit pass takes a part of an operation"):
        ps.simulate(masked, BOARD, memory="hw")
    assert ps.simulate(tokens, BOARD, memory="hw").unit_cycles > 0


def test_clocks_are_those_of_the_station():
    """Stepped clock by clock: 8 tokens of a head at a time."""
    op, hw = SOFTMAX._replace(m=20, n=24), on(BOARD, units__memory_bytes=512, array__cols=8)
    limits = limits_of(hw.memories, hw.array.clock_mhz)
    station = Station(16, 32, 256, max_elements=24, max_channels=16)
    dram = Dram(bytearray(10**4), limits.dram_bytes_per_s, limits.clock_hz, limits.read_latency_cycles)
    model = StationModel(station, dram, Tables(exponentials=softmax_table(0.1)))
    cycles = sum(count * model.run([one])[0] for (_, one), count in pass_operations(op, hw, [op]).items())
    assert unit_passes(ps.Trace((op,)), hw)[0].cycles == op.repeats * cycles


@pytest.mark.parametrize("batch", [1, 2])
def test_a_fused_token_leaves_behind_those_that_stay(batch):
    """DeiT-T from 197 to 100 tokens: two bytes a channel in, those of 99 and the fused one out, a byte a score."""
    hw = BOARD.replace({**ON_TOKENS, "host.ps_pl_overlap": "serial"})
    trace = ps.lower(ps.prune_tokens(PLAN, "tdm", keep_rate=0.5), batch).within("encoders")
    places = [place for place, op in enumerate(trace) if op.kind in (*TOKENS, "merge")][:4]
    score, sort, gather, merge = (one for one in unit_passes(trace, hw) if one.position in places)
    assert score.dram_bytes % (batch * 3 * 197) == 0 and (sort.dram_bytes, merge) == (0, (places[3], 0, 0, 0))
    assert gather.dram_bytes == batch * 2 * 192 * (197 + 100)
    assert sort.cycles == batch * 36 * (128 // 64)
    shuffled = 12 * 197 + 12 + 14  # 192 channels, 16 a clock; the fused token is divided
    limits = limits_of(hw.memories, 125)
    assert gather.cycles > batch * (shuffled + limits.read_latency_cycles + (197 + 100) * 192 * 2 // 64)
    without = on(hw, units__memory_bytes=0)
    assert ps.simulate(trace, hw, memory="hw").unit_cycles > ps.simulate(trace, without, memory="hw").unit_cycles


TOKENS_REFUSED = [
    ({"units.token_drop.ports": 2}, "units.token_drop.ports: behind memories it must be 1 (got 2)"),
    ({"units.token_drop.channels_per_port": 8}, "channels_per_port: behind memories it must be 16 (got 8)"),
    ({"units.token_drop.score_lanes": 8}, "score_lanes: behind memories it must be 16 (got 8)"),
    ({"units.token_drop.comparators": 3}, "comparators: behind memories it must be a power of two (got 3)"),
    ({"units.token_drop.fused_token": "sum"}, "fused_token: behind memories it must be mean (got 'sum')"),
    ({"units.memory_bytes": 65_536}, "197 tokens of 192 channels must fit a memory, 2 B an element (got 65536)"),
]


@pytest.mark.parametrize(("changes", "problem"), TOKENS_REFUSED, ids=[problem for _, problem in TOKENS_REFUSED])
def test_drops_that_the_station_does_not_take(changes, problem):
    plan = ps.prune_tokens(PLAN, "tdm", keep_rate=0.5)
    with pytest.raises(InputError) as error:
        ps.simulate(plan, BOARD.replace({**ON_TOKENS, **changes}), memory="hw")
    assert any(problem in one for one in error.value.problems)
