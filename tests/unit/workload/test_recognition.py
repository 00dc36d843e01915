"""Vision Transformers recognised in traces, and what is said of others."""

import random
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
    "registers": ps.plan(ps.load_model("deit_t").replace({"register_tokens": 4})),
    "registers, patches' positions": ps.plan(
        ps.load_model("deit_t").replace({"register_tokens": 4, "prefix_positions": False})
    ),
    "normalised": ps.plan(ps.load_model("deit_t").replace({"qk_norm": True, "mlp_norm": True})),
    "rotary": ps.plan(ps.load_model("deit_t").replace({"positions": "rope"})),
    "rotary and learned": ps.plan(ps.load_model("deit_t").replace({"positions": "learned_rope"})),
}
EDITED = ps.lower(ps.skip_attention(ps.plan(ps.load_model("deit_t").replace({"depth": 2})), active=[2]))


def test_an_edited_row_is_never_accepted() -> None:
    """Rows left out, doubled, exchanged or with another size: refused, or a plan that holds the edit itself."""
    rng, refused = random.Random(3), 0
    for _ in range(300):
        ops, i, j = list(EDITED), rng.randrange(len(EDITED.ops)), rng.randrange(len(EDITED.ops))
        match rng.randrange(4):
            case 0:
                del ops[i]
            case 1:
                ops.insert(i, ops[j])
            case 2:
                ops[i], ops[j] = ops[j], ops[i]
            case _:
                field = rng.choice(("m", "n", "repeats", "encoder"))
                ops[i] = ops[i]._replace(**{field: getattr(ops[i], field) + rng.choice((1, 2, 10**12))})
        trace = ps.Trace(tuple(ops), "edited")
        try:
            found = recognised_plan(trace)
        except ps.InputError:
            refused += 1
        else:
            assert ps.lower(found).ops == trace.ops
    assert refused > 250


def test_sizes_beyond_any_image_are_refused_at_once() -> None:
    ops = tuple(op._replace(m=10**17) if op.module == "patch_embed" else op for op in EDITED)
    with pytest.raises(ps.InputError, match="found encoders of other sizes or parts"):
        recognised_plan(ps.Trace(ops, "giant"))


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
