"""Rows of GEMMs under masks and behind DRAM commands, of pipelines, and of what many designs look up."""

import numpy as np

import pivotsim as ps
from pivotsim.kernels.array.many_designs import fill_splits
from pivotsim.kernels.array.masked import masked_cycles
from pivotsim.kernels.memory.entries.with_commands import run_with_commands
from pivotsim.kernels.memory.entries.with_mask import run_masked
from pivotsim.kernels.pipeline import stage_times
from pivotsim.kernels.table_rows import sum_rows
from tests.benchmarks.bench_memory import masked
from tests.benchmarks.roofline.counting import Counts, count, first_call, named, noted_calls
from tests.benchmarks.roofline.other_rows import chunk_maker
from tests.benchmarks.roofline.work import INSTRUMENTED, Needs, Work, needs_of, row

SAMPLE = 512  # designs that are counted


def deit_s_under_masks() -> ps.Trace:
    """Return DeiT-S with a mask of 16x16 blocks of each weight."""
    return masked(ps.lower(ps.plan("deit_s")), 16, 0.5)


@row(
    "engine `memory`: a GEMM under a mask of blocks of 16, searched and run", "GEMM", INSTRUMENTED,
    "Passes that wait for those before, as without a mask; each looks its steps and bytes up in tables of the mask.",
)  # fmt: skip
def masked_gemm_behind_memories() -> Work:
    trace, hw = deit_s_under_masks(), ps.load_hardware("zcu102")
    arguments = first_call(run_masked, lambda: ps.simulate(trace, hw, engine="memory", memory="hw"))
    seen = [named(run_masked, arguments)[name] for name in ("seen_0", "seen_1")]

    def forget() -> None:
        for units in seen:
            units[:] = 0  # stamps of runs begin anew

    def run() -> None:
        forget()
        run_masked(*arguments)

    def counted() -> Needs:
        forget()
        return needs_of(count(run_masked, arguments))

    return Work(run, 1, counted)


@row(
    "engine `memory`: DeiT-S's GEMMs behind DDR4 commands, searched and run", "GEMM", INSTRUMENTED,
    "Passes that wait for those before. Loads of two regions and all drains are commands of the channel, the other "
    "loads take the most that any may take.",
)  # fmt: skip
def gemms_behind_commands() -> Work:
    hw = ps.load_hardware("zcu102").replace({"memories.dram": "dram/ddr4_2400"})
    with noted_calls(run_with_commands) as calls:
        ps.simulate(ps.plan("deit_s"), hw, engine="memory", memory="hw")

    def run() -> None:
        for arguments in calls:
            run_with_commands(*arguments)

    def counted() -> Needs:
        return needs_of(sum((count(run_with_commands, arguments) for arguments in calls), Counts()))

    return Work(run, len(calls), counted)


@row(
    "clocks of a GEMM under a mask of blocks of 16, closed form", "GEMM", INSTRUMENTED,
    "A kept block is a byte that is asked for; what is kept of a tile's rows is added one block at a time.",
)  # fmt: skip
def masked_gemm() -> Work:
    arguments, repeats = first_call(masked_cycles, lambda: ps.simulate(deit_s_under_masks(), "zcu102")), 100

    def run() -> None:
        for _ in range(repeats):
            masked_cycles(*arguments)

    return Work(run, repeats, lambda: needs_of(count(masked_cycles, arguments), repeats))


@row(
    "engine `pipeline`: an image of DeiT-T on HG-PIPE's board", "image", INSTRUMENTED,
    "A group leaves a stage at the latest of what came, what went before it and what has room, a chain of waits.",
)  # fmt: skip
def pipeline() -> Work:
    board, plan = ps.load_hardware("truth/hgpipe_vck190"), ps.plan("deit_t")
    arguments = first_call(stage_times, lambda: ps.simulate(plan, board))
    images = float(named(stage_times, arguments)["images"])
    cleared = [named(stage_times, arguments)[name] for name in ("started", "left")]
    before = [each.copy() for each in cleared]

    def restore() -> None:
        for each, values in zip(cleared, before, strict=True):
            each[:] = values

    def run() -> None:
        restore()
        stage_times(*arguments)

    def counted() -> Needs:
        restore()
        return needs_of(count(stage_times, arguments), memory="triad_l2")

    return Work(run, images, counted)


@row(
    "structures of a design, looked up in the tables of a sweep with two long sides", "design",
    f"{INSTRUMENTED}, of {SAMPLE} designs",
    "Rows of tables come from the second cache, four numbers each, one after another in the order of a grid.",
)  # fmt: skip
def structures() -> Work:
    maker = chunk_maker("synthesis")
    maker(0)  # makes the tables
    arguments = first_call(sum_rows, lambda: maker(0))
    few = named(sum_rows, arguments)
    designs = few["out"].shape[1]
    few |= {name: np.ascontiguousarray(few[name][:, :SAMPLE]) for name in ("places", "out")}

    def counted() -> Needs:
        return needs_of(count(sum_rows, tuple(few.values())), designs / SAMPLE, memory="triad_l2")

    return Work(lambda: sum_rows(*arguments), designs, counted)


@row(
    "the split that each of DeiT-S's GEMMs takes on four arrays", "GEMM and design", INSTRUMENTED,
    "The closed form in integers, three times a GEMM: of a whole one and of either share. Divisions are most of it, and"
    " short ones below 2^32; the limit is of long ones, so that the ratio can be below 1.",
)  # fmt: skip
def splits() -> Work:
    draw, hw = np.random.default_rng(1), ps.load_hardware("zcu102").replace({"array.count": 4})
    axes = {name: draw.integers(8, 129, SAMPLE) for name in ("rows", "cols")}
    arguments = first_call(fill_splits, lambda: ps.simulate_designs(ps.plan("deit_s"), hw, axes, energy="activity"))
    size = named(fill_splits, arguments)["out"].size
    return Work(lambda: fill_splits(*arguments), size, lambda: needs_of(count(fill_splits, arguments)))
