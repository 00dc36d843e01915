"""A checkpoint's weights as those of a plan: shapes first, which say heads and neurons, then the zeros."""

from collections.abc import Iterator, Mapping
from functools import partial
from pathlib import Path

import numpy as np

from pivotsim.errors import InputError, got_shape
from pivotsim.importers.checkpoints.names import LOOKED_FOR, Part, encoder_weights, parts_of
from pivotsim.importers.checkpoints.report import Checkpoint, Weights, matrices_of
from pivotsim.importers.checkpoints.tensors import Tensor
from pivotsim.importers.imported import numbered
from pivotsim.workload.masks.masks import Flags
from pivotsim.workload.plans import Plan, check_plan
from pivotsim.workload.transforms.common import changed
from pivotsim.workload.transforms.head_pruning import prune_heads
from pivotsim.workload.transforms.neuron_pruning import prune_neurons

Parts = dict[tuple[int, str], list[Part]]  # (encoder, label) -> the tensors that make the matrix


def of_plan(plan: Plan, path: Path, tensors: Mapping[str, Tensor]) -> Checkpoint:
    """Return a plan without the heads, neurons and blocks of weights that a checkpoint lacks.

    Raises
    ------
    InputError
        It holds no weights of encoders, shapes are neither the plan's nor those of fewer heads or neurons, or a matrix
        has a mask already.
    """
    check_plan(plan)
    named = encoder_weights(list(tensors))
    parts: Parts = {
        (e.encoder, label): parts_of(label, named.get(e.encoder, {}))
        for e in plan.encoders
        for label in plan.weight_sizes(e)
    }
    if not any(parts.values()):
        raise InputError(f"{path}: holds no weights of encoders such as {LOOKED_FOR}")
    heads, neurons = _removed(plan, parts, tensors)
    smaller = prune_heads(plan, {i: kept for i, (kept, _) in heads.items()}) if heads else plan
    if neurons:
        smaller = prune_neurons(smaller, hidden={i: kept for i, (kept, _) in neurons.items()})
    sizes = {(e.encoder, label): size for e in smaller.encoders for label, size in smaller.weight_sizes(e).items()}
    misfits = dict(pair for key, found in parts.items() for pair in _misfits(key, found, sizes[key], tensors))
    if misfits:
        raise InputError(f"{path}: {problem}" for problem in _alike(misfits))
    weights = [
        Weights(key, ", ".join(part.name for part in found), key[1], *sizes[key], partial(_zeros, found, tensors))
        for key, found in parts.items()
        if found
    ]
    matrices = matrices_of(weights, str(path))
    masks: dict[int, dict[str, object]] = {}
    for matrix in matrices:
        if matrix.mask is not None:
            masks.setdefault(matrix.key[0], {})[matrix.key[1]] = matrix.mask
    problems = [
        f"{path}: encoder {e.encoder}: {label}: has a mask already"
        for e in smaller.encoders
        for label in masks.get(e.encoder, ())
        if label in e.weight_masks
    ]
    if problems:
        raise InputError(problems)
    own = {e.encoder: e.weight_masks for e in smaller.encoders}
    used = {part.name for found in parts.values() for part in found}
    return Checkpoint(
        changed(smaller, {i: {"weight_masks": {**own[i], **new}} for i, new in masks.items()}),
        str(path),
        tuple(matrices),
        heads,
        neurons,
        tuple(name for name, tensor in tensors.items() if len(tensor.shape) > 1 and name not in used),
        tuple(f"encoders.{i}.{label}" for (i, label), found in parts.items() if not found),
    )


def _removed(
    plan: Plan, parts: Parts, tensors: Mapping[str, Tensor]
) -> tuple[dict[int, tuple[int, int]], dict[int, tuple[int, int]]]:
    """Return {encoder: (kept, before)} of heads and of neurons, where the shapes are those of fewer."""
    heads, neurons = {}, {}
    for e in plan.encoders:
        inner = _inputs(parts.get((e.encoder, "proj"), []), tensors)
        kept, rest = divmod(inner, plan.model.head_size)
        if not rest and 0 < kept < plan.heads_of(e):
            heads[e.encoder] = kept, plan.heads_of(e)
        hidden = _inputs(parts[e.encoder, "fc2"], tensors)
        if 0 < hidden < plan.hidden_of(e):
            neurons[e.encoder] = hidden, plan.hidden_of(e)
    return heads, neurons


def _inputs(parts: list[Part], tensors: Mapping[str, Tensor]) -> int:
    """Return the inputs of a matrix of one tensor, 0 where it is none."""
    shape = tensors[parts[0].name].shape if parts else ()
    return shape[not parts[0].inputs_first] if len(shape) == 2 else 0


def _misfits(
    key: tuple[int, str], parts: list[Part], size: tuple[int, int], tensors: Mapping[str, Tensor]
) -> Iterator[tuple[str, str]]:
    """Yield name and problem of each tensor whose shape is not that of its share of a matrix."""
    for part in parts:
        outputs = size[1] * part.shares // len(parts)
        wanted = (size[0], outputs) if part.inputs_first else (outputs, size[0])
        found = tensors[part.name].shape
        if found != wanted:
            yield part.name, f"must be {wanted[0]}x{wanted[1]} for {key[1]} {got_shape(found)}"


def _alike(misfits: Mapping[str, str]) -> Iterator[str]:
    """Yield the problems of tensors by name, those that another encoder has too with the first of them."""
    groups: dict[tuple[str, str], list[str]] = {}
    for name, problem in misfits.items():
        groups.setdefault((next(iter(numbered([name]))), problem), []).append(name)
    for (_, problem), names in groups.items():
        yield f"{names[0]}: {problem}" + (f"; the same of {len(names) - 1} more encoders" if len(names) > 1 else "")


def _zeros(parts: list[Part], tensors: Mapping[str, Tensor]) -> Flags:
    """Return where a matrix is zero, bool (1, K, N)."""
    found = []
    for part in parts:
        zeros = tensors[part.name].zeros()
        zeros = zeros if part.inputs_first else zeros.T
        width = zeros.shape[1] // part.shares
        found.append(zeros[:, part.share * width : (part.share + 1) * width])
    return np.hstack(found)[None]
