"""Given block masks: arrays or files, by label or encoder and label, fitted to a plan's weight matrices."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from pivotsim.errors import InputError, got, got_shape, nearest
from pivotsim.workload.masks.files import KeptBlocks, StoredMask, read_flags
from pivotsim.workload.masks.masks import Flags, Mask, as_flags, check_block
from pivotsim.workload.plans import ATTENTION_WEIGHTS, Plan

PARTS = ("q", "k", "v")  # joined where a plan has them as one matrix
_KEY = re.compile(r"(?:([0-9]{1,4})\.)?([a-z0-9]+)")


def given_masks(plan: Plan, masks: object, block: int, problems: list[str]) -> dict[int, dict[str, Mask]]:
    """Return {encoder: {label: mask}}; what is wrong is added to ``problems``."""
    source = ""
    if isinstance(masks, (str, Path)):
        source, masks = f"{masks}: ", read_flags(masks, "b")
    if not isinstance(masks, Mapping) or not masks:
        raise InputError(f"masks: must map labels to arrays, or be a path {got(masks)}")
    _check_keys(plan, masks, source, problems)
    found: dict[int, dict[str, Mask]] = {}
    for e in plan.encoders:
        found[e.encoder] = {}
        for label, (height, width) in plan.weight_sizes(e).items():
            try:
                flags = _flags(masks, e.encoder, label, (height, width), block, source)
                if flags is not None:
                    origin = source.removesuffix(": ") or "given"
                    found[e.encoder][label] = Mask("b", height, width, block, flags, origin)
            except InputError as error:
                problems += error.problems
    return found


def _check_keys(plan: Plan, masks: Mapping[Any, Any], source: str, problems: list[str]) -> None:
    """Note each key that names no weight matrix of the plan."""
    everywhere = {label for e in plan.encoders for label in plan.weight_sizes(e)}
    everywhere |= set(PARTS) if "qkv" in everywhere else set()
    for key in masks:
        match = _KEY.fullmatch(key) if isinstance(key, str) else None
        number, label = (match[1], match[2]) if match else (None, str(key))
        if number is not None and not 1 <= int(number) <= len(plan.encoders):
            problems.append(f"{source}{key}: {plan.model.name} has encoders 1 to {len(plan.encoders)}")
        elif number is not None and label in ATTENTION_WEIGHTS and int(number) not in plan.active:
            problems.append(f"{source}{key}: the attention of encoder {number} is skipped")
        elif label not in everywhere:
            named = got(key) if key else "(got an array without a name)"  # of an .npy file
            problems.append(f"{source}masks: unknown label {named}{nearest(label, everywhere)}")


def _flags(
    masks: Mapping[str, Any], encoder: int, label: str, size: tuple[int, int], block: int, source: str
) -> Flags | None:
    """Return the block flags of one matrix, None where nothing is said of it."""
    key = next((k for k in (f"{encoder}.{label}", label) if k in masks), None)
    parts = [next((k for k in (f"{encoder}.{p}", p) if k in masks), None) for p in PARTS] if label == "qkv" else []
    if not any(parts):
        return None if key is None else _fitted(f"{source}{key}", masks[key], size, block)
    if key is not None:
        raise InputError(f"{source}{key}: stated twice, as {key} and as {', '.join(p for p in parts if p)}")
    width = size[1] // len(PARTS)
    missing = [part for part, found in zip(PARTS, parts, strict=True) if found is None]
    if missing:
        raise InputError(f"{source}qkv: {', '.join(missing)} of q, k, v is missing; the plan has them as one matrix")
    if width % block:
        problem = f"q, k and v of {width} columns do not join in blocks; give qkv, or plan with qkv='separate'"
        raise InputError(f"{source}block: {problem} {got(block)}")
    each = [_fitted(f"{source}{part}", masks[str(part)], (size[0], width), block) for part in parts]
    return np.hstack(each)


def _fitted(place: str, value: Any, size: tuple[int, int], block: int) -> Flags:
    """Return the flags of the blocks of a matrix from those of its blocks or of its elements."""
    height, width = size
    try:
        check_block(block, height, width)
    except InputError as error:
        raise InputError(f"{place}: {error}") from None
    grid = (-(-height // block), -(-width // block))
    if isinstance(value, (Mask, StoredMask)):
        value = _of_mask(place, value, size, block)
    array = value.flags(*grid) if isinstance(value, KeptBlocks) else as_flags(place, value)
    if array.shape == size:
        array = _of_elements(place, array, block)
    if array.shape != grid:
        wanted = f"{grid[0]}x{grid[1]} blocks of {block}, or {height}x{width} elements"
        raise InputError(f"{place}: must have {wanted} {got_shape(array.shape)}")
    if not array.any():
        raise InputError(f"{place}: keeps nothing, the layer would vanish")
    return array


def _of_mask(place: str, mask: Mask | StoredMask, size: tuple[int, int], block: int) -> Flags:
    """Return the blocks of a mask, which must be one of such a matrix in such blocks."""
    if mask.operand != "b":
        raise InputError(f"{place}: must be a mask of operand b, the weights {got(mask.operand)}")
    if mask.block != block:
        raise InputError(f"{place}: is a mask of blocks of {mask.block}; the block asked for must be that {got(block)}")
    if isinstance(mask, Mask) and (mask.height, mask.width) != size:
        wanted = f"must be a mask of {size[0]}x{size[1]} elements"
        raise InputError(f"{place}: {wanted} {got(f'{mask.height}x{mask.width}')}")
    if mask.kept.ndim == 3 and len(mask.kept) != 1:
        raise InputError(f"{place}: must have one copy {got(len(mask.kept))}")
    return mask.kept.reshape(mask.kept.shape[-2:])


def _of_elements(place: str, elements: Flags, block: int) -> Flags:
    """Return which blocks an element mask keeps; it must not cut through one."""
    height, width = elements.shape
    first = elements[::block, ::block]
    whole = first.repeat(block, axis=0)[:height].repeat(block, axis=1)[:, :width]
    if (whole != elements).any():
        row, col = (int(v[0]) // block for v in np.nonzero(whole != elements))
        raise InputError(f"{place}: keeps block ({row}, {col}) in part; use block 1 for elements")
    return np.asarray(first, dtype=np.bool_)
