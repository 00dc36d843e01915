"""The memories between DRAM and the array: DRAM, AXI ports, global buffer, input, weight and output memory."""

from typing import TYPE_CHECKING, Annotated, Any, Literal, TypeAlias

from pydantic import BeforeValidator, model_validator
from pydantic_core import PydanticCustomError, PydanticKnownError

from pivotsim.errors import InputError
from pivotsim.io.specs import ONE_LINE, Spec, quantity
from pivotsim.units import INT64_MAX

if TYPE_CHECKING:
    from pivotsim.hardware.dram.spec import DramSpec

UNLIMITED: Literal["unlimited"] = "unlimited"
BANDWIDTH = "bandwidth"
MAX_PORT_BYTES = 2**20
MAX_LATENCY_NS = 10**9
MAX_READ_CYCLES = 2  # an address register and an output register of a block RAM

Buffers = Literal["single", "ping_pong"]
LoopOrder = Literal["auto", "column-chunk-row", "chunk-column-row", "column-outer", "row-outer"]
BUFFERS: tuple[str, ...] = ("single", "ping_pong")
Transfers = Literal["overlapped", "serial"]
Reuse = Literal["kept", "none"]
OVERLAPPED: Literal["overlapped"] = "overlapped"
SERIAL: Literal["serial"] = "serial"
KEPT: Literal["kept"] = "kept"
NOT_KEPT: Literal["none"] = "none"
MAX_OUTSTANDING_READS = 16
MAX_DIVISOR = 64
MAX_POST_CYCLES = 10**6
MODES = ("transfers", "reuse", "clock_divisor", "post_region_cycles", "post_entry_cycles")  # which have defaults
BURSTS: tuple[str, ...] = ("unit", "row")
MAX_SUM_BYTES = 16
BLOCK = ("output_block_rows", "output_block_cols")
MAX_BURST_CLOCKS = 10**6


def _at_least(least: int, most: int) -> BeforeValidator:
    """Return a check for an integer within bounds or the word `unlimited`, with one message for either mistake."""

    def check(value: object) -> object:
        if value == UNLIMITED:
            return value
        if not isinstance(value, int) or isinstance(value, bool):
            raise PydanticCustomError("integer_or_unlimited", "must be an integer or unlimited")
        if value < least:
            raise PydanticKnownError("greater_than_equal", {"ge": least})
        if value > most:
            raise PydanticKnownError("less_than_equal", {"le": most})
        return value

    return BeforeValidator(check)


Size: TypeAlias = Annotated[int | Literal["unlimited"], _at_least(1, INT64_MAX)]
Share: TypeAlias = Annotated[int | Literal["unlimited"], _at_least(0, INT64_MAX)]
Port: TypeAlias = Annotated[int | Literal["unlimited"], _at_least(1, MAX_PORT_BYTES)]


def _burst_clocks(meaning: str, default: int) -> Any:
    """Return a field that counts array clocks of a burst, or of a beat, which takes one at least."""
    return quantity("clocks", meaning, ge=default, le=MAX_BURST_CLOCKS, default=default)


class MemorySpec(Spec):
    """Memories and how the engine `memory` uses them; `memory: paper` takes them as unlimited.

    Every size and rate may be the word `unlimited`. A unit of work (a tile, a streamed chunk, a region of partial sums)
    lives in one half of its memory: the whole of a `single` one, half of a `ping_pong` one.
    """

    gb_bytes: Size = quantity("B", "Global buffer.")
    gb_port_bytes_per_clock: Port = quantity("B", "Bytes that the global buffer reads, and writes, in an array clock.")
    input_share_bytes: Share = quantity("B", "Global buffer kept for inputs: an operand that fits is read once.")
    weight_share_bytes: Share = quantity("B", "Global buffer kept for weights: an operand that fits is read once.")
    ipmem_bytes: Size = quantity("B", "Input memory beside the array.")
    ipmem_buffers: Buffers = quantity("", "One input buffer, or two halves that fill and feed in turn.")
    ipmem_port_bytes_per_clock: Port = quantity("B", "Bytes that fill the input memory in an array clock.")
    wtmem_bytes: Size = quantity("B", "Weight memory beside the array.")
    wtmem_buffers: Buffers = quantity("", "One weight buffer, or two halves that fill and feed in turn.")
    wtmem_port_bytes_per_clock: Port = quantity("B", "Bytes that fill the weight memory in an array clock.")
    opmem_bytes: Size = quantity("B", "Output memory beside the array, partial sums.")
    opmem_buffers: Buffers = quantity("", "One output buffer, or two halves that sum and drain in turn.")
    axi_ports: int = quantity("", "AXI ports between DRAM and the global buffer.", ge=1, le=64)
    axi_port_bytes_per_clock: Port = quantity("B", "Bytes that an AXI port reads, and writes, in an array clock.")
    dram: str = quantity(
        "", "`bandwidth`, or a channel that issues commands: a name such as dram/ddr4_2400.", pattern=ONE_LINE
    )
    dram_bytes_per_s: Size = quantity("B/s", "DRAM bandwidth, for reads and for writes each, under `bandwidth`.")
    read_latency_ns: int = quantity("ns", "From a read's request to its first data.", ge=0, le=MAX_LATENCY_NS)
    outstanding_reads: int = quantity(
        "", "Loads whose reads may be asked for and not there yet; 1 holds the channel during a read's latency.", ge=1,
        le=MAX_OUTSTANDING_READS, default=1,
    )  # fmt: skip
    write_latency_ns: int = quantity("ns", "From a write's last data to its end; 0 is posted.", ge=0, le=MAX_LATENCY_NS)
    buffer_read_cycles: int = quantity(
        "clocks", "From an address of a memory of the PL to its data; block RAMs 1 or 2.", ge=0, le=MAX_READ_CYCLES,
        default=0,
    )  # fmt: skip
    axi_burst_bytes: int = quantity("B", "Longest burst of the AXI ports.", ge=1, le=MAX_PORT_BYTES, default=256)
    axi_bursts: Literal["unit", "row"] = quantity(
        "", "What a burst reaches over at most: a unit, or each row of its matrix for itself.", default="unit"
    )
    axi_read_burst_clocks: int = _burst_clocks("A read burst, before its beats.", 0)
    axi_read_beat_clocks: int = _burst_clocks("A beat of all AXI ports that is read.", 1)
    axi_write_burst_clocks: int = _burst_clocks("A write burst, before its beats.", 0)
    axi_write_beat_clocks: int = _burst_clocks("A beat of all AXI ports that is written.", 1)
    out_bytes: Literal[1, 4] = quantity(
        "B", "Not read: an output has the out_bits of its operation. Boards of before state it.", default=1
    )
    sum_bytes: int = quantity("B", "A partial sum in the output memory, and a bias.", ge=1, le=MAX_SUM_BYTES, default=4)
    bias: bool = quantity("", "Load a bias per output column, once per matrix multiplication.")
    loop_order: LoopOrder = quantity("", "Loops over tiles, outermost first; auto takes the fastest.")
    chunk: int = quantity(
        "steps", "Chunk that a longer stream is cut into; 0 takes the fastest that fits.", ge=0, le=INT64_MAX
    )
    transfers: Transfers = quantity(
        "", "Loads, passes of the array and drains run side by side, or serial: one after the other.",
        default=OVERLAPPED,
    )  # fmt: skip
    reuse: Reuse = quantity(
        "", "Units still in their half or the global buffer are kept, or none: each pass reads both from DRAM.",
        default=KEPT,
    )  # fmt: skip
    clock_divisor: int = quantity(
        "array clocks", "Of one clock of the memories, in which ports, AXI and latencies count.", ge=1, le=MAX_DIVISOR,
        default=1,
    )  # fmt: skip
    post_region_cycles: int = quantity(
        "clocks", "Array clocks of a post-operation for each region that drains, before its drain.", ge=0,
        le=MAX_POST_CYCLES, default=0,
    )  # fmt: skip
    post_entry_cycles: int = quantity(
        "clocks", "Array clocks of a post-operation for each entry of a region: one sum per column.", ge=0,
        le=MAX_POST_CYCLES, default=0,
    )  # fmt: skip

    output_block_rows: int = quantity(
        "rows", "Rows of outputs whose folds share chunks of K under os, sums in the output memory; 0: the array's.",
        ge=0, le=INT64_MAX, default=0,
    )  # fmt: skip
    output_block_cols: int = quantity(
        "columns", "Columns of the same outputs; 0: the array's. With 0 rows: no block, sums stay in the array.", ge=0,
        le=INT64_MAX, default=0,
    )  # fmt: skip

    @model_validator(mode="after")
    def _reads_are_ahead(self) -> "MemorySpec":
        reads = self.outstanding_reads
        if reads > 1 and self.transfers == SERIAL:
            raise ValueError(f"outstanding_reads: must be 1 where transfers are serial, each in turn (got {reads})")
        if reads > 1 and self.dram != BANDWIDTH:
            raise ValueError(
                "outstanding_reads: must be 1 behind a channel that issues commands;"
                f" memories.dram: bandwidth takes more (got {reads})"
            )
        return self

    @model_validator(mode="after")
    def _shares_fit(self) -> "MemorySpec":
        if self.gb_bytes == UNLIMITED:
            return self
        shares = {"input_share_bytes": self.input_share_bytes, "weight_share_bytes": self.weight_share_bytes}
        for field, share in shares.items():
            if share == UNLIMITED:
                raise ValueError(f"{field}: must be a size, since gb_bytes is (got {share!r})")
        total = sum(int(share) for share in shares.values())
        if total > int(self.gb_bytes):
            raise ValueError(f"weight_share_bytes: the shares exceed gb_bytes {self.gb_bytes} (got {total} together)")
        return self

    def dram_channel(self) -> "DramSpec | None":
        """Return the DRAM channel that issues commands, None under `bandwidth`.

        Raises
        ------
        InputError
            There is no such channel, or its file is not valid.
        """
        if self.dram == BANDWIDTH:
            return None
        from pivotsim.hardware.dram.spec import load_dram  # most runs name no channel

        try:
            return load_dram(self.dram)
        except InputError as error:
            raise InputError(f"memories.{p}" if p.startswith("dram: ") else p for p in error.problems) from None

    def unlimited(self) -> "MemorySpec":
        """Return memories without limits, latencies, bias or modes, as `memory: paper` takes them."""
        return self.model_copy(update=_WITHOUT_LIMITS)


_SIZES = [name for name in MemorySpec.model_fields if name.endswith(("_bytes", "_per_clock", "_per_s"))]
_WITHOUT_LIMITS = {
    **{name: UNLIMITED for name in _SIZES if name not in ("out_bytes", "sum_bytes", "axi_burst_bytes")},
    "dram": BANDWIDTH,
    "read_latency_ns": 0,
    "outstanding_reads": 1,
    "write_latency_ns": 0,
    "buffer_read_cycles": 0,
    "bias": False,
    "loop_order": "auto",
    "chunk": 0,
    "axi_bursts": "unit",
    **{name: MemorySpec.model_fields[name].default for name in (*MODES, *BLOCK)},
    **dict.fromkeys(("axi_read_burst_clocks", "axi_write_burst_clocks"), 0),
    **dict.fromkeys(("axi_read_beat_clocks", "axi_write_beat_clocks"), 1),
}
