"""Remarks on widths: sums that may need more room than they are counted with, and a value that is not read."""

from pivotsim.engines.array.bytes_dense import SUM_BYTES
from pivotsim.engines.base import HW
from pivotsim.hardware.kinds.systolic import SystolicHardware
from pivotsim.hardware.spec import Hardware
from pivotsim.workload.ops import Op, Trace

REQUANTISED = 1  # what boards state of ``memories.out_bytes`` that never said otherwise


def width_remarks(trace: Trace, hw: Hardware, memory: str) -> tuple[str, ...]:
    """Return what must be said of the widths of sums and outputs beside a run's totals.

    Examples
    --------
    >>> import pivotsim as ps
    >>> wide = ps.load_hardware("zcu102").replace({"array.operand_bits": 16})
    >>> op = Op(1, "fc1", "gemm", 8, 384, 8, a_bits=16, w_bits=16, out_bits=16)
    >>> width_remarks(ps.Trace((op,)), wide, "hw")
    ('sums of 16 x 16 bit integers over k = 384 take up to 41 bits; each is counted as 4 B (memories.sum_bytes)',)
    """
    if not isinstance(hw, SystolicHardware):
        return ()
    return (*_wide_sums(trace, hw, memory), *_unread(hw, memory))


def _wide_sums(trace: Trace, hw: SystolicHardware, memory: str) -> tuple[str, ...]:
    """Return that sums may not fit what they are counted with, of the operation that needs most."""
    gemms = [op for op in trace if op.kind == "gemm"]
    size, where = (hw.memories.sum_bytes, "memories.sum_bytes") if memory == HW else (SUM_BYTES, "memory 'paper'")
    widest = max(gemms, key=_sum_bits, default=None)
    if widest is None or _sum_bits(widest) <= 8 * size:
        return ()
    bits = f"{widest.a_bits} x {widest.w_bits} bit integers over k = {widest.k}"
    return (f"sums of {bits} take up to {_sum_bits(widest)} bits; each is counted as {size} B ({where})",)


def _sum_bits(op: Op) -> int:
    """Return the bits of a sum of k products of signed integers."""
    return op.a_bits + op.w_bits + (op.k - 1).bit_length()


def _unread(hw: SystolicHardware, memory: str) -> tuple[str, ...]:
    """Return that a board states how wide outputs are, which is their operation's affair."""
    stated = hw.memories.out_bytes
    if memory != HW or stated == REQUANTISED:
        return ()
    return (f"memories.out_bytes: {stated} is not read, an output has the out_bits of its operation",)
