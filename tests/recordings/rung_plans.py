"""Rungs of three kinds for the ViT of the digits, and their logits by seed: each kind's own weights, and all of one."""

from collections.abc import Mapping
from typing import Any

import pivotsim as ps
from pivotsim.effort import best_paths
from pivotsim.effort.cka import cka_matrix
from pivotsim.vit_torch.measuring.extraction import features, logits_of
from pivotsim.vit_torch.model.transformer import VisionTransformer
from pivotsim.vit_torch.training.efforts import SharedPlans
from pivotsim.vit_torch.training.loop import train
from pivotsim.vit_torch.training.recipes import Recipe
from pivotsim.vit_torch.training.rungs import as_planned
from tests.recordings.cosearch import CKA_IMAGES, batches_of
from tests.recordings.digits import MODEL, split_digits, start

WHOLE = "whole"
EFFORTS = (4, 2)  # of eight attentions
KEEP_RATES = (0.75, 0.35)  # of the patches, at every other active attention from the second
NEURONS, HEADS, BLOCK, DENSITY = 0.5, 1, 8, 0.5  # of 64 neurons, of two heads, blocks that stay
KINDS = {
    "skipping": (WHOLE, "skip4", "skip2"),
    "tokens": (WHOLE, "tokens75", "tokens35"),
    "weights": (WHOLE, "blocks", "heads_neurons"),
}
MIXED = ("skip4_tokens35", "skip4_heads_neurons", "skip2_tokens35_heads_neurons")  # the smallest last
ALL = (WHOLE, *(rung for rungs in KINDS.values() for rung in rungs[1:]), *MIXED)
DRAWN = 1  # beside the largest and the smallest: three passes a step
# weights -> their rungs, and how many between the largest and the smallest each step draws
SETS = {
    **{kind: (rungs, DRAWN) for kind, rungs in KINDS.items()},
    "all": (ALL, DRAWN),
    "all_each_step": (ALL, len(ALL) - 2),
}
TEACHER = Recipe(epochs=15, learning_rate=4e-3, loss="labels")
RUNGS = Recipe(epochs=10, learning_rate=2e-3, loss="labels")

Logits = dict[str, Any]  # by part of the images


def rung_plans(paths: Mapping[int, Any]) -> dict[str, ps.Plan]:
    """Return the plan of each rung; ``paths`` has the active attentions of each effort."""
    whole = ps.plan(MODEL)
    plans = {WHOLE: whole}
    plans |= {f"skip{effort}": ps.skip_attention(whole, active=paths[effort].active) for effort in EFFORTS}
    plans |= {f"tokens{round(100 * rate)}": fewer_tokens(whole, rate) for rate in KEEP_RATES}
    plans["blocks"] = ps.prune_blocks(whole, block=BLOCK, density=DENSITY)
    plans["heads_neurons"] = fewer_weights(whole)
    plans["skip4_tokens35"] = fewer_tokens(plans["skip4"], KEEP_RATES[-1])
    plans["skip4_heads_neurons"] = fewer_weights(plans["skip4"])
    plans["skip2_tokens35_heads_neurons"] = fewer_weights(fewer_tokens(plans["skip2"], KEEP_RATES[-1]))
    return {name: plans[name] for name in ALL}


def fewer_tokens(plan: ps.Plan, keep_rate: float) -> ps.Plan:
    """Keep a share of the patches at every other active attention, from the second."""
    return ps.prune_tokens(plan, "evit", keep_rate=keep_rate, encoders=plan.active[1::2])


def fewer_weights(plan: ps.Plan) -> ps.Plan:
    return ps.prune_neurons(ps.prune_heads(plan, HEADS), keep_rate=NEURONS)


def trained_rungs(seed: int) -> tuple[dict[str, ps.Plan], dict[str, dict[str, Logits]], Logits]:
    """Return the plans of a seed, the logits of each set's rungs, and those of the teacher."""
    parts, teacher = split_digits(seed), start(seed)
    train(teacher, batches_of(seed), TEACHER)
    paths = best_paths(cka_matrix(features(teacher, parts["train"].images[:CKA_IMAGES])), EFFORTS)
    plans = rung_plans(paths)
    found = {}
    for name, (rungs, drawn) in SETS.items():
        vit = start(seed)
        vit.load_state_dict(teacher.state_dict())
        train(vit, batches_of(seed), RUNGS, parts=[SharedPlans([plans[r] for r in rungs], drawn=drawn, seed=seed)])
        found[name] = {r: logits_by_part(seed, as_planned(vit, plans[r])) for r in rungs}
    return plans, found, logits_by_part(seed, teacher)


def logits_by_part(seed: int, vit: VisionTransformer) -> Logits:
    parts = split_digits(seed)
    return {name: logits_of(vit, parts[name].images) for name in ("calibration", "test")}
