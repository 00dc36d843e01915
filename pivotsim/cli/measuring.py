"""The command `measure`: rows for `calibrate`, measured on the machine that this runs on."""

import os
from pathlib import Path
from typing import Annotated

import typer

from pivotsim.cli import options
from pivotsim.cli.command import App
from pivotsim.cli.output import beside, print_line, print_note, progress

measure_app = App(help="Measure the machine that this runs on.")


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
    from pivotsim.errors import InputError
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
