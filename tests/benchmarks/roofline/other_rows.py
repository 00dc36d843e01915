"""Rows of what is Python or Arrow for the most part: staircases, path search, a sweep's chunk, Pareto fronts."""

import numpy as np

import pivotsim as ps
from pivotsim import pareto
from pivotsim.dse.evaluation.evaluator import Coded
from pivotsim.dse.space.reading import load_space
from pivotsim.dse.sweep.chunks import ChunkMaker, FinishedChunk, Recipe
from pivotsim.effort.search import paths
from pivotsim.engines.array.designs import design_of
from pivotsim.kernels.array.closed_form import design_cycles
from pivotsim.kernels.pareto import front_of_three
from pivotsim.kernels.types import Design, Gemm
from pivotsim.pruning.devices.simulated import Simulated
from pivotsim.pruning.token_plans import at_tokens
from pivotsim.workload.ops import Op
from tests.benchmarks.bench_dse import shapes
from tests.benchmarks.roofline.counting import count, counted_argument, counted_number, counting, first_call
from tests.benchmarks.roofline.work import INSTRUMENTED, Needs, Work, needs_of, row


@row(
    "staircase of 197 token counts, DeiT-S, by the GEMM and count", "GEMM",
    "those of the closed form, on numbers that count",
    "Python: an operation is made as a tuple for each GEMM and count, and the closed form is called for each size.",
)  # fmt: skip
def staircase() -> Work:
    plan, device = ps.plan("deit_s"), Simulated("zcu102")
    counts = range(1, plan.model.tokens + 1)
    gemms = [op for n in counts for op in ps.lower(at_tokens(plan, n)) if op.encoder == 1 and op.kind == "gemm"]

    def counted() -> Needs:
        design = counted_argument(Design(*design_of(device.board.array)))
        with counting() as done:
            for op in gemms:
                design_cycles(counted_argument(Gemm(op.m, op.k, op.n)), design)
        moved = len(gemms) * 8 * (len(Op._fields) + len(Gemm._fields) + len(Design._fields))
        return Needs({"interpreter": done.operations, "objects": len(gemms)}, done.operations, moved)

    return Work(lambda: device.latencies_ms(plan, counts), len(gemms), counted)


def _paths(depth: int) -> Work:
    cka, repeats = np.random.default_rng(depth).random((depth, depth)), 5

    def counted() -> Needs:
        gains, _ = paths._exact_gains(paths.checked_cka(cka))
        with counting() as done:
            paths._table([[counted_number(each) for each in row] for row in gains], depth, depth)
        steps = repeats * done.operations
        return Needs({"interpreter": steps}, steps, 2 * 8 * steps)

    return Work(lambda: [paths.best_paths(cka) for _ in range(repeats)], repeats, counted)


PATHS = (
    "matrix", "sums and comparisons of the table of best paths, on integers that count; two pointers for each",
    "Python: a function is called for each later encoder, and a matrix is made exact integers first.",
)  # fmt: skip


@row("best attention paths of all efforts, 12 encoders", *PATHS)
def paths_of_12() -> Work:
    return _paths(12)


@row("best attention paths of all efforts, 24 encoders", *PATHS)
def paths_of_24() -> Work:
    return _paths(24)


def chunk_maker(counted_by: str) -> ChunkMaker:
    """Return what makes chunks of the bench's sweep, with resources counted one way."""
    space = shapes(1)
    space["fixed"] = {**space["fixed"], "set": {"fpga.use.counted_by": counted_by}}
    return ChunkMaker(Recipe(load_space(space), "grid"))


def _chunk(counted_by: str) -> Work:
    maker = chunk_maker(counted_by)
    made = maker(0)
    assert isinstance(made, FinishedChunk)

    def counted() -> Needs:
        columns = maker.evaluator.run(maker.points, 0, made.rows).columns
        held = sum(each.codes.nbytes if isinstance(each, Coded) else each.nbytes for each in columns.values())
        moved = 2 * held + len(made.content)
        return Needs({"copy_memory": moved}, made.rows * len(columns), moved)

    return Work(lambda: maker(0), made.rows, counted)


CHUNK = "one operation for each value of a column; a column is written and read once, and the file is written"


@row(
    "a sweep's chunk, evaluated and made a Parquet file, resources by constants", "point", CHUNK,
    "Almost half of the samples are Arrow's, which copies columns, takes their least and most, encodes and "
    "compresses them; a sixth are numpy's passes over whole columns and a tenth the system's, which clears pages "
    "for them.",
)  # fmt: skip
def sweep_by_constants() -> Work:
    return _chunk("fitted")


@row(
    "the same, resources by synthesis", "point", CHUNK,
    "As with constants; a fifth more for the structures of each design, looked up before Arrow has them.",
)  # fmt: skip
def sweep_by_synthesis() -> Work:
    return _chunk("synthesis")


@row(
    "Pareto front of three objectives, points in order", "point", INSTRUMENTED,
    "Four samples in ten wait for a place of the tree, each found from the one before; a point asks and fills "
    "some log2(n).",
)  # fmt: skip
def front_kernel() -> Work:
    points = np.random.default_rng(1).random((20_000, 3))
    points /= np.linalg.norm(points, axis=1)[:, None]  # all on the front: the tree is filled, too
    arguments = first_call(front_of_three, lambda: pareto.front_mask(points))
    ranks, tree, kept = arguments

    def run() -> None:
        front_of_three(ranks, np.full_like(tree, len(ranks) + 1), kept)

    return Work(run, len(points), lambda: needs_of(count(front_of_three, arguments), memory="triad_l2"))


@row(
    "Pareto front of a million drawn points, three objectives", "point",
    "a comparison for each objective; every point is read once",
    "Half of the samples are numpy's: columns are checked for NaN, put side by side and gathered. A third is the "
    "sieve, which compares a point with some forty good ones until one dominates it.",
)  # fmt: skip
def front_of_a_million() -> Work:
    columns = np.random.default_rng(1).random((3, 1_000_000))
    table = dict(zip("abc", columns, strict=True))
    needs = Needs({"copy_memory": columns.nbytes, "float64": columns.size}, columns.size, columns.nbytes)
    return Work(lambda: ps.pareto_front(table, list("abc")), columns.shape[1], lambda: needs)
