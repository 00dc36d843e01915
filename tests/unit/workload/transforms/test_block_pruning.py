"""Blocks of weight matrices: drawn and given masks, their shapes, and what is left of the work."""

import numpy as np
import pytest

import pivotsim as ps
from pivotsim.workload import Mask
from pivotsim.workload.masks.masks import drawn_mask
from pivotsim.workload.transforms.block_pruning import seed_of
from tests.oracles.workload import sparse_counts

SMALL = ps.load_model("deit_t").replace(
    {"depth": 2, "width": 12, "heads": 3, "mlp_hidden": 20, "image_px": 32, "patch_px": 16}
)
FLAGS, CAST = "must hold true and false, or the integers 1 and 0", "; .astype(bool) turns 0.0 and 1.0 into them"
PLAN = ps.plan(SMALL)  # 5 tokens; qkv 12x36, proj 12x12, fc1 12x20, fc2 20x12
RANDOM = np.random.default_rng(3)


def grid(rows, cols, share=0.5):
    kept = RANDOM.random((rows, cols)) < share
    kept[0, 0] = True
    return kept


def of(trace, encoder, module):
    return next(op for op in trace if (op.encoder, op.module, op.kind) == (encoder, module, "gemm"))


@pytest.mark.parametrize(
    ("block", "density"), [(1, 0.01), (1, 0.3), (4, 0.3), (5, 0.3), (5, 0.5), (11, 0.5), (12, 0.5), (4, 1.0)]
)
def test_lowered_macs_equal_a_walk_over_every_product(block, density):
    trace = ps.lower(ps.prune_blocks(PLAN, block=block, density=density, seed=2))
    for op in trace:
        if op.kind != "gemm" or not op.encoder:
            continue
        mask = trace.mask_of(op)
        elements = [[True] * op.n for _ in range(op.k)]
        if op.module in ("qkv", "proj", "fc1", "fc2"):
            kept = mask.kept[0].tolist()
            assert sum(map(sum, kept)) == int(density * mask.kept.size + 0.5)
            elements = sparse_counts.elements_of_blocks(kept, block, op.k, op.n)
        else:
            assert mask is None and op.density == 1
        one = sparse_counts.macs(elements, "b", op.m, op.k, op.n)
        assert trace.macs_of(op) == one * op.repeats
    assert trace.macs == sum(map(trace.macs_of, trace))


def test_drawn_masks_have_a_seed_of_their_own_whatever_the_order():
    both = ps.prune_blocks(ps.prune_blocks(PLAN, block=4, density={"mlp": 0.5}), block=4, density={"msa": 0.5})
    assert both == ps.prune_blocks(PLAN, block=4, density=0.5)
    first, second = (e.weight_masks["proj"] for e in both.encoders)
    assert first != second
    assert first == drawn_mask(12, 12, block=4, density=0.5, seed=seed_of(0, 1, "proj"))
    assert ps.prune_blocks(PLAN, block=4, density=0.5, seed=1).encoders[0].weight_masks["proj"] != first


def test_drawn_masks_are_told_by_the_operation_alone():
    op = of(ps.lower(ps.prune_blocks(PLAN, block=4, density={"fc1": 0.4})), 1, "fc1")
    assert (op.mask_file, op.mask_key, op.density) == ("", f"block=4,seed={seed_of(0, 1, 'fc1')}", 6 / 15)
    assert ps.Trace((op,)).macs == 6 * 16 * 5


def test_densities_by_group_and_label():
    trace = ps.lower(ps.prune_blocks(PLAN, block=4, density={"msa": 0.5, "fc1": 1 / 3}))
    shares = {m: of(trace, 2, m).density for m in ("qkv", "proj", "fc1", "fc2")}
    assert shares == pytest.approx({"qkv": 14 / 27, "proj": 5 / 9, "fc1": 1 / 3, "fc2": 1})


def test_separate_and_gated_matrices_have_labels_of_their_own():
    plan = ps.plan(SMALL.replace({"gated_mlp": True}), qkv="separate")
    masks = ps.prune_blocks(plan, block=4, density=0.5).encoders[0].weight_masks
    assert list(masks) == ["q", "k", "v", "proj", "gate", "value", "fc2"]
    assert len({masks[label].kept.tobytes() for label in ("q", "k", "v")}) == 3


def test_given_masks_by_label_and_by_encoder():
    everywhere, second = grid(3, 5), grid(3, 5)
    plan = ps.prune_blocks(PLAN, block=4, masks={"fc1": everywhere, "2.fc1": second})
    assert [e.weight_masks["fc1"].kept[0].tolist() for e in plan.encoders] == [everywhere.tolist(), second.tolist()]
    assert list(plan.encoders[0].weight_masks) == ["fc1"]
    op = of(ps.lower(plan), 2, "fc1")
    assert (op.mask_key, op.density) == ("2.fc1", second.mean())


def test_blocks_and_their_elements_are_the_same_mask():
    blocks = grid(3, 4)  # of a 12x20 matrix in blocks of 5: the last row of blocks is cut
    elements = np.array(sparse_counts.elements_of_blocks(blocks.tolist(), 5, 12, 20))
    a, b = (ps.prune_blocks(PLAN, block=5, masks={"fc1": m}) for m in (blocks, elements))
    assert a == b
    assert ps.lower(a).macs_of(of(ps.lower(a), 1, "fc1")) == 5 * int(elements.sum())


def test_q_k_and_v_are_joined_where_the_plan_has_them_as_one():
    q, k, v = grid(3, 3), grid(3, 3), grid(3, 3)
    joined = ps.prune_blocks(PLAN, block=4, masks={"q": q, "k": k, "1.v": v, "2.v": q})
    assert joined.encoders[0].weight_masks["qkv"].kept[0].tolist() == np.hstack([q, k, v]).tolist()
    assert joined.encoders[1].weight_masks["qkv"].kept[0].tolist() == np.hstack([q, k, q]).tolist()
    apart = ps.prune_blocks(ps.plan(SMALL, qkv="separate"), block=4, masks={"q": q, "k": k, "v": v})
    assert ps.lower(apart).macs == ps.lower(ps.prune_blocks(PLAN, block=4, masks={"q": q, "k": k, "v": v})).macs


def test_masks_from_files(tmp_path):
    kept = grid(3, 5)
    np.savez(tmp_path / "m.npz", fc1=kept)
    lines = [f"fc1,{row},{col}\n" for row, col in np.argwhere(kept)]
    (tmp_path / "m.csv").write_text("key,row,col\n" + "".join(lines))
    plans = [ps.prune_blocks(PLAN, block=4, masks=m) for m in ({"fc1": kept}, tmp_path / "m.npz", tmp_path / "m.csv")]
    assert plans[0] == plans[1] == plans[2]


def test_masks_that_are_masks_already():
    kept = grid(3, 5)
    mask = Mask("b", 12, 20, 4, kept)
    assert ps.prune_blocks(PLAN, block=4, masks={"fc1": mask}) == ps.prune_blocks(PLAN, block=4, masks={"fc1": kept})


def test_masks_as_traces_have_them_beside_them(tmp_path):
    kept, heads = grid(3, 5), np.ones((2, 3, 5, 5), dtype=bool)
    heads[:, :, 0, 1:] = False
    both = ps.mask_attention(ps.prune_blocks(PLAN, block=4, masks={"fc1": kept}), heads, pruned_is_true=False)
    ps.write_trace(ps.lower(both), tmp_path / "a.csv")
    beside = tmp_path / "a.masks.npz"
    assert ps.mask_attention(ps.prune_blocks(PLAN, block=4, masks=beside), beside) == both
    with pytest.raises(ps.InputError) as error:
        ps.prune_blocks(PLAN, block=3, masks=beside)
    assert error.value.problems == tuple(
        f"{beside}: {e}.fc1: is a mask of blocks of 4; the block asked for must be that (got 3)" for e in (1, 2)
    )
    with pytest.raises(ps.InputError) as error:
        ps.mask_attention(PLAN, beside, pruned_is_true=True)
    assert error.value.problems == (
        f"pruned_is_true: {beside} says what is kept, as traces have it; leave it out (got true)",
    )


@pytest.mark.parametrize("operand", ["a", "out"])
def test_a_file_of_masks_of_other_operands(tmp_path, operand):
    np.savez(tmp_path / "m.npz", **{"fc1": np.ones((3, 5), bool), "fc1.operand": np.str_(operand)})
    with pytest.raises(ps.InputError) as error:
        ps.prune_blocks(PLAN, block=4, masks=tmp_path / "m.npz")
    assert error.value.problems == (f"{tmp_path / 'm.npz'}: holds no mask of operand b, which weights are",)


def test_skipping_and_pruning_commute():
    one = ps.prune_blocks(ps.skip_attention(PLAN, active=[2]), block=4, density=0.5)
    other = ps.skip_attention(ps.prune_blocks(PLAN, block=4, density=0.5), active=[2])
    assert one == other
    assert list(one.encoders[0].weight_masks) == ["fc1", "fc2"]


def test_sizes_first_then_blocks():
    small = ps.prune_blocks(ps.prune_neurons(ps.prune_heads(PLAN, 2), hidden=8), block=4, density=0.5)
    assert of(ps.lower(small), 1, "qkv").n == 24
    for change in (lambda p: ps.prune_heads(p, 2), lambda p: ps.prune_neurons(p, 0.5)):
        with pytest.raises(ps.InputError) as error:
            change(ps.prune_blocks(PLAN, block=4, density=0.5))
        assert len(error.value.problems) == 2  # matrices, each in both encoders
        assert all(line.endswith("prune heads and neurons before blocks") for line in error.value.problems)


SKIPPED = ps.skip_attention(PLAN, active=[1])
GOOD = np.ones((3, 5), dtype=bool)


@pytest.mark.parametrize(
    ("arguments", "problems"),
    [
        ({}, ["prune_blocks: give density or masks"]),
        ({"density": {}}, ["density: must be a share, or map labels to shares (got {})"]),
        ({"density": 0.0}, ["density: must lie above 0 and at most 1 (got 0)"]),
        ({"density": 1.0001}, ["density: must lie above 0 and at most 1 (got 1.0001)"]),
        ({"density": float("nan")}, ["density: must lie above 0 and at most 1 (got nan)"]),
        ({"density": "half"}, ["density: must be a number (got 'half')"]),
        ({"density": {"mpl": 0.5}}, ["density: unknown label (got 'mpl'), nearest valid name: 'mlp'"]),
        ({"density": {"mlp": 0.5, "fc1": 0.5}}, ["density: fc1: stated twice"]),
        ({"density": {"mlp": 2, "qkw": 0.5, "fc2": -1}}, [
            "density: mlp: must lie above 0 and at most 1 (got 2)",
            "density: unknown label (got 'qkw'), nearest valid name: 'qkv'",
            "density: fc2: must lie above 0 and at most 1 (got -1)",
        ]),
        ({"density": 0.5, "seed": -1}, ["seed: must be at least 0 (got -1)"]),
        ({"density": 0.05, "block": 12}, [
            "proj: density: keeps none of 1 blocks, the layer would vanish (got 0.05)",
            "qkv: density: keeps none of 3 blocks, the layer would vanish (got 0.05)",
            "fc1: density: keeps none of 2 blocks, the layer would vanish (got 0.05)",
            "fc2: density: keeps none of 2 blocks, the layer would vanish (got 0.05)",
        ]),
        ({"density": {"proj": 0.5}, "block": 13},
         ["proj: block: must not exceed a side of the matrix, 12x12 (got 13)"]),
        ({"masks": {"fc1": GOOD}, "seed": 1}, ["seed: nothing is drawn where masks are given (got 1)"]),
        ({"masks": {}}, ["masks: must map labels to arrays, or be a path (got {})"]),
        ({"masks": 5}, ["masks: must map labels to arrays, or be a path (got 5)"]),
        ({"masks": {"fc1": np.ones((5, 3), dtype=bool)}},
         ["fc1: must have 3x5 blocks of 4, or 12x20 elements (got 5x3)"]),
        ({"masks": {"fc1": np.ones((3, 5, 1), dtype=bool)}},
         ["fc1: must have 3x5 blocks of 4, or 12x20 elements (got 3x5x1)"]),
        ({"masks": {"fc1": np.ones((3, 5))}}, [f"fc1: {FLAGS} (got decimal numbers){CAST}"]),
        ({"masks": {"fc1": np.full((3, 5), np.nan)}}, [f"fc1: {FLAGS} (got decimal numbers){CAST}"]),
        ({"masks": {"fc1": np.full((3, 5), 255)}}, [f"fc1: {FLAGS} (got 255)"]),
        ({"masks": {"fc1": [[True], [True, False]]}},
         ["fc1: must be an array, its rows of one length (got a list of one: true; true, false)"]),
        ({"masks": {"fc1": Mask("a", 12, 20, 4, GOOD)}},
         ["fc1: must be a mask of operand b, the weights (got 'a')"]),
        ({"masks": {"fc1": Mask("b", 12, 20, 5, np.ones((3, 4), bool))}},
         ["fc1: is a mask of blocks of 5; the block asked for must be that (got 4)"]),
        ({"masks": {"fc1": Mask("b", 12, 19, 4, GOOD)}}, ["fc1: must be a mask of 12x20 elements (got '12x19')"]),
        ({"masks": {"fc1": Mask("b", 12, 20, 4, np.array([GOOD, GOOD]))}},
         ["fc1: must have one copy (got 2)"]),
        ({"masks": {"fc1": ~GOOD}}, ["fc1: keeps nothing, the layer would vanish"]),
        ({"masks": {"fc1": np.eye(12, 20, dtype=bool)}},
         ["fc1: keeps block (0, 0) in part; use block 1 for elements"]),
        ({"masks": {"2.qkv": np.ones((3, 9), dtype=bool)}, "plan": SKIPPED},
         ["2.qkv: the attention of encoder 2 is skipped"]),
        ({"masks": {"3.fc1": GOOD}}, ["3.fc1: deit_t has encoders 1 to 2"]),
        ({"masks": {"0.fc1": GOOD}}, ["0.fc1: deit_t has encoders 1 to 2"]),
        ({"masks": {"fc3": GOOD, 7: GOOD}}, [
            "masks: unknown label (got 'fc3'), nearest valid name: 'fc2'",
            "masks: unknown label (got 7), valid names: fc1, fc2, k, proj, q, qkv, v",
        ]),
        ({"masks": {"q": np.ones((3, 3), dtype=bool)}},
         ["qkv: k, v of q, k, v is missing; the plan has them as one matrix"]),
        ({"masks": {"q": GOOD, "qkv": GOOD}}, ["qkv: stated twice, as qkv and as q"]),
        ({"masks": dict.fromkeys("qkv", np.ones((3, 3), dtype=bool)), "block": 5},
         ["block: q, k and v of 12 columns do not join in blocks; give qkv, or plan with qkv='separate' (got 5)"]),
    ],
    ids=str,
)  # fmt: skip
def test_what_is_wrong_is_told_at_once(arguments, problems):
    arguments = {"block": 4, **arguments}
    with pytest.raises(ps.InputError) as error:
        ps.prune_blocks(arguments.pop("plan", PLAN), **arguments)
    assert sorted(error.value.problems) == sorted(problems)


def test_a_matrix_has_one_mask():
    once = ps.prune_blocks(PLAN, block=4, density={"fc1": 0.5})
    with pytest.raises(ps.InputError) as error:
        ps.prune_blocks(once, block=4, density={"mlp": 0.5})
    assert error.value.problems == ("encoders 1-2: fc1: has a mask already",)
