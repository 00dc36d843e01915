"""ViTCoD's closed form: its committed logs, to the clock.

vitcod_deit_tiny_head0_stats.csv: counts of GATECH-EIC/ViTCoD's DeiT-Tiny masks at 95 % (head 0 of each layer, counted
from 0), and the clocks that its simulator prints for them; commit b2f7fb5, Hardware/Simulator, Apache-2.0.
"""

from pathlib import Path

import numpy as np
import pytest

import pivotsim as ps
from pivotsim.published.base.claims import load_table
from pivotsim.published.static import vitcod
from pivotsim.workload.transforms.attention_splitting import DENSE_KEY_ENTRIES
from tests.oracles.workload import sparse_counts
from tests.oracles.workload import vitcod as oracle

MASK = Path(__file__).parents[3] / "data/vitcod_form_masks.npy"
DEPTH, HEADS, TOKENS = 3, 3, 65
SMALL = ps.load_model("deit_t").replace({"depth": DEPTH, "image_px": 128})  # 64 patches and the class token
COLUMNS = (
    "global_tokens", "sparse_region_kept", "denser_columns", "sparser_columns", "denser_sddmm_cycles",
    "sparser_sddmm_cycles", "denser_spmm_cycles", "sparser_spmm_cycles",
)  # fmt: skip


STATS = load_table("static/vitcod_deit_tiny_head0_stats.csv")
COUNTS = [(int(row["global_tokens"]), int(row["sparse_region_kept"])) for row in STATS]


def test_the_committed_log():
    """vitcod_atten_0.95_wo.txt and vitcod_atten_ffn.txt."""
    attention = vitcod.attention_of(COUNTS)
    assert attention.preload_cycles == 9_492 == 12 * (4 * 197 + 3)
    assert attention.decode_cycles == 4_728 == 12 * 2 * 197
    assert attention.compute_cycles == 4_709
    assert attention.cycles == 9_492
    assert vitcod.linear_cycles() == 681_492 == 12 * (3 * 197 * 72 + 14_239)
    assert vitcod.ffn_cycles() == 1_361_664 == 12 * 2 * 56_736
    assert vitcod.linear_preload_cycles() == 23_304 == 12 * (768 + 2 + 394 + 394 + 384)
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


def drawn_masks():
    """Masks of the released form, true = pruned: class row and column, some global keys, and few other scores."""
    draw = np.random.default_rng(65)
    kept = draw.random((DEPTH, HEADS, TOKENS, TOKENS)) < 0.05
    kept[:, :, 0, :] = kept[:, :, :, 0] = True
    for layer, head in np.ndindex(DEPTH, HEADS):
        chosen = draw.choice(np.arange(1, TOKENS), size=layer + 1, replace=False)
        kept[layer, head][:, chosen] = draw.random((TOKENS, layer + 1)) < 0.95
    return ~kept


def test_the_masks_in_the_file_are_those_of_the_rule():
    stored = np.load(MASK)
    assert stored.dtype == np.bool_ and (stored == drawn_masks()).all()


def test_counts_of_a_mask_equal_those_counted_one_by_one():
    kept = ~np.load(MASK)
    counts = [vitcod.split_counts(layer[0]) for layer in kept]
    slow = [sparse_counts.split(layer[0].tolist(), DENSE_KEY_ENTRIES) for layer in kept]
    assert counts == [(len(dense), rest) for dense, rest in slow]
    assert [g for g, _ in counts] == [2, 3, 4]  # the class token's key, and one to three more
    for number, (layer, (g, z)) in enumerate(zip(vitcod.attention_of(counts, SMALL).layers, counts, strict=True)):
        assert layer[2:4] == oracle.columns(TOKENS, g, z), number
        assert (layer.denser_sddmm_cycles, layer.sparser_sddmm_cycles) == oracle.sddmm(TOKENS, HEADS, g, z)
        assert layer.preload_cycles == oracle.preload(TOKENS, g)


def test_a_mask_of_the_released_form_as_a_plan():
    masked = ps.mask_attention(ps.plan(SMALL), MASK, pruned_is_true=True)
    trace, kept = ps.lower(ps.split_attention(masked)), ~np.load(MASK)
    counts = [vitcod.split_counts(layer[0]) for layer in kept]
    for number, (g, z) in enumerate(counts, start=1):
        scores = [op for op in trace if op.encoder == number and op.module == "qkt"]
        assert [op.n for op in scores[:2]] == [g, TOKENS - g]
        assert trace.macs_of(scores[1]) == 64 * z
    whole = ps.lower(masked)
    assert sum(whole.macs_of(op) for op in whole if op.module == "qkt") == 64 * int(kept.sum())
    assert [op.density for op in whole if op.module == "softmax"] == [float(layer.mean()) for layer in kept]


@pytest.mark.parametrize("heads", [1, 2, 3, 6])
@pytest.mark.parametrize("tokens", [1, 64, 170, 171, 197, 577])
def test_linear_preload_equals_loads_one_by_one(heads, tokens):
    model = SMALL.replace({"depth": 2, "heads": heads, "width": 64 * heads, "head_features": 64 * heads})
    model = model.replace({"prefix_tokens": tokens - 1, "image_px": 16})
    assert model.tokens == tokens
    assert vitcod.linear_preload_cycles(model) == 2 * oracle.linear_preload(tokens, heads, 64)
