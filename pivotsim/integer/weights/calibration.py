"""Calibration: from float weights and the largest |x| of every activation to the integers of a model.

A scale s is the real value of a step, s = largest |x| / 127, and q = round(x / s). Of a product of operands of the
scales s_a and s_b the sums have the scale s_a s_b, so have their biases, and the result of the scale s_o is
rescaled by s_a s_b / s_o.

    patch_embed     s = image * W / out                 qkt     qkv^2 / sqrt(d) / scores
    qkv, fc1        norm * W / out                      sv      qkv / 127 / proj's input
    proj            its input * W / out                 fc2     GELU's result * W / out
    residual1, 2    out of proj, fc2 / stream           head    leaves as sums, of the scale norm * W

The residual stream has one scale for the whole model, twice what was observed over 32767: images beyond those of the
calibration still fit.
"""

import math
from collections.abc import Mapping
from typing import Any

import numpy as np

from pivotsim.errors import InputError
from pivotsim.integer.activation import activation_table
from pivotsim.integer.layer_norm import layer_norm_constants
from pivotsim.integer.scaling import saturated, scale_of
from pivotsim.integer.softmax import ONE, softmax_table
from pivotsim.integer.steps import Array
from pivotsim.integer.weights.constants import scale_array
from pivotsim.integer.weights.model import IntegerModel, check_supported
from pivotsim.models.spec import VitModel

LEVELS = 127
STREAM_LEVELS, STREAM_HEADROOM = 32_767, 2
NORM_EPS = 1e-6  # timm's
Floats = Mapping[str, Any]


def integer_model(model: VitModel, weights: Floats, ranges: Mapping[str, float]) -> IntegerModel:
    """Return the integers of a model.

    Parameters
    ----------
    model : VitModel
    weights : mapping of str to array of float
        By timm's names, ``blocks.0.attn.qkv.weight`` (outputs, inputs) and so on.
    ranges : mapping of str to float
        The largest magnitude by module, ``NAME.in``, ``NAME.out``, ``NAME.scores``, as
        ``pivotsim.vit_torch.measuring.ranges.observed_ranges`` has them. An attention without them is left out.

    Returns
    -------
    IntegerModel

    Raises
    ------
    InputError
        The model has no integer form, or a weight or a range is missing.

    Examples
    --------
    All weights 1, all ranges 1, two channels, one patch: 1/127 a step, and the sums' biases nothing.

    >>> from pivotsim.models.spec import load_model
    >>> tiny = {"depth": 1, "image_px": 1, "patch_px": 1, "channels": 1, "width": 2, "heads": 1, "classes": 2}
    >>> tiny = load_model({**tiny, "mlp_hidden": 1})
    >>> layers = {"attn.qkv": (6, 2), "attn.proj": (2, 2), "mlp.fc1": (1, 2), "mlp.fc2": (2, 1), "norm1": 2, "norm2": 2}
    >>> weights = {f"blocks.0.{name}.weight": np.ones(shape) for name, shape in layers.items()}
    >>> weights |= {f"blocks.0.{name}.bias": np.zeros(2) for name in ("norm1", "norm2")}
    >>> weights |= {"patch_embed.proj.weight": np.ones((2, 1, 1, 1)), "pos_embed": np.ones((1, 2, 2))}
    >>> weights |= {"cls_token": np.ones((1, 1, 2)), "head.weight": np.ones((2, 2))}
    >>> weights |= {"norm.weight": np.ones(2), "norm.bias": np.zeros(2)}
    >>> names = ["patch_embed.proj", "head", "norm", *(f"blocks.0.{name}" for name in (*layers, "attn"))]
    >>> ranges = {f"{name}.{end}": 1.0 for name in names for end in ("in", "out", "scores")}
    >>> found = integer_model(tiny, weights, ranges)
    >>> found.constants["1.fc1.weights"].tolist(), round(found.scale("1.fc1").real * 127, 4)
    ([[127], [127]], 1.0)
    """
    check_supported(model)
    try:
        return _Calibration(model, weights, ranges).integers()
    except KeyError as error:
        raise InputError(f"{error.args[0]}: is missing among weights and ranges") from None


class _Calibration:
    """Constants as they are made, encoder by encoder."""

    def __init__(self, model: VitModel, weights: Floats, ranges: Mapping[str, float]) -> None:
        self.model, self.weights, self.ranges = model, weights, ranges
        self.constants: dict[str, Array] = {}
        norms = [largest for name, largest in ranges.items() if name.endswith(("norm1.in", "norm2.in", "norm.in"))]
        self.stream = STREAM_HEADROOM * max(norms, default=1.0) / STREAM_LEVELS or 1.0

    def integers(self) -> IntegerModel:
        """Return the model."""
        image = self.step("patch_embed.proj.in")
        self.embed(image)
        for i in range(1, self.model.depth + 1):
            block = f"blocks.{i - 1}"
            if f"{block}.attn.qkv.in" in self.ranges:
                self.attention(i, block)
            self.mlp(i, block)
        self.norm("norm", "norm", self.step("head.in"))
        logits = self.product("head", "head", self.step("head.in"))
        return IntegerModel(self.model, self.constants, image, logits)

    def embed(self, image: float) -> None:
        """Add the patch embedding, and the positions with the prefix tokens in the first rows."""
        self.product("patch_embed", "patch_embed.proj", image, "patch_embed.proj.out")
        rows = np.array(self.weights["pos_embed"][0], dtype=np.float64)
        tokens = [self.weights[name][0] for name in ("cls_token", "dist_token", "reg_token") if name in self.weights]
        prefix = np.concatenate(tokens)
        rows[: len(prefix)] += prefix
        self.constants["position.positions"] = saturated(np.floor(rows / self.stream + 0.5), 16)
        self.scale("position", self.step("patch_embed.proj.out") / self.stream)

    def attention(self, i: int, block: str) -> None:
        """Add norm1 to residual1."""
        read, made, scores, joined = (
            self.step(f"{block}.attn.{name}") for name in ("qkv.in", "qkv.out", "scores", "proj.in")
        )
        self.norm(f"{i}.norm1", f"{block}.norm1", read)
        self.product(f"{i}.qkv", f"{block}.attn.qkv", read, f"{block}.attn.qkv.out")
        self.scale(f"{i}.qkt", made * made / math.sqrt(self.model.head_size) / scores)
        self.constants[f"{i}.softmax.table"] = softmax_table(scores)
        self.scale(f"{i}.sv", made / ONE / joined)
        self.product(f"{i}.proj", f"{block}.attn.proj", joined, f"{block}.attn.proj.out")
        self.scale(f"{i}.residual1", self.step(f"{block}.attn.proj.out") / self.stream)

    def mlp(self, i: int, block: str) -> None:
        """Add norm2 to residual2."""
        read, made, active = (self.step(f"{block}.mlp.{name}") for name in ("fc1.in", "fc1.out", "fc2.in"))
        self.norm(f"{i}.norm2", f"{block}.norm2", read)
        self.product(f"{i}.fc1", f"{block}.mlp.fc1", read, f"{block}.mlp.fc1.out")
        kind = self.model.activation
        self.constants[f"{i}.{kind}.table"] = activation_table(kind, made, active)
        self.product(f"{i}.fc2", f"{block}.mlp.fc2", active, f"{block}.mlp.fc2.out")
        self.scale(f"{i}.residual2", self.step(f"{block}.mlp.fc2.out") / self.stream)

    def product(self, name: str, layer: str, in_step: float, out: str = "") -> float:
        """Add weights, bias and, where ``out`` names the result's range, scale; return the step of the sums."""
        weight = np.asarray(self.weights[f"{layer}.weight"], dtype=np.float64)
        weight = weight.reshape(len(weight), -1).T
        w_step = float(np.abs(weight).max()) / LEVELS or 1.0
        sums = in_step * w_step
        bias = np.asarray(self.weights.get(f"{layer}.bias", np.zeros(weight.shape[1])), dtype=np.float64)
        self.constants[f"{name}.weights"] = np.clip(np.rint(weight / w_step), -LEVELS, LEVELS).astype(np.int8)
        self.constants[f"{name}.bias"] = saturated(np.rint(bias / sums), 32)
        if out:
            self.scale(name, sums / self.step(out))
        return sums

    def norm(self, name: str, layer: str, out_step: float) -> None:
        """Add a LayerNorm of the stream."""
        gamma, beta = (np.asarray(self.weights[f"{layer}.{part}"], dtype=np.float64) for part in ("weight", "bias"))
        found = layer_norm_constants(gamma, beta, NORM_EPS, self.stream, out_step)
        self.constants[f"{name}.sizes"] = np.array([found.bits, found.inverse, found.epsilon, found.shift], np.int64)
        self.constants[f"{name}.multiplier"], self.constants[f"{name}.addend"] = found.multiplier, found.addend

    def scale(self, name: str, real: float) -> None:
        self.constants[f"{name}.scale"] = scale_array(scale_of(real))

    def step(self, name: str) -> float:
        """Return the real value of a step of int8; 1 where all is zero."""
        return self.ranges[name] / LEVELS or 1.0
