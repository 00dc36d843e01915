"""Settings of block pruning and token dropping that meet both published ratios of Parikh et al. (FCCM'24).

The abstract prints a compute reduction of up to 3.4x and a compression of up to 1.6x for DeiT-S, and no setting. Every
hypothesis of a grid is counted here: which matrices are pruned, the share of blocks kept, the share of tokens kept, and
the encoders that drop tokens. What is found is inferred, never published.
"""

import itertools
from dataclasses import dataclass
from typing import Any

from pivotsim.models.spec import VitModel, load_model
from pivotsim.workload.lowering.plan import lower
from pivotsim.workload.plans import plan
from pivotsim.workload.transforms.token_pruning import prune_tokens

ATTENTION, MLP = ("qkv", "proj"), ("fc1", "fc2")
PRUNED = {"MSA and MLP": (*ATTENTION, *MLP), "MSA only": ATTENTION, "MLP only": MLP}
RATES = (0.5, 0.6, 0.7, 0.8, 0.9, 1.0)
ENCODERS = ((3, 7, 10), (4, 7, 10))  # Parikh's [assumed], EViT's
WITHIN = 0.05  # of a published ratio, in units of 1x: what its printed digit stands for


@dataclass(frozen=True)
class Setting:
    """One hypothesis with the ratios that it gives: dense over pruned GMACs and parameters."""

    pruned: str
    block_density: float
    token_keep_rate: float
    encoders: tuple[int, ...]
    compute_reduction: float
    compression: float

    def miss_frac(self, compute: float, compression: float) -> float:
        """Return how far both ratios are from published ones, as shares of those, added up."""
        return abs(self.compute_reduction / compute - 1) + abs(self.compression / compression - 1)

    def fits(self, compute: float, compression: float) -> bool:
        """Whether both ratios lie within the published digit."""
        return abs(self.compute_reduction - compute) <= WITHIN and abs(self.compression - compression) <= WITHIN

    def to_dict(self) -> dict[str, Any]:
        """Return the setting by name."""
        return {
            "inferred": True, "pruned": self.pruned, "block_density": self.block_density,
            "token_keep_rate": self.token_keep_rate, "encoders": list(self.encoders),
            "compute_reduction": self.compute_reduction, "compression": self.compression,
        }  # fmt: skip


def settings(model: VitModel | str = "deit_s") -> list[Setting]:
    """Return every hypothesis of the grid with its ratios, in the grid's order.

    MACs and parameters are those of the weights' kept share; QK^T and SV stay dense, biases and norms stay.
    """
    spec = load_model(model)
    dense = lower(plan(spec)).macs
    found = []
    for encoders, keep_rate in itertools.product(ENCODERS, RATES):
        trace = lower(prune_tokens(plan(spec), "tdm", keep_rate=keep_rate, encoders=encoders))
        by_module: dict[str, int] = {}
        for op in trace:
            by_module[op.module] = by_module.get(op.module, 0) + trace.macs_of(op)
        for (name, modules), density in itertools.product(PRUNED.items(), RATES):
            left = sum(macs * (density if module in modules else 1.0) for module, macs in by_module.items())
            size = spec.parameters / (spec.parameters - (1 - density) * _weights(spec, modules))
            found.append(Setting(name, density, keep_rate, encoders, dense / left, size))
    return found


def most_compressed(model: VitModel | str, pruned: str) -> float:
    """Return the compression if every weight of the pruned matrices went."""
    spec = load_model(model)
    return spec.parameters / (spec.parameters - _weights(spec, PRUNED[pruned]))


def _weights(spec: VitModel, modules: tuple[str, ...]) -> int:
    """Return the weights of some matrices in all encoders, without biases."""
    d, hidden = spec.width, spec.mlp_hidden
    sizes = {"qkv": 3 * d * d, "proj": d * d, "fc1": d * hidden, "fc2": hidden * d}
    return spec.depth * sum(sizes[module] for module in modules)
