"""Hypotheses on the heads that Parikh et al. keep, against plans that are pruned so and counted by operation."""

import math
import random

import pytest

import pivotsim as ps
from pivotsim.published.base.claims import printed
from pivotsim.published.base.inference import Cell
from pivotsim.published.static.kept_heads import Kept, candidates, distilled, head_hypotheses, parameters, ratios
from pivotsim.published.static.kept_heads import macs as counted_macs

CELLS = [Cell("compute", printed("3.4")), Cell("size", printed("1.6"))]
MODEL = distilled()
ACTIVATIONS = ("qkt", "sv")


def pruned(one):
    """The plan of a hypothesis, its masks included."""
    heads = dict(enumerate(one.per_encoder(12), start=1))
    plan = ps.prune_heads(ps.plan(MODEL), heads)
    plan = ps.prune_neurons(plan, hidden=math.ceil(1536 * one.weight_rate))
    plan = ps.prune_tokens(plan, "tdm", keep_rate=one.token_rate)
    return plan


def is_counted(one, op):
    return op.kind == "gemm" and (one.counted == "all products" or op.module not in ACTIVATIONS)


def macs(one, plan):
    return sum(op.dense_macs for op in ps.lower(plan) if is_counted(one, op))


def test_the_figures_of_the_repositorys_count():
    """1.266 of 4.262 GMACs, 13.78 of 22.05 million parameters; the counter knows one prefix token's position."""
    five = Kept(60, "alike", 0.5, 0.5, "linear layers", "whole")
    whole = Kept(72, "alike", 1.0, 1.0, "linear layers", "whole")
    assert (round(counted_macs(five, MODEL) / 1e9, 3), round(counted_macs(whole, MODEL) / 1e9, 3)) == (1.266, 4.262)
    assert (round(parameters(five, MODEL) / 1e6, 2), round(MODEL.parameters / 1e6, 2)) == (13.78, 22.05)
    compute, size = ratios(five, MODEL)
    assert (round(compute, 2), round(size, 3)) == (3.37, 1.600)


@pytest.mark.parametrize(("spread", "compute"), [("first", 3.38), ("last", 3.47)])
def test_fifty_eight_heads(spread, compute):
    """1.62x; 3.42x is what mean heads of 58 / 12 in every encoder would give, between the two real orders."""
    found = ratios(Kept(58, spread, 0.5, 0.5, "linear layers", "whole"), MODEL)
    assert (round(found[0], 2), round(found[1], 2)) == (compute, 1.62)
    low, high = (counted_macs(Kept(58, s, 0.5, 0.5, "linear layers", "whole"), MODEL) for s in ("last", "first"))
    sixty = counted_macs(Kept(60, "alike", 0.5, 0.5, "linear layers", "whole"), MODEL)
    four = counted_macs(Kept(48, "alike", 0.5, 0.5, "linear layers", "whole"), MODEL)
    mean = sixty - 2 / 12 * (sixty - four)
    dense = counted_macs(Kept(72, "alike", 1.0, 1.0, "linear layers", "whole"), MODEL)
    assert low < mean < high and round(dense / mean, 2) == 3.42


def test_counts_equal_those_of_pruned_plans():
    draw = random.Random(1)
    whole = [one for one in candidates(MODEL, is_read=False) if one.blocks == "whole"]
    for one in draw.sample(whole, 40):
        plan = pruned(one)
        assert counted_macs(one, MODEL) == macs(one, plan), one
        assert parameters(one, MODEL) == ps.workload.footprint(plan).total.parameters_kept, one


def test_masked_blocks_that_do_not_count_are_a_share():
    draw = random.Random(2)
    kept = [one for one in candidates(MODEL, is_read=False) if one.blocks == "kept" and one.spread == "alike"]
    for one in draw.sample(kept, 10):
        share = min(one.weight_rate * 72 / one.heads, 1.0)
        plan = ps.prune_blocks(pruned(one), block=16, density={"msa": share})
        trace = ps.lower(plan)
        found = sum(trace.macs_of(op) for op in trace if is_counted(one, op))
        assert counted_macs(one, MODEL) == pytest.approx(found, rel=1e-3)
        assert parameters(one, MODEL) == pytest.approx(ps.workload.footprint(plan).total.parameters_kept, rel=1e-3)


def test_which_hypotheses_there_are():
    """Totals from r_b of 72 to 72, twice where encoders cannot have the same: 70 at r_b 0.5, 42 at 0.7."""
    every = list(candidates(MODEL, is_read=False))
    assert len(every) == (70 + 42) * 3 * 4 and len(set(every)) == len(every)
    read = list(candidates(MODEL, is_read=True))
    assert len(read) == 70 and {one.heads for one in read} == set(range(36, 73))
    assert all(sum(one.per_encoder(12)) == one.heads for one in every)
    assert Kept(58, "first", 0, 0, "", "").per_encoder(12) == [5] * 10 + [4] * 2
    assert Kept(58, "last", 0, 0, "", "").per_encoder(12) == [4] * 2 + [5] * 10


def test_those_that_fit_are_those_within_print():
    found = head_hypotheses(CELLS, is_read=True)
    slow = [
        one.settings(72) for one in candidates(MODEL, is_read=True)
        if 3.35 <= ratios(one, MODEL)[0] <= 3.45 and 1.55 <= ratios(one, MODEL)[1] <= 1.65
    ]  # fmt: skip
    assert sorted(map(str, (one.settings for one in found.fitting))) == sorted(map(str, slow))
