"""Runs: of a workload, of one multiplication, of many designs; what they cost, and how two of them differ."""

from typing import TYPE_CHECKING

from pivotsim._lazy import lazy

_HOMES = {
    "FoldTimes": "pivotsim.engines.array.folds",
    "fold_times": "pivotsim.engines.array.folds",
    "compare": "pivotsim.simulation.comparison",
    "DesignTable": "pivotsim.simulation.design_table",
    "ExecutedGemm": "pivotsim.simulation.executed_gemm",
    "execute_gemm": "pivotsim.simulation.executed_gemm",
    "simulate_designs": "pivotsim.simulation.many_designs",
    "Report": "pivotsim.simulation.report",
    "simulate": "pivotsim.simulation.run",
    "GemmResult": "pivotsim.simulation.gemm_result",
    "simulate_gemm": "pivotsim.simulation.single_gemm",
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
    from pivotsim.simulation.executed_gemm import ExecutedGemm, execute_gemm
    from pivotsim.simulation.gemm_result import GemmResult
    from pivotsim.simulation.many_designs import simulate_designs
    from pivotsim.simulation.report import Report
    from pivotsim.simulation.run import simulate
    from pivotsim.simulation.single_gemm import simulate_gemm
    from pivotsim.simulation.timeline import Timeline
