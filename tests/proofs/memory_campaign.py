"""Random small GEMMs on random memories: engine `memory` against the clock-by-clock oracle, interval by interval.

.venv/bin/python -m tests.proofs.memory_campaign 20000 1 [masked] [mixed] [modes] [block] [requests]
"""

import itertools
import random
import sys

import numpy as np

from pivotsim.engines.memory.fit_check import DoesNotFit
from pivotsim.engines.memory.limits import MemoryLimits
from pivotsim.engines.memory.schedule import BYTES, STALLS, record_gemm
from pivotsim.hardware.array import EDGES
from pivotsim.hardware.dataflows import DATAFLOWS
from pivotsim.hardware.fold_overlaps import FOLD_OVERLAPS
from pivotsim.workload.masks.masks import OPERANDS, Mask
from tests.oracles.memory import clock as memory_clock
from tests.oracles.memory.program import LOOP_ORDERS

SLOTS = {"is": {"input": 0, "weight": 1}, "ws": {"weight": 0, "input": 1}, "os": {"input": 0, "weight": 1}}


READS = (1, 2, 4, 8)
WIDTHS = (1, 3, 4, 8, 8, 12, 16, 32, 64)


def mixed_widths(draw):
    """Elements of any width, and AXI bursts that cost something in half of the cases."""
    found = {name: draw.choice((*WIDTHS, draw.randint(1, 32))) for name in ("input_bits", "weight_bits", "out_bits")}
    found["sum_bytes"] = draw.choice((4, 4, 2, 5, 8))
    if draw.random() < 0.5:
        found |= {"axi_burst_bytes": draw.randint(1, 20), "axi_bursts": draw.choice(("unit", "row"))}
        found |= {f"axi_{way}_burst_cycles": draw.choice((0, 1, 4, 9)) for way in ("read", "write")}
        found |= {f"axi_{way}_beat_cycles": draw.choice((1, 2, 9)) for way in ("read", "write")}
    return found


def random_case(draw, largest=14, is_mixed=False, has_requests=False):
    """A GEMM, an array, memories, a loop order and a chunk, at sizes where every mechanism is met often.

    ``has_requests``: several loads in flight in three of four. ``is_mixed``: elements of any width and AXI bursts, see
    ``mixed_widths``; else a byte each, outputs one or four.
    """

    def maybe(p, *bounds):
        return draw.randint(*bounds) if draw.random() < p else None

    gemm = tuple(draw.randint(1, largest) for _ in range(3))
    array = {
        "rows": draw.randint(1, 6),
        "cols": draw.randint(1, 6),
        "dataflow": draw.choice(DATAFLOWS),
        "fold_overlap": draw.choice(FOLD_OVERLAPS),
        "edge": draw.choice(EDGES),
        "os_edge_register": draw.random() < 0.5,
        "mac_latency": draw.randint(1, 3),
    }
    array["mac_packing"] = 1 if array["dataflow"] == "os" else min(array["cols"], draw.randint(1, 2))
    scale = draw.choice((1, 1, 3))
    buffers = {f"{memory}_buffers": draw.choice(("single", "ping_pong")) for memory in ("ipmem", "wtmem", "opmem")}
    memory = {
        **memory_clock.UNLIMITED,
        "ipmem_bytes": maybe(0.8, 1, 60 * scale),
        "wtmem_bytes": maybe(0.8, 1, 60 * scale),
        "opmem_bytes": maybe(0.8, 4, 250 * scale),
        **buffers,
        "input_share_bytes": maybe(0.7, 0, 150),
        "weight_share_bytes": maybe(0.7, 0, 150),
        "dram_bytes_per_s": maybe(0.7, 1, 40),
        "clock_hz": draw.choice((1, 3, 7, 10)),
        "axi_bytes_per_cycle": maybe(0.3, 1, 8),
        "gb_port_bytes_per_cycle": maybe(0.4, 1, 8),
        "ipmem_port_bytes_per_cycle": maybe(0.3, 1, 8),
        "wtmem_port_bytes_per_cycle": maybe(0.3, 1, 8),
        "read_latency_cycles": draw.choice((0, 0, 1, 5, 12)),
        "outstanding_reads": draw.choice(READS) if has_requests else 1,
        "write_latency_cycles": draw.choice((0, 0, 1, 5, 12)),
        "buffer_read_cycles": draw.choice((0, 0, 1, 2)),
        **(mixed_widths(draw) if is_mixed else {"out_bits": draw.choice((8, 32))}),
        "bias": draw.random() < 0.4,
    }
    streamed = dict(zip(("is", "ws", "os"), (gemm[2], gemm[0], gemm[1]), strict=True))[array["dataflow"]]
    chunk = draw.choice((streamed, draw.randint(1, streamed), draw.randint(1, min(streamed, 3))))
    return gemm, array, memory, draw.choice(LOOP_ORDERS[array["dataflow"]]), chunk


def random_modes(draw):
    """Ways to run the memories other than the usual one, each of them often."""
    return {
        "transfers": draw.choice(("overlapped", "serial")),
        "reuse": draw.choice(("kept", "kept", "none")),
        "clock_divisor": draw.choice((1, 1, 2, 3, 4)),
        "post_region_cycles": draw.choice((0, 0, 1, 5)),
        "post_entry_cycles": draw.choice((0, 0, 1, 2)),
    }


def with_block(draw, gemm, array, memory):
    """The case under os, with a block of outputs that is smaller than the array, its multiple or neither."""
    rows, cols = (
        draw.choice((array[name] * draw.randint(1, 3), draw.randint(1, 3 * array[name]))) for name in ("rows", "cols")
    )
    most = max(1, min(gemm[1], draw.choice((2, 5, 14))))
    if draw.random() < 0.2:
        rows, cols = draw.choice(((0, cols), (rows, 0)))  # as many as the array has
    block = {"output_block_rows": rows, "output_block_cols": cols}
    order = draw.choice(LOOP_ORDERS["os"])
    return gemm, {**array, "dataflow": "os", "mac_packing": 1}, {**memory, **block}, order, draw.randint(1, most)


def random_mask(draw, gemm):
    """A mask of the GEMM as the oracle reads it: often with whole rows, columns or everything dropped."""
    m, k, n = gemm
    operand = draw.choice(OPERANDS)
    height, width = {"a": (m, k), "b": (k, n), "out": (m, n)}[operand]
    block = draw.randint(1, draw.choice((1, 3, 9)))
    density = draw.choice((0.0, 0.1, 0.3, 0.5, 0.8, 1.0))
    kept = [[draw.random() < density for _ in range(0, width, block)] for _ in range(0, height, block)]
    if draw.random() < 0.3:  # a whole row of blocks
        kept[draw.randrange(len(kept))] = [draw.random() < 0.3] * len(kept[0])
    return {"operand": operand, "block": block, "kept": kept}


def engine_mask(mask, gemm):
    """The same mask as the engine reads it."""
    m, k, n = gemm
    height, width = {"a": (m, k), "b": (k, n), "out": (m, n)}[mask["operand"]]
    return Mask(mask["operand"], height, width, mask["block"], np.array(mask["kept"]))


def differences(gemm, array, memory, loop_order, chunk, mask=None):
    """Return the names of what differs between engine and oracle; 'misfit' alone where both say it does not fit."""
    oracle = memory_clock.run(gemm, array, memory, loop_order, chunk, mask)
    options = {"loop_order": loop_order, "chunk": chunk, "mask": mask and engine_mask(mask, gemm)}
    ours = record_gemm(*gemm, array, MemoryLimits(**memory), **options)
    if isinstance(ours, DoesNotFit) or not isinstance(oracle, memory_clock.Result):
        if not isinstance(ours, DoesNotFit) or isinstance(oracle, memory_clock.Result):
            return ["fit"]
        rows = [[(x.buffer, x.unit, x.demand_bytes, x.limit_bytes) for x in r.misfits] for r in (ours, oracle)]
        return ["misfit"] if rows[0] == rows[1] else ["misfits"]
    limits, slots = MemoryLimits(**memory), SLOTS[array["dataflow"]]
    home = {"input": "ipmem", "weight": "wtmem"}

    def half(kind, number):
        return number if kind != "bias" and limits.halves(home.get(kind, "opmem")) else 0

    # under a block all folds of a pass are one row of the engine's
    runs = [list(folds) for _, folds in itertools.groupby(oracle.passes, key=lambda p: (p.row, p.col, p.chunk))]
    if not memory["output_block_rows"] and not memory["output_block_cols"]:
        runs = [[each] for each in oracle.passes]
    number_of = [number for number, folds in enumerate(runs) for _ in folds] or [0]
    loads = [
        [slots.get(x.kind, 2), number_of[x.serves], x.size_bytes, int(x.from_dram), half(x.kind, x.half), x.start,
         x.end]
        for x in oracle.loads
    ]  # fmt: skip
    tiled = array["dataflow"] != "os"
    passes = [
        [p.row, p.col, p.chunk, p.load_start if tiled else 0, p.load_end if tiled else 0, p.stream_start,
         folds[-1].stream_end, max(fold.registered or 0 for fold in folds)]
        for folds in runs for p in folds[:1]
    ]  # fmt: skip
    drains = [[x.size_bytes, half("output", x.half), x.start, x.end] for x in oracle.drains]
    result, mine = ours.result, ours.passes.copy()
    if not tiled:
        mine[:, 3:5] = 0  # nothing is loaded into the array
    found = {
        "total": (result.cycles, oracle.total_cycles),
        "loads": (ours.loads.tolist(), loads),
        "passes": (mine.tolist(), passes),
        "drains": (ours.drains.tolist(), drains),
        "stalls": ([result.stall_cycles[s] for s in STALLS], [oracle.stall_cycles[s] for s in STALLS]),
        "bytes": ([result.moved_bytes[b] for b in BYTES], [oracle.moved_bytes[b] for b in BYTES]),
    }
    return [name for name, (one, other) in found.items() if one != other]


def campaign(points, seed, is_masked=False, is_mixed=False, has_modes=False, has_block=False, has_requests=False):
    """Compare that many random cases; return (runs compared, cases that do not fit, [(case, what differs)]).

    ``is_masked``: all have a mask; with ``is_mixed`` some have. ``has_modes``: see ``random_modes``. ``has_block``: all
    are os with a block of outputs, and without a mask.
    """
    draw = random.Random(seed)
    runs, misfits, different = 0, 0, []
    for _ in range(points):
        case = random_case(draw, is_mixed=is_mixed, has_requests=has_requests)
        if has_modes:
            case[2].update(random_modes(draw))
            if case[2]["transfers"] == "serial":
                case[2]["outstanding_reads"] = 1
        if has_block:
            case = with_block(draw, *case[:3])
        has_mask = not has_block and (is_masked or (is_mixed and draw.random() < 0.3))
        if has_mask and case[2].get("axi_bursts") == "row":
            case[2]["axi_bursts"] = "unit"  # rows run dense
        case += (random_mask(draw, case[0]),) if has_mask else ()
        found = differences(*case)
        if found == ["misfit"]:
            misfits += 1
        else:
            runs += 1
            if found:
                different.append((case, found))
    return runs, misfits, different


if __name__ == "__main__":
    names = ("is_masked", "is_mixed", "has_modes", "has_block", "has_requests")
    kinds = {kind: kind.partition("_")[2] in sys.argv[3:] for kind in names}
    runs, misfits, different = campaign(int(sys.argv[1]), int(sys.argv[2]), **kinds)
    print(f"{runs} runs and {misfits} misfits compared, {len(different)} differ")
    for case, found in different[:10]:
        print(found, case)
