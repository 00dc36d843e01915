"""Plans as rungs of one set of weights: what each computes, what each step trains, and what is put back."""

import copy
from contextlib import contextmanager

import numpy as np
import pytest

import pivotsim as ps
from tests.torch.small import FORMS, PLAIN, REASON

torch = pytest.importorskip("torch", reason=REASON)
import torch.nn.functional as F  # noqa: N812

from pivotsim.vit_torch.measuring.plan_extraction import extract_plan
from pivotsim.vit_torch.model.transformer import build_vit
from pivotsim.vit_torch.reducers.reduction import merge_tokens, prune_evit, prune_single, prune_top_k
from pivotsim.vit_torch.training.efforts import SharedPlans
from pivotsim.vit_torch.training.loop import train
from pivotsim.vit_torch.training.parts import Part
from pivotsim.vit_torch.training.quantisation_aware import QuantisationAware
from pivotsim.vit_torch.training.recipes import Recipe
from pivotsim.vit_torch.training.rungs import as_planned, put_on, rung_of
from tests.torch.training_cases import IMAGES, LABELS, grown, whole_batches

WHOLE = ps.plan(PLAIN)
ONE_STEP = Recipe(1, 0.0, 0.0, "labels")


def mixed(seed=0, whole=WHOLE):
    """Attention skipped, tokens reduced, a head, neurons and blocks left out."""
    plan = ps.prune_tokens(ps.skip_attention(whole, active=[1, 3]), "evit", keep_rate=0.5, encoders=[1])
    plan = ps.prune_neurons(ps.prune_heads(plan, {1: 2, 3: 1}), hidden=13)
    return ps.prune_blocks(plan, block=2, density=0.6, seed=seed)


def removed(vit, plan):
    """The logits of a plan without tokens dropped, its matrices cut to size, one multiplication at a time."""
    x = vit.patch_embed(IMAGES)
    x = torch.cat([vit.cls_token.expand(len(x), -1, -1), x], dim=1) + vit.pos_embed
    size = vit.model.head_size
    for e, block in zip(plan.encoders, vit.blocks, strict=True):
        kept = {label: torch.tensor(mask.elements().astype(np.float32)) for label, mask in e.weight_masks.items()}
        heads, hidden = plan.heads_of(e), plan.hidden_of(e)
        if e.attention_active:
            y, (wq, wk, wv), (bq, bk, bv) = block.norm1(x), block.attn.qkv.weight.chunk(3), block.attn.qkv.bias.chunk(3)
            inner = heads * size
            weights = torch.cat([w[:inner] for w in (wq, wk, wv)]).T
            qkv = y @ (weights * kept.get("qkv", 1)) + torch.cat([b[:inner] for b in (bq, bk, bv)])
            q, k, v = qkv.chunk(3, dim=-1)
            outputs = []
            for h in range(heads):
                s = slice(h * size, (h + 1) * size)
                scores = q[..., s] @ k[..., s].transpose(1, 2) / size**0.5
                outputs.append(scores.softmax(dim=-1) @ v[..., s])
            x = (
                x
                + torch.cat(outputs, dim=-1) @ (block.attn.proj.weight.T[:inner] * kept.get("proj", 1))
                + block.attn.proj.bias
            )
        y = block.norm2(x) @ (block.mlp.fc1.weight.T[:, :hidden] * kept.get("fc1", 1)) + block.mlp.fc1.bias[:hidden]
        x = x + F.gelu(y) @ (block.mlp.fc2.weight.T[:hidden] * kept.get("fc2", 1)) + block.mlp.fc2.bias
    return vit.head(vit.norm(x)[:, 0])


@pytest.mark.parametrize(
    "plan",
    [
        ps.prune_heads(WHOLE, {1: 1, 3: 2}),
        ps.prune_neurons(WHOLE, hidden=7),
        ps.prune_blocks(WHOLE, block=3, density=0.5),
        ps.prune_blocks(ps.prune_neurons(ps.prune_heads(WHOLE, 2), hidden={2: 5}), block=4, density=0.4, seed=1),
        ps.prune_blocks(ps.skip_attention(ps.prune_heads(WHOLE, 1), active=[2]), block=2, density=0.3),
    ],
)
def test_a_rung_computes_what_the_smaller_matrices_do(plan):
    vit = grown()
    wanted = removed(vit, plan)
    assert not torch.allclose(wanted, vit(IMAGES), atol=1e-3)
    torch.testing.assert_close(as_planned(vit, plan)(IMAGES), wanted, rtol=1e-4, atol=1e-4)


def test_separate_and_gated_matrices():
    """q, k, v one by one are the fused matrix in parts; gate and value are the two halves of w12."""
    vit, rng = grown(), np.random.default_rng(0)
    parts = {label: rng.random((12, 12)) < 0.5 for label in "qkv"}
    separate = ps.prune_blocks(ps.plan(PLAIN, qkv="separate"), block=1, masks=parts)
    fused = ps.prune_blocks(WHOLE, block=1, masks={"qkv": np.hstack(list(parts.values()))})
    assert torch.equal(as_planned(vit, separate)(IMAGES), as_planned(vit, fused)(IMAGES))
    gated = FORMS["dinov2"]
    masks = {label: rng.random((12, 20)) < 0.5 for label in ("gate", "value")}
    planned = as_planned(build_vit(gated), ps.prune_blocks(ps.plan(gated), block=1, masks=masks))
    both = torch.tensor(np.hstack([masks["gate"], masks["value"]]).T)
    assert torch.equal(planned.blocks[0].mlp.w12.weight != 0, both)


@pytest.mark.parametrize(
    ("method", "values", "install"),
    [
        ("evit", {"keep_rate": 0.5, "encoders": [1, 3]}, lambda v: prune_evit(v, keep_rate=0.5, encoders=[1, 3])),
        ("evit", {"keep_rate": 0.6, "fuse": False, "encoders": [2]},
         lambda v: prune_evit(v, keep_rate=0.6, fuse=False, encoders=[2])),
        ("tdm", {"keep_rate": 0.5, "encoders": [2]}, lambda v: prune_evit(v, keep_rate=0.5, encoders=[2])),
        ("top_k", {"r": 3}, lambda v: prune_top_k(v, removed=3)),
        ("tome", {"r": 4}, lambda v: merge_tokens(v, removed=4)),
        ("single", {"r": 5, "encoder": 2}, lambda v: prune_single(v, encoder=2, removed=5)),
    ],
)  # fmt: skip
def test_tokens_fall_by_the_plans_method(method, values, install):
    vit, plan = grown(), ps.prune_tokens(WHOLE, method, **values)
    planned = as_planned(vit, plan)
    install(vit)
    assert torch.equal(planned(IMAGES), vit(IMAGES))
    counts = [[(e.attention_tokens, e.mlp_tokens) for e in p.encoders] for p in (extract_plan(planned), plan)]
    assert counts[0] == counts[1] and counts[1][-1][1] < WHOLE.model.tokens


def test_random_tokens_are_as_many_as_the_plan_says():
    plan = ps.prune_tokens(WHOLE, "random", tokens=9)
    assert extract_plan(as_planned(grown(), plan)).encoders[0].attention_tokens == 9


class Gradients(Part):
    """Keeps the gradients of the last step."""

    @contextmanager
    def attached(self, vit):
        self.vit = vit
        yield

    def after_step(self, step, steps):
        self.seen = {name: weight.grad for name, weight in self.vit.named_parameters()}


def test_a_step_sums_the_gradients_of_its_rungs_and_puts_everything_back():
    plans = [WHOLE, mixed(), ps.skip_attention(WHOLE, active=[2]), ps.prune_neurons(WHOLE, hidden=3)]
    wanted = {}
    for plan in plans:
        alone = as_planned(grown(), plan)
        F.cross_entropy(alone(IMAGES), LABELS).backward()
        masks = {f"{name}.weight": mask for name, mask in rung_of(alone, plan).masks.items()}
        for name, weight in alone.named_parameters():
            if weight.grad is not None:
                wanted[name] = wanted.get(name, 0) + weight.grad * masks.get(name, 1)
    vit, seen = grown(), Gradients()
    prune_evit(vit, keep_rate=0.7, encoders=[2])
    vit.blocks[0].attention_active = False
    before, reducer = copy.deepcopy(vit.state_dict()), vit.blocks[1].between
    train(vit, whole_batches(), ONE_STEP, parts=[SharedPlans(plans), seen])
    assert set(seen.seen) == set(wanted)
    for name, gradient in wanted.items():
        torch.testing.assert_close(seen.seen[name], gradient, rtol=1e-4, atol=1e-5)
    assert [b.attention_active for b in vit.blocks] == [False, True, True] and vit.blocks[1].between is reducer
    assert all(torch.equal(value, before[name]) for name, value in vit.state_dict().items())


def test_the_sandwich_rule_draws_between_the_first_and_the_last():
    plans = [ps.skip_attention(WHOLE, active=range(1, k + 1)) for k in (3, 2, 1, 0)]

    def drawn(seed):
        part, steps = SharedPlans(plans, drawn=1, seed=seed), []

        class Watch(Part):
            def before_step(self, step, steps_of_all):
                steps.append([sum(rung.active) for rung in part.chosen])

        train(grown(), whole_batches(), Recipe(12, 0.0, 0.0, "labels"), parts=[part, Watch()])
        return steps

    steps = drawn(0)
    assert all(step[0] == 3 and step[-1] == 0 and len(step) == 3 for step in steps)
    assert {step[1] for step in steps} == {1, 2}
    assert drawn(0) == steps != drawn(1)


def test_rungs_are_trained_aware_of_rounding_in_any_order_of_the_parts():
    losses = []
    for order in (1, -1):
        vit = grown()
        parts = [SharedPlans([WHOLE, mixed()]), QuantisationAware(8)][::order]
        losses.append(train(vit, whole_batches(), Recipe(3, 1e-3, 0.0, "labels"), parts=parts))
        assert set(vit.state_dict()) == set(grown().state_dict())
    assert losses[0] == losses[1]


def test_a_failure_takes_the_rung_off():
    vit, images = grown(), torch.full_like(IMAGES, float("nan"))
    before = copy.deepcopy(vit.state_dict())
    with pytest.raises(ps.InputError, match=r"^recipe: the loss is nan"):
        train(vit, whole_batches(images), ONE_STEP, parts=[SharedPlans([mixed(), WHOLE])])
    assert all(torch.equal(value, before[name]) for name, value in vit.state_dict().items())
    assert all(block.attention_active and block.between is None for block in vit.blocks)


def test_rungs_trained_together_are_righter_than_before():
    vit, plans = grown(), [WHOLE, mixed()]

    def loss(plan):
        return F.cross_entropy(as_planned(vit, plan)(IMAGES), LABELS).item()

    before = [loss(plan) for plan in plans]
    train(vit, whole_batches(), Recipe(30, 5e-3, 0.0, "labels"), parts=[SharedPlans(plans)])
    assert all(loss(plan) < value / 4 for plan, value in zip(plans, before, strict=True))


def test_plans_that_do_not_fit_are_told():
    vit = grown()
    with pytest.raises(ps.InputError, match=r"^plans: needs at least one"):
        SharedPlans([])
    with pytest.raises(ps.InputError, match=r"^plans: must be a list of Plans"):
        SharedPlans(3)
    with pytest.raises(ps.InputError, match=r"^drawn: must be at most 1 \(got 2\)$"):
        SharedPlans([WHOLE] * 3, drawn=2)
    with pytest.raises(ps.InputError, match=r"^plan: is of another model than the ViT \(got 'deit_t'\)$"):
        train(vit, whole_batches(), ONE_STEP, parts=[SharedPlans([ps.plan("deit_t")])])
    with pytest.raises(ps.InputError, match=r"dynamicvit: needs a selector that learns; trained are single, top_k"):
        as_planned(vit, ps.prune_tokens(WHOLE, "dynamicvit", keep_rate=0.5, encoders=[2]))
    twice = ps.prune_tokens(ps.prune_tokens(WHOLE, "top_k", r=1, encoders=[2]), "top_k", r=1, encoders=[2])
    with pytest.raises(ps.InputError, match=r"encoder 2: one token step at a place is trained at most"):
        as_planned(vit, twice)
    with pytest.raises(ps.InputError, match=r"a mask of attention scores is not trained"):
        as_planned(vit, ps.mask_attention(WHOLE, density=0.5))
    with put_on(vit, rung_of(vit, mixed())):
        assert not vit.blocks[1].attention_active
    assert vit.blocks[1].attention_active
