"""Texts about a written design: its README, and a script for Vivado."""

from collections.abc import Sequence

from pivotsim._version import __version__
from pivotsim.hardware.kinds.systolic import SystolicHardware
from pivotsim.rtl.written.design import WrittenDesign

LAYERS = """- `layers/`: a layer program, which `driver/` runs. `program.bin` is what the driver reads, `dram.bin` what
  DRAM holds before the first run; `map.json` says what lies where and what each entry is, `offsets.npz` the byte of
  each element of a tensor, -1 for none.
"""

DRIVEN = """- `make layers` runs it by that driver on `driven_top`, an image from patches to logits: clocks of GEMMs and
  of passes stand beside the predicted ones, logits beside the integer reference's. `bench/layers/` is its bench; in
  `layers/`, `image.bin` are the image's patches as they lie in DRAM, `logits.txt` where each logit lies and what the
  reference says, `entries.txt` the predicted clocks, `settings.txt` DRAM's rate and latencies and the image's address,
  `bench.mk` the bench's sizes.
"""

STOPPED = """- `make layers` does not run it: at its stops the host must compute; `bench.mk` has their kinds.
"""


def vivado_script(board: SystolicHardware, files: Sequence[str]) -> str:
    """Return a Tcl script that synthesises the design out of context."""
    period = 1e3 / board.clock_mhz
    sources = "\n".join(f"read_verilog rtl/{name}" for name in files)
    return (
        "# Never run where this was written: there was no Vivado. Name your part, then: vivado -mode batch -source"
        " vivado.tcl\n"
        f"set part <your part>   ;# the board file says {board.fpga.device}\n{sources}\n"
        "synth_design -top top -part $part -mode out_of_context\n"
        f"create_clock -period {period:g} [get_ports clk]\n"
        "report_utilization -file utilization.txt\nreport_timing_summary -file timing.txt\n"
    )


DRIVER = """\
- `driver/`: `pivot_driver.c` runs layer programs from a processor without an operating system, through the registers of
  `driven_top.v` (AXI4-Lite); `pivot_driver.h` has their map.
"""

UNITS = """\
`start_pass` instead runs a pass of the units, as many operations of table 4 as `operations` says; tables 5 to 7
hold what units look up. `unit_station.v` documents them.
"""


def readme(design: WrittenDesign, board: SystolicHardware, is_driven: bool) -> str:
    """Return the folder's README; ``board`` is as it is built, ``is_driven`` whether registers and driver are there."""
    p, array = design.parameters, board.array
    is_raised = bool(design.raised)
    rows = "".join(
        f"| {gemm.name} | {gemm.repeats} | {gemm.loop_order} | {gemm.chunk} |"
        + (f" {gemm.cycles_as_stated:,} |" if is_raised else "")
        + f" {gemm.cycles:,} |\n"
        for gemm in design.gemms
    )
    head, rule = ("as the board states | as built |", "---|---|") if is_raised else ("predicted clocks |", "---|")
    totals = f"{design.cycles:,} clocks" + (f" as built, {design.cycles_as_stated:,} as stated" if is_raised else "")
    notes = "".join(f"- {note}\n" for note in design.notes)
    others = (DRIVER if is_driven else "") + (
        LAYERS + (STOPPED if design.has_stops else DRIVEN) if design.has_layers else ""
    )
    units = UNITS if "UNITS" in p else ""
    shared = ", two columns in each" if p["MAC_PACKING"] > 1 else ""
    parts = f", elements in DSP48E2 slices{shared}" if p["SLICES"] else " without vendor parts"
    return f"""# {board.name}: {array.rows} x {array.cols} {array.dataflow}, {array.fold_overlap}, {array.edge}
Written by pivotsim {__version__}. Verilog-2005{parts}; `make` lints it, builds it with Verilator, runs
every program below, and prints its clocks beside the predicted ones. `make COLUMNS=1` compiles one column of the array
for all: from some 1,000 elements on that is faster.

![block diagram](diagram.svg)

| GEMM | repeats | loop order | chunk | {head}
|---|---|---|---|{rule}
{rows}
All with their repeats: {totals}, as engine `memory` predicts. Nothing here ran on a board; no
clock frequency is claimed. Rotators, movers and requantisation are combinational: registers in them would add stage
constants that the prediction does not have.

{notes}
## What lies here
- `rtl/`: a module a file. `top.v` fixes the sizes; `accelerator.v` documents tables and settings.
- `programs/NAME/`: the four tables of a GEMM, a word a line, in hexadecimal; images that `$readmemh` reads, of what
  DRAM holds: `a.hex`, and `b.hex` or an operation's own weights such as `1.fc1.hex`, before a run, `outputs.hex` after.
  Units of operands lie in the order in which they are first used, without gaps; outputs region by region. Row-major
  matrices have to be rearranged into that order and back.
- `bench/`, `Makefile`, `parameters.mk`, `gemms.txt`: the test bench. DRAM is modelled as a rate and two latencies.
{others}- `files.f`: the list of sources; `vivado.tcl`: never run where it was written.

## Ports
`reset` is high for {array.rows + array.cols + 2 * p["MREG"] + p["READ_CYCLES"]} clocks at least. Then the tables are
written, `start` is high for a clock, and `done` tells the end; settings (`loads` to `shift`) stand in `gemms.txt`.
{units}
| stream | tdata | what it says |
|---|---|---|
| `m_axis_read_command` | {{lanes, size, address}} | this many bytes from there on are wanted, at most `lanes` a clock |
| `s_axis_read` | {p["LANES"]} bytes | they come, from lane 0 on; tkeep: a beat may hold fewer, of one command |
| `m_axis_write_command` | {{size, address}} | this many bytes go there |
| `m_axis_write` | {p["LANES"]} bytes | they go, from lane 0 on; tkeep: a beat holds what is there; tlast: the last |
| `s_axis_write_status` | nothing | all bytes of the command are written |

Fields of commands: {p["COUNT_BITS"]} bits, `address` {p["ADDRESS_BITS"]}. No register slice stands in the streams. The
clocks above hold for a DRAM as modelled: it sends and takes bytes as they come, not full beats only, and queues a few
beats to write. A port that wants full beats needs a packer in front, which costs the clocks that it collects for.
"""
