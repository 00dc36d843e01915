"""pivotsim: delay and energy of Vision Transformers on systolic-array accelerators.

Names load on first use, so that ``import pivotsim`` costs milliseconds.
"""

import importlib
from typing import TYPE_CHECKING, Any

from pivotsim._version import __version__

_HOME = {
    "Hardware": "pivotsim.hardware.spec",
    "load_hardware": "pivotsim.hardware.spec",
    "Fit": "pivotsim.hardware.resources",
    "fit": "pivotsim.hardware.resources",
    "VitModel": "pivotsim.models.spec",
    "load_model": "pivotsim.models.spec",
    "EncoderPlan": "pivotsim.workload.plans",
    "Plan": "pivotsim.workload.plans",
    "plan": "pivotsim.workload.plans",
    "skip_attention": "pivotsim.workload.transforms.attention_skipping",
    "Op": "pivotsim.workload.ops",
    "Trace": "pivotsim.workload.ops",
    "lower": "pivotsim.workload.lowering",
    "read_trace": "pivotsim.workload.trace_csv",
    "write_trace": "pivotsim.workload.trace_csv",
    "FoldTimes": "pivotsim.engines.folds",
    "fold_times": "pivotsim.engines.folds",
    "GemmResult": "pivotsim.gemm",
    "MatmulResult": "pivotsim.matmul",
    "simulate_matmul": "pivotsim.matmul",
    "simulate": "pivotsim.simulation",
    "simulate_designs": "pivotsim.designs",
    "simulate_gemm": "pivotsim.gemm",
    "Report": "pivotsim.report",
    "MixedReport": "pivotsim.effort.mixed_report",
    "combine": "pivotsim.effort.combination",
    "compare": "pivotsim.comparison",
    "write_timeline": "pivotsim.export.perfetto",
    "explore": "pivotsim.dse.explorer",
    "pareto_front": "pivotsim.pareto",
    "reproduce_pivot": "pivotsim.published.pivot",
    "PivotsimError": "pivotsim.errors",
    "InputError": "pivotsim.errors",
}
__all__ = [
    "EncoderPlan", "Fit", "FoldTimes", "GemmResult", "Hardware", "InputError", "MatmulResult", "MixedReport", "Op",
    "PivotsimError", "Plan", "Report", "Trace", "VitModel", "__version__", "combine", "compare", "explore", "fit",
    "fold_times", "load_hardware", "load_model", "lower", "pareto_front", "plan", "read_trace", "reproduce_pivot",
    "simulate", "simulate_designs", "simulate_gemm", "simulate_matmul", "skip_attention", "write_timeline",
    "write_trace",
]  # fmt: skip

if TYPE_CHECKING:
    from pivotsim.comparison import compare
    from pivotsim.designs import simulate_designs
    from pivotsim.dse.explorer import explore
    from pivotsim.effort.combination import combine
    from pivotsim.effort.mixed_report import MixedReport
    from pivotsim.engines.folds import FoldTimes, fold_times
    from pivotsim.errors import InputError, PivotsimError
    from pivotsim.export.perfetto import write_timeline
    from pivotsim.gemm import GemmResult, simulate_gemm
    from pivotsim.hardware.resources import Fit, fit
    from pivotsim.hardware.spec import Hardware, load_hardware
    from pivotsim.matmul import MatmulResult, simulate_matmul
    from pivotsim.models.spec import VitModel, load_model
    from pivotsim.pareto import pareto_front
    from pivotsim.published.pivot import reproduce_pivot
    from pivotsim.report import Report
    from pivotsim.simulation import simulate
    from pivotsim.workload.lowering import lower
    from pivotsim.workload.ops import Op, Trace
    from pivotsim.workload.plans import EncoderPlan, Plan, plan
    from pivotsim.workload.trace_csv import read_trace, write_trace
    from pivotsim.workload.transforms.attention_skipping import skip_attention


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module 'pivotsim' has no attribute '{name}'")
    value = getattr(importlib.import_module(_HOME[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return __all__
