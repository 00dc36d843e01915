"""ViTCoD's closed form: its committed logs, to the clock.

vitcod_deit_tiny_head0_stats.csv: counts of GATECH-EIC/ViTCoD's DeiT-Tiny masks at 95 % (head 0 of each layer, counted
from 0), and the clocks that its simulator prints for them; commit b2f7fb5, Hardware/Simulator, Apache-2.0.
"""

import os
from pathlib import Path

import numpy as np
import pytest

import pivotsim as ps
from pivotsim.published.base.claims import load_table
from pivotsim.published.static import vitcod
from pivotsim.workload.transforms.attention_splitting import DENSE_KEY_ENTRIES
from tests.oracles.workload import sparse_counts
from tests.oracles.workload import vitcod as oracle

ROOT = Path(__file__).parents[4]
MASK = Path(os.environ.get("PIVOTSIM_VITCOD_MASK", ROOT.parent / "shared/data/vitcod_deit_tiny_95/info_0.95.npy"))
COLUMNS = (
    "global_tokens", "sparse_region_kept", "denser_columns", "sparser_columns", "denser_sddmm_cycles",
    "sparser_sddmm_cycles", "denser_spmm_cycles", "sparser_spmm_cycles",
)  # fmt: skip


STATS = load_table("static/vitcod_deit_tiny_head0_stats.csv")
COUNTS = [(int(row["global_tokens"]), int(row["sparse_region_kept"])) for row in STATS]
needs_mask = pytest.mark.skipif(not MASK.is_file(), reason=f"no ViTCoD mask at {MASK}; set PIVOTSIM_VITCOD_MASK")


def test_the_committed_log():
    """vitcod_atten_0.95_wo.txt and vitcod_atten_ffn.txt."""
    attention = vitcod.attention_of(COUNTS)
    assert attention.preload_cycles == 9_492 == 12 * (4 * 197 + 3)
    assert attention.decode_cycles == 4_728 == 12 * 2 * 197
    assert attention.compute_cycles == 4_709
    assert attention.cycles == 9_492
    assert vitcod.linear_cycles() == 681_492 == 12 * (3 * 197 * 72 + 14_239)
    assert vitcod.ffn_cycles() == 1_361_664 == 12 * 2 * 56_736
    assert vitcod.sparser_density(COUNTS) == 0.03630901957304232


def test_every_layer_and_part():
    layers = vitcod.attention_of(COUNTS).layers
    assert len(layers) == len(STATS) == 12
    for layer, row in zip(layers, STATS, strict=True):
        assert layer[:8] == tuple(int(row[name]) for name in COLUMNS)


@pytest.mark.parametrize(("g", "z"), [*COUNTS, (1, 0), (197, 0), (1, 1), (196, 197)])
def test_layers_equal_the_oracle(g, z):
    layer = vitcod.layer_of(g, z, ps.load_model("deit_t"))
    assert layer[2:4] == oracle.columns(197, g, z)
    assert (layer.denser_sddmm_cycles, layer.sparser_sddmm_cycles) == oracle.sddmm(197, 3, g, z)
    assert (layer.denser_spmm_cycles, layer.sparser_spmm_cycles) == oracle.spmm(197, 3, 64, g, z)
    assert layer.preload_cycles == oracle.preload(197, g)


def test_decoding_and_computing_decide_where_they_take_longer():
    attention = vitcod.attention_of([(100, 5_000)])
    assert attention.cycles == attention.decode_cycles + attention.compute_cycles > attention.preload_cycles


@pytest.mark.parametrize(
    ("g", "z", "message"),
    [
        (0, 5, "g: must be at least 1 (got 0)"),
        (198, 0, "g: must be at most 197 (got 198)"),
        (1, -1, "z: must be at least 0 (got -1)"),
        (197, 1, "z: must be at most 0 (got 1)"),
        (1, 38_000, "g: leaves the denser part no PE column beside 38000 entries (got 1)"),
    ],
)
def test_wrong_counts(g, z, message):
    with pytest.raises(ps.InputError) as error:
        vitcod.attention_of([(g, z)])
    assert str(error.value) == message


@needs_mask
def test_counts_of_the_released_masks():
    kept = ~np.load(MASK)
    counts = [vitcod.split_counts(layer[0]) for layer in kept]
    assert counts == COUNTS
    assert [round(float(layer.mean()), 6) for layer in kept] == [
        float(row["mean_kept_fraction_all_heads"]) for row in STATS
    ]
    dense, rest = sparse_counts.split(kept[9][0].tolist(), DENSE_KEY_ENTRIES)
    assert (len(dense), rest) == COUNTS[9]


@needs_mask
def test_the_released_masks_as_a_plan():
    masked = ps.mask_attention(ps.plan("deit_t"), MASK, pruned_is_true=True)
    trace = ps.lower(ps.split_attention(masked))
    kept = ~np.load(MASK)
    for number, (g, z) in enumerate(COUNTS, start=1):
        scores = [op for op in trace if op.encoder == number and op.module == "qkt"]
        assert [op.n for op in scores[:2]] == [g, 197 - g]
        assert trace.macs_of(scores[1]) == 64 * z
    whole = ps.lower(masked)
    assert sum(whole.macs_of(op) for op in whole if op.module == "qkt") == 64 * int(kept.sum())
    assert [op.density for op in whole if op.module == "softmax"] == [float(layer.mean()) for layer in kept]
