"""Checks of operations and traces, by themselves and beside their masks."""

from typing import Any

from pivotsim.errors import InputError, check_choice, check_integer, check_real, got
from pivotsim.units import INT64_MAX
from pivotsim.workload.masks.masks import Mask, draw_of
from pivotsim.workload.ops import KINDS, TRACE_MODULES, Op, Trace, mask_name
from pivotsim.workload.sizes import MAX_BITS

MAX_LAYER_CHARACTERS = 200
DENSITY_PLACES = 0.01  # how far a stated density may lie from that of the mask beside it
BOUNDS = {  # field of Op: (least, most)
    "encoder": (0, 4096), "m": (1, INT64_MAX), "k": (1, INT64_MAX), "n": (1, INT64_MAX), "repeats": (1, INT64_MAX),
    **dict.fromkeys(("a_bits", "w_bits", "out_bits"), (1, MAX_BITS)),
}  # fmt: skip


def check_op(op: Op) -> Op:
    """Return an operation with plain Python numbers, or raise InputError for a value that does not fit."""
    check_choice("module", op.module, TRACE_MODULES)
    check_choice("kind", op.kind, KINDS)
    numbers: dict[str, Any] = {
        field: check_integer(field, getattr(op, field), *bounds) for field, bounds in BOUNDS.items()
    }
    density = check_real("density", op.density)
    if not 0 <= density <= 1:
        raise InputError(f"density: must lie in 0 to 1 {got(density)}")
    if op.kind != "gemm" and op.k != 1:
        raise InputError(f"k: must be 1 for kind '{op.kind}' {got(op.k)}")
    if (op.mask_file or op.mask_key) and op.kind != "gemm":
        raise InputError(f"mask_key: only operations of kind 'gemm' have masks {got(op.mask_key or op.mask_file)}")
    return op._replace(density=density, layer=check_layer(op.layer), **numbers)


def check_layer(name: object) -> str:
    """Return the name of a layer, or raise InputError for what is no text, too long or not printable."""
    if not isinstance(name, str):
        raise InputError(f"layer: must be text {got(name)}")
    if len(name) > MAX_LAYER_CHARACTERS or not name.isprintable():
        raise InputError(f"layer: must be at most {MAX_LAYER_CHARACTERS} printable characters {got(name)}")
    return name if name.strip() else ""


def checked(trace: Trace) -> Trace:
    """Return a trace of checked operations; for traces that were neither lowered nor read from a file.

    Raises
    ------
    InputError
        One line per operation that does not fit.
    """
    if not isinstance(trace.ops, (tuple, list)):
        raise InputError(f"trace: ops must be a tuple of Op {got(trace.ops)}")
    ops, problems = [], []
    masks: dict[tuple[str, str], Mask] = {}
    for number, op in enumerate(trace.ops, start=1):
        try:
            if not isinstance(op, Op):
                raise InputError(f"must be an Op {got(op)}")
            plain = check_op(op)
            mask = trace.mask_of(plain)
            ops.append(with_mask(plain, mask))
            if mask is not None:
                masks[mask_name(ops[-1])] = mask
        except InputError as error:
            problems.append(f"{trace.name}: operation {number}: {error}")
    if problems:
        raise InputError(problems)
    return Trace(tuple(ops), trace.name, masks, trace.model, trace.notes, trace.places)


def with_mask(op: Op, mask: Mask | None) -> Op:
    """Return an operation with its mask's density, or raise InputError where the two do not fit each other."""
    if mask is None and (op.mask_file or op.mask_key):
        raise InputError(f"mask_key: the trace holds no such mask {got((op.mask_file, op.mask_key))}")
    if mask is None and op.kind == "gemm" and op.density != 1:
        raise InputError(f"density: a GEMM needs a mask, or mask_key 'block=16,seed=0' to draw one {got(op.density)}")
    if mask is None:
        return op
    if not mask.matches(op.m, op.k, op.n):
        size = f"{mask.height}x{mask.width}, operand '{mask.operand}' of {op.m}x{op.k}x{op.n}"
        raise InputError(f"mask_key: the mask does not fit the GEMM {got(size)}")
    if mask.draw is not None and not op.mask_file and draw_of(op.mask_key, op.density) is not None:
        return op  # the density that it was drawn with
    if op.density != 1 and abs(op.density - mask.density) > DENSITY_PLACES:
        raise InputError(f"density: the mask keeps {mask.density:.4g}; state that, or 1 {got(op.density)}")
    return op._replace(density=mask.density)
