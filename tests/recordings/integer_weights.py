"""One set of weights for each seed of the digits, for four plans: whole, half of the attentions, tokens, blocks."""

from typing import NamedTuple

import pivotsim as ps
from pivotsim.effort import best_paths
from pivotsim.effort.cka import cka_matrix
from pivotsim.vit_torch.measuring.extraction import features
from pivotsim.vit_torch.model.transformer import VisionTransformer
from pivotsim.vit_torch.training.efforts import SharedPlans
from pivotsim.vit_torch.training.loop import train
from pivotsim.vit_torch.training.recipes import Recipe
from tests.recordings.cosearch import CKA_IMAGES, batches_of
from tests.recordings.digits import MODEL, split_digits, start

TEACHER = Recipe(epochs=15, learning_rate=4e-3, loss="labels")
SHARED = Recipe(epochs=10, learning_rate=2e-3, loss="labels")
LOW_EFFORT = 4  # of eight attentions
REMOVED, PRUNING_ENCODERS = 4, (2, 5)  # patches fewer after each: 16, 12, 8
BLOCK, DENSITY = 8, 0.5


class Trained(NamedTuple):
    vit: VisionTransformer
    plans: dict[str, ps.Plan]


def trained(seed: int) -> Trained:
    """Train the whole model, choose its best path, and train all four plans in each step."""
    vit = start(seed)
    train(vit, batches_of(seed), TEACHER)
    images = split_digits(seed)["train"].images[:CKA_IMAGES]
    active = best_paths(cka_matrix(features(vit, images)), [LOW_EFFORT])[LOW_EFFORT].active
    plans = plans_of(active)
    train(vit, batches_of(seed), SHARED, parts=[SharedPlans(plans.values())])
    return Trained(vit, plans)


def plans_of(active: tuple[int, ...]) -> dict[str, ps.Plan]:
    """Return the plans, the largest first and the smallest last."""
    whole = ps.plan(MODEL)
    return {
        "whole": whole,
        "blocks": ps.prune_blocks(whole, block=BLOCK, density=DENSITY),
        "tokens": ps.prune_tokens(whole, "top_k", r=REMOVED, encoders=PRUNING_ENCODERS),
        "low": ps.skip_attention(whole, active=active),
    }
