"""One density for all pruned matrices: which settings meet both published ratios of Parikh et al. (FCCM'24).

The abstract prints a compute reduction of up to 3.4x and a compression of up to 1.6x for DeiT-S, and no setting. Every
hypothesis of a grid is counted here: which matrices are pruned, the share of blocks kept, the share of tokens kept, and
the encoders that drop tokens. Masked blocks do not count, and all products do. This reading takes nothing from code;
kept_heads.py holds the one that does. What is found is inferred, never published.
"""

import itertools
from collections.abc import Sequence
from typing import Any

import numpy as np

from pivotsim.models.spec import VitModel, load_model
from pivotsim.published.base.inference import Cell, Inference, infer
from pivotsim.workload.lowering.plan import lower
from pivotsim.workload.plans import plan
from pivotsim.workload.transforms.token_pruning import prune_tokens

ATTENTION, MLP = ("qkv", "proj"), ("fc1", "fc2")
PRUNED = {"MSA and MLP": (*ATTENTION, *MLP), "MSA only": ATTENTION, "MLP only": MLP}
RATES = (0.5, 0.6, 0.7, 0.8, 0.9, 1.0)
ENCODERS = ((3, 7, 10), (4, 7, 10))  # Parikh's, EViT's


def densities(cells: Sequence[Cell], model: VitModel | str = "deit_s") -> Inference:
    """Return every hypothesis of the grid judged by the printed ratios, cells ``compute`` and ``size``.

    MACs and parameters are those of the weights' kept share; QK^T and SV stay dense, biases and norms stay.
    """
    spec = load_model(model)
    dense = lower(plan(spec)).macs
    settings: list[dict[str, Any]] = []
    ratios: list[tuple[float, float]] = []
    for encoders, keep_rate in itertools.product(ENCODERS, RATES):
        trace = lower(prune_tokens(plan(spec), "tdm", keep_rate=keep_rate, encoders=encoders))
        by_module: dict[str, int] = {}
        for op in trace:
            by_module[op.module] = by_module.get(op.module, 0) + trace.macs_of(op)
        for (name, modules), density in itertools.product(PRUNED.items(), RATES):
            left = sum(macs * (density if module in modules else 1.0) for module, macs in by_module.items())
            size = spec.parameters / (spec.parameters - (1 - density) * _weights(spec, modules))
            named = ", ".join(map(str, encoders))
            settings.append({"pruned": name, "blocks kept": density, "tokens kept": keep_rate, "in encoders": named})
            ratios.append((dense / left, size))
    compute, sizes = np.array(ratios).T
    return infer(cells, settings, {"compute": compute, "size": sizes})


def most_compressed(model: VitModel | str, pruned: str) -> float:
    """Return the compression if every weight of the pruned matrices went."""
    spec = load_model(model)
    return spec.parameters / (spec.parameters - _weights(spec, PRUNED[pruned]))


def _weights(spec: VitModel, modules: tuple[str, ...]) -> int:
    """Return the weights of some matrices in all encoders, without biases."""
    d, hidden = spec.width, spec.mlp_hidden
    sizes = {"qkv": 3 * d * d, "proj": d * d, "fc1": d * hidden, "fc2": hidden * d}
    return spec.depth * sum(sizes[module] for module in modules)
