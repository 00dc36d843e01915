"""Pictures of sweeps: their data is the table's, drawing returns its Axes with units."""

import pytest

import pivotsim as ps
from pivotsim.plots.exploration import schedule_sweep
from pivotsim.plots.style import new_axes
from pivotsim.pruning import alpha_sweep, method_sweep

PLAN = ps.plan("deit_s")


def test_the_data_is_the_tables():
    table = alpha_sweep(PLAN, "gpu/tx2", {197: 79.8, 128: 78.81}, [0.1, 0.9])
    data = schedule_sweep.sweep_data(table)
    assert (data.axis, data.values, data.words) == ("alpha", [0.1, 0.9], ["R = 69", "R = 69"])
    assert data.latency_ms == pytest.approx((table["pruned_ms"] + table["own_ms"]).tolist())
    assert data.whole_ms == table["baseline_ms"].tolist()
    methods = method_sweep(PLAN, "gpu/tx2", 69)
    data = schedule_sweep.sweep_data(methods)
    assert data.latency_ms == methods["latency_ms"].tolist()
    assert data.whole_ms == pytest.approx([methods["latency_ms"][0]] * 5)


def test_drawing_returns_its_axes_and_writes_a_word_once(tmp_path):
    (axes,) = new_axes(5, 3)[1]
    data = schedule_sweep.SweepData("alpha", [0.1, 0.5, 0.9], [2.0, 2.0, 1.0], [3.0] * 3, ["R = 1", "R = 1", "R = 2"])
    assert schedule_sweep.draw_sweep(data, axes, "title") is axes
    assert [text.get_text() for text in axes.texts] == ["R = 1", "R = 2"]
    assert (axes.get_xlabel(), axes.get_ylabel()) == ("alpha", "latency, ms")
    table = method_sweep(PLAN, "gpu/tx2", 69)
    assert schedule_sweep.plot_sweep(table, tmp_path) == [tmp_path / "schedule_by_method.png"]
    assert (tmp_path / "schedule_by_method.png").stat().st_size > 5000
