"""Weights that a user gives: int8 arrays of an .npz file, a matrix for each operation that has weights."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

from pivotsim.errors import InputError, got, nearest
from pivotsim.io.array_files import read_arrays
from pivotsim.rtl.written.gemms import Gemm

WITHOUT_WEIGHTS = ("qkt", "sv")  # both operands are activations
BIAS = ".bias"


class Weights(NamedTuple):
    """Weights of one operation: int8 (k, n), and int32 (n,) or None."""

    matrix: Any
    bias: Any


def read_weights(path: str | Path, gemms: Sequence[Gemm], *, has_bias: bool) -> dict[str, Weights]:
    """Return {name: weights} of an .npz file, as `3.fc1` and `3.fc1.bias` (encoder, module; 0 is outside of encoders).

    Parameters
    ----------
    path : str or Path
    gemms : sequence of Gemm
        Those of the workload.
    has_bias : bool
        Whether the memories load a bias.

    Raises
    ------
    InputError
        The file cannot be read; a name is none of the workload's; an array has another shape or type.
    """
    sizes = {
        key: (gemm.op.k, gemm.op.n) for gemm in gemms if gemm.op.module not in WITHOUT_WEIGHTS for key in gemm.keys
    }
    arrays = read_arrays(path, "biuf")
    if "" in arrays:
        raise InputError(f"{path}: must hold arrays with names such as 1.fc1; is an .npy file of one")
    problems = []
    for name, array in arrays.items():
        key = name.removesuffix(BIAS)
        if key not in sizes:
            problems.append(f"{path}: {name}: no weights of that name in the workload{nearest(key, sizes)}")
        elif key == name:
            problems += _problems(f"{path}: {name}", array, sizes[key], "int8")
        elif not has_bias:
            problems.append(f"{path}: {name}: memories.bias is false, so that none is loaded")
        elif key not in arrays:
            problems.append(f"{path}: {name}: is a bias without its weights {key}")
        else:
            problems += _problems(f"{path}: {name}", array, sizes[key][1:], "int32")
    if problems:
        raise InputError(problems)
    return {name: Weights(array, arrays.get(name + BIAS)) for name, array in arrays.items() if not name.endswith(BIAS)}


def _problems(place: str, array: Any, shape: tuple[int, ...], kind: str) -> list[str]:
    wanted, found = ("x".join(map(str, size)) for size in (shape, array.shape))
    problems = []
    if array.shape != shape:
        turned = "; transpose it" if array.shape == shape[::-1] else ""
        problems.append(f"{place}: must be {wanted} (got {found}){turned}")
    if array.dtype.name != kind:
        problems.append(f"{place}: must hold {kind} {got(array.dtype.name)}")
    return problems
