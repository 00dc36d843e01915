"""pivotsim: delay and energy of Vision Transformers on systolic-array accelerators.

Names load on first use, so that ``import pivotsim`` costs milliseconds.
"""

import importlib
from typing import TYPE_CHECKING, Any

from pivotsim._version import __version__

_HOME = {
    "Hardware": "pivotsim.hardware.spec",
    "load_hardware": "pivotsim.hardware.loading",
    "Fit": "pivotsim.hardware.resources",
    "fit": "pivotsim.hardware.resources",
    "VitModel": "pivotsim.models.spec",
    "load_model": "pivotsim.models.spec",
    "EncoderPlan": "pivotsim.workload.plans",
    "Plan": "pivotsim.workload.plans",
    "plan": "pivotsim.workload.plans",
    "prune_as": "pivotsim.workload.presets",
    "prune_tokens": "pivotsim.workload.transforms.token_pruning",
    "skip_attention": "pivotsim.workload.transforms.attention_skipping",
    "prune_heads": "pivotsim.workload.transforms.head_pruning",
    "prune_neurons": "pivotsim.workload.transforms.neuron_pruning",
    "prune_blocks": "pivotsim.workload.transforms.block_pruning",
    "mask_attention": "pivotsim.workload.transforms.attention_masking",
    "split_attention": "pivotsim.workload.transforms.attention_splitting",
    "Footprint": "pivotsim.workload.footprints",
    "footprint": "pivotsim.workload.footprints",
    "Op": "pivotsim.workload.ops",
    "Trace": "pivotsim.workload.ops",
    "Mask": "pivotsim.workload.masks.masks",
    "drawn_mask": "pivotsim.workload.masks.masks",
    "lower": "pivotsim.workload.lowering.plan",
    "read_trace": "pivotsim.workload.trace_csv",
    "write_trace": "pivotsim.workload.trace_csv",
    "FoldTimes": "pivotsim.engines.array.folds",
    "fold_times": "pivotsim.engines.array.folds",
    "GemmResult": "pivotsim.simulation.single_gemm",
    "MatmulResult": "pivotsim.simulation.executed_gemm",
    "simulate_matmul": "pivotsim.simulation.executed_gemm",
    "simulate": "pivotsim.simulation.run",
    "simulate_designs": "pivotsim.simulation.many_designs",
    "simulate_gemm": "pivotsim.simulation.single_gemm",
    "Report": "pivotsim.simulation.report",
    "MixedReport": "pivotsim.effort.mixed_report",
    "combine": "pivotsim.effort.combination",
    "normalized_entropy": "pivotsim.effort.entropy",
    "exit_threshold": "pivotsim.effort.entropy",
    "cka_matrix": "pivotsim.effort.cka",
    "path_score": "pivotsim.effort.search.path_scoring",
    "best_paths": "pivotsim.effort.search.paths",
    "cosearch": "pivotsim.effort.search.co_search",
    "compare": "pivotsim.simulation.comparison",
    "write_timeline": "pivotsim.export.perfetto",
    "explore": "pivotsim.dse.explorer",
    "pareto_front": "pivotsim.pareto",
    "reproduce_pivot": "pivotsim.published.pivot.audit",
    "reproduce_static": "pivotsim.published.static.audit",
    "reproduce_tokens": "pivotsim.published.tokens.audit",
    "Schedule": "pivotsim.pruning.schedule",
    "pruning_schedule": "pivotsim.pruning.schedule",
    "token_importance": "pivotsim.pruning.importance",
    "PivotsimError": "pivotsim.errors",
    "InputError": "pivotsim.errors",
}
__all__ = [
    "EncoderPlan", "Fit", "FoldTimes", "Footprint", "GemmResult", "Hardware", "InputError", "Mask", "MatmulResult",
    "MixedReport", "Op", "PivotsimError", "Plan", "Report", "Schedule", "Trace", "VitModel", "__version__",
    "best_paths", "cka_matrix", "combine", "compare", "cosearch", "drawn_mask", "exit_threshold", "explore", "fit",
    "fold_times", "footprint", "load_hardware", "load_model", "lower", "mask_attention", "normalized_entropy",
    "pareto_front", "path_score", "plan", "prune_as", "prune_blocks", "prune_heads", "prune_neurons", "prune_tokens",
    "pruning_schedule", "read_trace", "reproduce_pivot", "reproduce_static", "reproduce_tokens", "simulate",
    "simulate_designs", "simulate_gemm", "simulate_matmul", "skip_attention", "split_attention", "token_importance",
    "write_timeline", "write_trace",
]  # fmt: skip

if TYPE_CHECKING:
    from pivotsim.dse.explorer import explore
    from pivotsim.effort.cka import cka_matrix
    from pivotsim.effort.combination import combine
    from pivotsim.effort.entropy import exit_threshold, normalized_entropy
    from pivotsim.effort.mixed_report import MixedReport
    from pivotsim.effort.search.co_search import cosearch
    from pivotsim.effort.search.path_scoring import path_score
    from pivotsim.effort.search.paths import best_paths
    from pivotsim.engines.array.folds import FoldTimes, fold_times
    from pivotsim.errors import InputError, PivotsimError
    from pivotsim.export.perfetto import write_timeline
    from pivotsim.hardware.loading import load_hardware
    from pivotsim.hardware.resources import Fit, fit
    from pivotsim.hardware.spec import Hardware
    from pivotsim.models.spec import VitModel, load_model
    from pivotsim.pareto import pareto_front
    from pivotsim.pruning.importance import token_importance
    from pivotsim.pruning.schedule import Schedule, pruning_schedule
    from pivotsim.published.pivot.audit import reproduce_pivot
    from pivotsim.published.static.audit import reproduce_static
    from pivotsim.published.tokens.audit import reproduce_tokens
    from pivotsim.simulation.comparison import compare
    from pivotsim.simulation.executed_gemm import MatmulResult, simulate_matmul
    from pivotsim.simulation.many_designs import simulate_designs
    from pivotsim.simulation.report import Report
    from pivotsim.simulation.run import simulate
    from pivotsim.simulation.single_gemm import GemmResult, simulate_gemm
    from pivotsim.workload.footprints import Footprint, footprint
    from pivotsim.workload.lowering.plan import lower
    from pivotsim.workload.masks.masks import Mask, drawn_mask
    from pivotsim.workload.ops import Op, Trace
    from pivotsim.workload.plans import EncoderPlan, Plan, plan
    from pivotsim.workload.presets import prune_as
    from pivotsim.workload.trace_csv import read_trace, write_trace
    from pivotsim.workload.transforms.attention_masking import mask_attention
    from pivotsim.workload.transforms.attention_skipping import skip_attention
    from pivotsim.workload.transforms.attention_splitting import split_attention
    from pivotsim.workload.transforms.block_pruning import prune_blocks
    from pivotsim.workload.transforms.head_pruning import prune_heads
    from pivotsim.workload.transforms.neuron_pruning import prune_neurons
    from pivotsim.workload.transforms.token_pruning import prune_tokens


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module 'pivotsim' has no attribute '{name}'")
    value = getattr(importlib.import_module(_HOME[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return __all__
