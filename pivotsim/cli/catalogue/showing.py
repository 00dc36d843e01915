"""Commands that show what goes into a simulation: show hw, fit, model, plan, trace."""

from typing import TYPE_CHECKING, Annotated

import typer

from pivotsim.cli import options
from pivotsim.cli.catalogue.tracing import show_trace_command
from pivotsim.cli.command import App
from pivotsim.cli.models import pruning
from pivotsim.cli.output import print_json, print_line, print_table
from pivotsim.cli.settings import load_both, model_of, parse_settings
from pivotsim.tables import percent

if TYPE_CHECKING:
    from pivotsim.hardware.kinds.gpu import GpuSpec
    from pivotsim.hardware.resources.fit_result import Fit
    from pivotsim.hardware.resources.synthesis import Synthesis, SynthesisPart
    from pivotsim.hardware.spec import Hardware
    from pivotsim.workload.footprints import Footprint

show_app = App(help="Show a resolved hardware, its fit, a model, plan or trace.")
HEADING = ("kind", "name", "description", "source")  # shown above a table, too long for its columns
ModelArgument = Annotated[str, typer.Argument(help="A name or a YAML file.", show_default=False)]


@show_app.command("hw")
def show_hw_command(
    name: Annotated[str, typer.Argument(help="A name or a YAML file.")] = "zcu102",
    set_: options.HwSetOption = None,
    json: options.JsonOption = False,
) -> None:
    """Every value of a hardware with unit and source, and what follows; of a GPU's wave model too, as gpu/a100."""
    from pivotsim.hardware.kinds.gpu import is_gpu, load_gpu
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
    from pivotsim.hardware.resources.block_rams import amount_text
    from pivotsim.hardware.resources.device_fit import fit
    from pivotsim.hardware.resources.fit_result import READ_FROM_VIVADO
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
    print_line(f"{found.hardware} on {found.device_text}: {found.verdict}")
    is_built = any(r.mark == READ_FROM_VIVADO for r in found.resources)
    is_fitted = found.counted_by == "fitted" and not is_built
    if found.fits and is_fitted and min(_left(found, found.synthesis.total).values()) < 0:
        print_line("by constants fitted to PIVOT's design; what `rtl` writes DOES NOT FIT, as counted below")
    other = found.synthesis.as_written
    if found.fits and not is_built and other is not None and min(_left(found, other).values()) < 0:
        print_line("in slices; what `rtl` writes for none, elements of logic, DOES NOT FIT")
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
        ("memory", "size, B", "port, B", "of", "blocks", "by capacity alone"),
        [
            (f"{m.copies} * {m.memory}" if m.copies > 1 else m.memory,
             *map(amount_text, (m.size_bytes, m.port_bytes)), m.kind,
             *map(amount_text, (m.blocks, m.blocks_by_capacity)))
            for m in found.memories
        ],
        right=(1, 2, 4, 5),
    )  # fmt: skip
    print_line()
    # under synthesis its own table lists them, all resources of a part in a row
    whose = [] if found.counted_by == "synthesis" else found.resources
    parts = [(r.unit, p.name, amount_text(p.amount), p.formula) for r in whose for p in r.parts]
    if parts:
        print_table(("resource", "part", "", "from"), parts, right=(2,))
    for part in found.unknown:
        print_line(part)
    print_line()
    _print_synthesis(found, found.synthesis)
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


def _left(found: "Fit", total: "SynthesisPart") -> dict[str, float]:
    """Return what the counts of synthesis leave of the device's DSPs, LUTs, FFs and block RAMs, and of its UltraRAM."""
    bounds = {name: found[name].bound for name in ("dsp", "lut", "ff", "bram36")}
    if total.uram or any(r.resource == "uram" for r in found.resources):
        bounds["uram"] = found.board.fpga.uram
    return {name: bound - getattr(total, name) for name, bound in bounds.items()}


def _print_synthesis(found: "Fit", counts: "Synthesis") -> None:
    from pivotsim.hardware.resources.block_rams import amount_text
    from pivotsim.hardware.resources.synthesis import STAGE

    beside = "" if found.counted_by == "synthesis" else "Beside these demands (fpga.use.counted_by: synthesis): "
    total = counts.total
    left = _left(found, total)
    print_line(f"{beside}counted by {counts.tool}, {STAGE}; {counts.elements}:")
    units = {"dsp": found["dsp"].unit, "lut": "LUT", "ff": "FF", "bram36": "BRAM36", "uram": "URAM"}
    print_table(
        ("part", *(units[name] for name in left), "levels", "from"),
        [
            *((p.name, *(amount_text(getattr(p, name)) for name in left), str(p.levels), p.how)
              for p in (*counts.parts, total)),
            (f"left of {found.device}", *map(amount_text, left.values()), "",
             "" if min(left.values()) >= 0 else "DOES NOT FIT"),
        ],
        right=range(1, len(left) + 2),
    )  # fmt: skip
    print_line("levels: of logic between registers, in one part; a way through several parts passes those of each")


def _text(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, tuple):
        return ", ".join(map(str, value)) or "none"
    return f"{value:g}" if isinstance(value, float) else str(value)


@show_app.command("model")
def show_model_command(
    name: ModelArgument, set_: options.ModelSetOption = None, json: options.JsonOption = False
) -> None:
    """Every value of a model, and the parameters and MACs that follow."""
    from pivotsim.io.spec_values import leaves, value_at
    from pivotsim.models.spec import VitModel
    from pivotsim.simulation.results import hash_of, header
    from pivotsim.workload.lowering.plan import lower
    from pivotsim.workload.plans import plan

    settings, model = model_of(name, set_)
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
        hashed = hash_of({**model.described(), "derived": derived, "set": settings})
        print_json({**header("model", hashed), **result})
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
    active: options.ShownActiveOption = None,
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

    settings, model = model_of(name, set_)
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


show_app.command("trace")(show_trace_command)
