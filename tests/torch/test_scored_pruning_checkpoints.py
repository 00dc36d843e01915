"""Masks learned in training, through a saved checkpoint, into plans, and onto the array, its memories and the MPCA."""

import numpy as np
import pytest

import pivotsim as ps
from tests.torch.small import PLAIN, REASON

torch = pytest.importorskip("torch", reason=REASON)
from pivotsim.importers.checkpoints.pruned import checkpoint_of
from pivotsim.vit_torch.reducers.reduction import prune_tdm
from pivotsim.vit_torch.training.loop import train
from pivotsim.vit_torch.training.pruning.removal import pruned_state, remove_heads
from pivotsim.vit_torch.training.pruning.scored_pruning import ScoredPruning
from pivotsim.vit_torch.training.recipes import Recipe
from tests.torch.training_cases import grown, whole_batches

MODEL = PLAIN.replace({"width": 48, "head_features": 48, "mlp_hidden": 64})  # three heads 16 wide
BLOCK, DENSITY = 4, 0.5
ARRAY = ps.load_hardware("zcu102").replace({"array.rows": 8, "array.cols": 8})  # for so small a model
MACHINES = [(ARRAY, "paper"), (ARRAY, "hw"), (ps.load_hardware("u250_mpca"), "hw")]


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """A ViT whose masks were learned while tokens were dropped, its scores, and its saved checkpoint."""
    vit, part = grown(0, MODEL), ScoredPruning(block=BLOCK, density=DENSITY, learning_rate=0.1)
    prune_tdm(vit, keep_rate=0.5, encoders=[2])
    train(vit, whole_batches(), Recipe(6, 1e-3, 0.0, "labels"), parts=[part])
    path = tmp_path_factory.mktemp("saved") / "pruned.pth"
    torch.save(pruned_state(vit), path)
    return vit, part, path


def pruned_plan(path):
    return ps.with_checkpoint(ps.prune_tokens(ps.plan(MODEL), "tdm", keep_rate=0.5, encoders=[2]), path)


def test_masks_heads_and_neurons_come_back(trained):
    vit, part, path = trained
    found = pruned_plan(path)
    assert not part.removed_heads
    for block, encoder in zip(vit.blocks, found.encoders, strict=True):
        assert set(encoder.weight_masks) == {"qkv", "proj"} and encoder.mlp_hidden == 32  # ceil(64 / 2)
        for label, layer in (("qkv", block.attn.qkv), ("proj", block.attn.proj)):
            mask, scored = encoder.weight_masks[label], part.scored[layer]
            assert mask.block == BLOCK and mask.density == DENSITY
            assert np.array_equal(mask.kept[0], scored.kept().flatten(0, 1).T.numpy())


def test_a_removed_head_is_gone_from_the_plan(trained, tmp_path):
    vit, _, _ = trained
    with torch.no_grad():
        weight = vit.blocks[1].attn.qkv.weight
        kept, lost = weight.clone(), slice(2 * 48 + 16, 2 * 48 + 32)
        weight[lost] = 0  # the second head's part of W_v
    proj = vit.blocks[1].attn.proj.weight.detach().clone()
    bias = vit.blocks[1].attn.qkv.bias.detach().clone()
    try:
        assert remove_heads(vit) == {2: [1]}
        torch.save(pruned_state(vit), tmp_path / "fewer.pth")
    finally:
        with torch.no_grad():
            weight.copy_(kept)
            vit.blocks[1].attn.proj.weight.copy_(proj)
            vit.blocks[1].attn.qkv.bias.copy_(bias)
    found = checkpoint_of(ps.plan(MODEL), tmp_path / "fewer.pth")
    assert found.heads == {2: (2, 3)}
    assert [(op.k, op.n) for op in ps.lower(found.workload) if op.encoder == 2 and op.module == "qkv"] == [(48, 96)]


def test_work_is_that_of_the_kept_blocks_alone(trained):
    vit, part, path = trained
    tokens = [(17, 17), (17, 10), (10, 10)]  # 16 patches: 8 stay and one fused, beside the class token
    wanted = 0
    for block, (attention, mlp) in zip(vit.blocks, tokens, strict=True):
        for layer in (block.attn.qkv, block.attn.proj):
            wanted += attention * int(part.scored[layer].kept().sum()) * BLOCK**2
        wanted += 2 * attention**2 * 48 + 2 * mlp * 32 * 48
    trace = ps.lower(pruned_plan(path))
    products = ("qkv", "qkt", "sv", "proj", "fc1", "fc2")
    assert sum(trace.macs_of(op) for op in trace if op.module in products) == wanted


@pytest.mark.parametrize(("hw", "memory"), MACHINES, ids=["array", "memories", "MPCA"])
def test_every_machine_runs_the_masks(trained, hw, memory):
    """The clocks are those of the same masks given by hand, and fewer than without masks."""
    vit, part, path = trained
    plan = ps.prune_tokens(ps.plan(MODEL), "tdm", keep_rate=0.5, encoders=[2])
    plan = ps.prune_neurons(plan, hidden=32)
    masks = {
        f"{number}.{label}": part.scored[layer].kept().flatten(0, 1).T.numpy()
        for number, block in enumerate(vit.blocks, start=1)
        for label, layer in (("qkv", block.attn.qkv), ("proj", block.attn.proj))
    }
    by_hand = ps.prune_blocks(plan, block=BLOCK, masks=masks)
    found, given, whole = (ps.simulate(one, hw, memory=memory).pl_cycles for one in (pruned_plan(path), by_hand, plan))
    assert found == given < whole
