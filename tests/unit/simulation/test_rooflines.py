"""Rooflines of runs: beside the engine's own bound, by hand, and never exceeded where the run reads its memories."""

import math

import pytest

import pivotsim as ps
from pivotsim.engines.memory.board_limits import limits_of
from pivotsim.engines.memory.bounds.exact import clocks_per_byte, roofline
from pivotsim.simulation.rooflines import roofline_of

WHOLE = ps.plan("deit_t")


def test_bytes_of_a_product_by_hand():
    report = ps.simulate(ps.plan("deit_s"))
    qkv = roofline_of(report).products[0]
    bias = 4 * 1152
    assert (qkv.module, qkv.sizes, qkv.times) == ("qkv", (197, 384, 1152), 12)
    assert qkv.moved_bytes == 12 * (197 * 384 + 384 * 1152 + bias)
    assert qkv.macs == 12 * 197 * 384 * 1152
    assert qkv.cycles == sum(row.cycles for row in report.rows if row.module == "qkv")


@pytest.mark.parametrize("changes", [{}, {"memories.dram_bytes_per_s": 10**8}, {"memories.axi_read_burst_clocks": 8}])
@pytest.mark.parametrize("plan", [WHOLE, ps.prune_blocks(WHOLE, density=0.5, block=16)], ids=["dense", "masked"])
def test_no_product_is_above_its_roof(plan, changes):
    hw = ps.load_hardware("zcu102").replace(changes)
    report = ps.simulate(plan, hw, memory="hw")
    found = roofline_of(report)
    assert found.is_read and sum(p.macs for p in found.products) == report.macs
    assert sum(p.cycles for p in found.products) == report.pl_cycles
    for p in found.products:
        assert p.roof_cycles <= p.cycles
        assert p.macs_per_cycle <= found.roof(p.intensity) * (1 + 1e-9)
    if plan is WHOLE:
        limits = limits_of(hw.memories, hw.array.clock_mhz)
        for p in found.products:
            assert math.ceil(p.roof_cycles / p.times - 1e-6) == roofline(p.sizes, hw.pes, limits)[0]


def test_a_slow_dram_makes_the_slope():
    hw = ps.load_hardware("zcu102").replace({"memories.dram_bytes_per_s": 125_000_000})
    found = roofline_of(ps.simulate(WHOLE, hw))
    assert found.bytes_per_cycle == 1.0 and not found.is_read
    assert found.roof(100) == 100 and found.roof(1e9) == hw.pes
    limits = limits_of(hw.memories, hw.array.clock_mhz)
    assert clocks_per_byte(limits, is_write=False) == clocks_per_byte(limits, is_write=True) == 1


def test_memories_without_limits_have_no_slope():
    hw = ps.load_hardware("zcu102").without_memory_limits()
    found = roofline_of(ps.simulate(WHOLE, hw))
    assert found.bytes_per_cycle is None and found.roof(0.001) == hw.pes


@pytest.mark.parametrize("hw", ["u250_mpca", "truth/hgpipe_vck190"])
def test_hardware_of_another_kind_has_none(hw):
    assert roofline_of(ps.simulate(WHOLE, hw, scope="all")) is None
