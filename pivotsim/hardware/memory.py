"""The memories between DRAM and the array: DRAM, AXI ports, global buffer, input, weight and output memory."""

from typing import TYPE_CHECKING, Annotated, Literal, TypeAlias

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
    opmem_bytes: Size = quantity("B", "Output memory beside the array, int32 partial sums.")
    opmem_buffers: Buffers = quantity("", "One output buffer, or two halves that sum and drain in turn.")
    axi_ports: int = quantity("", "AXI ports between DRAM and the global buffer.", ge=1, le=64)
    axi_port_bytes_per_clock: Port = quantity("B", "Bytes that an AXI port reads, and writes, in an array clock.")
    dram: str = quantity(
        "", "`bandwidth`, or a channel that issues commands: a name such as dram/ddr4_2400.", pattern=ONE_LINE
    )
    dram_bytes_per_s: Size = quantity("B/s", "DRAM bandwidth, for reads and for writes each, under `bandwidth`.")
    read_latency_ns: int = quantity("ns", "From a read's request to its first data.", ge=0, le=MAX_LATENCY_NS)
    write_latency_ns: int = quantity("ns", "From a write's last data to its end; 0 is posted.", ge=0, le=MAX_LATENCY_NS)
    buffer_read_cycles: int = quantity(
        "clocks", "From an address of a memory of the PL to its data; block RAMs 1 or 2.", ge=0, le=MAX_READ_CYCLES,
        default=0,
    )  # fmt: skip
    out_bytes: Literal[1, 4] = quantity("B", "Bytes of an output: 1 requantised before it leaves, 4 as summed.")
    bias: bool = quantity("", "Load an int32 bias per output column, once per matrix multiplication.")
    loop_order: LoopOrder = quantity("", "Loops over tiles, outermost first; auto takes the fastest.")
    chunk: int = quantity(
        "steps", "Chunk that a longer stream is cut into; 0 takes the fastest that fits.", ge=0, le=INT64_MAX
    )

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
        """Return memories without limits, latencies or bias, as `memory: paper` takes them."""
        sizes = (name for name in type(self).model_fields if name.endswith(("_bytes", "_per_clock", "_per_s")))
        free = {name: UNLIMITED for name in sizes if name != "out_bytes"}
        plain = {
            "dram": BANDWIDTH,
            "read_latency_ns": 0,
            "write_latency_ns": 0,
            "buffer_read_cycles": 0,
            "bias": False,
            "loop_order": "auto",
            "chunk": 0,
            "out_bytes": 1,
        }
        return self.model_copy(update={**free, **plain})
