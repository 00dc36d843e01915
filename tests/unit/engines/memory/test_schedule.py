"""Engine `memory` against the clock-by-clock oracle, engine `analytic`, bounds and hand-counted values."""

import itertools
import random

import numpy as np
import pytest

import pivotsim as ps
from pivotsim.engines.memory import schedule as memory
from pivotsim.engines.memory.board_limits import limits_of
from pivotsim.engines.memory.bounds import exact as memory_bounds
from pivotsim.engines.memory.fit_check import DoesNotFit, Misfit, largest_chunk
from pivotsim.engines.memory.limits import MemoryLimits
from pivotsim.engines.memory.schedule import record_gemm, run_gemm
from pivotsim.engines.memory.trace_gemms import cycles_per_gemm, runs_per_gemm
from pivotsim.hardware.array import EDGES
from pivotsim.hardware.dataflows import DATAFLOW, DATAFLOWS
from pivotsim.hardware.fold_overlaps import FOLD_OVERLAPS
from pivotsim.io.documents import available
from pivotsim.kernels.types import Gemm
from tests.oracles.memory import clock as memory_clock
from tests.oracles.memory.program import LOOP_ORDERS
from tests.plain_kernels import plain
from tests.proofs.memory_campaign import campaign, differences, random_case
from tests.unit.engines.conformance import EngineConformance

PIVOT = {
    "rows": 64, "cols": 36, "dataflow": "is", "fold_overlap": "none", "edge": "padded", "os_edge_register": True,
    "mac_latency": 1,
}  # fmt: skip
ENCODER = [(197, 384, 1152, 1), (197, 64, 197, 6), (197, 197, 64, 6), (197, 384, 384, 1), (197, 384, 1536, 1),
           (197, 1536, 384, 1)]  # fmt: skip


def cases(count, seed):
    """Random cases that fit, with what ran."""
    draw = random.Random(seed)
    while count:
        gemm, array, limits, order, chunk = random_case(draw)
        result = run_gemm(*gemm, array, MemoryLimits(**limits), loop_order=order, chunk=chunk)
        if not isinstance(result, DoesNotFit):
            count -= 1
            yield gemm, array, limits, order, chunk, result


class TestOracle:
    def test_random_points_agree_in_every_interval_stall_and_byte(self):
        runs, misfits, different = campaign(900, seed=20240623)
        assert different == []
        assert runs >= 500 and misfits >= 200

    def test_elements_of_any_width_and_bursts_agree(self):
        runs, misfits, different = campaign(300, seed=20261130, is_mixed=True)
        assert different == []
        assert runs >= 140 and misfits >= 60

    def test_boundaries_of_the_array(self):
        """Sizes around one and two arrays, chunks around the streamed size, all modes."""
        limits = {**memory_clock.UNLIMITED, "ipmem_bytes": 24, "wtmem_bytes": 24, "opmem_bytes": 96,
                  "dram_bytes_per_s": 2, "read_latency_cycles": 3, "input_share_bytes": 0, "bias": True}  # fmt: skip
        draw = random.Random(5)
        for dataflow, overlap, edge in itertools.product(DATAFLOWS, FOLD_OVERLAPS, EDGES):
            array = {**PIVOT, "rows": 3, "cols": 2, "dataflow": dataflow, "fold_overlap": overlap, "edge": edge}
            for _ in range(12):
                gemm = tuple(draw.choice((1, 2, 3, 4, 5, 6, 7)) for _ in range(3))
                for buffers in ("single", "ping_pong"):
                    here = {**limits, **{f"{name}_buffers": buffers for name in ("ipmem", "wtmem", "opmem")}}
                    chunk = draw.randint(1, DATAFLOW[dataflow].sizes(*gemm)[2])
                    for order in LOOP_ORDERS[dataflow]:
                        found = differences(gemm, array, here, order, chunk)
                        assert found in ([], ["misfit"]), (gemm, array, here, order, chunk)

    def test_auto_is_the_oracles(self):
        draw, compared = random.Random(11), 0
        while compared < 60:
            gemm, array, limits, _, _ = random_case(draw, largest=8)
            ours = run_gemm(*gemm, array, MemoryLimits(**limits))
            oracle = memory_clock.auto(gemm, array, limits)
            assert isinstance(ours, DoesNotFit) == (not isinstance(oracle, tuple))
            if isinstance(oracle, tuple):
                compared += 1
                assert (ours.loop_order, ours.chunk, ours.cycles) == (*oracle[:2], oracle[2].total_cycles)


class TestAuto:
    def test_pruning_changes_nothing(self):
        draw, compared, spared = random.Random(12), 0, 0
        while compared < 500:
            gemm, array, limits, order, _ = random_case(draw, largest=40)
            names = {"loop_order": draw.choice(("auto", "auto", order))}
            pruned = run_gemm(*gemm, array, MemoryLimits(**limits), **names)
            if isinstance(pruned, DoesNotFit):
                continue
            every = run_gemm(*gemm, array, MemoryLimits(**limits), **names, is_pruned=False)
            compared += 1
            spared += every.candidates - pruned.candidates
            assert {**vars(pruned), "candidates": 0} == {**vars(every), "candidates": 0}, (gemm, array, limits, names)
        assert spared > 1000

    def test_it_is_the_best_of_all_by_the_rules_for_ties(self):
        for gemm, array, limits, _, _, _ in cases(60, seed=13):
            given = MemoryLimits(**limits)
            most = largest_chunk(gemm, array["rows"], array["cols"], array["dataflow"], given)
            ranked = []
            for place, order in enumerate(LOOP_ORDERS[array["dataflow"]]):
                for chunk in range(1, most + 1):
                    one = run_gemm(*gemm, array, given, loop_order=order, chunk=chunk)
                    moved = one.moved_bytes["dram_read"] + one.moved_bytes["dram_write"]
                    ranked.append((one.cycles, moved, -chunk, place))
            cycles, _, chunk, place = min(ranked)
            auto = run_gemm(*gemm, array, given)
            found = (auto.cycles, auto.chunk, auto.loop_order)
            assert found == (cycles, -chunk, LOOP_ORDERS[array["dataflow"]][place])

    def test_a_tie_goes_to_fewer_dram_bytes(self):
        # three column tiles stream two weight chunks each: chunk by chunk, a single WTMEM keeps the chunk for all three
        array = {**PIVOT, "rows": 2, "cols": 2}
        limits = MemoryLimits(wtmem_bytes=4, weight_share_bytes=0)
        first, second = (run_gemm(6, 2, 4, array, limits, loop_order=o, chunk=2) for o in LOOP_ORDERS["is"])
        assert first.cycles == second.cycles
        assert (first.moved_bytes["dram_read"], second.moved_bytes["dram_read"]) == (12 + 3 * 8, 12 + 8)
        assert run_gemm(6, 2, 4, array, limits, chunk=2).loop_order == "chunk-column-row"

    def test_the_bounds_that_prune_hold(self):
        """The closed-form clocks of the array alone are those of a run without limits."""
        for gemm, array, _, order, chunk, _ in cases(300, seed=14):
            alone = run_gemm(*gemm, array, MemoryLimits(), loop_order=order, chunk=chunk)
            intervals = record_gemm(*gemm, array, MemoryLimits(), loop_order=order, chunk=chunk)
            from pivotsim.kernels.memory.array_passes import alone_cycles

            alone_clocks = plain(alone_cycles)(Gemm(*gemm), memory.design_of(array), MemoryLimits().row(), chunk)
            assert alone_clocks == intervals.passes[-1, -1] <= alone.cycles

    def test_larger_buffers_are_never_slower(self):
        for gemm, array, limits, _, _, _ in cases(200, seed=15):
            before = run_gemm(*gemm, array, MemoryLimits(**limits))
            for name in ("ipmem_bytes", "wtmem_bytes", "opmem_bytes"):
                if limits[name] is not None:
                    for larger in (limits[name] + 1, 2 * limits[name]):
                        after = run_gemm(*gemm, array, MemoryLimits(**{**limits, name: larger}))
                        assert after.cycles <= before.cycles, (gemm, array, limits, name, larger)


class TestWithoutLimits:
    @pytest.mark.parametrize("dataflow", DATAFLOWS)
    @pytest.mark.parametrize("overlap", FOLD_OVERLAPS)
    def test_every_gemm_of_every_model_takes_what_the_array_takes(self, dataflow, overlap):
        sizes = {
            (op.m, op.k, op.n)
            for name in available("workloads")
            for op in ps.lower(ps.plan(name)).ops
            if op.kind == "gemm"
        }
        assert len(sizes) > 25
        for edge, register, latency in itertools.product(EDGES, (True, False), (1, 2)):
            options = {"dataflow": dataflow, "fold_overlap": overlap, "edge": edge, "os_edge_register": register,
                       "mac_latency": latency}  # fmt: skip
            for m, k, n in sizes:
                ours = run_gemm(m, k, n, {**PIVOT, **options}, MemoryLimits(), loop_order="auto")
                assert ours.cycles == ps.simulate_gemm(m, k, n, **options).cycles
                assert ours.chunk == DATAFLOW[dataflow].sizes(m, k, n)[2] and not any(ours.stall_cycles.values())

    def test_the_boards_own_memories_without_limits(self):
        hw = ps.load_hardware("zcu102").without_memory_limits()
        assert limits_of(hw.memories, 125.0) == MemoryLimits(clock_hz=125_000_000)


class TestBounds:
    def test_between_roofline_and_serial_execution(self):
        for gemm, array, limits, order, chunk, result in cases(500, seed=21):
            intervals = record_gemm(*gemm, array, MemoryLimits(**limits), loop_order=order, chunk=chunk)
            loads, drains = intervals.loads, intervals.drains
            lengths = int((loads[:, 6] - loads[:, 5]).sum() + (drains[:, 3] - drains[:, 2]).sum())
            step = 2 * array["rows"] + array["cols"] + chunk + array["mac_latency"]
            assert result.roofline_cycles <= result.cycles <= lengths + result.passes * step
            assert result.roofline_cycles * array["rows"] * array["cols"] >= gemm[0] * gemm[1] * gemm[2]

    def test_roofline_by_hand(self):
        limits = MemoryLimits(dram_bytes_per_s=10, clock_hz=20, axi_bytes_per_cycle=1, out_bits=32, bias=True)
        # reads 6 + 12 + 16 B, writes 32 B, at half a byte per clock; 24 MACs on 6 PEs
        assert memory_bounds.roofline((2, 3, 4), 6, limits) == (68, "dram_read")
        assert memory_bounds.roofline((2, 3, 4), 6, MemoryLimits()) == (4, "compute")
        assert memory_bounds.roofline((9, 1, 9), 81, MemoryLimits(axi_bytes_per_cycle=2)) == (41, "dram_write")

    def test_stalls_fill_the_gap_to_the_array_alone(self):
        for gemm, array, _, order, chunk, result in cases(500, seed=22):
            alone = run_gemm(*gemm, array, MemoryLimits(), loop_order=order, chunk=chunk).cycles
            slack = array["cols"] - 1 if array["edge"] == "aware" and array["fold_overlap"][0] in "cps" else 0
            assert 0 <= alone + sum(result.stall_cycles.values()) - result.cycles <= slack

    def test_faster_and_more_is_never_slower_at_a_fixed_program(self):
        rates = ("dram_bytes_per_s", "axi_bytes_per_cycle", "gb_port_bytes_per_cycle", "ipmem_port_bytes_per_cycle",
                 "wtmem_port_bytes_per_cycle", "input_share_bytes", "weight_share_bytes")  # fmt: skip
        for gemm, array, limits, order, chunk, result in cases(300, seed=23):
            for name in (*rates, "read_latency_cycles", "write_latency_cycles"):
                if limits[name] is None:
                    continue
                better = limits[name] // 2 if "latency" in name else limits[name] + 1
                faster = run_gemm(*gemm, array, MemoryLimits(**{**limits, name: better}), loop_order=order, chunk=chunk)
                assert faster.cycles <= result.cycles, (gemm, array, limits, name)

    def test_two_halves_of_the_same_size_are_never_slower(self):
        for gemm, array, limits, order, chunk, result in cases(300, seed=24):
            for name in ("ipmem", "wtmem", "opmem"):
                size = limits[f"{name}_bytes"]
                if size is None or limits[f"{name}_buffers"] == "ping_pong":
                    continue
                doubled = {**limits, f"{name}_bytes": 2 * size, f"{name}_buffers": "ping_pong"}
                faster = run_gemm(*gemm, array, MemoryLimits(**doubled), loop_order=order, chunk=chunk)
                assert faster.cycles <= result.cycles


class TestBytes:
    def test_conserved(self):
        for gemm, array, limits, order, chunk, result in cases(300, seed=31):
            m, k, n = gemm
            intervals = record_gemm(*gemm, array, MemoryLimits(**limits), loop_order=order, chunk=chunk)
            loads, moved = intervals.loads, result.moved_bytes
            assert moved["dram_read"] == loads[loads[:, 3] == 1, 2].sum()
            assert moved["dram_write"] == intervals.drains[:, 0].sum() == m * n * limits["out_bits"] // 8
            weight_slot = 0 if array["dataflow"] == "ws" else 1
            for slot, memory_name in ((weight_slot, "wtmem"), (1 - weight_slot, "ipmem")):
                assert moved[f"{memory_name}_write"] == loads[loads[:, 0] == slot, 2].sum()
            assert moved["gb_bias_read"] == (4 * n if limits["bias"] else 0) == loads[loads[:, 0] == 2, 2].sum()
            assert moved["gb_input_write"] >= m * k and moved["gb_weight_write"] >= k * n
            assert (len(loads), len(intervals.passes)) == (result.loads, result.passes)

    def test_a_resident_operand_is_fetched_once_from_dram(self):
        for gemm, array, limits, order, chunk, _ in cases(300, seed=32):
            m, k, n = gemm
            for share, size, name in (("input_share_bytes", m * k, "input"), ("weight_share_bytes", k * n, "weight")):
                given = MemoryLimits(**{**limits, share: size})
                moved = run_gemm(*gemm, array, given, loop_order=order, chunk=chunk).moved_bytes
                assert moved[f"gb_{name}_write"] == size

    def test_reuse_of_fc1_by_hand(self):
        result = run_gemm(197, 384, 1536, PIVOT, MemoryLimits(opmem_bytes=8192, weight_share_bytes=0, wtmem_bytes=8192))
        # 6 token tiles stream each weight chunk once more from DRAM; 28 chunks read each input tile again from IPMEM
        assert result.reuse == {"gb_input": 1.0, "gb_weight": 1.0, "ipmem": 28.0, "wtmem": 1.0}
        assert result.moved_bytes["gb_weight_write"] == 6 * 384 * 1536


class TestPivotsMemories:
    """What Table 1's OPMEM costs, worked out by hand, here to the last drained output."""

    def encoder(self, limits, **options):
        results = [(run_gemm(m, k, n, PIVOT, limits, **options), repeats) for m, k, n, repeats in ENCODER]
        return sum(repeats * result.cycles for result, repeats in results)

    def test_fc1(self):
        result = run_gemm(197, 384, 1536, PIVOT, MemoryLimits(opmem_bytes=8192))
        assert (result.cycles, result.loop_order, result.chunk) == (218_592 + 24, "column-chunk-row", 56)
        assert result.stall_cycles == {"weight": 0, "input": 0, "output": 24, "dram": 0}  # the last chunk's drain
        assert round(result.cycles / 61_128, 2) == 3.58

    @pytest.mark.parametrize(
        ("buffers", "cycles", "factor"), [("single", 742_442, 2.94), ("ping_pong", 1_272_902, 5.05)]
    )
    def test_an_encoder(self, buffers, cycles, factor):
        assert self.encoder(MemoryLimits(opmem_bytes=8192, opmem_buffers=buffers)) == cycles
        assert round(cycles / 252_180, 2) == factor

    def test_the_whole_hierarchy_hides_everything_but_the_chunks(self):
        report = ps.simulate(ps.plan("deit_s"), engine="memory", memory="hw")
        assert report.pl_cycles == 12 * 743_690
        assert ps.simulate(ps.plan("deit_s"), engine="memory").pl_cycles == 3_026_160


class TestFit:
    def test_rows_say_what_is_missing(self):
        limits = MemoryLimits(ipmem_bytes=3000, ipmem_buffers="ping_pong", wtmem_bytes=63, opmem_bytes=143)
        result = run_gemm(197, 384, 1536, PIVOT, limits)
        assert isinstance(result, DoesNotFit)
        found = [(x.buffer, x.unit, x.demand_bytes, x.limit_bytes, x.gap_bytes) for x in result.misfits]
        assert found == [
            ("ipmem", "tile", 2304, 1500, 804),
            ("wtmem", "stream", 64, 63, 1),
            ("opmem", "psums", 144, 143, 1),
        ]
        assert "ipmem_buffers single" in str(result) and "ipmem_buffers" not in result.misfits[1].levers
        exact = MemoryLimits(ipmem_bytes=4608, ipmem_buffers="ping_pong", wtmem_bytes=64, opmem_bytes=144)
        assert run_gemm(197, 384, 1536, PIVOT, exact, loop_order="column-chunk-row").chunk == 1

    def test_a_chunk_asked_for(self):
        limits = MemoryLimits(opmem_bytes=8192)
        assert run_gemm(197, 384, 1536, PIVOT, limits, chunk=56).chunk == 56
        misfit = run_gemm(197, 384, 1536, PIVOT, limits, chunk=57).misfits
        levers = "try more opmem_bytes, a smaller chunk or a smaller array"
        assert misfit == (Misfit("opmem", "psums", 57 * 144, 8192, levers),)

    def test_table_ones_opmem_is_too_small_for_output_stationary_sums(self):
        with pytest.raises(ps.InputError, match=r"opmem: psums of 9216 B does not fit the 8192 B of a half"):
            ps.simulate(ps.plan("deit_s"), "zcu102_os", engine="memory", memory="hw")

    def test_a_boards_chunk_is_the_longest(self):
        hw = ps.load_hardware("zcu102").replace({"memories.chunk": 50})
        gemms = np.array([[197, 384, 1536, 1], [197, 197, 40, 3]])
        assert [run.result.chunk for run in runs_per_gemm(gemms, hw)] == [50, 40]


class TestInput:
    @pytest.mark.parametrize(
        ("options", "message"),
        [
            ({"chunk": 8}, "chunk: must be at most 7 (got 8)"),
            ({"chunk": -1}, "chunk: must be at least 0 (got -1)"),
            (
                {"loop_order": "row-outer"},
                "loop_order: must be one of auto, column-chunk-row, chunk-column-row (got 'row-outer')",
            ),
        ],
    )
    def test_wrong_options(self, options, message):
        with pytest.raises(ps.InputError) as error:
            run_gemm(5, 6, 7, PIVOT, MemoryLimits(), **options)
        assert str(error.value) == message

    @pytest.mark.parametrize(
        ("limits", "message"),
        [
            ({"ipmem_bytes": 0}, "ipmem_bytes: must be at least 1 (got 0)"),
            ({"axi_bytes_per_cycle": 1.5}, "axi_bytes_per_cycle: must be an integer (got 1.5)"),
            ({"out_bits": 65}, "out_bits: must be at most 64 (got 65)"),
            ({"sum_bytes": 0}, "sum_bytes: must be at least 1 (got 0)"),
            ({"axi_bursts": "tile"}, "axi_bursts: must be one of unit, row (got 'tile')"),
            ({"axi_read_burst_cycles": -1}, "axi_read_burst_cycles: must be at least 0 (got -1)"),
            ({"axi_write_beat_cycles": 0}, "axi_write_beat_cycles: must be at least 1 (got 0)"),
            ({"opmem_buffers": "double"}, "opmem_buffers: must be one of single, ping_pong (got 'double')"),
            ({"read_latency_cycles": None}, "read_latency_cycles: must be an integer (got nothing)"),
        ],
    )
    def test_wrong_limits(self, limits, message):
        with pytest.raises(ps.InputError) as error:
            MemoryLimits(**limits)
        assert str(error.value) == message

    def test_absurd_sizes_are_refused_before_any_work(self):
        with pytest.raises(ps.InputError, match="needs more than 200,000,000 passes"):
            run_gemm(2**40, 2**40, 7, PIVOT, MemoryLimits())
        with pytest.raises(ps.InputError, match="could exceed int64"):
            run_gemm(36, 64, 2**62, PIVOT, MemoryLimits())
        with pytest.raises(ps.InputError, match="could exceed int64"):  # bytes times clocks per byte
            run_gemm(36, 64, 64, PIVOT, MemoryLimits(dram_bytes_per_s=2**61 - 1, clock_hz=2**60))
        assert run_gemm(10**5, 10**5, 10**5, PIVOT, MemoryLimits()).passes == 1563 * 2778

    def test_a_search_that_is_too_long_says_what_to_name(self, monkeypatch):
        monkeypatch.setattr(memory_bounds, "MAX_PASSES", 1100)
        limits = MemoryLimits(opmem_bytes=8192, dram_bytes_per_s=1, clock_hz=1)
        with pytest.raises(ps.InputError, match="name a loop_order and a chunk"):
            run_gemm(197, 384, 1536, PIVOT, limits)
        run_gemm(197, 384, 1536, PIVOT, limits, loop_order="column-chunk-row", chunk=56)

    def test_repeats_count_too(self):
        hw = ps.load_hardware("zcu102")
        with pytest.raises(ps.InputError, match="with their repeats"):
            cycles_per_gemm(np.array([[197, 384, 1536, 2**50]]), hw)

    def test_nanoseconds_become_clocks_rounded_up(self):
        hw = ps.load_hardware("zcu102")
        assert limits_of(hw.memories, 125.0).read_latency_cycles == 25
        assert limits_of(hw.memories, 125.001).read_latency_cycles == 26
        assert limits_of(hw.memories, 125.0).axi_bytes_per_cycle == 64

    def test_memories_of_a_board(self):
        hw = ps.load_hardware("zcu102")
        for change, message in (
            ({"memories.gb_bytes": "lots"}, "memories.gb_bytes: must be an integer or the word unlimited (got 'lots')"),
            ({"memories.wtmem_bytes": 0}, "memories.wtmem_bytes: must be at least 1 (got 0)"),
            (
                {"memories.input_share_bytes": 1},
                "memories.weight_share_bytes: the shares exceed gb_bytes 16384 (got 16385 together)",
            ),
            (
                {"memories.input_share_bytes": "unlimited"},
                "memories.input_share_bytes: must be a size, since gb_bytes is (got 'unlimited')",
            ),
        ):
            with pytest.raises(ps.InputError) as error:
                hw.replace(change)
            assert str(error.value) == f"replace: {message}"
        free = hw.replace({"memories.gb_bytes": "unlimited", "memories.input_share_bytes": "unlimited"})
        assert limits_of(free.memories, 125.0).input_share_bytes is None


class TestConformance(EngineConformance):
    name = "memory"
