"""The token-pruning paper's pictures: their data is the audit's, and all are written."""

import pytest

import pivotsim as ps
from pivotsim.plots.papers import tokens
from pivotsim.plots.style import new_axes


@pytest.fixture(scope="module")
def audit():
    return ps.reproduce("tokens")


def test_latencies_are_the_findings(audit):
    pairs = tokens.latency_data(audit)
    found = {f.claim.id: f for f in audit.findings}
    assert len(pairs) == sum(f.claim.quantity == "latency" for f in audit.findings)
    for pair in pairs:
        assert pair.modelled_ms == found[pair.claim.id].simulated
        assert pair.published_ms == float(pair.claim.text)
    lost = {pair.claim.id: pair.degradation for pair in pairs}
    assert lost["table7.tx2.b1.deit_s.top_k.latency"] == 0.73
    assert lost["table7.tx2.b1.deit_s.baseline.latency"] is None


def test_alphas_and_comparisons(audit):
    rows = tokens.alpha_data(audit, "AGX Orin")
    assert [(low, high, pair.claim.removed) for low, high, pair in rows] == [
        (0.1, 0.3, 139), (0.4, 0.5, 166), (0.6, 0.9, 193),
    ]  # fmt: skip
    fronts = tokens.front_data(audit)
    assert list(fronts) == [
        "DeiT-B, TX2, batch 2", "DeiT-S, TX2, batch 2", "DinoV2-G, AGX Orin, batch 2", "DinoV2-G, A100, batch 4",
        "DeiT-S, TX2, batch 1", "DinoV2-G, A100, batch 16",
    ]  # fmt: skip
    assert [len(pairs) for pairs in fronts.values()] == [5, 5, 4, 4, 4, 4]


def test_published_points_are_full_and_the_models_hollow(audit):
    (axes,) = new_axes(4, 3)[1]
    pairs = tokens.front_data(audit)["DeiT-S, TX2, batch 1"]
    assert tokens.draw_front(pairs, axes, "title") is axes
    faces = [line.get_markerfacecolor() for line in axes.lines if line.get_marker() not in ("None", "")]
    assert faces.count("white") == len(pairs) == len(faces) // 2
    assert (axes.get_xlabel(), axes.get_ylabel()) == ("latency, ms", "accuracy lost, points")


def test_all_pictures_are_written(audit, tmp_path):
    paths = tokens.plot_audit(audit, tmp_path).paths
    assert [path.name for path in paths] == [
        "tokens_fig1_staircases.png", "tokens_fig6_alpha.png", "tokens_table5_location_and_batch.png",
        "tokens_fig4_one_layer_or_many.png", "tokens_fig7_tx2.png", "tokens_fig7_dinov2.png",
    ]  # fmt: skip
    assert all(path.stat().st_size > 10_000 for path in paths)
