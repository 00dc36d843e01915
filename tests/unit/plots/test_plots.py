"""Pictures: the data behind them equals the reports; drawing returns its Axes and shows all of it."""

import pytest
from matplotlib.axes import Axes

import pivotsim as ps
from pivotsim.plots import delay, pivot
from pivotsim.plots.style import new_axes


@pytest.fixture(scope="module")
def low():
    return ps.simulate(ps.skip_attention(ps.plan("deit_s"), active=[1, 2]))


@pytest.fixture(scope="module")
def audit():
    return ps.reproduce("pivot")


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


def test_published_beside_simulated(audit):
    shares = pivot.share_data(audit)
    assert list(shares) == ["DeiT-S", "LVViT-S", "PVDS-50", "PVLS-50"]
    assert shares["DeiT-S"]["published"] == {"softmax": 60, "attention_mac": 18, "mlp": 22}
    assert shares["DeiT-S"]["simulated"]["softmax"] == pytest.approx(59.42, abs=0.005)
    delays = pivot.delay_data(audit)
    assert [row for row, *_ in delays] == list(pivot.ROWS)
    assert delays[0][1:] == (59.66, pytest.approx(59.66, abs=0.001), "calibrated")
    assert [row for row, *_ in pivot.attention_data(audit)] == ["DeiT-S", "LVViT-S"]
    axes = pivot.draw_shares(shares, one_axes())
    assert len(axes.patches) == 2 * (3 + 3 + 2 + 2)
    axes = pivot.draw_pairs(delays, one_axes(), "delay, ms", "title")
    assert "+3.5 %\ninferred" in [t.get_text() for t in axes.texts]
