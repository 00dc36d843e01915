"""Rows of the closed form: vectors of designs, one GEMM, random masks, lanes of an MPCA, engine `pe`."""

from unittest.mock import patch

import numpy as np

import pivotsim as ps
from pivotsim.engines.array.designs import design_of
from pivotsim.engines.array.random_masks import drawn_cycles
from pivotsim.engines.mpca.lanes import sbmm_cycles
from pivotsim.engines.pe import clock as pe
from pivotsim.kernels.array.closed_form import design_cycles
from pivotsim.kernels.array.many_designs import sum_design_cycles
from pivotsim.kernels.array.random_masks import drawn_cycles as draw_and_count
from pivotsim.kernels.mpca import lane_makespans
from pivotsim.kernels.types import Design, Gemm
from tests.benchmarks.bench_pe import ARRAY, FC1
from tests.benchmarks.roofline.counting import count, counted_argument, counting, noted_calls
from tests.benchmarks.roofline.work import INSTRUMENTED, Work, row


@row(
    "vectors of designs: clocks of DeiT-S on one", "design", INSTRUMENTED + "; from memory come the columns that vary",
    "Eight designs are divided in one instruction. What is not division shares the loop with it: products and sums of "
    "folds, and rooms of 256 designs that are read and written in the first cache.",
)  # fmt: skip
def vectors_of_designs() -> Work:
    count_of, draw = 1_000_000, np.random.default_rng(1)
    axes = {name: draw.integers(8, 129, count_of) for name in ("rows", "cols")}
    few = {name: values[:512] for name, values in axes.items()}
    with noted_calls(sum_design_cycles) as calls:
        ps.simulate_designs(ps.plan("deit_s"), "zcu102", few)
        done = count(sum_design_cycles, calls[0])
        ps.simulate_designs(ps.plan("deit_s"), "zcu102", axes)
    part = calls[1]  # of those that threads share: all designs in one thread
    whole, columns, out = (*part[:6], 0, count_of, *part[8:]), part[4], part[9]
    from_memory = sum(each.size * each.itemsize for each in columns if each.strides[0]) + out.nbytes
    share = count_of / 512
    return Work(
        lambda: sum_design_cycles(*whole), count_of,
        {"float64_divisions": share * done.divisions, "float64": share * (done.operations - done.divisions),
         "triad_l1": share * done.bytes, "copy_memory": from_memory},
        share * done.operations, from_memory,
    )  # fmt: skip


@row(
    "closed form of one GEMM, plain Python", "GEMM", "the same function, on numbers that count",
    "The interpreter, which is its limit: a call, and what it looks up. Designs that come as vectors use machine code.",
)  # fmt: skip
def one_gemm() -> Work:
    design, gemm, repeats = design_of(ps.load_hardware("zcu102").array), Gemm(*FC1), 2000
    with counting() as done:
        design_cycles(counted_argument(gemm), counted_argument(Design(*design)))

    def run() -> None:
        for _ in range(repeats):
            design_cycles(gemm, design)

    operations = repeats * done.operations
    # of a named tuple of integers as Python holds them: a pointer of 8 bytes for each field that is read
    return Work(run, repeats, {"interpreter": operations}, operations, repeats * 8 * (len(gemm) + len(design)))


def _pe(dataflow: str) -> Work:
    """Each clock every element multiplies and adds; x and a factor of 1 B are read, a sum of 4 B read and written."""
    rows, cols = 64, 36
    a, b = pe.seeded_operands(*FC1)
    mode = {**ARRAY, "rows": rows, "cols": cols, "dataflow": dataflow}

    def run() -> object:
        with patch.object(pe, "is_large", lambda *_: False):  # in one thread
            return pe.run(a, b, mode)

    clocks = run().cycles
    operations, moved = 2 * rows * cols * clocks, (1 + 1 + 4 + 4) * rows * cols * clocks
    return Work(run, clocks, {"int32": operations, "triad_l1": moved}, operations, moved)


PE = (
    "clock", "rows x cols multiply-adds; an operand and a factor of 1 B read, a sum of 4 B read and written",
    "Stores of sums to the first cache bound it. Beside them stand the array's edges (64 rows and 36 columns gathered, "
    "36 results collected) and the sequencer, one value at a time, and windows that cross cache lines.",
)  # fmt: skip


@row("engine `pe`, one clock of 64x36, is", *PE)
def pe_is() -> Work:
    return _pe("is")


@row("engine `pe`, one clock of 64x36, ws", *PE)
def pe_ws() -> Work:
    return _pe("ws")


@row("engine `pe`, one clock of 64x36, os", *PE)
def pe_os() -> Work:
    return _pe("os")


@row(
    "a random mask of fc1 in blocks of 16: drawn, and its clocks", "mask", INSTRUMENTED,
    "Hashes are made and compared eight at a time; the steps of folds and the tiles' kept rows are counted one at a "
    "time.",
)  # fmt: skip
def random_masks() -> Work:
    array, seeds, sample = ps.load_hardware("zcu102").array, 800, 8  # of fewer blocks than threads share
    with noted_calls(draw_and_count) as calls:
        drawn_cycles(*FC1, density=0.5, block=16, seed=range(sample), array=array)
        done = count(draw_and_count, calls[0])
        drawn_cycles(*FC1, density=0.5, block=16, seed=range(sample, sample + seeds), array=array)
    whole, share = calls[1], seeds / sample
    operations, moved = share * done.operations, share * done.bytes
    return Work(
        lambda: draw_and_count(*whole), seeds, {"words": operations, "triad_l1": moved}, operations, moved
    )  # fmt: skip


@row(
    "24 block columns handed out to an MPCA's lanes, greedy", "mask", INSTRUMENTED,
    "Each column waits for the lane that the one before made longest: comparisons one after another.",
)  # fmt: skip
def mpca_lanes() -> Work:
    masks, sample = 50_000, 200
    mpca = ps.load_hardware("u250_mpca").replace({"mpca.balance": "greedy"}).mpca
    counts = np.random.default_rng(1).binomial(24, 0.5, (masks, 24))
    with noted_calls(lane_makespans) as calls:
        sbmm_cycles(counts[:sample], 197, 16, mpca)
        done = count(lane_makespans, calls[0])
        sbmm_cycles(counts, 197, 16, mpca)
    whole, share = calls[1], masks / sample
    operations, moved = share * done.operations, share * done.bytes
    return Work(
        lambda: lane_makespans(*whole), masks, {"scalar": operations, "triad_l1": moved}, operations, moved
    )  # fmt: skip
