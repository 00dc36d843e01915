"""Engine of the GPU wave model: a GEMM takes as many whole waves of equal tiles as its tiles fill, at least in part.

    tiles = repeats * ceil(m / Tm) * ceil(n / Tn)          waves = ceil(tiles / (SMs * tiles per SM))
    time  = waves * (wave_us + k * Tm * Tn * tiles per SM / MACs per us of an SM)
    encoder = max(floor, sum of its GEMMs)

A wave that is full in part costs as much as a full one (tail effect; Eliopoulos et al., section 2.2). The paper
measures instead of predicting, because libraries change kernels with the size: this is a qualitative predictor of step
edges, good at large workloads. Softmax, GELU, LayerNorm and memory traffic are left out. Gate and value of a SwiGLU MLP
run as one GEMM, as released definitions have them.
"""

from collections.abc import Sequence

import numpy as np

from pivotsim.errors import InputError, got
from pivotsim.hardware.gpu import GpuSpec
from pivotsim.units import INT64_MAX, FloatArray, IntArray, us_to_ms
from pivotsim.workload.ops import Op, Trace

ATTENTION_MODULES = ("qkt", "sv")


def kernel_ops(trace: Trace) -> list[Op]:
    """Return the GEMMs as a GPU runs them: gate and value of one encoder as one."""
    kernels: list[Op] = []
    for op in trace:
        if op.kind != "gemm":
            continue
        if op.module == "value" and kernels and kernels[-1].module == "gate":
            kernels[-1] = kernels[-1]._replace(n=kernels[-1].n + op.n)
        else:
            kernels.append(op)
    return kernels


def wave_counts(kernels: list[Op], gpu: GpuSpec) -> IntArray:
    """Return the waves of each GEMM, int64 (G,); raise InputError where tiles would exceed int64."""
    tile_rows, tile_cols = _tile_sizes(kernels, gpu)
    m, n, repeats = (np.array([getattr(op, size) for op in kernels], dtype=np.int64) for size in ("m", "n", "repeats"))
    most = max((op.m * op.n * op.repeats for op in kernels), default=0)
    if most > INT64_MAX:
        raise InputError(f"gemm: sizes too large, the tiles could exceed int64 {got(most)}")
    tiles = repeats * -(-m // tile_rows) * -(-n // tile_cols)
    waves: IntArray = -(-tiles // gpu.tile_slots)
    return waves


def kernel_times_ms(kernels: list[Op], gpu: GpuSpec) -> FloatArray:
    """Return the milliseconds of each GEMM, float64 (G,)."""
    tile_rows, tile_cols = _tile_sizes(kernels, gpu)
    k = np.array([op.k for op in kernels], dtype=np.float64)
    full_ms = k * (tile_rows * tile_cols * gpu.kernel.tiles_per_sm) / gpu.macs_per_ms_of_sm
    times: FloatArray = wave_counts(kernels, gpu) * (us_to_ms(gpu.kernel.wave_us) + full_ms)
    return times


def encoder_times_ms(trace: Trace, gpu: GpuSpec, *, scored: bool | Sequence[bool] = False) -> FloatArray:
    """Return the milliseconds of each encoder, float64 (E,); entry 0 is encoder 1.

    Parameters
    ----------
    trace : Trace
        What is outside the encoders is left out.
    gpu : GpuSpec
    scored : bool or sequence of bool
        Every block, or each of those marked, computes scores: ``overhead.scoring_frac`` more in it. The released code
        of Eliopoulos et al. scores in every block.

    Examples
    --------
    One token more than 72, at batch 16, starts the next wave on an A100:

    >>> from pivotsim.hardware.gpu import load_gpu
    >>> from pivotsim.pruning.token_plans import at_tokens
    >>> import pivotsim as ps
    >>> plan, gpu = ps.plan("dinov2_g"), load_gpu("gpu/a100")
    >>> last, next_ = (encoder_times_ms(ps.lower(at_tokens(plan, n), 16), gpu)[0] for n in (72, 73))
    >>> print(f"{100 * (next_ / last - 1):.1f} %")
    36.1 %
    """
    if any(mask is not None for mask in trace.gemm_masks):
        raise InputError(f"{trace.name}: the GPU wave model runs dense operations only")
    kernels = kernel_ops(trace.within("encoders"))
    places = np.array([op.encoder for op in kernels], dtype=np.int64) - 1
    sums = np.bincount(places, weights=kernel_times_ms(kernels, gpu)).astype(np.float64)
    factor = 1 + gpu.overhead.scoring_frac * np.asarray(scored, dtype=np.float64)
    return np.maximum(sums * factor, us_to_ms(gpu.overhead.encoder_floor_us))


def _tile_sizes(kernels: list[Op], gpu: GpuSpec) -> tuple[IntArray, IntArray]:
    """Return the rows and columns of each GEMM's tiles."""
    kernel = gpu.kernel
    linear, attention = (kernel.tile_rows, kernel.tile_cols), (kernel.attention_tile,) * 2
    sizes = np.array([attention if op.module in ATTENTION_MODULES else linear for op in kernels], dtype=np.int64)
    return sizes.reshape(-1, 2)[:, 0], sizes.reshape(-1, 2)[:, 1]
