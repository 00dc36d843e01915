"""Token pruning against released codes' schedules, the list-carrying oracle, and published MACs."""

import csv
import json
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np
import pytest

import pivotsim as ps
from pivotsim.workload.tokens.methods import FORMS, METHODS
from pivotsim.workload.transforms.token_pruning import CHECKS
from tests.oracles.workload import token_counts

DATA = Path(__file__).parents[3] / "data"
PLAN = ps.plan("deit_s")


def published():
    """Return {(model, method, parameters): [(attention, MLP) tokens per layer]}."""
    cases = {}
    with (DATA / "token_schedules.csv").open() as file:
        for row in csv.DictReader(line for line in file if not line.startswith("#")):
            key = (row["model"], row["method"], row["params"])
            cases.setdefault(key, []).append((int(row["tokens_attn"]), int(row["tokens_ffn"])))
    return cases


NAMES = {"DeiT-S": "deit_s", "DeiT-B": "deit_b", "DINOv2-G": "dinov2_g"}
AS_OURS = {  # method and parameters of the file -> ours; the file's encoders count from 0
    "POMT": lambda v: ("single", {"r": v["R"], "encoder": v["idx"] + 1}),
    "Top-K r": lambda v: ("top_k", v),
    "Top-K rate": lambda v: ("top_k_rate", {"keep_rate": v["kr"]}),
    "ToMe": lambda v: ("tome", v),
    "DynamicViT": lambda v: ("dynamicvit", {"keep_rate": v["rho"]}),
    "EViT": lambda v: ("evit", {"keep_rate": v["kr"], "fuse": v["fuse"]}),
}


def tokens_of(plan):
    return [(e.attention_tokens, e.mlp_tokens) for e in plan.encoders]


def test_there_are_26_published_schedules():
    assert len(published()) == 26


@pytest.mark.parametrize("case", published(), ids=" ".join)
def test_published_schedules(case):
    model, method, parameters = case
    plan = ps.plan(NAMES[model])
    if method != "dense":
        name, values = AS_OURS[method](json.loads(parameters))
        plan = ps.prune_tokens(plan, name, **values)
    assert tokens_of(plan) == published()[case]


def oracle(steps, model=PLAN.model):
    return token_counts.run(model.depth, model.patches, model.prefix_tokens, steps)


THREE = (4, 7, 10)
TWO_PREFIX = PLAN.model.replace({"prefix_tokens": 2})
SAME = [  # method, parameters, steps of the oracle
    ("single", {"r": 69, "encoder": 4}, {(4, "between"): [partial(token_counts.single, r=69)]}),
    ("top_k", {"r": 15}, {(i, "between"): [partial(token_counts.top_k, r=15)] for i in range(1, 13)}),
    ("tome", {"r": 17}, {(i, "between"): [partial(token_counts.tome, r=17)] for i in range(1, 13)}),
    (
        "tome",
        {"r": list(range(12))},
        {(i, "between"): [partial(token_counts.tome, r=i - 1)] for i in range(1, 13)},
    ),
    *(
        (name, {"keep_rate": rate}, {
            (i, place): [partial(token_counts.share_of_original, keep_rate=rate, stage=k + 1)]
            for k, i in enumerate(THREE)
        })
        for name, place in (("top_k_rate", "between"), ("dynamicvit", "before"))
        for rate in (0.9, 0.68, 0.5)
    ),
    *(
        ("evit", {"keep_rate": rate, "fuse": fuse}, {
            (i, "between"): [partial(token_counts.evit, keep_rate=rate, fuse=fuse)] for i in THREE
        })
        for rate in (0.9, 0.7, 0.35)
        for fuse in (False, True)
    ),
    ("heatvit", {}, {
        (i, "before"): [partial(token_counts.heatvit, keep_rate=rate)]
        for i, rate in zip(THREE, (0.6, 0.26, 0.13), strict=True)
    }),
    ("tdm", {"keep_rate": 0.5}, {(i, "between"): [partial(token_counts.tdm, keep_rate=0.5)] for i in (3, 7, 10)}),
    ("random", {"tokens": 50}, {(1, "before"): [partial(token_counts.random, tokens_kept=50)]}),
]  # fmt: skip


@pytest.mark.parametrize("model", [PLAN.model, TWO_PREFIX], ids=["one prefix token", "two"])
@pytest.mark.parametrize(("method", "values", "steps"), SAME, ids=[f"{m} {v}" for m, v, _ in SAME])
def test_counts_equal_the_oracle(method, values, steps, model):
    assert tokens_of(ps.prune_tokens(ps.plan(model), method, **values)) == oracle(steps, model)


def test_heatvit_keeps_pivots_shares():
    """PIVOT, section 4.3: 40, 74 and 87 % of the patches are gone; class and package token stay."""
    assert [m for _, m in tokens_of(ps.prune_tokens(PLAN, "heatvit"))] == [197] * 3 + [120] * 3 + [53] * 3 + [28] * 3


def test_tdm_may_drop_a_distillation_token():
    """Whatever the prefix: 2 + ceil(r (t - 1)); a method behind it finds no patch where fewer than the prefix stay."""
    found = tokens_of(ps.prune_tokens(ps.plan(TWO_PREFIX), "tdm", keep_rate=0.5))
    assert [m for _, m in found] == [198] * 2 + [101] * 4 + [52] * 3 + [28] * 3
    plan = ps.plan(PLAN.model.replace({"register_tokens": 4}))
    few = ps.prune_tokens(plan, "tdm", keep_rate=0.001, encoders=[1])
    assert few.encoders[0].mlp_tokens == 3 < plan.model.leading_tokens
    for method, values in BETWEEN.items():
        again = ps.prune_tokens(few, method, **{**values, **({"encoders": [5]} if "encoders" in values else {})})
        assert again.encoders[-1].mlp_tokens <= 3
        assert all(op.m >= 1 and op.n >= 1 for op in ps.lower(again))


def test_tdm_halves_three_times():
    assert [m for _, m in tokens_of(ps.prune_tokens(PLAN, "tdm", keep_rate=0.5))] == (
        [197] * 2 + [100] * 4 + [52] * 3 + [28] * 3
    )


@pytest.mark.parametrize(
    ("method", "values"),
    [
        ("single", {"r": 0, "encoder": 4}),
        ("single", {"r": 194, "encoder": 4}),  # T = 197 - 194 - 1 - 1 = 1 <= p
        ("top_k", {"r": 0}),
        ("top_k", {"r": 195}),
        ("tome", {"r": 0}),
        ("evit", {"keep_rate": 1}),
        ("tdm", {"keep_rate": 1.0}),
        ("dynamicvit", {"keep_rate": 1}),
        ("random", {"tokens": 197}),
    ],
)
def test_what_prunes_nothing_costs_nothing(method, values):
    pruned = ps.prune_tokens(PLAN, method, **values)
    assert tokens_of(pruned) == tokens_of(PLAN)
    assert ps.lower(pruned).ops == ps.lower(PLAN).ops


def test_the_last_step_before_nothing_happens():
    assert ps.prune_tokens(PLAN, "single", r=193, encoder=4).encoders[3].mlp_tokens == 4
    assert ps.prune_tokens(PLAN, "top_k", r=194, encoders=1).encoders[0].mlp_tokens == 3


def test_a_rate_next_to_one_drops_or_not():
    """ceil(0.995 * 196) = 196 keeps all; ceil(0.994 * 196) = 195 drops one, which alone is fused."""
    one_dropped = ps.prune_tokens(PLAN, "evit", keep_rate=0.994, encoders=[4])
    assert one_dropped.encoders[3].mlp_tokens == 197
    assert [op.m for op in ps.lower(one_dropped) if op.kind in ("gather", "merge")] == [196, 1]
    assert ps.lower(ps.prune_tokens(PLAN, "evit", keep_rate=0.995, encoders=[4])).ops == ps.lower(PLAN).ops


def test_transforms_compose_in_the_order_given():
    first = ps.prune_tokens(ps.prune_tokens(PLAN, "evit", keep_rate=0.7), "tome", r=8, encoders=[4, 5])
    second = ps.prune_tokens(ps.prune_tokens(PLAN, "tome", r=8, encoders=[4, 5]), "evit", keep_rate=0.7)
    evit, tome = partial(token_counts.evit, keep_rate=0.7, fuse=True), partial(token_counts.tome, r=8)
    assert tokens_of(first) == oracle({(4, "between"): [evit, tome], (5, "between"): [tome], **{
        (i, "between"): [evit] for i in (7, 10)}})  # fmt: skip
    assert tokens_of(second) == oracle({(4, "between"): [tome, evit], (5, "between"): [tome], **{
        (i, "between"): [evit] for i in (7, 10)}})  # fmt: skip
    assert tokens_of(first) != tokens_of(second)


def test_with_attention_skipping_in_either_order():
    active = [1, 2, 3, 4, 7, 10]
    one = ps.skip_attention(ps.prune_tokens(PLAN, "evit", keep_rate=0.7), active=active)
    other = ps.prune_tokens(ps.skip_attention(PLAN, active=active), "evit", keep_rate=0.7)
    assert one == other
    assert tokens_of(one) == tokens_of(ps.prune_tokens(PLAN, "evit", keep_rate=0.7))
    predicted = ps.prune_tokens(ps.skip_attention(PLAN, active=[]), "dynamicvit", keep_rate=0.7)
    assert tokens_of(predicted)[-1] == (68, 68)


BETWEEN = {
    "single": {"r": 69, "encoder": 4},
    "top_k": {"r": 6, "encoders": [4]},
    "top_k_rate": {"keep_rate": 0.7, "encoders": [4]},
    "tome": {"r": 6, "encoders": [4]},
    "evit": {"keep_rate": 0.7, "encoders": [4]},
    "tdm": {"keep_rate": 0.7, "encoders": [4]},
}


def test_methods_that_score_by_attention_stand_between():
    assert {name for name, row in METHODS.items() if row.needs_attention} == set(BETWEEN)
    assert {name for name, row in METHODS.items() if row.place == "between"} == set(BETWEEN)


@pytest.mark.parametrize("method", BETWEEN)
def test_scores_need_their_attention(method):
    with pytest.raises(ps.InputError, match=rf"^{method}: scores by the attention of encoder 4, which is skipped"):
        ps.prune_tokens(ps.skip_attention(PLAN, active=[1]), method, **BETWEEN[method])
    with pytest.raises(ps.InputError, match=r"^active: encoder 4 prunes tokens by its attention, which must run"):
        ps.skip_attention(ps.prune_tokens(PLAN, method, **BETWEEN[method]), active=[1])


RISING = "evit: encoders: must be encoder numbers that rise, or 'all'"


@pytest.mark.parametrize(
    ("method", "values", "messages"),
    [
        ("evti", {}, ["method: must be one of single, top_k, top_k_rate, tome, dynamicvit, evit, heatvit, tdm, random "
                      "(got 'evti'), nearest valid name: 'evit'"]),
        ("evit", {"keep_rat": 0.5}, ["evit: keep_rat: unknown parameter, nearest valid name: 'keep_rate'",
                                     "evit: keep_rate: is required: a number in (0, 1]"]),
        ("evit", {"plan": 1, "keep_rate": 1}, [
            "evit: plan: unknown parameter, valid names: encoders, fuse, keep_rate"]),
        ("evit", {"keep_rate": 0}, ["evit: keep_rate: must lie above 0 and at most 1 (got 0)"]),
        ("tdm", {"keep_rate": 1.01}, ["tdm: keep_rate: must lie above 0 and at most 1 (got 1.01)"]),
        ("evit", {"keep_rate": float("nan")}, ["evit: keep_rate: must lie above 0 and at most 1 (got nan)"]),
        ("evit", {"keep_rate": "0.5"}, ["evit: keep_rate: must be a number (got '0.5')"]),
        ("evit", {"keep_rate": [0.5, 0.5, 0.5]}, ["evit: keep_rate: must be a number (got 0.5, 0.5, 0.5)"]),
        ("evit", {"keep_rate": 0.5, "fuse": 1}, ["evit: fuse: must be true or false (got 1)"]),
        ("evit", {"keep_rate": 0.5, "encoders": [4, 13]}, ["evit: encoders: must be at most 12 (got 13)"]),
        ("evit", {"keep_rate": 0.5, "encoders": [0]}, ["evit: encoders: must be at least 1 (got 0)"]),
        ("evit", {"keep_rate": 0.5, "encoders": [7, 4]}, [f"{RISING} (got 7, 4)"]),
        ("evit", {"keep_rate": 0.5, "encoders": [4, 4]}, [f"{RISING} (got 4, 4)"]),
        ("evit", {"keep_rate": 0.5, "encoders": []}, [f"{RISING} (got an empty list)"]),
        ("single", {"r": 197, "encoder": 4}, ["single: r: must be at most 196 (got 197)"]),
        ("single", {"r": -1, "encoder": 13}, ["single: r: must be at least 0 (got -1)",
                                               "single: encoder: must be at most 12 (got 13)"]),
        ("single", {"r": 9, "encoder": 4, "feature": "x", "reduction": 3}, [
            "single: feature: must be one of v, k, q (got 'x')",
            "single: reduction: must be one of max, mean, sum (got 3)"]),
        ("tome", {"r": 197}, ["tome: r: must be at most 196 (got 197)"]),
        ("tome", {"r": 1.5}, ["tome: r: must be an integer (got 1.5)"]),
        ("tome", {"r": [1, 2]}, ["tome: r: must be one value, or one for each of 12 encoders (got 1, 2)"]),
        ("heatvit", {"keep_rates": [0.5]}, [
            "heatvit: keep_rates: must be one value, or one for each of 3 encoders (got a list of one: 0.5)"]),
        ("random", {"tokens": 0}, ["random: tokens: must be at least 1 (got 0)"]),
        ("random", {"tokens": 198}, ["random: tokens: must be at most 197 (got 198)"]),
    ],
)  # fmt: skip
def test_wrong_parameters(method, values, messages):
    with pytest.raises(ps.InputError) as error:
        ps.prune_tokens(PLAN, method, **values)
    assert list(error.value.problems) == messages


def test_a_step_states_its_feature_and_reduction_where_they_are_no_defaults():
    plain = ps.prune_tokens(PLAN, "single", r=69, encoder=4)
    assert plain == ps.prune_tokens(PLAN, "single", r=69, encoder=4, feature="v", reduction="max")
    assert str(plain.encoders[3].between[0]) == "single(r=69)"
    other = ps.prune_tokens(PLAN, "single", r=69, encoder=4, feature="k", reduction="mean")
    assert str(other.encoders[3].between[0]) == "single(r=69, feature=k, reduction=mean)"
    assert [e.mlp_tokens for e in other.encoders] == [e.mlp_tokens for e in plain.encoders]


def test_a_model_without_class_token_has_no_row_of_it():
    plan = ps.plan(PLAN.model.replace({"prefix_tokens": 0}))
    for method in ("top_k", "top_k_rate", "evit", "tdm"):
        with pytest.raises(ps.InputError, match=rf"^{method}: scores by the class token's row"):
            ps.prune_tokens(plan, method, **BETWEEN[method])
    assert ps.prune_tokens(plan, "tome", r=6).encoders[0].mlp_tokens == 190
    gone = ps.prune_tokens(plan, "dynamicvit", keep_rate=0.001)
    assert tokens_of(gone)[-1] == (1, 1)  # a token is left
    assert ps.lower(gone).macs > 0


def test_numpy_values_are_values():
    listed = ps.prune_tokens(PLAN, "tome", r=np.arange(12))
    assert listed == ps.prune_tokens(PLAN, "tome", r=list(range(12)))
    assert ps.prune_tokens(PLAN, "evit", keep_rate=np.float64(0.7), encoders=np.array([4, 7, 10])) == ps.prune_tokens(
        PLAN, "evit", keep_rate=0.7
    )


def test_a_plan_with_tokens_of_its_own_is_not_overwritten():
    by_hand = replace(PLAN, encoders=(ps.workload.EncoderPlan(1, True, 100, 50), *PLAN.encoders[1:]))
    assert ps.lower(by_hand).macs < ps.lower(PLAN).macs
    message = r"^encoder 1: tokens must follow from the token steps, 197 and 197 here \(got 100 and 50\)"
    with pytest.raises(ps.InputError, match=message):
        ps.prune_tokens(by_hand, "tome", r=1)
    pruned = ps.prune_tokens(PLAN, "tome", r=1)
    with pytest.raises(ps.InputError, match=r"^encoder 1: tokens must follow"):
        ps.lower(replace(pruned, encoders=(replace(pruned.encoders[0], mlp_tokens=3), *pruned.encoders[1:])))


def test_a_plan_made_by_hand_keeps_the_attention_that_prunes():
    pruned = ps.prune_tokens(PLAN, "tome", r=1, encoders=[1])
    by_hand = replace(pruned, encoders=(replace(pruned.encoders[0], attention_active=False), *pruned.encoders[1:]))
    with pytest.raises(ps.InputError, match=r"^encoder 1: prunes tokens by its attention, which is skipped"):
        ps.lower(by_hand)


def test_the_plan_prints_its_steps():
    lines = str(ps.prune_tokens(PLAN, "evit", keep_rate=0.7)).splitlines()
    assert lines[5] == "      4  active                  197         140  between evit(keep_rate=0.7, fuse=true)"
    assert lines[4] == "      3  active                  197         197"
    both = ps.prune_tokens(ps.prune_tokens(PLAN, "heatvit", encoders=[2], keep_rates=0.5), "tome", r=9, encoders=[2])
    assert both.encoders[1].token_steps == "before heatvit(keep_rate=0.5); between tome(r=9)"
    assert both.token_methods == ["heatvit", "tome"]


def test_every_form_is_checked_and_documented():
    assert set(FORMS) == set(CHECKS) == {p.form for row in METHODS.values() for p in row.parameters.values()}
    table = ps.prune_tokens.__doc__
    assert all(f"\n    {name} " in table for name in METHODS)
    assert all(row.source for row in METHODS.values())


def model_gmacs(plan):
    """Return GMACs of the model, and of what chooses its tokens."""
    trace = ps.lower(plan)
    chosen = sum(op.dense_macs for op in trace if op.module in ("predictor", "score"))
    return (trace.macs - chosen) / 1e9, chosen / 1e9


EVIT = {  # keep rate: (published, ours fused, ours unfused), GMACs; published in EViT's README
    0.9: (4.0, 4.022, 3.99),
    0.8: (3.5, 3.477, 3.44),
    0.7: (3.0, 3.029, 3.00),
    0.6: (2.6, 2.635, 2.61),
    0.5: (2.3, 2.309, 2.28),
}


@pytest.mark.parametrize("keep_rate", EVIT)
def test_evits_macs(keep_rate):
    published_gmacs, fused, unfused = EVIT[keep_rate]
    found = {f: model_gmacs(ps.prune_tokens(PLAN, "evit", keep_rate=keep_rate, fuse=f)) for f in (True, False)}
    assert found[True][1] == found[False][1] == 0
    assert round(found[True][0], 3) == fused
    assert round(found[True][0], 1) == published_gmacs
    assert round(found[False][0], 2) == unfused


@pytest.mark.parametrize(
    ("name", "own", "predictor", "all_of_it"), [("deit_s", 2.88, 0.10, 2.9), ("deit_b", 11.06, 0.41, 11.4)]
)
def test_dynamicvits_macs(name, own, predictor, all_of_it):
    found = model_gmacs(ps.prune_tokens(ps.plan(name), "dynamicvit", keep_rate=0.7))
    assert (round(found[0], 2), round(found[1], 2)) == (own, predictor)
    assert sum(found) == pytest.approx(all_of_it, rel=0.03)  # published for the whole, to two or three digits


def test_tomes_macs():
    assert round(model_gmacs(ps.prune_tokens(PLAN, "tome", r=13))[0], 2) == 2.70


@pytest.mark.parametrize(
    ("keep_rates", "gmacs"),
    [((0.6, 0.26, 0.13), 2.312), ((0.9, 0.84, 0.61), 3.865), ((0.7, 0.39, 0.21), 2.665), ((0.42, 0.21, 0.13), 2.059)],
)
def test_heatvits_macs_hold_its_selectors(keep_rates, gmacs):
    own, selectors = model_gmacs(ps.prune_tokens(PLAN, "heatvit", keep_rates=keep_rates))
    assert round(own + selectors, 3) == gmacs
    if keep_rates[0] == 0.6:
        assert round(1e3 * selectors, 1) == 10.2


TDM = {0.5: 2.17, 0.6: 1.85, 0.7: 1.58, 0.8: 1.35, 0.9: 1.15}  # keep rate: reduction of all MACs


@pytest.mark.parametrize("keep_rate", TDM)
def test_tdms_reduction(keep_rate):
    pruned = ps.prune_tokens(PLAN, "tdm", keep_rate=keep_rate)
    assert round(ps.lower(PLAN).macs / ps.lower(pruned).macs, 2) == TDM[keep_rate]


def test_all_encoders_at_n_tokens():
    for n in (1, 2, 180, 197):
        plan = ps.prune_tokens(PLAN, "random", tokens=n)
        assert set(tokens_of(plan)) == {(n, n)}
    plan = ps.prune_tokens(PLAN, "random", tokens=180)
    assert {op.kind for op in ps.lower(plan)} == {op.kind for op in ps.lower(PLAN)}
