"""The table of fold overlaps: codes are those of kernels, and rows name the registers that the PE in Verilog has."""

import re
from typing import get_args

import pytest

import pivotsim as ps
from pivotsim.hardware.array import FoldOverlap
from pivotsim.hardware.dataflows import DATAFLOWS
from pivotsim.hardware.fold_overlaps import FOLD_OVERLAP, FOLD_OVERLAPS, REGISTERS, without_loads
from pivotsim.kernels import types
from pivotsim.rtl.sources import module
from tests.rtl.array import bridge

PE = module("pe_generic").read_text()


def test_names_are_known_everywhere_in_one_order():
    assert get_args(FoldOverlap) == FOLD_OVERLAPS == bridge.FOLD_OVERLAPS
    assert [getattr(types, name.upper()) for name in FOLD_OVERLAPS] == list(range(len(FOLD_OVERLAPS)))


def bits_of(*names):
    """Bits of registers as the Verilog declares them."""
    found = 0
    for name in names:
        (width,) = re.findall(rf"reg (?:signed )?(\[\d+:0\] )?{name}[;,]", PE)
        found += int(width[1:].partition(":")[0]) + 1 if width else 1
    return found


@pytest.mark.parametrize(
    ("register", "names"),
    [
        ("second operand", ("b", "x_first")),
        ("passing operand", ("y",)),
        ("load token", ("token_half", "token", "y_last")),
        ("second sum", ("h", "x_last")),
        ("passing sum", ("p",)),
    ],
)
def test_bits_are_those_of_the_verilog(register, names):
    assert REGISTERS[register].bits == bits_of(*names)


def test_every_register_is_needed_somewhere():
    used = {name for row in FOLD_OVERLAP.values() for dataflow in DATAFLOWS for name in row.registers(dataflow)}
    assert used == set(REGISTERS)


def test_settled_needs_neither_what_passes_nor_a_token():
    pipelined, settled = FOLD_OVERLAP["pipelined"], FOLD_OVERLAP["settled"]
    assert set(pipelined.registers("ws")) - set(settled.registers("ws")) == {"passing operand", "load token"}
    assert settled.registers("os") == pipelined.registers("os")
    assert [without_loads("settled", dataflow) != "" for dataflow in DATAFLOWS] == [False, False, True]


@pytest.mark.parametrize("overlap", FOLD_OVERLAPS)
@pytest.mark.parametrize("dataflow", DATAFLOWS)
def test_fit_names_them(overlap, dataflow):
    settings = {"array.fold_overlap": overlap, "array.dataflow": dataflow, "array.rows": 5, "array.cols": 7,
                "fpga.use.counted_by": "fitted"}  # fmt: skip
    found = ps.fit(ps.load_hardware("zcu102").replace(settings))
    row = FOLD_OVERLAP[overlap]
    assert found.overlap.ff == 5 * 7 * row.extra_bits(dataflow)
    assert found.to_dict()["overlap"]["registers"] == list(row.registers(dataflow))
    told = [note for note in found.notes if note.startswith("array.fold_overlap: [model]")]
    assert len(told) == bool(row.registers(dataflow)) and all(name in told[0] for name in row.registers(dataflow))


def test_what_settled_is_under_os_stands_beside_the_numbers():
    hw = ps.load_hardware("zcu102").replace({"array.fold_overlap": "settled", "array.dataflow": "os"})
    line = "array.fold_overlap: settled is pipelined under os, where nothing is loaded"
    assert line in ps.simulate(ps.plan("deit_t"), hw).remarks and line in ps.fit(hw).notes
    axes = {"array.fold_overlap": ["none", "settled"], "array.dataflow": ["ws", "os"]}
    assert line in ps.explore({"name": "s", "axes": axes}).notes
    assert line not in ps.explore({"name": "s", "axes": {**axes, "array.dataflow": ["is", "ws"]}}).notes
