"""The plan read off a ViT is the plan that was put on it, and its trace's MACs are torch's."""

import pytest

import pivotsim as ps
from tests.torch.small import FORMS, PLAIN, REASON

torch = pytest.importorskip("torch", reason=REASON)
from pivotsim.vit_torch.measuring.plan_extraction import extract_plan
from pivotsim.vit_torch.model.plan_application import apply_plan
from pivotsim.vit_torch.model.transformer import build_vit
from pivotsim.vit_torch.reducers import reduction
from tests.torch.test_plan_application import counted_macs, with_tokens


@pytest.mark.parametrize("active", [[], [2], [1, 2, 3]])
def test_what_is_imposed_is_observed(active):
    counts = [(17, 9), (9, 9), (7, 3)] if 3 in active else [(17, 9), (9, 9), (3, 3)]
    counts = [(a if i + 1 in active else m, m) for i, (a, m) in enumerate(counts)]
    plan = ps.skip_attention(with_tokens(ps.plan(PLAIN), counts), active=active)
    vit = build_vit(PLAIN)
    apply_plan(vit, plan)
    assert extract_plan(vit) == plan


def test_reductions_are_observed():
    vit = build_vit(PLAIN)
    reduction.prune_top_k(vit, removed=3)
    plan = extract_plan(vit)
    assert [(e.attention_tokens, e.mlp_tokens) for e in plan.encoders] == [(17, 14), (14, 11), (11, 8)]
    assert counted_macs(vit, 1) == ps.lower(plan).macs


@pytest.mark.parametrize("form", ["plain", "distilled", "registers"])
@pytest.mark.parametrize("removed", [1, 3, 4, 5, 7, 12, 13, 14, 15])
def test_top_k_leaves_what_the_plan_says_whatever_the_prefix(form, removed):
    vit = build_vit(FORMS[form])
    reduction.prune_top_k(vit, removed=removed)
    planned = ps.prune_tokens(ps.plan(FORMS[form]), "top_k", r=removed)
    assert extract_plan(vit).to_rows() == planned.to_rows()


def test_no_hook_stays():
    vit = build_vit(PLAIN)
    extract_plan(vit)
    assert not any(module._forward_pre_hooks for module in vit.modules())
