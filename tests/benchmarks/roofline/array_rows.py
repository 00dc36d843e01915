"""Rows of the closed form: vectors of designs, one GEMM, random masks, lanes of an MPCA, engine `pe`."""

import numpy as np

import pivotsim as ps
from pivotsim.engines.array.designs import design_of
from pivotsim.engines.array.random_masks import drawn_cycles
from pivotsim.engines.mpca.lanes import sbmm_cycles
from pivotsim.kernels.array.closed_form import design_cycles
from pivotsim.kernels.array.many_designs import sum_design_cycles
from pivotsim.kernels.array.random_masks import drawn_cycles as draw_and_count
from pivotsim.kernels.mpca import lane_makespans
from pivotsim.kernels.types import Design, Gemm
from tests.benchmarks.bench_pe import FC1, on_64x36
from tests.benchmarks.roofline.counting import count, counted_argument, counting, first_call, named
from tests.benchmarks.roofline.work import INSTRUMENTED, Needs, Work, needs_of, row, row_of_each_dataflow

SAMPLE = 512  # designs that are counted


@row(
    "vectors of designs: clocks of DeiT-S on one", "design", INSTRUMENTED + "; from memory come the columns that vary",
    "Products and sums of folds, in vectors of eight and without a division; and designs laid out in rooms of 256, one "
    "value at a time, where the three divisions of a design are: reciprocals of its rows, its columns, and the columns "
    "that share a slice.",
)  # fmt: skip
def vectors_of_designs() -> Work:
    plan, count_of, draw = ps.plan("deit_s"), 1_000_000, np.random.default_rng(1)
    axes = {name: draw.integers(8, 129, count_of) for name in ("rows", "cols")}
    arguments = first_call(
        sum_design_cycles, lambda: ps.simulate_designs(plan, "zcu102", axes), is_copied=False
    )  # fmt: skip
    part = named(sum_design_cycles, arguments) | {"start": 0, "stop": count_of}  # threads share them: all in one
    whole = tuple(part.values())

    def counted() -> Needs:
        few = {name: values[:SAMPLE] for name, values in axes.items()}
        sample = first_call(sum_design_cycles, lambda: ps.simulate_designs(plan, "zcu102", few))
        found = needs_of(count(sum_design_cycles, sample), count_of / SAMPLE, arithmetic="float64",
                         divisions="float64_divisions")  # fmt: skip
        from_memory = sum(each.nbytes for each in part["columns"] if each.strides[0]) + part["out"].nbytes
        return found._replace(of_roofs={**found.of_roofs, "copy_memory": from_memory}, bytes_moved=from_memory)

    return Work(lambda: sum_design_cycles(*whole), count_of, counted)


@row(
    "closed form of one GEMM, plain Python", "GEMM", "the same function, on numbers that count",
    "The interpreter, which is its limit: a call, and the names that it looks up. Vectors of designs use machine code.",
)  # fmt: skip
def one_gemm() -> Work:
    design, gemm, repeats = design_of(ps.load_hardware("zcu102").array), Gemm(*FC1), 2000

    def run() -> None:
        for _ in range(repeats):
            design_cycles(gemm, design)

    def counted() -> Needs:
        with counting() as done:
            design_cycles(counted_argument(gemm), counted_argument(Design(*design)))
        operations = repeats * done.operations
        # of a named tuple of integers as Python holds them: a pointer of 8 bytes for each field that is read
        return Needs({"interpreter": operations}, operations, repeats * 8 * (len(gemm) + len(design)))

    return Work(run, repeats, counted)


@row_of_each_dataflow(
    "engine `pe`, one clock of 64x36",
    "clock", "rows x cols multiply-adds; an operand and a factor of 1 B read, a sum of 4 B read and written",
    "45 to 50% of the samples are the multiply-adds, which stores of sums to the first cache bound. Some 15% "
    "gather 64 rows and 36 columns at the edges and 10% add 36 results, one value at a time; the rest is the "
    "sequencer's tags and lines.",
)  # fmt: skip
def pe(dataflow: str) -> Work:
    """Each clock every element multiplies and adds; x and a factor of 1 B are read, a sum of 4 B read and written."""
    run, pes = on_64x36(dataflow), 64 * 36
    clocks = run().cycles
    operations, moved = 2 * pes * clocks, (1 + 1 + 4 + 4) * pes * clocks
    return Work(run, clocks, lambda: Needs({"int32": operations, "triad_l1": moved}, operations, moved))


@row(
    "a random mask of fc1 in blocks of 16: drawn, and its clocks", "mask", INSTRUMENTED,
    "A quarter of the samples makes hashes and compares them, eight at a time. Most of the others write a byte "
    "for each block that is kept and look for one in each row of a tile, a byte at a time.",
)  # fmt: skip
def random_masks() -> Work:
    array, seeds, sample = ps.load_hardware("zcu102").array, 800, 8  # of fewer blocks than threads share

    def call(drawn: range) -> tuple:
        return first_call(
            draw_and_count, lambda: drawn_cycles(*FC1, density=0.5, block=16, seed=drawn, array=array)
        )  # fmt: skip

    def counted() -> Needs:
        return needs_of(count(draw_and_count, call(range(sample))), seeds / sample, arithmetic="words")

    whole = call(range(sample, sample + seeds))
    return Work(lambda: draw_and_count(*whole), seeds, counted)


@row(
    "24 block columns handed out to an MPCA's lanes, greedy", "mask", INSTRUMENTED,
    "Six samples in ten look for the lane with the least load: a load, a comparison and a branch for each lane, "
    "which no processor foresees.",
)  # fmt: skip
def mpca_lanes() -> Work:
    masks, sample = 50_000, 200
    mpca = ps.load_hardware("u250_mpca").replace({"mpca.balance": "greedy"}).mpca
    counts = np.random.default_rng(1).binomial(24, 0.5, (masks, 24))

    def counted() -> Needs:
        few = first_call(lane_makespans, lambda: sbmm_cycles(counts[:sample], 197, 16, mpca))
        return needs_of(count(lane_makespans, few), masks / sample)

    whole = first_call(lane_makespans, lambda: sbmm_cycles(counts, 197, 16, mpca), is_copied=False)
    return Work(lambda: lane_makespans(*whole), masks, counted)
