"""Attention masks and ViTCoD's split: scores, values, softmax and its requantisation."""

from dataclasses import replace

import numpy as np
import pytest

import pivotsim as ps
from pivotsim.workload.masks.masks import Mask, drawn_mask
from tests.oracles.workload import sparse_counts

SMALL = ps.load_model("deit_t").replace(
    {"depth": 2, "width": 12, "heads": 3, "mlp_hidden": 20, "image_px": 48, "patch_px": 16}
)
PLAN = ps.plan(SMALL)  # 10 tokens, 3 heads of 4
TOKENS, HEADS, WIDTH = 10, 3, 4
KEPT = np.random.default_rng(5).random((2, HEADS, TOKENS, TOKENS)) < 0.3
KEPT[1, 2] = False  # a head that keeps nothing
KEPT[0, 0, :, 3] = True


def ops(trace, encoder, module, kind="gemm"):
    return [op for op in trace if (op.encoder, op.module, op.kind) == (encoder, module, kind)]


def requants_behind(trace, module):
    return [b for a, b in zip(trace.ops, trace.ops[1:], strict=False) if a.module == module and b.kind == "requant"]


@pytest.mark.parametrize("batch", [1, 2, 3])
def test_scores_and_values_follow_the_mask(batch):
    trace = ps.lower(ps.mask_attention(PLAN, KEPT), batch)
    for encoder, heads in enumerate(KEPT, start=1):
        scores = sum(sparse_counts.macs(head.tolist(), "out", TOKENS, WIDTH, TOKENS) for head in heads)
        values = sum(sparse_counts.macs(head.tolist(), "a", TOKENS, TOKENS, WIDTH) for head in heads)
        assert [trace.macs_of(op) for op in ops(trace, encoder, "qkt")] == [batch * scores]
        assert [trace.macs_of(op) for op in ops(trace, encoder, "sv")] == [batch * values]
        softmax = ops(trace, encoder, "softmax", "softmax")[0]
        assert softmax.density == heads.mean()
        assert trace.elements_of(softmax) == batch * heads.sum()
    assert [trace.elements_of(op) for op in requants_behind(trace, "qkt")] == [batch * h.sum() for h in KEPT]
    assert [trace.elements_of(op) for op in requants_behind(trace, "sv")] == [batch * HEADS * TOKENS * WIDTH] * 2
    assert [trace.elements_of(op) for op in trace if op.module == "qkt"] == [batch * h.sum() for h in KEPT]


def test_masks_do_not_matter_to_what_they_keep_whole():
    full, dense = ps.lower(ps.mask_attention(PLAN, np.ones_like(KEPT))), ps.lower(PLAN)
    assert full.macs == dense.macs
    assert [full.elements_of(op) for op in full] == [dense.elements_of(op) for op in dense]


def test_drawn_masks():
    plan = ps.mask_attention(PLAN, density=0.25, seed=3)
    first, second = (e.attention_mask for e in plan.encoders)
    assert first.kept_blocks == second.kept_blocks == (25, 25, 25)
    assert first != second and first != ps.mask_attention(PLAN, density=0.25).encoders[0].attention_mask
    scores, values = (ops(ps.lower(plan), 1, module)[0] for module in ("qkt", "sv"))
    assert scores.mask_key == f"block=1,seed={first.draw.seed},operand=out,count=3"
    assert values.mask_key == f"block=1,seed={first.draw.seed},operand=a,count=3"
    assert ps.Trace((scores,)).gemm_masks[0] == first
    assert (ps.Trace((values,)).gemm_masks[0].kept == first.kept).all()
    drawn = drawn_mask(10, 10, block=1, density=0.25, seed=first.draw.seed, operand="out", count=3)
    assert drawn == first


FORMS = (
    "array",
    "mapping",
    "npy",
    "npz",
    "npz by encoder",
    "pruned is true",
    "uint8",
    "int64",
    "npy of uint8",
    "bools",
)


@pytest.mark.parametrize("form", FORMS)
def test_forms_of_masks(tmp_path, form):
    np.save(tmp_path / "m.npy", KEPT)
    np.save(tmp_path / "u.npy", KEPT.astype(np.uint8))
    np.savez(tmp_path / "m.npz", masks=KEPT)
    np.savez(tmp_path / "each.npz", **{"1": KEPT[0], "2": KEPT[1]})
    forms = {
        "array": {"masks": KEPT}, "mapping": {"masks": {1: KEPT[0], 2: KEPT[1]}}, "npy": {"masks": tmp_path / "m.npy"},
        "npz": {"masks": str(tmp_path / "m.npz")}, "npz by encoder": {"masks": tmp_path / "each.npz"},
        "pruned is true": {"masks": ~KEPT, "pruned_is_true": True}, "uint8": {"masks": KEPT.astype(np.uint8)},
        "int64": {"masks": KEPT.astype(np.int64).tolist()}, "npy of uint8": {"masks": tmp_path / "u.npy"},
        "bools": {"masks": KEPT, "pruned_is_true": np.False_},
    }  # fmt: skip
    plan = ps.mask_attention(PLAN, **forms[form])
    assert [(e.attention_mask.kept == k).all() for e, k in zip(plan.encoders, KEPT, strict=True)] == [True, True]


@pytest.mark.parametrize("sizes", [(1, 1), (2, 1), (1, HEADS), (1,), (2,), (HEADS,), ()])
@pytest.mark.parametrize("is_file", [False, True])
def test_one_mask_for_all_encoders_or_heads(tmp_path, sizes, is_file):
    """Sizes in front of the tokens: of 1, or left out, they stand for all."""
    whole = {2: (2, 1), HEADS: (1, HEADS)}.get(sizes[0], (1, 1)) if len(sizes) == 1 else sizes or (1, 1)
    masks = np.random.default_rng(9).random((*whole, TOKENS, TOKENS)) < 0.4
    given = masks.reshape(*sizes, TOKENS, TOKENS)
    np.save(tmp_path / "m.npy", given)
    plan = ps.mask_attention(PLAN, tmp_path / "m.npy" if is_file else given)
    wanted = np.broadcast_to(masks, KEPT.shape)
    assert [e.attention_mask.kept.tolist() for e in plan.encoders] == wanted.tolist()


def test_one_mask_for_the_heads_of_an_encoder():
    plan = ps.mask_attention(PLAN, {1: KEPT[0, 0], 2: KEPT[1, :1]})
    assert [e.attention_mask.kept.tolist() for e in plan.encoders] == [
        [k.tolist()] * 3 for k in (KEPT[0, 0], KEPT[1, 0])
    ]
    remarks = ps.simulate(plan).remarks
    assert remarks[-1] == (
        "masks of scores: 2, keep 0.34 to 0.38 of the elements, mean 0.36 (qkt; given for all heads, true = kept)"
    )


def test_encoders_or_heads_as_many_are_asked_for():
    plan = ps.plan(SMALL.replace({"depth": 3}))
    with pytest.raises(ps.InputError) as error:
        ps.mask_attention(plan, KEPT[0])
    assert error.value.problems == (
        "masks: 3 masks for 3 encoders or for 3 heads? Give 3x1x10x10 or 1x3x10x10 (got 3x10x10)",
    )
    assert ps.mask_attention(plan, KEPT[:1]) == ps.mask_attention(plan, [KEPT[0]] * 3)


@pytest.mark.parametrize(
    ("share", "is_refused"), [(0.05, False), (0.5, False), (0.6, False), (0.61, True), (0.95, True), (1.0, False)]
)
def test_what_true_marks_is_asked_where_it_is_not_clear(tmp_path, share, is_refused):
    masks = np.zeros(KEPT.shape, dtype=bool)
    masks.reshape(2, -1)[:, : round(share * masks[0].size)] = True
    np.save(tmp_path / "m.npy", masks)
    for given in (masks, tmp_path / "m.npy", {1: masks[0], 2: masks[1]}):
        if is_refused:
            with pytest.raises(ps.InputError, match=f"true marks {share:g} of the scores, kept ones or those left out"):
                ps.mask_attention(PLAN, given)
        else:
            assert ps.mask_attention(PLAN, given) == ps.mask_attention(PLAN, given, pruned_is_true=False)
    if share < 1:
        kept, left_out = (ps.mask_attention(PLAN, masks, pruned_is_true=b).encoders[0] for b in (False, True))
        assert (kept.attention_mask.kept ^ left_out.attention_mask.kept).all()


def test_a_file_without_attention_masks(tmp_path):
    np.savez(tmp_path / "m.npz", **{"1.fc1": KEPT[0], "1.fc1.block": np.int64(1)})
    with pytest.raises(ps.InputError) as error:
        ps.mask_attention(PLAN, tmp_path / "m.npz")
    assert error.value.problems == (f"{tmp_path / 'm.npz'}: holds no mask of operand out, which scores are",)


def test_a_split_attention_in_a_file(tmp_path):
    ps.write_trace(ps.lower(ps.split_attention(ps.mask_attention(PLAN, KEPT), 3)), tmp_path / "a.csv")
    with pytest.raises(ps.InputError) as error:
        ps.mask_attention(PLAN, tmp_path / "a.masks.npz")
    assert "1.qkt.1: is no attention mask of an encoder; those have names such as 1.qkt" in error.value.problems[0]


def test_masks_of_skipped_attentions_are_passed_over():
    one = ps.mask_attention(ps.skip_attention(PLAN, active=[2]), KEPT)
    assert one == ps.skip_attention(ps.mask_attention(PLAN, KEPT), active=[2])
    assert one.encoders[0].attention_mask is None


@pytest.mark.parametrize("threshold", [0, 1, 2, 3, 5, 9, 10])
@pytest.mark.parametrize("batch", [1, 2])
def test_the_split_equals_a_walk_over_keys(threshold, batch):
    trace = ps.lower(ps.split_attention(ps.mask_attention(PLAN, KEPT), threshold), batch)
    for encoder, heads in enumerate(KEPT, start=1):
        scores, values = [], []
        for head in heads.tolist():
            dense, rest = sparse_counts.split(head, threshold)
            others = [[v for key, v in enumerate(row) if key not in dense] for row in head]
            others_kept = sum(map(sum, others))
            assert others_kept == rest
            if dense:
                scores.append((len(dense), batch * TOKENS * len(dense) * WIDTH))
                values.append((len(dense), batch * TOKENS * len(dense) * WIDTH))
            if rest:
                n = TOKENS - len(dense)
                scores.append((n, batch * sparse_counts.macs(others, "out", TOKENS, WIDTH, n)))
                values.append((n, batch * sparse_counts.macs(others, "a", TOKENS, n, WIDTH)))
        assert [(op.n, trace.macs_of(op)) for op in ops(trace, encoder, "qkt")] == scores
        assert [(op.k, trace.macs_of(op)) for op in ops(trace, encoder, "sv")] == values
        assert {op.repeats for op in ops(trace, encoder, "qkt")} == {batch}
        assert len(ops(trace, encoder, "softmax", "softmax")) == 1


def test_scores_without_requantisation():
    plan = ps.mask_attention(ps.plan(SMALL, score_bits=32), KEPT)
    for wide in (plan, ps.split_attention(plan, 3)):
        trace = ps.lower(wide)
        assert {op.out_bits for op in trace if op.module == "qkt"} == {32}
        assert not requants_behind(trace, "qkt")


def test_the_processor_charges_kept_scores_alone():
    model = ps.load_model("deit_t")
    plan = ps.mask_attention(ps.plan(model), density=0.25)
    trace = ps.lower(plan)
    sparse = ps.Trace(tuple(op for op in trace if op.kind == "softmax"))
    dense = ps.Trace(tuple(op._replace(density=1.0) for op in sparse))
    ratio = ps.simulate(sparse).ps_ms / ps.simulate(dense).ps_ms
    assert ratio == pytest.approx(round(0.25 * 197 * 197) / 197**2)
    notes = [note for note in ps.simulate(sparse).notes if "[assumed]" in note and "sparse scores" in note]
    assert len(notes) == 1
    assert not any("sparse scores" in note for note in ps.simulate(dense).notes)


def test_units_of_the_pl_take_kept_scores_alone():
    hw = ps.load_hardware("zcu102").replace({"placement.softmax": "pl"})
    unit = hw.units.softmax
    softmax = ps.workload.Op(1, "softmax", "softmax", 197, 1, 197, 3)
    for kept in (1, 3 * 16, 3 * 16 + 1, 3 * 197 * 197):
        op = softmax._replace(density=kept / (3 * 197 * 197))
        cycles = 3 * (-(-kept // (3 * unit.elements_per_clock)) + unit.fill_cycles)
        assert ps.simulate(ps.Trace((op,)), hw).unit_cycles == cycles


def test_transfers_move_kept_scores_alone():
    hw = ps.load_hardware("zcu102").replace({"host.full.call_us": 0, "host.transfer.cache_ns_per_line": 0})
    softmax = ps.workload.Op(1, "softmax", "softmax", 1024, 1, 1024)
    gemm = ps.workload.Op(1, "fc1", "gemm", 1, 1, 1)
    moved = []
    for density in (1.0, 0.25):
        report = ps.simulate(ps.Trace((softmax._replace(density=density), gemm)), hw, profile="full")
        moved += [row.delay_ms for row in report.rows if row.module == "transfer"]
    assert moved[1] == pytest.approx(moved[0] / 4)


def test_exact_elements_of_large_operations():
    op = ps.workload.Op(1, "softmax", "softmax", 2**40, 1, 2**20, density=1.0)
    assert ps.Trace((op,)).elements_of(op) == 2**60
    for kept in (1, 10**9 + 7, 2**33 - 1):
        op = ps.workload.Op(1, "softmax", "softmax", 2**20, 1, 2**13, density=kept / 2**33)
        assert ps.Trace((op,)).elements_of(op) == kept


def problems_of(call):
    with pytest.raises(ps.InputError) as error:
        call()
    return list(error.value.problems)


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        ({}, "mask_attention: give masks or density"),
        ({"masks": KEPT, "density": 0.5}, "mask_attention: give masks or density, not both"),
        ({"density": 0}, "density: must lie above 0 and at most 1 (got 0)"),
        ({"density": 1.5}, "density: must lie above 0 and at most 1 (got 1.5)"),
        ({"density": float("nan")}, "density: must lie above 0 and at most 1 (got nan)"),
        ({"density": 0.001}, "density: keeps none of 10x10 scores (got 0.001)"),
        ({"density": 0.5, "seed": -3}, "seed: must be at least 0 (got -3)"),
        ({"density": 0.5, "pruned_is_true": True}, "pruned_is_true: goes with masks; density is the kept share"),
        ({"masks": KEPT, "pruned_is_true": 1}, "pruned_is_true: must be true or false (got 1)"),
        ({"masks": KEPT, "seed": 4}, "seed: nothing is drawn where masks are given (got 4)"),
        (
            {"masks": KEPT[:, 0, 0, 0]},
            "masks: must be an array of 2x3x10x10, or 10x10 for all encoders and heads (got a vector of 2)",
        ),
        (
            {"masks": [KEPT[0]] * 3},
            "masks: must be an array of 2x3x10x10, or 10x10 for all encoders and heads (got 3x3x",
        ),
        ({"masks": [KEPT[0, 0]] * 4}, "masks: must have 3 heads of 10 x 10 tokens"),
        ({"masks": KEPT[:, :, :, :1]}, "masks, encoders 1-2: must have 3 heads of 10 x 10 tokens"),
        ({"masks": KEPT[0, 0, :9, :9]}, "masks: must have 3 heads of 10 x 10 tokens"),
        (
            {"masks": KEPT.astype(float)},
            "masks, encoders 1-2: must hold true and false, or the integers 1 and 0 (got decimal numbers); .astype",
        ),
        ({"masks": KEPT * 2}, "masks, encoders 1-2: must hold true and false, or the integers 1 and 0 (got 2)"),
        (
            {"masks": KEPT.astype(np.int8) * -1},
            "masks, encoders 1-2: must hold true and false, or the integers 1 and 0 (got -1)",
        ),
        (
            {"masks": KEPT.astype(str)},
            "masks, encoders 1-2: must hold true and false, or the integers 1 and 0 (got text)",
        ),
        (
            {"masks": ~KEPT},
            "masks: true marks 0.722 of the scores, kept ones or those left out? State pruned_is_true=false "
            "(keeps 0.722), or pruned_is_true=true as for ViTCoD's files (keeps 0.278)",
        ),
        (
            {"masks": KEPT[:, :, :9, :9]},
            "masks, encoders 1-2: must have 3 heads of 10 x 10 tokens",
        ),
        ({"masks": KEPT[:, :2]}, "masks, encoders 1-2: must have 3 heads of 10 x 10 tokens"),
        (
            {"masks": [[True], [True, False]]},
            "masks: must be an array, its rows of one length (got a list of one: true; true, false)",
        ),
        (
            {"masks": {1: [[True], [True, False]]}},
            "masks, encoder 1: must be an array, its rows of one length (got a list of one: true; true, false)",
        ),
        ({"masks": {2: KEPT[0] & False}}, "masks, encoder 2: keeps nothing; leave its encoder out of the active ones"),
        ({"masks": {3: KEPT[0]}}, "masks: encoder: must be at most 2 (got 3)"),
        ({"masks": "none.npy"}, "none.npy: no such file"),
    ],
    ids=str,
)
def test_wrong_masks(arguments, problem):
    assert problems_of(lambda: ps.mask_attention(PLAN, **arguments))[0].startswith(problem)


def test_wrong_masks_of_several_encoders_are_told_at_once():
    found = problems_of(lambda: ps.mask_attention(PLAN, {1: KEPT[0, :2], 2: KEPT[0] & False, 7: KEPT[0]}))
    assert len(found) == 3


def test_a_mask_of_an_encoder_that_is_skipped():
    skipped = ps.skip_attention(PLAN, active=[1])
    assert problems_of(lambda: ps.mask_attention(skipped, {2: KEPT[1]})) == [
        "masks: the attention of encoder 2 is skipped"
    ]


def test_one_mask_and_one_split():
    masked = ps.mask_attention(PLAN, {1: KEPT[0]})
    assert problems_of(lambda: ps.mask_attention(masked, KEPT)) == ["encoder 1: has an attention mask already"]
    split = ps.split_attention(masked)
    assert [e.split_threshold for e in split.encoders] == [50, None]
    assert problems_of(lambda: ps.split_attention(split)) == [
        "split_attention: encoders are split already (got a list of one: 1)"
    ]
    assert problems_of(lambda: ps.split_attention(masked, -1)) == ["threshold: must be at least 0 (got -1)"]
    assert problems_of(lambda: ps.split_attention(PLAN)) == [
        "split_attention: no encoder has an attention mask; mask the attention first"
    ]


def test_tokens_and_heads_go_before_masks():
    masked = ps.mask_attention(PLAN, KEPT)
    fewer = replace(masked, encoders=tuple(replace(e, attention_tokens=7) for e in masked.encoders))
    assert problems_of(lambda: ps.lower(fewer)) == [
        "encoders 1-2: the attention mask is of 10x10 tokens, attention has 7; prune tokens before masking attention"
    ]
    assert problems_of(lambda: ps.prune_heads(masked, 2)) == [
        "encoders 1-2: the attention mask is of 3 heads, the encoder has 2"
    ]
    narrow = Mask("out", 10, 9, 1, KEPT[0, :, :, :9])
    odd = replace(PLAN, encoders=(replace(PLAN.encoders[0], attention_mask=narrow), PLAN.encoders[1]))
    assert "the attention mask is of 10x9 tokens, attention has 10" in problems_of(lambda: ps.lower(odd))[0]
    lonely = replace(PLAN, encoders=(replace(PLAN.encoders[0], split_threshold=3), PLAN.encoders[1]))
    assert problems_of(lambda: ps.lower(lonely)) == ["encoder 1: split_threshold: needs an attention mask (got 3)"]


def test_heads_that_are_left_have_masks_of_their_own_number():
    plan = ps.mask_attention(ps.prune_heads(PLAN, 2), KEPT[:, :2])
    assert [op.repeats for op in ps.lower(plan) if op.module == "qkt"] == [2, 2]
    with pytest.raises(ps.InputError, match="must have 2 heads of 10 x 10 tokens"):
        ps.mask_attention(ps.prune_heads(PLAN, 2), KEPT)


def test_a_split_attention_has_no_heads_side_by_side(tmp_path):
    split = ps.split_attention(ps.mask_attention(PLAN, KEPT))
    ps.write_trace(ps.lower(split), tmp_path / "t.csv")
    for workload in (split, ps.read_trace(tmp_path / "t.csv")):
        assert problems_of(lambda w=workload: ps.simulate(w, ps_pl_overlap="heads")) == [
            "ps_pl_overlap: a split attention runs its heads one by one, so none is side by side with another; "
            "leave the split out (got 'heads')"
        ]
