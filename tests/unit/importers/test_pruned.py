"""Plans and traces with a checkpoint's weights: what was left out of the weights is left out of the work."""

from dataclasses import replace

import numpy as np
import pytest

import pivotsim as ps
from pivotsim.importers.checkpoints.pruned import checkpoint_of
from pivotsim.workload.masks.masks import drawn_mask
from pivotsim.workload.ops import Op, Trace
from tests.unit.importers.checkpoint_files import TIMM, TRANSFORMERS, weights_of, write_safetensors

SMALL = ps.load_model("deit_s").replace({"depth": 3, "width": 128, "heads": 4, "mlp_hidden": 200, "name": "small"})
GATED = SMALL.replace({"gated_mlp": True})
WHOLE = ps.plan(SMALL)


def masks_of(plan):
    return [dict(e.weight_masks) for e in plan.encoders]


def written(tmp_path, arrays):
    return write_safetensors(tmp_path / "pruned.safetensors", arrays)


def joined(arrays, names, name):
    """Put tensors side by side as one, as a fused layer keeps them."""
    rows = [arrays.pop(each) for each in names]
    arrays[name] = np.vstack(rows)


def layered(trace):
    """Name the layers of a lowered plan as timm does."""
    named = (
        op._replace(layer=f"blocks.{op.encoder - 1}.{TIMM[op.module]}") if op.module in TIMM and op.encoder else op
        for op in trace
    )
    return replace(trace, ops=tuple(named))


@pytest.mark.parametrize("block", [4, 8, 12, 16, 32])
@pytest.mark.parametrize("kind", ["safetensors", "npz"])
def test_drawn_masks_of_a_plan_come_back(block, kind, tmp_path):
    pruned = ps.prune_blocks(WHOLE, block=block, density=0.5)
    path = tmp_path / f"pruned.{kind}"
    if kind == "npz":
        np.savez(path, **weights_of(pruned))
    else:
        write_safetensors(path, weights_of(pruned))
    found = ps.with_checkpoint(WHOLE, path)
    assert masks_of(found) == masks_of(pruned)
    assert {mask.block for masks in masks_of(found) for mask in masks.values()} == {block}
    assert ps.lower(found).macs == ps.lower(pruned).macs < ps.lower(WHOLE).macs


def test_heads_and_neurons_follow_from_shapes_and_masks_from_what_is_left(tmp_path):
    pruned = ps.prune_neurons(ps.prune_heads(WHOLE, {1: 2, 3: 3}), hidden={2: 100})
    pruned = ps.prune_blocks(pruned, block=16, density={"qkv": 0.5, "fc2": 0.3})
    found = checkpoint_of(WHOLE, written(tmp_path, weights_of(pruned)))
    sizes = [[(op.module, op.m, op.k, op.n, op.repeats) for op in ps.lower(plan)] for plan in (found.workload, pruned)]
    assert sizes[0] == sizes[1]
    assert (found.heads, found.neurons) == ({1: (2, 4), 3: (3, 4)}, {2: (100, 200)})
    assert masks_of(found.workload) == masks_of(pruned)
    text = str(found)
    assert "heads: 2 of 4 in encoders 1" in text and "neurons: 100 of 200 in encoders 2" in text


@pytest.mark.parametrize("stem", ["encoder.layer.{}.", "vit.encoder.layer.{}.", "model.layers.{}."])
def test_names_of_transformers_are_split_or_joined_as_the_plan_needs(stem, tmp_path):
    separate = ps.plan(SMALL, qkv="separate")
    pruned = ps.prune_blocks(ps.prune_heads(separate, 3), block=16, density=0.5)
    path = written(tmp_path, weights_of(pruned, TRANSFORMERS, stem))
    assert masks_of(ps.with_checkpoint(separate, path)) == masks_of(pruned)
    fused = ps.with_checkpoint(WHOLE, path)
    for e, own in zip(fused.encoders, pruned.encoders, strict=True):
        parts = [own.weight_masks[label].elements() for label in "qkv"]
        assert (e.weight_masks["qkv"].elements() == np.hstack(parts)).all()


def test_fused_weights_are_split_for_a_separate_plan(tmp_path):
    fused = ps.prune_blocks(WHOLE, block=16, density=0.5)
    found = ps.with_checkpoint(ps.plan(SMALL, qkv="separate"), written(tmp_path, weights_of(fused)))
    for e, own in zip(found.encoders, fused.encoders, strict=True):
        parts = [e.weight_masks[label].elements() for label in "qkv"]
        assert (np.hstack(parts) == own.weight_masks["qkv"].elements()).all()


@pytest.mark.parametrize("names", ["g and x", "w1 and w2", "w12", "fc1"])
def test_gates(names, tmp_path):
    whole = ps.plan(GATED)
    pruned = ps.prune_blocks(whole, block=8, density=0.5)
    arrays = weights_of(pruned)
    for i in range(SMALL.depth):
        own = [f"blocks.{i}.mlp.fc1_g.weight", f"blocks.{i}.mlp.fc1_x.weight"]
        if names == "w1 and w2":
            for old, new in zip((*own, f"blocks.{i}.mlp.fc2.weight"), ("w1", "w2", "w3"), strict=True):
                arrays[f"blocks.{i}.mlp.{new}.weight"] = arrays.pop(old)
        elif names != "g and x":
            joined(arrays, own, f"blocks.{i}.mlp.{names}.weight")
    found = checkpoint_of(whole, written(tmp_path, arrays))
    assert masks_of(found.workload) == masks_of(pruned)
    assert (found.unread, found.missing) == ((), ())


def test_conv1d_keeps_inputs_first(tmp_path):
    pruned = ps.prune_blocks(WHOLE, block=16, density=0.5)
    names = {**TIMM, "qkv": "attn.c_attn", "proj": "attn.c_proj", "fc1": "mlp.c_fc", "fc2": "mlp.c_proj"}
    arrays = {name: weight.T for name, weight in weights_of(pruned, names, "h.{}.").items()}
    assert masks_of(ps.with_checkpoint(WHOLE, written(tmp_path, arrays))) == masks_of(pruned)


def test_blocks_of_two_sizes_become_the_smaller_one(tmp_path):
    pruned = ps.prune_blocks(ps.prune_blocks(WHOLE, block=32, density={"qkv": 0.5}), block=16, density={"fc1": 0.5})
    found = ps.with_checkpoint(WHOLE, written(tmp_path, weights_of(pruned)))
    for e, own in zip(found.encoders, pruned.encoders, strict=True):
        assert {label: mask.block for label, mask in e.weight_masks.items()} == {"qkv": 16, "fc1": 16}
        for label, mask in e.weight_masks.items():
            assert (mask.elements() == own.weight_masks[label].elements()).all()


def test_zeros_that_gain_nothing_are_told(tmp_path):
    arrays = weights_of(WHOLE)
    for i in range(SMALL.depth):
        arrays[f"blocks.{i}.mlp.fc1.weight"][:, ::2] = 0
        weight = arrays[f"blocks.{i}.attn.qkv.weight"]
        weight[np.random.default_rng(i).random(weight.shape) < 0.5] = 0
    arrays["blocks.0.mlp.fc2.weight"][:] = 0
    found = checkpoint_of(WHOLE, written(tmp_path, arrays))
    assert ps.lower(found.workload) == ps.lower(WHOLE)
    assert {(row.module, row.structure, row.matrices) for row in found.rows} == {
        ("qkv", "unstructured", 3), ("fc1", "1:2 along the inputs", 3), ("proj", "none", 3), ("fc2", "none", 2),
        ("fc2", "zero throughout, kept whole", 1),
    }  # fmt: skip
    assert str(found).count("gains nothing here") == 3


def test_what_does_not_fit_is_told_by_name_with_both_shapes(tmp_path):
    arrays = weights_of(WHOLE)
    arrays["blocks.0.attn.qkv.weight"] = np.ones((300, 128), "f4")
    arrays["blocks.1.attn.proj.weight"] = np.ones((128, 100), "f4")
    arrays["blocks.2.mlp.fc2.weight"] = np.ones((128, 300), "f4")
    path = written(tmp_path, arrays)
    with pytest.raises(ps.InputError) as caught:
        ps.with_checkpoint(WHOLE, path)
    assert list(caught.value.problems) == [
        f"{path}: blocks.0.attn.qkv.weight: must be 384x128 for qkv (got 300x128)",
        f"{path}: blocks.1.attn.proj.weight: must be 128x128 for proj (got 128x100)",
        f"{path}: blocks.2.mlp.fc2.weight: must be 128x200 for fc2 (got 128x300)",
    ]


def test_another_model_is_a_line_for_each_kind_of_weight(tmp_path):
    path = written(tmp_path, weights_of(ps.plan(SMALL.replace({"width": 160, "heads": 5, "mlp_hidden": 300}))))
    with pytest.raises(ps.InputError) as caught:
        ps.with_checkpoint(WHOLE, path)
    assert len(caught.value.problems) == 4
    first = "blocks.0.attn.qkv.weight: must be 384x128 for qkv (got 480x160); the same of 2 more encoders"
    assert caught.value.problems[0] == f"{path}: {first}"


def test_weights_without_a_matrix_and_matrices_without_a_weight_are_noted(tmp_path):
    arrays = weights_of(ps.prune_blocks(WHOLE, block=16, density=0.5))
    del arrays["blocks.1.attn.proj.weight"], arrays["blocks.2.attn.proj.weight"]
    arrays |= {"head.weight": np.ones((10, 128), "f4"), "blocks.7.attn.qkv.weight": np.ones((384, 128), "f4")}
    found = checkpoint_of(WHOLE, written(tmp_path, {**arrays, "norm.weight": np.ones(128, "f4")}))
    assert found.unread == ("head.weight", "blocks.7.attn.qkv.weight")
    assert "not in the checkpoint, kept whole: encoders.*.proj (2)" in str(found)
    assert "proj" not in found.workload.encoders[1].weight_masks


def test_other_files_and_masks_that_are_there_are_refused(tmp_path):
    pruned = ps.prune_blocks(WHOLE, block=16, density={"qkv": 0.5})
    path = written(tmp_path, weights_of(pruned))
    with pytest.raises(ps.InputError, match="encoder 1: qkv: has a mask already"):
        ps.with_checkpoint(pruned, path)
    with pytest.raises(ps.InputError, match="must be a Plan or a Trace"):
        ps.with_checkpoint("deit_s", path)
    with pytest.raises(ps.InputError, match="holds no weights of encoders such as"):
        ps.with_checkpoint(WHOLE, written(tmp_path, {"head.weight": np.ones((10, 128), "f4")}))


def test_attention_that_is_skipped_needs_no_weights(tmp_path):
    pruned = ps.prune_blocks(WHOLE, block=16, density=0.5)
    found = checkpoint_of(ps.skip_attention(WHOLE, active=[2]), written(tmp_path, weights_of(pruned)))
    mlp = {"fc1", "fc2"}
    assert [set(masks) for masks in masks_of(found.workload)] == [mlp, {"qkv", "proj", *mlp}, mlp]
    assert "blocks.0.attn.qkv.weight" in found.unread


@pytest.mark.parametrize("first", ["", "vit."])
def test_a_trace_has_the_masks_of_its_layers(first, tmp_path):
    pruned = ps.prune_blocks(WHOLE, block=16, density=0.5)
    path = written(tmp_path, weights_of(pruned, stem=first + "blocks.{}."))
    found = ps.with_checkpoint(layered(ps.lower(WHOLE)), path)
    wanted = ps.lower(pruned)
    assert [found.mask_of(op) for op in found] == [wanted.mask_of(op) for op in wanted]
    assert found.macs == wanted.macs
    assert ps.simulate(found).pl_cycles == ps.simulate(pruned).pl_cycles
    assert f"weights of {path}" in found.notes


def test_weights_of_multihead_attention(tmp_path):
    pruned = ps.prune_blocks(WHOLE, block=16, density=0.5)
    layers = {"qkv": "self_attn", "proj": "self_attn", "fc1": "linear1", "fc2": "linear2"}
    names = {"qkv": "self_attn.in_proj", "proj": "self_attn.out_proj", "fc1": "linear1", "fc2": "linear2"}
    arrays = weights_of(pruned, names, "layers.{}.")
    arrays = {name.replace("in_proj.weight", "in_proj_weight"): weight for name, weight in arrays.items()}
    path = written(tmp_path, arrays)
    ops = tuple(
        op._replace(layer=f"layers.{op.encoder - 1}.{layers[op.module]}") if op.module in layers else op
        for op in ps.lower(WHOLE)
    )
    found = checkpoint_of(Trace(ops, "net"), path)
    assert found.workload.macs == ps.lower(pruned).macs
    assert (found.unread, found.missing) == ((), ())
    assert masks_of(ps.with_checkpoint(WHOLE, path)) == masks_of(pruned)


def test_convolutions_in_the_order_channel_row_column_with_a_copy_per_group(tmp_path):
    ops = (Op(0, "conv", "gemm", 49, 8 * 9, 32, layer="stem"), Op(0, "conv", "gemm", 49, 16 * 4, 24, 2, layer="groups"))
    masks = [drawn_mask(op.k, op.n, block=8, density=0.5, seed=1, count=op.repeats) for op in ops]
    weights = [np.stack([mask.elements(i).T for i in range(mask.count)]).astype("f4") for mask in masks]
    arrays = {"stem.weight": weights[0].reshape(32, 8, 3, 3), "groups.weight": weights[1].reshape(48, 16, 2, 2)}
    found = ps.with_checkpoint(Trace(ops, "net"), written(tmp_path, arrays))
    for op, mask in zip(found, masks, strict=True):
        assert (found.mask_of(op).kept == mask.kept).all()
    weight = arrays["stem.weight"]
    kept = found.mask_of(found.ops[0]).elements()
    assert all(kept[9 * c + 3 * i + j, n] == weight[n, c, i, j] for n, c, i, j in np.ndindex(weight.shape))


def test_a_square_weight_lies_as_the_others_of_its_encoder(tmp_path):
    ops = tuple(
        Op(1, "other", "gemm", 10, k, n, layer=f"{stack}.0.{name}")
        for stack in ("h", "blocks")
        for name, k, n in (("up", 32, 64), ("square", 32, 32))
    )
    mask = drawn_mask(32, 32, block=8, density=0.4, seed=5).elements()
    assert (mask != mask.T).any()
    arrays = {"h.0.up.weight": np.ones((32, 64), "f4"), "h.0.square.weight": mask.astype("f4"),
              "blocks.0.up.weight": np.ones((64, 32), "f4"), "blocks.0.square.weight": mask.T.astype("f4")}  # fmt: skip
    found = ps.with_checkpoint(Trace(ops, "net"), written(tmp_path, arrays))
    for place in (1, 3):
        assert (found.mask_of(found.ops[place]).elements() == mask).all()


def test_a_weight_that_is_multiplied_by_both_ways_has_a_mask_for_each(tmp_path):
    ops = (Op(1, "other", "gemm", 10, 32, 64, layer="a"), Op(1, "other", "gemm", 10, 64, 32, layer="a"))
    mask = drawn_mask(32, 64, block=8, density=0.4, seed=5).elements()
    found = ps.with_checkpoint(Trace(ops, "net"), written(tmp_path, {"a.weight": mask.T.astype("f4")}))
    assert (found.mask_of(found.ops[0]).elements() == mask).all()
    assert (found.mask_of(found.ops[1]).elements() == mask.T).all()


def test_what_does_not_fit_a_trace_is_told(tmp_path):
    trace = layered(ps.lower(WHOLE))
    arrays = weights_of(ps.prune_heads(WHOLE, 2))
    path = written(tmp_path, arrays)
    with pytest.raises(ps.InputError) as caught:
        ps.with_checkpoint(trace, path)
    wanted = "must be 384x128, for the 128x384 weights of layer blocks.0.attn.qkv (got 192x128)"
    assert caught.value.problems[0] == f"{path}: blocks.0.attn.qkv.weight: {wanted}"
    with pytest.raises(ps.InputError, match="names no layers"):
        ps.with_checkpoint(ps.lower(WHOLE), path)
    with pytest.raises(ps.InputError, match=r"holds no weight of small, such as blocks\.0\.attn\.qkv\.weight"):
        ps.with_checkpoint(trace, written(tmp_path, {"a.weight": np.ones((3, 3), "f4")}))
    masked = ps.with_checkpoint(trace, written(tmp_path, weights_of(ps.prune_blocks(WHOLE, block=16, density=0.5))))
    with pytest.raises(ps.InputError, match=r"layer blocks\.0\.attn\.qkv has a mask already"):
        ps.with_checkpoint(masked, path.with_name("pruned.safetensors"))


def test_a_masked_trace_goes_through_its_file(tmp_path):
    path = written(tmp_path, weights_of(ps.prune_blocks(WHOLE, block=16, density=0.5)))
    found = ps.with_checkpoint(layered(ps.lower(WHOLE)), path)
    ps.write_trace(found, tmp_path / "t.csv")
    again = ps.read_trace(tmp_path / "t.csv")
    assert [again.mask_of(op) for op in again] == [found.mask_of(op) for op in found]
