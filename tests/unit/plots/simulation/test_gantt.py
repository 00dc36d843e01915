"""Gantt charts: bars are the timeline's pieces, cut to the window."""

import itertools

import pytest

import pivotsim as ps
from pivotsim.plots.simulation import gantt
from pivotsim.plots.style import drawn_as, new_axes

WHOLE = ps.plan("deit_s")


@pytest.mark.parametrize(("mode", "batch"), [("serial", 1), ("heads", 1), ("images", 3)])
@pytest.mark.parametrize("join", [False, True])
def test_bars_hold_all_work_and_do_not_overlap(mode, batch, join):
    report = ps.simulate(WHOLE, ps_pl_overlap=mode, batch=batch)
    bars = gantt.gantt_data(report, join=join)
    assert sum(b.end_ms - b.start_ms for b in bars) == pytest.approx(report.busy_ms)
    assert max(b.end_ms for b in bars) == pytest.approx(report.delay_ms, abs=1e-9)
    for track in ("array (PL)", "processor (PS)"):
        own = [b for b in bars if b.track == track]
        assert all(a.end_ms <= b.start_ms + 1e-9 for a, b in itertools.pairwise(own))
    assert all(bool(b.label) != join for b in bars)


def test_one_encoder():
    report = ps.simulate(WHOLE, ps_pl_overlap="heads")
    window = gantt.encoder_window(report, 2)
    assert window[0] == pytest.approx(report.delay_ms / 12)
    bars = gantt.gantt_data(report, window)
    assert [b.label for b in bars if b.group == "softmax"] == [f"softmax {i}" for i in range(1, 7)]
    assert min(b.start_ms for b in bars) == window[0] and max(b.end_ms for b in bars) == window[1]
    axes = gantt.draw_gantt(bars, new_axes(9, 3)[1][0], "title")
    assert axes.get_xlim() == window
    assert [t.get_text() for t in axes.get_yticklabels()] == ["array (PL)", "processor (PS)"]
    assert axes.get_xlabel() == "time, ms"
    texts = [t.get_text() for t in axes.texts]
    assert {"softmax 1", "qkt 1-6", "sv 3", "proj", "fc1"} <= set(texts)  # narrow slices in a row share a name
    assert not {"qkt 1", "qkt 2"} & set(texts)
    assert [t.get_text() for t in axes.get_legend().get_texts()] == ["attention MACs", "softmax", "MLP"]
    of_one_colour = [bar for bar in bars if bar.group == "softmax"]
    assert gantt.draw_gantt(of_one_colour, new_axes(9, 3)[1][0]).get_legend() is None


def test_every_slice_of_an_encoder_is_named():
    report = ps.simulate(WHOLE)
    bars = gantt.gantt_data(report, gantt.encoder_window(report, 1))
    axes = gantt.draw_gantt(bars, new_axes(9, 3)[1][0])
    assert {t.get_text() for t in axes.texts} == {bar.label for bar in bars} == {
        "qkv", "qkt", "softmax", "sv", "proj", "fc1", "fc2",
    }  # fmt: skip


def test_images_have_rows_of_their_own_and_encoders_numbers():
    report = ps.simulate(WHOLE, ps_pl_overlap="images", batch=2)
    marks = gantt.encoder_marks(report)
    assert len(marks) == 2 * 12 and max(mark.end_ms for mark in marks) == pytest.approx(report.delay_ms)
    assert all(a.start_ms < b.start_ms for a, b in itertools.pairwise(m for m in marks if m.image == 1))
    axes = gantt.draw_gantt(gantt.gantt_data(report, join=True), new_axes(9, 3)[1][0], "", marks)
    rows = [t.get_text() for t in axes.get_yticklabels()]
    assert rows == [f"{track}, image {i}" for track in ("array (PL)", "processor (PS)") for i in (1, 2)]
    heights = {t.get_text().strip(): round(t.get_position()[1]) for t in axes.texts}
    assert [t.get_text() for t in axes.texts].count(" 12") == 2 and set(heights.values()) <= {-1, 0, 1}
    many = [bar._replace(image=i) for i, bar in enumerate(gantt.gantt_data(ps.simulate(WHOLE), join=True))]
    assert set(gantt.rows_of(many).values()) == {"array (PL)", "processor (PS)"}


def test_in_one_column_names_and_numbers_keep_apart():
    report = ps.simulate(ps.plan("deit_t"), ps_pl_overlap="images", batch=2)
    bars, marks = gantt.gantt_data(report, gantt.encoder_window(report, 1)), gantt.encoder_marks(report)

    def named(axes):
        return {text.get_text() for text in axes.texts}

    own = gantt.draw_gantt(bars, new_axes(9, 3)[1][0])
    whole = gantt.gantt_data(report, join=True)
    with drawn_as("png", 1):
        narrow = gantt.draw_gantt(bars, new_axes(9, 3)[1][0])
        numbered = gantt.draw_gantt(whole, new_axes(9, 3)[1][0], "", marks)
    assert named(own) - named(narrow) == {"qkt [1]", "qkt [2]", "proj [1]"}
    assert {text.get_text().strip() for text in numbered.texts} == {"1", "3", "5", "7", "9", "11"}
    widths = {float(width) for each in numbered.collections for width in each.get_linewidths()}
    assert widths == {0.0, gantt.EDGE_PT}  # white edges do not hide narrow bars


def test_units_have_a_row_and_images_are_numbered(tmp_path):
    hw = ps.load_hardware("zcu102").replace({"placement.softmax": "pl"})
    bars = gantt.gantt_data(ps.simulate(WHOLE, hw, ps_pl_overlap="images", batch=2))
    assert {b.track for b in bars} == {"array (PL)", "softmax unit (PL)"}
    assert {b.label for b in bars} >= {"qkv [1]", "qkv [2]"}
    skipped = ps.simulate(ps.skip_attention(WHOLE, active=[]))
    assert [p.name for p in gantt.plot_gantt(skipped, tmp_path)] == ["timeline.png", "timeline_encoder.png"]


def test_a_pipeline_has_a_bar_for_each_encoder_and_those_of_its_stages_for_each_image(tmp_path):
    report = ps.simulate(ps.plan("deit_t"), "truth/hgpipe_vck190", batch=2, scope="all")
    whole, stages = gantt.staged_bars(report), gantt.staged_bars(report, 1)
    tracks = ["patch_embed", "patch_embed add", *(f"encoder {i}" for i in range(1, 13)), "head norm", "head"]
    assert list(dict.fromkeys(bar.track for bar in whole)) == tracks and len(whole) == len(tracks)
    assert max(bar.end_ms for bar in whole) == pytest.approx(report.delay_ms)
    assert [bar.track for bar in stages[:12]] == [row.module for row in report.rows if row.encoder == 1][:12]
    assert len(stages) == 2 * 12 and {bar.label for bar in stages} == {"[1]", "[2]"}
    assert [p.name for p in gantt.plot_gantt(report, tmp_path)] == ["timeline.png", "timeline_encoder.png"]
