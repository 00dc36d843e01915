"""What one GEMM asks of the array behind memories, element by element: tiles, needed indices, bytes of units.

The keys of ``array`` are explained in ``memory_clock``. A ``mask`` is None or
{"operand": a | b | out, "block": size, "kept": rows of blocks}.
"""

import itertools
import math

SIZES = {"is": ("k", "m", "n"), "ws": ("k", "n", "m"), "os": ("m", "n", "k")}  # of the rows, the columns, the stream
AXES = {  # of the array, of an operand's units
    "is": {"input": ("row", "col"), "weight": ("row", "stream")},
    "ws": {"weight": ("row", "col"), "input": ("row", "stream")},
    "os": {"input": ("row", "stream"), "weight": ("stream", "col")},
}
MATRIX = {"a": ("m", "k"), "b": ("k", "n"), "out": ("m", "n"), "input": ("m", "k"), "weight": ("k", "n")}
OPERAND = {"a": "input", "b": "weight", "out": None}  # that a mask leaves gaps in
INDEX_BYTES = 2  # of a kept block


def sizes(gemm: tuple[int, int, int], array: dict) -> tuple[int, int, int]:
    by_name = dict(zip("mkn", gemm, strict=True))
    return tuple(by_name[name] for name in SIZES[array["dataflow"]])


def ranges(size: int, step: int) -> list[range]:
    """0 .. ``size`` cut into ranges of ``step``, the last one with what is left."""
    return [range(start, min(start + step, size)) for start in range(0, size, step)]


def packed(elements: int, bits: int) -> int:
    """Bytes of elements one after the other, bit by bit, the last byte filled up."""
    return math.ceil(elements * bits / 8)


class Work:
    """The tiles of a GEMM, and what its mask leaves of passes and units."""

    def __init__(self, gemm: tuple[int, int, int], array: dict, chunk: int, mask: dict | None):
        self.dataflow, self.mask = array["dataflow"], mask
        row_size, col_size, stream_size = sizes(gemm, array)
        if not 1 <= chunk <= stream_size:
            raise ValueError(f"chunk: must lie in 1 .. {stream_size} (got {chunk})")
        self.ranges = {  # axis of the array -> the indices of each of its tiles
            "row": ranges(row_size, array["rows"]),
            "col": ranges(col_size, array["cols"]),
            "stream": ranges(stream_size, chunk),
        }

    def _keeps(self, matrix: str, index: dict[str, int]) -> bool:
        """Whether the mask keeps an element, by its indices on the array's axes; all of what it does not cover."""
        if self.mask is None or matrix != self.mask["operand"]:
            return True
        down, across = self._element(matrix, index)
        return self.mask["kept"][down // self.mask["block"]][across // self.mask["block"]]

    def _element(self, matrix: str, index: dict[str, int]) -> tuple[int, int]:
        letters = dict(zip(SIZES[self.dataflow], ("row", "col", "stream"), strict=True))
        return tuple(index[letters[letter]] for letter in MATRIX[matrix])

    def needed(self, i: int, j: int, c: int) -> list[int]:
        """The streamed indices of a chunk for which some row and column of the tile needs the product."""
        rows, cols, steps = self.ranges["row"][i], self.ranges["col"][j], self.ranges["stream"][c]
        return [
            t for t in steps
            if any(
                all(self._keeps(matrix, {"row": r, "col": q, "stream": t}) for matrix in ("a", "b", "out"))
                for r in rows for q in cols
            )
        ]  # fmt: skip

    def is_masked(self, operand: str) -> bool:
        return self.mask is not None and OPERAND[self.mask["operand"]] == operand

    def bytes_of(self, operand: str, unit: tuple[int, int], lists: list[list[int]], bits: int) -> int:
        axes = AXES[self.dataflow][operand]
        parts = {axis: self.ranges[axis][number] for axis, number in zip(axes, unit, strict=True)}
        if self.is_masked(operand):
            kept = [
                self._element(operand, index)
                for places in itertools.product(*parts.values())
                if self._keeps(self.mask["operand"], index := dict(zip(axes, places, strict=True)))
            ]
            block = self.mask["block"]
            blocks = {(down // block, across // block) for down, across in kept}
            return packed(len(kept), bits) + INDEX_BYTES * len(blocks)
        if "stream" in parts:  # the indices that some pass needs of it
            parts["stream"] = set().union(*lists)
        return packed(len(parts[axes[0]]) * len(parts[axes[1]]), bits)
