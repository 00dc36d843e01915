"""Commands on a sweep's dataset: front, export."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from pivotsim.cli import drawing, options, output, paging
from pivotsim.cli.output import print_json, print_line, print_note, print_notes, print_table
from pivotsim.errors import InputError, got, nearest
from pivotsim.tables import Table, counted, figures

if TYPE_CHECKING:
    from pivotsim.dse.dataset import Dataset
    from pivotsim.dse.fronts import Ties
    from pivotsim.dse.sensitivity import Sensitivity

SHOWN_ROWS = 20
USUALLY = "[delay_ms,energy_j; dsp for energy that is proportional to delay]"


def front_command(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="Folder of a sweep.", show_default=False)],
    objectives: Annotated[str | None, typer.Option(metavar="A,B,...", help=f"Columns to minimise {USUALLY}.")] = None,
    maximize: Annotated[str | None, typer.Option(metavar="A,...", help="Those of them to maximise instead.")] = None,
    where: Annotated[
        list[str] | None, typer.Option(metavar="EXPRESSION", help="Keep such designs alone, as 'delay_ms <= 50'.")
    ] = None,
    heat: Annotated[str | None, typer.Option(metavar="X,Y", help="Two axes of a heat map, with --plots.")] = None,
    reference: Annotated[
        str | None,
        typer.Option(metavar="X,Y,...", help="Worst values that count for the hypervolume [those of all designs]."),
    ] = None,
    draws: drawing.DrawsOption = None,
    seed: drawing.SeedOption = None,
    space: Annotated[
        str | None, typer.Option(metavar="SPACE", help="The sweep's space, with --draws [the one of its name].")
    ] = None,
    plots: options.PlotsOption = None,
    html: paging.HtmlOption = None,
    json: options.JsonOption = False,
) -> None:
    """Pareto front of a sweep, its knee, and how much of each objective each axis explains.

    Example: pivotsim front arrays --objectives delay_ms,dsp --where "energy_j <= 0.5"
    """
    from pivotsim.dse.dataset import open_dataset
    from pivotsim.dse.front_tables import front_table, share_table
    from pivotsim.dse.fronts import alike_rows, front_rows, knee_place, ties_in
    from pivotsim.dse.objectives import USUAL, front_objectives
    from pivotsim.dse.sensitivity import shares_of_variance

    up, rules = column_names(maximize) if maximize else [], where or []
    axes = column_names(heat) if heat else []
    if heat and (len(axes) != 2 or plots is None):
        raise InputError(f"--heat: names two axes, beside --plots DIR {got(heat)}")
    names = None if objectives is None else column_names(objectives)
    _check_maximized(up, names or USUAL)
    seed = drawing.check_seed(draws, seed)
    if space is not None and draws is None:
        raise InputError(f"--space: is read with --draws alone {got(space)}")
    dataset = open_dataset(folder)
    dataset.check_columns("heat", axes)
    dataset.check_columns("objectives", names or [])
    filters = dataset.filters(rules)
    names, told_alike = front_objectives(lambda columns: dataset.tables(columns, filters), names, maximize=up)
    front = front_rows(dataset, names, maximize=up, where=rules)
    knee = knee_place(front, names, maximize=up)
    shares = shares_of_variance(dataset, names, where=rules)
    ties, notes = ties_in(front, names, dataset.axes), [*dataset.manifest.get("notes", []), *told_alike]
    volume = _volume(dataset, front, names, up, filters, reference)
    drawn = None
    if draws is not None:
        from pivotsim.propagation.front import front_uncertainty

        drawn = front_uncertainty(folder, names, maximize=up, where=rules, space=space, draws=draws, seed=seed)
    written = []
    if plots is not None:
        from pivotsim.plots.exploration.front import plot_front

        drawn_front = plot_front(dataset, front, names, knee, plots, axes, where=rules, maximize=up)
        written = [*drawn_front, *drawing.plot_drawn(drawn, plots)]
    if html is not None:
        from pivotsim.pages.results.front import SweepFront

        alike = tuple(line for line in (_said_of(ties).removeprefix("; "),) if line)
        page = SweepFront(dataset, names, up, rules, front, knee, shares, alike, tuple(notes), volume)
        written += paging.write_page(page, html, tables=[] if drawn is None else list(drawn.tables()))
    if not dataset.is_complete:
        done, total = dataset.manifest["done"], dataset.manifest["chunks_total"]
        print_note(f"{folder}: the sweep is not finished, {done} of {total} chunks")
    if json:
        rows = [{name: column[i].item() for name, column in front.items()} for i in range(len(front["point"]))]
        print_json({"objectives": names, "maximize": up, "where": rules, "knee": rows[knee], "front": rows,
                    **_plain(shares), "complete": dataset.is_complete, "distinct": ties.distinct,
                    "without_effect": list(ties.axes), "hypervolume": volume,
                    **({} if drawn is None else {"uncertainty": drawn.to_dict()}), "notes": notes})  # fmt: skip
        return
    print_notes(notes)
    told = ", ".join(f"{name} (maximised)" if name in up else name for name in names)
    print_line(f"{counted(len(front['point']), 'design')} on the front of {told}{_said_of(ties)}")
    print_line()
    firsts, designs = alike_rows(front, names)
    listed = {**({"designs": designs} if ties.most > 1 else {}), **{name: front[name][firsts] for name in front}}
    own_knee = firsts.tolist().index(knee)  # of designs that are alike the knee is the first
    shown = sorted({*range(0, len(firsts), max(1, len(firsts) // SHOWN_ROWS)), own_knee})
    first_names = ["designs", *names] if ties.most > 1 else names
    _show(front_table(listed, dataset.axes, first_names, own_knee, shown))
    if ties.most > 1:
        print_line("designs: how many have a row's objectives; the row is the first of them (--json lists all)")
    if len(shown) < len(firsts):
        print_line(f"... {len(firsts) - len(shown):,} more between them (--json lists all)")
    if volume is not None:
        worst = ", ".join(f"{name} {figures(value)}" for name, value in volume["reference"].items())
        print_line(f"hypervolume {figures(volume['value'], 5)}, up to {worst}")
    print_line()
    _show(share_table(shares, names))
    drawing.print_drawn(drawn)
    for path in written:
        print_line(f"wrote {path}", wraps=False)


def _volume(
    dataset: "Dataset", front: Any, names: list[str], up: list[str], filters: Any, reference: str | None
) -> dict[str, Any] | None:
    """Return the hypervolume and the reference point, the worst values of all designs unless it is stated."""
    from pivotsim.dse.indicators import MOST_OBJECTIVES, hypervolume

    if not 1 < len(names) <= MOST_OBJECTIVES:
        if reference is not None:
            raise InputError(f"--reference: the hypervolume is of two or three objectives {got(', '.join(names))}")
        return None
    if reference is None:
        ends = [max if name not in up else min for name in names]
        parts = [
            [float(end(table[name])) for name, end in zip(names, ends, strict=True)]
            for table in dataset.tables(names, filters) if len(table[names[0]])
        ]  # fmt: skip
        worst = [end(values) for end, values in zip(ends, zip(*parts, strict=True), strict=True)]
    else:
        worst = [options.real("--reference")(text) for text in reference.split(",")]
        if len(worst) != len(names):
            raise InputError(f"--reference: must be a value for each of {', '.join(names)} {got(reference)}")
    stated = dict(zip(names, worst, strict=True))
    return {"value": hypervolume(front, names, stated, maximize=up), "reference": stated}


def _plain(shares: "Sensitivity") -> dict[str, Any]:
    """Return shares as JSON: each as a number, and its interval where it is an estimate."""
    values, intervals = {}, {}
    for axis, entry in shares.first_order.items():
        values[axis] = {name: share and share.value for name, share in entry.items()}
        intervals[axis] = {name: share and [share.low, share.high] for name, share in entry.items()}
    rest = None if shares.rest is None else {name: share and share.value for name, share in shares.rest.items()}
    return {"first_order_share": values, "first_order_interval": None if shares.is_exact else intervals,
            "rest_share": rest, "note_on_shares": shares.note}  # fmt: skip


def _show(table: Table) -> None:
    print_table(table.columns, table.rows, table.right)
    for line in table.closing:
        print_line(line)


def _check_maximized(up: list[str], names: Sequence[str]) -> None:
    others = [name for name in up if name not in names]
    if others:
        raise InputError(f"--maximize: must be among --objectives {got(n)}{nearest(n, names)}" for n in others)


def _said_of(ties: "Ties") -> str:
    """Return how many designs of a front are the same in all objectives, '' where none are."""
    if ties.most == 1:
        return ""
    each = f"{ties.least} to {ties.most}" if ties.least < ties.most else str(ties.most)
    why = f"they differ in {', '.join(ties.axes)} alone" if ties.axes else "points repeat in the sample"
    return f"; {ties.distinct:,} distinct, {each} designs each: {why}"


def export_command(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="Folder of a sweep.", show_default=False)],
    csv: Annotated[
        Path, typer.Option(parser=options.file_of("--csv"), metavar="FILE", help="CSV file to write, - for stdout.")
    ],
) -> None:
    """Write all designs of a sweep as one CSV file."""
    from pivotsim.dse.dataset import export_csv, open_dataset

    dataset = open_dataset(folder)
    rows = export_csv(dataset, csv)
    if not dataset.is_complete:
        print_note(f"{folder}: the sweep is not finished")
    with output.beside(csv):
        print_line(f"wrote {csv}: {rows:,} designs", wraps=False)


def column_names(text: str) -> list[str]:
    """Return the columns that ``--objectives`` or a list like it names, each once."""
    names = [name.strip() for name in text.split(",")]
    if not all(names):
        raise InputError(f"--objectives: must be columns such as delay_ms,energy_j {got(text)}")
    twice = [name for name in names if names.count(name) > 1]
    if twice:
        raise InputError(f"--objectives: {twice[0]}: stands twice {got(text)}")
    return names
