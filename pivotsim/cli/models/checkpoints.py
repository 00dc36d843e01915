"""Pruned checkpoints: what `run --checkpoint` finds in one, and what it gains on three machines."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from pivotsim.cli import options
from pivotsim.cli.output import print_line, print_table, progress
from pivotsim.errors import InputError
from pivotsim.tables import Table, number

if TYPE_CHECKING:
    from pivotsim.hardware.spec import Hardware
    from pivotsim.importers.checkpoints.report import Checkpoint
    from pivotsim.simulation.report import Report
    from pivotsim.workload.ops import Trace
    from pivotsim.workload.plans import Plan

CheckpointOption = Annotated[
    Path | None,
    typer.Option(
        "--checkpoint",
        parser=options.file_of("--checkpoint"),
        metavar="FILE",
        help="Leave out what a pruned checkpoint lacks: heads, neurons, blocks; .safetensors, .npz, .pth, .pt, .bin.",
    ),
]
ARRAY, MPCA = "zcu102", "u250_mpca"  # where the hardware of the run is of another kind


def read_checkpoint(workload: "Plan | Trace", path: Path | None) -> "Checkpoint | None":
    """Return a workload without what a checkpoint lacks, with the report of it; None without a checkpoint."""
    if path is None:
        return None
    from pivotsim.importers.checkpoints.pruned import checkpoint_of

    try:
        return checkpoint_of(workload, path)
    except InputError as error:
        raise InputError(f"--checkpoint: {problem}" for problem in error.problems) from None


def compared(
    whole: "Plan | Trace", found: "Checkpoint", board: "Hardware", batch: int, scope: str | None
) -> list[dict[str, Any]]:
    """Return the delays with whole matrices and with the checkpoint, on three machines.

    They are the array with memories without limits, the array behind its memories, and the MPCA: those of the board,
    else of the package's. A machine that cannot run the workload has the reason instead.
    """
    from pivotsim.hardware.loading import load_hardware
    from pivotsim.simulation.run import simulate

    def machine(kind: str, name: str) -> "Hardware":
        return board if board.kind == kind else load_hardware(name)

    array, mpca = machine("systolic", ARRAY), machine("mpca", MPCA)
    rows: list[dict[str, Any]] = []
    for hw, memory, text in (
        (array, "paper", f"array of {array.name}"),
        (array, "hw", f"array of {array.name} behind its memories"),
        (mpca, "hw", f"MPCA of {mpca.name}"),
    ):
        row: dict[str, Any] = {"machine": text, "hardware": hw.name, "memory": memory}
        try:
            with progress():
                for name, workload in (("whole", whole), ("checkpoint", found.workload)):
                    row[name] = _delay(simulate(workload, hw, memory=memory, batch=batch, scope=scope))
        except InputError as error:
            row["not_run"] = error.problems[0]
        rows.append(row)
    return rows


def _delay(report: "Report") -> dict[str, float]:
    return {"pl_cycles": report.pl_cycles, "delay_ms": report.delay_ms}


def checkpoint_tables(found: "Checkpoint | None", rows: list[dict[str, Any]]) -> list[Table]:
    """Return what was found in a checkpoint, and what it gains; nothing without one."""
    if found is None:
        return []
    columns = ("machine", "whole, PL clocks", "checkpoint, PL clocks", "whole, ms", "checkpoint, ms", "times faster")
    title = "delay with whole matrices and with the checkpoint, profile paper"
    closing = [f"{row['machine']}: {row['not_run']}" for row in rows if "not_run" in row]
    gains = [_row(row) for row in rows if "not_run" not in row]
    return [*found._tables(), Table(title, columns, gains, (1, 2, 3, 4, 5), closing)]


def print_checkpoint(tables: list[Table]) -> None:
    """Print the tables of a checkpoint."""
    for table in tables:
        print_line()
        print_line(table.title)
        print_table(table.columns, table.rows, table.right)
        for line in table.closing:
            print_line(line)


def _row(row: dict[str, Any]) -> tuple[str, ...]:
    before, after = row["whole"], row["checkpoint"]
    clocks = (f"{each['pl_cycles']:,}" for each in (before, after))
    delays = (number(each["delay_ms"]) for each in (before, after))
    return (row["machine"], *clocks, *delays, number(before["delay_ms"] / after["delay_ms"]))
