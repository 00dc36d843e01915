"""The command combine: efforts of one model, each with the fraction of the images that it classifies."""

import re
from typing import TYPE_CHECKING, Annotated

import typer

from pivotsim.cli import options, paging
from pivotsim.cli.models import pruning
from pivotsim.cli.output import print_json, print_line, print_table
from pivotsim.cli.report_tables import print_breakdown, print_end, print_energy, print_said, write_plots
from pivotsim.cli.settings import (
    check_stated_once,
    load_both,
    model_not_used,
    parse_settings,
    score_bits_not_used,
)
from pivotsim.errors import InputError, got, number_text
from pivotsim.tables import number, percent, ranges

if TYPE_CHECKING:
    from pivotsim.models.spec import VitModel
    from pivotsim.workload.plans import Plan


def combine_command(
    model: Annotated[str, typer.Argument(help="Model: a name or a YAML file.", show_default=False)],
    low: Annotated[
        str | None, typer.Option(metavar="LIST", help=f"Active encoders at low effort, {options.ENCODERS_HELP}.")
    ] = None,
    high: Annotated[
        str | None, typer.Option(metavar="LIST", help=f"Active encoders at high effort, {options.ENCODERS_HELP}.")
    ] = None,
    f_low: Annotated[
        float | None,
        typer.Option(
            parser=options.real("--f-low"), metavar="F", help="Fraction of the images that the low effort classifies."
        ),
    ] = None,
    effort: Annotated[
        list[str] | None,
        typer.Option(metavar="LIST", help="Active encoders of one effort of a cascade; repeat, lowest first."),
    ] = None,
    exit_fractions: Annotated[
        str | None, typer.Option(metavar="F,F,...", help="Fraction that each --effort classifies; they sum to 1.")
    ] = None,
    heads: pruning.HeadsOption = None,
    neurons: pruning.NeuronsOption = None,
    tokens: pruning.TokensOption = None,
    blocks: pruning.BlocksOption = None,
    attention: pruning.AttentionOption = None,
    split: pruning.SplitOption = None,
    preset: pruning.PresetOption = None,
    gate: Annotated[
        str, typer.Option(metavar="entropy|none", help="Charge the entropy gates, or ignore them as the paper does.")
    ] = "entropy",
    hw: options.HwOption = "zcu102",
    engine: options.RunEngineOption = None,
    memory: options.MemoryOption = None,
    profile: options.ProfileOption = "paper",
    energy: options.EnergyOption = "constant",
    scope: options.ScopeOption = "encoders",
    qkv: options.QkvOption = "fused",
    score_bits: options.ScoreBitsOption = 8,
    set_: options.SetOption = None,
    ps_pl_overlap: options.PsPlOverlapOption = None,
    plots: options.PlotsOption = None,
    html: paging.HtmlOption = None,
    json: options.JsonOption = False,
) -> None:
    """Delay, energy and the three EDPs of the mean image under low and high effort.

    Every image runs the low effort; those it does not classify run the high effort too. All are pruned alike.
    Example: pivotsim combine deit_s --low 1-6 --high all --f-low 0.8
    """
    from pivotsim.effort.combination import combine
    from pivotsim.simulation.reporting.summary import fits_row, not_used_lines, said_lines
    from pivotsim.simulation.run import simulate
    from pivotsim.workload.lowering.plan import lower
    from pivotsim.workload.plans import plan

    lists, exits = _cascade(low, high, f_low, effort, exit_fractions)
    settings = parse_settings(set_)
    pruned = pruning.parse_pruning(heads, neurons, tokens, blocks, attention, split, preset)
    check_stated_once("combine", settings, {"host.ps_pl_overlap": ps_pl_overlap})
    board, spec = load_both(hw, model, settings)
    assert spec is not None  # load_both returns a model for a model's name

    def plans_of(one: "VitModel", asked: pruning.Pruning = pruned) -> "list[Plan]":
        whole = plan(one, qkv=qkv, score_bits=score_bits)
        return [_effort(asked, whole, name, text) for name, text in lists]

    plans = plans_of(spec)
    reports = [
        simulate(
            effort_plan, board, engine=engine, memory=memory, profile=profile, energy=energy,
            scope=scope, ps_pl_overlap=ps_pl_overlap,
        )
        for effort_plan in plans
    ]  # fmt: skip
    of_model = model_not_used(
        settings, model, spec, lambda m: [lower(one) for one in plans_of(m)], scope=scope, gate=gate
    )
    mix = combine(reports, exits, gate=gate)
    of_model |= pruned.idle_steps(plans)
    of_model |= pruned.not_used(lambda asked: [lower(one) for one in plans_of(spec, asked)], scope)
    of_model |= score_bits_not_used(score_bits, reports, mix.reading, gate)
    written = write_plots(mix, plots)
    said = [*options.single_encoder_lines(dict(lists)), *not_used_lines(of_model)]
    shown = {"hw": hw, **dict(lists), "set": settings, "pruned": str(pruned) if pruned else ""}
    written += paging.write_page(mix, html, asked=shown, said=said)
    if json:
        not_used = {**mix.not_used, **of_model}
        asked = {"hw": hw, "set": settings, "pruning": pruned.to_dict()}
        print_json({**mix.to_dict(), "not_used": not_used, **asked})
        return
    used = reports[0].options
    modes = f"engine {used['engine']}, memory {used['memory']}, profile {profile}, scope {scope}, gate {gate}"
    overlap = used["ps_pl_overlap"]
    modes += "" if overlap == "serial" else f", ps_pl_overlap {overlap}"
    print_line(f"{spec.name} on {board.name}, {len(reports)} efforts ({modes})")
    if pruned:
        print_line(f"pruned: {pruned}")
    print_line()
    print_table(
        ("effort", "attention in", "run it", "leave there", "delay, ms", "energy, J"),
        [
            (
                e.report.workload,
                ranges(one.active) or "none",
                percent(e.reach_frac),
                percent(e.exit_frac),
                number(e.delay_ms),
                number(e.energy_j, 4),
            )
            for e, one in zip(mix.efforts, plans, strict=True)
        ],
        right=(2, 3, 4, 5),
    )
    print_line()
    print_table(
        ("mean image", "value", "unit", ""),
        [
            ("delay", number(mix.delay_ms), "ms", f"entropy gates {number(mix.gate_ms, 3)}"),
            ("energy", number(mix.energy_j, 4), "J", f"rule {energy}"),
            ("EDP, mean image", number(mix.edp_j_ms), "J*ms", "mean energy * mean delay"),
            ("EDP, mean of images", number(mix.edp_mean_of_images_j_ms), "J*ms", "each image's own product"),
            ("EDP, sum of efforts", number(mix.edp_sum_of_efforts_j_ms), "J*ms", "as the paper's Table 2 prints it"),
            ("FPS/W", number(mix.fps_per_watt), "1/J", ""),
            ("array", number(mix.mean_pl_cycles, 0), "clocks", "mean"),
            fits_row(mix.fit),
        ],
        right=(1,),
    )
    print_said([*said_lines(mix), *said])
    print_breakdown(mix)
    print_energy(mix)
    print_end(mix.notes, written)


def _effort(asked: pruning.Pruning, whole: "Plan", option: str, text: str) -> "Plan":
    """Return a plan pruned as asked for, with the encoders active that an option names."""
    try:
        return asked.applied(whole, options.parse_encoders(option, text, whole.model.depth))
    except InputError as error:
        raise InputError(re.sub(r"^active: ", f"{option}: ", problem) for problem in error.problems) from None


def _cascade(
    low: str | None, high: str | None, f_low: float | None, effort: list[str] | None, exit_fractions: str | None
) -> tuple[list[tuple[str, str]], list[float]]:
    """Return [(option, encoder list)] and the exit fractions, from either way to state a combination."""
    pair, cascade = (low, high, f_low), (effort or None, exit_fractions)
    if all(v is not None for v in pair) and all(v is None for v in cascade):
        assert low is not None and high is not None and f_low is not None
        if not 0 <= f_low <= 1:
            percents = f"; write {f_low / 100:.12g} for {number_text(f_low)} %" if 1 < f_low <= 100 else ""
            raise InputError(f"--f-low: must lie in 0 to 1 {got(f_low)}{percents}")
        return [("--low", low), ("--high", high)], [f_low, 1 - f_low]
    if all(v is not None for v in cascade) and all(v is None for v in pair):
        assert effort is not None and exit_fractions is not None
        exits = [options.real("--exit-fractions")(part) for part in exit_fractions.split(",")]
        return [("--effort", text) for text in effort], exits
    raise InputError("combine: give --low, --high and --f-low, or several --effort and --exit-fractions")
