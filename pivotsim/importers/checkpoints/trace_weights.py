"""A checkpoint's weights as those of a trace's rows, by the names of their layers."""

import math
import re
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path

from pivotsim.errors import InputError, got, got_shape
from pivotsim.importers.checkpoints.report import Checkpoint, Weights, matrices_of
from pivotsim.importers.checkpoints.tensors import Tensor
from pivotsim.workload.masks.masks import Flags
from pivotsim.workload.op_checks import checked
from pivotsim.workload.ops import Op, Trace

WITHOUT_WEIGHTS = ("qkt", "sv")
USUAL = ("weight",)
ENDINGS = {"qkv": ("in_proj_weight", *USUAL), "proj": ("out_proj.weight", *USUAL)}  # of torch's MultiheadAttention, too
MAX_FIRSTS = 8  # first parts of the checkpoint's names that are tried before a layer's name
Zeros = Callable[[], Flags]


def of_trace(trace: Trace, path: Path, tensors: Mapping[str, Tensor]) -> Checkpoint:
    """Return a trace whose multiplications have the masks of a checkpoint's weights.

    Layer ``blocks.0.attn.qkv`` has the weight ``blocks.0.attn.qkv.weight``, the first part of a name apart; torch's
    MultiheadAttention has ``in_proj_weight`` and ``out_proj.weight``. A weight of a linear layer is N x K, of
    transformers' Conv1D K x N; that of a convolution N x C x taps, whose inputs are in the order channel, row, column
    of the window, with one copy of the mask per group.

    Raises
    ------
    InputError
        The trace names no layers, none of them has a weight there, a weight has another shape, or a row has a mask.
    """
    trace = checked(trace)
    rows = [op for op in trace if op.kind == "gemm" and op.layer and op.module not in WITHOUT_WEIGHTS]
    if not rows:
        raise InputError(f"{trace.name}: names no layers, by which a checkpoint's weights are found; give a plan")
    found = _named(rows, tensors)
    if not found:
        example = next((name for name, tensor in tensors.items() if len(tensor.shape) > 1), next(iter(tensors)))
        raise InputError(f"{path}: holds no weight of {trace.name}, such as {rows[0].layer}.weight {got(example)}")
    problems = [
        f"{path}: {name}: must be {_wanted(op)} {got_shape(tensors[name].shape)}"
        for op, name in found.items()
        if not _forms(op, tensors[name].shape)
    ]
    problems += [f"{path}: {name}: layer {op.layer} has a mask already" for op, name in found.items() if op.mask_key]
    if problems:
        raise InputError(dict.fromkeys(problems))
    inputs_first = {_block(op) for op, name in found.items() if _forms(op, tensors[name].shape) == {"inputs first"}}
    unique = {(name, op.k, op.n, op.repeats): op for op, name in reversed(found.items())}
    weights = [
        Weights(key, key[0], op.module, op.k, op.n, partial(_zeros, op, tensors[key[0]], _block(op) in inputs_first))
        for key, op in reversed(unique.items())
    ]
    matrices = matrices_of(weights, str(path))
    masks = {matrix.key: matrix.mask for matrix in matrices if matrix.mask is not None}
    times = Counter(name for name, *_ in unique)  # a weight may be multiplied by as it is and transposed
    keys = {key: key[0] if times[key[0]] == 1 else f"{key[0]} as {key[1]}x{key[2]}" for key in masks}
    ops = []
    for op in trace:
        key = (found[op], op.k, op.n, op.repeats) if op in found else None
        is_masked = key is not None and key in masks
        ops.append(op._replace(density=masks[key].density, mask_key=keys[key]) if is_masked else op)
    used = set(found.values())
    result = Checkpoint(
        trace,
        str(path),
        tuple(matrices),
        {},
        {},
        tuple(name for name, tensor in tensors.items() if len(tensor.shape) > 1 and name not in used),
        tuple(dict.fromkeys(op.layer for op in rows if op not in found)),
    )
    by_name = {("", keys[key]): mask for key, mask in masks.items()}
    notes = (*trace.notes, f"weights of {path}", *result.notes())
    return replace(result, workload=replace(trace, ops=tuple(ops), masks={**trace.masks, **by_name}, notes=notes))


def _named(rows: Iterable[Op], tensors: Mapping[str, Tensor]) -> dict[Op, str]:
    """Return {row: name of its weight}, by layers with, or without, a first part, as most of them are found."""
    firsts = Counter(name.partition(".")[0] for name in tensors)
    ways: list[Callable[[str], str]] = [str, lambda layer: layer.partition(".")[2]]
    ways += [partial("{}.{}".format, first) for first, _ in firsts.most_common(MAX_FIRSTS)]
    found: list[dict[Op, str]] = []
    for way in ways:
        names = {op: [f"{way(op.layer)}.{ending}" for ending in ENDINGS.get(op.module, USUAL)] for op in rows}
        found.append({op: name for op, options in names.items() for name in options if name in tensors})
    return max(found, key=len)


def _forms(op: Op, shape: tuple[int, ...]) -> set[str]:
    """Return how a weight of this shape may lie for a multiplication: its outputs or its inputs first."""
    sides = (shape[0], math.prod(shape[1:])) if len(shape) > 1 else ()
    forms = {"outputs first": (op.n * op.repeats, op.k), "inputs first": (op.k * op.repeats, op.n)}
    return {form for form, wanted in forms.items() if sides == wanted}


def _block(op: Op) -> str:
    """Return a layer's name up to the first number: of two layers of an encoder it is the same."""
    match = re.match(r".*?\.[0-9]+\.", f".{op.layer}.")
    return match[0] if match else ""


def _zeros(op: Op, tensor: Tensor, beside_inputs_first: bool) -> Flags:
    """Return where a weight is zero, bool (groups, K, N); a square one lies as the others of its encoder do."""
    forms = _forms(op, tensor.shape)
    zeros = tensor.zeros()
    if "outputs first" not in forms or (len(forms) > 1 and beside_inputs_first):
        return zeros.reshape(op.repeats, op.k, op.n)
    return zeros.reshape(op.repeats, op.n, op.k).transpose(0, 2, 1)


def _wanted(op: Op) -> str:
    groups = f" in {op.repeats} groups" if op.repeats > 1 else ""
    return f"{op.n * op.repeats}x{op.k}{groups}, for the {op.k}x{op.n} weights of layer {op.layer}"
