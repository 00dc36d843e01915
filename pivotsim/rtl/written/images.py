"""Memory images: bytes as text that Verilog's $readmemh reads, `@address` before those that lie elsewhere."""

from collections.abc import Iterator
from typing import Any

import numpy as np

from pivotsim.rtl.layout import unit_bytes
from pivotsim.rtl.program import BIAS_BYTES, Program

BYTES_A_LINE = 32


def operand_image(program: Program, operand: str, matrix: Any, bias: Any = None) -> str:
    """Return where in DRAM the bytes of an operand's units lie, and those of a bias.

    Parameters
    ----------
    program : Program
    operand : {'a', 'b'}
    matrix : ndarray
        int8 (m, k) or (k, n).
    bias : ndarray, optional
        int32 (n,), behind the operands.
    """
    parts = [
        (address, unit_bytes(program, unit, matrix))
        for unit, address in program.units.items() if unit.operand == operand
    ]  # fmt: skip
    if bias is not None:
        words = np.ascontiguousarray(bias, dtype="<i4").view(np.uint8)
        parts.append((program.bias_address, words[: BIAS_BYTES * program.sizes[2]]))
    return "".join(line for address, content in parts for line in image_lines(address, content))


def image_lines(address: int, content: Any) -> Iterator[str]:
    """Yield the lines of some bytes that lie side by side.

    >>> print("".join(image_lines(16, np.array([1, 255], dtype=np.uint8))), end="")
    @10
    01 ff
    """
    if not len(content):
        return
    yield f"@{address:x}\n"
    plain = content.tobytes()
    for start in range(0, len(plain), BYTES_A_LINE):
        yield plain[start : start + BYTES_A_LINE].hex(" ") + "\n"
