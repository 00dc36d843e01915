"""Table 4's systems on PIVOT's own array, beside sums that are written out by hand."""

import math

import pytest

import pivotsim as ps
from pivotsim.published.pivot.other_systems import compare_systems, system_table

NS_PER_SCORE = (59.66e6 - 3_026_160 * 8) / (12 * 6 * 197 * 197)  # softmax, fitted to DeiT-S's delay (8 ns a clock)
POWER_W = 7.92


@pytest.fixture(scope="module")
def audit():
    return ps.reproduce("pivot")


def clocks(m, k, n):
    return math.ceil(k / 64) * math.ceil(m / 36) * (2 * 64 + 36 + n - 2)


def encoder_ms(tokens):
    gemms = (
        clocks(tokens, 384, 1152) + clocks(tokens, 384, 384) + clocks(tokens, 384, 1536) + clocks(tokens, 1536, 384)
        + 6 * (clocks(tokens, 64, tokens) + clocks(tokens, tokens, 64))
    )  # fmt: skip
    return 8e-6 * gemms + 1e-6 * NS_PER_SCORE * 6 * tokens * tokens


def selector_ms(tokens):
    """HeatViT's selector on the patches that arrive: per head 64-32, 64-32-16-2, softmax of 2; then 6-3-6."""
    n = tokens - 1
    per_head = clocks(n, 64, 32) + clocks(n, 64, 32) + clocks(n, 32, 16) + clocks(n, 16, 2)
    return 8e-6 * (6 * per_head + clocks(n, 6, 3) + clocks(n, 3, 6)) + 1e-6 * NS_PER_SCORE * 6 * n * 2


def test_heatvit_under_the_papers_profile(audit):
    stages = [197] + [1 + math.ceil(rate * 196) + 1 for rate in (0.60, 0.26, 0.13)]
    assert stages == [197, 120, 53, 28]
    delay = 3 * sum(map(encoder_ms, stages)) + sum(map(selector_ms, stages[:3]))
    cost = next(s for s in audit.other_systems if s.name == "HeatViT").costs["paper"]
    assert cost == pytest.approx(
        (delay, POWER_W * delay * 1e-3, POWER_W * delay**2 * 1e-3), rel=1e-5
    )  # the board's constant has six digits
    assert cost.delay_ms == pytest.approx(25.93, abs=0.005)


def test_vitcod_is_bracketed(audit):
    cases = {s.setting: s.costs for s in audit.other_systems if s.name == "ViTCoD"}
    assert len(cases) == 4
    products = 12 * 8e-6 * 6 * (clocks(197, 64, 197) + clocks(197, 197, 64))
    softmax = 12 * 1e-6 * NS_PER_SCORE * 6 * 197 * 197
    best_of_all_scores = cases["softmax of all scores; QK^T, SV: a tenth of the clocks"]["paper"]
    assert best_of_all_scores.delay_ms == pytest.approx(59.66 - 0.9 * products, abs=1e-3)
    assert 1 - best_of_all_scores.delay_ms / 59.66 == pytest.approx(0.9 * 0.073, abs=5e-4)  # section 1's 7.3 %
    kept = cases["softmax of kept scores; QK^T, SV: a tenth of the clocks"]["paper"]
    assert kept.delay_ms == pytest.approx(59.66 - 0.9 * products - 0.9 * softmax, rel=1e-3)  # masks are drawn
    for profile in ("paper", "full"):
        for scores in ("all", "kept"):
            folds, bound = (
                cases[f"softmax of {scores} scores; QK^T, SV: {array}"][profile].delay_ms
                for array in ("whole folds left out", "a tenth of the clocks")
            )
            dense = audit.other_systems[0].costs[profile].delay_ms
            assert bound < folds < dense
            assert folds - bound > 0.8 * products  # folds of 64 x 36 hold some kept score nearly always
        assert cases["softmax of all scores; QK^T, SV: whole folds left out"][profile].delay_ms > dense - 0.1


def test_pvds_50_is_the_audits(audit):
    mix, row = audit.mixes["PVDS-50"], audit.other_systems[1]
    assert row.name == "PVDS-50" and row.costs["paper"] == pytest.approx(
        (mix.delay_ms, mix.energy_j, mix.edp_sum_of_efforts_j_ms)
    )
    low, high = (
        ps.simulate(ps.skip_attention(ps.plan("deit_s"), active=range(1, e + 1)), profile="full") for e in (6, 12)
    )
    assert row.costs["full"].delay_ms == pytest.approx(low.delay_ms + (1 - mix.efforts[0].exit_frac) * high.delay_ms)


def test_accuracies_are_the_papers(audit):
    assert [(s.name, s.top1_percent) for s in audit.other_systems] == [
        ("DeiT-S", 79.8), ("PVDS-50", 79.4), ("HeatViT", 79.1), *[("ViTCoD", 78.1)] * 4,
    ]  # fmt: skip
    without = compare_systems(audit.hw, audit.mixes["PVDS-50"], (6, 12), [])
    assert {s.top1_percent for s in without} == {None}
    assert [row[2] for row in system_table(without).rows] == ["-"] * 7


def test_printed_and_in_json(audit):
    assert "Table 4's systems" in [t.title.partition(" on ")[0] for t in audit.tables()]
    rows = audit.to_dict()["other_systems"]
    assert rows[2]["costs"]["paper"]["delay_ms"] == audit.other_systems[2].costs["paper"].delay_ms
    table = system_table(audit.other_systems)
    assert [row[3:5] for row in table.rows[:3]] == [("59.66", "1.00x"), ("48.47", "1.23x"), ("25.93", "2.30x")]
    assert all(len(row) == len(table.columns) for row in table.rows)
