"""A trace recognised as a Vision Transformer: sizes are read off its rows, and a plan of them must lower to the same.

Nothing is guessed: a plan is given back only if its operations equal the trace's, row by row.
"""

import itertools
import math
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from pivotsim.errors import InputError
from pivotsim.models.spec import VitModel, load_model
from pivotsim.models.stems import LVVIT_STEM, LVVIT_STEM_STRIDE, LVVIT_STEM_WIDTH
from pivotsim.workload.lowering.plan import lower
from pivotsim.workload.ops import Op, Trace
from pivotsim.workload.plans import EncoderPlan, Plan

LOOKED_FOR = (
    "looked for a Vision Transformer: a patch embedding, encoders of norm, attention, sum, norm, MLP and sum, each of "
    "the same width, and a head"
)
MAX_PATCHES = 2**32  # whose divisors are tried one by one
_POSITIONS = {  # whether they are added, whether queries and keys are turned
    (True, True): "learned_rope", (True, False): "learned", (False, True): "rope", (False, False): "none",
}  # fmt: skip


def recognised_plan(trace: Trace) -> Plan:
    """Return the plan whose operations a trace holds.

    Parameters
    ----------
    trace : Trace
        Of an imported model, or of a file.

    Returns
    -------
    Plan
        Of one image, named after the trace; what the operations do not tell (biases, layer scale) is as in DeiT.

    Raises
    ------
    InputError
        It is another structure: the line says what was looked for, and the first operation that differs.

    Examples
    --------
    >>> import pivotsim as ps
    >>> recognised_plan(ps.lower(ps.plan("deit_s"))).model.width
    384
    """
    furthest, problem = -1, _found(trace)
    for plan, batch in _candidates(trace):
        number, difference = _difference(trace, lower(plan, batch))
        if not difference:
            return plan
        if number > furthest:  # of several candidates the closest
            furthest, problem = number, difference
    raise InputError(f"{trace.name}: {LOOKED_FOR}; {problem}")


def _found(trace: Trace) -> str:
    """Return what stands in a trace whose sizes make no plan at all."""
    modules = {op.module for op in trace}
    if "qkt" not in modules:
        return "found no encoders with attention"
    if "patch_embed" not in modules:
        return "found no patch embedding"
    return "found encoders of other sizes or parts"


def _candidates(trace: Trace) -> Iterator[tuple[Plan, int]]:
    """Yield plans with the sizes that a trace tells, and the images that it is of."""
    by_place: dict[tuple[int, str], Op] = {}
    for op in trace:
        if op.kind == "gemm":
            by_place.setdefault((op.encoder, op.module), op)
    depth = max((op.encoder for op in trace), default=0)
    if depth > len(trace.ops):  # numbers are missing: walking to the largest could take for ever
        return
    try:
        yield from _plans(trace, by_place, depth)
    except (LookupError, InputError, ZeroDivisionError):  # an operation is missing, or sizes make no model
        return


def _plans(trace: Trace, found: Mapping[tuple[int, str], Op], depth: int) -> Iterator[tuple[Plan, int]]:
    first = next(i for i in range(1, depth + 2) if i > depth or (i, "qkt") in found)
    head, embed = found.get((0, "head")), _last_embedding(trace)
    scores, proj = found[first, "qkt"], found[first, "proj"]
    batch = proj.m // scores.m
    hidden = found.get((first, "gate")) or found[first, "fc1"]
    is_plain = sum(op.module == "patch_embed" and op.kind == "gemm" for op in trace) <= len(LVVIT_STEM)
    patches = embed.m // batch
    places = next((op.m // batch for op in trace if op.module == "patch_embed" and op.kind == "add"), 0)
    registers = scores.m - places if patches < places < scores.m else 0  # tokens without positions, behind those with
    modules = {op.module for op in trace}
    whole_heads = proj.n // scores.k if proj.n % scores.k == 0 else scores.repeats // batch
    sizes: dict[str, Any] = {
        "description": "Recognised in a trace.", "source": "sizes of the trace's operations", "depth": depth,
        "prefix_tokens": scores.m - patches - registers, "register_tokens": registers,
        "width": proj.n, "heads": whole_heads, "head_size": scores.k,
        "mlp_hidden": max(op.n for (_, module), op in found.items() if module == hidden.module),
        "gated_mlp": (first, "gate") in found,
        "activation": "relu" if "relu" in trace.first_ops and "gelu" not in trace.first_ops else "gelu",
        "positions": _POSITIONS[bool(places), "rope" in modules], "prefix_positions": places > patches,
        "qk_norm": "qk_norm" in modules, "mlp_norm": "mlp_norm" in modules,
        "pool": "average" if any(op.module == "pool" and op.kind == "pool" for op in trace) else "class",
        "classes": 0 if head is None else head.n, "head_features": proj.n if head is None else head.k,
        "stem": "patch" if is_plain else "lvvit_4_2",
        "aux_head": any(op.module == "head" and op.kind == "gemm" and op.m > batch for op in trace),
    }  # fmt: skip
    for geometry in _geometries(embed.k, patches, is_plain):
        model = load_model({**sizes, **geometry, "name": " ".join(trace.name.split()) or "trace"})
        encoders = tuple(_encoder(model, found, i, batch) for i in range(1, depth + 1))
        for qkv, bits in itertools.product(("fused", "separate"), (8, 32)):
            yield Plan(model, encoders, qkv, bits), batch  # type: ignore[arg-type]


def _geometries(inputs: int, patches: int, is_plain: bool) -> Iterator[dict[str, Any]]:
    """Yield images and patches that make so many patches of so many values: square where they can be."""
    scale = 1 if is_plain else LVVIT_STEM_STRIDE
    if patches > MAX_PATCHES:
        return
    for channels in (3, 1, 2, 4) if is_plain else (LVVIT_STEM_WIDTH,):
        side = math.isqrt(inputs // channels)
        if side * side * channels == inputs:
            rows = next(r for r in range(math.isqrt(patches), 0, -1) if patches % r == 0)
            patch = side * scale
            image = f"{rows * patch}x{patches // rows * patch}"
            yield {"image_px": image, "patch_px": patch, "channels": channels if is_plain else 3}


def _last_embedding(trace: Trace) -> Op:
    """Return the last multiplication of the patch embedding; KeyError where there is none."""
    found = [op for op in trace if op.module == "patch_embed" and op.kind == "gemm"]
    if not found:
        raise KeyError("patch_embed")
    return found[-1]


def _encoder(model: VitModel, found: Mapping[tuple[int, str], Op], i: int, batch: int) -> EncoderPlan:
    """Return one encoder with the tokens, heads and neurons that its operations show."""
    mlp = found.get((i, "gate")) or found[i, "fc1"]
    tokens = mlp.m // batch
    hidden = None if mlp.n == model.mlp_hidden else mlp.n
    if (i, "qkt") not in found:
        return EncoderPlan(i, False, tokens, tokens, mlp_hidden=hidden)
    scores = found[i, "qkt"]
    heads = scores.repeats // batch
    whole = EncoderPlan(i, True, scores.m, tokens, mlp_hidden=hidden)
    return whole if heads == model.heads else replace(whole, heads=heads)


def _difference(trace: Trace, made: Trace) -> tuple[int, str]:
    """Return number and text of the first row that differs, '' where all are equal but for the names of layers."""
    for number, (op, wanted) in enumerate(itertools.zip_longest(trace, made), start=1):
        if op is None or wanted is None or op._replace(layer="", density=1.0) != wanted._replace(density=1.0):
            return number, f"operation {number} is {_shown(op)}, such a model has {_shown(wanted)}"
    return 0, ""


def _shown(op: Op | None) -> str:
    if op is None:
        return "missing"
    size = f"{op.m}x{op.k}x{op.n}" if op.kind == "gemm" else f"{op.m}x{op.n}"
    times = f", {op.repeats} times" if op.repeats > 1 else ""
    layer = f" of layer {op.layer}" if op.layer else ""
    return f"{op.module} ({op.kind} {size}{times}, encoder {op.encoder}){layer}"
