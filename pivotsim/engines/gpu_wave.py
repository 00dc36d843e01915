"""Engine of the GPU wave model: a GEMM takes as many whole waves of equal tiles as its tiles fill, at least in part.

    tiles = repeats * ceil(m / Tm) * ceil(n / Tn)          waves = ceil(tiles / (SMs * tiles per SM))
    time  = waves * (wave_us + k * Tm * Tn * tiles per SM / (MACs per us of an SM * the shape's share))
    encoder = max(floor, sum of its GEMMs)

A wave that is full in part costs as much as a full one (tail effect; Eliopoulos et al., section 2.2). The paper
measures instead of predicting, because libraries change kernels with the size: this is a qualitative predictor of step
edges, good at large workloads. Softmax, GELU, LayerNorm and memory traffic are left out. Gate and value of a SwiGLU MLP
run as one GEMM, as released definitions have them.

A file may list several shapes (``kernel.tiles``), as libraries have several kernels. Where the fastest is taken, fewer
tokens never take longer: each shape's time does not fall with the tokens, so the least of them does not. The paper saw
the latency rise with fewer tokens on the TX2 (section 3.1): only a choice that misjudges shapes does that, such as
``tile_choice: least_work``.
"""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from pivotsim.errors import InputError, got
from pivotsim.hardware.kinds.gpu import GpuSpec
from pivotsim.units import INT64_MAX, FloatArray, IntArray, us_to_ms
from pivotsim.workload.ops import Op, Trace

ATTENTION_MODULES = ("qkt", "sv")
_SIZES = ("m", "n", "k", "repeats")


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


class Launches(NamedTuple):
    """How each GEMM runs: the place of its tile's shape in ``kernel.shapes``, its waves, and its milliseconds.

    int64 (G,), int64 (G,) and float64 (G,). Products of attention have ``attention_tile`` whatever the place says.
    """

    shape: IntArray
    waves: IntArray
    time_ms: FloatArray


def launches(kernels: list[Op], gpu: GpuSpec) -> Launches:
    """Return how each GEMM runs; raise InputError where tiles would exceed int64.

    Of several shapes the fastest is taken, or with ``tile_choice: least_work`` the one whose waves hold the fewest
    elements, padding counted; of equals the one that is listed first.
    """
    most = max((op.m * op.n * op.repeats for op in kernels), default=0)
    if most > INT64_MAX:
        raise InputError(f"gemm: sizes too large, the tiles could exceed int64 {got(most)}")
    m, n, k, repeats = (np.array([getattr(op, size) for op in kernels], dtype=np.int64) for size in _SIZES)
    is_attention = np.array([op.module in ATTENTION_MODULES for op in kernels], dtype=bool)
    kernel, waves, padded, own = gpu.kernel, [], [], []
    for shape in kernel.shapes:
        rows, cols = (np.where(is_attention, kernel.attention_tile, side) for side in shape[:2])
        efficiency = np.where(is_attention, 1.0, shape.efficiency_frac)
        waves.append(-(-(repeats * -(-m // rows) * -(-n // cols)) // gpu.tile_slots))
        full_ms = k.astype(np.float64) * (rows * cols * kernel.tiles_per_sm) / gpu.macs_per_ms_of_sm
        padded.append(waves[-1] * (rows * cols))
        own.append(waves[-1] * (us_to_ms(kernel.wave_us) + full_ms / efficiency))
    judged: list[Any] = padded if kernel.tile_choice == "least_work" else own
    chosen: IntArray = np.argmin(judged, axis=0)
    here = np.arange(len(kernels))
    return Launches(chosen, np.array(waves)[chosen, here], np.array(own)[chosen, here])


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

    >>> from pivotsim.hardware.kinds.gpu import load_gpu
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
    sums = np.bincount(places, weights=launches(kernels, gpu).time_ms).astype(np.float64)
    factor = 1 + gpu.overhead.scoring_frac * np.asarray(scored, dtype=np.float64)
    return np.maximum(sums * factor, us_to_ms(gpu.overhead.encoder_floor_us))
