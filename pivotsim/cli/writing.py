"""The command rtl: the hardware of a board, as Verilog with its programs and a bench."""

from pathlib import Path
from typing import Annotated

import typer

from pivotsim.cli import options
from pivotsim.cli.output import print_json, print_line, print_table, progress
from pivotsim.cli.settings import load_both, parse_settings
from pivotsim.tables import counted


def rtl_command(
    model: Annotated[str, typer.Argument(metavar="MODEL", help="Model: a name or a YAML file.", show_default=False)],
    out: Annotated[
        Path,
        typer.Option("--out", parser=options.folder("--out"), metavar="DIR", help="New folder for all of it."),
    ],
    active: Annotated[
        str | None,
        typer.Option(metavar="LIST", help=f"Encoders whose attention runs, {options.ENCODERS_HELP} [default: all]."),
    ] = None,
    hw: options.HwOption = "zcu102",
    set_: options.SetOption = None,
    json: options.JsonOption = False,
) -> None:
    """Verilog of a board's array and memories, with programs of a model's GEMMs and a bench that simulates them.

    `make` in the folder prints clocks beside the predicted ones. Example: pivotsim rtl deit_t --out design
    """
    from pivotsim.rtl.writer import write_rtl
    from pivotsim.workload.plans import plan
    from pivotsim.workload.transforms.attention_skipping import skip_attention

    board, spec = load_both(hw, model, parse_settings(set_))
    assert spec is not None  # load_both returns a model for a model's name
    whole = plan(spec)
    chosen = options.active_of(active, whole.model.depth)
    with progress():
        design = write_rtl(board, whole if chosen is None else skip_attention(whole, active=chosen), out)
    if json:
        print_json(design.to_dict())
        return
    rows = [
        (gemm.name, f"{gemm.repeats:,}", gemm.loop_order, f"{gemm.chunk:,}", f"{gemm.cycles:,}")
        for gemm in design.gemms
    ]
    print_table(("gemm", "repeats", "loop order", "chunk", "clocks"), rows, right=(1, 3, 4))
    print_line(f"{counted(len(design.gemms), 'program')}, {design.cycles:,} clocks with all repeats (engine memory)")
    for note in design.notes:
        print_line(note)
    print_line(f"{out}: make in it lints, builds and runs them, where Verilator is")
