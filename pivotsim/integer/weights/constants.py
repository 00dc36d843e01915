"""The constants of an integer model: their names, types, shapes and bounds.

Names are those of the trace, ``1.qkv.weights`` or ``patch_embed.bias``; what is outside the encoders has no number.

    weights     int8 (k, n), -127 to 127         table       uint16 (256,) of softmax, int8 (256,) of GELU
    bias        int32 (n,), in the sums' scale   sizes       int64 (4,): bits, inverse, epsilon, shift of a LayerNorm
    scale       int64 (2,): multiplier, shift    multiplier, addend  int32, int64 (d,) of a LayerNorm
    positions   int16 (tokens, d): positions, and in the first rows the prefix tokens too
"""

from collections.abc import Callable, Iterator, Mapping
from typing import NamedTuple

import numpy as np

from pivotsim.errors import InputError, got_elements
from pivotsim.integer.layer_norm import layer_norm_constants
from pivotsim.integer.scaling import Scale
from pivotsim.integer.softmax import MOST
from pivotsim.integer.steps import Array
from pivotsim.models.spec import VitModel

Layout = dict[str, tuple[str, tuple[int, ...]]]  # name -> type and shape
MAX_EPSILON, MAX_NORM_SHIFT = 2**54, 31


class Bound(NamedTuple):
    """What values an array of the right type and shape must have."""

    holds: Callable[[Array, VitModel], bool]
    text: str


def _is_scale(pair: Array, _: VitModel) -> bool:
    multiplier, shift = (int(value) for value in pair)
    return (multiplier == 0 or 2**15 <= multiplier < 2**16) and 0 <= shift <= 62


def _are_sizes(sizes: Array, model: VitModel) -> bool:
    bits, inverse, epsilon, shift = (int(value) for value in sizes)
    own = layer_norm_constants(np.ones(model.width), np.zeros(model.width), 0.0, 1.0, 1.0)
    return (bits, inverse) == own[:2] and 1 <= epsilon < MAX_EPSILON and 0 <= shift <= MAX_NORM_SHIFT


def _within(low: int, high: int) -> Bound:
    return Bound(lambda array, _: bool(low <= array.min() and array.max() <= high), f"must lie in {low} to {high}")


def _stays_in_32_bits(bias: Array, model: VitModel) -> bool:
    """Whether no sum that leaves the array as int32, with its bias, can pass its range: there hardware would wrap."""
    return bool(np.abs(bias.astype(np.int64)).max() + 128 * 127 * model.width < 2**31)


BOUNDS = {
    "head.bias": Bound(_stays_in_32_bits, "must leave room for the sums of int8 products in 32 bits"),
    "weights": _within(-127, 127),
    "multiplier": _within(-(2**15), 2**15 - 1),
    "addend": _within(-(2**31), 2**31 - 1),
    "scale": Bound(_is_scale, "must be a multiplier of 0 or 32768 to 65535, and a shift of 0 to 62"),
    "sizes": Bound(_are_sizes, "must be bits and inverse of the width, an epsilon of 1 or more, a shift of 0 to 31"),
    "softmax.table": Bound(lambda table, _: int(table[0]) == MOST, f"must begin with {MOST}"),
}


def layout_of(model: VitModel) -> Layout:
    """Return {name: (type, shape)} of all constants of a model."""
    d, hidden, inner = model.width, model.mlp_hidden, model.heads * model.head_size
    pixels = model.channels * model.patch_sides[0] * model.patch_sides[1]
    layout = dict(_product("patch_embed", pixels, d))
    layout |= {"position.scale": ("int64", (2,)), "position.positions": ("int16", (model.tokens, d))}
    for i in range(1, model.depth + 1):
        layout |= dict(_norm(f"{i}.norm1", d)) | dict(_product(f"{i}.qkv", d, 3 * inner))
        layout |= {f"{i}.qkt.scale": ("int64", (2,)), f"{i}.softmax.table": ("uint16", (256,))}
        layout |= {f"{i}.sv.scale": ("int64", (2,))} | dict(_product(f"{i}.proj", inner, d))
        layout |= {f"{i}.residual1.scale": ("int64", (2,))}
        layout |= dict(_norm(f"{i}.norm2", d)) | dict(_product(f"{i}.fc1", d, hidden))
        layout |= {f"{i}.{model.activation}.table": ("int8", (256,))} | dict(_product(f"{i}.fc2", hidden, d))
        layout |= {f"{i}.residual2.scale": ("int64", (2,))}
    head = dict(_product("head", d, model.classes))
    del head["head.scale"]  # logits leave as sums
    return layout | dict(_norm("norm", d)) | head


def of_attention(name: str) -> bool:
    """Whether a constant belongs to an attention: left out where it is never observed."""
    return name.split(".")[1] in ("norm1", "qkv", "qkt", "softmax", "sv", "proj", "residual1")


def scale_array(scale: Scale) -> Array:
    """Return a scale as it is stored, int64 (2,)."""
    return np.array(scale, dtype=np.int64)


def check_constants(model: VitModel, constants: Mapping[str, Array]) -> None:
    """Raise InputError, a line per problem, unless the constants are those of a model, within their bounds."""
    layout = layout_of(model)
    attended = {name.split(".")[0] for name in constants if name in layout and of_attention(name)}
    problems = [f"{name}: is no constant of {model.name}" for name in constants if name not in layout]
    for name, (dtype, shape) in layout.items():
        if name not in constants:
            if not of_attention(name) or name.split(".")[0] in attended:
                problems.append(f"{name}: is missing")
            continue
        array = constants[name]
        if array.dtype != dtype or array.shape != shape:
            wanted = f"must be {dtype}, {'x'.join(map(str, shape))}"
            problems.append(f"{name}: {wanted} {got_elements(array)}")
            continue
        bound = BOUNDS.get(".".join(name.split(".")[-2:]), BOUNDS.get(name.rpartition(".")[2]))
        if bound is not None and not bound.holds(array, model):
            problems.append(f"{name}: {bound.text}")
    if problems:
        raise InputError(problems)


def _product(name: str, k: int, n: int) -> Iterator[tuple[str, tuple[str, tuple[int, ...]]]]:
    yield f"{name}.weights", ("int8", (k, n))
    yield f"{name}.bias", ("int32", (n,))
    yield f"{name}.scale", ("int64", (2,))


def _norm(name: str, d: int) -> Iterator[tuple[str, tuple[str, tuple[int, ...]]]]:
    yield f"{name}.sizes", ("int64", (4,))
    yield f"{name}.multiplier", ("int32", (d,))
    yield f"{name}.addend", ("int64", (d,))
