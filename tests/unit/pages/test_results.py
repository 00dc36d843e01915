"""Pages of all kinds of results: the tables that the terminal prints, and charts of the same numbers."""

import subprocess
import sys

import numpy as np
import pytest

import pivotsim as ps
from pivotsim.pages.charts.gantt import gantt_bars
from pivotsim.pages.page import Chart, LinkedTable
from pivotsim.pages.registry import PAGES, page_of
from pivotsim.pages.results.cosearch import SearchResult
from pivotsim.pages.results.front import SweepFront, other_points
from pivotsim.tables import Table


def blocks_of(page, kind):
    return [block for section in page.sections for block in section.blocks if isinstance(block, kind)]


def source_of(chart, name):
    return chart.figure.select_one({"name": name}).data


@pytest.fixture(scope="module")
def efforts():
    whole = ps.plan("deit_t")
    return [ps.simulate(ps.skip_attention(whole, active=[1, 2, 3])), ps.simulate(whole)]


def test_every_kind_of_result_has_a_page(efforts, tmp_path):
    results = {
        "run": efforts[0], "combine": ps.combine(efforts, [0.5, 0.5]), "compare": efforts,
        "reproduce": ps.reproduce("static"), "schedule": schedule(), "cosearch": search(), "front": front(tmp_path),
    }  # fmt: skip
    for kind, result in results.items():
        page = page_of(result)
        assert (page.kind, bool(page.title), bool(page.facts)) == (kind, True, True)
        assert blocks_of(page, Chart) and blocks_of(page, (Table, LinkedTable)) and page.input_hash
    assert {name.partition(":")[0] for name in PAGES.values()} == set(results)


def test_a_page_of_three_results_says_three(efforts):
    assert page_of(efforts).title == "deit_t, effort 3 and deit_t"
    assert page_of([*efforts, efforts[0]]).title == "deit_t, effort 3 and deit_t, 3 results"


def schedule():
    from pivotsim.io.samples import find_sample
    from pivotsim.pruning.accuracy.given import read_accuracy
    from pivotsim.pruning.devices.simulated import Simulated
    from pivotsim.pruning.schedule import pruning_schedule

    table = read_accuracy(find_sample("accuracy", "--accuracy", "deit_s").path)
    return pruning_schedule(ps.plan("deit_s"), Simulated(ps.load_hardware("zcu102")), table, grid=range(197, 20, -8))


def search():
    from pivotsim.effort.search.co_search import cosearch
    from pivotsim.io.samples import find_sample

    files = [find_sample(kind, f"--{kind}", "digits").path for kind in ("logits", "cka")]
    found = cosearch(ps.plan("digits_vit"), *files, [ps.load_hardware("zcu102")], gate="entropy")
    return SearchResult(found, "digits_vit", {"best": found.best("edp_j_ms")}, found.front("delay_ms"), "delay_ms")


SPACE = {"name": "small", "axes": {"array.rows": [8, 16, 32, 64], "array.cols": [8, 16, 32, 36]}}


def front(folder, where=()):
    from pivotsim.dse.dataset import open_dataset
    from pivotsim.dse.space.reading import load_space
    from pivotsim.dse.sweep.run import run_sweep

    run_sweep(load_space(SPACE), folder / "data")
    return SweepFront.of(open_dataset(folder / "data"), ["delay_ms", "dsp"], where=where)


def test_points_of_a_front_are_the_rows_of_its_table(tmp_path):
    result = front(tmp_path)
    chart, table = blocks_of(page_of(result), Chart)[0], blocks_of(page_of(result), LinkedTable)[0]
    points = source_of(chart, table.source)
    assert len(points["x"]) == len(table.table.rows) == len(result.rows["point"]) > 1
    names = list(table.table.columns)
    for x, y, row in zip(points["x"], points["y"], table.table.rows, strict=True):
        assert float(row[names.index("dsp")].replace(",", "")) == y
        assert float(row[names.index("delay_ms")].replace(",", "")) == pytest.approx(x, rel=1e-4)
    xs, ys, count = other_points(result, most=5)
    assert count == 16 and len(xs) == len(ys) <= 5
    assert [row[1] for row in table.table.rows].index("knee") == result.knee
    assert "Grey: 16 designs of the 16 that were stored" in chart.says
    knee = next(fact for fact in page_of(result).facts if fact.name == "DSPs at the knee")
    assert knee.value == f"{result.rows['dsp'][result.knee]:,}"  # a count has no decimals


def test_a_front_under_conditions_says_how_many_designs_meet_them(tmp_path):
    result = front(tmp_path, where=["dsp > 0", "array.rows > 16"])
    (chart,) = (one for one in blocks_of(page_of(result), Chart) if one.title == "Front")
    _, _, count = other_points(result)
    assert 0 < count < 16 and f"Grey: {count} designs of the {count} that meet the conditions" in chart.says


def test_points_of_a_search_are_the_rows_of_its_table():
    result = search()
    page = page_of(result)
    chart, table = blocks_of(page, Chart)[0], blocks_of(page, LinkedTable)[0]
    points = source_of(chart, table.source)
    assert points["x"] == [choice.delay_ms for choice in result.front]
    assert points["y"] == [100 * choice.accuracy_frac for choice in result.front]
    cascade = source_of(blocks_of(page, Chart)[1], "cascade")
    assert sum(cascade["leave"]) == pytest.approx(100) and cascade["reach"][0] == 100


def test_points_of_an_audit_are_claims_of_its_table():
    audit = ps.reproduce("static")
    page = page_of(audit)
    table = blocks_of(page, LinkedTable)[0]
    points = source_of(blocks_of(page, Chart)[1], table.source)
    linked = [(row, point) for row, point in zip(table.table.rows, table.points, strict=True) if point is not None]
    assert len(linked) == len(points["x"]) > 20 and len(table.table.rows) == len(audit.findings)
    assert all(points["name"][point] == row[0] for row, point in linked)
    counts = {fact.name: fact.value for fact in page.facts}
    assert {v: str(n) for v, n in audit.counts().items() if n}.items() <= counts.items()


def test_a_comparison_sets_each_result_beside_the_first(efforts):
    page = page_of([efforts[1].to_dict(), efforts[0], efforts[0]])
    facts = {fact.name: fact.value for fact in page.facts}
    ratio = efforts[0].delay_ms / efforts[1].delay_ms
    assert float(facts["delay, B over A"].rstrip("x")) == pytest.approx(ratio, abs=6e-4)
    assert facts["delay, C over A"] == facts["delay, B over A"]
    with pytest.raises(ps.InputError, match="two results or more"):
        page_of([efforts[0]])


def test_a_result_without_a_page_says_which_have_one():
    with pytest.raises(ps.InputError, match=r"has no page \(got VitModel\).*Report"):
        page_of(ps.load_model("deit_t"))


@pytest.mark.parametrize("mode", ["serial", "heads", "images"])
def test_the_timeline_is_the_run(mode):
    report = ps.simulate(ps.plan("deit_t"), ps_pl_overlap=mode, batch=2 if mode == "images" else 1)
    bars, count = gantt_bars(report, 10**6)
    assert len(bars) == count == len(report.timeline.pieces)
    assert max(bar.end_ms for bar in bars) == pytest.approx(report.delay_ms)
    assert sum(bar.end_ms - bar.start_ms for bar in bars) == pytest.approx(report.busy_ms)
    few, count = gantt_bars(report, 7)
    assert few == bars[:7] and count == len(bars)


def test_a_long_timeline_says_what_is_left_out():
    page = page_of(ps.simulate(ps.plan("deit_t"), ps_pl_overlap="images", batch=60))
    chart = next(chart for chart in blocks_of(page, Chart) if chart.title == "Timeline")
    assert "The first 4,000 of 5,040 pieces" in chart.says


@pytest.mark.parametrize("hw", ["u250_mpca", "truth/hgpipe_vck190"])
def test_other_kinds_of_hardware_have_pages(hw):
    page = page_of(ps.simulate(ps.plan("deit_t"), hw, scope="all"))
    titles = [section.title for section in page.sections]
    assert "What runs when" in titles and "How near to the limits" not in titles and "Every step" in titles


def test_bars_of_modules_sum_to_the_work(efforts):
    chart = blocks_of(page_of(efforts[0]), Chart)[0]
    drawn = [
        source.data["amount"] for source in chart.figure.references() if type(source).__name__ == "ColumnDataSource"
    ]
    assert np.sum(np.concatenate(drawn)) == pytest.approx(efforts[0].busy_ms)


def test_nothing_loads_bokeh_before_a_page_is_written():
    code = (
        "import sys, pivotsim as ps, pivotsim.pages, pivotsim.pages.registry, pivotsim.cli.paging\n"
        "ps.simulate(ps.plan('deit_t')); ps.write_html; print('bokeh' in sys.modules)"
    )
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)
    assert ran.stdout == "False\n"
