"""Counts of every shipped board by constants and by synthesis, as docs/hardware_out.md lists them, and what decides."""

from pathlib import Path

import pytest

import pivotsim as ps
from pivotsim.cli.entry import main
from pivotsim.hardware.kinds.systolic import SystolicHardware
from pivotsim.io.documents import available

PAGE = Path(__file__).parents[4] / "docs" / "hardware_out.md"
BY_CONSTANTS = {"fpga.use.counted_by": "fitted"}
LUT = ("lut", "ff", "bram36", "uram")


def rows():
    """Yield the rows of the page's table."""
    for name in sorted(available("hwconfigs")):
        hw = ps.load_hardware(name) if "/" not in name else None
        if isinstance(hw, SystolicHardware):
            counts = [ps.fit(hw.replace(BY_CONSTANTS)), ps.fit(hw)]
            fitted, counted = (
                ", ".join(f"{r.demand:,}" for name in LUT for r in found.resources if r.resource == name)
                for found in counts
            )
            lut = counts[1]["lut"]
            beyond = sum(part.amount for part in lut.parts if part.formula == "extrapolated") / lut.demand
            array = f"{hw.array.rows}x{hw.array.cols} {hw.array.dataflow}"
            verdict = counts[1].verdict
            yield f"| {name} | {array} | {fitted} | {counted} | {beyond:.0%} | {lut.bound:,} | {verdict} |"


def test_the_page_lists_every_board():
    table = PAGE.read_text(encoding="utf-8").split("<!-- boards -->")[1].split("<!-- end of boards -->")[0]
    assert table.strip().splitlines()[2:] == list(rows())


@pytest.mark.parametrize(
    ("board", "verdict"),
    [("pynq_z2", "fits"), ("zcu102", "fits"), ("kv260", "fits"), ("u250", "fits"), ("zcu102_os", "DOES NOT FIT")],
)
def test_a_verdict_rests_on_counts_that_are_recorded(board, verdict):
    hw = ps.load_hardware(board)
    units = ", without units" if board == "u250" else ""  # its units are in no demand by constants
    assert ps.fit(hw.replace(BY_CONSTANTS)).verdict == f"fits{units}"
    assert ps.fit(hw).verdict == verdict


def test_the_command_line_says_that_extrapolated_counts_decide(capsys):
    """Ports of 512 bytes, for which a memory has twice as many banks as any that is recorded."""
    wide = [f"--set=memories.{name}_port_bytes_per_clock=512" for name in ("gb", "ipmem", "wtmem", "axi")]
    setting = ["--hw", "zcu102", *wide]
    assert main(["show", "fit", "zcu102", *wide]) == 0
    assert ", by counts that are extrapolated\n" in capsys.readouterr().out
    assert main(["run", "deit_t", *setting]) == 0
    assert " [extrapolated] of 274,080 LUTs" in capsys.readouterr().out
