"""Masked GEMMs behind memories: clock-by-clock oracle, the array alone, dense masks, bounds, hand-counted values."""

import itertools
import random
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest

import pivotsim as ps
from pivotsim.engines.memory.bounds import exact as memory_bounds
from pivotsim.engines.memory.fit_check import DoesNotFit
from pivotsim.engines.memory.limits import MemoryLimits
from pivotsim.engines.memory.masked import tables as memory_tables
from pivotsim.engines.memory.schedule import Program, record_gemm, run_gemm
from pivotsim.engines.memory.trace_gemms import cycles_per_gemm, cycles_without_limits, runs_per_gemm
from pivotsim.hardware.array import EDGES
from pivotsim.hardware.dataflows import DATAFLOW, DATAFLOWS
from pivotsim.hardware.fold_overlaps import FOLD_OVERLAPS
from pivotsim.workload.masks.masks import OPERANDS, Mask, drawn_mask
from tests.oracles.array import masked_schedule
from tests.oracles.memory import clock as memory_clock
from tests.oracles.memory.program import LOOP_ORDERS
from tests.proofs.memory_campaign import campaign, differences, engine_mask, random_case, random_mask

ARRAY = {
    "rows": 2, "cols": 2, "dataflow": "is", "fold_overlap": "none", "edge": "padded", "os_edge_register": True,
    "mac_latency": 1,
}  # fmt: skip
SHAPES = {"a": (0, 1), "b": (1, 2), "out": (0, 2)}


def mask_of(operand, gemm, block, kept):
    """A mask; ``kept`` is one value for all blocks, or rows of them."""
    height, width = (gemm[i] for i in SHAPES[operand])
    blocks = (-(-height // block), -(-width // block))
    return Mask(operand, height, width, block, np.broadcast_to(np.array(kept, dtype=bool), blocks))


def cases(count, seed, largest=14):
    """Random masked cases that fit, with what ran."""
    draw = random.Random(seed)
    while count:
        gemm, array, limits, order, chunk = random_case(draw, largest)
        mask = engine_mask(random_mask(draw, gemm), gemm)
        options = {"loop_order": order, "chunk": chunk, "mask": mask}
        result = run_gemm(*gemm, array, MemoryLimits(**limits), **options)
        if not isinstance(result, DoesNotFit):
            count -= 1
            yield gemm, array, limits, options, result


class TestOracle:
    def test_random_points_agree_in_every_interval_stall_and_byte(self):
        runs, _, different = campaign(700, seed=20250711, is_masked=True)
        assert different == [] and runs >= 350

    def test_boundaries_of_the_array(self):
        """Sizes around one and two arrays, blocks around the array's, all modes, every operand."""
        limits = {**memory_clock.UNLIMITED, "ipmem_bytes": 24, "wtmem_bytes": 24, "opmem_bytes": 96,
                  "dram_bytes_per_s": 2, "read_latency_cycles": 3, "input_share_bytes": 9, "bias": True}  # fmt: skip
        draw, compared = random.Random(6), 0
        for dataflow, overlap, edge in itertools.product(DATAFLOWS, FOLD_OVERLAPS, EDGES):
            array = {**ARRAY, "rows": 3, "dataflow": dataflow, "fold_overlap": overlap, "edge": edge}
            for operand, buffers in itertools.product(OPERANDS, ("single", "ping_pong")):
                here = {**limits, **{f"{name}_buffers": buffers for name in ("ipmem", "wtmem", "opmem")}}
                gemm = tuple(draw.choice((1, 2, 3, 4, 5, 6, 7)) for _ in range(3))
                height, width = (gemm[i] for i in SHAPES[operand])
                block = draw.choice((1, 2, 3))
                kept = [[draw.random() < 0.4 for _ in range(0, width, block)] for _ in range(0, height, block)]
                chunk = draw.randint(1, DATAFLOW[dataflow].sizes(*gemm)[2])
                for order in LOOP_ORDERS[dataflow]:
                    mask = {"operand": operand, "block": block, "kept": kept}
                    found = differences(gemm, array, here, order, chunk, mask)
                    assert found in ([], ["misfit"]), (gemm, array, here, order, chunk, mask)
                    compared += found == []
        assert compared >= 200

    def test_auto_is_the_oracles(self):
        draw, compared = random.Random(16), 0
        while compared < 60:
            gemm, array, limits, _, _ = random_case(draw, largest=8)
            mask = random_mask(draw, gemm)
            ours = run_gemm(*gemm, array, MemoryLimits(**limits), mask=engine_mask(mask, gemm))
            oracle = memory_clock.auto(gemm, array, limits, mask)
            if isinstance(oracle, tuple):
                compared += 1
                assert (ours.loop_order, ours.chunk, ours.cycles) == (*oracle[:2], oracle[2].total_cycles)

    def test_pruning_changes_nothing(self):
        draw, compared, spared = random.Random(17), 0, 0
        while compared < 300:
            gemm, array, limits, order, _ = random_case(draw, largest=30)
            options = {"loop_order": draw.choice(("auto", "auto", order))}
            options["mask"] = engine_mask(random_mask(draw, gemm), gemm)
            pruned = run_gemm(*gemm, array, MemoryLimits(**limits), **options)
            if isinstance(pruned, DoesNotFit):
                continue
            every = run_gemm(*gemm, array, MemoryLimits(**limits), **options, is_pruned=False)
            compared += 1
            spared += every.candidates - pruned.candidates
            assert {**vars(pruned), "candidates": 0} == {**vars(every), "candidates": 0}, (gemm, array, limits)
        assert spared > 300


class TestWithoutLimits:
    def test_clocks_are_the_arrays_own(self):
        draw = random.Random(18)
        for dataflow, overlap, edge in itertools.product(DATAFLOWS, FOLD_OVERLAPS, EDGES):
            for operand in OPERANDS * 4:
                array = {**ARRAY, "rows": draw.randint(1, 6), "cols": draw.randint(1, 6), "dataflow": dataflow,
                         "fold_overlap": overlap, "edge": edge, "mac_latency": draw.randint(1, 2),
                         "os_edge_register": draw.random() < 0.5}  # fmt: skip
                gemm = tuple(draw.randint(1, 20) for _ in range(3))
                height, width = (gemm[i] for i in SHAPES[operand])
                block, density = draw.randint(1, min(height, width)), draw.choice((0, 0.1, 0.5, 1))
                mask = drawn_mask(height, width, block=block, density=density, seed=draw.randrange(99), operand=operand)
                result = run_gemm(*gemm, array, MemoryLimits(), mask=mask)
                alone = masked_schedule.gemm_cycles(*gemm, operand, mask.elements(), **array)
                assert result.cycles == alone, (gemm, array, mask.operand, mask.kept.tolist())
                assert result.chunk == DATAFLOW[dataflow].sizes(*gemm)[2] and not any(result.stall_cycles.values())

    def test_a_short_chunk_that_begins_on_a_smaller_tile_is_not_taken(self):
        """Column 0 needs row tile 1 alone, one row of it: in chunks of 1 the array would load 1 row first, not 2."""
        array = {**ARRAY, "fold_overlap": "pipelined", "edge": "aware"}
        mask = mask_of("b", (1, 3, 6), 1, [[0, 0, 1, 1, 1, 1], [0, 0, 1, 1, 1, 1], [1, 1, 0, 0, 0, 0]])
        auto = run_gemm(1, 3, 6, array, MemoryLimits(), mask=mask)
        chunked = run_gemm(1, 3, 6, array, MemoryLimits(), mask=mask, chunk=2)
        assert chunked.cycles < auto.cycles == masked_schedule.gemm_cycles(1, 3, 6, "b", mask.elements(), **array)


class TestDenseMask:
    """A mask that keeps everything."""

    def test_on_the_output_changes_nothing(self):
        draw, compared = random.Random(19), 0
        while compared < 300:
            gemm, array, limits, order, chunk = random_case(draw)
            mask = mask_of("out", gemm, draw.randint(1, 5), True)
            options = draw.choice(({}, {"loop_order": order, "chunk": chunk}))
            dense = run_gemm(*gemm, array, MemoryLimits(**limits), **options)
            if isinstance(dense, DoesNotFit):
                continue
            compared += 1
            masked = run_gemm(*gemm, array, MemoryLimits(**limits), **options, mask=mask)
            assert {**vars(dense), "candidates": 0} == {**vars(masked), "candidates": 0}, (gemm, array, limits)

    def test_a_tie_goes_to_fewer_dram_bytes(self):
        """Nothing waits, so the second order's bound is the first one's clocks; a single WTMEM keeps its chunk."""
        limits = MemoryLimits(wtmem_bytes=4, weight_share_bytes=0)
        mask = mask_of("out", (6, 2, 4), 1, True)
        chosen = run_gemm(6, 2, 4, ARRAY, limits, chunk=2, mask=mask)
        assert (chosen.loop_order, chosen.moved_bytes["dram_read"]) == ("chunk-column-row", 12 + 8)

    def test_on_an_operand_adds_the_bytes_of_its_index(self):
        """One block, so each unit has an index of 2 B; no rate makes bytes take clocks, no share holds them."""
        rates = [name for name in memory_clock.UNLIMITED if name.endswith(("_per_s", "_per_cycle"))]
        draw, compared = random.Random(20), 0
        while compared < 200:
            gemm, array, limits, order, chunk = random_case(draw)
            limits = MemoryLimits(**{**limits, **dict.fromkeys(rates), "input_share_bytes": 0, "weight_share_bytes": 0})
            dense = record_gemm(*gemm, array, limits, loop_order=order, chunk=chunk)
            if isinstance(dense, DoesNotFit):
                continue
            compared += 1
            operand = draw.choice("ab")
            mask = mask_of(operand, gemm, max(gemm), True)
            masked = record_gemm(*gemm, array, limits, loop_order=order, chunk=chunk, mask=mask)
            slot = int((operand == "a") == (array["dataflow"] == "ws"))
            own = masked.loads[:, 0] == slot
            assert (masked.loads[own, 2] == dense.loads[own, 2] + 2).all()
            assert (np.delete(masked.loads, 2, axis=1) == np.delete(dense.loads, 2, axis=1)).all()
            held = (3, 4) if array["dataflow"] == "os" else ()  # nothing is loaded into the array
            assert (np.delete(masked.passes, held, axis=1) == np.delete(dense.passes, held, axis=1)).all()
            assert (masked.drains == dense.drains).all()
            index = masked.result.moved_bytes["dram_read"] - dense.result.moved_bytes["dram_read"]
            assert index == 2 * own.sum() and masked.result.stall_cycles == dense.result.stall_cycles


class TestByHand:
    """2 x 2 arrays that load in 2 clocks; a fold of T steps takes 2 + T + 2."""

    def test_weights_without_a_kept_block_leave_outputs_to_drain(self):
        limits = MemoryLimits(opmem_bytes=48, axi_bytes_per_cycle=2)
        result = run_gemm(4, 4, 6, ARRAY, limits, chunk=6, mask=mask_of("b", (4, 4, 6), 2, False))
        # two column tiles drain 12 B each at 2 B per clock
        assert (result.cycles, result.passes, result.loads, result.drains) == (12, 0, 0, 2)
        assert result.stall_cycles == {"weight": 0, "input": 0, "output": 0, "dram": 12}
        assert result.moved_bytes["dram_write"] == 24 and result.moved_bytes["opmem_read"] == 4 * 24
        with_bias = run_gemm(4, 4, 6, ARRAY, replace(limits, bias=True), chunk=6,
                             mask=mask_of("b", (4, 4, 6), 2, False))  # fmt: skip
        assert (with_bias.cycles, with_bias.loads) == (24, 1)  # 24 B of bias come first

    def test_an_output_that_no_one_asks_for_costs_nothing(self):
        mask = mask_of("out", (4, 4, 6), 2, False)
        result = run_gemm(4, 4, 6, ARRAY, MemoryLimits(axi_bytes_per_cycle=1, bias=True), mask=mask)
        assert (result.cycles, result.passes, result.loads, result.drains) == (0, 0, 0, 0)
        assert not any(result.moved_bytes.values())

    def test_a_column_tile_streams_and_drains_what_its_outputs_need(self):
        """Rows 0, 1 ask for columns 0, 1 of the output, rows 2, 3 for 4, 5."""
        mask = mask_of("out", (4, 2, 6), 2, [[1, 0, 0], [0, 0, 1]])
        run = record_gemm(4, 2, 6, ARRAY, MemoryLimits(weight_share_bytes=0), chunk=6, mask=mask)
        assert run.passes[:, 5:7].tolist() == [[2, 4], [8, 10]]  # 2 steps each
        assert run.drains[:, 0].tolist() == [4, 4]
        # the weight's unit holds what both ask for, once: columns 0, 1, 4, 5
        assert run.loads[run.loads[:, 0] == 1, 2].tolist() == [8]
        assert run.result.moved_bytes["wtmem_read"] == 2 * 4

    def test_a_block_cut_by_two_units_is_indexed_in_both(self):
        """Weights 2 x 4 in one block of 3 x 3 and one of 3 x 1, streamed two by two."""
        mask = mask_of("b", (1, 2, 4), 3, [[1, 0]])
        run = record_gemm(1, 2, 4, ARRAY, MemoryLimits(), loop_order="column-chunk-row", chunk=2, mask=mask)
        assert run.loads[run.loads[:, 0] == 1, 2].tolist() == [4 + 2, 2 + 2]
        assert run.result.moved_bytes["dram_read"] == 2 + 10

    def test_a_share_holds_compressed_weights(self):
        """Three column tiles stream weights again: 2 x 4, half of them kept in blocks of 2, are 4 B and one index."""
        mask = mask_of("b", (6, 2, 4), 2, [[1, 0]])
        read = [
            run_gemm(6, 2, 4, ARRAY, MemoryLimits(wtmem_bytes=2, weight_share_bytes=share), chunk=1, mask=mask,
                     loop_order="column-chunk-row").moved_bytes["gb_weight_write"]
            for share in (7, 8)
        ]  # fmt: skip
        assert read == [3 * 8, 8]  # in chunks of 1 the block is indexed twice

    def test_os_pipelined_waits_for_the_sums_of_a_long_fold(self):
        """Fold 0 streams 5 operands, fold 1 one: its sums would overtake those of fold 0, which take 2 clocks."""
        array = {**ARRAY, "dataflow": "os", "fold_overlap": "pipelined"}
        mask = mask_of("b", (2, 5, 4), 1, [[1, 1, 0, 0]] * 4 + [[1, 1, 1, 1]])
        run = record_gemm(2, 5, 4, array, MemoryLimits(), mask=mask)
        assert run.passes[:, 5:7].tolist() == [[0, 5], [6, 7]]


class TestBounds:
    def test_between_roofline_and_serial_execution(self):
        for gemm, array, limits, options, result in cases(400, seed=51):
            intervals = record_gemm(*gemm, array, MemoryLimits(**limits), **options)
            loads, drains = intervals.loads, intervals.drains
            lengths = int((loads[:, 6] - loads[:, 5]).sum() + (drains[:, 3] - drains[:, 2]).sum())
            step = 2 * array["rows"] + array["cols"] + options["chunk"] + array["mac_latency"]
            assert result.roofline_cycles <= result.cycles <= lengths + result.passes * step

    def test_roofline_by_hand(self):
        limits = MemoryLimits(axi_bytes_per_cycle=1, out_bits=32, bias=True)
        gemm, kept = (4, 6, 8), [[1, 0], [0, 0]]  # 4 x 4 blocks
        expected = {  # MACs; kept 16 + index 2 or both operands, what meets them, bias 32; written
            "a": (16 * 8, 18 + 4 * 8 + 32, 4 * 8 * 4),
            "b": (16 * 4, 18 + 4 * 4 + 32, 4 * 8 * 4),
            "out": (16 * 6, 8 * 6 + 32, 16 * 4),
        }
        for operand, needed in expected.items():
            mask = mask_of(operand, gemm, 4, kept if operand == "b" else kept[:1])
            assert memory_bounds.needed(gemm, limits, mask, 0) == needed
        assert memory_bounds.needed(gemm, limits, mask_of("out", gemm, 4, False), 0) == (0, 0, 0)

    def test_stalls_fill_the_gap_to_the_array_alone(self):
        for gemm, array, _, options, result in cases(400, seed=52):
            alone = run_gemm(*gemm, array, MemoryLimits(), **options).cycles
            slack = array["cols"] - 1 if array["edge"] == "aware" and array["fold_overlap"][0] in "cps" else 0
            assert 0 <= alone + sum(result.stall_cycles.values()) - result.cycles <= slack

    def test_bytes_are_conserved(self):
        for gemm, array, limits, options, result in cases(400, seed=53):
            mask, moved = options["mask"], result.moved_bytes
            intervals = record_gemm(*gemm, array, MemoryLimits(**limits), **options)
            loads = intervals.loads
            assert moved["dram_read"] == loads[loads[:, 3] == 1, 2].sum()
            assert moved["dram_write"] == intervals.drains[:, 0].sum()
            full = gemm[0] * gemm[2] * limits["out_bits"] // 8
            asked = mask.kept_elements[0] * limits["out_bits"] // 8 if mask.operand == "out" else full
            assert asked <= moved["dram_write"] <= full
            for slot, name in enumerate(("weight", "input") if array["dataflow"] == "ws" else ("input", "weight")):
                home = {"input": "ipmem", "weight": "wtmem"}[name]
                assert moved[f"{home}_write"] == moved[f"gb_{name}_read"] == loads[loads[:, 0] == slot, 2].sum()
                if mask.operand == {"input": "a", "weight": "b"}[name]:
                    assert moved[f"gb_{name}_write"] >= mask.kept_elements[0] + 2 * mask.kept_blocks[0]

    def test_a_resident_operand_is_fetched_once_from_dram(self):
        for gemm, array, limits, options, _ in cases(300, seed=54):
            given = MemoryLimits(**{**limits, "input_share_bytes": None, "weight_share_bytes": None})
            loads = record_gemm(*gemm, array, given, **options).loads
            again = record_gemm(
                *gemm, array, MemoryLimits(**{**limits, "ipmem_bytes": None, "wtmem_bytes": None}), **options
            ).loads
            units = loads[(loads[:, 3] == 1) & (loads[:, 0] < 2)]
            assert sorted(map(tuple, units[:, [0, 2]])) == sorted(map(tuple, again[again[:, 0] < 2][:, [0, 2]]))

    def test_fewer_kept_weights_move_fewer_bytes(self):
        array, limits = {**ARRAY, "rows": 8, "cols": 6}, MemoryLimits(weight_share_bytes=0, wtmem_bytes=256)
        read = [
            run_gemm(20, 40, 60, array, limits, chunk=10, loop_order="column-chunk-row",
                     mask=drawn_mask(40, 60, block=4, density=d / 10, seed=3)).moved_bytes["dram_read"]
            for d in range(11)
        ]  # fmt: skip
        assert read[0] == 0 and all(a < b for a, b in itertools.pairwise(read))


class TestCopies:
    def test_each_distinct_copy_runs_once_and_counts_with_its_repeats(self, monkeypatch):
        hw, gemm = ps.load_hardware("zcu102"), (40, 64, 50)
        mask = drawn_mask(40, 50, block=10, density=0.3, seed=1, operand="out", count=3)
        ran, run = [], Program.run
        monkeypatch.setattr(Program, "run", lambda self, *args: ran.append(self.copy) or run(self, *args))
        gemms = np.array([[*gemm, 5], [*gemm, 2]])
        runs = runs_per_gemm(gemms, hw, [mask, mask])
        assert [(run.gemm, run.copy, run.repeats) for run in runs] == [
            (0, 0, 2), (0, 1, 2), (0, 2, 1), (1, 0, 1), (1, 1, 1),
        ]  # fmt: skip
        assert ran == [0, 1, 2]
        one = [run.result.cycles for run in runs[:3]]
        assert cycles_per_gemm(gemms, hw, [mask, mask]).tolist() == [2 * one[0] + 2 * one[1] + one[2], one[0] + one[1]]

    def test_equal_copies_run_once(self, monkeypatch):
        hw, same = ps.load_hardware("zcu102"), Mask("b", 64, 50, 50, np.ones((4, 2, 1), dtype=bool))
        ran, run = [], Program.run
        monkeypatch.setattr(Program, "run", lambda self, *args: ran.append(1) or run(self, *args))
        assert len(runs_per_gemm(np.array([[40, 64, 50, 4]]), hw, [same])) == 4 and len(ran) == 1

    @pytest.mark.parametrize("height", [63, 50])  # in as many blocks, of which the same are kept, or in fewer
    @pytest.mark.parametrize("opmem_bytes", [8192, 4])
    def test_each_mask_of_a_size_is_checked_whether_it_fits_or_not(self, opmem_bytes, height):
        hw = ps.load_hardware("zcu102").replace({"memories.opmem_bytes": opmem_bytes})
        right, wrong = (drawn_mask(of, 50, block=10, density=0.5, seed=1) for of in (64, height))
        gemms = np.array([[40, 64, 50, 1], [40, 64, 50, 1]])
        fits = [not isinstance(run.result, DoesNotFit) for run in runs_per_gemm(gemms, hw, [right, right])]
        assert fits == [opmem_bytes > 4] * 2
        with pytest.raises(ps.InputError, match="mask"):
            runs_per_gemm(gemms, hw, [right, wrong])

    def test_without_limits(self):
        mask = drawn_mask(40, 50, block=10, density=0.3, seed=1, operand="out", count=3)
        array = ps.load_hardware("zcu102").array
        design = {**ARRAY, "rows": array.rows, "cols": array.cols}
        alone = [masked_schedule.gemm_cycles(40, 64, 50, "out", mask.elements(i), **design) for i in range(3)]
        found = cycles_without_limits(np.array([[40, 64, 50, 4], [40, 64, 50, 1]]), array, [mask, None])
        dense = masked_schedule.gemm_cycles(40, 64, 50, "out", None, **design)
        assert found.tolist() == [2 * alone[0] + alone[1] + alone[2], dense]


class TestInput:
    @pytest.mark.parametrize(
        ("mask", "options", "message"),
        [
            (mask_of("b", (4, 4, 6), 2, True), {},
             "mask: operand 'b' of this GEMM is 6x7 (got '4x6')"),
            (mask_of("a", (5, 6, 7), 2, True), {"copy": 1}, "copy: must be at most 0 (got 1)"),
        ],
    )  # fmt: skip
    def test_wrong_masks(self, mask, options, message):
        with pytest.raises(ps.InputError) as error:
            run_gemm(5, 6, 7, ARRAY, MemoryLimits(), mask=mask, **options)
        assert str(error.value).replace('"', "'") == message

    def test_a_channel_runs_dense_gemms_only(self):
        hw = ps.load_hardware("zcu102").replace({"memories.dram": "dram/ddr4_2400"})
        with pytest.raises(
            ps.InputError, match=r"^memories.dram: a channel that issues commands runs dense GEMMs only"
        ):
            cycles_per_gemm(np.array([[4, 4, 6, 1]]), hw, [mask_of("b", (4, 4, 6), 2, True)])

    def test_tables_that_do_not_fit_are_refused_before_any_work(self, monkeypatch):
        mask = mask_of("b", (4, 4, 6), 2, True)
        entries = 3 * (2 + 2) * 7 + 4 + 2 * 6  # sums of 2 + 2 tiles, tiles, units of chunks of 1
        monkeypatch.setattr(memory_tables, "MAX_ENTRIES", entries)
        run_gemm(4, 4, 6, ARRAY, MemoryLimits(opmem_bytes=64), mask=mask)
        monkeypatch.setattr(memory_tables, "MAX_ENTRIES", entries - 1)
        with pytest.raises(ps.InputError, match=r"gemm: too large for a mask behind memories"):
            run_gemm(4, 4, 6, ARRAY, MemoryLimits(opmem_bytes=64), mask=mask)

    def test_a_search_that_is_too_long_says_what_to_name(self, monkeypatch):
        mask = mask_of("b", (4, 4, 6), 2, False)  # passes that need nothing are walked over too
        limits = MemoryLimits(opmem_bytes=64)
        monkeypatch.setattr(memory_bounds, "MAX_PASSES", 20)
        with pytest.raises(ps.InputError, match="name a loop_order and a chunk"):
            run_gemm(4, 4, 6, ARRAY, limits, mask=mask)
        assert run_gemm(4, 4, 6, ARRAY, limits, mask=mask, loop_order="column-chunk-row", chunk=6).passes == 0


@pytest.mark.parametrize(("streamed", "chunks"), [(7, 2), (8, 2), (9, 3)])
def test_a_slot_has_a_unit_for_each_chunk_of_each_tile(streamed, chunks):
    for tiled, counts in ((True, (2 * 3, 2 * chunks)), (False, (2 * chunks, 3 * chunks))):
        tables = memory_tables.MaskTables((), SimpleNamespace(tiled=tiled), (2, 3), streamed)
        assert tuple(map(len, tables.unseen(4))) == counts
