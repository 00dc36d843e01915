"""What a design takes of the FPGA: block RAMs by hand, boundary pairs, marks, and that it decides nothing else."""

import itertools
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

import pivotsim as ps
from pivotsim.errors import InputError
from pivotsim.hardware.resources.block_rams import BRAM36_BITS, BRAM36_SHAPES, bram36_blocks

ZCU102 = ps.load_hardware("zcu102")
FITTED = ZCU102.replace({"fpga.use.counted_by": "fitted"})


@pytest.mark.parametrize(
    ("size", "port", "blocks"),
    [(8192, 36, 4), (8192, 64, 8), (8192, 144, 16), (16384, 36, 4), (16384, 64, 8), (16384, 144, 16)],
)
def test_the_table_of_ports(size, port, blocks):
    """A 64 Kb buffer and a 16 KB one at ports of 36, 64 and 144 B."""
    assert bram36_blocks(8 * port, -(-size // port)) == blocks


@pytest.mark.parametrize("shape", BRAM36_SHAPES)
def test_the_edges_of_a_block(shape):
    width, depth = shape
    assert bram36_blocks(width, depth) == 1
    assert bram36_blocks(width, depth + 1) == 2
    assert bram36_blocks(width + 1, depth) == 2
    assert bram36_blocks(1, 1) == 1


@given(st.integers(1, 3000), st.integers(1, 100_000))
def test_never_below_the_capacity_and_never_above_any_tiling(width, depth):
    blocks = bram36_blocks(width, depth)
    assert blocks * BRAM36_BITS >= width * depth
    for wi, di in BRAM36_SHAPES:
        tiles = sum(1 for _ in itertools.product(range(0, width, wi), range(0, min(depth, 20 * di), di)))
        if depth <= 20 * di:
            assert blocks <= tiles


def test_the_papers_design_by_constants():
    found = ps.fit(FITTED)
    assert {r.resource: (r.demand, r.bound, r.gap, r.mark) for r in found.resources} == {
        "dsp": (2304, 2520, 216, "checked"),
        "bram36": (48, 912, 864, "calibrated"),
        "lut": (4608, 274_080, 269_472, "calibrated"),
        "ff": (20_668, 548_160, 527_492, "calibrated"),
    }
    assert {m.memory: (m.blocks, m.blocks_by_capacity) for m in found.memories} == {
        "ipmem": (8, 2), "wtmem": (8, 2), "opmem": (16, 2), "gb": (8, 4),
    }  # fmt: skip
    assert found.fits
    assert any(note.startswith("fpga.use.ff_fixed: [calibrated]") for note in found.notes)
    assert any(note.startswith("fpga.use.bram36_fixed: [calibrated]") for note in found.notes)


@pytest.mark.parametrize(("rows", "fits"), [(69, True), (70, True), (71, False)])
def test_dsps_at_their_bound(rows, fits):
    """70 x 36 PEs are the device's 2520 DSPs."""
    found = ps.fit(ZCU102.replace({"array.rows": rows}))["dsp"]
    assert (found.fits, found.gap) == (fits, 2520 - 36 * rows)


def test_packing_halves_dsps_and_rounds_up():
    assert ps.fit(ZCU102.replace({"array.mac_packing": 2}))["dsp"].demand == 1152
    odd = ZCU102.replace({"array.mac_packing": 2, "array.rows": 7, "array.cols": 5})
    assert ps.fit(odd)["dsp"].demand == 21  # the last column has slices of its own
    assert not any("packing" in lever for lever in ps.fit(odd)["dsp"].levers)
    assert not any("packing" in lever for lever in ps.fit(ZCU102.replace({"array.dataflow": "os"}))["dsp"].levers)
    assert any("mac_packing" in lever for lever in ps.fit(ZCU102)["dsp"].levers)


@pytest.mark.parametrize(
    ("change", "resource", "by"),
    [
        ({"memories.wtmem_port_bytes_per_clock": 144}, "bram36", 8),
        ({"memories.gb_bytes": 2**20}, "bram36", 57 * 4 - 8),  # 2**14 words of 512 bits: 57 x 4 blocks of 9 x 4096
        ({"fpga.use.bram36_fixed": 9}, "bram36", 1),
        ({"fpga.use.ff_fixed": 0}, "ff", -2236),
        ({"fpga.use.ff_per_pe": 8.5}, "ff", 1152),
        ({"fpga.use.lut_per_pe": 1.98}, "lut", -46),
        ({"array.cols": 37}, "bram36", 1),  # 148 B are 17 blocks wide
        ({"array.cols": 37}, "lut", 128),
        ({"array.cols": 37}, "ff", 512),
    ],
)
def test_every_constant_counts(change, resource, by):
    assert ps.fit(FITTED.replace(change))[resource].demand - ps.fit(FITTED)[resource].demand == by


@pytest.mark.parametrize("resource", ["dsp", "bram36", "lut", "ff"])
def test_a_smaller_device_lacks_what_it_lacks(resource):
    board = ps.load_hardware("pynq_z2")
    demand = ps.fit(board)[resource].demand
    exact = ps.fit(board.replace({f"fpga.{resource}": demand}))
    short = ps.fit(board.replace({f"fpga.{resource}": demand - 1}))
    assert exact.fits and exact[resource].gap == 0
    assert not short.fits and short[resource].gap == -1 and short[resource].levers
    assert [r.resource for r in short.resources if not r.fits] == [resource]


def test_a_design_that_does_not_fit_is_simulated_all_the_same():
    large = ZCU102.replace({"array.rows": 256, "array.cols": 256})
    assert not ps.fit(large).fits
    assert ps.simulate(ps.plan("deit_s"), large).pl_cycles < ps.simulate(ps.plan("deit_s")).pl_cycles


def test_a_constant_of_the_users_is_no_longer_called_calibrated():
    assert ps.fit(FITTED.replace({"fpga.use.ff_fixed": 2236}))["ff"].mark == "set by the user"
    assert ps.fit(FITTED.replace({"array.rows": 32}))["ff"].mark == "calibrated"


def test_a_memory_is_as_wide_as_what_fills_it_and_what_the_array_moves():
    def ports(change):
        return {m.memory: m.port_bytes for m in ps.fit(ZCU102.replace(change)).memories}

    assert ports({}) == {"ipmem": 64, "wtmem": 64, "opmem": 144, "gb": 64}
    assert ports({"array.rows": 65, "array.cols": 37}) == {"ipmem": 65, "wtmem": 65, "opmem": 148, "gb": 64}
    assert ports({"array.rows": 8, "array.cols": 9, "memories.wtmem_port_bytes_per_clock": 16}) == {
        "ipmem": 64, "wtmem": 16, "opmem": 36, "gb": 64,
    }  # fmt: skip
    wide = {"array.dataflow": "os", "array.rows": 8, "array.cols": 72}
    assert ports(wide) == {"ipmem": 64, "wtmem": 72, "opmem": 288, "gb": 64}


@pytest.mark.parametrize("field", ["gb_bytes", "gb_port_bytes_per_clock", "opmem_bytes"])
def test_unlimited_memories_cannot_be_built(field):
    """That is a result, not an error: a demand that no device meets, be its bound what it may."""
    found = ps.fit(FITTED.replace({f"memories.{field}": "unlimited", "fpga.bram36": 2**63 - 1}))
    bram36, memory = found["bram36"], field.partition("_")[0]
    assert (bram36.demand, bram36.gap, bram36.fits, found.fits) == (2**63 - 1, 0, False, False)
    assert f"{memory} unlimited" in bram36.formula
    assert bram36.levers[0] == f"a number for memories.{field}, which is unlimited"
    blocks = {m.memory: m.blocks for m in found.memories}
    assert blocks.pop(memory) == 2**63 - 1 and max(blocks.values()) <= 16
    by_capacity = {m.memory: m.blocks_by_capacity for m in found.memories}[memory]
    assert (by_capacity == 2**63 - 1) == (field != "gb_port_bytes_per_clock")
    assert all(found[name].fits for name in ("dsp", "lut", "ff"))


@pytest.mark.parametrize(("name", "fits"), [("zcu102", True), ("zcu102_os", False), ("zcu102_ws", True)])
def test_shipped_boards_beside_their_device(name, fits):
    """Columns of os are of logic; constants that are fitted to the paper's slices do not see it."""
    found = ps.fit(name)
    assert found.fits == fits
    assert json.loads(json.dumps(found.to_dict()))["resources"]["lut"]["fits"] == fits
    assert ps.fit(ps.load_hardware(name).replace({"fpga.use.counted_by": "fitted"})).fits


def test_hardware_that_states_no_fpga_is_judged_by_none(tmp_path):
    fpga = "{device: not stated, dsp: 0, bram36: 0, lut: 0, ff: 0}"
    (tmp_path / "alone.yaml").write_text(f"base: zcu102\nname: alone\nfpga: {fpga}\n", encoding="utf-8")
    hw = ps.load_hardware(tmp_path / "alone.yaml")
    with pytest.raises(InputError, match=r"^fit: 'alone' states no FPGA, so nothing tells whether it fits"):
        ps.fit(hw)
    report = ps.simulate(ps.plan("deit_t"), hw)
    assert report.fit is None and report.fits is None and " of 0 " not in str(report)
