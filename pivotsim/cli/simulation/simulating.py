"""The command run: a model, or a trace, on a board."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from pivotsim.cli import drawing, options, paging
from pivotsim.cli.models import checkpoints, importing, pruning
from pivotsim.cli.output import beside, check_free, print_json, print_line, print_table, progress
from pivotsim.cli.report_tables import print_breakdown, print_details, print_end, print_energy, print_said, write_plots
from pivotsim.cli.settings import (
    check_stated_once,
    load_both,
    model_not_used,
    parse_settings,
    score_bits_not_used,
)
from pivotsim.errors import InputError, check_choice, got

if TYPE_CHECKING:
    from pivotsim.hardware.spec import Hardware
    from pivotsim.models.spec import VitModel
    from pivotsim.simulation.report import Report
    from pivotsim.workload.plans import Plan


def run_command(
    model: Annotated[
        str | None,
        typer.Argument(
            metavar="MODEL",
            help="Model: a name, a YAML file, or one to import: .onnx, .pt2, timm:NAME, hf:CONFIG.json.",
        ),
    ] = None,
    trace: Annotated[
        Path | None,
        typer.Option(
            parser=options.file_of("--trace"),
            metavar="IN.csv",
            help="Simulate a trace of operations instead of a model, or a topology of SCALE-Sim; - for stdin, or a "
            "name that `pivotsim list traces` shows.",
        ),
    ] = None,
    active: Annotated[
        str | None,
        typer.Option(metavar="LIST", help=f"Encoders whose attention runs, {options.ENCODERS_HELP} [default: all]."),
    ] = None,
    heads: pruning.HeadsOption = None,
    neurons: pruning.NeuronsOption = None,
    tokens: pruning.TokensOption = None,
    blocks: pruning.BlocksOption = None,
    attention: pruning.AttentionOption = None,
    split: pruning.SplitOption = None,
    preset: pruning.PresetOption = None,
    checkpoint: checkpoints.CheckpointOption = None,
    hw: options.HwOption = "zcu102",
    engine: options.RunEngineOption = None,
    memory: options.MemoryOption = None,
    profile: options.ProfileOption = "paper",
    energy: options.EnergyOption = "constant",
    activity: Annotated[
        Path | None,
        typer.Option(
            "--activity",
            parser=options.file_of("--activity"),
            metavar="DATA.saif",
            help="Toggles of the array on real data scale what a MAC takes under --energy activity.",
        ),
    ] = None,
    activity_random: Annotated[
        Path | None,
        typer.Option(
            "--activity-random",
            parser=options.file_of("--activity-random"),
            metavar="RANDOM.saif",
            help="Toggles of the same program on random operands, with --activity.",
        ),
    ] = None,
    scope: options.RunScopeOption = None,
    batch: Annotated[
        int,
        typer.Option(parser=options.integer("--batch"), metavar="N", help="Images run together; those a trace holds."),
    ] = 1,
    qkv: options.QkvOption = "fused",
    score_bits: options.ScoreBitsOption = 8,
    set_: options.SetOption = None,
    size: importing.SizeOption = None,
    skip: importing.SkipOption = None,
    experts: importing.ExpertsOption = None,
    ps_pl_overlap: options.PsPlOverlapOption = None,
    timeline: Annotated[
        Path | None,
        typer.Option(
            parser=options.file_of("--timeline"),
            metavar="OUT.json",
            help="Write what runs when, for ui.perfetto.dev or chrome://tracing; - for stdout. A name that ends in "
            ".pftrace holds a million events, of 100,000 (extra perfetto).",
        ),
    ] = None,
    by: options.ByOption = "module",
    draws: drawing.DrawsOption = None,
    seed: drawing.SeedOption = None,
    plots: options.PlotsOption = None,
    html: paging.HtmlOption = None,
    json: options.JsonOption = False,
) -> None:
    """Delay, energy and breakdown of a model, or of a trace, on the hardware.

    Example: pivotsim run deit_s --active 1-6
    """
    from pivotsim.io.samples import Sample, find_sample, sample_note
    from pivotsim.io.text_files import is_stdin
    from pivotsim.simulation.reporting.rows import BREAKDOWNS
    from pivotsim.simulation.reporting.summary import not_used_lines
    from pivotsim.simulation.run import simulate
    from pivotsim.workload.lowering.plan import lower
    from pivotsim.workload.plans import plan
    from pivotsim.workload.recognition import recognised_plan
    from pivotsim.workload.trace_files.trace_csv import read_trace

    if model is None and trace is None:
        raise InputError("run: give a MODEL, such as deit_s, or --trace IN.csv")
    if model is not None and trace is not None:
        raise InputError(f"run: give a MODEL or --trace IN.csv, not both (got {model} and --trace {trace})")
    pruned = pruning.parse_pruning(heads, neurons, tokens, blocks, attention, split, preset)
    if trace is not None and (pruned or (active, qkv, score_bits) != (None, "fused", 8)):
        shaping = f"--active, {pruning.FLAGS}, --qkv and --score-bits"
        raise InputError(f"run: {shaping} shape a model, a trace is fixed; leave them out")
    check_free("--timeline", timeline, json)
    check_choice("--by", by, BREAKDOWNS)
    if json and by != "module":
        raise InputError(f"--by: chooses the table that is printed, and --json prints none {got(by)}")
    seed = drawing.check_seed(draws, seed)
    settings = parse_settings(set_)
    check_stated_once("run", settings, {"host.ps_pl_overlap": ps_pl_overlap})
    is_imported = importing.is_imported(
        "run", model, {"--size": size, "--skip": skip, "--experts": experts}, {"--qkv": qkv, "--score-bits": score_bits}
    )
    board, spec = load_both(hw, None if is_imported else model, settings)
    board, toggled = _with_toggles(board, activity, activity_random, energy)

    def plan_of(one: "VitModel", asked: pruning.Pruning = pruned) -> "Plan":
        return shaped(plan(one, qkv=qkv, score_bits=score_bits), asked)

    def shaped(whole: "Plan", asked: pruning.Pruning) -> "Plan":
        return asked.applied(whole, options.active_of(active, whole.model.depth))

    workload: Any
    whole = None
    sample = Sample(Path("-")) if trace is None or is_stdin(trace) else find_sample("traces", "--trace", trace)
    if spec is not None:
        workload = plan_of(spec)
    else:
        workload = importing.imported(str(model), size, skip, experts).trace if is_imported else read_trace(sample.path)
        if pruned or active is not None:
            whole = recognised_plan(workload)
            workload = shaped(whole, pruned)
    stored = checkpoints.read_checkpoint(workload, checkpoint)
    before, workload = workload, workload if stored is None else stored.workload
    with progress():
        report = simulate(
            workload, board, engine=engine, memory=memory, profile=profile, energy=energy, scope=scope, batch=batch,
            ps_pl_overlap=ps_pl_overlap,
        )  # fmt: skip
    charged = report.options["scope"]
    of_model = model_not_used(settings, model, spec, lambda m: [lower(plan_of(m), batch)], scope=charged)
    of_model |= score_bits_not_used(score_bits, [report], report.reading)
    base = whole if spec is None else plan(spec, qkv=qkv, score_bits=score_bits)
    if base is not None:
        of_model |= pruned.not_used(lambda asked: [lower(shaped(base, asked), batch)], charged)
        of_model |= pruned.idle_steps([workload])
    gains = [] if stored is None else checkpoints.compared(before, stored, board, batch, scope)
    drawn = None
    if draws is not None:
        from pivotsim.propagation.run import uncertainty_of

        drawn = uncertainty_of(report, draws, seed)
    written = [*write_plots(report, plots), *drawing.plot_drawn(drawn, plots)]
    if timeline is not None:
        from pivotsim.export.perfetto import write_timeline

        written.append(write_timeline(report, timeline))
    said = [
        *sample_note("--trace", sample, sample.model),
        *pruned.sources(),
        *options.single_encoder_lines({"--active": active}),
        *not_used_lines(of_model),
        *toggled,
    ]
    shown = {"hw": hw, "active": active, "set": settings, "pruned": str(pruned) if pruned else ""}
    of_checkpoint = checkpoints.checkpoint_tables(stored, gains)
    tables = [*([] if drawn is None else drawn.tables()), *of_checkpoint]
    written += paging.write_page(report, html, asked=shown, said=said, tables=tables)
    if json:
        not_used = {**report.not_used, **of_model}
        asked = {"hw": hw, "set": settings, "pruning": pruned.to_dict()}
        found: dict[str, Any] = {"pruning_sources": list(pruned.sources())} if pruned.sources() else {}
        found |= {} if stored is None else {"checkpoint": {**stored.to_dict(), "machines": gains}}
        found |= {} if drawn is None else {"uncertainty": drawn.to_dict()}
        found |= {"activity": toggled} if toggled else {}
        print_json({**report.to_dict(), "not_used": not_used, **asked, **found})
        return
    with beside(timeline):
        _print_run(report, str(pruned) if pruned else "", said, by, written, drawn)
        checkpoints.print_checkpoint(of_checkpoint)


def _with_toggles(
    board: "Hardware", data: Path | None, random: Path | None, energy: str
) -> "tuple[Hardware, list[str]]":
    """Return a board whose array toggles as two files say, and what is to be said of that."""
    if data is None and random is None:
        return board, []
    if data is None or random is None:
        raise InputError(
            "--activity and --activity-random: toggles of the one over those of the other scale the array; give both"
        )
    if energy != "activity":
        raise InputError(f"--activity: scales constants of --energy activity {got(energy)}")
    from pivotsim.energy.saif import read_saif
    from pivotsim.energy.toggles import remark, with_toggles

    found, other = read_saif(data), read_saif(random)
    return with_toggles(board, found, other), [remark(data, found, other)]


def _print_run(report: "Report", pruned: str, said: Sequence[str], by: str, written: list[Path], drawn: Any) -> None:
    from pivotsim.simulation.reporting.summary import run_tables

    totals = next(run_tables(report))
    print_line(totals.title)
    if pruned:
        print_line(f"pruned: {pruned}")
    print_line()
    print_table(totals.columns, totals.rows, totals.right)
    print_said([*totals.closing, *said])
    print_breakdown(report, by)
    print_details(report)
    print_energy(report)
    drawing.print_drawn(drawn)
    print_end(report.notes, written)
