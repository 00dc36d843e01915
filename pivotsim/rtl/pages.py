"""Texts of a written design: its top module, its README with the block diagram, a script for Vivado."""

from collections.abc import Mapping, Sequence

from pivotsim._version import __version__
from pivotsim.hardware.kinds.systolic import SystolicHardware
from pivotsim.rtl.design import WrittenDesign
from pivotsim.rtl.sizes import opmem_bytes_built


def top_module(parameters: Mapping[str, int], board: SystolicHardware) -> str:
    """Return top.v: the accelerator with its sizes, its dataflow fixed."""
    count, address = parameters["COUNT_BITS"], parameters["ADDRESS_BITS"]
    values = ",\n        ".join(f".{name}({value})" for name, value in parameters.items())
    dataflow = board.array.dataflow
    ports = [
        ("input", 1, "clk"), ("input", 1, "reset"), ("input", 1, "table_write"), ("input", 2, "table_select"),
        ("input", parameters["TABLE_BITS"], "table_index"), ("input", 11 * count + 4, "table_data"),
        ("input", 1, "start"), ("output", 1, "done"), ("input", count, "loads"), ("input", count, "passes"),
        ("input", count, "drains"), ("input", count, "narrow_column"), ("input", 1, "biased"), ("input", 1, "wide"),
        ("input", 5, "shift"), ("output", 1, "read_starts"), ("output", address, "read_address"),
        ("output", count, "read_size"), ("output", count, "read_takes"), ("input", count, "read_count"),
        ("input", 8 * parameters["LANES"], "read_data"), ("output", 1, "write_starts"),
        ("output", address, "write_address"), ("output", count, "write_size"), ("output", count, "write_offers"),
        ("output", 8 * parameters["LANES"], "write_data"), ("input", count, "write_accepts"),
        ("input", 1, "write_response"),
    ]  # fmt: skip
    declared = ",\n".join(
        f"    {way} wire {f'[{width - 1}:0] ' if width > 1 else ''}{name}" for way, width, name in ports
    )
    joined = ",\n        ".join(f".{name}({name})" for _, _, name in ports)
    return (
        f"// {board.array.rows}x{board.array.cols}, {dataflow}, {board.array.fold_overlap}: see README.md, and"
        " accelerator.v for the ports.\n"
        f"`default_nettype none\nmodule top (\n{declared}\n);\n    accelerator #(\n        {values}\n    ) core (\n"
        f"        .output_stationary(1'b{int(dataflow == 'os')}), .weight_stationary(1'b{int(dataflow == 'ws')}),\n"
        f"        {joined}\n    );\nendmodule\n`default_nettype wire\n"
    )


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


DIAGRAM = """<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 760 300" font-family="sans-serif" font-size="13">
<rect width="760" height="300" fill="white"/>
<g fill="#f4f4f4" stroke="#333">{boxes}</g>
<g fill="none" stroke="#333" stroke-width="1.5" marker-end="url(#a)">{arrows}</g>
<g text-anchor="middle" fill="#111">{words}</g>
<defs><marker id="a" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" orient="auto">
<path d="M0 0 8 4 0 8z"/></marker></defs></svg>
"""


def diagram(design: WrittenDesign, board: SystolicHardware) -> str:
    """Return the block diagram as SVG."""
    p, memories = design.parameters, board.memories
    lanes = f"{p['LANES']} B/clock"
    boxes = {
        "DRAM": (10, 110, 90, 60, ("DRAM", lanes)),
        "reader": (140, 60, 110, 50, ("read_mover", lanes)),
        "buffer": (140, 130, 110, 50, ("global buffer", f"{p['BUFFER_BYTES']:,} B")),
        "writer": (140, 200, 110, 50, ("write_mover", "bias, requantise")),
        "ipmem": (300, 30, 140, 50, (f"IPMEM, {memories.ipmem_buffers}", f"{p['IPMEM_BYTES']:,} B")),
        "wtmem": (300, 100, 140, 50, (f"WTMEM, {memories.wtmem_buffers}", f"{p['WTMEM_BYTES']:,} B")),
        "array": (480, 50, 130, 90, ("array", f"{p['R']} x {p['C']} PEs, {board.array.dataflow}")),
        "opmem": (480, 200, 130, 50, (f"OPMEM, {memories.opmem_buffers}", f"{opmem_bytes_built(p):,} B")),
        "control": (640, 110, 110, 80, ("3 sequencers", "loads, passes,", "drains")),
    }  # fmt: skip
    rects = "".join(f'<rect x="{x}" y="{y}" width="{w}" height="{h}" rx="4"/>' for x, y, w, h, _ in boxes.values())
    words = "".join(
        f'<text x="{x + w / 2:g}" y="{y + h / 2 + 5 + 16 * (i - (len(lines) - 1) / 2):g}">{line}</text>'
        for x, y, w, h, lines in boxes.values()
        for i, line in enumerate(lines)
    )
    paths = (
        "M100 130 L140 90", "M195 130 L195 111", "M175 110 L175 129", "M250 80 L300 60", "M250 90 L300 120",
        "M440 55 L480 80", "M440 125 L480 110", "M545 140 L545 199", "M480 225 L251 225", "M140 225 L60 171",
        "M640 130 L611 100", "M640 170 L611 215",
    )  # fmt: skip
    arrows = "".join(f'<path d="{path}"/>' for path in paths)
    return DIAGRAM.format(boxes=rects, arrows=arrows, words=words)


def readme(design: WrittenDesign, board: SystolicHardware) -> str:
    """Return the folder's README."""
    p, array = design.parameters, board.array
    rows = "".join(
        f"| {gemm.name} | {gemm.repeats} | {gemm.loop_order} | {gemm.chunk} | {gemm.cycles:,} |\n"
        for gemm in design.gemms
    )
    notes = "".join(f"- {note}\n" for note in design.notes)
    parts = ", elements in DSP48E2 slices" if design.parameters["SLICES"] else " without vendor parts"
    return f"""# {board.name}: {array.rows} x {array.cols} {array.dataflow}, {array.fold_overlap}, {array.edge}
Written by pivotsim {__version__}. Verilog-2005{parts}; `make` lints it, builds it with Verilator, runs
every program below on seeded random operands, and prints its clocks beside the predicted ones.

![block diagram](diagram.svg)

| GEMM | repeats | loop order | chunk | predicted clocks |
|---|---|---|---|---|
{rows}
All with their repeats: {design.cycles:,} clocks, as engine `memory` predicts. Nothing here ran on a board; no clock
frequency is claimed. Rotators, movers and requantisation are combinational: registers in them would add stage
constants that the prediction does not have.

{notes}
## What lies here
- `rtl/`: a module a file. `top.v` fixes the sizes; `accelerator.v` documents ports and descriptors.
- `programs/NAME/`: the four tables of a GEMM, a word a line, in hexadecimal; `dram.bin`: what DRAM holds before it,
  units of operands in the order in which they are first used, without gaps; `outputs.bin`: its outputs as they are
  written, region by region. Row-major matrices have to be rearranged into that order and back.
- `bench/`, `Makefile`, `parameters.mk`, `gemms.txt`: the test bench. DRAM is modelled as a rate and two latencies.
- `files.f`: the list of sources; `vivado.tcl`: never run where it was written.

## DRAM ports
A transfer starts with its address and size. Data come as a number of bytes per clock, 0 up to what is asked for
({p["LANES"]} at most), in order; writes end with a response. An AXI adapter is not part of this.
"""
