"""Loads asked for ahead: engine and oracle agree, closed forms hold, and what has no such loads refuses them."""

import random

import pytest

import pivotsim as ps
from pivotsim.engines.memory.board_limits import limits_of
from pivotsim.engines.memory.fit_check import DoesNotFit
from pivotsim.engines.memory.limits import MemoryLimits
from pivotsim.engines.memory.modes import modes_in_words
from pivotsim.engines.memory.schedule import record_gemm, run_gemm
from pivotsim.hardware.memory import MAX_OUTSTANDING_READS
from pivotsim.kernels.memory.steady_state import MAX_READS
from tests.campaigns import cases
from tests.proofs.memory_campaign import campaign, differences, random_case, random_modes

ARRAY = {"rows": 2, "cols": 2, "dataflow": "is", "fold_overlap": "pipelined", "edge": "padded",
         "os_edge_register": True, "mac_latency": 1}  # fmt: skip
LENGTH, LATENCY = 4, 10  # of a load: clocks of its bytes, and before them


@pytest.mark.campaign
@pytest.mark.parametrize("kinds", [(), ("is_mixed", "has_modes"), ("is_masked",), ("has_block", "has_modes")])
def test_every_start_and_end_equals_the_oracles(kinds):
    runs, _, different = campaign(cases(100, 3_000), 1, has_requests=True, **dict.fromkeys(kinds, True))
    assert runs > 30 and not different


def loads_of(reads):
    """Twelve loads of four bytes, a byte a clock, none of which waits for a half."""
    limits = MemoryLimits(axi_bytes_per_cycle=1, read_latency_cycles=LATENCY, outstanding_reads=reads)
    return record_gemm(2, 12, 2, ARRAY, limits, loop_order="column-chunk-row", chunk=2).loads


@pytest.mark.parametrize("reads", range(1, 9))
def test_what_requests_in_flight_hide(reads):
    """n loads end in the longer of their bytes together and of one load with its latency."""
    loads = loads_of(reads)
    if reads * LENGTH >= LATENCY + LENGTH:
        ends = [LATENCY + LENGTH * (number + 1) for number in range(12)]
    else:
        ends = [(number // reads + 1) * (LATENCY + LENGTH) + number % reads * LENGTH for number in range(12)]
    assert loads[:, 6].tolist() == ends
    assert (loads[1:, 5] >= loads[:-1, 6]).all()  # bytes come one load at a time


def test_without_a_latency_there_is_nothing_to_hide():
    """Also where loads take no clocks, of which one a clock is asked for."""
    for rate in (None, 1):
        one, many = (
            run_gemm(9, 12, 9, ARRAY, MemoryLimits(ipmem_bytes=16, axi_bytes_per_cycle=rate, outstanding_reads=reads))
            for reads in (1, 8)
        )
        assert one == many


# a GEMM under os whose inputs come again from the global buffer, a byte a clock and a clock of latency from DRAM
AGAIN = {"memories.ipmem_bytes": 64, "memories.wtmem_bytes": 16, "memories.opmem_bytes": "unlimited",
         "memories.gb_bytes": "unlimited", "memories.input_share_bytes": "unlimited",
         "memories.weight_share_bytes": "unlimited", "memories.axi_ports": 1, "memories.axi_port_bytes_per_clock": 1,
         "memories.dram_bytes_per_s": "unlimited", "memories.read_latency_ns": 1, "memories.write_latency_ns": 0,
         "memories.ipmem_buffers": "single", "memories.wtmem_buffers": "single", "memories.buffer_read_cycles": 0,
         "memories.bias": False, "array.rows": 2, "array.cols": 4, "array.fold_overlap": "chained",
         "array.edge": "aware", "array.mac_latency": 2}  # fmt: skip
PORTS = tuple(f"memories.{name}_port_bytes_per_clock" for name in ("gb", "ipmem", "wtmem"))
NO_PORT = dict.fromkeys(PORTS, "unlimited")


@pytest.mark.parametrize(
    ("change", "is_slower", "named"),
    [
        (NO_PORT, True, PORTS),
        ({**NO_PORT, PORTS[2]: 64}, True, PORTS[:2]),
        ({**NO_PORT, PORTS[1]: 64}, False, (PORTS[0], PORTS[2])),  # it may, and here it does not
        ({**NO_PORT, PORTS[1]: 64, PORTS[2]: 64}, False, ()),
        ({**NO_PORT, PORTS[0]: 64}, False, ()),
        ({**NO_PORT, "memories.buffer_read_cycles": 1}, False, ()),
        ({**NO_PORT, "memories.reuse": "none"}, False, ()),
        ({**NO_PORT, "memories.input_share_bytes": 0, "memories.weight_share_bytes": 0}, False, ()),
    ],
)
def test_where_more_in_flight_may_cost_clocks_is_said(change, is_slower, named):
    """A load that takes no clock takes one for its request, as in hardware, which has a width on every way."""
    board = ps.load_hardware("zcu102_os").replace({**AGAIN, **change})
    cycles = {}
    for reads in (1, 2, MAX_OUTSTANDING_READS):
        memories = board.replace({"memories.outstanding_reads": reads}).memories
        cycles[reads] = run_gemm(5, 9, 9, board.array, limits_of(memories, board.array.clock_mhz)).cycles
        said = [line for line in modes_in_words(memories, board.array) if "may cost clocks" in line]
        names = ", ".join(named).replace(", memories.", ", ")
        assert [line.split(" unlimited: ")[0] for line in said] == ([names] if named and reads > 1 else [])
    assert (cycles[2] > cycles[1], cycles[MAX_OUTSTANDING_READS] > cycles[1]) == (is_slower, is_slower)


@pytest.mark.campaign
def test_where_each_load_takes_a_clock_more_in_flight_cost_none():
    draw, compared, quicker = random.Random(6), 0, 0
    for _ in range(cases(600, 40_000)):
        gemm, array, memory, order, chunk = random_case(draw, is_mixed=draw.random() < 0.4)
        memory |= {**random_modes(draw), "transfers": "overlapped"}
        if memory["gb_port_bytes_per_cycle"] is None:
            memory["buffer_read_cycles"] = draw.randint(1, 2)
        one, more = (
            run_gemm(*gemm, array, MemoryLimits(**memory | {"outstanding_reads": reads}), loop_order=order, chunk=chunk)
            for reads in (1, draw.randint(2, MAX_OUTSTANDING_READS))
        )
        if not isinstance(one, DoesNotFit):
            assert more.cycles <= one.cycles, (gemm, array, memory, order, chunk)
            compared, quicker = compared + 1, quicker + (more.cycles < one.cycles)
    assert compared > 200 and quicker > compared / 10


def test_the_most_in_flight_have_their_places():
    """Kernels keep the end of each in an array of its own size: one place too few would be written past its end."""
    assert MAX_READS == MAX_OUTSTANDING_READS
    draw, found = random.Random(7), []
    for _ in range(30):
        gemm, array, memory, order, chunk = random_case(draw)
        memory["outstanding_reads"] = MAX_OUTSTANDING_READS
        found += differences(gemm, array, memory, order, chunk) or ["equal"]
    assert set(found) == {"equal", "misfit"}


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"memories.transfers": "serial"}, "outstanding_reads: must be 1 where transfers are serial, each in turn"),
        ({"memories.dram": "dram/ddr4_2400"}, "outstanding_reads: must be 1 behind a channel that issues commands"),
        ({"memories.outstanding_reads": 17}, "memories.outstanding_reads: must be at most 16 (got 17)"),
        ({"memories.outstanding_reads": 0}, "memories.outstanding_reads: must be at least 1 (got 0)"),
    ],
)  # fmt: skip
def test_refused(values, message):
    with pytest.raises(ps.InputError) as raised:
        ps.load_hardware("zcu102").replace({"memories.outstanding_reads": 2, **values})
    assert message in str(raised.value)


def test_limits_refuse_what_has_no_requests_in_flight():
    with pytest.raises(ps.InputError, match="outstanding_reads: must be 1 where transfers are serial"):
        MemoryLimits(outstanding_reads=2, transfers="serial")


def test_what_it_needs_is_said():
    board = ps.load_hardware("zcu102").replace({"memories.outstanding_reads": 4})
    (line,) = modes_in_words(board.memories, board.array)
    assert line.startswith("memories.outstanding_reads 4: loads are asked for ahead, once their half is free")
    quick = board.replace({"memories.read_latency_ns": 0})
    assert not list(modes_in_words(quick.memories, quick.array))
