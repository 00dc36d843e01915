"""Integer inference in numpy, step by step, of many images at once."""

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from pivotsim.errors import InputError, got_elements, got_shape, shape_text
from pivotsim.integer import layer_norm, residual, softmax, tokens
from pivotsim.integer.activation import ACTIVATIONS, activate
from pivotsim.integer.plan_steps import steps_of
from pivotsim.integer.scaling import rescale, saturated
from pivotsim.integer.steps import LOGITS, PATCHES, Array, Gemm, Operation, Step, Tensors
from pivotsim.integer.weights.model import IntegerModel
from pivotsim.models.spec import VitModel
from pivotsim.workload.plans import Plan


class Inference(NamedTuple):
    """What a run computed: logits int32 (n, classes), and every tensor by name, an axis of images in front."""

    logits: Array
    tensors: dict[str, Array]


def run(model: IntegerModel, images: Any, plan: Plan | None = None) -> Inference:
    """Return logits and all tensors of images.

    Parameters
    ----------
    model : IntegerModel
    images : array, (n, channels, height, width)
        float, normalised as the model was trained, which is rounded to steps of ``model.image_scale``; or int8, such
        steps themselves.
    plan : Plan, optional
        What of the model runs; all by default.

    Returns
    -------
    Inference
        Logits int32 (n, classes), and every tensor by the name of the step that made it.

    Raises
    ------
    InputError
        The images do not fit, or as for ``steps_of``.

    Examples
    --------
    >>> from pivotsim.integer.weights.random_weights import random_model
    >>> one = random_model("digits_vit", seed=1)
    >>> found = run(one, np.zeros((2, 1, 8, 8), dtype=np.int8))
    >>> found.logits.shape, found.tensors["1.softmax"].shape, len(found.tensors)
    ((2, 10), (2, 17, 34), 101)
    """
    tensors = {PATCHES: patches_of(model.model, quantised_images(model, images))}
    for step in steps_of(model, plan):
        tensors[step.output] = execute(step, tensors)
    return Inference(tensors[LOGITS][:, 0], tensors)


def quantised_images(model: IntegerModel, images: Any) -> Array:
    """Return images as int8: round(x / image_scale) in float64, a half up, cut off at -127 and 127; int8 as it is."""
    array, m = np.asarray(images), model.model
    wanted = (m.channels, *m.image_sides)
    if array.ndim != len(wanted) + 1 or array.shape[1:] != wanted:
        raise InputError(f"images: must be any number of {shape_text(wanted)} {got_shape(array.shape)}")
    if array.dtype == np.int8:
        return array
    if array.dtype.kind != "f":
        raise InputError(f"images: must be decimal numbers, or int8 in steps of the model {got_elements(array.dtype)}")
    if not np.isfinite(array).all():
        raise InputError("images: must be finite (got one that is not)")
    return np.clip(np.floor(array.astype(np.float64) / model.image_scale + 0.5), -127, 127).astype(np.int8)


def patches_of(model: VitModel, images: Array) -> Array:
    """Return each patch as a row, its channels outermost: (n, patches, channels * height * width)."""
    (rows, columns), (height, width) = model.image_sides, model.patch_sides
    split = images.reshape(len(images), model.channels, rows // height, height, columns // width, width)
    pixels = model.channels * height * width
    return np.ascontiguousarray(split.transpose(0, 2, 4, 1, 3, 5)).reshape(len(images), model.patches, pixels)


def execute(step: Step, tensors: Tensors) -> Array:
    """Return the tensor that a step makes of those it reads.

    Parameters
    ----------
    step : Gemm or Operation
    tensors : mapping of str to array, (..., rows, columns)
        By name; axes in front are images.

    Returns
    -------
    array, (..., rows, columns)

    Examples
    --------
    >>> from pivotsim.integer.plan_steps import steps_of
    >>> from pivotsim.integer.weights.random_weights import random_model
    >>> first = steps_of(random_model("digits_vit"))[0]
    >>> execute(first, {"patches": np.ones((16, 4), dtype=np.int8)}).shape
    (16, 32)
    """
    return multiply(step, tensors) if isinstance(step, Gemm) else KINDS[step.kind](step, tensors)


def multiply(step: Gemm, tensors: Tensors) -> Array:
    """Return the product: int8, or int32 as the sums are.

    It is made in float64, which holds every partial sum exactly: |a b| k stays below 2^53.
    """
    a, b = step.operands(tensors)
    sums = (a.astype(np.float64) @ b.astype(np.float64)).astype(np.int64)
    if step.bias is not None:
        sums += step.bias
    result = saturated(sums, 32) if step.scale is None else rescale(sums, step.scale)
    side_by_side = np.moveaxis(result, -3, -2)
    return np.ascontiguousarray(side_by_side.reshape(*side_by_side.shape[:-2], step.copies * step.n))


def _add(step: Operation, tensors: Tensors) -> Array:
    if len(step.inputs) == 1:  # patches to positions
        positions, scale = step.constants
        products = tensors[step.inputs[0]]
        prefix = len(positions) - products.shape[-2]
        stream = np.broadcast_to(positions, (*products.shape[:-2], *positions.shape)).copy()
        stream[..., prefix:, :] = residual.add(stream[..., prefix:, :], products, scale)
        return stream
    stream, branch = (tensors[name] for name in step.inputs)
    return np.asarray(residual.add(stream, branch, step.constants))


def _norm(step: Operation, tensors: Tensors) -> Array:
    return np.asarray(layer_norm.normalised(tensors[step.inputs[0]], step.constants))


def _softmax(step: Operation, tensors: Tensors) -> Array:
    scores = tensors[step.inputs[0]]
    by_head = scores.reshape(*scores.shape[:-1], step.copies, step.n)
    return np.asarray(softmax.probabilities(by_head, step.constants).reshape(scores.shape))


def _activate(step: Operation, tensors: Tensors) -> Array:
    return np.asarray(activate(tensors[step.inputs[0]], step.constants))


def _score(step: Operation, tensors: Tensors) -> Array:
    heads, prefix = step.constants
    row = tensors[step.inputs[0]][..., 0, :]
    by_head = row.reshape(*row.shape[:-1], heads, -1)[..., prefix:]
    return np.asarray(tokens.scores(np.moveaxis(by_head, -2, 0)))[..., None, :]


def _sort(step: Operation, tensors: Tensors) -> Array:
    scores = tensors[step.inputs[0]]
    return np.asarray(np.apply_along_axis(tokens.top_k, -1, scores, step.constants))


def _gather(step: Operation, tensors: Tensors) -> Array:
    stream, order = (tensors[name] for name in step.inputs)
    prefix: int = step.constants
    kept = np.take_along_axis(stream[..., prefix:, :], np.moveaxis(order, -1, -2), axis=-2)
    return np.concatenate([stream[..., :prefix, :], kept], axis=-2)


KINDS: dict[str, Callable[[Operation, Tensors], Array]] = {
    "add": _add, "norm": _norm, "softmax": _softmax, **dict.fromkeys(ACTIVATIONS, _activate), "score": _score,
    "sort": _sort, "gather": _gather,
}  # fmt: skip
