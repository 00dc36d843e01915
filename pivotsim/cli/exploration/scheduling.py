"""The command that chooses how many tokens to prune: schedule."""

import importlib
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pivotsim.cli import options, paging
from pivotsim.cli.exploration.schedule_sweeps import Asked, Numbers, numbers, show_sweep, sweep_of, swept_option
from pivotsim.cli.output import print_json, print_line, print_table, progress
from pivotsim.cli.report_tables import print_end, print_said
from pivotsim.cli.settings import load_both, model_not_used, parse_settings
from pivotsim.errors import InputError, check_choice, got
from pivotsim.tables import counted, number, percent

if TYPE_CHECKING:
    from pivotsim.pruning.devices.protocol import Device
    from pivotsim.pruning.schedule_report import Schedule
    from pivotsim.pruning.staircase import Staircase

DEFAULT_HW = "zcu102"
MOST_ROWS = 12  # of a grid that is printed in full


def schedule_command(
    model: Annotated[str, typer.Argument(help="Model: a name or a YAML file.", show_default=False)],
    accuracy: Annotated[
        Path,
        typer.Option(
            parser=options.file_of("--accuracy"),
            metavar="NAME|FILE.csv",
            show_default=False,
            help="Accuracy of keeping n tokens: columns tokens,accuracy_pct; or a sample's name.",
        ),
    ],
    hw: Annotated[
        str | None,
        typer.Option("--hw", metavar="NAME", help=f"Board, or GPU as in gpu/a100 [default: {DEFAULT_HW}]."),
    ] = None,
    recorded: Annotated[
        Path | None,
        typer.Option(parser=options.file_of("--recorded"), metavar="FILE.csv", help="Latencies that were measured."),
    ] = None,
    live: Annotated[
        str | None, typer.Option(metavar="cpu|cuda", help="Measure here and now (needs the extra torch).")
    ] = None,
    alpha: Annotated[
        Numbers,
        typer.Option(
            parser=numbers("--alpha", False, 0.1), metavar="A", help="Weight of latency, 0 to 1; several: 0.1:0.9."
        ),
    ] = "0.5",  # type: ignore[assignment]  # typer parses defaults too
    stride: Annotated[
        int, typer.Option(parser=options.integer("--stride"), metavar="N", help="Token counts N, N - stride, ...")
    ] = 1,
    encoder: Annotated[
        Numbers | None,
        typer.Option(
            parser=numbers("--encoder", True, 1), metavar="E", help="Encoder that prunes, from 1; several: 1:12:3."
        ),
    ] = None,
    methods: Annotated[
        bool, typer.Option("--methods", help="One layer that prunes beside Top-K, ToMe and DynamicViT at its MACs.")
    ] = False,
    pruning_ms: Annotated[
        float | None,
        typer.Option(parser=options.real("--pruning-ms"), metavar="MS", help="Cost of the pruning itself, if known."),
    ] = None,
    batch: Annotated[
        Numbers,
        typer.Option(parser=numbers("--batch", True, 1), metavar="N", help="Images at a time; several: 1,2,4."),
    ] = "1",  # type: ignore[assignment]
    engine: options.RunEngineOption = None,
    memory: Annotated[str | None, typer.Option(metavar="paper|hw", help="Memories, as in run.")] = None,
    profile: Annotated[str | None, typer.Option(metavar="paper|full", help="Processor side, as in run.")] = None,
    part: Annotated[
        str | None, typer.Option(metavar="delay|array", help="The whole delay, or the array's part of it.")
    ] = None,
    set_: options.SetOption = None,
    plots: options.PlotsOption = None,
    csv: Annotated[
        Path | None,
        typer.Option(parser=options.file_of("--csv"), metavar="FILE.csv", help="Write the rows of a sweep there."),
    ] = None,
    html: paging.HtmlOption = None,
    json: options.JsonOption = False,
) -> None:
    """How many tokens to prune, and where: the utilities, the latency staircase with its steps, and R.

    Several values of --alpha, --batch or --encoder, or --methods, print a table instead: a row each.

    Example: pivotsim schedule deit_s --hw zcu102 --accuracy deit_s
    """
    from pivotsim.io.samples import find_sample, sample_note
    from pivotsim.pruning.accuracy.given import read_accuracy
    from pivotsim.pruning.schedule import pruning_schedule
    from pivotsim.pruning.token_plans import least_tokens
    from pivotsim.simulation.reporting.summary import not_used_lines
    from pivotsim.workload.lowering.plan import lower
    from pivotsim.workload.plans import plan

    settings = parse_settings(set_)
    simulated = {"engine": engine, "memory": memory, "profile": profile, "part": part}
    stated = {name: value for name, value in simulated.items() if value is not None}
    sources = {"--hw": hw, "--recorded": recorded, "--live": live}
    given = [name for name, value in sources.items() if value is not None]
    if len(given) > 1:
        raise InputError(f"schedule: {' and '.join(given)} exclude each other")
    sample = find_sample("accuracy", "--accuracy", accuracy)
    table = read_accuracy(sample.path)
    device, spec = _device_and_model(model, sources, stated, settings)
    if stride < 1:
        raise InputError(f"--stride: must be at least 1 {got(stride)}")
    whole = plan(spec)  # type: ignore[arg-type]
    behind = sample_note("--accuracy", sample, whole.model.name)
    least = least_tokens(whole.model.leading_tokens)
    grid = range(whole.model.tokens, least - 1, -stride)
    option = swept_option(alpha, batch, encoder, methods)
    if option:
        with progress():
            sweep = sweep_of(option, Asked(whole, device, table, grid, pruning_ms), alpha, batch, encoder)
        show_sweep(sweep, settings, tuple(behind), json=json, csv=csv, plots=plots, html=html)
        return
    if csv is not None:
        raise InputError("--csv: writes the rows of a sweep; state several values, as in --alpha 0.1:0.9")
    with progress():
        found = pruning_schedule(
            whole, device, table, alpha=alpha.single, batch=batch.single, grid=grid,
            encoder=None if encoder is None else encoder.single, pruning_ms=pruning_ms,
        )  # fmt: skip
    if len(found.tokens) == 1:
        left_out = "".join(f"; {note}" for note in found.notes if note.endswith("left out"))
        problem = f"{found.tokens[0]} tokens alone have both latency and accuracy, and a choice needs two counts"
        raise InputError(f"schedule: {problem}{left_out}")
    of_model = model_not_used(settings, model, whole.model, lambda m: [lower(plan(m), batch.single)], scope="encoders")
    written: list[Path] = []
    if plots is not None:
        from pivotsim.plots.exploration.staircase import plot_schedule

        written = plot_schedule(found, plots)
    shown = {"accuracy": accuracy, "set": settings}
    written += paging.write_page(found, html, asked=shown, said=not_used_lines(of_model), notes=behind)
    if json:
        answered = found.to_dict()
        print_json({**answered, "notes": [*answered["notes"], *behind], "not_used": of_model, "set": settings})
        return
    _print_schedule(found)
    print_said([*found.remarks, *not_used_lines(of_model)])
    print_end((*found.notes, *behind), written)


def _device_and_model(
    model: str, sources: Mapping[str, object], stated: dict[str, str], settings: Mapping[str, object]
) -> "tuple[Device, object]":
    """Return the device that the options name, and the model; refuse options that this device has no use for."""
    from pivotsim.hardware.kinds.gpu import is_gpu, load_gpu
    from pivotsim.pruning.devices.gpu_wave import GpuWave
    from pivotsim.pruning.devices.recorded import read_recorded
    from pivotsim.pruning.devices.simulated import Simulated

    name = str(sources["--hw"] or DEFAULT_HW)
    recorded, live = sources["--recorded"], sources["--live"]
    is_board = recorded is None and live is None and not is_gpu(name)
    if stated and not is_board:
        raise InputError(f"--{option}: says how a board is simulated; this device is none" for option in stated)
    if is_board:
        board, spec = load_both(name, model, dict(settings))
        return Simulated(board, **stated), spec
    if recorded is not None and settings:
        raise InputError(f"--set: {path}: a recording has no such value" for path in settings)
    own = {path: value for path, value in settings.items() if path.startswith("model.")}
    _, spec = load_both(DEFAULT_HW, model, own, only="model.")
    rest = {path: value for path, value in settings.items() if path not in own}
    if recorded is None and live is None:
        return GpuWave(load_gpu(name).replace(rest, label="--set")), spec
    if rest:
        raise InputError(f"--set: {path}: a measured device has no such value" for path in rest)
    if recorded is not None:
        return read_recorded(str(recorded)), spec
    check_choice("--live", live, ("cpu", "cuda"))
    live_device: Device = importlib.import_module("pivotsim.pruning.devices.torch_live").TorchLive(str(live))
    return live_device, spec  # imported by name, since only this line may need torch


def _print_schedule(found: "Schedule") -> None:
    from pivotsim.simulation.reporting.summary import fits_row

    print_line(
        f"{found.plan.model.name} on {found.device}, batch {found.batch}: "
        f"{found.whole_tokens} tokens, {counted(len(found.tokens), 'grid point')}, alpha {found.alpha:g}"
    )
    if found.options:
        print_line(", ".join(f"{name.replace('_', ' ')} {_word(value)}" for name, value in found.options.items()))
    print_line()
    edges = found.staircase.edges
    if edges:
        print_table(
            ("step: most tokens", "latency, ms", "one grid point more", "latency, ms", "jump"),
            [
                (e.tokens, number(e.latency_ms, 3), e.next_tokens, number(e.next_latency_ms, 3), percent(e.jump_frac))
                for e in edges
            ],
            right=(0, 1, 2, 3, 4),
        )
    else:
        print_line(_without_steps(found.staircase))
    print_line()
    shown = {found.whole_tokens, found.best_tokens, *(e.tokens for e in edges), *(e.next_tokens for e in edges)}
    if len(found.tokens) <= MOST_ROWS:
        shown |= set(found.tokens.tolist())
    print_table(
        ("tokens", "latency, ms", "accuracy, %", "U of latency", "U of accuracy", "U", ""),
        [
            (n, number(ms, 3), number(acc), *(f"{u:.4f}" for u in us), "chosen" if n == found.best_tokens else "")
            for n, ms, acc, *us in found.to_rows()
            if n in shown
        ],
        right=(0, 1, 2, 3, 4, 5),
    )
    print_line()
    own = "not known" if found.pruning_ms != found.pruning_ms else number(found.pruning_ms, 3)
    print_table(
        ("schedule", "value", "unit", ""),
        [
            ("remove", found.removed, "tokens", f"R = {found.whole_tokens} - {found.best_tokens}"),
            ("in encoder", found.encoder, "", "between attention and MLP"),
            ("whole model", number(found.baseline_ms, 3), "ms", ""),
            ("pruned model", number(found.pruned_ms, 3), "ms", ""),
            ("pruning itself", own, "ms", ""),
            ("gain", number(found.gain_ms, 3), "ms", percent(found.gain_ms / found.baseline_ms)),
            ("recommended", found.recommended_removed, "tokens", _why(found)),
            *([] if found.fit is None else [fits_row(found.fit)]),
        ],
        right=(1,),
    )


def _without_steps(stairs: "Staircase") -> str:
    """Return what stands where the table of steps would be: none, and how far latency goes without one."""
    from pivotsim.pruning.staircase import LEAST_JUMP_FRAC

    known = stairs.latency_ms[stairs.latency_ms == stairs.latency_ms]
    low, high = number(float(known.min()), 3), number(float(known.max()), 3)
    return f"no step up of {percent(LEAST_JUMP_FRAC, 0)} or more that stands out: latency goes from {low} to {high} ms"


def _word(value: object) -> str:
    return ("yes" if value else "no") if isinstance(value, bool) else str(value)


def _why(found: "Schedule") -> str:
    if found.recommended_removed == found.removed:
        return "R"
    return "the pruning takes as much as it saves"
