"""Models of other tools: what `run` and `import` read beside names and YAML files."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pivotsim.cli import options
from pivotsim.cli.output import beside, check_free, print_json, print_line, print_table, progress
from pivotsim.errors import InputError, got
from pivotsim.tables import counted, percent

if TYPE_CHECKING:
    from pivotsim.importers.imported import Imported

SizeOption = Annotated[
    list[str] | None,
    typer.Option(
        "--size", metavar="INPUT=SIZES", help="Shape of an input of an imported model, as in x=1x3x224x224; repeatable."
    ),
]
SkipOption = Annotated[
    list[str] | None,
    typer.Option(
        "--skip", metavar="LAYER", help="Leave out a layer of an imported model, with all below it; repeatable."
    ),
]
ExpertsOption = Annotated[
    str | None,
    typer.Option(
        "--experts",
        metavar="LIST",
        help="Tokens of each expert of a mixture, as in 300/212/0/512 [default: as many each].",
    ),
]
PLAIN = "a model of sizes needs no import: `pivotsim run deit_s`"
LISTED = 20  # rows of a table of operators


def is_imported(command: str, model: str | None, own: Mapping[str, object], shaping: Mapping[str, object]) -> bool:
    """Return whether a model is one to import; raise InputError for options that do not go with what it is.

    ``own`` are the options that are of imported models alone, ``shaping`` those of models of sizes, with their values.
    """
    from pivotsim.importers.sources import is_import

    if model is not None and is_import(model):
        stated = [option for option, value in shaping.items() if value not in ("fused", 8)]
        if stated:
            raise InputError(f"{command}: {' and '.join(stated)} shape a model of sizes, {model} has its operations")
        return True
    for option, value in own.items():
        if value:
            raise InputError(f"{option}: is of imported models, such as model.onnx {got(value)}")
    return False


def imported(source: str, sizes: list[str] | None, skip: list[str] | None, experts: str | None) -> "Imported":
    """Return an imported model with the report of its import."""
    tokens = (experts or "").split("/") if experts else []
    if not all(re.fullmatch("[0-9]{1,15}", each) for each in tokens):
        raise InputError(f"--experts: expected tokens of each expert such as 300/212/0/512 {got(experts)}")
    from pivotsim.importers.sources import import_model, parse_sizes

    with progress():
        return import_model(source, sizes=parse_sizes(sizes or []), skip=skip or [], experts=map(int, tokens))


def import_command(
    model: Annotated[
        str, typer.Argument(metavar="MODEL", help="A file .onnx or .pt2, timm:NAME, or hf:CONFIG.json of transformers.")
    ],
    size: SizeOption = None,
    skip: SkipOption = None,
    experts: ExpertsOption = None,
    csv: Annotated[
        Path | None,
        typer.Option(parser=options.file_of("--csv"), metavar="OUT.csv", help="Write the trace there, - for stdout."),
    ] = None,
    json: options.JsonOption = False,
) -> None:
    """Read a model of another tool: its operations, what cost nothing, and what was not understood.

    Example: pivotsim import timm:deit_small_patch16_224 --csv deit_small.csv
    """
    from pivotsim.importers.sources import HOW, is_import
    from pivotsim.simulation.results import hash_of, header
    from pivotsim.workload.trace_files.trace_csv import write_trace

    check_free("--csv", csv, json)
    if not is_import(model):
        remedy = f"; write hf:{model}" if model.lower().endswith(".json") else f"; {PLAIN}"
        raise InputError(f"import: reads {HOW} (got {model}){remedy}")
    found = imported(model, size, skip, experts)
    if csv is not None:
        write_trace(found.trace, csv)
    if json:
        result = to_dict(found)
        print_json({**header("import", hash_of(result)), **result})
        return
    with beside(csv):
        _print(found)
        if csv is not None:
            print_line(f"wrote {csv}: {counted(len(found.trace), 'operation')}", wraps=False)


def to_dict(found: "Imported") -> dict[str, object]:
    """Return the report of an import, without the operations."""
    return {
        "name": found.trace.name, "operations": len(found.trace), "macs": found.trace.macs, "encoders": found.encoders,
        "free": found.free, "folded": found.folded, "skipped": list(found.skipped), "notes": list(found.trace.notes),
        "unread_weights": list(found.unread), "added_weights": list(found.added),
        "precomputed": list(found.precomputed),
    }  # fmt: skip


def _print(found: "Imported") -> None:
    table, *operators = found._tables()
    print_line(table.title)
    print_line()
    print_table(table.columns, table.rows, table.right)
    for counts in operators:
        print_line()
        print_line(counts.title)
        print_table(counts.columns, list(counts.rows)[:LISTED], counts.right)
        if len(counts.rows) > LISTED:
            print_line(f"and {len(counts.rows) - LISTED} more")
    print_line()
    for note in found.trace.notes:
        print_line(note)
    other = sum(op.dense_macs for op in found.trace if op.module == "other")
    if other:
        print_line(f"{percent(other / found.trace.dense_macs)} of the MACs have no label; --csv shows their layers")
