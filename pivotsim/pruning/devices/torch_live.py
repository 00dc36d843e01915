"""The machine at hand, measured: a plain-torch ViT of random weights at the plan's real shapes."""

import statistics
import time
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from pivotsim.errors import InputError, check_choice
from pivotsim.workload.plans import Plan, check_plan

if TYPE_CHECKING:
    from pivotsim.vit_torch.model.transformer import VisionTransformer

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
    (arXiv 2407.05941, section 3.1); ``pruning_ms`` measures what a method costs beyond that. Latency does not
    depend on the values of weights, so they are random.

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
        from pivotsim.vit_torch.measuring.timing import check_passes  # late: of all devices, this one alone needs torch

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

    @property
    def options(self) -> dict[str, Any]:
        """How it measures."""
        return {name: getattr(self, name) for name in ("threads", "repeats", "warm_up", "budget_s")}

    @property
    def identity(self) -> object:
        """Nothing more: measurements are results."""
        return None

    def latency_ms(self, plan: Plan, batch: int = 1) -> float:
        """Return the median latency of a batch in milliseconds.

        Raises
        ------
        InputError
            The plan cannot be applied to its model, or the batch is not a positive integer.
        """
        from pivotsim.vit_torch.model.plan_application import apply_plan

        check_plan(plan)
        vit = self._vit_of(plan)
        apply_plan(vit, plan)
        repeats_ms = self._repeats_ms(vit, batch, self.repeats, self.warm_up)
        self.measured.append(Measurement(plan, int(batch), repeats_ms))
        return statistics.median(repeats_ms)

    def pruning_ms(self, pruned: Plan, batch: int = 1) -> float:
        """Return what single-layer pruning itself costs: the pruned ViT's latency above that of the bare plan.

        The two are measured in turns, so that a busy moment of the machine falls on both, and the median of the
        differences is returned; at least 0, since a small difference may be lost in noise.

        Raises
        ------
        InputError
            The plan is not that of single-layer pruning.
        """
        from pivotsim.vit_torch.measuring.plan_extraction import extract_plan
        from pivotsim.vit_torch.model.plan_application import apply_plan
        from pivotsim.vit_torch.reducers.reduction import prune_single

        check_plan(pruned)
        vit, tokens = self._vit_of(pruned), pruned.model.tokens
        whole = tuple(
            replace(e, attention_tokens=tokens, mlp_tokens=tokens, before=(), between=()) for e in pruned.encoders
        )
        pruning = [e for e in pruned.encoders if e.attention_active and e.mlp_tokens < e.attention_tokens == tokens]

        def with_method() -> None:
            apply_plan(vit, replace(pruned, encoders=whole))
            for e in pruning:
                prune_single(vit, encoder=e.encoder, removed=tokens - e.mlp_tokens)

        with_method()
        if [e.mlp_tokens for e in extract_plan(vit).encoders] != [e.mlp_tokens for e in pruned.encoders]:
            raise InputError("plan: must prune tokens in one encoder, between its attention and its MLP")
        if not pruning:
            return 0.0
        differences_ms: list[float] = []
        end_s = time.monotonic() + self.budget_s
        while len(differences_ms) < self.repeats and (not differences_ms or time.monotonic() < end_s):
            with_method()
            (method_ms,) = self._repeats_ms(vit, batch, repeats=1, warm_up=1)
            apply_plan(vit, pruned)
            (bare_ms,) = self._repeats_ms(vit, batch, repeats=1, warm_up=1)
            differences_ms.append(method_ms - bare_ms)
        return max(0.0, statistics.median(differences_ms))

    def _vit_of(self, plan: Plan) -> "VisionTransformer":
        from pivotsim.vit_torch.model.transformer import build_vit

        if self._vit is None or self._vit.model != plan.model:
            self._vit = build_vit(plan.model).to(self.device)
        return self._vit

    def _repeats_ms(self, vit: "VisionTransformer", batch: int, repeats: int, warm_up: int) -> tuple[float, ...]:
        from pivotsim.vit_torch.measuring.timing import time_forward_ms

        numbers = {"threads": self.threads, "repeats": repeats, "warm_up": warm_up}
        return tuple(time_forward_ms(vit, batch, **numbers, budget_s=self.budget_s))
