"""Shipped boards fit their device and run, each value sourced or marked; a user's own board is ten lines."""

import re
from pathlib import Path

import pytest

import pivotsim as ps
from pivotsim.hardware.fpga.columns import NOT_STATED, cascades_that_fit, columns_of, slices_of
from pivotsim.hardware.fpga.dsp import DSP_KINDS

BOARDS = ("pynq_z2", "kv260", "zcu104", "u250", "u50", "vck190")
DOCS = (Path(__file__).parents[3] / "docs" / "boards.md").read_text()
# DSPs, BRAM36, UltraRAM, LUTs and flip-flops as public reports and tables print them
COUNTS = {
    "pynq_z2": (220, 140, 0, 53_200, 106_400),
    "kv260": (1248, 144, 64, 117_120, 234_240),
    "zcu104": (1728, 312, 96, 230_400, 460_800),
    "u250": (12_288, 2688, 1280, 1_728_000, 3_456_000),
    "u50": (5952, 1344, 608, 871_680, 1_743_360),
    "vck190": (1968, 967, 463, 899_840, 1_799_680),
}
MARKS = ("[assumed]", "[estimate]", "[inferred]", "[calibrated]", "[model]")


@pytest.mark.parametrize("name", BOARDS)
def test_a_shipped_board_fits_and_runs(name):
    hw = ps.load_hardware(name)
    fpga = hw.fpga
    assert (fpga.dsp, fpga.bram36, fpga.uram, fpga.lut, fpga.ff) == COUNTS[name]
    assert fpga.dsp_columns == NOT_STATED or slices_of(fpga.dsp_columns) == fpga.dsp
    found = ps.fit(hw)
    assert found.fits and found["dsp"].unit == fpga.dsp_kind
    for resource in found.resources:
        assert sum(part.amount for part in resource.parts) == resource.demand
    assert any(part.startswith("tables of descriptors") for part in found.unknown)
    bare, behind = (ps.simulate(ps.plan("deit_t"), hw, memory=memory) for memory in ("paper", "hw"))
    assert 0 < bare.delay_ms <= behind.delay_ms
    own = {path: source for path, _, _, source, _ in hw.to_rows() if "[inherited from" not in source}
    assert all(own.values())
    for path in ("array.rows", "array.cols", "array.clock_mhz", "power.board_w"):
        assert own[path].startswith(MARKS), path  # examples are called examples
    assert not any(path.startswith("fpga.") and not path.startswith("fpga.use.") for path in hw.sources
                   if "[inherited from" in hw.source(path))  # fmt: skip
    assert f"`{name}`" in DOCS and f"{hw.array.rows}x{hw.array.cols}" in DOCS


def test_a_board_in_ten_lines(tmp_path):
    text = re.search(r"```yaml\n# my_pynq_z2\.yaml\n(.*?)```", DOCS, re.S)[1]
    assert len(text.splitlines()) <= 10
    file = tmp_path / "my_pynq_z2.yaml"
    file.write_text(text)
    hw, shipped = ps.load_hardware(file), ps.load_hardware("pynq_z2")
    assert hw.fpga.model_dump(exclude={"use"}) == shipped.fpga.model_dump(exclude={"use"})
    assert ps.fit(hw)["dsp"].demand == ps.fit(shipped)["dsp"].demand == 192 and ps.fit(hw).fits
    sources = {path: source for path, _, _, source, _ in hw.to_rows()}
    assert all(sources.values())
    assert sources["host.full.norm.cycles_per_element"].startswith("[inherited from zcu102]")
    assert "[inherited" not in sources["array.rows"] + sources["fpga.dsp"] + sources["fpga.dsp_columns"]
    assert hw.memories.dram_bytes_per_s == shipped.memories.dram_bytes_per_s


def test_cascades_that_fit():
    zcu102 = ps.load_hardware("zcu102")
    columns = zcu102.fpga.dsp_columns
    assert slices_of(columns) == 2520 == 168 * 11 + 96 * 7
    assert [cascades_that_fit(columns, rows) for rows in (24, 36, 64, 96, 97, 168, 169)] == [105, 58, 29, 18, 11, 11, 0]
    # slowly: cut each column into pieces, one slice after the other
    for rows in (1, 7, 36, 64, 96):
        pieces = 0
        for height, count in columns_of(columns):
            for _ in range(count):
                left = height
                while left >= rows:
                    left, pieces = left - rows, pieces + 1
        assert pieces == cascades_that_fit(columns, rows)
    found = ps.fit(zcu102)
    assert (found.cascades.fit, found.cascades.needed, found.cascades.broken) == (29, 36, 7)
    assert any("29 unbroken cascades of 64 DSPs fit, 36 are needed, so 7 are broken" in note for note in found.notes)
    turned = ps.fit(zcu102.replace({"array.rows": 36, "array.cols": 58}))
    assert turned.cascades.broken == 0 and not any("broken," in note for note in turned.notes)
    assert ps.fit(zcu102.replace({"array.dataflow": "os"})).cascades is None  # sums stay
    other = ps.fit(zcu102.replace({"fpga.dsp": 2000}))
    assert other.cascades is None and any("hold 2,520 DSPs, the device 2,000" in note for note in other.notes)
    assert any("columns: not stated" in note for note in ps.fit("u50").notes)


def test_packing_needs_a_slice_that_holds_two():
    pynq = ps.load_hardware("pynq_z2")
    with pytest.raises(ps.InputError) as error:
        pynq.replace({"array.mac_packing": 2})
    told = "array.mac_packing: a DSP48E1, whose multiplier takes 25 bits, holds no two int8 operands (got 2)"
    assert str(error.value).endswith(told)
    assert {name: kind.packed_rows for name, kind in DSP_KINDS.items()} == {"DSP48E1": 0, "DSP48E2": 7, "DSP58": 7}
    packed = ps.fit(ps.load_hardware("zcu102").replace({"array.mac_packing": 2}))
    assert any("exact in chains of 7 rows; longer ones are added up in fabric" in note for note in packed.notes)
    assert (packed.cascades.rows, packed.cascades.needed, packed.cascades.broken) == (7, 10 * 18, 0)


def test_packing_is_of_int8_operands_alone():
    zcu102 = ps.load_hardware("zcu102")
    both = {"array.mac_packing": 2, "array.operand_bits": 16}
    with pytest.raises(ps.InputError) as error:
        zcu102.replace(both)
    told = "array.mac_packing: only 8-bit operands pack (array.operand_bits 16) (got 2)"
    assert told in str(error.value)
    assert zcu102.replace({**both, "array.operand_bits": 4}) and zcu102.replace({"array.operand_bits": 16})
    axes = {"array.operand_bits": [8, 16], "array.mac_packing": [1, 2], "array.mac_latency": [1, 2]}
    found = ps.explore({"name": "s", "axes": axes})
    pairs = set(zip(found["array.operand_bits"].tolist(), found["array.mac_packing"].tolist(), strict=True))
    assert pairs == {(8, 1), (8, 2), (16, 1)}


@pytest.mark.parametrize("options", [{}, {"engine": "memory", "memory": "hw"}])
def test_packing_is_of_sums_that_move(options):
    """os is refused in a line, in Python, on the command line's way and among vectors; a space leaves it out."""
    told = "mac_packing: sums that stay in the array have a slice each, 2 needs dataflow is or ws (got 'os')"
    os = {"array.mac_packing": 2, "array.dataflow": "os"}
    with pytest.raises(ps.InputError) as error:
        ps.load_hardware("zcu102").replace(os)
    assert str(error.value).endswith(told)
    for asked in (
        lambda: ps.simulate_gemm(8, 8, 8, dataflow="os", mac_packing=2),
        lambda: ps.simulate_designs(ps.plan("deit_t"), "zcu102", {"dataflow": ["os"], "mac_packing": [2]}),
    ):
        with pytest.raises(ps.InputError) as error:
            asked()
        assert str(error.value).endswith(told)
    axes = {"array.dataflow": ["is", "os"], "array.mac_packing": [1, 2], "array.rows": [32]}
    found = ps.explore({"name": "s", "fixed": {"model": "deit_t", **options}, "axes": axes})
    pairs = set(zip(found["array.dataflow"].tolist(), found["array.mac_packing"].tolist(), strict=True))
    assert pairs == {("is", 1), ("is", 2), ("os", 1)}


@pytest.mark.parametrize("options", [{}, {"engine": "memory", "memory": "hw"}])
def test_a_column_alone_shares_its_slices_with_none(options):
    told = "mac_packing: a column alone shares its slices with none, 2 needs cols 2 (got 1)"
    for asked in (
        lambda: ps.load_hardware("zcu102").replace({"array.mac_packing": 2, "array.cols": 1}),
        lambda: ps.simulate_gemm(8, 8, 8, cols=1, mac_packing=2),
        lambda: ps.simulate_designs(ps.plan("deit_t"), "zcu102", {"cols": [36, 1], "mac_packing": [2, 2]}),
    ):
        with pytest.raises(ps.InputError) as error:
            asked()
        assert str(error.value).endswith(told)
    axes = {"array.cols": [1, 2], "array.mac_packing": [1, 2], "array.rows": [32]}
    found = ps.explore({"name": "s", "fixed": {"model": "deit_t", **options}, "axes": axes})
    pairs = set(zip(found["array.cols"].tolist(), found["array.mac_packing"].tolist(), strict=True))
    assert pairs == {(1, 1), (2, 1), (2, 2)}


def test_large_memories_go_into_ultraram_where_asked():
    kv260 = ps.load_hardware("kv260").replace({"fpga.use.counted_by": "fitted"})
    none = kv260.replace({"fpga.use.uram_from_bytes": 0})
    gb = {m.memory: m for m in ps.fit(kv260).memories}["gb"]
    assert (gb.kind, gb.blocks) == ("URAM", -(-64 * 8 // 72) * -(-131_072 // 64 // 4096))  # 8 wide, 1 deep
    assert ps.fit(none)["uram"].demand == 0
    assert ps.fit(none)["bram36"].demand > ps.fit(kv260)["bram36"].demand
    every = ps.fit(kv260.replace({"fpga.use.uram_from_bytes": 1}))
    assert every["bram36"].demand == kv260.fpga.use.bram36_fixed and every["uram"].demand > 8
    tight = ps.fit(kv260.replace({"fpga.uram": 7}))
    assert not tight.fits and [r.resource for r in tight.resources if not r.fits] == ["uram"] and tight["uram"].levers
    assert "uram" not in {r.resource for r in ps.fit("zcu102").resources}


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        *(
            (
                {"fpga.dsp_columns": text},
                f"fpga.dsp_columns: must be heights x counts, both from 1, as in '168 x 11, 96 x 7' (got '{text}')",
            )
            for text in ("168x11", "60 by 6", "0 x 6", "60 x 0", "60 x 6,")
        ),
        ({"fpga.dsp_kind": "DSP48E3"}, "must be one of DSP48E1, DSP48E2, DSP58 (got 'DSP48E3')"),
        ({"fpga.uram": -1}, "fpga.uram: must be at least 0 (got -1)"),
        ({"fpga.slrs": 0}, "fpga.slrs: must be at least 1 (got 0)"),
    ],
)
def test_bad_values_are_told(changes, message):
    with pytest.raises(ps.InputError) as error:
        ps.load_hardware("zcu102").replace(changes)
    assert message in str(error.value) and "\n" not in str(error.value)
