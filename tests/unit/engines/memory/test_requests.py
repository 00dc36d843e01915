"""Loads asked for ahead: engine and oracle agree, closed forms hold, and what has no such loads refuses them."""

import pytest

import pivotsim as ps
from pivotsim.engines.memory.limits import MemoryLimits
from pivotsim.engines.memory.modes import modes_in_words
from pivotsim.engines.memory.schedule import record_gemm, run_gemm
from tests.campaigns import cases
from tests.proofs.memory_campaign import campaign

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
