"""The command rtl: the hardware of a board, as Verilog with its programs and a bench."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from pivotsim.cli import options
from pivotsim.cli.models import pruning
from pivotsim.cli.output import print_json, print_line, print_table, progress
from pivotsim.cli.settings import load_both, parse_settings
from pivotsim.errors import InputError, got
from pivotsim.tables import counted

if TYPE_CHECKING:
    from pivotsim.hardware.spec import Hardware
    from pivotsim.rtl.written.design import WrittenDesign
    from pivotsim.workload.ops import Trace
    from pivotsim.workload.plans import Plan

BOARD = "zcu102"


def rtl_command(
    out: Annotated[
        Path,
        typer.Option("--out", parser=options.folder("--out"), metavar="DIR", help="New folder for all of it."),
    ],
    model: Annotated[
        str | None, typer.Argument(metavar="MODEL", help="Model: a name or a YAML file.", show_default=False)
    ] = None,
    from_: Annotated[
        Path | None,
        typer.Option(
            "--from", parser=options.folder("--from"), metavar="SWEEP", help="A design of this sweep instead."
        ),
    ] = None,
    point: Annotated[
        int | None, typer.Option(parser=options.integer("--point"), metavar="N", help="Its number, as front prints it.")
    ] = None,
    space: Annotated[str | None, typer.Option(metavar="SPACE", help="The sweep's space [the one of its name].")] = None,
    weights: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="int8 weights, .npz: 1.fc1 is k x n of encoder 1 [seeded random ones]."),
    ] = None,
    integer: Annotated[
        str | None,
        typer.Option(metavar="FILE", help="int8 model, .npz, or digits: its layer program is written, too."),
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
    as_stated: Annotated[
        bool,
        typer.Option("--as-stated", help="Keep mac_latency 1 and buffer_read_cycles 0, which no FPGA has at speed."),
    ] = False,
    hw: Annotated[
        str | None, typer.Option("--hw", metavar="NAME", help=f"Hardware: a name or a YAML file [{BOARD}].")
    ] = None,
    set_: options.SetOption = None,
    json: options.JsonOption = False,
) -> None:
    """Verilog of a board's array and memories, with programs of a model's GEMMs and a bench that simulates them.

    `make` in the folder prints clocks beside the predicted ones. --from SWEEP --point N takes the board and the model
    of a sweep's design. Example: pivotsim rtl deit_t --out design
    """
    from pivotsim.rtl.writer import write_rtl

    board: Hardware
    workload: Plan | Trace
    stored: dict[str, Any] = {}
    said: list[str] = []
    pruned = pruning.parse_pruning(heads, neurons, tokens, blocks, attention, split, preset)
    if from_ is not None:
        asked = {f"--{name}": value for name, value in pruned.to_dict().items()}
        others = {"MODEL": model, "--hw": hw, "--active": active, "--set": set_, **asked}
        given = [name for name, value in others.items() if value is not None]
        if given:
            raise InputError(f"rtl: {', '.join(given)}: a sweep's design states it; leave it out beside --from")
        if point is None:
            raise InputError("rtl: --from needs --point, the number of a design; `pivotsim front` prints them")
        board, workload, stored, said = _stored(from_, point, space, needs_plan=integer is not None)
    else:
        alone = {"--point": point, "--space": space}
        given = [f"{name}: goes with --from {got(value)}" for name, value in alone.items() if value is not None]
        if given:
            raise InputError(given)
        if model is None:
            raise InputError("rtl: needs MODEL, or --from SWEEP --point N")
        board, workload, said = _stated(hw or BOARD, model, set_, active, pruned)
    with progress():
        design = write_rtl(board, workload, out, weights=weights, integer=integer, as_stated=as_stated, remarks=said)
    if json:
        print_json({**design.to_dict(), **({"from": stored} if stored else {})})
        return
    _print(design)
    if stored.get("gemm_cycles") == design.cycles_as_stated:
        built = "" if design.cycles == design.cycles_as_stated else ", as the board states,"
        print_line(f"the clocks of GEMMs{built} are the sweep's")
    print_line(f"{out}: make in it lints, builds and runs them, where Verilator is")


def _stated(
    hw: str, model: str, set_: list[str] | None, active: str | None, pruned: pruning.Pruning
) -> "tuple[Hardware, Plan, list[str]]":
    """Return the board and the plan that the options state, and what is to be said of the plan."""
    from pivotsim.simulation.reporting.summary import not_used_lines
    from pivotsim.workload.lowering.plan import lower
    from pivotsim.workload.plans import plan

    board, spec = load_both(hw, model, parse_settings(set_))
    assert spec is not None  # load_both returns a model for a model's name
    whole = plan(spec)
    chosen = options.active_of(active, whole.model.depth)
    workload = pruned.applied(whole, chosen)
    idle = pruned.not_used(lambda asked: [lower(asked.applied(whole, chosen))], "all") | pruned.idle_steps([workload])
    said = [f"pruned: {pruned}", *pruned.sources()] if pruned else []
    return board, workload, [*said, *not_used_lines(idle)]


def _stored(
    folder: Path, point: int, space: str | None, *, needs_plan: bool
) -> "tuple[Hardware, Plan | Trace, dict[str, Any], list[str]]":
    """Return a sweep's design, its row, and what it is that programs are written for."""
    from pivotsim.dse.sweep_designs import stored_design
    from pivotsim.engines.pl_units.placed import placed_cycles
    from pivotsim.engines.pl_units.units import unit_cycles

    found = stored_design(folder, point, space)
    row = {"sweep": str(folder), **found.row}
    axes = ", ".join(f"{axis.name} {row[axis.name]}" for axis in found.space.axes)
    said = [f"point {point:,} of {folder}: {axes}"]
    if found.space.is_pair:
        said.append("of the two efforts, programs and clocks are the high one's")
        high = {(op.m, op.k, op.n, op.out_bits) for op in found.works[-1].trace.ops}
        others = {op.module for op in found.works[0].trace.ops if (op.m, op.k, op.n, op.out_bits) not in high}
        said += [f"only the low effort has {', '.join(sorted(others))}: no programs are written"] if others else []
    else:
        is_behind = found.space.options["memory"] == "hw"
        how = "behind memories" if is_behind else "without memories: `memory: paper`"
        cycles_of = placed_cycles if is_behind else unit_cycles
        units = sum(cycles for _, cycles in cycles_of(found.works[-1].trace, found.hw))
        row["gemm_cycles"], row["unit_cycles"] = row["pl_cycles"] - units, units
        parts = f", {row['gemm_cycles']:,} of GEMMs and {units:,} of units" if units else ""
        said.append(f"the sweep has {row['pl_cycles']:,} clocks{parts}, {how}")
    scope = found.space.options["scope"]
    if needs_plan and scope != "all":
        said.append(f"a layer program needs the whole model, of which the sweep has `scope: {scope}`")
    own = found.works[-1]
    return found.hw, own.plan if needs_plan else own.trace, row, said


def _print(design: "WrittenDesign") -> None:
    is_raised = bool(design.raised)
    columns = ("as stated", "as built") if is_raised else ("clocks",)
    rows = [
        (
            gemm.name, f"{gemm.repeats:,}", gemm.loop_order, f"{gemm.chunk:,}",
            *([f"{gemm.cycles_as_stated:,}"] if is_raised else []), f"{gemm.cycles:,}",
        )
        for gemm in design.gemms
    ]  # fmt: skip
    print_table(("gemm", "repeats", "loop order", "chunk", *columns), rows, right=(1, 3, 4, 5))
    total = f"{design.cycles:,} clocks with all repeats"
    if is_raised:
        total = f"{design.cycles_as_stated:,} clocks with all repeats as the board states, {design.cycles:,} as built"
    print_line(f"{counted(len(design.gemms), 'program')}, {total} (engine memory)")
    for note in design.notes:
        print_line(note)
