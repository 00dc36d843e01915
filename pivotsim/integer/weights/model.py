"""An integer model: weights, biases, scales and tables of one Vision Transformer; read and written."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from pivotsim.errors import InputError, got
from pivotsim.integer.layer_norm import LayerNorm
from pivotsim.integer.scaling import Scale
from pivotsim.integer.steps import Array
from pivotsim.integer.weights.constants import check_constants
from pivotsim.io.array_files import read_arrays, write_arrays
from pivotsim.io.samples import find_sample
from pivotsim.models.spec import VitModel, load_model
from pivotsim.tables import Printable, Table

VERSION = 1
AS_DEFAULT = (  # what is built with its default alone
    "patch_edge", "register_tokens", "positions", "prefix_positions", "norm", "qk_norm", "mlp_norm", "pool", "k_bias",
    "layer_scale", "gated_mlp", "aux_head",
)  # fmt: skip


@dataclass(frozen=True, eq=False)
class IntegerModel(Printable):
    """A Vision Transformer of integers.

    Attributes
    ----------
    model : VitModel
    constants : mapping of str to array
        All weights, biases, scales and tables, as ``constants.layout_of`` lists them. An encoder whose attention was
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
        check_constants(self.model, self.constants)
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

    Returns
    -------
    IntegerModel

    Raises
    ------
    InputError
        The file is no such file, of another version, or its arrays are not those of its model; all are told.

    Examples
    --------
    >>> read_integer_model("digits")
    <IntegerModel: digits_vit, 65,984 bytes of weights>
    """
    path = find_sample("integer", "integers", path).path
    arrays = read_arrays(path, lambda name: {"header": "U"}.get(name, "f" if name.endswith("_scale") else "iu"))
    try:
        header = json.loads(str(arrays.pop("header")))
        scales = {name: float(arrays.pop(name)) for name in ("image_scale", "logit_scale")}
        version, described = header["version"], dict(header["model"])
    except (KeyError, ValueError, TypeError):
        raise InputError(f"{path}: is no integer model: it needs header, image_scale and logit_scale") from None
    if version != VERSION:
        raise InputError(f"{path}: version: is read up to {VERSION} {got(version)}")
    try:
        return IntegerModel(load_model(described), arrays, **scales)
    except InputError as error:
        raise InputError(f"{path}: {problem}" for problem in error.problems) from None


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
