"""The image of a layer program, as driver/pivot_driver.c reads it: words of 32 bits, named as there.

    header    magic, version, words of a descriptor (loads, tiles, streams, drains), the bit at which a load's and a
              drain's address begins, where tables and entries begin, bits of an address, bytes of DRAM
    table     counts of loads, tiles, streams, drains; passes; narrow column; where slots of loads and of drains and
              the descriptors of all four begin
    entry     kind, table, form (1: biased, 2: outputs of 4 bytes), scale (multiplier, from bit 16 on the shift), where
              its bases begin, the entry after a gate's yes
    pass      kind, its operations, where they begin (``stations.OPERATION_WORDS`` each), its constants, where they
              begin: of each TABLE_SELECT, places, words of a place, where these begin

Descriptors' addresses are relative to a base each: see ``relocation``. Those of operations are relative to the program.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np

from pivotsim.errors import InputError, got
from pivotsim.rtl.descriptors import Drain, Load
from pivotsim.rtl.encoding import REGISTER_WORDS, WORD_BITS, Widths, tables, word
from pivotsim.rtl.layers.program import GATE, End, Entry, LayerProgram, Stop, UnitPass
from pivotsim.rtl.layers.relocation import Relocated, relocated
from pivotsim.rtl.program import Program
from pivotsim.rtl.stations import TABLES as STATION_TABLES
from pivotsim.rtl.stations import pass_words

MAGIC, VERSION, UNITS_VERSION = 0x544F5650, 2, 3  # a program without passes is one that older drivers run, too
HEADER, TABLE, ENTRY = 12, 12, 6  # words
PRODUCT, STOP, GATE_STOP, END, PASS = range(5)
UNIT_TABLES = 4  # the value of TABLE_SELECT for the first table of the station
ADDRESS_BITS = 32  # of hardware that runs layer programs: what the driver's dram_address is added to


def image_words(program: LayerProgram, widths: Widths) -> Any:
    """Return the words of an image: uint32 (n,).

    Parameters
    ----------
    program : LayerProgram
    widths : Widths
        Bits of the hardware's fields.

    Raises
    ------
    InputError
        A value needs more bits than its field has, an address more than the driver adds, or a descriptor more words
        than the registers have.
    """
    if widths.address_bits > ADDRESS_BITS:
        raise InputError(f"dram: the driver adds addresses of {ADDRESS_BITS} bits {got(widths.address_bits)}")
    if not widths.fits_registers:
        raise InputError(
            f"array: registers and driver hold descriptors of {REGISTER_WORDS * WORD_BITS:,} bits; with"
            f" {widths.row_lanes} rows and {widths.col_lanes} columns under a mask they are"
            f" longer {got(widths.table_bits)}"
        )
    if program.dram_bytes.bit_length() > widths.address_bits:
        raise InputError(f"dram: {program.dram_bytes:,} B do not fit addresses of {widths.address_bits} bits")
    return _Writer(program, widths).words()


class _Writer:
    """Appends pieces behind tables and entries, whose sizes are known."""

    def __init__(self, program: LayerProgram, widths: Widths) -> None:
        self.program, self.widths = program, widths
        self.end = HEADER + TABLE * len(program.tables) + ENTRY * len(program.entries)
        self.pieces: list[Any] = []
        products = program.products()
        self.moved: list[Relocated] = []
        self.places: list[dict[int, int]] = []  # of each table's products: which row of its bases
        for number in range(len(program.tables)):
            own = [product for product in products if product.table == number]
            self.moved.append(relocated([np.concatenate((product.loads, product.drains)) for product in own]))
            self.places.append({id(product): place for place, product in enumerate(own)})
        self.sizes = [self._words_of(kind) for kind in range(4)]
        self.begins: dict[bytes, int] = {}  # of units' constants, which passes share

    def words(self) -> Any:
        version = UNITS_VERSION if self.program.units else VERSION
        head = [
            MAGIC, version, *self.sizes, _bit_of(Load, self.widths), _bit_of(Drain, self.widths), HEADER,
            HEADER + TABLE * len(self.program.tables), self.widths.address_bits, self.program.dram_bytes,
        ]  # fmt: skip
        for program, moved in zip(self.program.tables, self.moved, strict=True):
            head += self._table(program, moved)
        for entry in self.program.entries:
            head += self._entry(entry)
        return np.concatenate([np.array(head, dtype=np.uint32), *self.pieces])

    def _words_of(self, kind: int) -> int:
        rows = [tables(program)[kind] for program in self.program.tables]
        fields = next((row[0]._fields for row in rows if row), ())
        return -(-sum(map(self.widths.of, fields)) // WORD_BITS)

    def _append(self, words: Any) -> int:
        self.pieces.append(np.asarray(words, dtype=np.uint32))
        begin = self.end
        self.end += len(self.pieces[-1])
        return begin

    def _table(self, program: Program, moved: Relocated) -> list[int]:
        loads, addresses = len(program.loads), moved.relative.tolist()
        own: Sequence[Any] = (
            _moved(program.loads, addresses[:loads]), program.tiles, program.streams,
            _moved(program.drains, addresses[loads:]),
        )  # fmt: skip
        counts = [len(rows) for rows in own]
        slots = [self._append(moved.slots[:loads]), self._append(moved.slots[loads:])]
        data = []
        for rows, size in zip(own, self.sizes, strict=True):
            plain = b"".join(word(row, self.widths).to_bytes(4 * size, "little") for row in rows)
            data.append(self._append(np.frombuffer(plain, "<u4")))
        return [*counts, program.prediction.result.passes, program.narrow_column, *slots, *data]

    def _entry(self, entry: Entry) -> list[int]:
        if isinstance(entry, End):
            return [END, 0, 0, 0, 0, 0]
        if isinstance(entry, UnitPass):
            return self._pass(entry)
        if isinstance(entry, Stop):
            is_gate = entry.kind == GATE
            return [GATE_STOP if is_gate else STOP, 0, 0, 0, 0, entry.otherwise if is_gate else 0]
        bases = self.moved[entry.table].bases[self.places[entry.table][id(entry)]]
        form = int(self.program.tables[entry.table].limits.bias) + 2 * entry.is_wide
        return [PRODUCT, entry.table, form, entry.multiplier + (entry.shift << 16), self._append(bases), 0]

    def _pass(self, entry: UnitPass) -> list[int]:
        assert self.program.units is not None
        words = pass_words(entry.operations, self.program.units.station)
        tables = []
        for name, constants in entry.constants.items():
            plain = constants.tobytes()
            if plain not in self.begins:
                self.begins[plain] = self._append(constants.ravel())
            tables += [UNIT_TABLES + STATION_TABLES[name], *constants.shape, self.begins[plain]]
        return [PASS, len(words), self._append(np.array(words).ravel()), len(entry.constants), self._append(tables), 0]


def _moved(rows: Sequence[Any], addresses: Sequence[int]) -> list[Any]:
    return [row._replace(dram_address=at) for row, at in zip(rows, addresses, strict=True)]


def _bit_of(kind: type[Load] | type[Drain], widths: Widths) -> int:
    """Return the bit of a descriptor at which its address in DRAM begins."""
    fields = kind._fields
    return sum(map(widths.of, fields[: fields.index("dram_address")]))
