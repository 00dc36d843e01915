"""Plans, attention skipping and lowering."""

import pytest

import pivotsim as ps

PLAN = ps.plan("deit_s")


def encoder_modules(plan, encoder):
    return [op.module for op in ps.lower(plan) if op.encoder == encoder]


ATTENTION = ["norm1", "qkv", "requant", "qkt", "requant", "softmax", "sv", "requant", "proj", "requant", "residual1"]
MLP = ["norm2", "fc1", "requant", "gelu", "fc2", "requant", "residual2"]


def test_an_encoder_in_order():
    assert encoder_modules(PLAN, 1) == ATTENTION + MLP


def test_an_inactive_attention_leaves_the_mlp():
    skipped = ps.skip_attention(PLAN, active=[1, 2, 3])
    assert encoder_modules(skipped, 3) == ATTENTION + MLP
    assert encoder_modules(skipped, 4) == MLP
    assert (skipped.effort, skipped.active) == (3, [1, 2, 3])
    assert PLAN.effort == 12


def test_skips_add_up_and_keep_their_order():
    once = ps.skip_attention(PLAN, active=[1, 2, 5])
    assert ps.skip_attention(once, active=[5, 1]) == ps.skip_attention(PLAN, active=[1, 5])
    with pytest.raises(ps.InputError, match="encoder 3 is skipped already"):
        ps.skip_attention(once, active=[3])


def test_no_attention_at_all():
    nothing = ps.skip_attention(PLAN, active=[])
    assert ps.simulate(nothing).breakdown("group").keys() == {"mlp"}


@pytest.mark.parametrize(
    ("active", "message"),
    [
        ([0], "active: must be at least 1 (got 0); deit_s has encoders 1 to 12"),
        ([13], "active: must be at most 12 (got 13); deit_s has encoders 1 to 12"),
        (range(1, 1000), "active: must be at most 12 (got 13), and 986 more numbers; deit_s has encoders 1 to 12"),
        ([13, 14], "active: must be at most 12 (got 13), and one more number; deit_s has encoders 1 to 12"),
        (
            [0, 99],
            "active: must be at least 1 (got 0); deit_s has encoders 1 to 12\n"
            "active: must be at most 12 (got 99); deit_s has encoders 1 to 12",
        ),
        ([2, 2], "active: encoder 2 stands twice"),
        ([1.0], "active: must be an integer (got 1.0); deit_s has encoders 1 to 12"),
        ([True], "active: must be an integer (got true); deit_s has encoders 1 to 12"),
    ],
)
def test_wrong_encoders(active, message):
    with pytest.raises(ps.InputError) as error:
        ps.skip_attention(PLAN, active=active)
    assert str(error.value) == message


def test_fused_and_separate_qkv_do_the_same_macs_at_different_cost():
    fused, separate = ps.plan("deit_s"), ps.plan("deit_s", qkv="separate")
    assert ps.lower(fused).macs == ps.lower(separate).macs
    assert ps.simulate(fused).pl_cycles < ps.simulate(separate).pl_cycles
    assert {"q", "k", "v"} <= ps.simulate(separate).breakdown("module").keys()
    share = [ps.simulate(p).breakdown("group")["attention_mac"]["share"] for p in (fused, separate)]
    assert share[0] < share[1] < 0.2


def test_a_gated_mlp_has_two_branches():
    modules = encoder_modules(ps.plan("dinov2_g"), 1)
    assert modules[-8:] == ["gate", "requant", "value", "requant", "silu", "fc2", "requant", "residual2"]


def test_batch_stacks_tokens_and_repeats_heads():
    one, four = ps.lower(PLAN), ps.lower(PLAN, 4)
    for a, b in zip(one, four, strict=True):
        per_head = a.module in ("qkt", "sv", "softmax") or (a.kind == "requant" and a.repeats > 1)
        assert (b.m, b.repeats) == ((a.m, 4 * a.repeats) if per_head else (4 * a.m, a.repeats))
    assert four.macs == 4 * one.macs
    single, batch = ps.simulate(PLAN), ps.simulate(PLAN, batch=4)
    assert batch.delay_per_image_ms < single.delay_ms  # folds at the edge fill up
    assert batch.fps_per_watt == pytest.approx(4 / batch.energy_j)
    assert batch.fps == pytest.approx(4e3 / batch.delay_ms)
    assert batch.edp_j_ms == pytest.approx(batch.energy_j * batch.delay_ms / 16)


def test_a_plan_prints_itself():
    lines = str(ps.skip_attention(PLAN, active=[1])).splitlines()
    assert lines[0] == "deit_s: effort 1 of 12"
    assert lines[2].split() == ["1", "active", "197", "197"]
    assert lines[3].split() == ["2", "skipped", "197", "197"]


@pytest.mark.parametrize(("options", "word"), [({"qkv": "fussed"}, "qkv"), ({"score_bits": 16}, "score_bits")])
def test_wrong_options(options, word):
    with pytest.raises(ps.InputError, match=rf"^{word}: must be one of"):
        ps.plan("deit_s", **options)


@pytest.mark.parametrize("batch", [0, -1, 1.5, "2", True])
def test_wrong_batches(batch):
    with pytest.raises(ps.InputError, match=r"^batch: must be"):
        ps.lower(PLAN, batch)


def test_a_batch_beyond_int64():
    with pytest.raises(ps.InputError, match="batch: must be at most 2147483647"):
        ps.simulate(PLAN, batch=10**17)


@pytest.mark.parametrize(
    "change",
    [
        lambda plan: plan,
        lambda plan: ps.skip_attention(plan, active=[1]),
        lambda plan: ps.prune_tokens(plan, "single", r=9, encoder=4),
        lambda plan: ps.prune_heads(plan, heads=2),
        lambda plan: ps.prune_neurons(plan, keep_rate=0.5),
        lambda plan: ps.prune_blocks(plan, block=16, density=0.5),
        lambda plan: ps.mask_attention(plan, density=0.5),
        lambda plan: ps.split_attention(ps.mask_attention(plan, density=0.5), threshold=60),
        lambda plan: ps.prune_heads(ps.prune_tokens(plan, "single", r=9, encoder=4), heads=2),
    ],
)
def test_a_plan_is_pruned_where_a_column_says_so(change):
    plan = change(ps.plan(ps.load_model("deit_t").replace({"depth": 4})))
    assert plan.is_pruned == bool(set(plan.pruned()) - {"token_steps"})
