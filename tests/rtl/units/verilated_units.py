"""The units of the programmable logic in Verilog, driven from Python: blocks of rows in, what left and the clocks."""

import ctypes
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from pivotsim.integer.layer_norm import LayerNorm
from pivotsim.integer.scaling import Scale
from pivotsim.rtl.sources import modules
from tests.rtl import verilated
from tests.rtl.verilated import Model

HERE = verilated.HERE / "units"
MODEL = Model("units_bench", (*modules("units"), HERE / "units_bench.v"), HERE / "units_bridge.cpp")
UNITS = ("softmax", "activation", "layer_norm", "residual_add")
NEVER = (0,)


class Dropping(NamedTuple):
    """Sizes of the token-dropping module; ``blocks`` of ``channels`` channels are the most that it is built for."""

    token_bits: int = 4
    comparators: int = 4
    ports: int = 2
    channels: int = 2
    blocks: int = 4
    prefix: int = 1


class Dropped(NamedTuple):
    """What left: kept tokens (prefix + k, d), the fused one (d,), and the clocks of the four phases."""

    kept: np.ndarray
    fused: np.ndarray
    phases: tuple[int, ...]
    cycles: int


class VerilatedUnits:
    """All units of one width, built for rows of at most ``longest`` elements; ``holds`` says when all hold."""

    def __init__(self, lanes: int, longest: int, dropping: Dropping | None = None, model: Model = MODEL) -> None:
        self.lanes, self.longest, self.dropping = lanes, longest, dropping or Dropping()
        parameters = {"LANES": lanes, "LONGEST": longest}
        parameters |= {name.upper(): value for name, value in self.dropping._asdict().items()}
        path = verilated.library(model, f"units-{lanes}", parameters, columns=lanes, pes=1)
        self._library = ctypes.CDLL(str(path))
        self._library.bench_new.restype = ctypes.c_void_p
        self._library.bench_run.restype = ctypes.c_int64
        self._library.bench_drop.restype = ctypes.c_int64
        self._library.bench_delete.argtypes = [ctypes.c_void_p]
        self._bench = ctypes.c_void_p(self._library.bench_new())

    def close(self) -> None:
        """Free the model."""
        self._library.bench_delete(self._bench)

    def softmax(self, blocks: Sequence[np.ndarray], table: np.ndarray, holds: Sequence[int] = NEVER):
        """Return the softmax of blocks (rows, n), one behind the other, and the clocks of all of them."""
        self._set("softmax", blocks[0].shape[1])
        self._write(table.astype("<u2").view(np.uint8).reshape(256, 2))
        return self._run(blocks, holds)

    def activation(self, blocks: Sequence[np.ndarray], table: np.ndarray, holds: Sequence[int] = NEVER):
        """Return the table's values."""
        self._set("activation", 0)
        self._write(table.view(np.uint8).reshape(256, 1))
        return self._run(blocks, holds)

    def layer_norm(self, blocks: Sequence[np.ndarray], constants: LayerNorm, holds: Sequence[int] = NEVER):
        """Return normalised rows, whole beats each."""
        n, lanes = blocks[0].shape[1], self.lanes
        assert n % lanes == 0 and n <= self.longest
        self._set("layer_norm", n, n // lanes, constants.bits, constants.inverse, constants.epsilon, 0, constants.shift)
        words = np.zeros((n, 6), dtype=np.uint8)
        words[:, :2] = constants.multiplier.astype("<i2").view(np.uint8).reshape(n, 2)
        words[:, 2:] = constants.addend.astype("<i4").view(np.uint8).reshape(n, 4)
        self._write(words.reshape(n // lanes, 6 * lanes))
        return self._run(blocks, holds)

    def residual_add(self, stream: np.ndarray, x: np.ndarray, scale: Scale, holds: Sequence[int] = NEVER):
        """Return the stream with what is added to it; one block."""
        self._set("residual_add", 0, 0, 0, 0, 0, *scale)
        given = (stream.astype(np.int64) & 0xFFFF) | (x.astype(np.int64) << 32)
        (out,), clocks = self._run([given], holds)
        return out, clocks

    def drop(self, attention: np.ndarray, tokens: np.ndarray, kept: int) -> Dropped:
        """Drop all but ``kept`` patches: attention (heads, n), tokens (prefix + n, d), d of whole channel blocks."""
        (heads, n), (rows, width), sizes = attention.shape, tokens.shape, self.dropping
        beats = -(-n // self.lanes)
        scores = np.full((heads, beats * self.lanes), 85, dtype=np.int8)
        scores[:, :n] = attention
        settings = np.array(
            [n, kept, heads, beats, (n - 1).bit_length(), width // sizes.channels, -(-rows // sizes.ports), sizes.ports,
             sizes.channels, rows], dtype=np.int64,
        )  # fmt: skip
        given = np.ascontiguousarray(tokens, dtype=np.int16)
        out, fused = np.zeros((sizes.prefix + kept, width), dtype=np.int16), np.zeros(width, dtype=np.int16)
        phases = np.zeros(4, dtype=np.int64)
        arrays = (settings, scores, given, out, fused, phases)
        cycles = self._library.bench_drop(self._bench, *(ctypes.c_void_p(array.ctypes.data) for array in arrays))
        assert cycles > 0, "it does not end"
        return Dropped(out, fused, tuple(phases.tolist()), cycles)

    def _set(self, unit: str, *settings: int) -> None:
        values = np.zeros(8, dtype=np.int64)
        values[: 1 + len(settings)] = UNITS.index(unit), *settings
        self._library.bench_set(self._bench, ctypes.c_void_p(values.ctypes.data))

    def _write(self, words: np.ndarray) -> None:
        words = np.ascontiguousarray(words)
        count, size = map(ctypes.c_int64, words.shape)
        self._library.bench_table(self._bench, count, size, ctypes.c_void_p(words.ctypes.data))

    def _run(self, blocks: Sequence[np.ndarray], holds: Sequence[int]):
        lanes, parts, firsts = self.lanes, [], []
        for block in blocks:
            beats = -(-block.size // lanes)
            padded = np.full(beats * lanes, 85, dtype=np.int64)  # what follows the last row is no zero
            padded[: block.size] = block.ravel()
            parts.append(padded)
            firsts.append(np.arange(beats) == 0)
        given, first = np.concatenate(parts), np.concatenate(firsts).astype(np.uint8)
        out, hold = np.zeros(len(given), dtype=np.int16), np.array(holds, dtype=np.uint8)
        pointers = [ctypes.c_void_p(array.ctypes.data) for array in (given, first, hold, out)]
        clocks = self._library.bench_run(
            self._bench, ctypes.c_int64(len(first)), *pointers[:3], ctypes.c_int64(len(hold)), pointers[3]
        )
        assert clocks > 0, "no answer"
        ends = np.cumsum([len(part) for part in parts])
        answers = [out[end - len(part) : end] for part, end in zip(parts, ends, strict=True)]
        return [one[: block.size].reshape(block.shape) for one, block in zip(answers, blocks, strict=True)], clocks
