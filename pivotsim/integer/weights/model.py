"""An integer model: weights, biases, scales and tables of one Vision Transformer, as arrays by name; read and written.

Names are those of the trace, ``1.qkv.weights`` or ``patch_embed.bias``; what is outside the encoders has no number.

    weights     int8 (k, n), -127 to 127         table       uint16 (256,) of softmax, int8 (256,) of GELU
    bias        int32 (n,), in the sums' scale   sizes       int64 (4,): bits, inverse, epsilon, shift of a LayerNorm
    scale       int64 (2,): multiplier, shift    multiplier, addend  int32, int64 (d,) of a LayerNorm
    positions   int16 (tokens, d): positions, and in the first rows the prefix tokens too
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from pivotsim.errors import InputError, got, got_elements
from pivotsim.integer.layer_norm import LayerNorm
from pivotsim.integer.scaling import Scale
from pivotsim.integer.steps import Array
from pivotsim.io.array_files import read_arrays, write_arrays
from pivotsim.io.samples import find_sample
from pivotsim.models.spec import VitModel, load_model
from pivotsim.tables import Printable, Table

VERSION = 1
AS_DEFAULT = (  # what is built with its default alone
    "patch_edge", "register_tokens", "positions", "prefix_positions", "norm", "qk_norm", "mlp_norm", "pool", "k_bias",
    "layer_scale", "gated_mlp", "aux_head",
)  # fmt: skip
Layout = dict[str, tuple[str, tuple[int, ...]]]  # name -> type and shape


@dataclass(frozen=True, eq=False)
class IntegerModel(Printable):
    """A Vision Transformer of integers.

    Attributes
    ----------
    model : VitModel
    constants : mapping of str to array
        All weights, biases, scales and tables, as the module's docstring lists them. An encoder whose attention was
        never observed has none of it.
    image_scale, logit_scale : float
        Real value of a step of the images and of the logits; nothing between them is real.
    """

    model: VitModel
    constants: Mapping[str, Array] = field(repr=False)
    image_scale: float
    logit_scale: float

    def __post_init__(self) -> None:
        check_supported(self.model)
        _check_constants(self.model, self.constants)
        for name in ("image_scale", "logit_scale"):
            if not 0 < getattr(self, name) < float("inf"):
                raise InputError(f"{name}: must be finite and above 0 {got(getattr(self, name))}")

    def __repr__(self) -> str:
        return f"<IntegerModel: {self.model.name}, {self.weight_bytes:,} bytes of weights>"

    def _tables(self) -> tuple[Table]:
        rows = [(name, str(a.dtype), "x".join(map(str, a.shape))) for name, a in self.constants.items()]
        return (Table(f"{self.model.name} in integers", ("constant", "type", "shape"), rows),)

    @property
    def weight_bytes(self) -> int:
        """Bytes of all weights."""
        return sum(a.nbytes for name, a in self.constants.items() if name.endswith(".weights"))

    def scale(self, name: str) -> Scale:
        """Return the scale of a step by its name."""
        return Scale(*(int(v) for v in self.constants[f"{name}.scale"]))

    def norm(self, name: str) -> LayerNorm:
        """Return the constants of a LayerNorm by its name."""
        bits, inverse, epsilon, shift = (int(v) for v in self.constants[f"{name}.sizes"])
        multiplier, addend = (self.constants[f"{name}.{part}"] for part in ("multiplier", "addend"))
        return LayerNorm(bits, inverse, epsilon, multiplier, addend, shift)

    def has_attention(self, encoder: int) -> bool:
        """Whether an encoder's attention can run."""
        return f"{encoder}.qkv.weights" in self.constants

    def save(self, path: str | Path) -> None:
        """Write the model as a compressed .npz file, whole or not at all; equal models give equal bytes."""
        head = json.dumps({"version": VERSION, "model": self.model.model_dump()}, default=str)
        scales = {"image_scale": np.float64(self.image_scale), "logit_scale": np.float64(self.logit_scale)}
        write_arrays(path, {"header": np.array(head), **scales, **self.constants})


def read_integer_model(path: str | Path) -> IntegerModel:
    """Return an integer model from the file that ``IntegerModel.save`` wrote; nothing of it is run.

    Parameters
    ----------
    path : str or Path
        A file, or ``digits``: the sample, trained on scikit-learn's digits.

    Raises
    ------
    InputError
        The file is no such file, of another version, or its arrays are not those of its model; all are told.

    Examples
    --------
    >>> read_integer_model("digits")
    <IntegerModel: digits_vit, 65,984 bytes of weights>
    """
    path = find_sample("integer", "integer model", path).path
    arrays = read_arrays(path, lambda name: {"header": "U"}.get(name, "f" if name.endswith("_scale") else "iu"))
    try:
        header = json.loads(str(arrays.pop("header")))
        scales = {name: float(arrays.pop(name)) for name in ("image_scale", "logit_scale")}
        version, described = header["version"], header["model"]
    except (KeyError, ValueError, TypeError):
        raise InputError(f"{path}: is no integer model: it needs header, image_scale and logit_scale") from None
    if version != VERSION:
        raise InputError(f"{path}: version: is read up to {VERSION} {got(version)}")
    try:
        return IntegerModel(load_model(described), arrays, **scales)
    except InputError as error:
        raise InputError(f"{path}: {problem}" for problem in error.problems) from None


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


def check_supported(model: VitModel) -> None:
    """Raise InputError, a line per problem, for a model that has no integer form here."""
    problems = []
    for name in AS_DEFAULT:
        default, value = VitModel.model_fields[name].default, getattr(model, name)
        if value != default:
            problems.append(f"{name}: has no integer form but with {str(default).lower()} {got(value)}")
    if model.stem != "patch":
        problems.append(f"stem: has no integer form but with patch {got(model.stem)}")
    if model.head_size * model.heads != model.width:
        problems.append(f"head_size: must be width / heads {got(model.head_size)}")
    if not model.prefix_tokens or model.head_features != model.width or not model.classes:
        problems.append("head: must read the class token alone")
    if problems:
        raise InputError(f"{model.name}: {problem}" for problem in problems)


def _product(name: str, k: int, n: int) -> Iterator[tuple[str, tuple[str, tuple[int, ...]]]]:
    yield f"{name}.weights", ("int8", (k, n))
    yield f"{name}.bias", ("int32", (n,))
    yield f"{name}.scale", ("int64", (2,))


def _norm(name: str, d: int) -> Iterator[tuple[str, tuple[str, tuple[int, ...]]]]:
    yield f"{name}.sizes", ("int64", (4,))
    yield f"{name}.multiplier", ("int32", (d,))
    yield f"{name}.addend", ("int64", (d,))


def _check_constants(model: VitModel, constants: Mapping[str, Any]) -> None:
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
        elif name.endswith(".scale") and not _is_scale(array):
            wanted = "must be a multiplier of 0 or 32768 to 65535, and a shift of 0 to 62"
            problems.append(f"{name}: {wanted} {got(array.tolist())}")
        elif name.endswith(".weights") and array.min() < -127:
            problems.append(f"{name}: must lie in -127 to 127 (got -128)")
    if problems:
        raise InputError(problems)


def _is_scale(pair: Array) -> bool:
    multiplier, shift = pair.tolist()
    return (multiplier == 0 or 2**15 <= multiplier < 2**16) and 0 <= shift <= 62


def scale_array(scale: Scale) -> Array:
    """Return a scale as it is stored, int64 (2,)."""
    return np.array(scale, dtype=np.int64)
