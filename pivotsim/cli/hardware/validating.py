"""The command `validate`: machines of other people, measured beside predicted."""

import csv as csv_format
import io
from pathlib import Path
from typing import Annotated

import typer

from pivotsim.cli import options
from pivotsim.cli.output import beside, check_free, print_json, print_line, print_table
from pivotsim.errors import InputError, got

PLOTS = typer.Option(
    "--plots", "--plot", parser=options.folder("--plots"), metavar="DIR", help="Write measured against predicted (PNG)."
)


def validate_command(
    machine: Annotated[
        str | None, typer.Argument(metavar="MACHINE", help="One machine, row by row [default: all, in short].")
    ] = None,
    rows: Annotated[
        Path | None,
        typer.Option(
            parser=options.file_of("--rows"),
            metavar="FILE.csv",
            help="Judge further measured rows (group, case, m, k, n, value) instead; no constant is fitted on them.",
        ),
    ] = None,
    csv: Annotated[
        Path | None,
        typer.Option(
            "--csv", parser=options.file_of("--csv"), metavar="OUT.csv", help="Write all rows there, - for stdout."
        ),
    ] = None,
    plots: Annotated[Path | None, PLOTS] = None,
    json: options.JsonOption = False,
) -> None:
    """Machines of other people: what was measured beside what is predicted, and how many constants were fitted.

    Example: pivotsim validate vck190_dsp58
    """
    from pivotsim.io.text_files import write_atomic
    from pivotsim.truth.machines import MACHINES
    from pivotsim.truth.validation import ROW_COLUMNS, summary_table, validate

    check_free("--csv", csv, json)
    if rows is not None and machine is None:
        raise InputError(f"--rows: needs the MACHINE that they were measured on {got(str(rows))}")
    found = [validate(name, rows) for name in (MACHINES if machine is None else [machine])]
    written = []
    if csv is not None:
        text = io.StringIO()
        writer = csv_format.writer(text, lineterminator="\n")
        writer.writerow(ROW_COLUMNS)
        writer.writerows(row for each in found for row in each.to_rows())
        write_atomic(csv, text.getvalue())
        written.append(f"wrote {csv}: {sum(len(each.rows) for each in found):,} rows")
    if plots is not None:
        from pivotsim.plots.hardware.validation import plot_validation

        written.append(f"wrote {plot_validation(found, plots)}")
    if json:
        results = {each.name: each.to_dict() for each in found}
        print_json(results if machine is None else results[machine])
        return
    with beside(csv):
        for number, table in enumerate((summary_table(found),) if machine is None else found[0].tables()):
            if number:
                print_line()
            print_line(table.title)
            if table.rows:
                print_table(table.columns, table.rows, table.right)
            for line in table.closing:
                print_line(line)
        for line in written:
            print_line(line)
