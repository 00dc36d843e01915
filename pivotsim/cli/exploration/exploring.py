"""The command that evaluates a space of designs: sweep."""

import contextlib
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from pivotsim.cli import options, output
from pivotsim.cli.exploration.fronts import USUALLY, column_names
from pivotsim.cli.output import print_json, print_line, print_note, print_notes
from pivotsim.cli.status import paused
from pivotsim.errors import InputError, check_choice, got
from pivotsim.tables import counted, figures

if TYPE_CHECKING:
    from pivotsim.dse.sweep.run import Progress, SweepResult

OUT_HELP = "Folder of the dataset: Parquet files and a manifest."
GOES_ON = "the same command goes on"


def sweep_command(
    space: Annotated[str, typer.Argument(help="Space: a name or a YAML file.", show_default=False)],
    out: Annotated[Path, typer.Option(parser=options.folder("--out"), metavar="DIR", help=OUT_HELP)],
    method: Annotated[str, typer.Option(metavar="grid|random|sobol|optuna", help="Which points.")] = "grid",
    samples: Annotated[
        int | None,
        typer.Option(
            parser=options.integer("--samples"), metavar="N", help="Designs of the others [65,536; optuna 1,000]."
        ),
    ] = None,
    seed: Annotated[
        int | None, typer.Option(parser=options.integer("--seed"), metavar="N", help="Their sequence [0].")
    ] = None,
    workers: Annotated[
        int, typer.Option(parser=options.integer("--workers"), metavar="N", help="Processes of this machine.")
    ] = 1,
    scheduler: Annotated[
        str | None, typer.Option(metavar="ADDRESS", help="Dask scheduler whose workers run, as tcp://host:8786.")
    ] = None,
    objectives: Annotated[
        str | None, typer.Option(metavar="A,B,...", help=f"Columns that optuna minimises {USUALLY}.")
    ] = None,
    json: options.JsonOption = False,
) -> int:
    """Evaluate every design of a space, or a sample, into a folder of Parquet files.

    Stop it at any moment; the same command goes on. Example: pivotsim sweep zcu102_arrays --out arrays --workers 2
    """
    from pivotsim.dse.evaluation.counting import count_points
    from pivotsim.dse.evaluation.effects import notes_on
    from pivotsim.dse.objectives import note_on_objectives
    from pivotsim.dse.search import check_search, run_search
    from pivotsim.dse.space.reading import load_space
    from pivotsim.dse.space.sampling import METHODS, points_of
    from pivotsim.dse.sweep.run import check_workers, run_sweep

    check_choice("--method", method, METHODS)
    if method == "optuna" and (workers != 1 or scheduler is not None):
        raise InputError("sweep: a search runs design by design; leave --workers and --scheduler out")
    if method != "optuna" and objectives is not None:
        problem = "--method optuna alone searches for them; a sweep stores every column, and front takes --objectives"
        raise InputError(f"--objectives: {problem} {got(objectives)}")
    if method == "grid" and seed is not None:
        raise InputError(f"--seed: a grid visits every point; random, sobol and optuna draw {got(seed)}")
    seed = seed or 0
    names = None if objectives is None else column_names(objectives)
    checked = load_space(space)
    if method == "optuna":
        check_search(checked, names, samples, seed)
    else:
        check_workers(workers, scheduler)
    notes = notes_on(checked)
    if method != "optuna":
        points_of(checked, method, samples, seed)
    elif note := note_on_objectives(checked, names):
        notes = (*notes, note)
    count = count_points(checked)
    if not json:
        left = (
            "" if count.admitted is None else f", {count.admitted:,} of them meet the constraints on axes and resources"
        )
        print_notes([f"{checked.name}: {counted(count.points, 'point')}{left}", *notes])
    with _told_what_is_kept(out), _progress() as report:
        if method == "optuna":
            swept = run_search(checked, out, objectives=names, samples=samples, seed=seed, report=report)
        else:
            swept = run_sweep(
                checked, out, method=method, samples=samples, seed=seed, workers=workers, scheduler=scheduler,
                report=report,
            )  # fmt: skip
    if not json:
        print_notes(note for note in swept.notes if note not in notes)
    if json:
        print_json(_summary(checked.name, count.points, swept))
    else:
        _print_swept(method, swept)
    for failed in swept.failed:
        place = "" if failed.point is None else f", point {failed.point:,}"
        print_note(f"sweep: chunk {failed.index}{place}: failed three times: {failed.problem}")
    if not swept.rows and not swept.failed:
        print_note("sweep: no design is stored, so there is nothing to compare")
    return 1 if swept.failed or not swept.rows else 0


@contextlib.contextmanager
def _told_what_is_kept(folder: Path) -> "Iterator[None]":
    """Say on stderr what an interrupted sweep or search leaves behind."""
    from pivotsim.dse.search import JOURNAL
    from pivotsim.dse.sweep.manifest import read_manifest

    try:
        yield
    except KeyboardInterrupt:
        if (folder / JOURNAL).exists():
            print_note(f"{folder}: all designs that were tried are kept; {GOES_ON}")
        else:
            try:
                found = read_manifest(folder)
                print_note(f"{folder}: {found['done']:,} of {found['chunks_total']:,} chunks are kept; {GOES_ON}")
            except InputError:
                print_note(f"{folder}: stopped before the first chunk was begun; nothing is kept")
        raise


def _summary(name: str, size: int, swept: "SweepResult") -> dict[str, Any]:
    return {
        "space": name, "method": swept.method, "folder": str(swept.folder), "points_of_space": size,
        "points": swept.points, "rows": swept.rows, "notes": list(swept.notes),
        "dropped": dict(swept.dropped), "chunks": swept.chunks_total, "chunks_before": swept.chunks_before,
        "chunks_redone": list(swept.redone),
        "failed": [{"chunk": f.index, "point": f.point, "problem": f.problem} for f in swept.failed],
    }  # fmt: skip


def _print_swept(method: str, swept: "SweepResult") -> None:
    chosen = swept.method
    if chosen != method:
        print_line(f"method {chosen}: the space has no more points than {method} may try")
    elif chosen == "optuna":
        print_line("method optuna: the space is larger than what may be tried")
    stored, points = counted(swept.rows, "design"), counted(swept.points, "point")
    drawn = " drawn" if chosen == "random" else ""
    print_line(f"{swept.folder}: {stored} of {points}{drawn}, method {chosen}")
    if chosen == "sobol":
        print_line("  points of a Sobol sequence may repeat; none stands in for what rules leave out")
    if swept.chunks_before:
        print_line(f"  {swept.chunks_before:,} of {swept.chunks_total:,} chunks were there before")
    if swept.redone:
        print_line(f"made again, their files were damaged: chunks {', '.join(map(str, swept.redone))}")
    for reason, count in swept.dropped.items():
        example = swept.examples.get(reason)
        why = f", each {reason}" if reason.startswith(("is ", "does ", "repeats ")) else f" by {reason}"
        print_line(f"  left out: {count:,}{why}" + (f", such as: {example}" if example else ""))


@contextlib.contextmanager
def _progress() -> "Iterator[Callable[[Progress], None] | None]":
    """Show points, rate and time left on stderr while this is open; one line a minute where that is no terminal."""
    if sys.stderr is None:
        yield None
        return
    if not sys.stderr.isatty():
        yield _minute_lines()
        return
    from rich import progress as rich
    from rich.console import Console

    columns = (
        rich.TextColumn("{task.fields[chunks]} chunks"), rich.BarColumn(), rich.TaskProgressColumn(),
        rich.TextColumn("{task.fields[rate]} points/s"), rich.TimeRemainingColumn(elapsed_when_finished=True),
    )  # fmt: skip
    with paused(), rich.Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("", total=None, chunks="0", rate="-")

        def report(done: "Progress") -> None:
            elapsed = bar.tasks[task].elapsed or 0.0
            rate = (done.points_done - done.points_before) / elapsed if elapsed else 0.0
            bar.update(
                task, total=done.points_total, completed=done.points_done,
                chunks=f"{done.chunks_done}/{done.chunks_total}", rate=f"{rate:,.0f}",
            )  # fmt: skip

        yield report


def _minute_lines() -> "Callable[[Progress], None]":
    tell, start = output.EveryMinute(), output.clock()

    def report(done: "Progress") -> None:
        elapsed = output.clock() - start
        rate = figures((done.points_done - done.points_before) / elapsed if elapsed else 0.0, 2)
        chunks = f"{done.chunks_done:,} of {done.chunks_total:,} chunks"
        tell(f"sweep: {chunks}, {done.points_done:,} of {done.points_total:,} points, {rate} points/s")

    return report
