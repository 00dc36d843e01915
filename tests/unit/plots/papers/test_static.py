"""Pictures of pruned ViTs: their data, and that what is printed stands where it was printed."""

import pytest

import pivotsim as ps
from pivotsim.plots.papers import rule_sets, static
from pivotsim.plots.style import new_axes
from pivotsim.published.static.audit import audit_static
from pivotsim.published.static.kept_heads import distilled
from pivotsim.published.static.rule_sets import rule_gap


@pytest.fixture(scope="module")
def audit():
    return audit_static()


@pytest.fixture(scope="module")
def gaps():
    whole = ps.plan(distilled())
    return [rule_gap("dense", whole), rule_gap("pruned", ps.prune_as(whole, "parikh_code"))]


def test_gmacs_by_keep_rate(audit):
    data = static.gmacs_data(audit)
    curve, points = data["evit"]
    assert points == [(0.9, 4.0), (0.8, 3.5), (0.7, 3.0), (0.6, 2.6), (0.5, 2.3)]
    at = dict(curve)
    assert all(abs(at[rate] - gmacs) < 0.05 for rate, gmacs in points) and curve == sorted(curve)
    assert data["dynamicvit"][1] == [(0.7, 2.9)]
    assert at[1.0] == ps.lower(ps.plan("deit_s")).macs / 1e9


def test_settings_of_the_repository():
    data = static.setting_data()
    assert [row[0] for row in data][:2] == ["r_b 0.5\nr_t 0.5", "r_b 0.5\nr_t 0.7"] and len(data) == 6
    assert max(data, key=lambda row: row[1])[0] == "r_b 0.5\nr_t 0.5"  # up to 3.4x and 1.6x
    assert (round(data[0][1], 2), round(data[0][2], 2)) == (3.37, 1.60)


def test_vitcods_clocks_and_heatvits_tokens(audit):
    assert all(published == simulated > 0 for _, published, simulated in static.cycle_data(audit))
    tokens, points = static.token_data(audit)
    assert tokens == [197] * 3 + [120] * 3 + [53] * 3 + [28] * 3
    assert [(at, round(left), share) for at, left, share in points] == [(4, 120, 40), (7, 53, 74), (10, 27, 87)]
    assert all(abs(tokens[at - 1] - left) < 1 for at, left, _ in points)


def test_printed_points_are_drawn(audit):
    _, (axes,) = new_axes(5, 4)
    static.draw_gmacs(static.gmacs_data(audit), axes)
    drawn = {line.get_label(): line.get_xydata().tolist() for line in axes.lines}
    assert drawn["EViT, published"] == [[0.9, 4.0], [0.8, 3.5], [0.7, 3.0], [0.6, 2.6], [0.5, 2.3]]
    _, (axes,) = new_axes(5, 4)
    static.draw_settings(static.setting_data(), {"compute": 3.4, "size": 1.6}, axes)
    assert {line.get_ydata()[0] for line in axes.lines} == {3.4, 1.6}
    _, (axes,) = new_axes(5, 4)
    static.draw_hypotheses(audit, axes)
    (box,) = [patch for patch in axes.patches if patch.get_width() < 1]
    assert (round(box.get_x(), 6), round(box.get_y(), 6)) == (3.35, 1.55)
    assert [len(line.get_xdata()) for line in axes.lines] == [216, 1344, 70]
    assert "heads open: 8 of 70" in [text.get_text() for text in axes.get_legend().get_texts()]


def test_files(audit, gaps, tmp_path):
    written = [*static.plot_audit(audit, tmp_path).paths, *rule_sets.plot_rules(gaps, tmp_path)]
    names = ["static_tokens.png", "static_parikh.png", "static_vitcod.png", "mpca_rules.png"]
    assert [path.name for path in written] == names and all(path.stat().st_size > 10_000 for path in written)


def test_modules_add_up(gaps):
    for gap in gaps:
        data = rule_sets.rule_data(gap)
        assert [sum(pair[side] for pair in data.values()) for side in (0, 1)] == [
            gap.schedule_cycles, gap.estimator_cycles
        ]  # fmt: skip
