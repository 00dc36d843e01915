"""Named recipes: what to prune, as data, with what is known of each."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


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
