"""Sizes of a design: the least that holds all of its programs, as parameters of verilog/stream_accelerator.v."""

from collections.abc import Mapping, Sequence

from pivotsim.errors import InputError, got
from pivotsim.hardware.fold_overlaps import FOLD_OVERLAPS
from pivotsim.rtl.buildable import PACKED_LATENCY, PACKED_OVERLAP
from pivotsim.rtl.encoding import Widths, tables
from pivotsim.rtl.program import BIAS_BYTES, Program

OF_OWN_WIDTH = ("dram_address", "x_lanes", "y_lanes", "tile_lanes")
LEAST_ADDRESS_BITS = 16  # a burst of 1,024 beats of 64 bytes: see verilog/axi/burst_splitter.v
MAX_LANES = 256  # bytes per clock: the rotators of the memories grow with it


def bits(count: int) -> int:
    """Return the bits that tell ``count`` things apart, at least one.

    >>> bits(1), bits(4), bits(5)
    (1, 2, 3)
    """
    return max(1, (count - 1).bit_length())


def widths_of(programs: Sequence[Program], address_bits: int = LEAST_ADDRESS_BITS, most_counted: int = 1) -> Widths:
    """Return the bits of counts, addresses and lanes that hold every value of every program.

    Addresses in DRAM have ``address_bits`` at least: more than the programs need where a driver moves them. Counts hold
    ``most_counted``, too: what units count.
    """
    counts, addresses = most_counted, 1
    for program in programs:
        addresses = max(addresses, program.dram_bytes)
        counts = max(counts, program.buffer_bytes, *(len(table) for table in tables(program)))
        for table in tables(program):
            for row in table:
                counts = max(counts, *(value for name, value in row._asdict().items() if name not in OF_OWN_WIDTH))
    address_bits = max(addresses.bit_length(), address_bits)
    # sums of two values; the widest table is of streams, whatever an address takes of a drain
    count_bits = max(counts.bit_length() + 1, (address_bits - 1) // 2)
    design, is_masked = programs[0].design, any(program.mask is not None for program in programs)
    return Widths(count_bits, address_bits, *((design.rows, design.cols) if is_masked else ()))


def parameters_of(
    programs: Sequence[Program], address_bits: int = LEAST_ADDRESS_BITS, most_counted: int = 1
) -> Mapping[str, int]:
    """Return the parameters of the accelerator that runs all the programs, by name; see ``widths_of`` for its widths.

    Raises
    ------
    InputError
        A port is wider than the memories can be built, or columns share slices otherwise than the Verilog has them.
    """
    first = programs[0]
    design, limits, widths = first.design, first.limits, widths_of(programs, address_bits, most_counted)
    lanes = max(max(row.lanes for row in [*program.loads]) for program in programs)
    lanes = max(lanes, *(row.lanes for program in programs for row in program.drains))
    if lanes > MAX_LANES:
        raise InputError(f"memories.gb_port_bytes_per_clock: must be at most {MAX_LANES} in hardware (got {lanes})")
    if design.mac_packing > 1 and not fits_slices(first):
        why = f"where columns share slices it must be {PACKED_LATENCY} in hardware"
        raise InputError(f"array.mac_latency: {why}, under settled {got(design.mac_latency - 1)}")
    columns = design.cols
    bias_lanes = BIAS_BYTES * (columns if first.dataflow.cols == "n" else 1)  # is: one bias for a word of all columns
    return {
        "R": design.rows,
        "C": columns,
        "OVERLAP": design.fold_overlap,
        "MREG": design.mac_latency - 1,
        "SLICES": int(fits_slices(first)),
        "MAC_PACKING": design.mac_packing,
        "OS_EDGE_REGISTER": design.os_edge_register,
        "READ_CYCLES": limits.buffer_read_cycles,
        "LANES": lanes,
        "IPMEM_BYTES": limits.ipmem_bytes or 0,
        "WTMEM_BYTES": limits.wtmem_bytes or 0,
        "OPMEM_DEPTH": max(program.entries for program in programs),
        "OPMEM_HALVES": limits.halves("opmem"),
        "BUFFER_BYTES": max(1, *(program.buffer_bytes for program in programs)),
        "BIAS_BYTES": max(BIAS_BYTES * program.sizes[2] for program in programs) if limits.bias else 0,
        "BANK_BITS": bits(max(lanes, design.rows, columns)),
        "BIAS_LANES": bias_lanes,
        "BIAS_BANK_BITS": bits(max(lanes, bias_lanes)),
        "TABLE_BITS": bits(max(len(table) for program in programs for table in tables(program))),
        "COUNT_BITS": widths.count_bits,
        "ADDRESS_BITS": widths.address_bits,
        "MASKED": int(widths.row_lanes > 0),
        "MULTIPLIES": 0,
        "OUTSTANDING": limits.outstanding_reads,
        "ULTRA": 0,
        "GEARBOX": int(any(row.from_dram and row.lanes < lanes for program in programs for row in program.loads)),
    }


def fits_slices(program: Program) -> bool:
    """Return whether all of an element but passing operands lies in a DSP48E2 slice: see verilog/array/pe_dsp48e2.v.

    With ``design.mac_packing`` 2 two elements share one (pe_packed_dsp48e2.v), and the design's latency counts the
    register that parts their sums.
    """
    design, settled = program.design, FOLD_OVERLAPS.index(PACKED_OVERLAP)
    latency = 2 if design.mac_packing == 1 else PACKED_LATENCY + 1
    return not program.dataflow.drains and design.fold_overlap == settled and design.mac_latency == latency


def opmem_bytes_built(parameters: Mapping[str, int]) -> int:
    """Return OPMEM's bytes as built: whole words of every column, as many as the longest region needs."""
    return 4 * parameters["C"] * parameters["OPMEM_DEPTH"] * parameters["OPMEM_HALVES"]
