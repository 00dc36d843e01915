"""Pictures: the data behind them equals the reports; drawing returns its Axes and shows all of it."""

import pytest
from matplotlib.axes import Axes

import pivotsim as ps
from pivotsim.plots.simulation import delay
from pivotsim.plots.style import new_axes


@pytest.fixture(scope="module")
def low():
    return ps.simulate(ps.skip_attention(ps.plan("deit_s"), active=[1, 2]))


def one_axes():
    return new_axes(4, 3)[1][0]


def test_module_bars(low):
    data = delay.module_delay_data(low)
    assert sum(ms for _, _, ms in data) == pytest.approx(low.delay_ms)
    assert [ms for _, _, ms in data] == sorted((ms for _, _, ms in data), reverse=True)
    axes = delay.draw_module_delay(data, one_axes(), "title")
    assert isinstance(axes, Axes)
    assert [t.get_text() for t in axes.get_yticklabels()] == [module for module, _, _ in data]
    assert axes.get_xlabel() == "delay, ms"


def test_bars_of_work_side_by_side_are_no_delay(low, monkeypatch, tmp_path):
    drawn = []
    monkeypatch.setattr(delay, "save_figure", lambda figure, folder, name: drawn.append(figure.axes[0]))
    side_by_side = ps.simulate(ps.plan("deit_s"), ps_pl_overlap="heads")
    delay.plot_run(side_by_side, tmp_path)
    delay.plot_mix(ps.combine([side_by_side, side_by_side], [0.7, 0.3]), tmp_path)
    delay.plot_run(low, tmp_path)
    labels = [(axes.get_xlabel(), axes.get_ylabel()) for axes in drawn]
    assert labels == [
        ("work, ms", ""), ("encoder", "work, ms"), ("effort", "work, ms"), ("work, ms", ""),
        ("delay, ms", ""), ("encoder", "delay, ms"),
    ]  # fmt: skip


def test_encoder_stacks(low):
    data = delay.encoder_delay_data(low)
    assert list(data) == [str(i) for i in range(1, 13)]
    assert data["3"].keys() == {"mlp"}
    assert sum(sum(stack.values()) for stack in data.values()) == pytest.approx(low.delay_ms)
    axes = delay.draw_stacks(data, one_axes())
    heights = sum(p.get_height() for p in axes.patches)
    assert heights == pytest.approx(low.delay_ms)


def test_effort_stacks(low):
    mix = ps.combine([low, ps.simulate(ps.plan("deit_s"))], [0.7, 0.3])
    data = delay.effort_delay_data(mix)
    assert list(data) == ["low\n100 % run it", "high\n30 % run it", "mean image"]
    assert sum(data["mean image"].values()) == pytest.approx(mix.delay_ms)
    assert "entropy" in data["mean image"]
    delay.draw_stacks(data, one_axes(), label="effort")
