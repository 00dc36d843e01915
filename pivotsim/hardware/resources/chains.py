"""The chains of DSPs that pass sums down the array, beside the columns of the device."""

from collections.abc import Iterator

from pivotsim.hardware.dataflows import DATAFLOW
from pivotsim.hardware.fpga.columns import NOT_STATED, Cascades, cascades_that_fit, slices_of
from pivotsim.hardware.fpga.dsp import DSP_KINDS
from pivotsim.hardware.kinds.systolic import SystolicHardware


def cascades_of(hw: SystolicHardware) -> Cascades | None:
    """Return the chains of DSPs that pass sums down the array; None where sums stay, or the columns are not known."""
    columns = hw.fpga.dsp_columns
    if slices_of(columns) != hw.fpga.dsp or DATAFLOW[hw.array.dataflow].drains:
        return None
    needed = -(-hw.array.cols // 2) if hw.fpga.use.int8_packing else hw.array.cols
    return Cascades(hw.array.rows, cascades_that_fit(columns, hw.array.rows), needed * hw.array.count)


def cascade_notes(hw: SystolicHardware, found: Cascades | None) -> Iterator[str]:
    """Yield what is to be said of the chains of DSPs."""
    columns, dsp = hw.fpga.dsp_columns, hw.fpga.dsp
    if columns == NOT_STATED:
        yield "fpga.dsp_columns: not stated, so nothing tells whether chains of DSPs fit in columns"
    elif slices_of(columns) != dsp:
        yield f"fpga.dsp_columns: hold {slices_of(columns):,} DSPs, the device {dsp:,}, so chains are not counted"
    elif found is not None:
        rest = f", so {found.broken} are broken, which takes fabric" if found.broken else ""
        text = f"{found.fit} unbroken cascades of {found.rows} DSPs fit, {found.needed} are needed{rest}"
        yield f"fpga.dsp_columns: {text}"
    kind = DSP_KINDS[hw.fpga.dsp_kind]
    if hw.fpga.use.int8_packing and hw.array.rows > kind.packed_rows:
        text = f"two int8 sums in one {hw.fpga.dsp_kind} are exact in chains of {kind.packed_rows} rows"
        yield f"fpga.use.int8_packing: {text}; a longer one is broken in fabric as often, about 6 LUTs a DSP [estimate]"
