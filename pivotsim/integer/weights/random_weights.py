"""Random integers of any model, for hardware that is tested before anything is trained."""

import math
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from pivotsim.integer.activation import activation_table
from pivotsim.integer.layer_norm import layer_norm_constants
from pivotsim.integer.scaling import scale_of
from pivotsim.integer.softmax import softmax_table
from pivotsim.integer.steps import Array
from pivotsim.integer.weights.constants import layout_of, scale_array
from pivotsim.integer.weights.model import IntegerModel
from pivotsim.models.spec import VitModel, load_model

WEIGHT_RMS, ACTIVATION_RMS = 73.5, 32.0  # of -127 to 127 alike; what scales aim at
STREAM_STEP = 1 / 1024
BIAS = 1000


def random_model(source: "VitModel | str | Path | Mapping[str, object]", *, seed: int = 0) -> IntegerModel:
    """Return a model of random weights, whose activations use the range of int8 without being cut off much.

    Parameters
    ----------
    source : VitModel, str, Path or mapping
        What ``load_model`` takes.
    seed : int
        Weights are drawn from -127 to 127 alike, biases from -1000 to 1000, gammas from 0.5 to 1.5, betas from -0.5 to
        0.5; scales bring results to 32 steps in the mean square.

    Returns
    -------
    IntegerModel

    Raises
    ------
    InputError
        The model is not valid, or has no integer form.

    Examples
    --------
    >>> random_model("deit_t")
    <IntegerModel: deit_t, 5,647,872 bytes of weights>
    """
    model = load_model(source)
    draw = np.random.default_rng(seed)
    made: dict[str, Array] = {}
    reals = {
        "qkt": 1 / (ACTIVATION_RMS * math.sqrt(model.head_size)), "sv": 1 / 64, "position": 8.0, "residual1": 8.0,
        "residual2": 8.0,
    }  # fmt: skip
    for name, (dtype, shape) in layout_of(model).items():
        label, part = name.split(".")[-2:]
        if part == "weights":
            made[name] = draw.integers(-127, 128, shape, dtype=np.int8)
        elif part == "bias":
            made[name] = draw.integers(-BIAS, BIAS + 1, shape, dtype=np.int32)
        elif part == "positions":
            made[name] = draw.integers(-2048, 2049, shape, dtype=np.int16)
        elif part == "scale":
            depth = len(made[name.replace(".scale", ".weights")]) if label not in reals else 1
            depth *= 4 if label == "patch_embed" else 1  # images may use the whole of int8
            made[name] = scale_array(scale_of(reals.get(label, 1 / (WEIGHT_RMS * math.sqrt(depth)))))
        elif part == "table":
            made[name] = softmax_table(1 / 32) if label == "softmax" else activation_table(label, 1 / 32, 1 / 32)
        elif part == "sizes":
            gamma, beta = draw.uniform(0.5, 1.5, model.width), draw.uniform(-0.5, 0.5, model.width)
            norm = layer_norm_constants(gamma, beta, 1e-6, STREAM_STEP, 1 / ACTIVATION_RMS)
            made[name] = np.array([norm.bits, norm.inverse, norm.epsilon, norm.shift], dtype)
            stem = name.removesuffix("sizes")
            made[f"{stem}multiplier"], made[f"{stem}addend"] = norm.multiplier, norm.addend
    return IntegerModel(model, {name: made[name] for name in layout_of(model)}, 1 / 32, 1.0)
