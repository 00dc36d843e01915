"""Fewer heads and neurons: smaller dense GEMMs."""

import pytest

import pivotsim as ps

PLAN = ps.plan("deit_s")


def gemms(plan, encoder):
    return {o.module: (o.m, o.k, o.n, o.repeats) for o in ps.lower(plan) if o.encoder == encoder and o.kind == "gemm"}


def test_heads():
    assert gemms(ps.prune_heads(PLAN, 2), 3) == {
        "qkv": (197, 384, 384, 1), "qkt": (197, 64, 197, 2), "sv": (197, 197, 64, 2), "proj": (197, 128, 384, 1),
        "fc1": (197, 384, 1536, 1), "fc2": (197, 1536, 384, 1),
    }  # fmt: skip
    separate = gemms(ps.prune_heads(ps.plan("deit_s", qkv="separate"), 5), 1)
    assert {separate[m] for m in "qkv"} == {(197, 384, 320, 1)}


def test_heads_by_encoder():
    plan = ps.prune_heads(PLAN, {2: 1, 12: 6})
    assert [e.heads for e in plan.encoders] == [None, 1, *[None] * 9, 6]
    assert gemms(plan, 12) == gemms(PLAN, 12)
    assert gemms(plan, 2)["qkt"] == (197, 64, 197, 1)
    assert {o.repeats for o in ps.lower(plan, 3) if o.encoder == 2 and o.module == "softmax"} == {3}


def test_heads_of_skipped_attentions():
    skipped = ps.skip_attention(PLAN, active=[1])
    assert ps.prune_heads(skipped, 3) == ps.skip_attention(ps.prune_heads(PLAN, 3), active=[1])
    with pytest.raises(ps.InputError) as error:
        ps.prune_heads(skipped, {2: 3, 13: 1, 1: 0})
    assert error.value.problems == (
        "heads: the attention of encoder 2 is skipped",
        "heads: encoder: must be at most 12 (got 13)",
        "heads, encoder 1: must be at least 1 (got 0); deit_s has 6",
    )
    with pytest.raises(ps.InputError, match="heads: no encoder of deit_s is left to apply it to"):
        ps.prune_heads(ps.skip_attention(PLAN, active=[]), 3)


@pytest.mark.parametrize(
    ("heads", "message"), [(0, "at least 1"), (7, "at most 6"), (2.0, "an integer"), (True, "an integer")]
)
def test_wrong_heads(heads, message):
    with pytest.raises(ps.InputError, match=rf"^heads: must be {message}") as error:
        ps.prune_heads(PLAN, heads)
    assert len(error.value.problems) == 1


@pytest.mark.parametrize(
    ("rate", "multiple_of", "hidden"),
    [
        (1, 1, 1536), (0.5, 1, 768), (0.7, 1, 1075), (1e-9, 1, 1), (0.0013, 1, 2), (0.7, 64, 1088), (0.01, 64, 64),
        (1, 1000, 1536), (0.999, 1000, 1536), (0.4, 1000, 1000),
    ],
)  # fmt: skip
def test_neurons(rate, multiple_of, hidden):
    plan = ps.prune_neurons(PLAN, rate, multiple_of=multiple_of)
    assert {e.mlp_hidden for e in plan.encoders} == {hidden}
    found = gemms(plan, 5)
    assert (found["fc1"], found["fc2"]) == ((197, 384, hidden, 1), (197, hidden, 384, 1))
    assert {o.n for o in ps.lower(plan) if o.module == "gelu"} == {hidden}


def test_halves_round_up():
    model = ps.load_model("deit_s").replace({"mlp_hidden": 5})
    assert ps.prune_neurons(ps.plan(model), 0.5).encoders[0].mlp_hidden == 3


def test_neurons_themselves_and_by_encoder():
    assert ps.prune_neurons(PLAN, hidden=768) == ps.prune_neurons(PLAN, 0.5)
    plan = ps.prune_neurons(PLAN, {1: 0.5, 3: 1})
    assert [e.mlp_hidden for e in plan.encoders[:3]] == [768, None, 1536]
    again = ps.prune_neurons(plan, 0.5)
    assert [e.mlp_hidden for e in again.encoders[:3]] == [384, 768, 768]


def test_gated_mlps():
    found = gemms(ps.prune_neurons(ps.plan("dinov2_g"), hidden=100), 1)
    assert found["gate"] == found["value"] == (257, 1536, 100, 1)
    assert found["fc2"] == (257, 100, 1536, 1)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({}, "prune_neurons: give keep_rate or hidden"),
        ({"keep_rate": 0.5, "hidden": 3}, "prune_neurons: give keep_rate or hidden, not both"),
        ({"keep_rate": 0}, "keep_rate: must lie above 0 and at most 1 (got 0)"),
        ({"keep_rate": 1.1}, "keep_rate: must lie above 0 and at most 1 (got 1.1)"),
        ({"keep_rate": float("nan")}, "keep_rate: must lie above 0 and at most 1 (got nan)"),
        ({"keep_rate": "0.5"}, "keep_rate: must be a number (got '0.5')"),
        ({"keep_rate": {3: 0.5, 4: -1.0}}, "keep_rate, encoder 4: must lie above 0 and at most 1 (got -1)"),
        ({"hidden": 1537}, "hidden: must be at most 1536 (got 1537)"),
        ({"hidden": 0}, "hidden: must be at least 1 (got 0)"),
        ({"keep_rate": 0.5, "multiple_of": 0}, "multiple_of: must be at least 1 (got 0)"),
        ({"hidden": 5, "multiple_of": 5}, "multiple_of: goes with keep_rate; hidden says the number itself (got 5)"),
    ],
)
def test_wrong_neurons(arguments, message):
    with pytest.raises(ps.InputError) as error:
        ps.prune_neurons(PLAN, **arguments)
    assert str(error.value) == message


def test_pruned_plans_run_and_take_less_time():
    whole = ps.simulate(PLAN)
    pruned = ps.simulate(ps.prune_neurons(ps.prune_heads(PLAN, 3), 0.5))
    assert pruned.workload == "deit_s, pruned"
    assert pruned.delay_ms < whole.delay_ms and pruned.macs < whole.macs
    softmax = [r.breakdown("module")["softmax"]["delay_ms"] for r in (pruned, whole)]
    assert softmax[0] == pytest.approx(softmax[1] / 2)


def test_a_pruned_plan_prints_what_it_leaves_out():
    lines = str(ps.prune_neurons(ps.prune_heads(PLAN, {1: 3}), {2: 0.5})).splitlines()
    assert lines[1].split() == [
        "encoder",
        "attention",
        "attention",
        "tokens",
        "mlp",
        "tokens",
        "heads",
        "mlp",
        "hidden",
    ]
    assert [lines[row].split() for row in (2, 3, 4)] == [
        ["1", "active", "197", "197", "3"], ["2", "active", "197", "197", "768"], ["3", "active", "197", "197"],
    ]  # fmt: skip
