"""Spans of GEMMs behind the memories: no two at a time on a track, nothing beyond the GEMM, all transfers there."""

import itertools
import random

import numpy as np
import pytest

import pivotsim as ps
from pivotsim.engines.memory.board_limits import limits_of
from pivotsim.engines.memory.fit_check import DoesNotFit
from pivotsim.engines.memory.schedule import record_gemm, run_gemm
from pivotsim.engines.memory.spans import _claimed, _regions, spans_behind_memories
from pivotsim.hardware.array import EDGES
from pivotsim.hardware.dataflows import DATAFLOW, DATAFLOWS
from pivotsim.hardware.fold_overlaps import FOLD_OVERLAPS
from pivotsim.workload.masks.masks import OPERANDS, Mask, drawn_mask


def random_board(draw):
    buffers = ("single", "ping_pong")
    return ps.load_hardware("zcu102").replace(
        {
            "array.rows": draw.randint(1, 6), "array.cols": draw.randint(1, 6),
            "array.dataflow": draw.choice(DATAFLOWS),
            "array.fold_overlap": draw.choice(FOLD_OVERLAPS), "array.edge": draw.choice(EDGES),
            "memories.ipmem_bytes": draw.choice(("unlimited", 100)), "memories.wtmem_bytes": draw.choice((80, 300)),
            "memories.opmem_bytes": draw.choice(("unlimited", 200, 400)), "memories.axi_ports": draw.randint(1, 4),
            "memories.ipmem_buffers": draw.choice(buffers), "memories.wtmem_buffers": draw.choice(buffers),
            "memories.opmem_buffers": draw.choice(buffers),
        }
    )  # fmt: skip


@pytest.mark.parametrize("per_pass", [True, False])
def test_tracks_hold_one_thing_at_a_time_and_end_with_the_gemm(per_pass):
    draw, compared = random.Random(9), 0
    while compared < 80:
        hw = random_board(draw)
        size = tuple(draw.randint(1, 25) for _ in range(3))
        result = run_gemm(*size, hw.array, limits_of(hw.memories, hw.array.clock_mhz))
        if isinstance(result, DoesNotFit):
            assert not list(spans_behind_memories(*size, hw, per_pass))
            continue
        compared += 1
        tracks = {}
        for span in spans_behind_memories(*size, hw, per_pass):
            tracks.setdefault(span.track, []).append((span.start_cycle, span.end_cycle))
        assert {"stream", "DMA read", "DMA write"} <= tracks.keys()
        assert ("load" in tracks) == (hw.array.dataflow != "os")
        assert max(end for spans in tracks.values() for _, end in spans) == result.cycles
        assert min(start for spans in tracks.values() for start, _ in spans) == 0
        for track, spans in tracks.items():
            assert all(a[1] <= b[0] for a, b in itertools.pairwise(spans)), (track, size)
            assert per_pass or len(spans) == 1
        halves = {track for track in tracks if "half" in track}
        assert ("OPMEM half 0" in halves) == (hw.memories.opmem_bytes != "unlimited")
        assert not {track for track in halves if track.startswith("IPMEM")} or hw.memories.ipmem_bytes == 100


def test_reads_are_as_long_as_their_transfers():
    hw = ps.load_hardware("zcu102").replace({"memories.read_latency_ns": 0, "memories.bias": False})
    spans = list(spans_behind_memories(197, 384, 1536, hw))
    reads = [span for span in spans if span.track == "DMA read"]
    busy = sum(span.end_cycle - span.start_cycle for span in reads)
    bytes_read = run_gemm(197, 384, 1536, hw.array, limits_of(hw.memories, 125.0)).moved_bytes["dram_read"]
    assert bytes_read / 64 <= busy <= 1.1 * bytes_read / 64  # four ports of 16 B a clock
    assert sum(span.last - span.first + 1 for span in spans if span.track == "stream") == 36 * 28


def test_regions_and_drains_are_where_the_passes_are():
    draw, seen = random.Random(10), set()
    while len(seen) < 3:
        hw = random_board(draw)
        size = tuple(draw.randint(8, 25) for _ in range(3))
        run = record_gemm(*size, hw.array, limits_of(hw.memories, hw.array.clock_mhz))
        if isinstance(run, DoesNotFit) or hw.array.fold_overlap != "none" or hw.memories.opmem_bytes == "unlimited":
            continue
        tracks = {}
        for span in spans_behind_memories(*size, hw):
            tracks.setdefault(span.track.partition(" half")[0], []).append((span.start_cycle, span.end_cycle))
        passes = run.passes.tolist()
        last = -(-size[1] // run.result.chunk) - 1  # os: sums leave with the last chunk of K
        assert tracks["drain"] == [(row[6], row[7]) for row in passes if hw.array.dataflow != "os" or row[2] == last]
        dataflow = hw.array.dataflow
        claims = {}
        for i, j, t, _, _, begin, _, _ in passes:
            region = (i, j) if dataflow == "os" else (j, t)
            if dataflow == "os" or region not in claims:  # os: the last chunk's sums enter
                claims[region] = begin
        assert sorted(start for start, _ in tracks["OPMEM"]) == sorted(claims.values())
        if dataflow != "os" or run.result.chunk < size[1]:
            seen.add(dataflow)


def test_only_what_comes_from_dram_is_a_dma_read():
    hw = ps.load_hardware("zcu102")
    loads = record_gemm(197, 64, 197, hw.array, limits_of(hw.memories, 125.0)).loads.tolist()
    spans = list(spans_behind_memories(197, 64, 197, hw))
    for track, from_dram in (("DMA read", 1), ("GB read", 0)):
        shown = sum(span.end_cycle - span.start_cycle for span in spans if span.track == track)
        assert shown == sum(end - start for _, _, _, dram, _, start, end in loads if dram == from_dram) > 0


@pytest.mark.parametrize("per_pass", [True, False])
def test_masked_gemms_too(per_pass):
    draw, compared, empty = random.Random(12), 0, 0
    while compared < 80:
        hw = random_board(draw)
        m, k, n = (draw.randint(1, 25) for _ in range(3))
        operand = draw.choice(OPERANDS)
        height, width = {"a": (m, k), "b": (k, n), "out": (m, n)}[operand]
        block, density = draw.randint(1, min(height, width)), draw.choice((0, 0.2, 0.5))
        mask = drawn_mask(height, width, block=block, density=density, seed=compared, operand=operand, count=2)
        limits = limits_of(hw.memories, hw.array.clock_mhz)
        run = record_gemm(m, k, n, hw.array, limits, mask=mask, copy=1)
        if isinstance(run, DoesNotFit):
            continue
        compared += 1
        empty += len(run.passes) == 0
        tracks = {}
        for span in spans_behind_memories(m, k, n, hw, per_pass, mask, 1):
            tracks.setdefault(span.track, []).append((span.start_cycle, span.end_cycle))
        assert max((end for spans in tracks.values() for _, end in spans), default=0) == run.result.cycles
        for track, spans in tracks.items():
            assert all(a[1] <= b[0] for a, b in itertools.pairwise(spans)), (track, m, k, n)
        if per_pass:
            streamed = sum(end - start for start, end in tracks.get("stream", []))
            assert streamed == (run.passes[:, 6] - run.passes[:, 5]).sum()
    assert 5 < empty < 60


def test_a_region_without_passes_has_its_drain_alone():
    """Column tile 0 has no kept weight; the two drain through the same OPMEM, 4 columns of 6 B at 4 B a clock."""
    hw = ps.load_hardware("zcu102").replace(
        {
            "array.rows": 2, "array.cols": 2, "array.dataflow": "ws", "memories.bias": False, "memories.axi_ports": 1,
            "memories.axi_port_bytes_per_clock": 4, "memories.read_latency_ns": 0, "memories.opmem_bytes": 48,
            "memories.chunk": 6, "memories.dram_bytes_per_s": "unlimited",
        }
    )  # fmt: skip
    mask = Mask("b", 2, 4, 2, [[False, True]])
    spans = [s for s in spans_behind_memories(6, 2, 4, hw, True, mask) if s.track.startswith(("OPMEM", "stream"))]
    drained, streamed = [s for s in spans if "OPMEM" in s.track], [s for s in spans if s.track == "stream"]
    assert (drained[0].start_cycle, drained[0].end_cycle) == (0, 6)  # one word of 2 columns per clock
    assert drained[1].start_cycle == streamed[0].start_cycle >= 6


@pytest.mark.parametrize(("dataflow", "inner"), [("is", "chunk"), ("ws", "chunk"), ("os", "row")])
def test_regions_are_numbered_by_the_outer_loop_first(dataflow, inner):
    flow = DATAFLOW[dataflow]
    column_first, column_later = flow.loop_orders
    assert column_first.startswith("column-") and column_later.startswith(f"{inner}-")
    assert (_regions(flow, column_first), _regions(flow, column_later)) == (("col", inner), (inner, "col"))


@pytest.mark.parametrize(
    ("drains", "clocks"), [(False, [10, 101, 102, 103, 104, 30]), (True, [20, 101, 102, 103, 104, 30])]
)
def test_regions_without_passes_have_their_drains_alone(drains, clocks):
    """Of 2 x 3 regions the first has two passes and the last has one."""
    step = {"col": np.array([0, 0, 1]), "row": np.array([0, 0, 2]), "stream_start": np.array([10, 20, 30])}
    drain = {"start": np.arange(100, 106)}
    assert _claimed(step, drain, ("col", "row"), 3, drains).tolist() == clocks
