"""What synthesis counts of a board, beside the constants of a fit and in their place; and how a netlist is read."""

import random

import numpy as np
import pytest

import pivotsim as ps
from pivotsim.hardware.resources.many_designs import COUNTED_PATHS, RESOURCES, ResourceModel
from tests.recordings.netlist import COUNTS, counted, levels, read_blif

COUNTED = ps.load_hardware("zcu102")
FITTED = COUNTED.replace({"fpga.use.counted_by": "fitted"})
SHARES = {"memories.input_share_bytes": 0, "memories.weight_share_bytes": 0}  # of a buffer of any size
BLIF = """
# made by hand
.model design_top
.inputs clk a b c
.outputs y
.subckt LUT2 I0=a I1=b O=ab
.subckt LUT3 I0=ab I1=c I2=$false \\
  O=abc
.names abc other
1 1
.subckt CARRY4 CI=$false CYINIT=$false S[0]=other S[1]=b S[2]=c S[3]=c DI[0]=a DI[1]=b DI[2]=c DI[3]=c O[0]=s0 O[1]=s1
.subckt LUT1 I0=s1 O=late
.subckt FDRE C=clk CE=$true D=late Q=q R=$false
.subckt RAM64M ADDRA[0]=q ADDRB[0]=a DOA=found DOB=y WE=b
.subckt LUT1 I0=found O=end
.subckt SRL16E D=end Q=z
.subckt RAMB18E2 DOUTADOUT[0]=z
.subckt $paramod\\requantise\\N=1 in=z
.end
"""


def test_a_netlist_by_hand():
    """Two LUTs, a carry chain and a LUT lie before the register: four levels; behind it a RAM's read and a LUT."""
    cells, aliases = read_blif(BLIF.splitlines())
    found = counted(cells, ("requantise",))
    assert found == dict.fromkeys(COUNTS, 0) | {"lut": 9, "memory_lut": 5, "ff": 1, "bram36": 0.5, "carry4": 1}
    assert levels(cells, aliases) == 4
    with pytest.raises(KeyError, match="requantise"):
        counted(cells)


def test_a_carry_chain_depends_on_lower_bits_alone():
    """What O[0] feeds back into S[1] is no loop; what O[1] feeds back into S[1] is one."""
    carry = ".subckt CARRY4 S[0]=a S[1]=f O[0]=s0 O[1]=s1"
    cells, aliases = read_blif([carry, ".subckt LUT1 I0=s0 O=f"])
    assert levels(cells, aliases) == 3
    cells, aliases = read_blif([carry, ".subckt LUT1 I0=s1 O=f"])
    with pytest.raises(RecursionError, match="a loop of logic"):
        levels(cells, aliases)


def test_a_board_is_counted_by_synthesis_unless_it_says_otherwise():
    plain, found = ps.fit(FITTED), ps.fit("zcu102")
    assert (plain.counted_by, found.counted_by) == ("fitted", "synthesis")
    assert plain["ff"].demand == 20_668 and plain["ff"].mark == "calibrated"
    assert plain.synthesis == found.synthesis
    total = found.synthesis.total
    assert [found[name].demand for name in ("lut", "ff", "bram36")] == [total.lut, total.ff, -(-total.bram36 // 1)]
    assert total.dsp == found["dsp"].demand == 2304 and found["dsp"].mark == "checked"
    assert found["lut"].mark in ("counted", "interpolated", "extrapolated")
    assert sum(part.amount for part in found["ff"].parts) == found["ff"].demand
    assert {m.memory: m.blocks for m in found.memories}["ipmem"] == next(
        part.bram36 for part in found.synthesis.parts if part.name == "ipmem"
    )
    assert FITTED.values() != COUNTED.values()


def test_the_papers_array_beside_the_paper():
    """Nothing is fitted here: 2,304 DSPs and 20,668 flip-flops are published of the whole design."""
    parts = {part.name: part for part in ps.fit("zcu102").synthesis.parts}
    assert (parts["columns"].dsp, parts["columns"].lut, parts["columns"].ff) == (2304, 144, 20_736)
    array = parts["columns"].ff + parts["skew registers"].ff
    assert array == pytest.approx(20_668, rel=0.02)
    assert parts["skew registers"].how == parts["columns"].how == "exact formula"
    assert all(part.levels >= 0 for part in parts.values()) and parts["write mover"].levels > 20


@pytest.mark.parametrize("overlap", ["preload", "chained", "pipelined"])
def test_an_overlap_that_slices_cannot_do_costs_logic(overlap):
    """`none` and `settled` lie in slices; others take a LUT adder and registers in every element."""
    plain = ps.fit(COUNTED)
    found = ps.fit(COUNTED.replace({"array.fold_overlap": overlap}))
    assert found["ff"].demand - plain["ff"].demand > 40 * 2304
    assert found["lut"].demand - plain["lut"].demand > 30 * 2304
    assert any("elements of logic around a DSP48E2 each" in note for note in found.notes)
    settled = ps.fit(COUNTED.replace({"array.fold_overlap": "settled", "array.mac_latency": 2}))
    assert abs(settled["ff"].demand - plain["ff"].demand) <= 36


@pytest.mark.parametrize("changes", [{}, {"array.count": 2, "placement.softmax": "pl"}, {"array.dataflow": "ws"}])
def test_what_is_written_for_none_is_counted_beside_its_slices(changes):
    """Registers of `none` are those of `chained` (array.v: DOUBLE 0, CHAIN 0), and `rtl` builds mac_latency 2."""
    found = ps.fit(COUNTED.replace(changes))
    chained = ps.fit(COUNTED.replace(changes | {"array.fold_overlap": "chained", "array.mac_latency": 2}))
    assert found.synthesis.as_written == chained.synthesis.total and chained.synthesis.as_written is None
    lut, ff = chained["lut"].demand, chained["ff"].demand
    assert f"for none it writes elements of logic (pe_generic): {lut:,} LUT, {ff:,} FF in all parts" in found.notes[0]
    assert found["lut"].demand < lut and found.to_dict()["synthesis"]["as_written"]["ff"] == ff


@pytest.mark.parametrize(("latency", "told"), [(1, False), (2, False), (3, True)])
def test_settled_is_written_in_slices_at_their_latency(latency, told):
    found = ps.fit(COUNTED.replace({"array.fold_overlap": "settled", "array.mac_latency": latency})).synthesis
    assert ("for mac_latency 3 it writes elements of logic" in found.elements) == told and found.as_written is None
    packed = {"array.mac_packing": 2, "array.fold_overlap": "none"}
    assert ps.fit(COUNTED.replace(packed)).synthesis.as_written is None  # `rtl` refuses it


def test_narrower_ports_are_named_where_rotators_and_movers_are_a_large_part():
    small = COUNTED.replace({"array.rows": 8, "array.cols": 8})
    assert ps.fit(small)["lut"].levers[0].startswith("narrower ports: memories.*_port_bytes_per_clock")
    narrow = ps.fit(small.replace({"memories.gb_port_bytes_per_clock": 8}))
    assert ps.fit(small)["lut"].demand - narrow["lut"].demand > 30_000
    array = ps.fit("zcu102_os")["lut"]  # elements of logic
    assert not any("port" in lever for lever in array.levers)
    assert not any("port" in lever for lever in ps.fit(FITTED)["lut"].levers)
    assert ps.fit("kv260")["uram"].levers[0].startswith("narrower ports: memories.*_port_bytes_per_clock")


def test_constants_that_are_set_and_not_used_are_said():
    chained = {"array.mac_packing": 2, "array.fold_overlap": "chained"}
    notes = ps.fit(COUNTED.replace({"fpga.use.ff_fixed": 0, **chained})).notes
    assert "fpga.use.ff_fixed: not used, fpga.use.counted_by: synthesis counts structures" in notes
    assert any(note.startswith("array.mac_packing: no Verilog packs under this overlap") for note in notes)
    assert any(note.startswith("memories.buffer_read_cycles: counted as 1") for note in notes)
    assert any(note.startswith("memories.bias: counted for one bias a column") for note in notes)


UNPACKED = "no Verilog packs under this overlap"
BETWEEN_CHAINS = "array.mac_packing: fitted constants have none of the logic between chains"
ASKED_AHEAD = "memories.outstanding_reads: neither constants nor synthesis count request_sequencer"


@pytest.mark.parametrize("board", [FITTED, COUNTED])
def test_what_neither_way_of_counting_has_is_said_of_both(board):
    settled = board.replace({"array.mac_packing": 2, "array.fold_overlap": "settled"})
    unpacked, ahead = (
        settled.replace({"array.fold_overlap": "pipelined"}),
        board.replace({"memories.outstanding_reads": 4}),
    )
    starts = (f"array.mac_packing: {UNPACKED}", BETWEEN_CHAINS, ASKED_AHEAD)
    by_constants = board is FITTED
    for design, said in (
        (board, (False, False, False)), (settled, (False, by_constants, False)),
        (unpacked, (True, by_constants, False)), (ahead, (False, False, True)),
    ):  # fmt: skip
        found = ps.fit(design)
        assert tuple(any(note.startswith(start) for note in found.notes) for start in starts) == said
        assert (UNPACKED in found.synthesis.elements) == said[0]


def test_units_of_unequal_widths_behind_memories_are_said():
    """As a run refuses them; without memories of their own they may differ."""
    placed = COUNTED.replace({"placement.softmax": "pl", "placement.norm": "pl", "placement.add": "pl"})
    narrow = placed.replace({"units.norm.elements_per_clock": 8, "units.memory_bytes": 65_536})
    line = "units.norm.elements_per_clock: behind memories all units are as wide, 16 as softmax, add (got 8)"
    assert line in ps.fit(narrow).notes
    for other in (narrow.replace({"units.memory_bytes": 0}), narrow.replace({"placement.norm": "ps"})):
        assert not any("all units are as wide" in note for note in ps.fit(other).notes)


@pytest.mark.parametrize("board", [FITTED, COUNTED])
@pytest.mark.parametrize(("overlap", "counted"), [("none", "settled"), ("chained", "an element each"), ("settled", "")])
def test_columns_that_share_slices_under_an_overlap_that_rtl_refuses(board, overlap, counted):
    notes = ps.fit(board.replace({"array.mac_packing": 2, "array.fold_overlap": overlap})).notes
    said = [note for note in notes if note.startswith(f"array.mac_packing: {UNPACKED}")]
    refused = f"array.mac_packing: {UNPACKED}, `rtl` refuses it (got '{overlap}')"
    told = f"{refused}; LUT and FF by synthesis are those of {counted}"
    assert said == ([told] if counted else [])


def test_memories_of_ultraram_are_counted():
    """A bank for each of 64 bytes, a block for each bank; constants pack 64 bytes into 8 blocks."""
    kv260 = ps.load_hardware("kv260")
    found, fitted = ps.fit(kv260), ps.fit(kv260.replace({"fpga.use.counted_by": "fitted"}))
    assert (found["uram"].demand, found["uram"].mark, fitted["uram"].demand) == (64, "counted", 8)
    assert [(part.name, part.amount, part.formula) for part in found["uram"].parts] == [("gb", 64, "recorded")]
    assert {m.memory: (m.kind, m.blocks) for m in found.memories}["gb"] == ("URAM", 64)
    assert found.synthesis.total.uram == 64
    every = ps.fit(kv260.replace({"fpga.use.uram_from_bytes": 1}))
    large = ps.fit(kv260.replace({"memories.opmem_bytes": 1 << 21}))  # its sums stay in block RAMs, of 4,608 B each
    assert {m.memory: (m.kind, m.blocks_by_capacity) for m in large.memories}["opmem"] == ("BRAM36", 456)
    assert every["bram36"].demand == 0 and every["uram"].demand == 3 * 64
    assert any(note.startswith("memories.opmem_bytes: counted without UltraRAM") for note in every.notes)
    assert {m.memory: (m.kind, m.blocks) for m in every.memories}["opmem"] == ("BRAM36", 0)
    assert not every.fits and [r.resource for r in every.resources if not r.fits] == ["uram"]


def test_another_family_is_counted_as_ultrascale_and_said():
    said = "fpga.dsp_kind: counted as if the device were UltraScale+, whose slices are DSP48E2 (got 'DSP58')"
    assert said in ps.fit("vck190").notes
    assert not any(note.startswith("fpga.dsp_kind") for note in ps.fit("zcu102").notes)


def test_without_biases_there_is_no_memory_for_them():
    """A word of an input stationary design takes one bias, of the others one a column."""
    lut = {}
    for name, setting in (("is", {}), ("ws", {"array.dataflow": "ws"}), ("none", {"memories.bias": False})):
        parts = ps.fit(COUNTED.replace(setting)).synthesis.parts
        lut[name] = next(part.lut for part in parts if part.name == "biases")
    assert lut["none"] == 0 < 3 * lut["is"] < lut["ws"]


def test_packed_slices_take_half_the_dsps_and_their_sums_logic():
    """64 x 36 in pairs: 18 columns of 64 slices, each broken nine times; marks stay exact."""
    packed = {"array.mac_packing": 2, "array.fold_overlap": "settled", "array.mac_latency": 3}
    found = ps.fit(COUNTED.replace(packed))
    parts = {part.name: part for part in found.synthesis.parts}
    columns = parts["columns"]
    assert (columns.dsp, columns.lut, columns.ff, columns.how) == (1152, 18 * 702, 18 * 1174, "exact formula")
    assert found["dsp"].demand == 1152 and columns.levels > 0
    assert "two columns in each, as `rtl` writes them for settled, mac_latency 3" in found.synthesis.elements
    assert not any(note.startswith("array.mac_packing: no Verilog") for note in found.notes)


def test_unlimited_memories_cannot_be_built():
    found = ps.fit(COUNTED.replace({"memories.gb_bytes": "unlimited"}))
    assert (found["bram36"].demand, found["bram36"].fits) == (2**63 - 1, False)
    assert found["ff"].fits


def drawn_value(draw, path):
    if path == "array.dataflow":
        return draw.choice(["is", "ws", "os"])
    if path == "array.fold_overlap":
        return draw.choice(["none", "preload", "chained", "pipelined", "settled"])
    if path.startswith("placement."):
        return draw.choice(["ps", "pl"])
    if path.startswith("units."):
        return draw.choice([1, 8, 16, draw.randint(1, 40)])
    if path == "memories.opmem_buffers":
        return draw.choice(["single", "ping_pong"])
    if path == "fpga.use.counted_by":
        return draw.choice(["synthesis", "synthesis", "fitted"])
    small = {"array.mac_latency": 4, "array.mac_packing": 2, "array.count": 3, "memories.axi_ports": 8}
    if path in small:
        return draw.randint(1, small[path])
    if path.startswith("array."):
        return draw.choice([8, 64, draw.randint(1, 200)])
    if path == "fpga.use.uram_from_bytes":
        return draw.choice([0, 0, 0, 10_000])
    if path == "memories.bias":
        return draw.choice([False, True])
    if path.endswith("_port_bytes_per_clock"):
        return draw.choice([1, 16, 64, draw.randint(1, 300), "unlimited"])
    return draw.choice([8192, 65_536, draw.randint(1, 10**6), "unlimited"])


def test_many_designs_equal_each_alone():
    draw, fitting = random.Random(5), 0
    for _ in range(12):
        paths = draw.sample(COUNTED_PATHS, draw.randint(1, len(COUNTED_PATHS)))
        values = {path: [drawn_value(draw, path) for _ in range(draw.randint(1, 4))] for path in paths}
        places = {path: np.array([draw.randrange(len(v)) for _ in range(10)]) for path, v in values.items()}
        found = ResourceModel(COUNTED, values).columns(places, 10)
        assert list(found) == list(RESOURCES) and found["lut"].dtype == np.int64
        for i in range(10):
            own = {path: values[path][places[path][i]] for path in paths}
            if (own.get("array.dataflow"), own.get("array.mac_packing")) == ("os", 2):
                continue  # refused
            design = COUNTED.replace(own | SHARES)
            alone = ps.fit(design)
            expected = {r.resource: r.demand for r in alone.resources if r.resource != "uram"} | {"fits": alone.fits}
            expected["fits_extrapolated"] = alone.verdict.endswith("by counts that are extrapolated")
            assert {name: column[i].item() for name, column in found.items()} == expected
            fitting += alone.fits
    assert 0 < fitting < 120


def test_counts_beyond_all_recorded_decide_for_one_of_two_designs():
    """Of 36x64 elements with wide ports, and of 3000x64, whose elements alone are too many."""
    wide = {f"memories.{name}_port_bytes_per_clock": 512 for name in ("ipmem", "gb")}
    table = ResourceModel(COUNTED.replace(wide), {"array.rows": [36, 3000]}).columns({"array.rows": np.arange(2)}, 2)
    assert table["fits"].tolist() == [False, False]
    assert table["fits_extrapolated"].tolist() == [True, False]
