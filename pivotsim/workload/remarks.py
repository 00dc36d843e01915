"""Notes on what a run makes of its workload: operations out of its scope, shares that masks keep, narrow operands."""

from collections.abc import Iterable

from pivotsim.workload.masks.masks import Mask, share_text
from pivotsim.workload.ops import Op, Trace

ENCODER_MODULES = frozenset(("qkv", "q", "k", "v", "qkt", "sv", "proj", "fc1", "fc2", "gate", "value", "softmax"))
_OPERANDS = {"b": "weights", "out": "scores", "a": "left operands"}
MAX_NAMED = 4  # modules and origins that a note names


def workload_notes(whole: Trace, scope: str, operand_bits: int, packs: bool = True) -> tuple[str, ...]:
    """Return the notes on a workload: what its scope leaves out, what its masks keep, and operands that are narrower.

    Parameters
    ----------
    whole : Trace
        All operations, in and out of scope.
    scope : str
        ``encoders`` or ``all``.
    operand_bits : int
        Width of the operands that the hardware multiplies, bit.
    packs : bool
        Narrower operands move as the bits that they have.

    Returns
    -------
    tuple of str

    Examples
    --------
    >>> import pivotsim as ps
    >>> trace = ps.lower(ps.prune_blocks(ps.plan("deit_s"), block=16, density={"fc1": 0.5}))
    >>> for note in workload_notes(trace, "encoders", 8):
    ...     print(note)
    scope: 'encoders' leaves out patch_embed, requant, head (58.2 million MACs); scope 'all' charges them
    masks of weights: 12, each keeps 0.5 of the elements (fc1; drawn)
    """
    return (*plan_scope_notes(whole, scope), *workload_remarks(whole, scope, operand_bits, packs))


def workload_remarks(
    whole: Trace, scope: str, operand_bits: int, packs: bool = True, batch: int = 1
) -> tuple[str, ...]:  # fmt: skip
    """Return those of the notes on a workload that belong beside the totals: all but what a plan's scope leaves out."""
    trace = whole.within(scope)
    return (
        *whole.notes,
        *_out_of_trace(whole, trace, scope),
        *_images(trace, batch),
        *_kept_shares(trace),
        *_narrow_operands(trace, operand_bits, packs),
    )


def _images(trace: Trace, batch: int) -> Iterable[str]:
    """Yield how a trace is read whose rows cannot be those of so many images."""
    odd = next((op for op in trace if op.m * op.repeats % batch), None) if trace.model is None else None
    if odd is not None:
        yield (
            f"batch: the trace is read as the operations of {batch} images together, and the {odd.m * odd.repeats:,} "
            f"rows of {odd.module} (encoder {odd.encoder}) do not divide by {batch}"
        )


def plan_scope_notes(whole: Trace, scope: str) -> tuple[str, ...]:
    """Return what a scope leaves out of a plan, whose efforts leave out the same."""
    outside = _outside(whole, scope)
    if whole.model is None or not outside:
        return ()
    macs, names = sum(map(whole.macs_of, outside)), _names(op.module for op in outside)
    left = f"{macs / 1e6:.1f} million" if macs >= 100_000 else f"{macs:,}"
    return (f"scope: '{scope}' leaves out {names} ({left} MACs); scope 'all' charges them",)


def _outside(whole: Trace, scope: str) -> list[Op]:
    return [] if scope == "all" else [op for op in whole if op.encoder == 0]


def _out_of_trace(whole: Trace, trace: Trace, scope: str) -> Iterable[str]:
    """Yield what a scope leaves out, with its share; where a trace counts its encoders from 0, how they are counted."""
    outside = _outside(whole, scope)
    if whole.model is not None or not outside:
        return
    macs, names = sum(map(whole.macs_of, outside)), _names(op.module for op in outside)
    share = f"{100 * macs / whole.macs:.1f} % of the MACs" if macs else "no MACs"
    inner = [op for op in outside if op.module in ENCODER_MODULES]
    numbering = "; encoder 0 is outside the encoders: number them from 1" if inner else ""
    yield (
        f"scope: '{scope}' leaves out {len(outside)} of {len(whole)} operations "
        f"({share}: {names}); scope 'all' charges them{numbering}"
    )


def _kept_shares(trace: Trace) -> Iterable[str]:
    """Yield the share of the elements that masks keep, for weights and scores: of all copies of a mask together.

    A GEMM in several parts, as an attention that is split into dense and sparse keys, counts as one.
    """
    found: dict[str, dict[tuple[int, str], list[int]]] = {}
    masks: dict[str, list[Mask]] = {}
    if not trace.masks:
        return
    scored = {op.encoder for op in trace if op.kind == "gemm" and _operand_of(trace, op) == "out"}
    for op in trace:
        mask = trace.mask_of(op) if op.kind == "gemm" else None
        if mask is None or (mask.operand == "a" and op.module == "sv" and op.encoder in scored):  # the scores' own
            continue
        masks.setdefault(mask.operand, []).append(mask)
        found.setdefault(mask.operand, {}).setdefault((op.encoder, op.module), [0, 0])
    for op in trace if found else ():
        for sums in found.values():
            if op.kind == "gemm" and (op.encoder, op.module) in sums:
                sums[op.encoder, op.module][0] += trace.macs_of(op)
                sums[op.encoder, op.module][1] += op.dense_macs
    for operand, sums in found.items():
        yield _share_note(operand, sums, masks[operand])


def _operand_of(trace: Trace, op: Op) -> str:
    mask = trace.mask_of(op)
    return "" if mask is None else mask.operand


def _share_note(operand: str, sums: dict[tuple[int, str], list[int]], masks: Iterable[Mask]) -> str:
    shares = [kept / whole for kept, whole in sums.values()]
    least, greatest = min(shares), max(shares)
    mean = sum(kept for kept, _ in sums.values()) / sum(whole for _, whole in sums.values())
    origins = _names("drawn" if mask.draw is not None else mask.origin or "given" for mask in masks)
    about = f"({_names(module for _, module in sums)}; {origins})"
    what = _OPERANDS[operand]
    if len(shares) == 1:
        (encoder, module) = next(iter(sums))
        return f"mask of {what}: keeps {share_text(mean)} of the elements ({module}, encoder {encoder}; {origins})"
    if share_text(least) == share_text(greatest):
        return f"masks of {what}: {len(shares)}, each keeps {share_text(mean)} of the elements {about}"
    kept = f"keep {share_text(least)} to {share_text(greatest)} of the elements, mean {share_text(mean)}"
    return f"masks of {what}: {len(shares)}, {kept} {about}"


def _names(names: Iterable[str]) -> str:
    """Return the first of different names, and how many more there are."""
    different = list(dict.fromkeys(names))
    more = len(different) - MAX_NAMED
    return ", ".join(different[:MAX_NAMED]) + (f" and {more} more" if more > 0 else "")


def _narrow_operands(trace: Trace, operand_bits: int, packs: bool) -> Iterable[str]:
    """Yield what operands of fewer bits than the hardware multiplies save: bytes at most."""
    if trace.model is not None:  # of a plan, whose operands are those that the hardware is meant for
        return
    narrow = sorted({b for op in trace if op.kind == "gemm" for b in (op.a_bits, op.w_bits) if b < operand_bits})
    if narrow:
        texts = " and ".join(map(str, narrow))
        same = "a multiplication takes the same clock and energy, memories move their own bits"
        same = same if packs else "same clocks, bytes and energy"
        yield f"operands of {texts} bit run as {operand_bits} bit: {same}"
