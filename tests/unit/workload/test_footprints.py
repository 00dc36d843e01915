"""Footprints against counts made one by one, and against what is known of DeiT-S."""

import numpy as np
import pytest

import pivotsim as ps
from pivotsim.workload.footprints import stored_bytes
from pivotsim.workload.masks.masks import Mask
from pivotsim.workload.presets import PRESETS
from tests.oracles.workload import sparse_counts

PLAN = ps.plan("deit_s")


@pytest.mark.parametrize(
    ("height", "width", "block"),
    [(16, 16, 16), (17, 15, 16), (1, 1, 1), (4080, 16, 16), (4096, 16, 16), (4112, 16, 16), (257, 3, 1), (30, 70, 8)],
)
@pytest.mark.parametrize("weight_bytes", [1, 2])
def test_stored_bytes_equal_a_walk_over_the_columns(height, width, block, weight_bytes):
    kept = np.random.default_rng(height).random((-(-height // block), -(-width // block))) < 0.6
    mask = Mask("b", height, width, block, kept)
    assert stored_bytes(mask, weight_bytes) == sparse_counts.stored_bytes(kept.tolist(), block, weight_bytes)


@pytest.mark.parametrize("name", ["deit_t", "deit_s", "deit_b", "lvvit_s", "lvvit_m", "dinov2_g"])
def test_a_whole_model_keeps_everything(name):
    model = ps.load_model(name)
    for qkv in ("fused", "separate"):
        found = ps.workload.footprint(ps.plan(model, qkv=qkv))
        assert found.total.parameters_dense == found.total.parameters_kept == model.parameters
        assert found.total.macs_dense == found.total.macs_kept == ps.lower(ps.plan(model)).macs
        inside = [row for row in found.rows if row.label not in ("patch_embed", "head")]
        assert sum(row.parameters_kept for row in inside) == model.depth * model.encoder_parameters
        assert found.total.index_bytes == found.total.pointer_bytes == 0
        assert (found.parameter_ratio, found.mac_ratio) == (1, 1)


def test_deit_s():
    total = ps.workload.footprint(PLAN).total
    assert (total.parameters_dense, total.macs_dense) == (22_050_664, 4_598_882_304)
    weights = 12 * 12 * 384**2 + 768 * 384 + 384 * 1000
    assert total.payload_bytes == weights
    rows = {row.label: row for row in ps.workload.footprint(PLAN).rows}
    assert rows["head"].parameters_dense == 384 * 1000 + 1000 + 2 * 384
    assert rows["patch_embed"].parameters_dense == 768 * 384 + 384 + 198 * 384
    assert ps.workload.footprint(PLAN, weight_bytes=2).total.payload_bytes == 2 * weights


def test_parikhs_grid():
    """Parameters of DeiT-S at r_b; each matrix keeps a whole number of blocks, so 0.02 % beside the share itself."""
    for share, ratio, millions in ((0.5, 1.929, 11.43), (0.6, 1.626, 13.56), (0.7, 1.406, 15.68), (0.9, 1.107, 19.93)):
        found = ps.workload.footprint(ps.prune_blocks(PLAN, block=16, density=share))
        exact = 12 * 12 * 384**2 * share + 22_050_664 - 12 * 12 * 384**2
        assert found.total.parameters_kept == pytest.approx(exact, rel=2e-4)
        assert found.parameter_ratio == pytest.approx(ratio, abs=7e-4)
        assert found.total.parameters_kept / 1e6 == pytest.approx(millions, abs=0.01)
    msa = ps.workload.footprint(ps.prune_blocks(PLAN, block=16, density={"msa": 0.5}))
    assert msa.parameter_ratio == pytest.approx(1.191, abs=5e-4)
    assert msa.total.macs_kept / 1e9 == pytest.approx(3.902, abs=1e-3)


def test_the_preset_that_was_inferred_from_parikhs_abstract():
    preset = PRESETS["parikh_seed"]
    assert preset.source.startswith("[inferred]")
    found = ps.workload.footprint(ps.prune_blocks(PLAN, **preset.blocks))
    assert found.parameter_ratio == pytest.approx(1.6, rel=0.02)
    assert found.total.macs_kept / 1e9 == pytest.approx(2.926, abs=1e-3)
    assert (preset.token_method, preset.tokens) == ("tdm", {"keep_rate": 0.5, "encoders": (3, 7, 10)})


def test_the_preset_that_was_read_in_code():
    distilled = ps.load_model("deit_s").replace({"prefix_tokens": 2})
    plan = ps.prune_as(ps.plan(distilled), "parikh_code")
    assert "[inferred] how many heads stay" in PRESETS["parikh_code"].source
    assert {(e.heads, e.mlp_hidden) for e in plan.encoders} == {(5, 768)}
    assert [plan.encoders[i].mlp_tokens for i in (1, 2, 6, 9)] == [198, 101, 52, 28]
    blocks = [{label: mask.kept_blocks[0] for label, mask in e.weight_masks.items()} for e in plan.encoders]
    assert blocks == [{"qkv": 864, "proj": 288}] * 12  # half of 3 x 576 and of 576
    assert ps.prune_as(ps.plan("deit_b"), "parikh_code").encoders[0].heads == 10
    with pytest.raises(ps.InputError) as error:
        ps.prune_as(ps.plan("deit_t"), "parikh_code")
    assert str(error.value) == ("preset: 'parikh_code' keeps 5 of 6 heads; the model's must be a multiple of 6 (got 3)")


def test_heads_neurons_and_skipped_attentions_take_their_biases_along():
    plan = ps.prune_neurons(ps.prune_heads(ps.skip_attention(PLAN, active=[1]), 5), hidden=100)
    kept = {row.label: row.parameters_kept for row in ps.workload.footprint(plan).rows}
    assert kept["qkv"] == 384 * 3 * 320 + 3 * 320
    assert kept["proj"] == 320 * 384 + 384
    assert kept["norm1"] == 2 * 384
    assert kept["norm2"] == 12 * 2 * 384
    assert kept["fc1"] == 12 * (384 * 100 + 100)
    assert kept["fc2"] == 12 * (100 * 384 + 384)


def test_rows_of_blocks():
    plan = ps.prune_blocks(PLAN, block=16, density={"proj": 0.5})
    row = next(row for row in ps.workload.footprint(plan).rows if row.label == "proj")
    assert row.payload_bytes == 12 * 288 * 256
    assert row.index_bytes == 12 * 288
    assert row.pointer_bytes == 12 * 25 * 4
    assert row.parameters_kept == 12 * (288 * 256 + 384)
    assert row.macs_kept * 2 == row.macs_dense


def test_values_by_name():
    data = ps.workload.footprint(PLAN).to_dict()
    assert data["total"]["parameters_dense"] == 22_050_664
    assert list(data["rows"])[:3] == ["patch_embed", "norm1", "qkv"]


def test_wrong_input():
    with pytest.raises(ps.InputError, match="weight_bytes: must be at least 1"):
        ps.workload.footprint(PLAN, weight_bytes=0)
    with pytest.raises(ps.InputError, match="plan: must be a Plan"):
        ps.workload.footprint("deit_s")
