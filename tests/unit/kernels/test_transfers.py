"""The least time of a transfer on a channel, by hand."""

import pytest

from pivotsim.kernels.memory.addresses import Place
from pivotsim.kernels.memory.transfers import READ, least_dram_cycles
from pivotsim.kernels.types import Dram

CHANNEL = object()  # that there is one is all that the bound asks
# bursts of 64 bytes, 4 clocks each; no data before clock 20
DRAM = {"axi_bytes": 0, "cost_num": 0, "cost_den": 1, "burst_bytes": 64, "burst_clocks": 4, "least_clocks": 20,
        "axi_burst_bytes": 0, "read_burst": 0, "read_beat": 1, "write_burst": 0, "write_beat": 1,
        "by_row": 0}  # fmt: skip


def least(size, dram):
    return least_dram_cycles(size, READ, Place(0, size, 1, size), dram, CHANNEL)


@pytest.mark.parametrize(
    ("size", "clocks"), [(0, 0), (1, 20), (63, 20), (64, 20), (65, 24), (128, 24), (129, 28), (640, 56)]
)
def test_bursts_follow_the_first(size, clocks):
    """The first burst ends with the least clocks, every further one adds its own."""
    assert least(size, Dram(**DRAM, clock_num=1, clock_den=1)) == clocks


@pytest.mark.parametrize(("size", "cycles"), [(64, 3), (65, 3), (640, 6), (641, 7)])
def test_clocks_of_the_channel_are_array_clocks_begun(size, cycles):
    """48 clocks of the channel in 5 of the array: 20, 24, 56 and 60 of them are 2.08, 2.5, 5.83 and 6.25."""
    assert least(size, Dram(**DRAM, clock_num=48, clock_den=5)) == cycles


def test_slower_ports_are_the_bound():
    slow = Dram(**{**DRAM, "axi_bytes": 16}, clock_num=1, clock_den=1)
    assert [least(size, slow) for size in (64, 320, 640)] == [20, 36, 56]
    assert least(641, slow._replace(axi_bytes=8)) == 81
