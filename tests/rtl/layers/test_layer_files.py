"""The layer program in a written design's folder, and what is said where there is none to write."""

import json

import numpy as np
import pytest

import pivotsim as ps
from pivotsim.rtl.layers.efforts import efforts_program
from pivotsim.rtl.layers.host import constants
from pivotsim.rtl.layers.image import MAGIC
from tests.rtl.layers.networks import board, model, plan, with_units


def test_a_design_brings_its_layer_program(tmp_path):
    design = ps.write_rtl(board(), plan("tokens"), tmp_path / "design", integer=model())
    program = efforts_program(model(), [plan("tokens")], board())
    folder = design.folder / "layers"
    assert sorted(path.name for path in folder.iterdir()) == [
        "bench.mk", "dram.bin", "map.json", "offsets.npz", "program.bin",
    ]  # fmt: skip
    words = np.frombuffer((folder / "program.bin").read_bytes(), "<u4")
    assert words[0] == MAGIC and words[8] == 12  # the header has twelve words, then come tables
    assert words[10:12].tolist() == [32, program.dram_bytes]
    assert np.array_equal(np.frombuffer((folder / "dram.bin").read_bytes(), np.uint8), constants(program))
    written = json.loads((folder / "map.json").read_text())
    assert [one["name"] for one in written["tensors"]] == list(program.tensors)
    assert [one["kind"] for one in written["entries"]].count("product") == len(program.products())
    assert written["entries"][-1] == {"kind": "end", "path": "effort 1", "reads": ["head"]}
    with np.load(folder / "offsets.npz") as offsets:
        for one in written["tensors"]:
            at = offsets[one["name"]]
            assert at.shape == (one["rows"], one["columns"]) and at.max() < one["size_bytes"]
    clocks = sum(product.cycles for product in program.products())
    note = next(note for note in design.notes if note.startswith("layers/:"))
    assert f"{len(program.products())} GEMMs, {clocks:,} clocks" in note
    readme = (design.folder / "README.md").read_text()
    assert note in readme and "- `make layers` does not run it: at its stops the host must compute" in readme
    assert note.endswith(
        " add, norm, transpose, softmax, relayout, score, sort, gather, gelu: `make layers` does not run it"
    )
    assert all(f"`{path.name}`" in readme for path in folder.iterdir())
    assert design.parameters["MULTIPLIES"] == 1  # the reference's scales are no powers of two
    note = next(note for note in design.notes if note.startswith("MULTIPLIES:"))
    assert "6 DSPs and 606 LUTs" in note and note in (design.folder / "README.md").read_text()  # 2 and 202 a column
    assert design.parameters["ADDRESS_BITS"] == 32  # wherever in the processor's DRAM the program lies
    plain = ps.write_rtl(board(), plan("tokens"), tmp_path / "plain")
    assert not any("MULTIPLIES" in note for note in plain.notes)
    assert plain.parameters["MULTIPLIES"] == 0 and not (plain.folder / "layers").exists()
    assert "layers/" not in (plain.folder / "README.md").read_text()


def test_a_design_brings_the_units_that_its_program_drives(tmp_path):
    """What is placed in the logic and runs there, what does not and why; a design without a program has no units."""
    of = with_units(board(), **{"placement.mul": "pl"})
    design = ps.write_rtl(of, plan("tokens"), tmp_path / "design", integer=model())
    program = efforts_program(model(), [plan("tokens")], of)
    files = {path.stem for path in (design.folder / "rtl").iterdir()}
    assert {"unit_station", "softmax", "token_dropping"} <= files
    assert design.parameters["UNITS"] == 31 and design.parameters["GEARBOX"] == 1
    assert "parameter" not in (top := (design.folder / "rtl" / "top.v").read_text()) and ".UNITS(31)" in top
    assert "`start_pass` instead runs a pass of the units" in (design.folder / "README.md").read_text()
    assert ".start_pass(start_pass)" in (design.folder / "rtl" / "driven_top.v").read_text()
    entries = json.loads((design.folder / "layers" / "map.json").read_text())["entries"]
    assert [one["cycles"] for one in entries if one["kind"] == "pass"] == [one.cycles for one in program.passes()]
    note = next(note for note in design.notes if note.startswith("layers/:"))
    clocks = sum(one.cycles for one in program.passes())
    readme = (design.folder / "README.md").read_text()
    assert note.endswith("; `make layers` runs it") and "- `make layers` runs it by that driver" in readme
    assert all(f"`{path.name}`" in readme for path in (design.folder / "layers").iterdir())
    assert f", {len(program.passes())} passes of units, {clocks:,} clocks, and 0 stops of the host" in note
    notes = [note for note in design.notes if note.startswith("placement:")]
    assert notes == [
        "placement: units of softmax, gelu, norm, add, score, sort, gather (pl) are in the top, in `unit_station`: 2"
        " elements a clock between two memories of 1,024 B; `driver/` starts their passes",
    ]  # relu and mul are placed there, too, and the network has none
    small = ps.write_rtl(with_units(board(), 8), plan("whole"), tmp_path / "small", integer=model())
    why = "2 steps (1.softmax, 2.softmax): rows of 5 elements are shorter than a beat of 8"
    assert f"{why}; such steps are stops of the host" in small.notes
    other = "placement: units of softmax (pl) are not in the top, whose `unit_station` has none for them"
    assert other in small.notes
    plain = ps.write_rtl(of, plan("tokens"), tmp_path / "plain")
    assert "start_pass" not in (plain.folder / "README.md").read_text()
    assert "UNITS" not in plain.parameters and not (plain.folder / "rtl" / "unit_station.v").exists()
    assert [note for note in plain.notes if note.startswith("placement:")] == [
        "placement: units of softmax, gelu, norm, add, score, sort, gather (pl) are not in the top, which has array and"
        " memories"
    ]


WIDE = {"array.rows": 512, "array.cols": 512, "memories.opmem_bytes": 1 << 20, "memories.ipmem_bytes": 1 << 14,
        "memories.wtmem_bytes": 1 << 14}  # fmt: skip


def test_an_array_wider_than_the_registers_has_no_driver(tmp_path):
    """A descriptor under a mask has a bit for each row and column: then no driver is written, and that is said."""
    dense = ps.write_rtl(board(**WIDE), plan("whole"), tmp_path / "dense")
    assert (dense.folder / "driver").exists() and (dense.folder / "rtl" / "driven_top.v").exists()
    masked = ps.write_rtl(board(**WIDE), plan("blocks"), tmp_path / "masked")
    assert not (masked.folder / "driver").exists() and not (masked.folder / "rtl" / "driven_top.v").exists()
    readme = (masked.folder / "README.md").read_text()
    assert "driver: neither driven_top nor driver/ is written; a descriptor has 1," in readme
    assert "pivot_driver.c" not in readme and "pivot_driver.c" in (dense.folder / "README.md").read_text()
    with pytest.raises(ps.InputError, match=r"array: registers and driver hold descriptors of 1,024 bits"):
        ps.write_rtl(board(**WIDE), plan("blocks"), tmp_path / "layered", integer=model())
    assert sorted(path.name for path in tmp_path.iterdir()) == ["dense", "masked"]


def test_integers_that_are_not_the_plans(tmp_path):
    with pytest.raises(ps.InputError, match="integer: a layer program needs a plan of its model"):
        ps.write_rtl(board(), ps.lower(plan("whole")), tmp_path / "design", integer=model())
    with pytest.raises(ps.InputError, match="plan: is of another model than the integers"):
        ps.write_rtl(board(), plan("whole"), tmp_path / "design", integer="digits")
    with pytest.raises(ps.InputError, match=r"nothing\.npz"):
        ps.write_rtl(board(), plan("whole"), tmp_path / "design", integer=tmp_path / "nothing.npz")
    assert not list(tmp_path.iterdir())
