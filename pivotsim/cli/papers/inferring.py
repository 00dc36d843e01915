"""The command infer: hidden settings from printed numbers."""

import csv as csv_files
import io
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from pivotsim.cli import options
from pivotsim.cli.output import beside, check_free, print_json, print_line, print_table, progress
from pivotsim.cli.report_tables import print_end, print_said
from pivotsim.cli.settings import load_both, model_not_used, parse_settings
from pivotsim.errors import InputError, got
from pivotsim.io.text_files import write_atomic
from pivotsim.io.yaml_reader import parse_flow

if TYPE_CHECKING:
    from pivotsim.published.base.inference import Inference

FOUND, NONE_FITS = 0, 1  # exit status: cells that no candidate meets together are a check that failed
FREE_TEXT = "free"


def infer_command(
    context: typer.Context,
    claims: Annotated[
        str,
        typer.Argument(
            metavar="CLAIMS.csv",
            help="Printed numbers: columns quantity and value, perhaps unit and tolerance; - for stdin; or a sample's "
            "name.",
            show_default=False,
        ),
    ],
    vary: Annotated[
        list[str] | None,
        typer.Option(
            metavar="PATH=VALUES",
            help="A hidden setting and its values, as 8,16,32 or {start: 1, stop: 11, step: 1}; effort.low_frac=free "
            "is solved for; repeatable.",
        ),
    ] = None,
    model: Annotated[str, typer.Option("--model", metavar="NAME", help="Model: a name or a YAML file.")] = "deit_s",
    hw: options.HwOption = "zcu102",
    engine: options.RunEngineOption = None,
    memory: options.MemoryOption = None,
    profile: options.ProfileOption = "paper",
    energy: options.EnergyOption = "constant",
    scope: options.ScopeOption = "encoders",
    gate: Annotated[
        str, typer.Option(metavar="entropy|none", help="Charge a pair's entropy gate, or ignore it as the paper does.")
    ] = "entropy",
    set_: options.SetOption = None,
    show: Annotated[
        int, typer.Option(parser=options.integer("--show"), metavar="N", help="Candidates in the table.")
    ] = 10,
    csv: Annotated[
        Path | None,
        typer.Option(parser=options.file_of("--csv"), metavar="OUT.csv", help="Write all candidates, - for stdout."),
    ] = None,
    json: options.JsonOption = False,
) -> int:
    """Which settings of model, hardware and efforts meet printed numbers, and how many were tried.

    Exit status 1 where none meets all.
    Example: pivotsim infer pvds_50 --gate none --vary effort.low=5,6 --vary effort.high=12 --vary effort.low_frac=free
    """
    from pivotsim.published.hidden_settings.search import infer_settings
    from pivotsim.published.hidden_settings.vary import OPTIONS
    from pivotsim.simulation.reporting.summary import not_used_lines
    from pivotsim.workload.lowering.plan import lower
    from pivotsim.workload.plans import plan

    check_free("--csv", csv, json)
    if show < 1:
        raise InputError(f"--show: must be at least 1 {got(show)}")
    settings, varied = parse_settings(set_), _varied(vary or [])
    both = [path for path in settings if path in varied]
    if both:
        raise InputError(f"infer: {path}: stated by --set and varied" for path in both)
    both = [name for name in OPTIONS if name in varied and _is_stated(context, name)]
    if both:
        raise InputError(f"infer: {name}: stated by --{name} and varied" for name in both)
    board, spec = load_both(hw, model, settings, kind="systolic")
    with progress():
        found = infer_settings(
            claims, varied, model=spec or model, hw=board, engine=engine, memory=memory, profile=profile,
            energy=energy, scope=scope, gate=gate,
        )  # fmt: skip
    of_model = model_not_used(settings, model, spec, lambda one: [lower(plan(one))], scope=scope, gate=gate)
    if csv is not None:
        write_atomic(csv, _as_csv(found))
    status = FOUND if found.fitting else NONE_FITS
    if json:
        asked = {"model": model, "hw": hw, "set": settings, "vary": varied}
        print_json({**found.to_dict(), "not_used": of_model, **asked})
        return status
    with beside(csv):
        _print_found(found, f"Settings of {model} on {board.name} behind the printed numbers", show)
        print_said(not_used_lines(of_model))
        print_end(tuple(found.notes), [])
        if csv is not None:
            print_line(f"wrote {csv}: {found.tried:,} candidates", wraps=False)
    return status


def _is_stated(context: typer.Context, option: str) -> bool:
    """Tell whether an option stands on the command line, and is no default."""
    source = context.get_parameter_source(option)
    return source is not None and source.name == "COMMANDLINE"


def _varied(texts: list[str]) -> dict[str, Any]:
    """Return setting -> values of the ``--vary`` options; the brackets of a list may be left out."""
    values: dict[str, Any] = {}
    for text in texts:
        path, equals, stated = (part.strip() for part in text.partition("="))
        if not equals or not path or not stated:
            raise InputError(f"--vary: expected PATH=VALUES such as array.rows=32,64 {got(text)}")
        if path in values:
            raise InputError(f"--vary: {path}: stated twice {got(text)}")
        label = f"--vary: {path}"
        is_listed = stated[0] in "[{" or stated == FREE_TEXT
        values[path] = parse_flow(label, stated if is_listed else f"[{stated}]")
    if not values:
        raise InputError("infer: give --vary PATH=VALUES, such as --vary model.depth=11,12,13")
    return values


def _print_found(found: "Inference", title: str, count: int) -> None:
    from pivotsim.published.base.quantities import QUANTITIES

    table = found.table(title, count, {name: quantity.unit for name, quantity in QUANTITIES.items()})
    print_line(table.title)
    print_line()
    print_table(table.columns, table.rows, table.right)
    if found.tried > count:
        print_line(f"... {found.tried - count:,} more (--show, --csv)")
    print_line()
    for line in table.closing:
        print_line(line)


def _as_csv(found: "Inference") -> str:
    """Return all candidates: settings, what of them was solved for, values, and whether all cells are met."""
    ranged = list(dict.fromkeys(name for one in found.candidates for name in one.ranges))
    file = io.StringIO()
    writer = csv_files.writer(file, lineterminator="\n")
    ends = [f"{name} {end}" for name in ranged for end in ("least", "most")]
    writer.writerow([*found.best.settings, *ends, *found.best.values, "meets_all"])
    for one in found.candidates:
        solved = [one.ranges[name][i] if name in one.ranges else "" for name in ranged for i in (0, 1)]
        texts = [",".join(map(str, v)) if isinstance(v, (tuple, list)) else v for v in one.settings.values()]
        writer.writerow([*texts, *solved, *one.values.values(), str(one.fits).lower()])
    return file.getvalue()
