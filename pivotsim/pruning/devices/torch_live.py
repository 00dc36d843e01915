"""The machine at hand, measured: a plain-torch ViT of random weights at the plan's real shapes."""

import statistics
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pivotsim.errors import InputError, check_choice, check_integer
from pivotsim.workload.plans import Plan, check_plan

if TYPE_CHECKING:
    from pivotsim.vit_torch.transformer import VisionTransformer

DEVICES = ("cpu", "cuda")


@dataclass(frozen=True)
class Measurement:
    """What was measured: the plan, the images per batch, and every repeat in milliseconds."""

    plan: Plan
    batch: int
    repeats_ms: tuple[float, ...]


class TorchLive:
    """Measures the latency of plans; the median of a few repeats after a warm-up.

    Tokens are cut where the plan says so, by slicing, as in the latency staircase of Eliopoulos et al.
    (arXiv 2407.05941, section 3.1); the cost of a pruning method itself is not part of it. Latency does not depend
    on the values of weights, so they are random.

    Parameters
    ----------
    device : {'cpu', 'cuda'}
    threads : int
        Threads of torch on the CPU.
    repeats, warm_up : int
        Passes that count, and passes before them that do not.
    budget_s : float
        Bound on the passes of one plan, in seconds; one pass is always measured.

    Attributes
    ----------
    name : str
        What was measured with what.
    measured : list of Measurement
        Every measurement so far, with raw repeats.

    Raises
    ------
    MissingExtraError
        torch is not installed.
    InputError
        A number does not fit, or there is no such device here.
    """

    def __init__(
        self, device: str = "cpu", *, threads: int = 1, repeats: int = 9, warm_up: int = 2, budget_s: float = 30.0
    ) -> None:
        from pivotsim.vit_torch.timing import check_passes  # late: of all devices, this one alone needs torch

        check_choice("device", device, DEVICES)
        check_passes(threads, repeats, warm_up, budget_s)
        self.device, self.threads = device, threads
        self.repeats, self.warm_up, self.budget_s = repeats, warm_up, budget_s
        self.measured: list[Measurement] = []
        self._vit: VisionTransformer | None = None
        self.name = self._named()

    def _named(self) -> str:
        from pivotsim.vit_torch import torch

        if self.device == "cpu":
            return f"torch {torch.__version__} on cpu, {self.threads} thread{'s' if self.threads > 1 else ''}"
        if not torch.cuda.is_available():
            raise InputError("device: torch sees no CUDA device here (got 'cuda')")
        return f"torch {torch.__version__} on {torch.cuda.get_device_name()}"

    def latency_ms(self, plan: Plan, batch: int = 1) -> float:
        """Return the median latency of a batch in milliseconds.

        Raises
        ------
        InputError
            The plan cannot be imposed on its model, or the batch is not a positive integer.
        """
        from pivotsim.vit_torch.imposed import impose_plan
        from pivotsim.vit_torch.timing import time_forward_ms
        from pivotsim.vit_torch.transformer import build_vit

        check_plan(plan)
        check_integer("batch", batch, 1)
        if self._vit is None or self._vit.model != plan.model:
            self._vit = build_vit(plan.model).to(self.device)
        impose_plan(self._vit, plan)
        repeats_ms = time_forward_ms(
            self._vit, batch, threads=self.threads, repeats=self.repeats, warm_up=self.warm_up, budget_s=self.budget_s
        )
        self.measured.append(Measurement(plan, int(batch), tuple(repeats_ms)))
        return statistics.median(repeats_ms)
