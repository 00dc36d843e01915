"""What a model reads: sizes that the file fixes, and those that the user gives."""

import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from pivotsim.errors import InputError, got, got_shape, nearest
from pivotsim.importers.onnx.shapes import Known
from pivotsim.units import INT64_MAX

_IMAGE, _OTHER = 224, 128  # examples of open sizes in messages


def inputs_of(path: Path, inputs: Sequence[Any], sizes: Mapping[str, Sequence[int]]) -> dict[str, Known]:
    """Return type and shape of each input.

    Parameters
    ----------
    path : Path
        For messages.
    inputs : sequence of onnx.ValueInfoProto
    sizes : mapping
        Input -> all of its sizes; needed where the file leaves one open. Under '' those of the only input.

    Raises
    ------
    InputError
        A line for each input whose size is open or contradicted, and for each name that is no input.
    """
    names = [value.name for value in inputs]
    if "" in sizes and len(names) == 1:
        sizes = {names[0]: sizes[""]}
    problems = [
        f"{path}: sizes: the model has no input of that name {got(name)}{nearest(name, names)}"
        for name in sizes
        if name not in names
    ]
    found: dict[str, Known] = {}
    for value in inputs:
        tensor = value.type.tensor_type
        if not value.type.HasField("tensor_type"):
            problems.append(f"{path}: input '{value.name}': is a sequence or a map, expected a tensor")
            continue
        is_stated = tensor.HasField("shape")
        stated = [dim.dim_value if dim.dim_value > 0 else dim.dim_param for dim in tensor.shape.dim]
        given = tuple(sizes.get(value.name, ()))
        problem = ""
        if given or value.name in sizes:
            problem = _contradiction(given, stated) if is_stated else ""
        elif is_stated and all(isinstance(size, int) for size in stated):
            given = tuple(stated)
        else:
            problem = _open(value.name, stated)
        if not problem and math.prod(given) > INT64_MAX:
            problem = f"cannot have such a size {got_shape(given)}"
        if problem:
            problems.append(f"{path}: input '{value.name}': {problem}")
        found[value.name] = Known(tensor.elem_type, tuple(map(int, given)))
    if problems:
        raise InputError(problems)
    return found


def _contradiction(given: Sequence[int], stated: Sequence[int | str]) -> str:
    """Return what is wrong with sizes of the user's, '' if nothing is."""
    fits = len(given) == len(stated) and all(
        size >= 0 and (isinstance(fixed, str) or size == fixed) for size, fixed in zip(given, stated, strict=True)
    )
    return "" if fits else f"the file states the sizes {_shown(stated)} {got_shape(given)}"


def _open(name: str, stated: Sequence[int | str]) -> str:
    free = _IMAGE if len(stated) == 4 else _OTHER
    example = [size if isinstance(size, int) else free if place else 1 for place, size in enumerate(stated)] or [
        1,
        3,
        _IMAGE,
        _IMAGE,
    ]
    text = f"{name}={'x'.join(map(str, example))}"
    shown = _shown(stated) or "all"
    remedy = f"give all, for example sizes {text}, on the command line --size {text}"
    return f"the file leaves sizes open ({shown}); {remedy}"


def _shown(stated: Sequence[int | str]) -> str:
    return "x".join(
        str(size) if isinstance(size, int) or (size.isprintable() and 0 < len(size) < 40) else "?" for size in stated
    )
