"""Protocols of devices: how long a plan takes, what some answer beyond that, and all that a latency follows from."""

from collections.abc import Mapping, Sequence
from typing import Any, Protocol, runtime_checkable

from pivotsim.hardware.resources.fit_result import Fit
from pivotsim.units import FloatArray
from pivotsim.workload.lowering.plan import lower
from pivotsim.workload.plans import Plan


@runtime_checkable
class Device(Protocol):
    """Something that a model runs on, or that knows how long it ran."""

    @property
    def name(self) -> str:
        """What a table or a picture calls the device, one line; an attribute will do."""
        ...

    def latency_ms(self, plan: Plan, batch: int = 1) -> float:
        """Return the latency of one batch in milliseconds; NaN where the device has no answer for the plan.

        Parameters
        ----------
        plan : Plan
            What each encoder does; the tokens per encoder are the plan's.
        batch : int
            Images that run together, at least 1.

        Raises
        ------
        InputError
            The plan is for another model than the device knows, or the batch is not valid.
        """
        ...


@runtime_checkable
class KnowsStaircase(Protocol):
    """A device that answers for many token counts at once, faster than one by one, with the same numbers."""

    def latencies_ms(self, plan: Plan, tokens: Sequence[int], batch: int = 1) -> FloatArray:
        """Return the latency of the plan with all blocks at n tokens, for each n; float64, shape (len(tokens),)."""
        ...


@runtime_checkable
class ChargesPruning(Protocol):
    """A device that knows what the pruning itself costs: scoring, sorting, gathering and averaging."""

    def pruning_ms(self, pruned: Plan, batch: int = 1) -> float:
        """Return the time of the pruning itself, in the encoder whose MLP sees fewer tokens than its attention.

        It comes on top of the latency of the same tokens without the plan's token steps.
        """
        ...


@runtime_checkable
class Described(Protocol):
    """A device that tells how it was made: what a table prints, and all that its latencies follow from."""

    @property
    def options(self) -> Mapping[str, Any]:
        """Its options by name, plain values; none may be called as an entry of a schedule is."""
        ...

    @property
    def identity(self) -> object:
        """All that its latencies follow from beside its options and the plan; prints itself in full."""
        ...


@runtime_checkable
class HasNotes(Protocol):
    """A device that knows which of its numbers are assumed, estimated or fitted."""

    def notes(self, plan: Plan, batch: int = 1) -> tuple[str, ...]:
        """Return the marks behind a latency, one line each."""
        ...


@runtime_checkable
class HasFit(Protocol):
    """A device that knows whether its design fits its FPGA."""

    @property
    def fit(self) -> Fit | None:
        """Each resource's demand and bound; None where nothing is known of them."""
        ...


@runtime_checkable
class HasRemarks(Protocol):
    """A device that knows what stands beside its latencies: settings without effect."""

    def remarks(self, plan: Plan, batch: int = 1) -> tuple[str, ...]:
        """Return them, one line each."""
        ...


def options_of(device: Device) -> dict[str, Any]:
    """Return a device's options; a device that does not tell has none."""
    return dict(device.options) if isinstance(device, Described) else {}


def device_identity(device: Device) -> tuple[Any, ...]:
    """Return a device's name, options, and what else its latencies follow from, as far as it tells."""
    return device.name, options_of(device), device.identity if isinstance(device, Described) else None


def plan_identity(plan: Plan) -> tuple[Any, ...]:
    """Return what a plan does to one image.

    >>> import pivotsim as ps
    >>> plan_identity(ps.plan("deit_s"))[1:]
    ([], 196, 1)
    """
    trace, model = lower(plan), plan.model
    return (
        trace.ops,
        [mask.digest for mask in trace.gemm_masks if mask is not None],
        model.patches,
        model.leading_tokens,
    )
