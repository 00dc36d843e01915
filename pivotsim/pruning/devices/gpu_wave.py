"""Device `gpu_wave`: a GPU under the wave model; a qualitative predictor of step edges."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from pivotsim.engines.gpu_wave import encoder_times_ms
from pivotsim.hardware.kinds.gpu import GpuSpec, load_gpu
from pivotsim.pruning.chain import chain_of
from pivotsim.pruning.token_plans import without_steps
from pivotsim.units import FloatArray
from pivotsim.workload.lowering.plan import lower
from pivotsim.workload.plans import Plan


@dataclass(frozen=True)
class GpuWave:
    """A GPU under the wave model: its encoders' times added up.

    Parameters
    ----------
    gpu : GpuSpec or str
        A GPU, or its name (``"gpu/a100"``).
    scored : bool
        Every block computes its scores, as the authors' released code does, pruned or not.

    Examples
    --------
    >>> from pivotsim.workload.plans import plan
    >>> round(GpuWave("gpu/a100").latency_ms(plan("dinov2_g"), batch=16), 1)
    155.0
    """

    gpu: GpuSpec | str | Path | Mapping[str, Any] = "gpu/a100"
    scored: bool = False
    name: str = field(init=False, default="")

    def __post_init__(self) -> None:
        gpu = load_gpu(self.gpu)
        object.__setattr__(self, "gpu", gpu)
        object.__setattr__(self, "name", f"{gpu.name}, wave model")

    @property
    def spec(self) -> GpuSpec:
        """The GPU, loaded."""
        return load_gpu(self.gpu)

    @property
    def options(self) -> dict[str, Any]:
        """Whether every block scores."""
        return {"scored": self.scored}

    @property
    def identity(self) -> object:
        """The GPU's values."""
        return self.spec.model_dump(exclude={"name", "description", "sources"}, exclude_defaults=True)

    def latency_ms(self, plan: Plan, batch: int = 1) -> float:
        """Return the sum of the encoders' times; what is outside them is left out."""
        return math.fsum(encoder_times_ms(lower(plan, batch), self.spec, scored=self.scored).tolist())

    def latencies_ms(self, plan: Plan, tokens: Sequence[int], batch: int = 1) -> FloatArray:
        """Return the latency with all blocks at n tokens, for each n, from one trace."""
        if not len(tokens):
            return np.empty(0)
        links = chain_of(plan, tokens)
        times = encoder_times_ms(lower(links.plan, batch), self.spec, scored=self.scored)[:-1]
        return np.array([links.sum_ms(kinds[:, None].tolist()) for kinds in times.reshape(-1, len(links.counts))])

    def pruning_ms(self, pruned: Plan, batch: int = 1) -> float:
        """Return what token steps add to their blocks: the share for scoring, and products of the method's own.

        Nothing is added below the floor. In ``scored`` blocks the share is inside already.
        """
        steps = [self.scored or bool(e.before or e.between) for e in pruned.encoders]
        added = encoder_times_ms(lower(pruned, batch), self.spec, scored=steps)
        bare = encoder_times_ms(lower(without_steps(pruned), batch), self.spec, scored=self.scored)
        return float((added - bare).sum())

    def notes(self, plan: Plan, batch: int = 1) -> tuple[str, ...]:
        """Return the GPU's values that are assumed, estimated or fitted."""
        return self.spec.notes
