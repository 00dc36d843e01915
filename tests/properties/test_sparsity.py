"""Properties of pruned plans, whatever the sizes."""

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import pivotsim as ps

MODEL = ps.load_model("deit_t").replace(
    {"depth": 3, "width": 24, "heads": 3, "mlp_hidden": 40, "image_px": 64, "patch_px": 16}
)
PLAN = ps.plan(MODEL)  # 17 tokens
DENSE = ps.lower(PLAN)
RATE = st.floats(0.05, 1)


def gemms(trace):
    return [op for op in trace if op.kind == "gemm"]


@given(st.integers(1, 24), RATE, RATE, st.integers(0, 9))
@settings(max_examples=60)
def test_kept_and_dropped_blocks_are_the_dense_work(block, msa, mlp, seed):
    try:
        trace = ps.lower(ps.prune_blocks(PLAN, block=block, density={"msa": msa, "mlp": mlp}, seed=seed))
    except ps.InputError as error:
        assert all("the layer would vanish" in problem for problem in error.problems)
        return
    for op, whole in zip(gemms(trace), gemms(DENSE), strict=True):
        mask = trace.mask_of(op)
        kept = trace.macs_of(op)
        if mask is None:
            assert kept == whole.dense_macs
            continue
        dropped = replace(mask, kept=~mask.kept)
        assert kept + dropped.macs(op.m, op.k, op.n, op.repeats) == whole.dense_macs
        share = msa if op.module in ("qkv", "proj") else mlp
        assert abs(mask.kept_blocks[0] - share * mask.kept.size) <= 0.5 + 1e-9
        assert op.density == mask.kept_blocks[0] / mask.kept.size


@given(st.integers(1, 12), st.lists(RATE, min_size=2, max_size=4), st.integers(0, 5))
@settings(max_examples=40)
def test_more_density_keeps_every_block_of_less(block, rates, seed):
    masks = []
    for rate in sorted(rates):
        try:
            masks.append(ps.prune_blocks(PLAN, block=block, density=rate, seed=seed).encoders[1].weight_masks)
        except ps.InputError:
            continue
    for less, more in pairwise(masks):
        assert all((more[label].kept >= less[label].kept).all() for label in less)


@given(RATE, st.integers(0, 17), st.integers(1, 3), st.integers(0, 99))
@settings(max_examples=60)
def test_a_split_keeps_every_entry(density, threshold, batch, seed):
    kept = np.random.default_rng(seed).random((3, 3, 17, 17)) < density
    kept[:, 0, 0, 0] = True
    masked = ps.mask_attention(PLAN, kept, pruned_is_true=False)
    trace, whole = ps.lower(ps.split_attention(masked, threshold), batch), ps.lower(masked, batch)
    for encoder in range(3):
        columns = kept[encoder].sum(axis=1)  # head, key
        dense = columns > threshold
        computed = int(columns[~dense].sum()) + 17 * int(dense.sum())
        for module in ("qkt", "sv"):
            parts = [op for op in gemms(trace) if (op.encoder, op.module) == (encoder + 1, module)]
            one = next(op for op in gemms(whole) if (op.encoder, op.module) == (encoder + 1, module))
            assert sum(map(trace.macs_of, parts)) == batch * 8 * computed
            assert whole.macs_of(one) == batch * 8 * int(kept[encoder].sum()) <= batch * 8 * computed
        sparse = [trace.mask_of(op) for op in gemms(trace) if op.encoder == encoder + 1 and op.module == "qkt"]
        assert sum(m.kept_elements[0] for m in sparse if m is not None) == int(columns[~dense].sum())
        softmax = [[op for op in t if op.kind == "softmax"][encoder] for t in (trace, whole)]
        assert softmax[0] == softmax[1]


TRANSFORMS = {
    "heads": lambda p: ps.prune_heads(p, 2),
    "neurons": lambda p: ps.prune_neurons(p, 0.5),
    "blocks": lambda p: ps.prune_blocks(p, block=4, density=0.5),
    "attention": lambda p: ps.mask_attention(p, density=0.5),
    "split": lambda p: ps.split_attention(p, 9),
}


@given(st.sets(st.sampled_from(sorted(TRANSFORMS))), st.sets(st.integers(1, 3), min_size=1), st.integers(0, 5))
@settings(max_examples=60)
def test_transforms_are_pure_and_skipping_commutes_with_all_of_them(names, active, place):
    chosen = [name for name in TRANSFORMS if name in names and (name != "split" or "attention" in names)]
    plan, first = PLAN, ps.skip_attention(PLAN, active=active)
    for position, name in enumerate([*chosen, ""]):
        if position == min(place, len(chosen)):
            between = ps.skip_attention(plan, active=active)
        if not name:
            break
        plan, first = TRANSFORMS[name](plan), TRANSFORMS[name](first)
        if position >= place:
            between = TRANSFORMS[name](between)
    last = ps.skip_attention(plan, active=active)
    assert first == between == last
    assert ps.lower(first) == ps.lower(last)
    assert ps.plan(MODEL) == PLAN


@given(st.integers(1, 3), st.floats(0.01, 1), st.integers(1, 12), RATE)
@settings(max_examples=60)
def test_what_is_kept_is_what_the_trace_computes(heads, rate, block, density):
    plan = ps.prune_neurons(ps.prune_heads(PLAN, heads), rate)
    try:
        plan = ps.prune_blocks(plan, block=block, density={"msa": density})
    except ps.InputError:
        return
    found = ps.workload.footprint(plan)
    assert found.total.macs_kept == ps.lower(plan).macs <= found.total.macs_dense == DENSE.macs
    assert found.total.parameters_kept <= found.total.parameters_dense == MODEL.parameters
    trace = ps.lower(plan)
    weights = sum(trace.macs_of(op) // op.m for op in gemms(trace) if op.encoder and op.module not in ("qkt", "sv"))
    dense = sum(op.k * op.n for op in gemms(DENSE) if op.encoder and op.module not in ("qkt", "sv"))
    biases = found.total.parameters_kept - weights
    assert 0 < biases <= found.total.parameters_dense - dense


def test_a_batch_repeats_the_heads_masks():
    trace = ps.lower(ps.mask_attention(PLAN, density=0.3), 4)
    assert trace.macs == 4 * ps.lower(ps.mask_attention(PLAN, density=0.3)).macs
    assert [op.repeats for op in trace if op.module == "softmax"] == [12] * 3


@pytest.mark.parametrize("name", ["deit_s", "lvvit_s", "dinov2_g"])
def test_pruned_traces_survive_csv(tmp_path, name):
    plan = ps.prune_blocks(ps.prune_heads(ps.plan(name), 4), block=32, density=0.5)
    trace = ps.lower(plan, 2)
    ps.write_trace(trace, tmp_path / f"{name}.csv")
    assert ps.read_trace(tmp_path / f"{name}.csv") == trace
