"""Block columns on lanes, least, median, most and peak memory: python -m tests.benchmarks.bench_mpca."""

import numpy as np

import pivotsim as ps
from pivotsim.engines.mpca.lanes import sbmm_cycles
from pivotsim.hardware.kinds.mpca import BALANCES
from pivotsim.workload.masks.masks import drawn_mask
from tests.benchmarks.timing import timed

REPEATS = 9
MASKS = 1_000_000
WEIGHTS = ("qkv", "proj", "fc1", "fc2")


def sparse(trace, density, block):
    """The trace with a mask on every GEMM of weights."""
    ops, masks = [], {}
    for op in trace:
        if op.kind == "gemm" and op.module in WEIGHTS:
            key = f"{op.encoder} {op.module}"
            masks["", key] = drawn_mask(op.k, op.n, block=block, density=density, seed=len(masks))
            op = op._replace(mask_key=key)
        ops.append(op)
    return ps.Trace(tuple(ops), trace.name, masks)


def main():
    hw, dense = ps.load_hardware("u250_mpca"), ps.lower(ps.plan("deit_s"))
    for name, trace in (("dense", ps.plan("deit_s")), ("half of the blocks", sparse(dense, 0.5, 16))):
        cycles = ps.simulate(trace, hw).pl_cycles
        spent_ms = timed(lambda t=trace: ps.simulate(t, hw), REPEATS).times(1e3)
        print(f"DeiT-S, {name:<20} {spent_ms:ms}   {cycles:,} clocks")
    counts = np.random.default_rng(1).binomial(24, 0.5, (MASKS, 24))
    for balance in BALANCES:
        mpca = hw.replace({"mpca.balance": balance}).mpca
        spent = timed(lambda mpca=mpca: sbmm_cycles(counts, 197, 16, mpca))
        print(f"{MASKS:,} masks of 24 columns, {balance:<10} {spent:s}")


if __name__ == "__main__":
    main()
