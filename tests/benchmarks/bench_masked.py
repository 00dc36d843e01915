"""Masked GEMMs: random masks a second, one call, and a whole model: `make bench`."""

import numpy as np

import pivotsim as ps
from pivotsim.engines.array import closed_form as analytic
from pivotsim.engines.array.random_masks import drawn_cycles, expected_cycles
from pivotsim.engines.registry import ENGINES
from pivotsim.hardware.dataflows import DATAFLOWS
from tests.benchmarks.timing import timed

FC1 = (197, 384, 1536)
EVALUATIONS = 1_000_000
WEIGHTS = ("qkv", "proj", "fc1", "fc2")


def with_masks(block: int, density: float) -> ps.Trace:
    """Return one image of DeiT-S, every weight matrix with a mask of its own."""
    dense, ops, masks = ps.lower(ps.plan("deit_s")).within("encoders"), [], {}
    for number, op in enumerate(dense):
        if op.kind == "gemm" and op.module in WEIGHTS:
            mask = ps.workload.drawn_mask(op.k, op.n, block=block, density=density, seed=number)
            masks["", str(number)] = mask
            op = op._replace(mask_key=str(number), density=mask.density)
        ops.append(op)
    return ps.Trace(tuple(ops), "deit_s", masks)


def million() -> None:
    hw, draw = ps.load_hardware("zcu102"), np.random.default_rng(1)
    lanes = {
        "density": draw.random(EVALUATIONS), "block": draw.choice([8, 16, 32], EVALUATIONS),
        "seed": draw.integers(0, 2**62, EVALUATIONS),
    }  # fmt: skip
    drawn_cycles(*FC1, density=0.5, block=16, seed=range(2_000), array=hw.array)
    for name, options in (("blocks of 8, 16, 32", lanes), ("blocks of 16", {**lanes, "block": 16})):
        spent = timed(lambda options=options: drawn_cycles(*FC1, **options, array=hw.array))
        print(f"fc1, a million masks, {name:20} {spent:s of processors}")


def main() -> None:
    hw = ps.load_hardware("zcu102")
    million()
    gemm, mask = np.array([(*FC1, 1)]), ps.workload.drawn_mask(384, 1536, block=16, density=0.5, seed=0)
    one = timed(lambda: [analytic.cycles_per_gemm(gemm, hw.array, [mask]) for _ in range(100)]).times(1e4)
    print(f"fc1 under a 16x16 mask, one call                       {one:us}")
    trace = with_masks(16, 0.5)
    dense = ps.lower(ps.plan("deit_s")).within("encoders")
    for name, masked in (("dense", dense), ("48 masks of 16x16", trace)):
        engine = timed(lambda masked=masked: ENGINES["analytic"].run(masked, hw), 20).times(1e3)
        whole = timed(lambda masked=masked: ps.simulate(masked, hw), 20).times(1e3)
        print(f"DeiT-S, {name:18} cycles {engine:ms}   whole simulate() {whole:ms}")
    for dataflow in DATAFLOWS:
        array = hw.array.model_copy(update={"dataflow": dataflow})
        clocks = ps.simulate_gemm(*FC1, dataflow=dataflow).cycles
        for block in (16, 32):
            mean, deviation, error = expected_cycles(*FC1, density=0.5, block=block, array=array, draws=4096)
            share = f"{mean / clocks:.4f} +- {error / clocks:.4f}, spread {deviation / clocks:.4f}"
            print(f"fc1 at density 0.5, {dataflow}, blocks of {block}: {share} of {clocks:,} dense clocks")


if __name__ == "__main__":
    main()
