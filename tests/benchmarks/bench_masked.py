"""Masked GEMMs: random masks a second, one call, and a whole model: `make bench`."""

import resource
import time

import numpy as np

import pivotsim as ps
from pivotsim.engines.array import closed_form as analytic
from pivotsim.engines.array.random_masks import drawn_cycles, expected_cycles
from pivotsim.engines.registry import ENGINES
from pivotsim.hardware.dataflows import DATAFLOWS

FC1 = (197, 384, 1536)
EVALUATIONS = 1_000_000
WEIGHTS = ("qkv", "proj", "fc1", "fc2")


def best_s(function, repeats: int = 5) -> float:
    """Return the shortest of several runs: the one that the machine disturbed least."""
    times = []
    for _ in range(repeats):
        start = time.perf_counter()
        function()
        times.append(time.perf_counter() - start)
    return min(times)


def with_masks(block: int, density: float) -> ps.Trace:
    """Return one image of DeiT-S, every weight matrix with a mask of its own."""
    dense, ops, masks = ps.lower(ps.plan("deit_s")).within("encoders"), [], {}
    for number, op in enumerate(dense):
        if op.kind == "gemm" and op.module in WEIGHTS:
            mask = ps.drawn_mask(op.k, op.n, block=block, density=density, seed=number)
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
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    for name, options in (("blocks of 8, 16, 32", lanes), ("blocks of 16", {**lanes, "block": 16})):
        start = time.perf_counter()
        drawn_cycles(*FC1, **options, array=hw.array)
        seconds = time.perf_counter() - start
        more = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024
        rate = EVALUATIONS / seconds / 1e3
        print(f"fc1, a million masks, {name:20} {seconds:6.2f} s, {rate:5.0f} thousand/s, {more:4.0f} MB more at most")


def main() -> None:
    hw = ps.load_hardware("zcu102")
    million()
    gemm, mask = np.array([(*FC1, 1)]), ps.drawn_mask(384, 1536, block=16, density=0.5, seed=0)
    one = best_s(lambda: [analytic.cycles_per_gemm(gemm, hw.array, [mask]) for _ in range(100)]) / 100
    print(f"fc1 under a 16x16 mask, one call                       {1e6 * one:8.1f} us")
    trace = with_masks(16, 0.5)
    dense = ps.lower(ps.plan("deit_s")).within("encoders")
    for name, masked in (("dense", dense), ("48 masks of 16x16", trace)):
        engine = best_s(lambda masked=masked: ENGINES["analytic"].run(masked, hw), 20)
        whole = best_s(lambda masked=masked: ps.simulate(masked, hw), 20)
        print(f"DeiT-S, {name:18} cycles {1e3 * engine:7.3f} ms   whole simulate() {1e3 * whole:7.3f} ms")
    for dataflow in DATAFLOWS:
        array = hw.array.model_copy(update={"dataflow": dataflow})
        clocks = ps.simulate_gemm(*FC1, dataflow=dataflow).cycles
        for block in (16, 32):
            mean, deviation, error = expected_cycles(*FC1, density=0.5, block=block, array=array, draws=4096)
            share = f"{mean / clocks:.4f} +- {error / clocks:.4f}, spread {deviation / clocks:.4f}"
            print(f"fc1 at density 0.5, {dataflow}, blocks of {block}: {share} of {clocks:,} dense clocks")


if __name__ == "__main__":
    main()
