"""One GEMM on any engine, on one array or several, under a mask or none: clocks, and what a mask leaves."""

from collections.abc import Mapping
from typing import Any

from pivotsim.engines.array.masked_folds import check_mask, fold_table
from pivotsim.engines.array.one_gemm import CLOSED_FORM, gemm_folds
from pivotsim.engines.array.random_masks import DRAWS, expected_cycles
from pivotsim.engines.array.several.sharing import cycles_shared, share_out, shares_of
from pivotsim.engines.registry import array_engines
from pivotsim.errors import InputError, check_real, got
from pivotsim.workload.masks.masks import Mask, drawn_mask
from pivotsim.workload.ops import gemm_array

MAX_EXPECTED_BLOCKS = 2**30  # of all masks behind a mean: about a minute


def run_masked(
    m: int,
    k: int,
    n: int,
    array: Mapping[str, Any],
    engine: str,
    mask: Mask | None,
    *,
    count: int,
    split: str,
    density: float | None,
    block: int | None,
    seed: int | None,
) -> dict[str, Any]:
    """Return the fields of a GemmResult that an engine and a mask decide; arguments as in ``simulate_gemm``, checked.

    Raises
    ------
    InputError
        The mask does not fit, a value of a drawn one is not valid, or the cycles would exceed int64.
    """
    drawn = _drawn_or_none(k, n, density, block, seed, mask)
    mask = check_mask(mask, m, k, n) if drawn is None else drawn
    if mask is not None and mask.count > 1:
        raise InputError(f"mask: must have one copy for one GEMM {got(mask.count)}")
    found = _run(m, k, n, array, engine, mask, count, split)
    if mask is None:
        return found
    macs = mask.macs(m, k, n)
    found |= {"macs": macs, "density": mask.density, "kept_frac": macs / (m * k * n), "block": mask.block}
    found["dense_cycles"] = _run(m, k, n, array, CLOSED_FORM, None, count, split)["cycles"]
    if drawn is not None:
        found |= {"density": check_real("density", density), "seed": seed or 0}
        if count == 1 and DRAWS * drawn.kept.size <= MAX_EXPECTED_BLOCKS:
            mean, deviation, _ = expected_cycles(m, k, n, density=found["density"], block=drawn.block, array=array)
            found |= {"expected_cycles": mean, "spread_cycles": deviation}
    return found


def _run(
    m: int, k: int, n: int, array: Mapping[str, Any], engine: str, mask: Mask | None, count: int, split: str
) -> dict[str, Any]:  # fmt: skip
    """Return clocks and folds; of several arrays also the split that was taken, what each gets, and all their folds."""
    gemm, clocks = gemm_array([(m, k, n, 1)]), array_engines()[engine].cycles_per_gemm
    if count == 1:
        found = {"cycles": int(clocks(gemm, array, (mask,))[0])}
        return found if mask is None else {**found, "executed_folds": len(fold_table(m, k, n, array, mask)[0])}
    (shared,) = share_out(gemm, array, (mask,), count, split)
    size = array["rows"], array["cols"], array["dataflow"]
    folds = sum(p.arrays * gemm_folds(p.m, p.k, p.n, *size) for p in shared.portions)
    executed = folds
    if mask is not None:
        executed = sum(p.arrays * len(fold_table(p.m, p.k, p.n, array, p.mask)[0]) for p in shared.portions)
    cycles = int(cycles_shared([shared], array, clocks)[0])
    told = {"split": shared.split, "shares": shares_of(shared)}
    return {"cycles": cycles, "folds": folds, "executed_folds": executed, **told}


def _drawn_or_none(
    k: int, n: int, density: float | None, block: int | None, seed: int | None, mask: Mask | None
) -> Mask | None:
    """Return the random mask of a bare density, None without one."""
    if density is None:
        alone = [f"{name}: needs density {got(v)}" for name, v in (("block", block), ("seed", seed)) if v is not None]
        if alone:
            raise InputError(alone)
        return None
    if mask is not None:
        raise InputError(f"density: give a mask or a density, not both {got(density)}")
    return drawn_mask(k, n, block=16 if block is None else block, density=density, seed=0 if seed is None else seed)
