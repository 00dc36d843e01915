"""Properties of token pruning that hold whatever the method, the model and the order."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import pivotsim as ps
from pivotsim.workload.tokens.methods import FEATURES, METHODS, REDUCTIONS

DEPTH = 5
BASE = ps.load_model("deit_t").replace({"depth": DEPTH, "width": 12, "mlp_hidden": 24, "head_features": 12, "heads": 3})
RATE = st.floats(0.001, 1)
ENCODERS = st.sets(st.integers(1, DEPTH), min_size=1).map(sorted)


@st.composite
def models(draw):
    side, prefix = draw(st.integers(1, 6)), draw(st.integers(1, 3))
    return BASE.replace({"image_px": 16 * side, "prefix_tokens": prefix})


@st.composite
def steps(draw, model):
    """Return a method with values that it takes."""
    method = draw(st.sampled_from(sorted(METHODS)))
    values, chosen = {}, draw(ENCODERS)
    for name, parameter in METHODS[method].parameters.items():
        count = st.integers(0, model.patches)
        values[name] = {
            "rate": lambda: draw(RATE),
            "powers": lambda: draw(RATE),
            "rates": lambda: [draw(RATE) for _ in chosen],
            "count": lambda count=count: draw(count),
            "counts": lambda count=count: [draw(count) for _ in chosen],
            "tokens": lambda: draw(st.integers(model.prefix_tokens, model.tokens)),
            "flag": lambda: draw(st.booleans()),
            "encoders": lambda: chosen,
            "encoder": lambda: chosen[0],
            "feature": lambda: draw(st.sampled_from(FEATURES)),
            "reduction": lambda: draw(st.sampled_from(REDUCTIONS)),
        }[parameter.form]()
    return method, values


@st.composite
def pruned(draw, most=3):
    """Return a model's plan with some methods applied one after the other, and each plan on the way."""
    plans = [ps.plan(draw(models()))]
    for _ in range(draw(st.integers(1, most))):
        method, values = draw(steps(plans[0].model))
        plans.append(ps.prune_tokens(plans[-1], method, **values))
    return plans


def counts(plan):
    return [n for e in plan.encoders for n in (e.attention_tokens, e.mlp_tokens)]


@given(pruned())
@settings(max_examples=200, deadline=None)
def test_counts_never_grow_and_the_prefix_stays(plans):
    for plan in plans:
        found = counts(plan)
        assert found == sorted(found, reverse=True)
        assert found[0] <= plan.model.tokens and found[-1] >= plan.model.prefix_tokens


@given(pruned())
@settings(max_examples=100, deadline=None)
def test_costs_stand_where_tokens_are_pruned_and_nowhere_else(plans):
    plan = plans[-1]
    costly = {op.encoder for op in ps.lower(plan) if op.module in ("score", "sort", "gather", "merge", "predictor")}
    stepped = {e.encoder for e in plan.encoders if e.before or e.between}
    assert costly <= stepped
    trace = ps.lower(plan)
    assert all(op.m >= 1 and op.n >= 1 for op in trace)
    assert ps.simulate(trace, profile="full").delay_ms > 0


@given(st.data(), models())
@settings(max_examples=100, deadline=None)
def test_the_same_steps_give_the_same_plan_and_compose_in_their_order(data, model):
    (first, a), (second, b) = data.draw(steps(model)), data.draw(steps(model))

    def both():
        return ps.prune_tokens(ps.prune_tokens(ps.plan(model), first, **a), second, **b)

    assert both() == both() and ps.lower(both()).ops == ps.lower(both()).ops
    for e in both().encoders:
        for place in (e.before, e.between):
            names = [step.method for step in place]
            assert names in ([], [first], [second], [first, second])


@given(st.data(), models())
@settings(max_examples=100, deadline=None)
def test_a_step_does_not_look_ahead(data, model):
    """Encoders ahead of the first that prunes are as they were."""
    method, values = data.draw(steps(model))
    first = min(values["encoders"]) if "encoders" in values else values["encoder"]
    plan = ps.prune_tokens(ps.plan(model), method, **values)
    assert all(n == model.tokens for n in counts(plan)[: 2 * (first - 1)])


@given(st.data(), models(), RATE, RATE)
@settings(max_examples=150, deadline=None)
def test_more_kept_is_more_work(data, model, low, high):
    """Each rule is monotone in its rate and in the tokens that arrive, so the MACs of encoders are too.

    The model's own: a method that keeps every patch has no predictor to pay.
    """
    low, high = sorted((low, high))
    method = data.draw(st.sampled_from(["evit", "tdm", "top_k_rate", "dynamicvit", "heatvit"]))
    name = "keep_rates" if method == "heatvit" else "keep_rate"
    values = {"fuse": data.draw(st.booleans())} if method == "evit" else {}
    encoders = data.draw(ENCODERS)
    less, more = (
        ps.prune_tokens(ps.plan(model), method, **{name: rate}, encoders=encoders, **values) for rate in (low, high)
    )
    assert all(a <= b for a, b in zip(counts(less), counts(more), strict=True))
    macs = [sum(o.dense_macs for o in ps.lower(p) if o.module not in ("predictor", "score")) for p in (less, more)]
    assert macs[0] <= macs[1]


@given(models(), st.data())
@settings(max_examples=100, deadline=None)
def test_skipping_and_pruning_commute_or_both_refuse(model, data):
    method, values = data.draw(steps(model))
    active = data.draw(st.sets(st.integers(1, DEPTH)))
    encoders = values["encoders"] if "encoders" in values else [values["encoder"]]
    plan = ps.plan(model)
    if METHODS[method].needs_attention and not set(encoders) <= active:
        with pytest.raises(ps.InputError, match="scores by the attention"):
            ps.prune_tokens(ps.skip_attention(plan, active=active), method, **values)
        with pytest.raises(ps.InputError, match="prunes tokens by its attention"):
            ps.skip_attention(ps.prune_tokens(plan, method, **values), active=active)
        return
    one = ps.skip_attention(ps.prune_tokens(plan, method, **values), active=active)
    assert one == ps.prune_tokens(ps.skip_attention(plan, active=active), method, **values)


@given(st.integers(1, 20), st.integers(1, 300))
@settings(max_examples=50, deadline=None)
def test_evit_loses_no_more_than_asked(side, thousandths):
    rate = thousandths / 300
    model = BASE.replace({"image_px": 16 * side})
    kept = ps.prune_tokens(ps.plan(model), "evit", keep_rate=rate, fuse=False, encoders=[1]).encoders[0].mlp_tokens - 1
    assert kept - 1 < rate * model.patches + 1e-9 and kept + 1e-9 >= rate * model.patches
