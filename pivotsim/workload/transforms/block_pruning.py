"""Block pruning: weight matrices of which b x b blocks are left out (Parikh et al., FCCM 2024, section on algorithm).

Masks are drawn at a density, or given; block_masks.py turns what is given into masks.
"""

import hashlib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from pivotsim.errors import InputError, check_integer, got, nearest
from pivotsim.tables import encoder_lines
from pivotsim.workload.masks.masks import Mask, check_block, drawn_mask
from pivotsim.workload.plans import ATTENTION_WEIGHTS, EncoderPlan, Plan, check_plan
from pivotsim.workload.transforms.block_masks import given_masks
from pivotsim.workload.transforms.common import changed, check_keep_rate

GROUPS = {"msa": ATTENTION_WEIGHTS, "mlp": ("fc1", "gate", "value", "fc2")}  # what one density may be stated for
Drawn = dict[str, float]  # label -> density


def prune_blocks(
    plan: Plan,
    *,
    block: int,
    density: float | Mapping[str, float] | None = None,
    seed: int = 0,
    masks: Mapping[str, Any] | str | Path | None = None,
) -> Plan:
    """Return the plan with blocks of its weight matrices left out.

    Parameters
    ----------
    plan : Plan
    block : int
        Rows and columns of a block; those at the right and lower edge are cut.
    density : float or mapping, optional
        Kept share of the blocks in (0, 1], for all matrices or by ``msa``, ``mlp`` or label (``qkv``, ``proj``,
        ``fc1``, ...). The kept blocks are drawn (``drawn_mask``), with a seed of its own for each encoder and label.
    seed : int
        Seed of the draws.
    masks : mapping or path, optional
        Instead of ``density``: {label or "encoder.label": bool array or Mask}, ``encoder.label`` going before
        ``label``; or an .npz file of such arrays, also the one that ``write_trace`` puts beside a trace, or a CSV file
        (key,row,col) of kept blocks. Arrays are of ceil(K / b) x ceil(N / b)
        blocks, or of K x N elements, equal within each block. Where Q, K and V are one matrix, ``q``, ``k`` and ``v``
        are joined.

    Returns
    -------
    Plan
        With masks of its weights.

    Raises
    ------
    InputError
        Density and masks together or neither, a label or an encoder that the plan does not have, a density outside
        (0, 1], a block larger than a side of a matrix, a mask of another shape or type, one that keeps nothing, or a
        matrix that has a mask already. All of them are told at once.

    Examples
    --------
    >>> import pivotsim as ps
    >>> half = ps.lower(ps.prune_blocks(ps.plan("deit_s"), block=16, density=0.5))
    >>> [half.macs_of(op) / op.dense_macs for op in half if op.encoder == 1 and op.module in ("qkv", "fc2")]
    [0.5, 0.5]
    """
    check_plan(plan)
    check_integer("block", block, 1)
    if (density is None) == (masks is None):
        raise InputError(f"prune_blocks: give density or masks{'' if masks is None else ', not both'}")
    problems: list[str] = []
    if masks is not None:
        if seed != 0:
            problems.append(f"seed: nothing is drawn where masks are given {got(seed)}")
        found = given_masks(plan, masks, block, problems)
    else:
        found = _drawn_masks(plan, density, block, check_integer("seed", seed, 0), problems)
    problems += encoder_lines(
        (e.encoder, f"{label}: has a mask already")
        for e in plan.encoders
        for label in found.get(e.encoder, {})
        if label in e.weight_masks
    )
    if problems:
        raise InputError(dict.fromkeys(problems))
    return changed(
        plan, {i: {"weight_masks": {**plan.encoders[i - 1].weight_masks, **new}} for i, new in found.items() if new}
    )


def seed_of(seed: int, encoder: int, label: str) -> int:
    """Return the seed of one draw: 32 bits of a hash, so that draws are alike on every machine and in every order.

    >>> seed_of(0, 1, "qkv") == seed_of(0, 1, "qkv") != seed_of(0, 2, "qkv")
    True
    """
    return int.from_bytes(hashlib.sha256(f"{seed} {encoder} {label}".encode()).digest()[:4], "big")


def _drawn_masks(plan: Plan, density: Any, block: int, seed: int, problems: list[str]) -> dict[int, dict[str, Mask]]:
    shares = _shares(plan, density, problems)
    found: dict[int, dict[str, Mask]] = {}
    for encoder in plan.encoders:
        found[encoder.encoder] = {}
        for label, (height, width) in plan.weight_sizes(encoder).items():
            if label not in shares:
                continue
            try:
                mask = _drawn(encoder, label, height, width, block, shares[label], seed)
                found[encoder.encoder][label] = mask
            except InputError as error:
                problems += [f"{label}: {problem}" for problem in error.problems]
    return found


def _drawn(encoder: EncoderPlan, label: str, height: int, width: int, block: int, share: float, seed: int) -> Mask:
    check_block(block, height, width)
    own_seed = seed_of(seed, encoder.encoder, label)
    mask = drawn_mask(height, width, block=block, density=share, seed=own_seed)
    if not mask.kept_blocks[0]:
        raise InputError(f"density: keeps none of {mask.kept.size} blocks, the layer would vanish {got(share)}")
    return mask


def _shares(plan: Plan, density: Any, problems: list[str]) -> Drawn:
    """Return {label: density} from one number, or from one per group or label."""
    if isinstance(density, Mapping) and not density:
        raise InputError(f"density: must be a share, or map labels to shares {got(density)}")
    labels = list(dict.fromkeys(label for e in plan.encoders for label in plan.weight_sizes(e)))
    stated = density.items() if isinstance(density, Mapping) else [("", density)]
    shares: Drawn = {}
    for key, value in stated:
        name = f"density: {key}" if key else "density"
        try:
            share = check_keep_rate(name, value)
        except InputError as error:
            problems += error.problems
            continue
        chosen = list(_labels(key, labels))
        if not chosen:
            problems.append(f"density: unknown label {got(key)}{nearest(key, (*labels, *GROUPS))}")
        problems += [f"density: {label}: stated twice" for label in chosen if label in shares]
        shares |= dict.fromkeys(chosen, share)
    return shares


def _labels(key: object, labels: list[str]) -> Iterator[str]:
    for label in labels:
        if key in ("", label) or label in GROUPS.get(str(key), ()):
            yield label
