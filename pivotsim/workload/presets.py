"""Named recipes: what to prune, as data, with what is known of each."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from pivotsim.errors import check_choice
from pivotsim.workload.plans import Plan
from pivotsim.workload.transforms.block_pruning import prune_blocks
from pivotsim.workload.transforms.token_pruning import prune_tokens


@dataclass(frozen=True)
class Preset:
    """Parameters of ``prune_blocks``, and a token-pruning method with its own."""

    source: str
    blocks: Mapping[str, Any]
    token_method: str
    tokens: Mapping[str, Any] = field(default_factory=dict)


PRESETS = {
    # Parikh et al. claim 1.6x compression and 3.4x fewer MACs on DeiT-S and state no rates; of the grid b in {16, 32},
    # r_b and r_t in tenths, only this point meets both (1.626x, 3.423x)
    "parikh_seed": Preset(
        source="[inferred] from 1.6x parameters and 3.4x MACs of DeiT-S (Parikh et al., FCCM 2024, abstract)",
        blocks={"block": 16, "density": {"msa": 0.6, "mlp": 0.6}},
        token_method="tdm",
        tokens={"keep_rate": 0.5, "encoders": (3, 7, 10)},
    ),
}


def prune_as(plan: Plan, preset: str, *, seed: int = 0) -> Plan:
    """Return the plan pruned as a named recipe says; tokens before blocks.

    Parameters
    ----------
    plan : Plan
    preset : str
        `parikh_seed`: 0.6 of the weight blocks (b = 16) and half of the tokens in encoders 3, 7, 10 [inferred].
    seed : int
        Of the drawn masks.

    Returns
    -------
    Plan

    Raises
    ------
    InputError
        The recipe is unknown, or does not fit the plan.

    Examples
    --------
    >>> import pivotsim as ps
    >>> found = ps.workload.footprint(prune_as(ps.plan("deit_s"), "parikh_seed"))
    >>> round(found.mac_ratio, 2), round(found.parameter_ratio, 2)
    (3.42, 1.63)
    """
    row = PRESETS[check_choice("preset", preset, PRESETS)]
    return prune_blocks(prune_tokens(plan, row.token_method, **row.tokens), **row.blocks, seed=seed)
