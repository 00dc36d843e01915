"""Plans on a ViT: what runs is what the plan's trace counts."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import pivotsim as ps
from tests.oracles.workload import vit_forward
from tests.torch.small import FORMS, PLAIN, REASON

torch = pytest.importorskip("torch", reason=REASON)
from torch.nn.attention import SDPBackend, sdpa_kernel
from torch.utils.flop_counter import FlopCounterMode

from pivotsim.vit_torch.model.plan_application import apply_plan
from pivotsim.vit_torch.model.transformer import build_vit
from tests.torch.test_transformer import arrays, images_of, randomised


def counted_macs(vit, batch):
    """Multiply-accumulates that torch itself counts: matrix products and convolutions as they are dispatched."""
    model = vit.model
    with torch.no_grad(), sdpa_kernel(SDPBackend.MATH), FlopCounterMode(display=False) as counter:
        vit(torch.zeros(batch, model.channels, model.image_px, model.image_px))
    flops = counter.get_total_flops()
    assert flops % 2 == 0
    return flops // 2


def with_tokens(plan, counts):
    """The plan with (attention, MLP) tokens per encoder."""
    pairs = zip(plan.encoders, counts, strict=True)
    return replace(plan, encoders=tuple(replace(e, attention_tokens=a, mlp_tokens=m) for e, (a, m) in pairs))


@pytest.mark.parametrize("form", FORMS)
def test_macs_are_the_traces(form):
    model = FORMS[form]
    assert counted_macs(build_vit(model), 3) == ps.lower(ps.plan(model), batch=3).macs


def test_macs_of_deit_s_are_the_traces():
    plan = ps.skip_attention(ps.plan("deit_s"), active=[1, 2, 3, 4, 5, 6])
    plan = with_tokens(plan, [(197, 197)] * 3 + [(197, 128)] + [(128, 128)] * 8)
    vit = build_vit("deit_s")
    apply_plan(vit, plan)
    assert counted_macs(vit, 1) == ps.lower(plan).macs < ps.lower(ps.plan("deit_s")).macs


@settings(max_examples=40)  # torch's counter is slow
@given(
    active=st.sets(st.integers(1, 3)),
    counts=st.lists(st.integers(1, 17), min_size=6, max_size=6),
    batch=st.integers(1, 2),
)
def test_macs_of_any_falling_plan_are_the_traces(active, counts, batch):
    counts = sorted(counts, reverse=True)
    plan = with_tokens(ps.plan(PLAIN), [(counts[2 * i], counts[2 * i + 1]) for i in range(3)])
    plan = ps.skip_attention(plan, active=sorted(active))
    vit = build_vit(PLAIN)
    apply_plan(vit, plan)
    assert counted_macs(vit, batch) == ps.lower(plan, batch=batch).macs


@pytest.mark.parametrize("active", [[], [1], [2, 3], [1, 2, 3]])
def test_skipped_attention_passes_tokens_to_the_mlp(active):
    vit, images = randomised(PLAIN), images_of(PLAIN)
    apply_plan(vit, ps.skip_attention(ps.plan(PLAIN), active=active))
    with torch.no_grad():
        logits = vit(images).numpy()
    wanted = [vit_forward.logits(arrays(vit), PLAIN, image, active=active) for image in images.numpy()]
    np.testing.assert_allclose(logits, wanted, rtol=1e-9, atol=1e-9)


def test_tokens_fall_where_the_plan_says():
    vit, images = randomised(PLAIN), images_of(PLAIN)
    counts = [(16, 11), (11, 11), (5, 2)]
    apply_plan(vit, with_tokens(ps.plan(PLAIN), counts))

    def cut(encoder, place, x, _):
        return x[: counts[encoder - 1][place == "between"]]

    with torch.no_grad():
        logits = vit(images).numpy()
    wanted = [vit_forward.logits(arrays(vit), PLAIN, image, cut=cut) for image in images.numpy()]
    np.testing.assert_allclose(logits, wanted, rtol=1e-9, atol=1e-9)


def test_random_patches_keep_the_prefix_and_change_with_the_batch():
    model = FORMS["registers"]
    vit = build_vit(model)
    apply_plan(vit, with_tokens(ps.plan(model), [(10, 10)] * 3), patches="random", seed=3)
    x = torch.arange(20.0).reshape(1, 20, 1).expand(2, -1, model.width)
    reduce = vit.blocks[0].before
    draws = [reduce(x, None, None)[0][:, :, 0] for _ in range(40)]
    assert all(torch.equal(draw[0], draw[1]) for draw in draws)
    rows = [draw[0].tolist() for draw in draws]
    assert all(row[:4] == [0, 1, 2, 3] and len(row) == 10 and sorted(set(row)) == row for row in rows)
    assert len({tuple(row) for row in rows}) > 30
    assert set().union(*rows) == set(range(20))
    apply_plan(vit, with_tokens(ps.plan(model), [(10, 10)] * 3), patches="random", seed=3)
    again = [vit.blocks[0].before(x, None, None)[0][0, :, 0].tolist() for _ in range(40)]
    assert again == rows


def test_every_encoder_and_every_seed_draws_its_own_patches():
    x = torch.arange(17.0).reshape(1, 17, 1)
    draws = set()
    for seed in (0, 100):
        vit = build_vit(PLAIN)
        apply_plan(vit, with_tokens(ps.plan(PLAIN), [(9, 8), (7, 6), (5, 4)]), patches="random", seed=seed)
        slots = [slot for block in vit.blocks for slot in (block.before, block.between)]
        draws |= {tuple(torch.randperm(17, generator=slot.generator).tolist()) for slot in slots}
        assert slots[0](x, None, None)[0].shape == (1, 9, 1)
    assert len(draws) == 12


def test_a_whole_plan_undoes_everything():
    vit, images = build_vit(PLAIN), images_of(PLAIN).float()
    whole = vit(images)
    apply_plan(vit, ps.skip_attention(with_tokens(ps.plan(PLAIN), [(17, 9), (9, 9), (9, 3)]), active=[2]))
    assert not torch.equal(vit(images), whole)
    apply_plan(vit, ps.plan(PLAIN))
    assert torch.equal(vit(images), whole)


def test_a_skipped_attentions_tokens_say_nothing():
    plan = with_tokens(ps.plan(PLAIN), [(17, 9), (17, 9), (9, 9)])
    apply_plan(build_vit(PLAIN), ps.skip_attention(plan, active=[1, 3]))
    with pytest.raises(ps.InputError, match=r"encoder 2: tokens rise from 9 \(got 17, 9\)"):
        apply_plan(build_vit(PLAIN), plan)


@pytest.mark.parametrize(
    ("form", "counts", "problem"),
    [
        ("plain", [(18, 18)] * 3, r"encoder 1: tokens rise from 17"),
        ("plain", [(17, 9), (9, 10), (9, 9)], r"encoder 2: tokens rise from 9 \(got 9, 10\)"),
        ("dinov2", [(1, 1)] * 3, r"encoder 3: the head reads at least 2 tokens \(got 1\)"),
        ("registers", [(3, 3)] * 3, r"encoder 3: the head reads at least 4 tokens \(got 3\)"),
    ],
)
def test_plans_that_do_not_fit(form, counts, problem):
    vit = build_vit(FORMS[form])
    with pytest.raises(ps.InputError, match=problem):
        apply_plan(vit, with_tokens(ps.plan(FORMS[form]), counts))
    assert all(block.before is None and block.between is None for block in vit.blocks)


def test_other_bad_input():
    vit = build_vit(PLAIN)
    with pytest.raises(ps.InputError, match="plan: is of another model than the ViT"):
        apply_plan(vit, ps.plan("deit_t"))
    with pytest.raises(ps.InputError, match="patches: must be one of first, random"):
        apply_plan(vit, ps.plan(PLAIN), patches="last")
    with pytest.raises(ps.InputError, match="plan: must be a Plan"):
        apply_plan(vit, "deit_s")
