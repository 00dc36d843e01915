"""Shares of the wave model's tile shapes from a recorded staircase.

Under ``tile_choice: least_work`` which shape a product gets does not depend on the shapes' efficiencies, so that the
latency of a token count is a sum over shapes s of W_s(n) / efficiency_s, with W_s the time of the shape's waves at the
peak. The efficiencies, at most 1 each, are those of the least sum of squared relative errors: 1 / efficiency_s - 1 is
not negative, by the active-set method of Lawson and Hanson (Solving Least Squares Problems, 1974, chapter 23).
"""

from typing import NamedTuple

import numpy as np

from pivotsim.engines.gpu_wave import ATTENTION_MODULES, kernel_ops, launches
from pivotsim.errors import InputError, got
from pivotsim.hardware.kinds.gpu import GpuSpec
from pivotsim.hardware.kinds.tiles import TileShape
from pivotsim.pruning.staircase import Staircase
from pivotsim.pruning.token_plans import at_tokens
from pivotsim.units import FloatArray, us_to_ms
from pivotsim.workload.lowering.plan import lower
from pivotsim.workload.ops import Trace
from pivotsim.workload.plans import Plan

PATH = "kernel.tiles"
MOST_ROUNDS = 1000  # far above the few that a dozen shapes take


class TileFit(NamedTuple):
    """A fitted GPU; the root mean square of the relative errors; shapes that no product got, whose shares stay."""

    gpu: GpuSpec
    error_frac: float
    unused: tuple[str, ...]


def fit_tiles(gpu: GpuSpec, plan: Plan, recorded: Staircase, batch: int = 1) -> TileFit:
    """Return the GPU whose shapes' efficiencies come nearest to a recorded staircase.

    Parameters
    ----------
    gpu : GpuSpec
        With ``kernel.tiles``, ``tile_choice: least_work`` and no floor; its ``wave_us`` stays.
    plan : Plan
        A whole plan, the one that was recorded.
    recorded : Staircase
        Latencies in ms with all blocks at n tokens, as ``staircase_of`` returns them; NaN is left out.
    batch : int

    Returns
    -------
    TileFit

    Raises
    ------
    InputError
        The GPU is not of that kind, or there are fewer latencies than efficiencies.

    Examples
    --------
    What the model itself says is found again:

    >>> from pivotsim.hardware.kinds.gpu import load_gpu
    >>> from pivotsim.pruning.devices.gpu_wave import GpuWave
    >>> from pivotsim.pruning.staircase import staircase_of
    >>> from pivotsim.workload.plans import plan
    >>> true = load_gpu("gpu/tx2_tiles")
    >>> start = true.replace({"kernel.tiles": ["128x128", "128x64", "64x64", "256x128"], "sm.efficiency_frac": 0.5})
    >>> found = fit_tiles(start, plan("deit_s"), staircase_of(plan("deit_s"), GpuWave(true)))
    >>> found.gpu.kernel.tiles, f"{found.gpu.sm.efficiency_frac:.4f}"
    (('128x128', '128x64 at 0.9', '64x64 at 0.8', '256x128'), '0.6376')
    """
    _check(gpu)
    known = ~np.isnan(recorded.latency_ms)
    tokens, latency = recorded.tokens[known], recorded.latency_ms[known]
    shapes = gpu.kernel.shapes
    peak = gpu.replace({"sm.efficiency_frac": 1.0, PATH: [str(TileShape(*s[:2])) for s in shapes]})
    rows, fixed = zip(*(_at_peak(lower(at_tokens(plan, n), batch), peak) for n in tokens.tolist()), strict=True)
    work = np.array(rows)
    used = np.any(work, axis=0).reshape(-1)
    if len(tokens) < used.sum():
        raise InputError(f"recorded: fewer latencies than the {used.sum()} efficiencies to fit {got(len(tokens))}")
    scaled = work[:, used] / latency[:, None]
    target = 1 - np.array(fixed) / latency
    slower = 1 + not_negative(scaled, target - scaled.sum(axis=1))
    error = float(np.sqrt(np.mean((scaled @ slower - target) ** 2)))
    efficiency = np.full(len(shapes) + 1, np.nan)
    efficiency[used] = 1 / slower
    base = float(efficiency[-1]) if used[-1] else gpu.sm.efficiency_frac
    shares = [
        shape.efficiency_frac if np.isnan(e) else float(e) / base for shape, e in zip(shapes, efficiency, strict=False)
    ]
    fitted = [TileShape(*s[:2], float(f"{share:.6g}")) for s, share in zip(shapes, shares, strict=True)]
    source = f"[calibrated] on {len(tokens)} recorded latencies, off by {100 * error:.2g} % of each: not validated"
    changed = gpu.replace({PATH: [str(s) for s in fitted], "sm.efficiency_frac": base})
    sources = {**changed.sources, PATH: source, "sm.efficiency_frac": source}
    unused = tuple(str(s) for s, is_used in zip(shapes, used, strict=False) if not is_used)
    return TileFit(changed.model_copy(update={"sources": sources}), error, unused)


def _check(gpu: GpuSpec) -> None:
    if not gpu.kernel.tiles or gpu.kernel.tile_choice != "least_work":
        raise InputError(f"{PATH}: a fit needs shapes, chosen by tile_choice least_work {got(gpu.kernel.tile_choice)}")
    if gpu.overhead.encoder_floor_us:
        raise InputError(f"overhead.encoder_floor_us: a fit needs none {got(gpu.overhead.encoder_floor_us)}")


def _at_peak(trace: Trace, gpu: GpuSpec) -> tuple[FloatArray, float]:
    """Return the time of each shape's waves at the peak, attention's last, float64 (shapes + 1,); and of all starts."""
    kernels = kernel_ops(trace.within("encoders"))
    run = launches(kernels, gpu)
    starts = run.waves * us_to_ms(gpu.kernel.wave_us)
    is_attention = np.array([op.module in ATTENTION_MODULES for op in kernels])
    place = np.where(is_attention, len(gpu.kernel.tiles), run.shape)
    sums = np.bincount(place, weights=run.time_ms - starts, minlength=len(gpu.kernel.tiles) + 1)
    return sums.astype(np.float64), float(starts.sum())


def not_negative(matrix: FloatArray, target: FloatArray) -> FloatArray:
    """Return x, none negative, of the least |matrix x - target|, float64 (columns,).

    >>> not_negative(np.array([[1.0, 0.0], [0.0, 1.0]]), np.array([2.0, -1.0])).tolist()
    [2.0, 0.0]
    """
    columns = matrix.shape[1]
    x, free = np.zeros(columns), np.zeros(columns, dtype=bool)
    tolerance = 1e-12 * max(float(np.abs(matrix.T @ target).max(initial=0.0)), 1e-300)
    for _ in range(MOST_ROUNDS):
        gradient = matrix.T @ (target - matrix @ x)
        gradient[free] = -np.inf
        if not columns or gradient.max() <= tolerance:
            break
        free[int(np.argmax(gradient))] = True
        while True:
            step = np.zeros(columns)
            step[free] = np.linalg.lstsq(matrix[:, free], target, rcond=None)[0]
            falls = free & (step <= 0)
            if not falls.any():
                break
            reach = np.full(columns, np.inf)
            reach[falls] = x[falls] / (x[falls] - step[falls])
            x = x + reach.min() * (step - x)
            free &= reach > reach.min()
            x[~free] = 0.0
        x = step
    return x
