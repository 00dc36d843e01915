"""Pages of all kinds in Chromium at 1280 and 390 pixels: nothing complains, nothing is fetched, interactions work.

`make test-browser` runs this; with PIVOTSIM_SCREENSHOTS=DIR it leaves a picture of each page there.
"""

import os
from pathlib import Path

import pytest

import pivotsim as ps
from pivotsim.cli.entry import main
from tests.browser.chromium import Browser, missing

WIDTHS = (1280, 390)
KINDS = {
    "run": ("run", "deit_s", "--active", "1-6", "--memory", "hw", "--energy", "activity"),
    "run_heads": ("run", "deit_s", "--ps-pl-overlap", "heads"),
    "combine": ("combine", "deit_s", "--low", "1-6", "--high", "all", "--f-low", "0.8", "--set", "array.cols=72"),
    "compare": ("compare", "a.json", "b.json"),
    "schedule": ("schedule", "deit_s", "--accuracy", "deit_s"),
    "sweep": ("schedule", "deit_s", "--accuracy", "deit_s", "--alpha", "0.1:0.9"),
    "cosearch": ("cosearch", "digits_vit", "--logits", "digits", "--cka", "digits", "--target-delay-ms", "0.11",
                 "--lec", "0.8", "--objective", "edp_j_ms", "--front", "delay_ms"),
    "front": ("front", "arrays", "--objectives", "delay_ms,dsp"),
    "front_of_three": ("front", "arrays", "--objectives", "delay_ms,dsp,bram36"),
    "pivot": ("reproduce", "pivot"),
    "static": ("reproduce", "static"),
    "tokens": ("reproduce", "tokens"),
}  # fmt: skip
TAG = "<img src=x onerror=window.hacked=1>"
HOSTILE = f"""encoder,module,kind,m,k,n,repeats,a_bits,w_bits,out_bits,density,mask_file,mask_key,layer
1,qkv,gemm,197,384,1152,1,8,8,8,1,,,{TAG}
1,fc1,gemm,197,384,1536,1,8,8,8,1,,,</script><script>window.hacked=2</script>
1,fc2,gemm,197,1536,384,1,8,8,8,1,,,$$\\notTeX$$
"""


@pytest.fixture(scope="session")
def pages(tmp_path_factory):
    """Every kind of page, made as a user makes it: name -> path."""
    assert not missing(), f"not installed: {missing()}"
    folder = tmp_path_factory.mktemp("pages")
    before = Path.cwd()
    os.chdir(folder)
    try:
        for name, effort in (("a", "all"), ("b", "1-6")):
            report = ps.simulate(ps.skip_attention(ps.plan("deit_s"), active=range(1, 7)) if effort != "all" else
                                 ps.plan("deit_s"))  # fmt: skip
            Path(f"{name}.json").write_text(report.to_json())
        assert main(["sweep", "zcu102_arrays", "--out", "arrays"]) == 0
        for name, words in KINDS.items():
            assert main([*words, "--html", f"{name}.html"]) == 0, name
        Path("hostile.csv").write_text(HOSTILE)
        assert main(["run", "--trace", "hostile.csv", "--html", "hostile.html"]) == 0
    finally:
        os.chdir(before)
    return {path.stem: path for path in folder.glob("*.html")}


@pytest.fixture(scope="session", params=WIDTHS)
def browser(request, pages):
    window = Browser(request.param)
    yield window
    window.close()


@pytest.mark.parametrize("kind", [*KINDS, "hostile"])
def test_a_page_is_shown_without_complaint(browser, pages, kind):
    charts = browser.open(pages[kind])
    assert charts == browser.js("return document.querySelectorAll('.chart canvas, .chart > *').length") > 0
    assert browser.complaints() == []
    assert browser.fetched() == [pages[kind].as_uri()]
    assert browser.js("return document.documentElement.scrollWidth") <= browser.width
    assert browser.js("return [...document.querySelectorAll('.chart')].every((e) => e.offsetHeight > 100)")
    assert browser.js("return window.hacked") is None
    print(f"{kind} at {browser.width}: {pages[kind].stat().st_size:,} B")
    if folder := os.environ.get("PIVOTSIM_SCREENSHOTS"):
        Path(folder).mkdir(exist_ok=True)
        browser.screenshot(Path(folder) / f"{kind}_{browser.width}.png")


def column(browser, table, place):
    script = (
        "return [...arguments[0].tBodies[0].rows].filter((r) => !r.hidden).map((r) => r.cells[arguments[1]].innerText)"
    )
    return browser.js(script, table, place)


def test_a_column_of_numbers_sorts_both_ways(browser, pages):
    browser.open(pages["run"])
    table = browser.js("return document.querySelector('main table')")
    heads = browser.js("return [...arguments[0].tHead.rows[0].cells].map((c) => c.innerText.trim())", table)
    at = heads.index("delay, ms")
    before = [float(text) for text in column(browser, table, at)]
    click = "arguments[0].tHead.rows[0].cells[arguments[1]].querySelector('button').click()"
    browser.js(click, table, at)
    assert [float(text) for text in column(browser, table, at)] == sorted(before) != before
    browser.js(click, table, at)
    assert [float(text) for text in column(browser, table, at)] == sorted(before, reverse=True)
    browser.js(click, table, 0)
    names = column(browser, table, 0)
    assert names == sorted(names)


def test_a_filter_keeps_rows_with_all_its_words(browser, pages):
    browser.open(pages["pivot"])
    table = browser.js("return document.querySelector('table[data-source]')")
    box = browser.js("return arguments[0].closest('.block').querySelector('.filter input')", table)
    rows = column(browser, table, 0)
    box.send_keys("deit-s delay")
    browser.wait("return [...arguments[0].tBodies[0].rows].some((r) => r.hidden)", table)
    texts = browser.js(
        "return [...arguments[0].tBodies[0].rows].filter((r) => !r.hidden).map((r) => r.textContent)", table
    )
    assert 0 < len(texts) < len(rows)
    assert all("deit-s" in text.lower() and "delay" in text.lower() for text in texts)
    shown = browser.js("return arguments[0].closest('.block').querySelector('.filter span').innerText", table)
    assert shown == f"{len(texts)} of {len(rows)} rows"


def chart_of(browser, title):
    script = (
        "return [...document.querySelectorAll('figure')].find((f) => f.querySelector('h3').innerText === arguments[0])"
    )
    return browser.js(f"{script}.querySelector('.chart').id", title)


def test_the_timeline_zooms(browser, pages):
    browser.open(pages["run_heads"])
    chart = chart_of(browser, "Timeline")
    first, last = browser.range(chart)
    whole = last - first
    if browser.is_phone:  # a finger scrolls the page, and buttons zoom
        start, end = browser.press(chart, "Zoom In")
        assert 0.5 * whole < end - start < whole
    else:
        start, end = browser.drag(chart, *((first + at * whole, "array (PL)") for at in (0.2, 0.4)))
        assert 0.15 * whole < end - start < 0.25 * whole
    start, end = browser.press(chart, "Reset")
    assert (start, end) == pytest.approx((first, last))


def test_a_piece_of_work_says_what_it_is(browser, pages):
    browser.open(pages["run_heads"])
    chart = chart_of(browser, "Timeline")
    report = ps.simulate(ps.plan("deit_s"), ps_pl_overlap="heads")
    piece = max(report.timeline.pieces, key=lambda piece: piece.end - piece.start)
    to_ms = report.timeline.ticks.to_ms
    track = "array (PL)" if piece.resource == "array" else "processor (PS)"
    said = browser.hover(chart, (to_ms(piece.start) + to_ms(piece.end)) / 2, track)
    assert report.rows[piece.row].label in said and f"{to_ms(piece.start):,.4f}" in said


def test_points_and_rows_show_each_other(browser, pages):
    browser.open(pages["front"])
    chart = chart_of(browser, "Front")
    points = browser.js(
        "const v = Bokeh.index.roots[0]; const s = v.model.document.get_model_by_name('front');"
        "return [...s.data.x].map((x, i) => [x, s.data.y[i]])"
    )
    place = max(range(len(points)), key=lambda i: points[i][0])  # the outermost, which no other hides
    assert "array.rows" in browser.hover(chart, *points[place])
    row = browser.click(chart, *points[place], "return document.querySelector('tr.chosen')")
    assert row.get_attribute("data-point") == str(place)
    in_sight = "const at = arguments[0].getBoundingClientRect(); return at.top >= 0 && at.bottom <= innerHeight;"
    assert browser.wait(in_sight, row)
    browser.js("document.querySelector('tr[data-point=\"0\"]').click()")
    chosen = "return [...Bokeh.index.roots[0].model.document.get_model_by_name('front').selected.indices]"
    assert browser.js(chosen) == [0]
    assert browser.js("return document.querySelectorAll('tr.chosen').length") == 1


def test_nothing_of_a_trace_is_executed(browser, pages):
    browser.open(pages["hostile"])
    chart = chart_of(browser, "Timeline")
    texts = browser.js("return document.body.innerText")
    assert TAG in texts and "window.hacked=2" in texts
    said = browser.hover(chart, 0.3, "array (PL)")
    assert TAG in said
    assert browser.js("return window.hacked") is None and browser.complaints() == []


def test_a_page_prints(browser, pages):
    browser.open(pages["schedule"])
    pdf = browser.driver.execute_cdp_cmd("Page.printToPDF", {"printBackground": True})["data"]
    assert pdf.startswith("JVBERi") and len(pdf) > 20_000  # %PDF- in base64
    assert browser.js("return [...document.querySelectorAll('details')].every((part) => part.open)")
