"""Blocks of outputs whose folds share a chunk of the operands under os: against the oracle, and by hand."""

import random
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import pivotsim as ps
from pivotsim.engines.array.designs import design_of
from pivotsim.engines.array.many_designs import design_row
from pivotsim.engines.memory.bounds import exact as memory_bounds
from pivotsim.engines.memory.fit_check import DoesNotFit
from pivotsim.engines.memory.limits import MemoryLimits
from pivotsim.engines.memory.many_designs import ALONE, MISFIT, MemoryDesign, run_many, run_one
from pivotsim.engines.memory.modes import modes_in_words
from pivotsim.engines.memory.schedule import record_gemm, run_gemm
from pivotsim.engines.memory.spans import spans_behind_memories
from pivotsim.kernels.memory.array_passes import alone_cycles
from pivotsim.kernels.types import Gemm
from pivotsim.workload.masks.masks import Mask
from pivotsim.workload.ops import Op, Trace
from tests.oracles.memory import clock as memory_clock
from tests.plain_kernels import plain
from tests.proofs.memory_campaign import campaign, differences, random_case, random_modes, with_block

ARRAY = {"rows": 2, "cols": 2, "dataflow": "os", "fold_overlap": "pipelined", "edge": "padded",
         "os_edge_register": True, "mac_latency": 1}  # fmt: skip
BLOCK = {"output_block_rows": 4, "output_block_cols": 4}
PAGE = Path(__file__).parents[4] / "docs/memories.md"
USUAL = ps.load_hardware("zcu102")


def cases(count, seed, largest=14, has_modes=True):
    """Random cases with a block that fit, a multiple of the sizes that barely do so."""
    draw = random.Random(seed)
    while count:
        gemm, array, limits, order, chunk = with_block(draw, *random_case(draw, largest, draw.random() < 0.5)[:3])
        limits.update(random_modes(draw) if has_modes else {})
        for name in ("ipmem_bytes", "wtmem_bytes", "opmem_bytes"):
            limits[name] = limits[name] and limits[name] * draw.choice((1, 4, 20))
        if not isinstance(run_gemm(*gemm, array, MemoryLimits(**limits), loop_order=order, chunk=chunk), DoesNotFit):
            count -= 1
            yield gemm, array, limits, order, chunk


class TestOracle:
    @pytest.mark.parametrize(("points", "kinds"), [(250, {}), (200, {"is_mixed": True}), (200, {"has_modes": True})])
    def test_random_points_agree_in_every_interval_stall_and_byte(self, points, kinds):
        runs, misfits, different = campaign(points, seed=20261130, has_block=True, **kinds)
        assert different == []
        assert runs > points / 3 and misfits > points / 6

    def test_auto_is_the_oracles_and_pruning_changes_nothing(self):
        for gemm, array, limits, _, _ in cases(25, seed=3, largest=7):
            ours = run_gemm(*gemm, array, MemoryLimits(**limits))
            order, chunk, best = memory_clock.auto(gemm, array, limits)
            assert (ours.loop_order, ours.chunk, ours.cycles) == (order, chunk, best.total_cycles)
            every = run_gemm(*gemm, array, MemoryLimits(**limits), is_pruned=False)
            assert replace(ours, candidates=0) == replace(every, candidates=0)


def test_the_clocks_of_the_array_alone_are_those_of_a_run_without_limits():
    """The bound that prunes, in closed form, is the last fold's last output; another one may be later by its width."""
    compared = set()
    for gemm, array, limits, order, chunk in cases(250, seed=4, has_modes=False):
        free = MemoryLimits(**{name: limits[name] for name in BLOCK})
        run = record_gemm(*gemm, array, free, loop_order=order, chunk=chunk)
        alone = plain(alone_cycles)(Gemm(*gemm), design_of(array), free.row(), chunk)
        assert 0 <= run.passes[-1, -1] - alone < array["cols"], (gemm, array, limits)
        compared.add((array["fold_overlap"], run.passes[-1, -1] == alone))
    assert {overlap for overlap, _ in compared} == {"none", "preload", "chained", "pipelined", "settled"}
    assert {is_equal for _, is_equal in compared} == {True, False}


def test_stretches_that_are_counted_change_no_clock():
    wanted = np.ones((1, 1), dtype=bool)
    for has_modes in (False, True):
        for gemm, array, limits, order, chunk in cases(150, seed=5, largest=70, has_modes=has_modes):
            memories = MemoryDesign(MemoryLimits(**limits), order, chunk)
            size = (*gemm, limits["input_bits"], limits["weight_bits"], limits["out_bits"])
            found = run_many([size], design_row(array)[None], [memories], np.zeros(1, dtype=np.int64), wanted)
            assert found[0, 0, 0] == run_one(size, design_row(array), memories).cycles, (gemm, array, limits)


def test_many_designs_at_once_are_those_one_at_a_time():
    draw = random.Random(6)
    arrays, memories = [], []
    for number, (_, array, limits, _, _) in enumerate(cases(30, seed=6, largest=9)):
        arrays.append(design_row({**array, "dataflow": ("os", "os", "is", "ws")[number % 4]}))
        limits = limits | ({"output_block_rows": 0, "output_block_cols": 0} if number % 5 == 0 else {})
        memories.append(MemoryDesign(MemoryLimits(**limits), chunk=draw.choice((0, 0, 2))))
    sizes, index = [(9, 12, 7, 8, 8, 8), (5, 3, 14, 4, 16, 12)], np.arange(len(memories))
    found = run_many(sizes, np.array(arrays), memories, index, np.ones((len(memories), 2), dtype=bool))
    for g, size in enumerate(sizes):
        for design, each, row in zip(arrays, memories, found[:, g], strict=True):
            one = run_one(size, design, each)
            assert row[0] == (MISFIT if isinstance(one, DoesNotFit) else one.cycles)
    assert (found[:, :, 0] > 0).sum() > 30


class TestByHand:
    def test_bytes(self):
        # 4 x 6 times 6 x 8 in blocks of 4 x 4: inputs pass by for 2 blocks, weights for 1; without, for 4 and 2 folds
        limits = {"ipmem_bytes": 8, "wtmem_bytes": 8, "input_share_bytes": 0, "weight_share_bytes": 0}
        alone = run_gemm(4, 6, 8, ARRAY, MemoryLimits(**limits), loop_order="row-outer", chunk=2).moved_bytes
        block = run_gemm(4, 6, 8, ARRAY, MemoryLimits(**limits, **BLOCK), loop_order="row-outer", chunk=2).moved_bytes
        assert alone["dram_read"] == 4 * 6 * 4 + 6 * 8 * 2
        assert block["dram_read"] == 4 * 6 * 2 + 6 * 8 * 1
        # the array reads what it read; three chunks of K add to the same sums, of 4 B
        assert [block[f"{name}_read"] for name in ("ipmem", "wtmem")] == [4 * 6 * 4, 6 * 8 * 2]
        assert (alone["opmem_write"], alone["opmem_read"]) == (128, 128)
        assert (block["opmem_write"], block["opmem_read"]) == (3 * 128, 2 * 128 + 128)

    def test_clocks(self):
        # 4 x 4 times 4 x 4, two chunks: 8 B of inputs and of weights, a byte a clock each after the other; the four
        # folds of a pass begin 2 clocks apart, the sums of the last are out 2 + 2 + 2 - 2 + 2 clocks after its start
        limits = MemoryLimits(axi_bytes_per_cycle=1, opmem_bytes=64, **BLOCK)
        run = record_gemm(4, 4, 4, ARRAY, limits, loop_order="column-outer", chunk=2)
        assert run.loads[:, -2:].tolist() == [[0, 8], [8, 16], [16, 24], [24, 32]]
        assert run.passes[:, -3:].tolist() == [[16, 24, 28], [32, 40, 44]]  # first stream, last one's end, last sum
        assert run.drains.tolist() == [[16, 0, 44, 60]]
        assert run.result.stall_cycles == {"weight": 0, "input": 0, "output": 0, "dram": 16 + 8 + 16}

    def test_a_drain_takes_a_clock_for_each_word_of_the_arrays_columns(self):
        # 4 rows of 4 outputs are 8 words of 2 columns, 5 columns are 3 words a row
        for cols, words in ((4, 8), (5, 12)):
            limits = MemoryLimits(opmem_bytes=80, output_block_rows=4, output_block_cols=cols)
            run = record_gemm(4, 4, cols, ARRAY, limits, chunk=4)
            assert (run.drains[:, 3] - run.drains[:, 2]).tolist() == [words]

    def test_a_single_half_holds_up_the_next_blocks_first_chunk_alone(self):
        limits = MemoryLimits(opmem_bytes=64, axi_bytes_per_cycle=4, **BLOCK)
        run = record_gemm(8, 4, 4, ARRAY, limits, loop_order="column-outer", chunk=1)
        assert run.passes[4, 5] == run.drains[0, 3] and run.result.stall_cycles["output"] > 8
        double = replace(limits, opmem_bytes=128, opmem_buffers="ping_pong")
        free = run_gemm(8, 4, 4, ARRAY, double, loop_order="column-outer", chunk=1)
        assert free.stall_cycles["output"] == 8  # the last drain's words


@pytest.mark.parametrize(
    ("gemm", "rows", "cols", "passes"),
    [
        # columns outer: the folds begin at 0, 1, 2, 3, and the second, 30 columns wide, has the last sum:
        # 1 + (1 step + 1 row + 30 columns - 2) + 1 row to leave; with rows outer the third would be wide
        ((2, 1, 31), 1, 30, [[0, 4, 32]]),
        # a fold of 4 rows and one of 1: the second begins 4 later, where 4 rows have left; the next pass waits for 1
        ((5, 2, 1), 4, 1, [[0, 5, 9], [5, 10, 14]]),
    ],
)
def test_edge_aware_folds_by_hand(gemm, rows, cols, passes):
    array = {**ARRAY, "rows": rows, "cols": cols, "edge": "aware"}
    memory = memory_clock.UNLIMITED | {"output_block_rows": gemm[0], "output_block_cols": gemm[2]}
    case = gemm, array, memory, "column-outer", 1
    assert (
        record_gemm(*gemm, array, MemoryLimits(**memory), loop_order="column-outer", chunk=1).passes[:, -3:].tolist()
        == passes
    )
    assert differences(*case) == []


def test_spans_hold_a_half_from_a_blocks_first_chunk():
    board = ps.load_hardware("zcu102_os").replace({
        "array.rows": 2, "array.cols": 2, "memories.opmem_bytes": 64, "memories.output_block_rows": 4,
        "memories.output_block_cols": 4, "memories.chunk": 2,
    })  # fmt: skip
    spans = list(spans_behind_memories(8, 6, 4, board))
    halves = [(s.start_cycle, s.end_cycle) for s in spans if s.track.startswith("OPMEM half")]
    streams = [s.start_cycle for s in spans if s.track == "stream"]
    drains = [s.end_cycle for s in spans if s.track == "DMA write"]
    assert len(streams) == 6 and halves == [(streams[0], drains[0]), (streams[3], drains[1])]


def test_without_limits_a_block_costs_nothing_where_k_is_whole():
    """Padded folds are alike, in whatever order they come; the block is a multiple of the array."""
    array = ps.load_hardware("zcu102").replace({"array.dataflow": "os", "array.rows": 8, "array.cols": 4}).array
    blocks = MemoryLimits(output_block_rows=24, output_block_cols=8)
    for fold_overlap in ("none", "preload", "chained", "pipelined", "settled"):
        own = array.model_copy(update={"fold_overlap": fold_overlap})
        assert run_gemm(50, 30, 41, own, blocks).cycles == run_gemm(50, 30, 41, own, MemoryLimits()).cycles


def test_a_block_fetches_each_operand_once_per_block():
    for gemm, array, limits, order, chunk in cases(60, seed=7, has_modes=False):
        m, k, n = gemm
        limits |= {"input_share_bytes": 0, "weight_share_bytes": 0, "input_bits": 8, "weight_bits": 8, "bias": False}
        limits |= {"ipmem_bytes": 10**6, "wtmem_bytes": 10**6, "ipmem_buffers": "single", "wtmem_buffers": "single"}
        moved = run_gemm(*gemm, array, MemoryLimits(**limits), loop_order=order, chunk=chunk).moved_bytes
        rows, cols = (limits[f"output_block_{side}"] or array[side] for side in ("rows", "cols"))
        most = m * k * -(-n // cols) + k * n * -(-m // rows)
        assert moved["dram_read"] <= most
        if chunk < k:
            assert moved["dram_read"] == most


def test_is_and_ws_do_not_read_the_keys():
    draw = random.Random(8)
    for dataflow in ("is", "ws"):
        for _ in range(40):
            gemm, array, limits, _, _ = random_case(draw)
            array["dataflow"] = dataflow
            with_keys = run_gemm(*gemm, array, MemoryLimits(**limits | BLOCK))
            assert with_keys == run_gemm(*gemm, array, MemoryLimits(**limits))


def test_what_does_not_fit_is_the_blocks_own():
    limits = MemoryLimits(opmem_bytes=63, wtmem_bytes=3, **BLOCK)
    found = run_gemm(9, 9, 9, ARRAY, limits)
    assert [(x.buffer, x.demand_bytes, x.limit_bytes) for x in found.misfits] == [("wtmem", 4, 3), ("opmem", 64, 63)]
    assert found.misfits[1].levers == "try more opmem_bytes or a smaller block of outputs"
    memories, index, wanted = [MemoryDesign(limits)], np.zeros(1, dtype=np.int64), np.ones((1, 1), dtype=bool)
    assert run_many([(9, 9, 9, 8, 8, 8)], design_row(ARRAY)[None], memories, index, wanted)[0, 0, 0] == MISFIT


def test_blocks_beyond_the_matrix_are_the_matrix():
    huge = MemoryLimits(opmem_bytes=400, axi_bytes_per_cycle=1, output_block_rows=2**62, output_block_cols=2**62)
    whole = replace(huge, output_block_rows=9, output_block_cols=10)
    assert run_gemm(9, 9, 10, ARRAY, huge) == run_gemm(9, 9, 10, ARRAY, whole)
    memories, index, wanted = [MemoryDesign(huge)], np.zeros(1, dtype=np.int64), np.ones((1, 1), dtype=bool)
    clocks = run_many([(9, 9, 10, 8, 8, 8)], design_row(ARRAY)[None], memories, index, wanted)[0, 0, 0]
    assert clocks in (run_gemm(9, 9, 10, ARRAY, whole).cycles, ALONE)


def test_folds_count_against_the_passes_allowed(monkeypatch):
    monkeypatch.setattr(memory_bounds, "MAX_PASSES", 24)
    limits = MemoryLimits(output_block_rows=3, output_block_cols=3)  # a block of 3 x 3 is four folds
    assert run_gemm(6, 4, 6, ARRAY, limits, chunk=4).cycles > 0
    with pytest.raises(ps.InputError, match=r"more than 24 passes through the array .got 32."):
        run_gemm(6, 4, 6, ARRAY, limits, chunk=2)


class TestInput:
    def test_one_size_alone_leaves_the_other_the_arrays(self):
        for gemm, _, limits, _, _ in cases(20, seed=9):
            for one, other, size in (("rows", "cols", ARRAY["cols"]), ("cols", "rows", ARRAY["rows"])):
                alone = limits | {f"output_block_{one}": 4, f"output_block_{other}": 0}
                both = alone | {f"output_block_{other}": size}
                assert run_gemm(*gemm, ARRAY, MemoryLimits(**alone)) == run_gemm(*gemm, ARRAY, MemoryLimits(**both))

    def test_sizes_that_are_none(self):
        with pytest.raises(ps.InputError, match=r"memories.output_block_rows: must be at least 0 .got -1"):
            USUAL.replace({"memories.output_block_rows": -1})
        with pytest.raises(ps.InputError, match=r"output_block_cols: must be at least 0 .got -3"):
            MemoryLimits(output_block_cols=-3)

    def test_masks_are_refused_where_the_block_is_read(self):
        mask = Mask("a", 4, 4, 2, np.array([[True, False], [False, True]]))
        with pytest.raises(ps.InputError) as caught:
            run_gemm(4, 4, 4, ARRAY, MemoryLimits(**BLOCK), mask=mask)
        assert caught.value.problems == (
            "memories.output_block_rows, output_block_cols: a block runs dense GEMMs only; must be 0, 0 under a mask"
            " (got 4, 4)",
        )
        assert run_gemm(4, 4, 4, ARRAY | {"dataflow": "is"}, MemoryLimits(**BLOCK), mask=mask).cycles > 0

    def test_paper_has_no_block(self):
        block = {f"memories.{name}": value for name, value in BLOCK.items()}
        assert USUAL.replace(block).without_memory_limits().memories == USUAL.without_memory_limits().memories


BOARD = USUAL.replace({"array.dataflow": "os", "memories.output_block_rows": 128, "memories.output_block_cols": 36,
                       "memories.opmem_bytes": 2**20, "memories.wtmem_bytes": 2**18})  # fmt: skip


@pytest.mark.parametrize(
    ("fold_overlap", "block", "clocks", "read_mb"),
    [
        ("none", (0, 0), 5_847_024, 211.50),
        ("none", (64, 72), 10_999_596, 152.42),
        ("pipelined", (0, 0), 5_675_232, 211.50),
        ("pipelined", (64, 72), 4_586_472, 152.42),
        ("pipelined", (128, 72), 5_872_644, 109.95),
    ],
)
def test_what_a_block_saves_and_costs_as_its_page_says(fold_overlap, block, clocks, read_mb):
    board = ps.load_hardware("zcu102_os").replace({
        "array.fold_overlap": fold_overlap, "memories.opmem_bytes": 65_536, "memories.output_block_rows": block[0],
        "memories.output_block_cols": block[1],
    })  # fmt: skip
    report = ps.simulate(ps.plan("deit_s"), board, memory="hw")
    assert report.pl_cycles == clocks and round(report.details.moved_bytes["dram_read"] / 1e6, 2) == read_mb
    row = f"| {fold_overlap} | {f'{block[0]} x {block[1]}' if any(block) else '-'} | {clocks:,} | {read_mb:.2f} |"
    assert row in PAGE.read_text()


class TestSaid:
    def test_in_the_report(self):
        trace = Trace((Op(1, "fc1", "gemm", 197, 384, 1536, 1),))
        report = ps.simulate(trace, BOARD, memory="hw")
        (line,) = report.to_dict()["memory_modes"]
        assert line.startswith("memories.output_block_rows, output_block_cols: the folds of 128 x 36 outputs share")
        assert line in report.details.tables()[0].closing

    def test_where_pes_stay_idle(self):
        odd = BOARD.replace({"memories.output_block_rows": 100})
        assert "no multiple of the 64 x 36 array" in list(modes_in_words(odd.memories, odd.array))[1]

    def test_where_it_has_no_effect(self):
        other = BOARD.replace({"array.dataflow": "is"})
        (line,) = modes_in_words(other.memories, other.array)
        assert "no effect under is" in line
        with pytest.raises(ps.InputError) as caught:
            ps.explore({"name": "s", "axes": {"memories.output_block_rows": [0, 128]}, "fixed": {"memory": "hw"}})
        assert "axes.memories.output_block_rows: no column depends on it here: needs" in str(caught.value)

    def test_an_axis_of_blocks(self):
        fixed = {"memory": "hw", "set": {"array.dataflow": "os", "memories.opmem_bytes": 2**20}}
        found = ps.explore({"name": "s", "axes": {"memories.output_block_rows": [0, 128]}, "fixed": fixed})
        assert len(set(found["delay_ms"])) == 2
