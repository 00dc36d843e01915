"""Commands that show what goes into a simulation: show hw, fit, model, plan, trace."""

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pivotsim.cli import options, pruning
from pivotsim.cli.output import beside, check_free, print_json, print_line, print_table
from pivotsim.cli.settings import load_both, parse_settings
from pivotsim.errors import InputError
from pivotsim.io.text_files import is_stdout
from pivotsim.tables import counted, percent

if TYPE_CHECKING:
    from pivotsim.hardware.gpu import GpuSpec
    from pivotsim.hardware.spec import Hardware
    from pivotsim.models.spec import VitModel
    from pivotsim.workload.footprints import Footprint
    from pivotsim.workload.ops import Trace

show_app = typer.Typer(no_args_is_help=True, help="Show a resolved hardware, its fit, a model, plan or trace.")
HEADING = ("kind", "name", "description", "source")  # shown above a table, too long for its columns
ActiveOption = Annotated[
    str | None, typer.Option(metavar="LIST", help=f"Encoders whose attention runs, {options.ENCODERS_HELP}.")
]
ModelArgument = Annotated[str, typer.Argument(help="A name or a YAML file.", show_default=False)]


def _model(name: str, set_: list[str] | None) -> "tuple[dict[str, object], VitModel]":
    """Return the settings and the model with them applied."""
    settings = parse_settings(set_)
    _, model = load_both("zcu102", name, settings, only="model.")
    assert model is not None  # load_both returns a model for a model's name
    return settings, model


@show_app.command("hw")
def show_hw_command(
    name: Annotated[str, typer.Argument(help="A name or a YAML file.")] = "zcu102",
    set_: options.HwSetOption = None,
    json: options.JsonOption = False,
) -> None:
    """Every value of a hardware with unit and source, and what follows; of a GPU's wave model too, as gpu/a100."""
    from pivotsim.hardware.gpu import is_gpu, load_gpu
    from pivotsim.simulation.results import hash_of, header

    settings = parse_settings(set_)
    hw: Hardware | GpuSpec
    if is_gpu(name):
        hw = load_gpu(name).replace(settings, label="--set")
    else:
        hw, _ = load_both(name, None, settings)
    if json:
        values = {
            path: {"value": value, "unit": unit, "source": source, "description": description}
            for path, value, unit, source, description in hw.to_rows()
        }
        derived = {k: {"value": v, "unit": unit, "formula": formula} for k, (v, unit, formula) in hw.derived.items()}
        result = {"name": hw.name, "values": values, "derived": derived, "set": settings}
        print_json({**header("hardware", hash_of(result)), **result})
        return
    print_line(f"{hw.name}: {hw.description}")
    print_line()
    print_table(
        ("value", "", "unit", "source", "meaning"),
        [
            (path, _text(v), unit, source or "not stated", meaning)
            for path, v, unit, source, meaning in hw.to_rows()
            if path not in HEADING
        ],
        right=(1,),
    )
    print_line()
    rows = [(k, f"{v:,.6g}", unit, formula) for k, (v, unit, formula) in hw.derived.items()]
    print_table(("derived", "", "unit", "from"), rows, right=(1,))


@show_app.command("fit")
def show_fit_command(
    name: Annotated[str, typer.Argument(help="A name or a YAML file.")] = "zcu102",
    set_: options.HwSetOption = None,
    json: options.JsonOption = False,
) -> None:
    """What a hardware's array and memories take of the FPGA; that it does not fit is a result, exit status 0."""
    from pivotsim.hardware.memory import UNLIMITED
    from pivotsim.hardware.resources import amount_text, fit
    from pivotsim.published.base.claims import published_resources
    from pivotsim.published.pivot.paper_board import differences
    from pivotsim.simulation.results import hash_of, header
    from pivotsim.units import INT64_MAX

    settings = parse_settings(set_)
    hw, _ = load_both(name, None, settings, kind="systolic")
    found = fit(hw)
    paper = None if differences(hw) else published_resources()
    if json:
        result = {**found.to_dict(), "published": paper, "set": settings}
        print_json({**header("fit", hash_of(result)), **result})
        return
    print_line(f"{found.hardware} on {found.device_text}: {'fits' if found.fits else 'DOES NOT FIT'}")
    print_line()
    published = () if paper is None else ("PIVOT, published",)
    print_table(
        ("resource", "demand", "bound", "left", "used", "", "mark", *published, "from"),
        [
            (r.unit, amount_text(r.demand), f"{r.bound:,}", "-" if r.demand == INT64_MAX else f"{r.gap:,}",
             percent(r.demand / r.bound if r.bound and r.demand < INT64_MAX else None),
             "fits" if r.fits else "DOES NOT FIT", r.mark, *(() if paper is None else (f"{paper[r.resource]:,}",)),
             r.formula)
            for r in found.resources
        ],
        right=(1, 2, 3, 4) if paper is None else (1, 2, 3, 4, 7),
    )  # fmt: skip
    print_line()
    print_table(
        ("memory", "size, B", "port, B", "BRAM36", "by capacity alone"),
        [
            (m.memory, *map(amount_text, (m.size_bytes, m.port_bytes, m.blocks, m.blocks_by_capacity)))
            for m in found.memories
        ],
        right=(1, 2, 3, 4),
    )
    short = [r for r in found.resources if not r.fits]
    if short:
        print_line()
        print_table(
            ("missing", "", "what lowers it"),
            [(UNLIMITED if r.demand == INT64_MAX else f"{-r.gap:,}", r.unit, "; ".join(r.levers)) for r in short],
            (0,),
        )
    print_line()
    print_line("Behind these numbers:")
    if found.inherited_from:
        print_line(f"  fpga.device: [inherited from {found.inherited_from}] a board on another device states fpga")
    for note in found.notes:
        print_line(f"  {note}")


def _text(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return f"{value:g}" if isinstance(value, float) else str(value)


@show_app.command("model")
def show_model_command(
    name: ModelArgument, set_: options.ModelSetOption = None, json: options.JsonOption = False
) -> None:
    """Every value of a model, and the parameters and MACs that follow."""
    from pivotsim.io.specs import leaves, value_at
    from pivotsim.models.spec import VitModel
    from pivotsim.simulation.results import hash_of, header
    from pivotsim.workload.lowering.plan import lower
    from pivotsim.workload.plans import plan

    settings, model = _model(name, set_)
    trace = lower(plan(model))
    derived = {
        "tokens": model.tokens,
        "parameters": model.parameters,
        "encoder_parameters": model.encoder_parameters,
        "macs": trace.macs,
        "encoder_macs": trace.within("encoders").macs,
    }
    rows = [(path, value_at(model, path), unit, text) for path, unit, text in leaves(VitModel)]
    if json:
        result = {**{path: value for path, value, _, _ in rows}, "derived": derived, "set": settings}
        print_json({**header("model", hash_of(result)), **result})
        return
    print_line(f"{model.name}: {model.description}")
    print_line(f"source: {model.source}")
    print_line()
    shown = [(path, _text(value), unit, text) for path, value, unit, text in rows if path not in HEADING]
    print_table(("value", "", "unit", "meaning"), shown, right=(1,))
    print_line()
    print_table(("derived", ""), [(name, f"{value:,}") for name, value in derived.items()], right=(1,))


@show_app.command("plan")
def show_plan_command(
    name: ModelArgument,
    active: ActiveOption = None,
    heads: pruning.HeadsOption = None,
    neurons: pruning.NeuronsOption = None,
    tokens: pruning.TokensOption = None,
    blocks: pruning.BlocksOption = None,
    attention: pruning.AttentionOption = None,
    split: pruning.SplitOption = None,
    preset: pruning.PresetOption = None,
    qkv: options.QkvOption = "fused",
    set_: options.ModelSetOption = None,
    json: options.JsonOption = False,
) -> None:
    """What each encoder of a model does, as a table; pruned, what it keeps of the model's parameters and MACs too."""
    from pivotsim.simulation.results import hash_of, header
    from pivotsim.workload.footprints import footprint
    from pivotsim.workload.plans import plan, pruned_text

    settings, model = _model(name, set_)
    pruned = pruning.parse_pruning(heads, neurons, tokens, blocks, attention, split, preset)
    whole = pruned.applied(plan(model, qkv=qkv), options.active_of(active, model.depth))
    columns = ("encoder", "attention", "attention_tokens", "mlp_tokens")
    if json:
        encoders: list[dict[str, object]] = [dict(zip(columns, r, strict=True)) for r in whole.to_rows()]
        for column, values in whole.pruned().items():
            for encoder, value in zip(encoders, values, strict=True):
                encoder[column] = value
        result = {"model": model.name, "encoders": encoders, "footprint": footprint(whole).to_dict(), "set": settings}
        result["pruning"] = pruned.to_dict()
        print_json({**header("plan", hash_of(result)), **result})
        return
    print_line(f"{model.name}: effort {whole.effort} of {model.depth}")
    more = whole.pruned()
    rows = [(*row, *map(pruned_text, values)) for row, *values in zip(whole.to_rows(), *more.values(), strict=True)]
    print_table((*columns, *more), rows, right=(0, *range(2, 4 + len(more))))
    if more:
        _print_footprint(footprint(whole))


def _print_footprint(found: "Footprint") -> None:
    """Print parameters, stored bytes and MACs by label, and the ratios to the dense model."""
    print_line()
    columns = ("label", "parameters", "kept", "payload, B", "index, B", "pointers, B", "MACs", "kept")
    table = [(row.label, *(f"{value:,}" for value in row[1:])) for row in (*found.rows, found.total)]
    print_table(columns, table, right=tuple(range(1, len(columns))))
    print_line()
    print_line(f"{found.parameter_ratio:.3f}x fewer parameters, {found.mac_ratio:.3f}x fewer MACs than the dense model")
    print_line("Bytes are those of weight matrices in int8; masked ones as block-sparse columns [assumed].")


@show_app.command("trace")
def show_trace_command(
    name: Annotated[
        str,
        typer.Argument(help="A model's name or YAML file, or a trace's CSV file (- for stdin).", show_default=False),
    ],
    active: ActiveOption = None,
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
    from pivotsim.workload.csv_layout import columns_of
    from pivotsim.workload.lowering.plan import lower
    from pivotsim.workload.plans import plan
    from pivotsim.workload.topologies import write_topology
    from pivotsim.workload.trace_csv import read_trace, write_trace

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
        settings, model = _model(name, set_)
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
                print_line(line)
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
    from pivotsim.workload.csv_layout import columns_of

    columns = columns_of(trace)
    return [dict(zip(columns, op, strict=False)) for op in trace]
