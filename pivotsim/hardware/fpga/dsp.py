"""The multiplier slices of AMD devices: sizes, and what of int8 each can do."""

from typing import NamedTuple


class DspKind(NamedTuple):
    """One kind of slice.

    ``multiplier`` is its operands in bits, ``packed_rows`` the longest chain of slices in which two int8
    multiply-accumulates that share each stay exact, 0 where two do not fit, and ``packing`` says where that comes from.
    """

    multiplier: tuple[int, int]
    accumulator_bits: int
    packed_rows: int
    packing: str
    source: str


PACKED_ROWS = 7  # 7 * 128 * 128 lies below 2**17

DSP_KINDS: dict[str, DspKind] = {
    "DSP48E1": DspKind(
        (25, 18), 48, 0, "[assumed] 25 bits do not hold two int8 operands 18 bits apart", "AMD UG479, 7 series"
    ),
    "DSP48E2": DspKind(
        (27, 18), 48, PACKED_ROWS,
        "two int8 operands 18 bits apart in 27 bits (AMD WP486); 7 sums of products fit 18 bits, 8 if no held operand "
        "is -128: no difference in 100,000 draws", "AMD UG579, UltraScale"
    ),
    "DSP58": DspKind(
        (27, 24), 58, PACKED_ROWS,
        "as DSP48E2 [assumed]; its own mode, a dot product of three int8 pairs, is not modelled",
        "AMD AM004, Versal"
    ),
}  # fmt: skip
