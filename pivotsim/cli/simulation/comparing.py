"""The command compare: saved results beside each other."""

from pathlib import Path
from typing import Annotated

import typer

from pivotsim.cli import options, paging
from pivotsim.cli.output import print_json, print_line, print_table
from pivotsim.tables import number


def compare_command(
    a: Annotated[Path, typer.Argument(metavar="A.json", help="JSON of run or combine.", show_default=False)],
    others: Annotated[
        list[Path], typer.Argument(metavar="B.json...", help="The same, to compare with A.", show_default=False)
    ],
    html: paging.HtmlOption = None,
    json: options.JsonOption = False,
) -> None:
    """What changed from one saved result to another, module by module; of several, the ratios of each to the first.

    Example: pivotsim compare a.json b.json
    """
    from pivotsim.simulation.comparison import compare, identity, read_result
    from pivotsim.simulation.results import hash_of, header

    if len(others) > 1:
        _compare_several([a, *others], html, json)
        return
    b = others[0]
    results = {"a": read_result(a), "b": read_result(b)}
    table = compare(results["a"], results["b"])
    who = {name: identity(result) for name, result in results.items()}
    written = paging.write_page(list(results.values()), html, asked={"file A": a, "file B": b})
    if json:
        deltas = {part: [delta._asdict() for delta in table[part]] for part in ("totals", "modules")}
        differences = [difference._asdict() for difference in table["options"]]
        print_json({**header("compare", hash_of((who, deltas))), **who, "options": differences, **deltas})
        return
    for (name, said), path in zip(who.items(), (a, b), strict=True):
        print_line(f"{name.upper()} ({path}): " + ", ".join(f"{key} {value}" for key, value in said.items()))
    print_line()
    if table["options"]:
        print_table(("options that differ", "A", "B"), [(d.name, d.a or "-", d.b or "-") for d in table["options"]])
    else:
        print_line("options: the same")
    print_line()
    for part, rows, places in (("totals", table["totals"], 4), ("module, ms", table["modules"], 2)):
        print_table(
            (part, "A", "B", "B - A", "B / A"),
            [
                (d.name, number(d.a, places), number(d.b, places), f"{d.delta:+,.{places}f}", number(d.ratio, 3))
                for d in rows
            ],
            right=(1, 2, 3, 4),
        )
        print_line()
    for path in written:
        print_line(f"wrote {path}", wraps=False)


def _compare_several(paths: list[Path], html: Path | None, json: bool) -> None:
    """Print several results beside each other."""
    from pivotsim.cli.simulation.compare_tables import compared_to_dict, named, print_compared
    from pivotsim.simulation.comparison import identity, read_result
    from pivotsim.simulation.results import hash_of, header

    results = named([read_result(path) for path in paths])
    written = paging.write_page(
        list(results.values()), html, asked={f"file {name}": path for name, path in zip(results, paths, strict=True)}
    )
    if json:
        found = compared_to_dict(results)
        print_json({**header("compare", hash_of(found)), **found})
        return
    for (name, result), path in zip(results.items(), paths, strict=True):
        print_line(f"{name} ({path}): " + ", ".join(f"{key} {value}" for key, value in identity(result).items()))
    print_line()
    print_compared(results)
    for path in written:
        print_line(f"wrote {path}", wraps=False)
