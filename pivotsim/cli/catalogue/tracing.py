"""Command show trace: the operations of a model or of a trace file, printed or written."""

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pivotsim.cli import options
from pivotsim.cli.models import pruning
from pivotsim.cli.output import beside, check_free, print_json, print_line, print_table
from pivotsim.cli.settings import model_of
from pivotsim.errors import InputError
from pivotsim.io.text_files import is_stdout
from pivotsim.tables import counted

if TYPE_CHECKING:
    from pivotsim.workload.ops import Trace


def show_trace_command(
    name: Annotated[
        str,
        typer.Argument(help="A model's name or YAML file, or a trace's CSV file (- for stdin).", show_default=False),
    ],
    active: options.ShownActiveOption = None,
    heads: pruning.HeadsOption = None,
    neurons: pruning.NeuronsOption = None,
    tokens: pruning.TokensOption = None,
    blocks: pruning.BlocksOption = None,
    attention: pruning.AttentionOption = None,
    split: pruning.SplitOption = None,
    preset: pruning.PresetOption = None,
    batch: Annotated[
        int, typer.Option(parser=options.integer("--batch"), metavar="N", help="Images run together.")
    ] = 1,
    qkv: options.QkvOption = "fused",
    score_bits: options.ScoreBitsOption = 8,
    set_: options.ModelSetOption = None,
    csv: Annotated[
        Path | None,
        typer.Option(
            "--csv", parser=options.file_of("--csv"), metavar="OUT.csv", help="Write the trace there, - for stdout."
        ),
    ] = None,
    scalesim: Annotated[
        Path | None,
        typer.Option(
            parser=options.file_of("--scalesim"),
            metavar="OUT.csv",
            help="Write its GEMMs there as a topology of SCALE-Sim, - for stdout.",
        ),
    ] = None,
    json: options.JsonOption = False,
) -> None:
    """The operations that a model is lowered to, or that a trace file holds."""
    from pivotsim.simulation.results import hash_of, header
    from pivotsim.workload.lowering.plan import lower
    from pivotsim.workload.plans import plan
    from pivotsim.workload.trace_files.layout import columns_of
    from pivotsim.workload.trace_files.topologies import write_topology
    from pivotsim.workload.trace_files.trace_csv import read_trace, write_trace

    check_free("--csv", csv, json)
    check_free("--scalesim", scalesim, json)
    if csv is not None and is_stdout(csv) and is_stdout(scalesim):
        raise InputError("--scalesim: standard output takes the trace of --csv; name a file")
    pruned = pruning.parse_pruning(heads, neurons, tokens, blocks, attention, split, preset)
    if name == "-" or name.lower().endswith((".csv", ".tsv")):
        if pruned or (active, batch, qkv, score_bits, set_) != (None, 1, "fused", 8, None):
            shaping = f"--active, {pruning.FLAGS}, --batch, --qkv, --score-bits, --set"
            raise InputError(f"show trace: a trace file is fixed; {shaping} shape models")
        settings: dict[str, object] = {}
        trace = read_trace(name)
    else:
        settings, model = model_of(name, set_)
        whole = pruned.applied(plan(model, qkv=qkv, score_bits=score_bits), options.active_of(active, model.depth))
        trace = lower(whole, batch)
    written = []
    if csv is not None:
        write_trace(trace, csv)
        written.append(f"wrote {csv}: {counted(len(trace), 'operation')}")
    if scalesim is not None:
        written.append(f"wrote {scalesim}: {counted(write_topology(trace, scalesim), 'layer')}{_left_out(trace)}")
    if json:
        result = {"name": trace.name, "macs": trace.macs, "ops": _dicts(trace), "set": settings}
        result["pruning"] = pruned.to_dict()
        unnamed = _dicts(replace(trace, ops=tuple(op.unnamed for op in trace)))
        print_json({**header("trace", hash_of({**result, "ops": unnamed})), **result})
    elif written:
        with beside(csv if is_stdout(csv) else scalesim):
            for line in (*trace.notes, *written):
                print_line(line, wraps=False)
    else:
        columns = columns_of(trace)
        print_table(columns, [op[: len(columns)] for op in trace], right=(0, *range(3, 11)))
        for note in trace.notes:
            print_line(note)


def _left_out(trace: "Trace") -> str:
    """Return what a topology does not hold of a trace."""
    others = sum(op.kind != "gemm" for op in trace)
    parts = [f"{counted(others, 'operation')} of other kinds than gemm"] if others else []
    parts += ["masks"] if any(mask is not None for mask in trace.gemm_masks) else []
    return f"; left out: {' and '.join(parts)}" if parts else ""


def _dicts(trace: "Trace") -> list[dict[str, object]]:
    """Return operations as JSON shows them, with the columns that their table has."""
    from pivotsim.workload.trace_files.layout import columns_of

    columns = columns_of(trace)
    return [dict(zip(columns, op, strict=False)) for op in trace]
