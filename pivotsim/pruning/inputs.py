"""What a schedule follows from, in a form that prints in full, for its hash."""

from typing import Any

from pivotsim.pruning.devices.protocol import Described, Device
from pivotsim.workload.lowering.plan import lower
from pivotsim.workload.plans import Plan


def options_of(device: Device) -> dict[str, Any]:
    """Return a device's options; a device that does not tell has none."""
    return dict(device.options) if isinstance(device, Described) else {}


def device_inputs(device: Device) -> tuple[Any, ...]:
    """Return a device's name, options, and what else its latencies follow from, as far as it tells."""
    return device.name, options_of(device), device.inputs if isinstance(device, Described) else None


def plan_inputs(plan: Plan) -> tuple[Any, ...]:
    """Return what a plan does to one image.

    >>> import pivotsim as ps
    >>> plan_inputs(ps.plan("deit_s"))[1:]
    ([], 196, 1)
    """
    trace, model = lower(plan), plan.model
    return trace.ops, [mask.digest for mask in trace.gemm_masks if mask is not None], model.patches, model.prefix_tokens
