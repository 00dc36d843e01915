"""watch: the wavefront of one matrix multiplication, PE by PE and clock by clock."""

from pathlib import Path
from typing import Annotated

import typer

from pivotsim.cli import options
from pivotsim.cli.output import print_json, print_line, print_table, progress
from pivotsim.cli.settings import array_not_used, array_of
from pivotsim.tables import counted, percent

SHOWN_FOLDS = 12


def watch_command(
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
    mac_packing: options.MacPackingOption = None,
    out: Annotated[
        Path, typer.Option("--out", parser=options.folder("--out"), metavar="DIR", help="Where the pictures go.")
    ] = Path(),
    gif: Annotated[bool, typer.Option("--gif", help="Write an animation too.")] = False,
    set_: options.HwSetOption = None,
    json: options.JsonOption = False,
) -> None:
    """Draw what every processing element does in every clock of one M x K x N multiplication.

    Example: pivotsim watch 12 8 20 --array 8x6
    """
    from pivotsim.engines.pe.operands import seeded_operands
    from pivotsim.engines.pe.size import check_size
    from pivotsim.hardware.kinds.systolic import as_systolic
    from pivotsim.plots.simulation.wavefront import animate_wavefront, plot_wavefront
    from pivotsim.simulation.gemm.executed import execute_gemm
    from pivotsim.simulation.gemm.single import array_options, check_sizes
    from pivotsim.simulation.results import hash_of, header

    flags: dict[str, object] = {"array": array, "dataflow": dataflow, "fold_overlap": fold_overlap, "edge": edge}
    flags |= {"os_edge_register": os_edge_register, "mac_latency": mac_latency, "mac_packing": mac_packing}
    board, settings, chosen = array_of("watch", hw, set_, flags)
    not_used = array_not_used(settings, os_edge_register, chosen["dataflow"], chosen["fold_overlap"], has_clock=False)
    if as_systolic(board, "watch").array.count > 1:
        not_used["array.count"] = "not used here: one array is drawn, and it gets the whole multiplication"
    if "array.split" in settings:
        not_used["array.split"] = "not used here: one array is drawn"
    m, k, n = check_sizes(m, k, n)
    check_size(m, k, n, array_options(**chosen), trace=True)
    with progress():
        run = execute_gemm(*seeded_operands(m, k, n), **chosen, activity=True)
    name = f"watch_{m}x{k}x{n}_on_{run.rows}x{run.cols}_{run.dataflow}_{run.fold_overlap}"
    written = [plot_wavefront(run, out, name)]
    if gif:
        written.append(animate_wavefront(run, out, name))
    folds = [
        {"load_cycle": None if load < 0 else load, "start_cycle": start, "end_cycle": end, "cycles": cycles}
        for load, start, end, cycles in zip(
            run.load_cycle.tolist(),
            run.start_cycle.tolist(),
            run.end_cycle.tolist(),
            run.fold_cycles.tolist(),
            strict=True,
        )
    ]
    if json:
        totals = {"cycles": run.cycles, "folds": run.folds, "utilization_frac": run.utilization_frac}
        files = [str(path) for path in written]
        sizes = {"m": m, "k": k, "n": n}
        told = header("watch", hash_of((sizes, chosen)))
        print_json(
            {
                **told,
                **sizes,
                **totals,
                "fold_times": folds,
                "files": files,
                "hardware": board.name,
                "not_used": not_used,
                "set": settings,
                **chosen,
            }
        )
        return
    print_line(
        f"{counted(run.cycles, 'clock')}, {counted(run.folds, 'fold')}, utilisation {percent(run.utilization_frac)}"
    )
    print_line()
    rows = [
        (i + 1, "-" if f["load_cycle"] is None else f["load_cycle"], f["start_cycle"], f["end_cycle"], f["cycles"])
        for i, f in enumerate(folds[:SHOWN_FOLDS])
    ]
    print_table(("fold", "load begins", "stream begins", "last output", "clocks"), rows, right=(0, 1, 2, 3, 4))
    if len(folds) > SHOWN_FOLDS:
        print_line(f"... and {len(folds) - SHOWN_FOLDS:,} more folds (--json lists all)")
    for path, why in not_used.items():
        print_line(f"{path}: {why}")
    for written_path in written:
        print_line(f"wrote {written_path}", wraps=False)
