"""Encoders alike are lowered once: the trace of a plan is that of its encoders, each lowered by itself."""

import random
from dataclasses import replace

import pytest

import pivotsim as ps
from pivotsim.workload.lowering.head import head_operations
from pivotsim.workload.lowering.plan import _embedding, _encoder, lower
from pivotsim.workload.masks.masks import Mask
from pivotsim.workload.ops import mask_name
from pivotsim.workload.plans import Plan
from tests.campaigns import cases

# an ordinary model, another stem, a gated MLP with RoPE and norms of Q and K
MODELS = ("deit_s", "deit_t", "lvvit_s", "eva02_s", "dinov3_s")


def model_of(draw: random.Random):
    """Return a model of a few encoders."""
    return ps.load_model(draw.choice(MODELS)).replace({"depth": draw.randint(1, 6)})


def one_by_one(plan: Plan, batch: int):
    """Return (operations, masks) of a plan with every encoder lowered by itself."""
    ops, masks, tokens = list(_embedding(plan.model, batch)), {}, plan.model.tokens
    for encoder in plan.encoders:
        ops += _encoder(plan, encoder, tokens, batch, masks)
        tokens = encoder.mlp_tokens
    ops += head_operations(plan.model, plan.encoders[-1].mlp_tokens, batch, plan.score_bits)
    return ops, masks


def random_plan(draw: random.Random) -> Plan:
    """Return a plan whose encoders come in a few kinds, of which some have a mask of their own or drop tokens."""
    plan = ps.plan(model_of(draw), qkv=draw.choice(("fused", "separate")), score_bits=draw.choice((8, 32)))
    counts = (plan.model.tokens, 5)
    if draw.random() < 0.2:
        encoder = draw.randint(1, plan.model.depth)
        return ps.prune_tokens(plan, draw.choice(("evit", "dynamicvit")), keep_rate=0.7, encoders=[encoder])
    encoders = []
    for e in plan.encoders:
        e = replace(e, attention_tokens=draw.choice(counts), mlp_tokens=draw.choice(counts))
        e = e if draw.random() < 0.7 else e.without_attention()
        e = replace(e, mlp_hidden=draw.choice((None, 64)))
        if e.attention_active:
            e = replace(e, heads=draw.choice((None, None, 2)))
        if draw.random() < 0.2:
            k, n = plan.weight_sizes(e)["fc2"]
            e = replace(e, weight_masks={"fc2": Mask("b", k, n, 32, [[[True] * -(-n // 32)] * -(-k // 32)])})
        encoders.append(e)
    return replace(plan, encoders=tuple(encoders))


def check(seed: int) -> None:
    """Compare one random plan with its encoders lowered one by one."""
    draw = random.Random(seed)
    plan, batch = random_plan(draw), draw.choice((1, 1, 3))
    trace, (ops, masks) = lower(plan, batch), one_by_one(plan, batch)
    assert list(trace) == ops, seed
    assert trace.masks == masks, seed
    assert all(mask_name(op) in trace.masks for op in trace if op.mask_key), seed


@pytest.mark.campaign
def test_alike_encoders_are_lowered_as_each_by_itself():
    for seed in range(cases(200, 2_000)):
        check(seed)
