"""Vision Transformers recognised in traces, and what is said of others."""

from dataclasses import replace

import pytest

import pivotsim as ps
from pivotsim.workload.recognition import recognised_plan

WHOLE = ps.plan("deit_t")
PLANS = {
    "whole": WHOLE,
    "skipped": ps.skip_attention(WHOLE, active=[1, 3]),
    "heads and neurons": ps.prune_neurons(ps.prune_heads(WHOLE, 2), 0.5),
    "separate": ps.plan("deit_t", qkv="separate"),
    "score bits": ps.plan("deit_t", score_bits=32),
    "gated": ps.plan(ps.load_model("deit_t").replace({"gated_mlp": True})),
    "relu": ps.plan(ps.load_model("deit_t").replace({"activation": "relu"})),
    "lvvit": ps.plan("lvvit_s"),
    "rectangular": ps.plan(ps.load_model("deit_t").replace({"image_px": "224x320"})),
    "no head": ps.plan(ps.load_model("deit_t").replace({"classes": 0})),
    "mean of the patches": ps.plan(ps.load_model("deit_t").replace({"pool": "average"})),
    "wide heads": ps.plan(ps.load_model("deit_t").replace({"head_size": 80})),
    "two prefix tokens": ps.plan(ps.load_model("deit_t").replace({"prefix_tokens": 2})),
}


@pytest.mark.parametrize("name", PLANS)
@pytest.mark.parametrize("batch", (1, 3))
def test_a_plan_is_found_again_in_its_operations(name: str, batch: int) -> None:
    """Its rows, its delay and its transforms are those of the plan."""
    trace = replace(ps.lower(PLANS[name], batch), model=None)
    found = recognised_plan(trace)
    assert ps.lower(found, batch).ops == trace.ops
    assert ps.simulate(found).delay_ms == ps.simulate(PLANS[name]).delay_ms


def test_transforms_apply_to_what_was_plan_of() -> None:
    trace = ps.lower(ps.plan("deit_t"))
    skipped = ps.skip_attention(recognised_plan(trace), active=[1, 2])
    assert ps.simulate(skipped).delay_ms == ps.simulate(ps.skip_attention(WHOLE, active=[1, 2])).delay_ms


@pytest.mark.parametrize(("number", "told"), ((5, "operation 5 is"), (40, "operation 40 is")))
def test_one_other_size_is_told_by_its_row(number: int, told: str) -> None:
    ops = list(ps.lower(WHOLE).ops)
    ops[number - 1] = ops[number - 1]._replace(m=7, layer="mine")
    with pytest.raises(ps.InputError, match=rf"looked for a Vision Transformer.*{told} .*of layer mine"):
        recognised_plan(ps.Trace(tuple(ops), "changed"))


def test_no_encoders() -> None:
    op = ps.lower(WHOLE).ops[0]
    with pytest.raises(ps.InputError, match=r"looked for a Vision Transformer.*found no encoders with attention"):
        recognised_plan(ps.Trace((op,), "alone"))
