"""The command gemm: one matrix multiplication on the array."""

from typing import TYPE_CHECKING

from pivotsim.cli import options
from pivotsim.cli.output import print_json, print_table, progress
from pivotsim.cli.report_tables import print_said
from pivotsim.cli.settings import array_not_used, array_of
from pivotsim.tables import number, percent

if TYPE_CHECKING:
    from pivotsim.simulation.gemm.result import GemmResult


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
    mac_packing: options.MacPackingOption = None,
    arrays: options.ArraysOption = None,
    split: options.ArraySplitOption = None,
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
    from pivotsim.hardware.resources.device_fit import fit_or_none, fit_to_dict
    from pivotsim.simulation.gemm.single import simulate_gemm
    from pivotsim.simulation.reporting.summary import fits_row

    flags: dict[str, object] = {"array": array, "dataflow": dataflow, "fold_overlap": fold_overlap, "edge": edge}
    flags |= {"os_edge_register": os_edge_register, "mac_latency": mac_latency, "mac_packing": mac_packing}
    flags |= {"count": arrays, "split": split}
    board, settings, chosen = array_of("gemm", hw, set_, flags)
    not_used = array_not_used(settings, os_edge_register, chosen["dataflow"], chosen["fold_overlap"], has_clock=True)
    if chosen["count"] == 1 and (split is not None or "array.split" in settings):
        not_used["array.split"] = "not used here: needs --arrays 2 or more"
    if _knows_memories(engine):
        not_used[f"--engine {engine}"] = "memories are unlimited here; pivotsim run --memory hw has the board's"
    for path in board.calls.paths():
        not_used[path] = "a single multiplication is counted without its driver's calls; pivotsim run counts them"
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
    if result.split is not None and result.shares is not None:
        from pivotsim.engines.array.several.details import shares_text  # brings numpy, which one array does without

        shares = shares_text(result.split, result.shares)
        idle = result.count - sum(busy for busy, _ in result.shares)
        busy = f"{result.count - idle} with {shares}, {idle} idle" if idle else f"each with {shares}"
        rows.insert(3, ("arrays", f"{result.count}", f"{busy}; folds are those of all"))
        if chosen["split"] == "heads":
            not_used["array.split"] = f"heads: one multiplication has no heads to share, it is split by {result.split}"
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
        why = "256 masks of so many blocks take too long; a larger --block takes less"
        return "expected", "-", "not worked out for several arrays" if result.count > 1 else why
    return "expected", f"{result.expected_cycles:,.0f}", f"clocks, spread {result.spread_cycles:,.0f}, 256 masks"


def _knows_memories(engine: str) -> bool:
    """Whether an engine could count what memories take; the closed form could not, and needs no registry to say so."""
    from pivotsim.engines.array.one_gemm import is_closed_form

    if is_closed_form(engine):
        return False
    from pivotsim.engines.base import HW
    from pivotsim.engines.registry import ENGINES

    return engine in ENGINES and HW in ENGINES[engine].memories
