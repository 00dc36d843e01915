"""The layer program in a written design's folder, and what is said where there is none to write."""

import json

import numpy as np
import pytest

import pivotsim as ps
from pivotsim.rtl.layers.efforts import efforts_program
from pivotsim.rtl.layers.host import constants
from pivotsim.rtl.layers.image import MAGIC
from tests.rtl.layers.networks import board, model, plan


def test_a_design_brings_its_layer_program(tmp_path):
    design = ps.write_rtl(board(), plan("tokens"), tmp_path / "design", integer=model())
    program = efforts_program(model(), [plan("tokens")], board())
    folder = design.folder / "layers"
    assert sorted(path.name for path in folder.iterdir()) == ["dram.bin", "map.json", "offsets.npz", "program.bin"]
    words = np.frombuffer((folder / "program.bin").read_bytes(), "<u4")
    assert words[0] == MAGIC and words[8] == 10  # the header has ten words, then come tables
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
    assert note in readme and "- `layers/`: a layer program, which `driver/` runs and `make` does not" in readme
    assert all(f"`{path.name}`" in readme for path in folder.iterdir())
    assert design.parameters["MULTIPLIES"] == 1  # the reference's scales are no powers of two
    assert 2 ** design.parameters["ADDRESS_BITS"] > program.dram_bytes
    plain = ps.write_rtl(board(), plan("tokens"), tmp_path / "plain")
    assert plain.parameters["MULTIPLIES"] == 0 and not (plain.folder / "layers").exists()
    assert "layers/" not in (plain.folder / "README.md").read_text()


def test_integers_that_are_not_the_plans(tmp_path):
    with pytest.raises(ps.InputError, match="integer: a layer program needs a plan of its model"):
        ps.write_rtl(board(), ps.lower(plan("whole")), tmp_path / "design", integer=model())
    with pytest.raises(ps.InputError, match="plan: is of another model than the integers"):
        ps.write_rtl(board(), plan("whole"), tmp_path / "design", integer="digits")
    with pytest.raises(ps.InputError, match=r"nothing\.npz"):
        ps.write_rtl(board(), plan("whole"), tmp_path / "design", integer=tmp_path / "nothing.npz")
    assert not list(tmp_path.iterdir())
