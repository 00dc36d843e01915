"""PIVOT's figures: the numbers behind each picture, beside sums that are written out or the paper's own."""

import itertools
import math
from pathlib import Path

import numpy as np
import pytest

import pivotsim as ps
from pivotsim.errors import InputError
from pivotsim.plots.papers.pivot import (
    FIGURES,
    bars,
    components,
    edp,
    figure_table,
    processors,
    recordings,
    redundancy,
    search_cost,
    shares,
    systems,
    thresholds,
)
from pivotsim.plots.style import new_axes

RECORDED = Path(__file__).parents[4] / "notebooks" / "recorded"


@pytest.fixture(scope="module")
def audit():
    return ps.reproduce("pivot")


@pytest.fixture(scope="module")
def recorded():
    return recordings.recordings_in(RECORDED)


def one_axes():
    return new_axes(6, 4)[1][0]


def texts(axes):
    return [t.get_text() for t in axes.texts]


def test_every_figure_of_the_paper_has_a_picture_or_a_reason():
    assert list(dict.fromkeys(figure.number for figure in FIGURES)) == [
        "1a", "1b", "1c", "1d", "2a-b", "2c", "3a", "3b", "4a", "4b", "4c", "5", "6a", "6b", "7a-b", "8a", "8b", "9",
        "Tables 2, 3", "Table 4",
    ]  # fmt: skip
    for figure in FIGURES:
        assert figure.data and bool(figure.picture) == (figure.draw is not None)
        assert set(figure.needs) <= set(recordings.ALL)
    assert [row[2] for row in figure_table().rows if row[0] in ("1a", "8b")] == ["none", "pivot_fig8b_edp_parts.png"]


def test_shares_and_delays(audit):
    data = shares.share_data(audit)
    assert list(data) == ["DeiT-S", "LVViT-S", "PVDS-50", "PVLS-50"]
    assert data["DeiT-S"]["published"] == {"softmax": 60, "attention_mac": 18, "mlp": 22}
    assert data["DeiT-S"]["simulated"]["softmax"] == pytest.approx(59.42, abs=0.005)
    delays = shares.delay_data(audit)
    assert [row for row, *_ in delays] == list(shares.ROWS)
    assert delays[0][1:] == (59.66, pytest.approx(59.66, abs=0.001), "calibrated")
    assert [row for row, *_ in shares.attention_data(audit)] == ["DeiT-S", "LVViT-S"]
    axes = shares.draw_shares(data, one_axes())
    assert len(axes.patches) == 2 * (3 + 3 + 2 + 2)
    axes = bars.draw_pairs([("a", 100.0, 94.6, "not met")], one_axes(), "delay, ms", "title")
    assert texts(axes) == ["-5.4 %\nnot met"]


def test_groups_of_bars_leave_out_what_is_not_there():
    series = [bars.Series("x", [1.0, None]), bars.Series("y", [2.0, 3.0], spread=[(1.0, 4.0), (3.0, 3.0)])]
    axes = bars.draw_groups(["a", "b"], series, one_axes(), "{:g}")
    assert sorted(p.get_height() for p in axes.patches) == [1, 2, 3] and texts(axes) == ["1", "2", "3"]
    assert [t.get_text() for t in axes.get_legend().get_texts()] == ["x", "y"]


def test_energy_reduction_by_component(audit):
    published, data = components.published_reductions(audit), components.reduction_data(audit)
    assert published == {"ps": 2, "pe_array": 1.6, "sram": 1.7, "periphery": 1.8}
    low, high = (ps.simulate(ps.skip_attention(ps.plan("deit_s"), active=range(1, e + 1))).usage for e in (6, 12))
    found = data["PVDS-50"]
    high_frac = 1 - audit.mixes["PVDS-50"].efforts[0].exit_frac

    def falls(amount):
        return getattr(high, amount) / (getattr(low, amount) + high_frac * getattr(high, amount))

    for name, amount in (("pe_array", "macs"), ("sram", "sram_bytes"), ("periphery", "delay_ms")):
        assert found[name] == pytest.approx([falls(amount)] * 3)  # constants cancel
    assert found["pe_array"].simulated < 1 < found["sram"].simulated  # images that run twice multiply more
    # the processor idles all the time and works some of it: 1.75 to 2.76 W and 0.13 to 0.30 W more
    ends = [
        (idle * high.delay_ms + busy * high.ps_core_ms)
        / (idle * (low.delay_ms + high_frac * high.delay_ms) + busy * (low.ps_core_ms + high_frac * high.ps_core_ms))
        for idle, busy in itertools.product((1.75, 2.76), (0.13, 0.30))
    ]
    assert (found["ps"].low, found["ps"].high) == pytest.approx((min(ends), max(ends)))
    assert found["ps"].low < found["ps"].simulated < found["ps"].high
    axes = components.draw_reductions(published, data, one_axes())
    assert len(axes.patches) == 12 and "0.99x" in texts(axes)


@pytest.mark.parametrize("size", [(8, 4), (6, 3)])
def test_no_label_touches_the_line_at_1(audit, size):
    figure, (axes,) = new_axes(*size)
    components.draw_reductions(components.published_reductions(audit), components.reduction_data(audit), axes)
    figure.draw_without_rendering()
    line = axes.transData.transform((0, 1))[1]
    boxes = [text.get_window_extent() for text in axes.texts]
    assert min(max(box.y0 - line, line - box.y1) for box in boxes) > 0.01 * axes.bbox.height


def test_a_rows_energy_falls_from_its_own_baselines(audit):
    """PVLS-50 has MLP ratio 4, and so has what it is compared with: the picture says what the audit's table says."""
    data = components.reduction_data(audit)
    for row in audit.additive:
        shown = {name: found.simulated for name, found in data[row.row].items()}
        assert shown == pytest.approx({name: row.activity_reductions[name] for name in shown})
    macs = {ratio: ps.lower(ps.plan(ps.load_model("lvvit_s").replace({"mlp_hidden": 384 * ratio}))).within(
        "encoders").macs for ratio in (3, 4)}  # fmt: skip
    falls = macs[4] / audit.mixes["PVLS-50"].usage.macs
    assert data["PVLS-50"]["pe_array"].simulated == pytest.approx(falls) and falls > 1.05 > macs[3] / macs[4]


def test_a_component_without_energy_has_no_bar():
    change = {f"power.activity.{end}.sram_pj_per_byte": 0.0 for end in ("default", "low", "high")}
    found = ps.reproduce("pivot", hw=ps.load_hardware("zcu102").replace(change))
    data = components.reduction_data(found)
    assert list(data["PVDS-50"]) == ["ps", "pe_array", "periphery"]
    assert len(components.draw_reductions(components.published_reductions(found), data, one_axes()).patches) == 10


def test_parts_of_pvds_50s_edp(audit):
    data = edp.parts_data(audit)
    assert list(data) == [0.6, 0.7, 0.8, 0.9, 1.0] and edp.own_frac(audit) == 0.8
    assert data[0.8] == pytest.approx((8.46, 2.11, 5.64), abs=0.005)
    assert sum(data[0.8]) == pytest.approx(audit.mixes["PVDS-50"].edp_sum_of_efforts_j_ms)
    assert data[1.0][1:] == (0, 0)
    axes = edp.draw_parts(data, 0.8, 16.21, one_axes())
    assert {"8.46", "2.11", "5.64", "sum 16.21"} <= set(texts(axes))


def test_edp_over_lec(audit):
    data, printed = edp.lec_data(audit), edp.printed_edps(audit)
    assert printed == {"DeiT-S": 28.19, "PVDS-50": 16.21, "PVDS-35": 10.5}
    assert list(data) == [(effort, 12) for effort in range(3, 10)]
    assert dict(data[6, 12])[0.8] == pytest.approx(16.211, abs=0.001)
    assert dict(data[3, 12])[0.8] == pytest.approx(10.579, abs=0.001)
    low = ps.simulate(ps.skip_attention(ps.plan("deit_s"), active=[1, 2, 3]))
    mix = ps.combine([low, ps.simulate(ps.plan("deit_s"))], [0.6, 0.4], gate="none")
    assert dict(data[3, 12])[0.6] == pytest.approx(mix.edp_sum_of_efforts_j_ms)
    axes = edp.draw_lec(data, printed, one_axes())
    assert "PVDS-35, printed 10.5" in texts(axes) and len(axes.lines) == 7


def test_search_space(audit):
    data = {row.label: row for row in search_cost.space_data(audit)}
    assert data["[3, 6]"].paths == 203_280 == math.comb(12, 3) * math.comb(12, 6)
    assert data["[6, 12]"].paths == 924 and data["[3, 6]"].printed == 203_280
    pairs = [math.comb(12, a) * math.comb(12, b) for a, b in itertools.combinations(range(3, 10), 2)]
    assert data["mean of the\n21 pairs"].paths == sum(pairs) / 21 == pytest.approx(305_064.05, abs=0.01)
    assert data["mean of the\n21 pairs"].printed == 1e5
    assert "203,280" in texts(search_cost.draw_space(search_cost.space_data(audit), one_axes()))


def test_training_cost(audit):
    data = search_cost.training_data(audit)
    assert data["DeiT-S"].epochs == pytest.approx(300 / 210) and data["LVViT-S"].epochs == pytest.approx(300 / 270)
    attention_macs = 197 * 384 * 384 * 4 + 2 * 197 * 197 * 384
    whole = ps.lower(ps.plan("deit_s")).macs
    by_macs = 300 * whole / (30 * sum(whole - (12 - e) * attention_macs for e in range(3, 10)))
    assert data["DeiT-S"].macs == pytest.approx(by_macs)
    by_delay = 300 * 12 / (30 * sum(12 - 0.775 * (12 - e) for e in range(3, 10)))  # attention is 77.5 % of the delay
    assert data["DeiT-S"].delay == pytest.approx(by_delay, rel=1e-3)
    assert (data["DeiT-S"].printed, data["LVViT-S"].printed) == (3, 2)
    assert [row.trained for row in data.values()] == ["7 efforts of 30 epochs", "9 efforts of 30 epochs"]
    assert "1.76x" in texts(search_cost.draw_training(data, one_axes()))


def test_table_4s_systems(audit):
    data = systems.system_data(audit)
    assert list(data)[:4] == ["DeiT-S\n79.8 %", "PVDS-50\n79.4 %", "HeatViT\n79.1 %", "ViTCoD 1\n78.1 %"]
    assert data["HeatViT\n79.1 %"]["paper"] == pytest.approx(25.93, abs=0.005)
    notes = systems.system_notes(audit)
    assert len(notes) == 4 and notes[0] == "ViTCoD 1: softmax of all scores; QK^T, SV: whole folds left out"
    axes = systems.draw_systems(data, notes, one_axes())
    assert len(axes.patches) == 14 and notes[-1] in axes.get_xlabel()


def rows_of(**ms):
    """A recording with two repeats of each part; the slower one must not count."""
    parts = {
        "base": ("baseline", "fused attention"), "low": ("pair", "low effort alone"),
        "easy": ("pair", "easy image: low effort, gate"),
        "hard": ("pair", "hard image: low effort, gate, high effort"),
        "cut": ("heatvit", "bare cut to as many tokens"), "selectors": ("heatvit", "selectors"),
        "masked": ("vitcod", "masked, fused attention"),
    }  # fmt: skip
    return recordings.Rows({}, [
        {"method": parts[name][0], "part": parts[name][1], "latency_ms": str(value + slower)}
        for name, value in ms.items() for slower in (5, 0)
    ])  # fmt: skip


def test_compute_and_overhead_on_a_processor():
    rows = rows_of(base=100, low=60, easy=61, hard=165, cut=50, selectors=58, masked=120)
    base, heat, cod, pair = processors.overhead_data(rows, low_frac=0.75)
    assert (base.total_ms, base.overhead_ms) == (100, 0)
    assert (heat.compute_ms, heat.overhead_ms) == (50, 8) and (cod.compute_ms, cod.overhead_ms) == (100, 20)
    assert pair.total_ms == 0.75 * 61 + 0.25 * 165 and pair.overhead_ms == 0.25 * 60 + 1
    axes = processors.draw_overheads([base, heat, cod, pair], "a machine", one_axes())
    assert "58.0 ms, 1.72x\noverhead 13.8 %" in texts(axes)
    assert "Not run: V100, RTX 2080 Ti, Orin Nano, Raspberry Pi 4." in axes.get_xlabel().replace("\n", " ")
    axes = processors.draw_throughput([base, heat, cod, pair], "a machine", one_axes())
    assert texts(axes).count("not run") == 4 and "1.72" in texts(axes)


def test_the_recorded_processor(recorded):
    table = recorded.table(recordings.PROCESSOR)
    assert table.header["machine"].startswith("Intel(R) Xeon(R)")
    data = {m.name: m for m in processors.overhead_data(table, 0.8)}
    assert data["DeiT-S"].total_ms == 80.3627
    assert data["PVDS-50"].total_ms == pytest.approx(0.8 * 64.1816 + 0.2 * 144.0262)
    assert data["HeatViT"].overhead_ms == pytest.approx(49.1054 - 46.2819)


def test_cka_scores_and_paths(recorded):
    for seed, cka in redundancy.cka_data(recorded).items():
        assert np.isnan(cka[np.tril_indices(8)]).all() and np.isfinite(cka[np.triu_indices(8, 1)]).all()
        best = ps.effort.best_paths(recorded.cka(seed), [4])[4]
        assert redundancy.path_data(recorded.table(recordings.EFFORTS))[seed][4] == list(best.active)
    data = redundancy.score_data(recorded.table(recordings.PATHS))
    assert [len(scores) for scores, _ in data.values()] == [48, 48, 48]
    mean = np.mean([redundancy.rank_correlation(*points) for points in data.values()])
    assert mean == pytest.approx(0.81, abs=0.005)
    axes = redundancy.draw_scores(data, one_axes(), "after")
    assert axes.get_title() == "after\nmean rank correlation +0.81"
    axes = redundancy.draw_paths({3: [1, 2, 3], 1: [2]}, 3, one_axes(), "title")
    dots = [c.get_offsets().tolist() for c in axes.collections]
    assert dots == [[[1, 0], [2, 0], [3, 0]], [], [[2, 1]], [[1, 1], [3, 1]]]


def test_thresholds_and_losses(recorded):
    for seed, curve in thresholds.threshold_data(recorded, 4).items():
        entropies = recorded.outputs(seed, "calibration").entropies[4]
        assert 0.8 <= (entropies < curve.chosen).mean() < 0.8 + 2 / len(entropies)
        assert curve.leaves_frac[0] == 0 and curve.leaves_frac[-1] == 1 and (np.diff(curve.leaves_frac) >= 0).all()
    losses = thresholds.loss_data(recorded)
    assert list(losses) == [(low, 8) for low in (2, 3, 4, 5, 6)]
    plan, points = ps.plan(ps.load_model("digits_vit")), []
    for seed in (0, 1, 2):
        cka = RECORDED / recordings.CKA[seed]
        seen, tested = (
            ps.effort.cosearch(plan, RECORDED / names[seed], cka)
            for names in (recordings.CALIBRATION, recordings.TEST)
        )  # fmt: skip
        pair = tested.choice((2, 8), seen.at_lec((2, 8), (0.8,)).thresholds)
        points.append(100 * (tested.choice((8,), ()).accuracy_frac - pair.accuracy_frac))
    assert losses[2, 8][0.8] == pytest.approx((np.mean(points), np.std(points, ddof=1)))
    thresholds.draw_losses(losses, one_axes())


def test_titles_say_that_digits_are_not_imagenet(recorded):
    words = "digits, 8x8 images, not ImageNet"
    axes = thresholds.draw_thresholds(thresholds.threshold_data(recorded, 4), 4, one_axes())
    assert words in axes.get_title()
    some = {(2, 8): {0.6: thresholds.Loss(0.1, 0.1)}}
    assert words in thresholds.draw_losses(some, one_axes()).get_title()
    for title in (redundancy.CKA_TITLE, redundancy.SCORE_TITLE, redundancy.PATH_TITLE):
        assert words in title


@pytest.mark.parametrize(
    ("name", "text", "problem"),
    [
        ("PATHS", "# images: digits\n", "cosearch_digits_paths.csv: holds no recorded row"),
        ("PATHS", "seed,score\n0,1\n", "row 1: has no column accuracy_untuned_frac (got 'seed, score')"),
        (
            "PATHS",
            "seed,score,accuracy_untuned_frac,accuracy_frac\n0,1,nan,1\n",
            "accuracy_untuned_frac: must be a number",
        ),
        ("PATHS", "seed,score,accuracy_untuned_frac,accuracy_frac\n0,1,1,1\n", "seed: must be 0, 1, 2 (got '0')"),
        ("PROCESSOR", "method,part,latency_ms\na,b,1 2\n", "latency_ms: must be a number (got '1 2')"),
        ("EFFORTS", "seed,effort,active\n0,1.5,1\n", "row 1: effort: must be a number (got '1.5')"),
        ("EFFORTS", "seed,effort,active\n0,2,1 x\n", "row 1: active: must be a number (got '1 x')"),
        (
            "PROCESSOR",
            "method,part,latency_ms\nbaseline,fused attention,fast\n",
            "latency_ms: must be a number (got 'fast')",
        ),
    ],
)
def test_a_damaged_table_is_one_line(tmp_path, name, text, problem):
    (tmp_path / getattr(recordings, name)).write_text(text)
    with pytest.raises(InputError) as caught:
        recordings.recordings_in(tmp_path).table(getattr(recordings, name))
    assert len(caught.value.problems) == 1 and problem in str(caught.value)


def test_recordings_of_something_else(tmp_path):
    (tmp_path / recordings.PROCESSOR).write_text("method,part,latency_ms\nbaseline,fused attention,80\n")
    found = recordings.recordings_in(tmp_path)
    with pytest.raises(InputError, match="holds no row of pair, low effort alone"):
        processors.overhead_data(found.table(recordings.PROCESSOR), 0.8)
    for arrays, problem in (
        ({"effort2": np.eye(2)}, "no labels"),
        ({"effort2": np.eye(2), "labels": [0, 1]}, "no effort 4"),
    ):
        np.savez(tmp_path / recordings.CALIBRATION[0], **arrays)
        with pytest.raises(InputError, match=problem):
            thresholds.threshold_data(found, 4)
