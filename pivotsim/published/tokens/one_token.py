"""The largest change of latency by one token: what section 2.2 reads off Fig. 1, beside the wave model's staircases."""

import itertools
from dataclasses import dataclass

import numpy as np

from pivotsim.hardware.kinds.gpu import GpuSpec
from pivotsim.pruning.devices.gpu_wave import GpuWave
from pivotsim.pruning.staircase import staircase_of
from pivotsim.published.tokens.claims import MODELS
from pivotsim.workload.plans import plan

BATCHES = (1, 2, 4)  # Fig. 1 varies tokens, width and batch; its batches are not in the text


@dataclass(frozen=True)
class OneToken:
    """The step down of the largest share: model, batch, tokens before and after it, and how many staircases there were.

    ``change_pct`` is the latency saved by one token less, in percent of that before.
    """

    model: str
    batch: int
    tokens: int
    change_pct: float
    tried: int

    def __str__(self) -> str:
        step = f"{self.model} at batch {self.batch}, {self.tokens} to {self.tokens - 1} tokens"
        return f"the largest of {self.tried} staircases: {step}"


def largest_step(gpu: GpuSpec) -> OneToken:
    """Return the largest step down by one token, over the paper's models at small batches."""
    found = []
    for name, batch in itertools.product(MODELS.values(), BATCHES):
        stairs = staircase_of(plan(name), GpuWave(gpu), batch=batch)
        saved = 1 - stairs.latency_ms[:-1] / stairs.latency_ms[1:]
        place = int(np.argmax(saved))
        found.append((float(100 * saved[place]), name, batch, int(stairs.tokens[place + 1])))
    change, name, batch, tokens = max(found)
    return OneToken(name, batch, tokens, change, len(found))
