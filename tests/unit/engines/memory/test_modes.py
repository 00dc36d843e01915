"""Serial transfers, no reuse, a slower clock of the memories, post-operations: against the oracle, and by hand."""

import itertools
import random

import numpy as np
import pytest

import pivotsim as ps
from pivotsim.engines.array.many_designs import design_row
from pivotsim.engines.memory.board_limits import limits_of
from pivotsim.engines.memory.fit_check import DoesNotFit
from pivotsim.engines.memory.limits import MemoryLimits
from pivotsim.engines.memory.many_designs import MemoryDesign, run_many, run_one
from pivotsim.engines.memory.modes import modes_in_words
from pivotsim.engines.memory.schedule import record_gemm, run_gemm
from pivotsim.hardware.memory import MODES
from tests.oracles.memory import clock as memory_clock
from tests.proofs.memory_campaign import campaign, random_case, random_modes

ARRAY = {"rows": 2, "cols": 2, "dataflow": "is", "fold_overlap": "pipelined", "edge": "padded",
         "os_edge_register": True, "mac_latency": 1}  # fmt: skip
SERIAL = {"transfers": "serial"}
USUAL = ps.load_hardware("zcu102")


def cases(count, seed, largest=14, **changed):
    """Random cases with modes, and what ran; those that do not fit are left out."""
    draw = random.Random(seed)
    while count:
        gemm, array, limits, order, chunk = random_case(draw, largest=largest)
        limits.update(random_modes(draw) | changed)
        result = record_gemm(*gemm, array, MemoryLimits(**limits), loop_order=order, chunk=chunk)
        if not isinstance(result, DoesNotFit):
            count -= 1
            yield gemm, array, limits, order, chunk, result


def answers(run, array, limits):
    """Clocks that passes wait for memories that answer late: each that comes right after a transfer."""
    passes, drains = run.passes, array["dataflow"] == "os"
    starts = passes[:, 5 if drains else 3]
    before = np.concatenate([[0], np.maximum(passes[:-1, 6], passes[:-1, 7])])
    ends = np.concatenate([run.loads[:, -1], run.drains[:, -1]])
    late = [((ends >= since) & (ends <= start)).any() for since, start in zip(before, starts, strict=True)]
    late[0] = True  # its loads may take no clocks
    return limits["buffer_read_cycles"] * sum(late)


class TestOracle:
    @pytest.mark.parametrize(("points", "kinds"), [(400, {}), (150, {"is_masked": True}), (250, {"is_mixed": True})])
    def test_random_points_agree_in_every_interval_stall_and_byte(self, points, kinds):
        runs, misfits, different = campaign(points, seed=20261130, has_modes=True, **kinds)
        assert different == []
        assert runs > points / 3 and misfits > points / 6

    def test_auto_is_the_oracles_and_pruning_changes_nothing(self):
        draw, compared = random.Random(3), 0
        while compared < 25:
            gemm, array, limits, _, _ = random_case(draw, largest=7)
            limits.update(random_modes(draw))
            ours = run_gemm(*gemm, array, MemoryLimits(**limits))
            oracle = memory_clock.auto(gemm, array, limits)
            if isinstance(oracle, tuple):
                compared += 1
                assert (ours.loop_order, ours.chunk, ours.cycles) == (*oracle[:2], oracle[2].total_cycles)
                every = run_gemm(*gemm, array, MemoryLimits(**limits), is_pruned=False)
                assert {**vars(ours), "candidates": 0} == {**vars(every), "candidates": 0}


def test_stretches_that_are_counted_change_no_clock():
    """Also where transfers wait for an edge of the memories' clock, so that a step may not repeat the one before."""
    compared = 0
    for seed in range(4):
        for gemm, array, limits, order, chunk, every in cases(60, seed, largest=70):
            memories = MemoryDesign(MemoryLimits(**limits), order, chunk)
            size = (*gemm, limits["input_bits"], limits["weight_bits"], limits["out_bits"])
            skipped = run_many(
                [size], design_row(array)[None], [memories], np.zeros(1, dtype=np.int64), np.ones((1, 1), dtype=bool)
            )
            assert skipped[0, 0, 0] == every.result.cycles == run_one(size, design_row(array), memories).cycles
            compared += 1
    assert compared == 240


class TestSerial:
    def test_the_total_is_the_sum_of_all_that_happens(self):
        """Nothing overlaps: the array's clocks without overlap, every transfer, every post-operation."""
        for gemm, array, limits, order, chunk, run in cases(150, 5, transfers="serial", clock_divisor=1):
            alone = record_gemm(*gemm, {**array, "fold_overlap": "none"}, MemoryLimits(), loop_order=order, chunk=chunk)
            transfers = sum((table[:, -1] - table[:, -2]).sum() for table in (run.loads, run.drains))
            down, across = (gemm[2], gemm[0]) if array["dataflow"] == "is" else (gemm[0], gemm[2])
            entries = down * -(-across // array["cols"])
            post = len(run.drains) * limits["post_region_cycles"] + entries * limits["post_entry_cycles"]
            array_clocks, clocks = alone.passes[:, -1].max(), transfers + post
            assert run.result.cycles == array_clocks + clocks + answers(run, array, limits)
            assert sum(run.result.stall_cycles.values()) == run.result.cycles - array_clocks

    def test_no_two_intervals_meet(self):
        for *_, run in cases(100, 6, transfers="serial"):
            whole = [*run.loads[:, -2:].tolist(), *run.drains[:, -2:].tolist()]
            whole += [[row[3], max(row[6], row[7])] for row in run.passes.tolist()]
            whole.sort()
            assert all(first[1] <= second[0] for first, second in itertools.pairwise(whole))

    def test_every_fold_overlap_takes_the_same(self):
        limits = MemoryLimits(ipmem_bytes=8, wtmem_bytes=16, opmem_bytes=64, axi_bytes_per_cycle=1, **SERIAL)
        for dataflow in ("is", "ws", "os"):
            found = {
                run_gemm(5, 6, 7, {**ARRAY, "dataflow": dataflow, "fold_overlap": each}, limits).cycles
                for each in ("none", "preload", "chained", "pipelined", "settled")
            }
            assert len(found) == 1

    def test_by_hand(self):
        # 2 x 2 times 2 x 3: tile 4 B, stream 6 B, drain 6 B at a byte a clock; array 2 + 3 + 2 + 2 - 2 = 7 clocks
        limits = MemoryLimits(axi_bytes_per_cycle=1, **SERIAL)
        result = run_gemm(2, 2, 3, ARRAY, limits, chunk=3)
        assert result.cycles == 4 + 6 + 7 + 6
        assert result.stall_cycles == {"weight": 0, "input": 0, "output": 0, "dram": 16}


class TestReuse:
    def test_each_pass_reads_both_of_its_units_from_dram(self):
        for gemm, _, limits, _, _, run in cases(80, 7, reuse="none", bias=False):
            assert len(run.loads) == 2 * run.result.passes and run.loads[:, 3].all()
            assert run.result.moved_bytes["dram_read"] == run.loads[:, 2].sum(), (gemm, limits)

    def test_by_hand(self):
        # two row tiles, two column tiles: inputs stream past twice, weights twice; kept, each is read once
        limits = {"axi_bytes_per_cycle": 1}
        kept = run_gemm(4, 4, 3, ARRAY, MemoryLimits(**limits), chunk=3)
        none = run_gemm(4, 4, 3, ARRAY, MemoryLimits(**limits, reuse="none"), chunk=3)
        assert kept.moved_bytes["dram_read"] == 16 + 12
        assert none.moved_bytes["dram_read"] == 16 + 2 * 12
        assert none.loads == 2 * none.passes == 8


class TestClockDivisor:
    def test_by_hand(self):
        # of the clock of the memories, two array clocks: tile [0, 8), stream [8, 20), begins at 20, last output
        # 20 + 3 + 2 + 2 - 2 = 25, so that the drain starts at 26 and takes 6 of them
        run = record_gemm(2, 2, 3, ARRAY, MemoryLimits(axi_bytes_per_cycle=1, clock_divisor=2), chunk=3)
        assert run.loads[:, -2:].tolist() == [[0, 8], [8, 20]]
        assert run.passes[0, -1] == 25 and run.drains[0, -2:].tolist() == [26, 38]

    def test_transfers_start_and_end_with_its_clocks(self):
        for _, _, limits, _, _, run in cases(60, 8, clock_divisor=3):
            assert not (run.loads[:, -2:] % 3).any() and not (run.drains[:, -2:] % 3).any()
            assert run.result.cycles % 3 == 0, limits

    def test_clocks_and_rates_of_a_board(self):
        memories = USUAL.memories.model_copy(update={"clock_divisor": 2})
        one, two = limits_of(USUAL.memories, 125.0), limits_of(memories, 125.0)
        assert (one.read_latency_cycles, two.read_latency_cycles) == (25, 13)  # 200 ns at 125 and 62.5 MHz
        ratio = one.dram_row().cost_num / one.dram_row().cost_den
        assert two.dram_row().cost_num / two.dram_row().cost_den == pytest.approx(ratio / 2)
        channel = limits_of(memories.model_copy(update={"dram": "dram/ddr4_2400"}), 125.0).dram_row()
        assert (channel.clock_num, channel.clock_den) == (96, 5)  # 1200 / 62.5

    def test_a_rate_too_large_for_int64(self):
        with pytest.raises(ps.InputError, match="dram_bytes_per_s: times clock_divisor exceeds int64"):
            MemoryLimits(dram_bytes_per_s=2**62, clock_divisor=2)


class TestPostOperation:
    def test_by_hand(self):
        # as above: last output at 20 (loads 4 + 6, then 3 + 2 + 2 - 2 = 5 more), 5 + 3 x 2 clocks, then 6 of drain
        limits = MemoryLimits(axi_bytes_per_cycle=1, post_region_cycles=5, post_entry_cycles=2)
        run = record_gemm(2, 2, 3, ARRAY, limits, chunk=3)
        assert run.passes[0, -1] == 15 and run.drains[0, -2:].tolist() == [26, 32]
        assert run.result.stall_cycles["output"] == 11


def test_paper_takes_the_usual_ways():
    unusual = zip(MODES, ("serial", "none", 2, 3, 4), strict=True)
    hw = USUAL.replace({f"memories.{name}": value for name, value in unusual})
    assert hw.without_memory_limits().memories == USUAL.without_memory_limits().memories
    assert ps.simulate(ps.plan("deit_t"), hw, memory="paper").pl_cycles == ps.simulate(ps.plan("deit_t")).pl_cycles


def test_said_where_the_numbers_stand():
    hw = USUAL.replace({"memories.transfers": "serial", "memories.reuse": "none", "memories.post_entry_cycles": 1})
    report = ps.simulate(ps.plan("deit_t"), hw, memory="hw")
    said = report.to_dict()["memory_modes"]
    assert [line.split(":")[0] for line in said] == [
        "memories.transfers serial", "memories.reuse none", "memories.post_region_cycles, post_entry_cycles",
        "roofline",
    ]  # fmt: skip
    assert set(said) < set(report.details.tables()[0].closing)
    rows = report.to_dict()["memory_by_module"].values()
    assert all(row["chunk_cycles"] >= 0 for row in rows)
    assert "memory_modes" not in ps.simulate(ps.plan("deit_t"), USUAL, memory="hw").to_dict()


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("axi_bursts", "row", "the bursts and beats that each row begins (memories.axi_bursts row)"),
        ("transfers", "serial", "that transfers and passes add up (memories.transfers serial)"),
        ("reuse", "none", "what is read again (memories.reuse none)"),
    ],
)
def test_what_the_roofline_leaves_out_is_said(name, value, said):
    """Under it a GEMM may wait for DRAM and still read `compute`: the bound is true, and not tight."""
    memories = USUAL.replace({f"memories.{name}": value}).memories
    (line,) = [each for each in modes_in_words(memories, USUAL.array) if said in each]
    assert line.startswith("roofline: a lower bound that leaves out ")
    assert not any("roofline" in each for each in modes_in_words(USUAL.memories, USUAL.array))


def test_an_axis_of_fold_overlaps_that_nothing_depends_on_is_refused():
    """Counts of synthesis depend on it at any rate; constants do not."""
    fixed = {"memory": "hw", "set": {"memories.transfers": "serial", "fpga.use.counted_by": "fitted"}}
    with pytest.raises(ps.InputError) as caught:
        ps.explore({"name": "s", "axes": {"array.fold_overlap": ["none", "pipelined"]}, "fixed": fixed})
    needs = "needs fixed.memory: paper or memories.transfers: overlapped"
    assert f"axes.array.fold_overlap: no column depends on it here: {needs}" in str(caught.value)
