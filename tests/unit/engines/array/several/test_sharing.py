"""Several arrays on each multiplication: the slow oracle, hand-counted cases, and everything that knows an array."""

import dataclasses
import itertools

import numpy as np
import pytest

import pivotsim as ps
from pivotsim.engines.array.several.sharing import even_shares, portions_of
from pivotsim.export.perfetto import chrome_trace
from pivotsim.hardware.dataflows import DATAFLOWS, SPLITS
from pivotsim.simulation.gemm.result import GemmResult
from pivotsim.simulation.results import hash_of
from tests.oracles.array import several_arrays
from tests.proofs.several_arrays import dense_differences, masked_differences, run, vector_differences

HW = ps.load_hardware("zcu102")
PLAN = ps.plan("deit_t")
SMALL = {
    "rows": 4, "cols": 3, "dataflow": "is", "fold_overlap": "none", "edge": "padded", "os_edge_register": True,
    "mac_latency": 1,
}  # fmt: skip


def several(count, split="auto", **values):
    return HW.replace({"array.count": count, "array.split": split, **{f"array.{k}": v for k, v in values.items()}})


class TestOracle:
    def test_three_hundred_random_multiplications(self):
        assert dense_differences(300) == []

    def test_two_hundred_random_vectors_of_designs(self):
        assert vector_differences(200) == []

    def test_sixty_random_masks(self):
        assert masked_differences(60) == []

    @pytest.mark.parametrize("engine", ["pe", "memory"])
    def test_the_other_engines(self, engine):
        assert masked_differences(6, seed=3, engine=engine) == []


class TestByHand:
    def test_six_heads_on_four_arrays_are_two_rounds(self):
        one = run([(5, 8, 7, 1)], SMALL, 1, "auto").cycles[0]
        shared = run([(5, 8, 7, 6)], SMALL, 4, "heads")
        assert shared.cycles[0] == 2 * one
        assert shared.details.lines[0].gets == ((2, 2), (2, 1)) and shared.details.runs_heads_at_once

    def test_rows_are_shared_evenly(self):
        # is: columns hold M. 7 rows on two arrays are 4 and 3: two column tiles of 3, as four rows need them
        cycles = run([(7, 4, 10, 5)], SMALL, 2, "rows").cycles[0]
        assert cycles == 5 * 2 * (2 * 4 + 3 + 10 - 2)
        assert even_shares(7, 2) == [(1, 4), (1, 3)]

    def test_columns_are_shared_evenly(self):
        # is: N streams. 10 columns on four arrays are 3, 3, 2 and 2
        shared = run([(3, 4, 10, 1)], SMALL, 4, "cols")
        assert shared.cycles[0] == 2 * 4 + 3 + 3 - 2 and shared.details.lines[0].gets == ((2, 3), (2, 2))

    def test_arrays_without_a_share_are_idle(self):
        entry = run([(1, 4, 10, 1)], SMALL, 4, "rows").details.to_dict()["arrays"]["gemms"][0]
        assert entry["idle_arrays"] == 3 and entry["gets"] == [{"arrays": 1, "share": 1}]

    def test_a_cut_through_a_mask_takes_whole_blocks(self):
        kept = np.ones((1, 5, 5), dtype=bool)
        mask = ps.workload.Mask("a", 10, 10, 2, kept)
        parts = list(portions_of(10, 10, 6, 1, mask, "rows", 2))
        assert [(p.m, p.mask.height) for p in parts] == [(6, 6), (4, 4)]
        parts = list(portions_of(10, 10, 6, 1, mask, "cols", 4))  # not cut: even columns, the same mask
        assert [(p.arrays, p.n, p.mask) for p in parts] == [(2, 2, mask), (2, 1, mask)]

    def test_heads_take_every_so_manyth_copy_of_a_mask(self):
        kept = np.zeros((3, 1, 1), dtype=bool)
        kept[1] = True
        mask = ps.workload.Mask("b", 4, 4, 4, kept)
        copies = [p.mask.kept[:, 0, 0].tolist() for p in portions_of(4, 4, 4, 6, mask, "heads", 2)]
        assert copies == [[False, False, True], [True, False, False]]  # heads 1, 3, 5 and 2, 4, 6


@pytest.mark.parametrize("split", ["heads", "rows", "cols"])
@pytest.mark.parametrize("dataflow", DATAFLOWS)
def test_bytes_are_the_sum_over_the_arrays(split, dataflow):
    m, k, n, repeats, count = 23, 17, 29, 5, 3
    hw = several(count, split, rows=8, cols=6, dataflow=dataflow)
    trace = ps.Trace((ps.workload.Op(1, "qkt", "gemm", m, k, n, repeats),))
    found = ps.simulate(trace, hw).counts
    ops = []
    for array in range(count):
        if split == "heads":
            ops.append((m, k, n, several_arrays.dealt(count, repeats)[array]))
            continue
        first, past = several_arrays.ranges(count, m if split == "rows" else n, 1)[array]
        ops.append((past - first, k, n, repeats) if split == "rows" else (m, k, past - first, repeats))
    alone = ps.Trace(tuple(ps.workload.Op(1, "qkt", "gemm", *op) for op in ops))
    assert found == ps.simulate(alone, several(1, rows=8, cols=6, dataflow=dataflow)).counts
    assert found.macs == trace.macs


@pytest.mark.parametrize("energy", ["constant", "activity"])
def test_many_designs_are_what_each_alone_is(energy):
    draw = np.random.default_rng(7)
    designs = {
        "rows": draw.integers(1, 70, 24), "cols": draw.integers(1, 70, 24), "count": draw.integers(1, 6, 24),
        "split": draw.choice(SPLITS, 24), "dataflow": draw.choice(DATAFLOWS, 24),
        "edge": draw.choice(["padded", "aware"], 24),
    }  # fmt: skip
    table = ps.simulate_designs(PLAN, "zcu102", designs, energy=energy)
    for i in range(24):
        hw = HW.replace({f"array.{field}": values[i].item() for field, values in designs.items()})
        one, fit = ps.simulate(PLAN, hw, energy=energy), ps.fit(hw)
        assert (one.pl_cycles, one.delay_ms) == (table["pl_cycles"][i], table["delay_ms"][i])
        assert one.energy_j == pytest.approx(table["energy_j"][i], rel=1e-12)
        assert {r.resource: r.demand for r in fit.resources} == {r: table[r][i] for r in ("dsp", "bram36", "lut", "ff")}


def test_a_space_has_arrays_as_axes():
    axes = {"array.count": [1, 2, 4], "array.split": ["auto", "cols"], "array.rows": [16, 32]}
    space = {"name": "s", "fixed": {"hw": "zcu102"}, "axes": {"model": ["deit_t"], **axes}}
    found = ps.explore(space)
    designs = {field: found[f"array.{field}"] for field in ("count", "split", "rows")}
    alone = ps.simulate_designs(PLAN, "zcu102", designs)
    assert found["pl_cycles"].tolist() == alone["pl_cycles"].tolist() and len(found) == 12
    with pytest.raises(ps.InputError, match=r"array\.split: no column depends on it here: needs array\.count: 2 or"):
        ps.explore({**space, "axes": {"model": ["deit_t"], "array.split": ["rows", "cols"]}})


def test_behind_memories_a_space_leaves_out_what_has_several_arrays():
    space = {"name": "s", "fixed": {"hw": "zcu102", "engine": "memory", "memory": "hw"},
             "axes": {"model": ["deit_t"], "array.count": [1, 2], "array.rows": [32, 64]}}  # fmt: skip
    found = ps.explore(space)
    assert found["array.count"].tolist() == [1, 1]


def test_one_array_is_what_it_was():
    stated = several(1)
    assert stated.values() == HW.values() and "count" not in HW.values()["array"]
    plain, again = ps.simulate(PLAN), ps.simulate(PLAN, stated)
    assert plain.input_hash == again.input_hash and "arrays" not in plain.to_dict()
    assert ps.simulate(PLAN, several(2)).input_hash != plain.input_hash
    gemm, two = (ps.simulate_gemm(4, 4, 4, count=count).to_dict() for count in (1, 2))
    assert (gemm["count"], gemm["split"], gemm["shares"]) == (1, None, None) and two["split"] == "cols"
    fields = (field.name for field in dataclasses.fields(GemmResult))
    before = {name: gemm[name] for name in fields if name not in ("count", "split", "shares", "mac_packing")}
    assert gemm["input_hash"] == hash_of(before) != two["input_hash"]
    rows = ps.simulate(PLAN, HW.replace({"array.split": "rows"}))
    assert rows.not_used == {"array.split": "not used here: needs --set array.count=2 or more"}
    assert any("every design has one array" in n for n in ps.simulate_designs(PLAN, HW, {"split": ["rows"]}).notes)


def test_resources_of_several_arrays():
    counted = ps.fit(several(1)), ps.fit(several(3))
    (gb,) = (part.lut for part in counted[0].synthesis.parts if part.name == "gb")
    assert counted[1]["lut"].demand - gb == 3 * (counted[0]["lut"].demand - gb)
    one, three = (ps.fit(several(n).replace({"fpga.use.counted_by": "fitted"})) for n in (1, 3))
    assert three["dsp"].demand == 3 * one["dsp"].demand and three["lut"].demand == 3 * one["lut"].demand
    shared = HW.fpga.use.bram36_fixed + next(m.blocks for m in one.memories if m.memory == "gb")
    assert three["bram36"].demand - shared == 3 * (one["bram36"].demand - shared)
    assert {m.memory: m.copies for m in three.memories} == {"ipmem": 3, "wtmem": 3, "opmem": 3, "gb": 1}
    assert three["dsp"].levers[-1] == "fewer arrays: array.count"
    assert several(3).derived["peak_gmac_per_s"][0] == 3 * HW.derived["peak_gmac_per_s"][0]


def test_utilisation_counts_all_arrays():
    report, one = ps.simulate(PLAN, several(4, rows=32, cols=18)), ps.simulate(PLAN)
    assert report.pes == one.pes
    assert report.utilization_frac == pytest.approx(report.macs / (report.pl_cycles * report.pes))
    gemm = ps.simulate_gemm(197, 384, 1536, rows=32, cols=18, count=4)
    assert gemm.utilization_frac == pytest.approx(gemm.macs / (gemm.cycles * 4 * 32 * 18))


class TestSaid:
    def test_heads_of_one_repeat_fall_back_and_that_is_said(self):
        report = ps.simulate(PLAN, several(2, "heads"))
        text = (
            "array.split: 'heads': those of one repeat, 48 of 72 multiplications, are split by rows or cols, whichever"
        )
        assert any(note.startswith(text) for note in report.notes)
        taken = {line.module: line.split for line in report.details.lines}
        assert taken["qkt"] == taken["sv"] == "heads" and taken["fc1"] in ("rows", "cols")

    def test_what_is_assumed(self):
        notes = ps.simulate(PLAN, several(2)).notes
        assert any(note.startswith("array.count: [assumed] 2 arrays of 64x36") for note in notes)
        assert not any(note.startswith("array.count") for note in ps.simulate(PLAN).notes)

    @pytest.mark.parametrize("engine", [None, "memory"])
    def test_memories_with_limits_are_refused(self, engine):
        with pytest.raises(ps.InputError, match=r"^array\.count: several arrays run with memories without limits"):
            ps.simulate(PLAN, several(2), engine=engine, memory="hw")

    def test_heads_side_by_side_with_the_processor(self):
        for split in ("auto", "heads"):
            with pytest.raises(ps.InputError, match=r"^ps_pl_overlap: several arrays take heads at once; array\.split"):
                ps.simulate(PLAN, several(3, split), ps_pl_overlap="heads")
        serial, beside = (ps.simulate(PLAN, several(3, "rows"), ps_pl_overlap=mode) for mode in ("serial", "heads"))
        assert beside.pl_cycles == serial.pl_cycles and beside.delay_ms < serial.delay_ms

    def test_a_timeline_tells_no_phases_and_why(self):
        trace = chrome_trace(ps.simulate(PLAN, several(2)))
        said = "one event per operation: 2 arrays side by side, each with phases of its own"
        assert trace["otherData"]["detail"] == said

    def test_a_table_says_what_each_array_gets(self):
        (table,) = ps.simulate(ps.plan("deit_s"), several(2, "rows")).details.tables()
        assert table.columns[4] == "each of 2 arrays gets" and {row[4] for row in table.rows} == {"99 or 98 rows"}


def test_one_multiplication_on_any_engine():
    sizes = {"rows": 4, "cols": 3, "count": 3}
    for engine, split in itertools.product(("analytic", "pe", "memory"), SPLITS):
        found = ps.simulate_gemm(11, 9, 13, **sizes, split=split, engine=engine)
        assert found.cycles == several_arrays.cycles(11, 9, 13, 1, 3, split, SMALL)
    masked = ps.simulate_gemm(11, 9, 13, **sizes, split="cols", density=0.5, block=2, seed=1)
    dense = ps.simulate_gemm(11, 9, 13, **sizes, split="cols")
    assert (
        masked.expected_cycles is None and masked.executed_folds <= masked.folds and masked.dense_cycles == dense.cycles
    )
    assert dense.folds == dense.executed_folds and "3 of them, split cols" in str(dense)
    for name, value in (("count", 0), ("count", 65), ("split", "row")):
        with pytest.raises(ps.InputError, match=rf"^{name}: must be"):
            ps.simulate_gemm(4, 4, 4, **{name: value})
