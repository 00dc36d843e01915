"""Ways to run the memories other than the usual one: what the array does then, and what a report says of them."""

from collections.abc import Iterator

from pivotsim.hardware.array import ArraySpec
from pivotsim.hardware.dataflows import DATAFLOW
from pivotsim.hardware.fold_overlaps import FOLD_OVERLAPS
from pivotsim.hardware.kinds.systolic import SystolicHardware
from pivotsim.hardware.memory import BURSTS, NOT_KEPT, SERIAL, UNLIMITED, MemorySpec

NO_OVERLAP = FOLD_OVERLAPS[0]
BY_ROW = BURSTS[1]


def array_as_run(hw: SystolicHardware) -> ArraySpec:
    """Return the array; where loads, passes and drains take turns, one whose folds do not overlap."""
    if hw.memories.transfers != SERIAL:
        return hw.array
    return hw.array.model_copy(update={"fold_overlap": NO_OVERLAP})


def modes_in_words(memories: MemorySpec, array: ArraySpec) -> Iterator[str]:
    """Yield a line for each way in which memories run that is not the usual one, and what rooflines leave out then."""
    if memories.transfers == SERIAL:
        yield (
            "memories.transfers serial: loads, passes and drains take turns; array.fold_overlap counts as none, and"
            " ping-pong halves hide no load"
        )
    if memories.reuse == NOT_KEPT:
        yield "memories.reuse none: each pass reads both units from DRAM; the global buffer's shares keep nothing"
    if memories.clock_divisor > 1:
        yield (
            f"memories.clock_divisor {memories.clock_divisor}: ports, AXI and latencies count in clocks of"
            f" {memories.clock_divisor} array clocks, and transfers start with one; units of the PL count array clocks"
        )
    if memories.outstanding_reads > 1 and memories.read_latency_ns:
        yield (
            f"memories.outstanding_reads {memories.outstanding_reads}: loads are asked for ahead, once their half is"
            " free; what is left of read_latency_ns counts. An AXI master must have as many loads' bursts in flight"
        )
        yield from _turns_in_words(memories)
    if memories.post_region_cycles or memories.post_entry_cycles:
        yield "memories.post_region_cycles, post_entry_cycles: array clocks before a drain, among the output's stalls"
    yield from _block_in_words(memories, array)
    if left_out := list(_left_out_of_rooflines(memories)):
        yield (
            f"roofline: a lower bound that leaves out {' and '.join(left_out)}; DRAM may bind where it reads compute,"
            " its stalls are counted"
        )


def _turns_in_words(memories: MemorySpec) -> Iterator[str]:
    """Yield where a load takes no clock, but one for its turn to be asked for when several are in flight."""
    if memories.gb_port_bytes_per_clock != UNLIMITED or memories.buffer_read_cycles or memories.reuse == NOT_KEPT:
        return
    free = [
        f"{memory}_port_bytes_per_clock"
        for memory, operand in (("ipmem", "input"), ("wtmem", "weight"))
        if getattr(memories, f"{memory}_port_bytes_per_clock") == UNLIMITED
        and getattr(memories, f"{memory}_bytes") != UNLIMITED  # else nothing is loaded again
        and getattr(memories, f"{operand}_share_bytes") != 0  # else all comes from DRAM
    ]
    if free:
        yield (
            f"memories.{', '.join(('gb_port_bytes_per_clock', *free))} unlimited: a load from the global buffer takes"
            " no clock with 1 in flight, else one for its request, so that more in flight may cost clocks; hardware"
            " needs a width"
        )


def _block_in_words(memories: MemorySpec, array: ArraySpec) -> Iterator[str]:
    """Yield what a block of outputs does on an array, or that it does nothing."""
    if not memories.output_block_rows and not memories.output_block_cols:
        return
    rows, cols = memories.output_block_rows or array.rows, memories.output_block_cols or array.cols
    names = "memories.output_block_rows, output_block_cols"
    if not DATAFLOW[array.dataflow].drains:
        yield f"{names}: no effect under {array.dataflow}, whose sums are added in the output memory as it is"
        return
    yield (
        f"{names}: the folds of {rows} x {cols} outputs share each chunk of K; their sums wait in the output memory,"
        " and every fold drains after every chunk"
    )
    if rows % array.rows or cols % array.cols:
        yield f"{names}: no multiple of the {array.rows} x {array.cols} array, so that folds of a block leave PEs idle"


def _left_out_of_rooflines(memories: MemorySpec) -> Iterator[str]:
    """Yield what ``bounds.roofline``, the larger of compute and each operand moved once, does not count."""
    if memories.axi_bursts == BY_ROW:
        yield "the bursts and beats that each row begins (memories.axi_bursts row)"
    if memories.transfers == SERIAL:
        yield "that transfers and passes add up (memories.transfers serial)"
    if memories.reuse == NOT_KEPT:
        yield "what is read again (memories.reuse none)"
