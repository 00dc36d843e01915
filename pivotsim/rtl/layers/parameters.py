"""Parameters of the hardware that runs a layer program: those of its GEMMs, and those of its units."""

from collections.abc import Mapping

from pivotsim.engines.pl_units.operations import Drain, Fill
from pivotsim.rtl.encoding import WORD_BITS, Widths
from pivotsim.rtl.layers.image import ADDRESS_BITS
from pivotsim.rtl.layers.program import LayerProgram
from pivotsim.rtl.sizes import bits, parameters_of, widths_of
from pivotsim.rtl.stations import OPERATION_WORDS, UNITS

UNIT_OF = {"softmax": "softmax", "norm": "norm", "add": "addition"} | dict.fromkeys(
    ("score", "sort", "gather"), "tokens"
)

LEAST_TABLE_BITS = 8  # of the units' tables: 256 exponentials, and as many values of an activation
NORM_BITS = 48  # of a channel's constants in LayerNorm


def layer_widths(program: LayerProgram) -> Widths:
    """Return the bits of counts, addresses and lanes of hardware that runs a layer program."""
    return widths_of(program.tables, ADDRESS_BITS, most_counted(program))


def layer_parameters(program: LayerProgram) -> Mapping[str, int]:
    """Return the parameters of verilog/stream_accelerator.v that runs a layer program, by name; of units if it has any.

    As in every written design outputs may be scaled by a multiplier: ``MULTIPLIES`` is the caller's.
    """
    own = parameters_of(program.tables, ADDRESS_BITS, most_counted(program))
    return {**own, **unit_parameters(program, own["TABLE_BITS"], layer_widths(program))}


def unit_parameters(program: LayerProgram, table_bits: int, widths: Widths) -> Mapping[str, int]:
    """Return the parameters of a program's units, beside tables of GEMMs of those sizes; none where it has no units."""
    if program.units is None:
        return {}
    station, passes = program.units.station, program.passes()
    places = [len(one.operations) for one in passes]
    places += [len(table) for one in passes for table in one.constants.values()]
    own_bits = max(LEAST_TABLE_BITS, bits(max(places)))
    return {
        "GEARBOX": 1,  # units take as many bytes a clock as they have room for
        "UNITS": sum({UNITS[UNIT_OF.get(kind, "activation")] for kind in program.units.kinds}),
        "UNIT_LANES": station.lanes,
        "UNIT_PORT_BYTES": station.port_bytes,
        "UNIT_WORDS": station.words,
        "UNIT_TABLE_BITS": own_bits,
        "MAX_ELEMENTS": station.max_elements,
        "MAX_CHANNELS": station.max_channels,
        "TOKEN_BITS": station.token_bits,
        "COMPARATORS": station.comparators,
        "PREFIX": station.prefix,
        "DATA_BITS": max(widths.table_bits, WORD_BITS * OPERATION_WORDS, NORM_BITS * station.lanes),
        "INDEX_BITS": max(table_bits, own_bits),
    }


def most_counted(program: LayerProgram) -> int:
    """Return the largest number of bytes that a pass moves at once, and of its operations."""
    passes = program.passes()
    sizes = [one.size_bytes for each in passes for one in each.operations if isinstance(one, Fill | Drain)]
    return max([1, *sizes, *(len(one.operations) for one in passes)])
