"""Commands that simulate once: gemm, run."""

import math
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from pivotsim.cli import checkpoints, importing, options, pruning
from pivotsim.cli.output import beside, check_free, print_json, print_line, print_table, progress
from pivotsim.cli.settings import (
    array_not_used,
    array_of,
    check_stated_once,
    load_both,
    model_not_used,
    parse_settings,
    score_bits_not_used,
)
from pivotsim.errors import InputError, check_choice, got
from pivotsim.tables import number, percent

if TYPE_CHECKING:
    from pivotsim.effort.mixed_report import MixedReport
    from pivotsim.models.spec import VitModel
    from pivotsim.simulation.report import Report
    from pivotsim.simulation.single_gemm import GemmResult
    from pivotsim.workload.plans import Plan

MAX_LISTED = 20  # layers or encoders
NO_LAYER = "(no layer)"


def gemm_command(
    m: options.SizeM,
    k: options.SizeK,
    n: options.SizeN,
    hw: options.HwOption = "zcu102",
    array: options.ArrayOption = None,
    dataflow: options.DataflowOption = None,
    fold_overlap: options.FoldOverlapOption = None,
    edge: options.EdgeOption = None,
    os_edge_register: options.OsEdgeRegisterOption = None,
    mac_latency: options.MacLatencyOption = None,
    engine: options.EngineOption = "analytic",
    density: options.DensityOption = None,
    block: options.BlockOption = None,
    seed: options.SeedOption = None,
    set_: options.HwSetOption = None,
    json: options.JsonOption = False,
) -> None:
    """Cycles of one M x K x N matrix multiplication on the array.

    Array options left out are the hardware's. Example: pivotsim gemm 197 384 1536
    """
    from pivotsim.hardware.resources import fit_or_none, fit_to_dict
    from pivotsim.simulation.single_gemm import simulate_gemm
    from pivotsim.simulation.summary import fits_row

    flags: dict[str, object] = {"array": array, "dataflow": dataflow, "fold_overlap": fold_overlap, "edge": edge}
    flags |= {"os_edge_register": os_edge_register, "mac_latency": mac_latency}
    board, settings, chosen = array_of("gemm", hw, set_, flags)
    not_used = array_not_used(settings, os_edge_register, chosen["dataflow"], has_clock=True)
    if engine == "memory":
        not_used["--engine memory"] = "memories are unlimited here; pivotsim run --memory hw has the board's"
    clock_mhz = board.clock_mhz
    with progress():
        result = simulate_gemm(
            m, k, n, **chosen, engine=engine, clock_mhz=clock_mhz, density=density, block=block, seed=seed
        )
    found = fit_or_none(board.replace({f"array.{name}": value for name, value in chosen.items()}))
    if json:
        print_json(
            {**result.to_dict(), **fit_to_dict(found), "hardware": board.name, "not_used": not_used, "set": settings}
        )
        return
    mode = f"on {result.rows}x{result.cols}, {result.dataflow}, {result.fold_overlap}, {result.edge}"
    rows = [
        ("cycles", f"{result.cycles:,}", "clocks"),
        ("delay", number(result.delay_ms, 6), f"ms at {clock_mhz:g} MHz"),
        ("folds", f"{result.executed_folds:,}", mode),
        ("utilisation", percent(result.utilization_frac), "of the PEs' MACs"),
        ("MACs", f"{result.macs:,}", ""),
    ]
    if result.dense_cycles is not None:
        whole = result.dense_cycles
        rows[2] = ("folds", f"{result.executed_folds:,}", f"of {result.folds:,}, {mode}")
        rows[1:1] = [
            ("dense", f"{whole:,}", "clocks"),
            ("of dense", percent(result.cycles / whole), f"density {result.density:g}, block {result.block}"),
            _expected(result),
        ]
        rows[-1] = ("MACs", f"{result.macs:,}", f"{percent(result.kept_frac or 0)} of all")
    rows.append((*fits_row(found)[:2], fits_row(found)[-1]))
    print_table(("quantity", "value", "unit"), rows, right=(1,))
    print_said([f"{path}: {why}" for path, why in not_used.items()])


def _expected(result: "GemmResult") -> tuple[str, str, str]:
    """Return the row of the mean over many masks."""
    if result.expected_cycles is None:
        return "expected", "-", "256 masks of so many blocks take too long; a larger --block takes less"
    return "expected", f"{result.expected_cycles:,.0f}", f"clocks, spread {result.spread_cycles:,.0f}, 256 masks"


def run_command(
    model: Annotated[
        str | None,
        typer.Argument(
            metavar="[MODEL]",
            help="Model: a name, a YAML file, or one to import: .onnx, .pt2, timm:NAME, hf:CONFIG.json.",
        ),
    ] = None,
    trace: Annotated[
        Path | None,
        typer.Option(
            parser=options.file_of("--trace"),
            metavar="IN.csv",
            help="Simulate a trace of operations instead of a model, or a topology of SCALE-Sim; - for stdin.",
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
            help="Write what runs when, for ui.perfetto.dev or chrome://tracing; - for stdout.",
        ),
    ] = None,
    by: options.ByOption = "module",
    plots: options.PlotsOption = None,
    json: options.JsonOption = False,
) -> None:
    """Delay, energy and breakdown of a model, or of a trace, on the hardware.

    Example: pivotsim run deit_s --active 1-6
    """
    from pivotsim.simulation.report import BREAKDOWNS
    from pivotsim.simulation.run import simulate
    from pivotsim.simulation.summary import not_used_lines
    from pivotsim.workload.lowering.plan import lower
    from pivotsim.workload.plans import plan
    from pivotsim.workload.recognition import recognised_plan
    from pivotsim.workload.trace_csv import read_trace

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
    settings = parse_settings(set_)
    check_stated_once("run", settings, {"host.ps_pl_overlap": ps_pl_overlap})
    is_imported = importing.is_imported(
        "run", model, {"--size": size, "--skip": skip, "--experts": experts}, {"--qkv": qkv, "--score-bits": score_bits}
    )
    board, spec = load_both(hw, None if is_imported else model, settings)

    def plan_of(one: "VitModel", asked: pruning.Pruning = pruned) -> "Plan":
        return shaped(plan(one, qkv=qkv, score_bits=score_bits), asked)

    def shaped(whole: "Plan", asked: pruning.Pruning) -> "Plan":
        return asked.applied(whole, options.active_of(active, whole.model.depth))

    workload: Any
    whole = None
    if spec is not None:
        workload = plan_of(spec)
    else:
        workload = importing.imported(str(model), size, skip, experts).trace if is_imported else read_trace(trace)  # type: ignore[arg-type]
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
    written = write_plots(report, plots)
    if timeline is not None:
        from pivotsim.export.perfetto import write_timeline

        written.append(write_timeline(report, timeline))
    if json:
        not_used = {**report.not_used, **of_model}
        asked = {"hw": hw, "set": settings, "pruning": pruned.to_dict()}
        found = {} if stored is None else {"checkpoint": {**stored.to_dict(), "machines": gains}}
        print_json({**report.to_dict(), "not_used": not_used, **asked, **found})
        return
    with beside(timeline):
        said = [*options.single_encoder_lines({"--active": active}), *not_used_lines(of_model)]
        _print_run(report, str(pruned) if pruned else "", said, by, written)
        if stored is not None:
            checkpoints.print_checkpoint(stored, gains)


def _print_run(report: "Report", pruned: str, said: Sequence[str], by: str, written: list[Path]) -> None:
    from pivotsim.simulation.summary import run_tables

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
    print_end(report.notes, written)


def print_said(lines: Sequence[str]) -> None:
    """Print what must be said beside the totals, where there is something."""
    if lines:
        print_line()
    for line in lines:
        print_line(line)


def print_breakdown(report: "Report | MixedReport", by: str = "module") -> None:
    """Print a breakdown; of many layers or encoders the longest, in their order, and the sum of the others."""
    print_line()
    entries = [(str(key) or NO_LAYER, e["delay_ms"], e["share"]) for key, e in report.breakdown(by).items()]
    if by != "module" and len(entries) > MAX_LISTED:
        longest = sorted(range(len(entries)), key=lambda i: -entries[i][1])[: MAX_LISTED - 1]
        others = [entry for i, entry in enumerate(entries) if i not in longest]
        rest = (f"{len(others)} more", math.fsum(e[1] for e in others), math.fsum(e[2] for e in others))
        entries = [*(entries[i] for i in sorted(longest)), rest]
    print_table((by, "delay, ms", "share"), [(key, number(ms), percent(share)) for key, ms, share in entries], (1, 2))


def print_energy(report: "Report | MixedReport") -> None:
    """Print the energy by component and how far the total may move, where the rule knows of either."""
    interval = report.energy_interval
    if interval is None:
        return
    from pivotsim.simulation.shares import share_energy

    per_j = report.power_w / report.energy_j if report.energy_j else 0.0
    print_line()
    entries = share_energy(report.energy_components_j, report.energy_remarks)
    rows = [
        (name, number(e["energy_j"], 4), number(e["energy_j"] * per_j, 3), percent(e["share"]), e.get("remark", ""))
        for name, e in entries.items()
    ]
    rows.append(("total", number(report.energy_j, 4), number(report.power_w, 3), percent(1.0), ""))
    print_table(("component", "energy, J", "mean, W", "share", ""), rows, right=(1, 2, 3))
    print_line()
    ranges = (
        ("each constant at its own low or high", interval.low_j, interval.high_j),
        ("the same, periphery refitted to the baseline", interval.pinned_low_j, interval.pinned_high_j),
    )
    print_table(
        ("energy interval", "low, J", "high, J", "low, W", "high, W"),
        [
            (name, number(low, 4), number(high, 4), number(low * per_j, 3), number(high * per_j, 3))
            for name, low, high in ranges
        ],
        right=(1, 2, 3, 4),
    )


def print_details(report: "Report") -> None:
    """Print what only the engine knows."""
    for table in report.details.tables():
        print_line()
        print_table(table.columns, table.rows, table.right)
        print_line()
        for line in table.closing:
            print_line(line)


def print_end(notes: tuple[str, ...], written: list[Path]) -> None:
    """Print the marks behind the numbers and the files written."""
    if notes:
        print_line()
        print_line("Behind these numbers:")
    for note in notes:
        print_line(f"  {note}")
    for path in written:
        print_line(f"wrote {path}")


def write_plots(result: "Report | MixedReport", folder: Path | None) -> list[Path]:
    """Write the pictures of a result where a folder is given, and return their paths."""
    if folder is None:
        return []
    from pivotsim.plots.delay import plot_mix, plot_run
    from pivotsim.plots.gantt import plot_gantt
    from pivotsim.simulation.report import Report

    if isinstance(result, Report):
        return [*plot_run(result, folder), *plot_gantt(result, folder)]
    return plot_mix(result, folder)
