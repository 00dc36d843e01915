"""What token steps cost in a trace, against elements counted one by one."""

import pytest

import pivotsim as ps
from tests.oracles.workload import token_costs

SIZES = {"depth": 2, "image_px": 64, "width": 48, "heads": 4, "mlp_hidden": 64, "head_features": 48}
SMALL = ps.load_model("deit_t").replace(SIZES)
PLAN = ps.plan(SMALL)  # 16 patches and a class token; 4 heads of 12 channels
TWO = ps.plan(SMALL.replace({"prefix_tokens": 2, "image_px": 96}))  # 36 patches, an even number of tokens

CASES = {  # name: (method, parameters, oracle)
    "single": ("single", {"r": 6, "encoder": 1}, token_costs.single),
    "single, K": ("single", {"r": 6, "encoder": 1, "feature": "k"}, token_costs.single),
    "single, sum": ("single", {"r": 6, "encoder": 1, "reduction": "sum"}, token_costs.single),
    "single, mean": ("single", {"r": 6, "encoder": 1, "reduction": "mean"}, token_costs.single_by_mean),
    "top_k": ("top_k", {"r": 5, "encoders": [1]}, lambda *s: token_costs.row_of_class_token(*s, 0)),
    "top_k_rate": (
        "top_k_rate", {"keep_rate": 0.6, "encoders": [1]}, lambda *s: token_costs.row_of_class_token(*s, 0)
    ),
    "tome": ("tome", {"r": 5, "encoders": [1]}, token_costs.tome),
    "dynamicvit": ("dynamicvit", {"keep_rate": 0.6, "encoders": [1]}, token_costs.dynamicvit),
    "evit": (
        "evit", {"keep_rate": 0.6, "fuse": False, "encoders": [1]}, lambda *s: token_costs.row_of_class_token(*s, 0)
    ),
    "evit fused": ("evit", {"keep_rate": 0.6, "encoders": [1]}, lambda *s: token_costs.row_of_class_token(*s, 1)),
    "heatvit": ("heatvit", {"keep_rates": 0.6, "encoders": [1]}, token_costs.heatvit),
    "tdm": ("tdm", {"keep_rate": 0.6, "encoders": [1]}, lambda t, p, *s: token_costs.row_of_class_token(t, 1, *s, 1)),
}  # fmt: skip


def added(plan, pruned, batch=1):
    """Return the operations of the first encoder that pruning adds, but for requantisation."""
    modules = ("score", "sort", "gather", "merge", "predictor")
    assert not [op for op in ps.lower(plan, batch) if op.module in modules]
    return [op for op in ps.lower(pruned, batch) if op.module in modules]


def totals(ops):
    found = {}
    for op in ops:
        name, amount = ("macs", op.dense_macs) if op.kind == "gemm" else (op.kind, op.elements)
        found[name] = found.get(name, 0) + amount
    return found


@pytest.mark.parametrize("plan", [PLAN, TWO], ids=["one prefix token", "two"])
@pytest.mark.parametrize("batch", [1, 3])
@pytest.mark.parametrize("name", CASES)
def test_elements_equal_those_counted_one_by_one(name, batch, plan):
    method, values, oracle = CASES[name]
    pruned = ps.prune_tokens(plan, method, **values)
    model, leaving = plan.model, pruned.encoders[0].mlp_tokens
    assert leaving < model.tokens
    expected = oracle(model.tokens, model.prefix_tokens, leaving, model.width, model.heads)
    found = added(plan, pruned, batch)
    assert totals(found) == {kind: batch * amount for kind, amount in expected.items()}
    assert {op.encoder for op in found} == {1}


@pytest.mark.parametrize("name", CASES)
def test_per_image_work_repeats_and_layers_stack(name):
    method, values, _ = CASES[name]
    pruned = ps.prune_tokens(PLAN, method, **values)
    one, four = added(PLAN, pruned), added(PLAN, pruned, 4)
    for a, b in zip(one, four, strict=True):
        stacks = (a.module == "predictor" and a.kind != "score") or a.kind == "norm"
        assert (b.m, b.k, b.n, b.repeats) == ((4 * a.m, a.k, a.n, a.repeats) if stacks else (a.m, a.k, a.n, 4))


def test_where_a_step_stands():
    pruned = ps.prune_tokens(PLAN, "evit", keep_rate=0.6, encoders=[1])
    modules = [op.module for op in ps.lower(pruned) if op.encoder == 1]
    place = modules.index("score")
    assert modules[place - 1 : place + 5] == ["residual1", "score", "sort", "gather", "merge", "norm2"]
    ops = list(ps.lower(ps.prune_tokens(PLAN, "dynamicvit", keep_rate=0.6, encoders=[2])))
    first = next(i for i, op in enumerate(ops) if op.module == "predictor")
    assert (ops[first - 1].module, ops[first - 1].encoder) == ("residual2", 1)
    following = next(i for i, op in enumerate(ops) if op.module == "gather") + 1
    assert (ops[following].module, ops[following].encoder, ops[following].m) == ("norm1", 2, 1 + 9)  # int(16 * 0.6)


def test_two_steps_of_one_place_see_each_others_tokens():
    pruned = ps.prune_tokens(ps.prune_tokens(PLAN, "evit", keep_rate=0.5, encoders=[1]), "tome", r=3, encoders=[1])
    assert [op.n for op in added(PLAN, pruned) if op.kind == "sort"] == [16, 5]  # 1 + 8 + 1 arrive, half of them sorted


def test_of_a_whole_model():
    """DeiT-S: MACs of the predictors per patch, D^2 (1 + 1/2 + 1/8) + D/2 and h(dh^2 + dh^2/8 + dh/2) + h^2."""
    plan = ps.plan("deit_s")
    for method, values, per_patch, patches in (
        ("dynamicvit", {"keep_rate": 0.7}, 384 * 384 * 13 // 8 + 192, 196 + 137 + 96),
        ("heatvit", {}, 6 * (64 * 64 + 64 * 8 + 32) + 36, 196 + 119 + 52),
    ):
        assert totals(added(plan, ps.prune_tokens(plan, method, **values)))["macs"] == per_patch * patches


def test_traces_with_token_steps_survive_csv(tmp_path):
    plan = ps.plan("deit_t")
    for method, values, _ in CASES.values():
        plan = ps.prune_tokens(plan, method, **{**values, "r": 2} if "r" in values else values)
    trace = ps.lower(plan, 2)
    assert {"score", "sort", "gather", "merge"} <= {op.kind for op in trace}
    ps.write_trace(trace, tmp_path / "t.csv")
    assert ps.read_trace(tmp_path / "t.csv").ops == trace.ops


def test_an_auxiliary_head_without_patches_is_left_out():
    model = ps.load_model("lvvit_s")
    gone = ps.lower(ps.prune_tokens(ps.plan(model), "random", tokens=1))
    heads = [op for op in gone if op.module == "head" and op.kind == "gemm"]
    assert [op.m for op in heads] == [1]
    assert ps.simulate(gone, scope="all").delay_ms > 0


@pytest.mark.parametrize(("method", "scored"), [("evit", 3 * 196), ("tome", 3 * 197 * 64), ("tdm", 3 * 196)])
def test_pruned_heads_are_not_scored(method, scored):
    options = {"r": 9, "encoders": [4]} if method == "tome" else {"keep_rate": 0.7, "encoders": [4]}
    plan = ps.prune_tokens(ps.prune_heads(ps.plan("deit_s"), 3), method, **options)
    first = next(op for op in ps.lower(plan) if op.kind == "score")
    assert first.m * first.n * first.repeats == scored
