"""What the Verilog has, of all that a board's memories and array may be; the rest is refused by the key that asks."""

from collections.abc import Iterator

from pivotsim.engines.memory.limits import MemoryLimits
from pivotsim.errors import InputError, got
from pivotsim.hardware.kinds.systolic import SystolicHardware
from pivotsim.hardware.memory import KEPT, OVERLAPPED

# slices that two columns share: loads move through their own registers; operands, product and sum take a clock each
PACKED_OVERLAP, PACKED_LATENCY = "settled", 3
OPERAND_BITS, OUT_BITS, SUM_BYTES = 8, (8, 32), 4  # of a PE's operands; requantised outputs, or sums as they are

# what hardware has in one form only: key of the memories and of its limits, that form, why
ONE_FORM = (
    ("sum_bytes", SUM_BYTES, "sums and biases are int32"),
    ("transfers", OVERLAPPED, "three sequencers run side by side"),
    ("reuse", KEPT, "a unit that is there is not fetched again"),
    ("clock_divisor", 1, "there is one clock"),
    ("post_region_cycles", 0, "nothing stands between sums and their drain"),
    ("post_entry_cycles", 0, "nothing stands between sums and their drain"),
    ("output_block_rows", 0, "sums of os stay in the array"),
    ("output_block_cols", 0, "sums of os stay in the array"),
)


def check_limits(limits: MemoryLimits) -> None:
    """Raise InputError for memories that the Verilog does not have, or whose sizes or widths nothing states."""
    problems = [
        f"memories.{name}_bytes: hardware needs a size (got unlimited)"
        for name in ("ipmem", "wtmem", "opmem")
        if limits.half_bytes(name) is None
    ]
    if limits.channel is not None:
        problems.append("memories.dram: hardware is predicted behind a bandwidth (got a channel that issues commands)")
    for memory, widths in ports(limits).items():
        if not widths:
            problems.append(
                f"memories.gb_port_bytes_per_clock: hardware needs a width on the way to {memory} (got unlimited)"
            )
    for name, form, why in ONE_FORM:
        if getattr(limits, name) != form:
            problems.append(f"memories.{name}: must be {form} in hardware, {why} {got(getattr(limits, name))}")
    if limits.axi_burst_bytes is not None:
        problems.append("memories.axi_bursts: hardware counts bytes per clock; bursts must cost no clocks of their own")
    problems += bits_refused(limits.input_bits, limits.weight_bits, limits.out_bits)
    if problems:
        raise InputError(problems)


def check_board(board: SystolicHardware) -> None:
    """Raise InputError for an array that the Verilog does not have."""
    problems = []
    if board.array.count > 1:
        problems.append(f"array.count: must be 1 in hardware {got(board.array.count)}")
    if board.array.operand_bits != OPERAND_BITS:
        problems.append(f"array.operand_bits: must be {OPERAND_BITS} in hardware {got(board.array.operand_bits)}")
    if board.array.mac_packing > 1 and board.array.fold_overlap != PACKED_OVERLAP:
        own = (
            f"array.fold_overlap: must be {PACKED_OVERLAP} in hardware where columns share slices (array.mac_packing 2)"
        )
        problems.append(f"{own} {got(board.array.fold_overlap)}")
    problems += [f"{path}: hardware waits for no driver; must be 0 here" for path in board.calls.paths()]
    if problems:
        raise InputError(problems)


def ports(limits: MemoryLimits) -> dict[str, list[int]]:
    """Return the widths that bytes from the global buffer pass, by memory."""
    own = {"ipmem": limits.ipmem_port_bytes_per_cycle, "wtmem": limits.wtmem_port_bytes_per_cycle, "bias": None,
           "DRAM": None}  # fmt: skip
    shared = [limits.gb_port_bytes_per_cycle]
    only_dram = [limits.axi_bytes_per_cycle]
    found = {}
    for name, port in own.items():
        widths = [port, *shared, *(only_dram if name in ("bias", "DRAM") else ())]
        found[name] = [width for width in widths if width is not None]
    return found


def bits_refused(a_bits: int, w_bits: int, out_bits: int) -> Iterator[str]:
    """Yield what is wrong with the bits of a GEMM's elements."""
    for name, bits in (("a_bits", a_bits), ("w_bits", w_bits)):
        if bits != OPERAND_BITS:
            yield f"{name}: operands must have {OPERAND_BITS} bits in hardware {got(bits)}"
    if out_bits not in OUT_BITS:
        yield f"out_bits: outputs must have 8 bits in hardware, or the 32 of a sum {got(out_bits)}"
