"""A checkpoint's weights as those of a trace's rows, by the names of their layers."""

import math
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path

from pivotsim.errors import InputError, got, got_shape
from pivotsim.importers.checkpoints.report import Checkpoint, Weights, matrices_of
from pivotsim.importers.checkpoints.tensors import Tensor
from pivotsim.workload.masks.masks import Flags
from pivotsim.workload.ops import Op, Trace, checked

WITHOUT_WEIGHTS = ("qkt", "sv")
Zeros = Callable[[], Flags]


def of_trace(trace: Trace, path: Path, tensors: Mapping[str, Tensor]) -> Checkpoint:
    """Return a trace whose multiplications have the masks of a checkpoint's weights.

    Layer ``blocks.0.attn.qkv`` has the weight ``blocks.0.attn.qkv.weight``, the first part of a name apart. A weight of
    a linear layer is N x K, of transformers' Conv1D K x N; that of a convolution N x C x taps, whose inputs are in the
    order channel, row, column of the window, with one copy of the mask per group.

    Raises
    ------
    InputError
        The trace names no layers, none of them has a weight there, a weight has another shape, or a row has a mask.
    """
    trace = checked(trace)
    rows = [op for op in trace if op.kind == "gemm" and op.layer]
    if not rows:
        raise InputError(f"{trace.name}: names no layers, by which a checkpoint's weights are found; give a plan")
    named = {
        layer: name
        for layer, name in _names(dict.fromkeys(op.layer for op in rows), tensors).items()
        if name in tensors
    }
    found = {op: named[op.layer] for op in rows if op.layer in named and op.module not in WITHOUT_WEIGHTS}
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
    ops = []
    for op in trace:
        mask = masks.get((found[op], op.k, op.n, op.repeats)) if op in found else None
        ops.append(op if mask is None else op._replace(density=mask.density, mask_key=found[op]))
    used = set(found.values())
    result = Checkpoint(
        trace,
        str(path),
        tuple(matrices),
        {},
        {},
        tuple(name for name, tensor in tensors.items() if len(tensor.shape) > 1 and name not in used),
        tuple(dict.fromkeys(op.layer for op in rows if op not in found and op.module not in WITHOUT_WEIGHTS)),
    )
    by_name = {("", name): mask for (name, *_), mask in masks.items()}
    notes = (*trace.notes, f"weights of {path}", *result.notes())
    return replace(result, workload=replace(trace, ops=tuple(ops), masks={**trace.masks, **by_name}, notes=notes))


def _names(layers: Iterable[str], tensors: Mapping[str, Tensor]) -> dict[str, str]:
    """Return {layer: name of its weight}, with or without a first part, as most of the layers are found."""
    layers = list(layers)
    firsts = {f"{name.partition('.')[0]}." for name in tensors}
    ways = [{layer: f"{layer}.weight" for layer in layers}]
    ways += [{layer: f"{first}{layer}.weight" for layer in layers} for first in sorted(firsts)]
    ways += [{layer: f"{layer.partition('.')[2]}.weight" for layer in layers}]
    return max(ways, key=lambda way: sum(name in tensors for name in way.values()))


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
