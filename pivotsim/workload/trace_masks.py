"""Masks of a trace file: drawn where its rows say how, else in .npz files beside it.

A trace's own masks stand in ``<stem>.masks.npz``. Read back they have no file any more, as in a lowered trace; those
of another file are named ``file:key``.
"""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from pivotsim.errors import InputError, got, nearest
from pivotsim.io.text_files import is_stream
from pivotsim.workload.masks.files import StoredMask, read_masks, write_masks
from pivotsim.workload.masks.masks import Mask, draw_of
from pivotsim.workload.op_checks import with_mask
from pivotsim.workload.ops import Op, Trace, drawn_for, mask_name

Placed = tuple[str, Op]  # file:line of an operation


def own_file(path: Path) -> str:
    """Return the name of the file that holds a trace file's own masks.

    >>> own_file(Path("runs/sparse.csv"))
    'sparse.masks.npz'
    """
    return f"{path.stem}.masks.npz"


def stored(trace: Trace, path: Path) -> tuple[Op, ...]:
    """Write a checked trace's explicit masks beside its file, and return its operations as they name them there."""
    ops: list[Op] = []
    masks: dict[str, Mask] = {}
    for op in trace:
        mask = trace.mask_of(op)
        if mask is None or _is_drawn(op):
            ops.append(op)
            continue
        key = own_key(op)
        if masks.setdefault(key, mask) != mask:
            raise InputError(f"{path}: two masks would have one key {got(key)}")
        ops.append(op._replace(mask_file=own_file(path), mask_key=key))
    if masks and is_stream(path):
        raise InputError(
            f"{path}: a trace with masks of its own needs a file beside it for them; name an ordinary file"
        )
    if masks:
        write_masks(path.with_name(own_file(path)), masks)
    return tuple(ops)


def own_key(op: Op) -> str:
    """Return the name of an operation's mask once it is the trace's own."""
    return f"{op.mask_file}:{op.mask_key}" if op.mask_file else op.mask_key


def _is_drawn(op: Op) -> bool:
    return not op.mask_file and draw_of(op.mask_key, op.density) is not None


def with_masks(rows: Sequence[Placed], path: Path) -> tuple[tuple[Op, ...], dict[tuple[str, str], Mask], list[str]]:
    """Return a trace file's operations with masks of its own, those masks, and one line per problem."""
    problems: list[str] = []
    files = _files(rows, path, problems)
    ops: list[Op] = []
    masks: dict[tuple[str, str], Mask] = {}
    for place, op in rows:
        if op.mask_file and op.mask_file not in files:
            continue  # told already
        try:
            mask = _mask(op, files)
            is_own = op.mask_file == own_file(path) and draw_of(op.mask_key, 1.0) is None
            named = with_mask(op._replace(mask_file="", mask_key=op.mask_key if is_own else own_key(op)), mask)
            if mask is not None and masks.setdefault(mask_name(named), mask) != mask:
                raise InputError(f"mask_key: names masks of two sizes {got(op.mask_key)}")
            ops.append(named)
        except InputError as error:
            problems += [f"{place}: {problem}" for problem in error.problems]
    return tuple(ops), masks, problems


def _files(rows: Iterable[Placed], path: Path, problems: list[str]) -> dict[str, dict[str, StoredMask]]:
    """Return the mask files that rows name, each read once; those that cannot be read are noted with the first row."""
    files: dict[str, dict[str, StoredMask]] = {}
    first = {op.mask_file: place for place, op in reversed(list(rows)) if op.mask_file}
    for name, place in reversed(first.items()):
        try:
            files[name] = read_masks(path.parent / name)
        except InputError as error:
            problems += [f"{place}: mask_file: {problem}" for problem in error.problems]
    return files


def _mask(op: Op, files: Mapping[str, Mapping[str, StoredMask]]) -> Mask | None:
    """Return the mask that a row names, drawn or from its file."""
    if op.mask_file:
        found = files[op.mask_file].get(op.mask_key)
        if found is None:
            near = nearest(op.mask_key, files[op.mask_file])
            raise InputError(f"mask_key: {op.mask_file} holds no such mask {got(op.mask_key)}{near}")
        return found.sized(op.m, op.k, op.n)
    mask = drawn_for(op)
    if mask is None and op.mask_key:
        raise InputError(f"mask_key: needs a mask_file, or 'block=16,seed=0' to draw one {got(op.mask_key)}")
    return mask
