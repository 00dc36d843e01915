"""The chains of DSPs that pass sums down the array, beside the columns of the device."""

from collections.abc import Iterator

from pivotsim.hardware.dataflows import DATAFLOW
from pivotsim.hardware.fpga.columns import NOT_STATED, Cascades, cascades_that_fit, slices_of
from pivotsim.hardware.fpga.dsp import PACKED_ROWS
from pivotsim.hardware.kinds.systolic import SystolicHardware


def cascades_of(hw: SystolicHardware) -> Cascades | None:
    """Return the chains of DSPs that pass sums down the array; None where sums stay, or the columns are not known."""
    columns = hw.fpga.dsp_columns
    if slices_of(columns) != hw.fpga.dsp or DATAFLOW[hw.array.dataflow].drains:
        return None
    longest = min(hw.array.rows, PACKED_ROWS) if hw.array.mac_packing > 1 else hw.array.rows
    needed = -(-hw.array.rows // longest) * hw.slices_across * hw.array.count
    return Cascades(longest, cascades_that_fit(columns, longest), needed)


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
    if hw.array.mac_packing > 1:
        text = f"two int8 sums in one {hw.fpga.dsp_kind} are exact in chains of {PACKED_ROWS} rows"
        more = "; longer ones are added up in fabric" if hw.array.rows > PACKED_ROWS else ""
        yield f"array.mac_packing: {text}{more}"
