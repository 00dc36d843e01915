"""What every device answers: how long a plan takes."""

from typing import Protocol, runtime_checkable

from pivotsim.workload.plans import Plan


@runtime_checkable
class Device(Protocol):
    """Something that a model runs on, or that knows how long it ran.

    Attributes
    ----------
    name : str
        What a table or a picture calls the device, one line.
    """

    name: str

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
