"""pivotsim: delay and energy of Vision Transformers on systolic-array accelerators.

These names are the way in; more stand in the namespaces ``pivotsim.hardware``, ``pivotsim.workload``,
``pivotsim.simulation``, ``pivotsim.effort``, ``pivotsim.pruning``, ``pivotsim.published``, ``pivotsim.dram``,
``pivotsim.truth``, ``pivotsim.calibration``, ``pivotsim.integer``, ``pivotsim.export`` and ``pivotsim.pages``.
Everything loads on first use, so that ``import pivotsim`` costs milliseconds.
"""

from typing import TYPE_CHECKING

from pivotsim._lazy import lazy
from pivotsim._version import __version__

_HOMES = {
    "calibrate": "pivotsim.calibration.run",
    "explore": "pivotsim.dse.explorer",
    "combine": "pivotsim.effort.combination",
    "InputError": "pivotsim.errors",
    "PivotsimError": "pivotsim.errors",
    "load_hardware": "pivotsim.hardware.loading",
    "fit": "pivotsim.hardware.resources.device_fit",
    "Hardware": "pivotsim.hardware.spec",
    "with_checkpoint": "pivotsim.importers.checkpoints.pruned",
    "read_model": "pivotsim.importers.sources",
    "trace_of": "pivotsim.importers.sources",
    "load_model": "pivotsim.models.spec",
    "pareto_front": "pivotsim.pareto",
    "front_uncertainty": "pivotsim.propagation.front",
    "write_html": "pivotsim.pages.writer",
    "uncertainty": "pivotsim.propagation.run",
    "infer_settings": "pivotsim.published.hidden_settings.search",
    "reproduce": "pivotsim.published.registry",
    "write_rtl": "pivotsim.rtl.writer",
    "compare": "pivotsim.simulation.comparison",
    "execute_gemm": "pivotsim.simulation.gemm.executed",
    "simulate_designs": "pivotsim.simulation.many_designs",
    "Report": "pivotsim.simulation.report",
    "simulate": "pivotsim.simulation.run",
    "simulate_gemm": "pivotsim.simulation.gemm.single",
    "validate": "pivotsim.truth.validation",
    "lower": "pivotsim.workload.lowering.plan",
    "Trace": "pivotsim.workload.ops",
    "Plan": "pivotsim.workload.plans",
    "plan": "pivotsim.workload.plans",
    "recognised_plan": "pivotsim.workload.recognition",
    "prune_as": "pivotsim.workload.presets",
    "read_trace": "pivotsim.workload.trace_files.trace_csv",
    "write_trace": "pivotsim.workload.trace_files.trace_csv",
    "mask_attention": "pivotsim.workload.transforms.attention_masking",
    "skip_attention": "pivotsim.workload.transforms.attention_skipping",
    "split_attention": "pivotsim.workload.transforms.attention_splitting",
    "prune_blocks": "pivotsim.workload.transforms.block_pruning",
    "prune_heads": "pivotsim.workload.transforms.head_pruning",
    "prune_neurons": "pivotsim.workload.transforms.neuron_pruning",
    "prune_tokens": "pivotsim.workload.transforms.token_pruning",
}
__all__ = [
    "Hardware", "InputError", "PivotsimError", "Plan", "Report", "Trace", "__version__", "calibrate", "combine",
    "compare", "execute_gemm", "explore", "fit", "front_uncertainty", "infer_settings", "load_hardware", "load_model",
    "lower", "mask_attention", "pareto_front", "plan", "prune_as", "prune_blocks", "prune_heads", "prune_neurons",
    "prune_tokens", "read_model", "read_trace", "recognised_plan", "reproduce", "simulate", "simulate_designs",
    "simulate_gemm", "skip_attention", "split_attention", "trace_of", "uncertainty", "validate", "with_checkpoint",
    "write_html", "write_rtl", "write_trace",
]  # fmt: skip
_NAMESPACES = (
    "calibration", "dram", "effort", "export", "hardware", "integer", "models", "pages", "plots", "pruning",
    "published", "simulation", "truth", "workload",
)  # fmt: skip
__getattr__, __dir__ = lazy(__name__, _HOMES, _NAMESPACES)

if TYPE_CHECKING:
    from pivotsim.calibration.run import calibrate
    from pivotsim.dse.explorer import explore
    from pivotsim.effort.combination import combine
    from pivotsim.errors import InputError, PivotsimError
    from pivotsim.hardware.loading import load_hardware
    from pivotsim.hardware.resources.device_fit import fit
    from pivotsim.hardware.spec import Hardware
    from pivotsim.importers.checkpoints.pruned import with_checkpoint
    from pivotsim.importers.sources import read_model, trace_of
    from pivotsim.models.spec import load_model
    from pivotsim.pages.writer import write_html
    from pivotsim.pareto import pareto_front
    from pivotsim.propagation.front import front_uncertainty
    from pivotsim.propagation.run import uncertainty
    from pivotsim.published.hidden_settings.search import infer_settings
    from pivotsim.published.registry import reproduce
    from pivotsim.rtl.writer import write_rtl
    from pivotsim.simulation.comparison import compare
    from pivotsim.simulation.gemm.executed import execute_gemm
    from pivotsim.simulation.gemm.single import simulate_gemm
    from pivotsim.simulation.many_designs import simulate_designs
    from pivotsim.simulation.report import Report
    from pivotsim.simulation.run import simulate
    from pivotsim.truth.validation import validate
    from pivotsim.workload.lowering.plan import lower
    from pivotsim.workload.ops import Trace
    from pivotsim.workload.plans import Plan, plan
    from pivotsim.workload.presets import prune_as
    from pivotsim.workload.recognition import recognised_plan
    from pivotsim.workload.trace_files.trace_csv import read_trace, write_trace
    from pivotsim.workload.transforms.attention_masking import mask_attention
    from pivotsim.workload.transforms.attention_skipping import skip_attention
    from pivotsim.workload.transforms.attention_splitting import split_attention
    from pivotsim.workload.transforms.block_pruning import prune_blocks
    from pivotsim.workload.transforms.head_pruning import prune_heads
    from pivotsim.workload.transforms.neuron_pruning import prune_neurons
    from pivotsim.workload.transforms.token_pruning import prune_tokens
