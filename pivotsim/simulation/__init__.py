"""Runs: of a workload, of one multiplication, of many designs; what they cost, and how two of them differ."""

from typing import TYPE_CHECKING

from pivotsim._lazy import lazy

_HOMES = {
    "FoldTimes": "pivotsim.engines.array.folds",
    "fold_times": "pivotsim.engines.array.folds",
    "compare": "pivotsim.simulation.comparison",
    "DesignTable": "pivotsim.simulation.design_table",
    "ExecutedGemm": "pivotsim.simulation.gemm.executed",
    "execute_gemm": "pivotsim.simulation.gemm.executed",
    "simulate_designs": "pivotsim.simulation.many_designs",
    "Report": "pivotsim.simulation.report",
    "simulate": "pivotsim.simulation.run",
    "GemmResult": "pivotsim.simulation.gemm.result",
    "simulate_gemm": "pivotsim.simulation.gemm.single",
    "Timeline": "pivotsim.simulation.timeline",
}
__all__ = [
    "DesignTable", "ExecutedGemm", "FoldTimes", "GemmResult", "Report", "Timeline", "compare", "execute_gemm",
    "fold_times", "simulate", "simulate_designs", "simulate_gemm",
]  # fmt: skip
__getattr__, __dir__ = lazy(__name__, _HOMES)

if TYPE_CHECKING:
    from pivotsim.engines.array.folds import FoldTimes, fold_times
    from pivotsim.simulation.comparison import compare
    from pivotsim.simulation.design_table import DesignTable
    from pivotsim.simulation.gemm.executed import ExecutedGemm, execute_gemm
    from pivotsim.simulation.gemm.result import GemmResult
    from pivotsim.simulation.gemm.single import simulate_gemm
    from pivotsim.simulation.many_designs import simulate_designs
    from pivotsim.simulation.report import Report
    from pivotsim.simulation.run import simulate
    from pivotsim.simulation.timeline import Timeline
