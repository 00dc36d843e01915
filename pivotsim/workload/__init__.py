"""Workloads: plans, transforms of plans, and traces of operations. They know no hardware."""

from typing import TYPE_CHECKING

from pivotsim._lazy import lazy

_HOMES = {
    "Footprint": "pivotsim.workload.footprints",
    "footprint": "pivotsim.workload.footprints",
    "lower": "pivotsim.workload.lowering.plan",
    "Mask": "pivotsim.workload.masks.masks",
    "drawn_mask": "pivotsim.workload.masks.masks",
    "Op": "pivotsim.workload.ops",
    "Trace": "pivotsim.workload.ops",
    "EncoderPlan": "pivotsim.workload.plans",
    "Plan": "pivotsim.workload.plans",
    "plan": "pivotsim.workload.plans",
    "read_trace": "pivotsim.workload.trace_files.trace_csv",
    "write_topology": "pivotsim.workload.trace_files.topologies",
    "write_trace": "pivotsim.workload.trace_files.trace_csv",
}
__all__ = [
    "EncoderPlan", "Footprint", "Mask", "Op", "Plan", "Trace", "drawn_mask", "footprint", "lower", "plan",
    "read_trace", "write_topology", "write_trace",
]  # fmt: skip
__getattr__, __dir__ = lazy(__name__, _HOMES)

if TYPE_CHECKING:
    from pivotsim.workload.footprints import Footprint, footprint
    from pivotsim.workload.lowering.plan import lower
    from pivotsim.workload.masks.masks import Mask, drawn_mask
    from pivotsim.workload.ops import Op, Trace
    from pivotsim.workload.plans import EncoderPlan, Plan, plan
    from pivotsim.workload.trace_files.topologies import write_topology
    from pivotsim.workload.trace_files.trace_csv import read_trace, write_trace
