"""Methods at matched MACs: parts add up, and the picture shows them."""

import pytest

import pivotsim as ps
from pivotsim.plots.papers.matched import PARTS, draw_matched, draw_parts_legend, matched_data, parts_of, plot_matched
from pivotsim.plots.style import new_axes
from pivotsim.workload.matching import METHODS, matched_plans

PLAN = ps.plan("deit_t")
DENSE = ps.lower(PLAN).macs


@pytest.fixture(scope="module")
def costs():
    boards = {name: ps.load_hardware(name) for name in ("zcu102", "u250_mpca")}
    chosen = [m for m in METHODS if m.name in ("attention skipping", "ToMe", "DynamicViT")]
    return matched_data(PLAN, matched_plans(PLAN, DENSE // 2, chosen), boards)


def test_parts_add_up_to_the_delay(costs):
    assert list(costs) == ["zcu102", "u250_mpca"]
    for rows in costs.values():
        assert [row.name for row in rows] == ["dense", "attention skipping", "ToMe", "DynamicViT"]
        assert rows[0].proportional_ms == rows[0].delay_ms and rows[0].parts["own"] == 0
        for row in rows:
            assert sum(row.parts.values()) == pytest.approx(row.delay_ms)
        assert rows[1].parts["own"] == 0 and all(row.parts["own"] > 0 for row in rows[2:])


def test_a_picture_of_all_machines(costs, tmp_path):
    path = plot_matched(costs, tmp_path)
    assert path.name == "matched_macs.png" and path.read_bytes().startswith(b"\x89PNG")


def test_a_method_s_own_work_is_told_apart():
    report = ps.simulate(ps.prune_tokens(PLAN, "dynamicvit", keep_rate=0.7), scope="all")
    own = sum(row.delay_ms for row in report.rows if row.module == "predictor")
    assert parts_of(report)["own"] == pytest.approx(own) and own > 0


def test_a_bar_per_method_and_a_line_per_share_of_macs(costs):
    figure, (axes,) = new_axes(6, 4)
    draw_matched(costs["zcu102"], axes, "title")
    draw_parts_legend(axes)
    assert len(axes.patches) == len(PARTS) * 4 and len(axes.lines) == 4
    assert next(label.get_text() for label in axes.get_yticklabels()) == "dense"
    ends = [bar.get_x() + bar.get_width() for bar in axes.patches[len(PARTS) - 1 :: len(PARTS)]]
    dense = costs["zcu102"][0].delay_ms
    assert ends == pytest.approx([100 * row.delay_ms / dense for row in costs["zcu102"]])
    assert "dense" in axes.get_xlabel() and len(figure.legends) == 1
