"""The command `calibrate`: a board's constants from what was measured on it, and the form of what to measure."""

import csv as csv_format
import io
from pathlib import Path
from typing import Annotated

import typer

from pivotsim.cli import options
from pivotsim.cli.output import beside, check_free, print_json, print_line, print_table
from pivotsim.errors import InputError, got
from pivotsim.io.text_files import is_stdout, is_stream

OUT = typer.Option(
    "--out", parser=options.file_of("--out"), metavar="FILE", help="The calibrated board (.yaml), or the form (.csv)."
)


def calibrate_command(
    measured: Annotated[
        Path | None, typer.Argument(parser=options.file_of("measured"), metavar="MEASURED", show_default=False)
    ] = None,
    template: Annotated[
        str | None, typer.Option("--template", metavar="MODEL", help="Write the form to fill in, to --out or stdout.")
    ] = None,
    hw: options.HwOption = "zcu102",
    out: Annotated[Path | None, OUT] = None,
    cores: options.CoresOption = 1,
    profile: Annotated[
        str | None, typer.Option(metavar="paper|full", help="Whose costs of the processor are found [default: full].")
    ] = None,
    engine: options.RunEngineOption = None,
    memory: options.MemoryOption = None,
    scope: Annotated[
        str, typer.Option(metavar="encoders|all", help="What rows of a whole model were measured of.")
    ] = "all",
    errors: Annotated[
        str, typer.Option(metavar="relative|absolute", help="Errors count by their share of a time, or in ms.")
    ] = "relative",
    hold: Annotated[
        list[str] | None,
        typer.Option("--hold", metavar="PATH", help="A constant that keeps its value, * for any text; repeatable."),
    ] = None,
    draws: Annotated[
        int, typer.Option(parser=options.integer("--draws"), metavar="N", help="Draws behind the intervals.")
    ] = 2000,
    seed: Annotated[int, typer.Option(parser=options.integer("--seed"), metavar="N", help="Which draws.")] = 0,
    plots: options.PlotsOption = None,
    csv: Annotated[
        Path | None,
        typer.Option(
            "--csv", parser=options.file_of("--csv"), metavar="OUT.csv", help="Write all rows, predicted, - for stdout."
        ),
    ] = None,
    json: options.JsonOption = False,
) -> None:
    """A board's constants from what was measured on it: values, 95 % intervals, errors, and what the rows do not tell.

    MEASURED is a CSV file of your own, see --template, or the sample x86_64.
    Example: pivotsim calibrate x86_64 --out calibrated.yaml
    """
    if template is not None:
        unused = {
            "MEASURED": measured,
            "--plots": plots,
            "--csv": csv,
            "--json": json or None,
            "--hold": hold or None,
        }
        for name, value in unused.items():
            if value is not None:
                raise InputError(f"--template: writes a form and takes no {name}")
        _write_form(template, hw, cores, out)
        return
    if measured is None:
        raise InputError("calibrate: name the file of measured rows, or --template MODEL for the form to fill in")
    if cores != 1:
        raise InputError(f"--cores: asks for rows of a form; add --template MODEL {got(cores)}")
    check_free("--csv", csv, json)
    check_free("--out", out, json)
    if is_stdout(csv) and is_stdout(out):
        raise InputError("--out and --csv: both go to standard output; name a file for one")
    from pivotsim.calibration.run import calibrate
    from pivotsim.io.samples import find_sample
    from pivotsim.io.text_files import write_atomic

    sample = find_sample("rows", "calibrate", measured)
    for name, target in (("--out", out), ("--csv", csv)):
        _check_other(name, target, "holds the measured rows", Path(sample.path))
    _check_other("--csv", csv, "is the board's file of --out too", out)
    found = calibrate(
        sample.path, hw, profile=profile, engine=engine, memory=memory, scope=scope, errors=errors, hold=hold or (),
        draws=draws, seed=seed,
    )  # fmt: skip
    written = []

    def write_out() -> None:
        if out is not None:
            found.write(out)
            written.append(f"wrote {out}: {len(found.changes)} constants on the base {found.base}")

    def write_csv() -> None:
        if csv is not None:
            write_atomic(csv, _rows_csv(found.table_of_rows()))
            written.append(f"wrote {csv}: {len(found.rows)} rows")

    for write in (write_csv, write_out) if is_stdout(out) else (write_out, write_csv):  # what may fail comes first
        write()
    if plots is not None:
        from pivotsim.plots.hardware.calibration import plot_calibration

        written.append(f"wrote {plot_calibration(found, plots)}")
    said = [f"{measured}: {sample.source}"] if sample.source else []
    if json:
        result = found.to_dict()
        print_json({**result, "notes": [*result["notes"], *said]})
        return
    with beside(csv), beside(out):
        for number, table in enumerate(found._tables()):
            if number:
                print_line()
            print_line(table.title)
            print_table(table.columns, table.rows, table.right)
            for line in table.closing:
                print_line(line)
        for line in (*said, *written):
            print_line(line)


def _check_other(name: str, target: Path | None, what: str, taken: Path | None) -> None:
    """Raise InputError where an option's file is one that is taken, links included."""
    if target is None or taken is None or is_stream(target) or is_stream(taken):
        return
    if target.resolve() == taken.resolve() or (target.exists() and taken.exists() and target.samefile(taken)):
        raise InputError(f"{name}: {what}; name another file {got(str(target))}")


def _write_form(model: str, hw: str, cores: int, out: Path | None) -> None:
    from pivotsim.calibration.rows import rows_text
    from pivotsim.calibration.template import HEADING, form_of, results_in
    from pivotsim.io.text_files import write_atomic
    from pivotsim.tables import counted

    rows = form_of(model, hw, cores=cores)
    filled = results_in(out) if out is not None and not is_stream(out) and out.is_file() else 0
    if filled:
        raise InputError(f"--out: holds {counted(filled, 'measured row')}; name another file {got(str(out))}")
    write_atomic(out or Path("-"), rows_text(rows, HEADING))
    if out is not None:
        with beside(out):
            print_line(f"wrote {out}: {len(rows)} rows to fill in", wraps=False)


def _rows_csv(rows: list[tuple[object, ...]]) -> str:
    from pivotsim.calibration.report import ROW_COLUMNS

    text = io.StringIO()
    writer = csv_format.writer(text, lineterminator="\n")
    writer.writerow(ROW_COLUMNS)
    writer.writerows(("" if v is None else str(v).lower() if isinstance(v, bool) else v for v in row) for row in rows)
    return text.getvalue()
