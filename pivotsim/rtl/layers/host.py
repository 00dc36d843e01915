"""The host's side of a layer program: what it reads and writes in DRAM, and what it does at a stop."""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from pivotsim.rtl.layers.arrangements import Tensor
from pivotsim.rtl.layers.program import ACTIVATIONS, COMPUTE, GATE, LayerProgram, Stop

Array = Any  # an ndarray


def constants(program: LayerProgram) -> Array:
    """Return what DRAM holds before the first run: uint8 (dram_bytes,), zeros but for weights, biases and positions."""
    image = np.zeros(program.dram_bytes, dtype=np.uint8)
    for tensor in program.tensors.values():
        if tensor.role != ACTIVATIONS:
            write(image, tensor, tensor.values)
    return image


def read(image: Array, tensor: Tensor) -> Array:
    """Return a tensor out of DRAM, (rows, columns); elements that have no place there are 0."""
    offsets, itemsize = tensor.arrangement.offsets, tensor.arrangement.itemsize
    own = image[tensor.address : tensor.address + tensor.arrangement.size_bytes]
    at = np.maximum(offsets, 0)[..., None] + np.arange(itemsize)
    values = own[at].view(np.dtype(tensor.dtype).newbyteorder("<"))[..., 0]
    return np.where(offsets < 0, 0, values).astype(tensor.dtype)


def write(image: Array, tensor: Tensor, values: Array) -> None:
    """Put a tensor's elements where they have a place in DRAM."""
    offsets, itemsize = tensor.arrangement.offsets, tensor.arrangement.itemsize
    has_place = offsets >= 0
    plain = np.ascontiguousarray(values, dtype=np.dtype(tensor.dtype).newbyteorder("<"))
    own = image[tensor.address : tensor.address + tensor.arrangement.size_bytes]
    at = offsets[has_place][:, None] + np.arange(itemsize)
    own[at] = plain[has_place][:, None].view(np.uint8).reshape(-1, itemsize)


class Host:
    """The processor beside the array: it owns the tensors that no GEMM touches, and shares the others in DRAM.

    Parameters
    ----------
    program : LayerProgram
    image : ndarray
        uint8, DRAM itself: what is written here is there.
    compute : callable
        Returns what a step makes of its tensors, by the names in the step.
    answer : callable, optional
        Whether a gate sends the image on, of the gate's step and the tensor that it reads.
    """

    def __init__(
        self, program: LayerProgram, image: Array, compute: Callable[[Any, Mapping[str, Array]], Array],
        answer: Callable[[Any, Array], bool] | None = None,
    ) -> None:  # fmt: skip
        self.program, self.image, self._compute, self._answer = program, image, compute, answer
        self.own: dict[str, Array] = {}

    def __getitem__(self, name: str) -> Array:
        """Return a tensor, (rows, columns)."""
        tensor = self.program.tensors.get(name)
        return self.own[name] if tensor is None else read(self.image, tensor)

    def __setitem__(self, name: str, values: Array) -> None:
        tensor = self.program.tensors.get(name)
        if tensor is None:
            self.own[name] = values
        else:
            write(self.image, tensor, values)

    def at(self, stop: Stop) -> bool:
        """Do what a stop asks for; return a gate's answer, elsewhere False."""
        if stop.kind == GATE:
            assert self._answer is not None
            return bool(self._answer(stop.step, self[stop.reads[0]]))
        if stop.kind == COMPUTE:
            tensors = dict(zip(stop.step.inputs, (self[name] for name in stop.reads), strict=True))
            self[stop.writes] = self._compute(stop.step, tensors)
        else:
            self[stop.writes] = self[stop.reads[0]]
        return False
