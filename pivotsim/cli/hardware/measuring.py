"""The command `measure`: rows for `calibrate`, measured on the machine that this runs on; Vivado's reports, read."""

import os
from pathlib import Path
from typing import Annotated

import typer

from pivotsim.cli import options
from pivotsim.cli.command import App
from pivotsim.cli.output import beside, print_line, print_note, progress
from pivotsim.errors import InputError

measure_app = App(help="Rows measured on this machine; what Vivado reports of a design.")


@measure_app.callback()
def _measure() -> None:
    pass


@measure_app.command("host")
def measure_host_command(
    model: Annotated[str, typer.Argument(metavar="MODEL", help="Whose sizes: a name or a YAML file.")] = "deit_s",
    hw: options.HwOption = "zcu102",
    out: Annotated[
        Path | None,
        typer.Option("--out", parser=options.file_of("--out"), metavar="ROWS.csv", help="The rows [default: stdout]."),
    ] = None,
    cores: options.CoresOption = 1,
    language: Annotated[str, typer.Option(metavar="c|numpy", help="C, compiled here, or the same in numpy.")] = "c",
    compiler: Annotated[str, typer.Option("--cc", metavar="NAME", help="The C compiler.")] = "cc",
    flags: Annotated[str, typer.Option("--cflags", metavar="TEXT", help="How it compiles.")] = "-O3",
    taken: Annotated[str, typer.Option(metavar="least|median", help="Which of a row's samples.")] = "least",
    budget_ms: Annotated[
        float, typer.Option("--budget-ms", parser=options.real("--budget-ms"), metavar="MS", help="Time for each row.")
    ] = 50.0,
    rounds: Annotated[
        int,
        typer.Option("--rounds", parser=options.integer("--rounds"), metavar="N", help="Times all is measured."),
    ] = 3,
) -> None:
    """The rows of a model's form that a processor can run by itself, measured on this one.

    Example: pivotsim measure host deit_s --out rows.csv
    """
    from pivotsim.calibration.measuring.host import measure_host
    from pivotsim.calibration.rows import rows_text
    from pivotsim.calibration.template import form_of
    from pivotsim.hardware.loading import load_hardware
    from pivotsim.io.text_files import write_atomic

    board = load_hardware(hw)
    if board.host is None:
        raise InputError(f"hw: '{board.name}' has no processor, and processors alone are measured here")
    here = os.cpu_count() or 1
    if cores > here:
        raise InputError(f"cores: on {cores} cores: this machine has {here}")
    form = form_of(model, board, cores=cores)
    try:
        with progress():
            found = measure_host(
                form, language=language, compiler=compiler, flags=flags, taken=taken, budget_ms=budget_ms,
                rounds=rounds,
            )  # fmt: skip
    except KeyboardInterrupt:
        print_note("measure: interrupted before all rows were measured; nothing was written")
        raise
    write_atomic(out or Path("-"), rows_text(found.rows, found.heading))
    with beside(out or Path("-")):
        for line in (*found.heading, *([f"wrote {out}: {len(found.rows)} rows"] if out is not None else [])):
            print_line(line, wraps=False)


@measure_app.command("vivado")
def measure_vivado_command(
    report: Annotated[
        Path,
        typer.Argument(parser=options.file_of("report"), metavar="UTILISATION.rpt", help="Of report_utilization."),
    ],
    hw: options.HwOption = "zcu102",
    out: Annotated[
        Path,
        typer.Option("--out", parser=options.file_of("--out"), metavar="BOARD.yaml", help="The board with its counts."),
    ] = Path("-"),
    timing: Annotated[
        Path | None,
        typer.Option(
            "--timing", parser=options.file_of("--timing"), metavar="TIMING.rpt", help="Of report_timing_summary."
        ),
    ] = None,
    as_stated: Annotated[
        bool,
        typer.Option("--as-stated", help="The design has the board's own latencies, not those that `rtl` raises."),
    ] = False,
) -> None:
    """A board with the resources that Vivado reports of its design, which `fit` then prefers to its own counts.

    The design is the one that `rtl` writes of the board: with latencies that block RAMs and DSP slices have.

    Example: pivotsim measure vivado utilisation.rpt --hw my_board --out my_board_built.yaml
    """
    from pivotsim.hardware.kinds.systolic import as_systolic
    from pivotsim.hardware.loading import load_hardware
    from pivotsim.hardware.resources.vivado import board_text, with_vivado
    from pivotsim.io.documents import find
    from pivotsim.io.file_kinds import is_path
    from pivotsim.io.text_files import is_stream, write_atomic
    from pivotsim.rtl.written.latencies import as_built

    stated = as_systolic(load_hardware(hw), "measure vivado")
    board, raised = (stated, ()) if as_stated else as_built(stated)
    built = with_vivado(board, report, timing)
    origin = find("hwconfigs", "hardware", hw).resolve()
    if not is_stream(out) and origin == out.resolve():
        raise InputError(f"{out}: is the board that was built; write the one with its report beside it")
    name = f"{built.name}_built" if is_stream(out) else out.stem
    changed = {each.path: f"as rtl builds it: {each.why}" for each in raised}
    write_atomic(out, board_text(str(origin) if is_path(hw) else hw, name, built, changed))
    if not is_stream(out):
        with beside(out):
            for each in raised:
                print_line(f"{each}; --as-stated keeps it", wraps=False)
            print_line(f"wrote {out}: pivotsim show fit {out} counts by {report.name}")
