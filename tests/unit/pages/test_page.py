"""The HTML of pages: parsed by the standard's rules, nothing from elsewhere, nothing executed, everything said."""

import base64
import hashlib
import json
import re

import html5lib
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import pivotsim as ps
from pivotsim.pages import template, writer
from pivotsim.pages.bokeh_figures import json_text, plain
from pivotsim.pages.charts.bars import plain_bars
from pivotsim.pages.html_tables import table_html
from pivotsim.pages.page import MOST_ROWS, Fact, LinkedTable, Page, Section, cut, facts_of
from pivotsim.pages.registry import page_of
from pivotsim.tables import Table

HOSTILE = [
    "<script>alert(1)</script>",
    "</script><script>x()</script>",
    '"><img src=x onerror=x()>',
    "$$x$$",
    "&amp;",
    "a'b",
]
MOST_BYTES = 4_000_000


def parsed(text):
    """A page as a tree; what HTML does not allow is an error."""
    return html5lib.HTMLParser(strict=True, namespaceHTMLElements=False).parse(text)


def texts_of(tree, path):
    return ["".join(element.itertext()).strip() for element in tree.iterfind(f".//{path}")]


@pytest.fixture(scope="module")
def report():
    return ps.simulate(ps.skip_attention(ps.plan("deit_t"), active=[1, 2, 3]), memory="hw", energy="activity")


@pytest.fixture(scope="module")
def text(report):
    return writer.html_of(report)


@pytest.fixture(scope="module")
def tree(text):
    bundle = max(re.findall(r"<script>.*?</script>", text, re.DOTALL), key=len)
    return parsed(text.replace(bundle, "<script></script>"))  # a megabyte that has no tag in it


def test_a_page_is_one_small_file(text):
    assert len(text.encode()) < MOST_BYTES
    assert text.startswith("<!DOCTYPE html>") and text.count("<script>") == 2


def test_nothing_comes_from_elsewhere(tree):
    for element in tree.iter():
        assert element.tag not in ("link", "iframe", "object", "embed", "base", "form"), element.tag
        for name in ("src", "href", "action", "data"):
            assert element.get(name, "#").startswith("#"), element.attrib
        assert not [name for name in element.attrib if name.startswith("on")]


def test_the_policy_names_the_two_scripts_and_no_address(text):
    policy = re.search(r'Content-Security-Policy" content="([^"]*)"', text)[1]
    parts = {part.split()[0]: part.split()[1:] for part in policy.split(";")}
    scripts = re.findall(r"<script>(.*?)</script>", text, re.DOTALL)
    digests = [base64.b64encode(hashlib.sha256(script.encode()).digest()).decode() for script in scripts]
    assert parts["default-src"] == ["'none'"]
    assert len(scripts) == 2 and parts["script-src"] == [f"'sha256-{digest}'" for digest in digests]
    assert "http" not in policy


def test_charts_are_data_that_no_parser_takes_for_tags(tree):
    charts = [e for e in tree.iterfind(".//script") if e.get("class") == "chart-data"]
    places = {e.get("id") for e in tree.iter() if e.get("class") == "chart"}
    assert len(charts) == len(places) == 5
    for chart in charts:
        assert "<" not in chart.text
        assert json.loads(chart.text)["target_id"] in places


@pytest.mark.parametrize("nasty", HOSTILE)
def test_data_of_charts_holds_no_tag_and_no_tex(nasty):
    text = json_text(plain_bars([(nasty, 1.0)], nasty, nasty), "chart-1")
    assert "<" not in text and "$$" not in text
    assert plain(nasty) in str(json.loads(text))


def test_the_first_screen_has_the_totals_of_the_terminal(report, tree):
    from pivotsim.simulation.reporting.summary import total_rows

    facts = [tuple(texts_of(div, "*")) for div in tree.find(".//dl").iterfind("div")]
    assert len(facts) == len(total_rows(report))
    for name, value, unit, remark in total_rows(report):
        found = next(fact for fact in facts if fact[0] == name)
        assert found[1] == f"{value} {unit}".strip() and (not remark or remark in found)


def test_every_mark_is_there(report, tree):
    shown = " ".join(" ".join("".join(tree.itertext()).split()).split())
    assert len(report.notes) > 15
    for note in report.notes:
        where, _, rest = note.partition(": ")
        assert where in shown
        said = re.sub(r"^\[[^\]]*\]\s*", "", rest)
        assert " ".join(said.split()) in shown, note


def test_what_does_not_fit_is_inherited_or_has_no_effect_is_on_the_first_screen():
    hw = ps.load_hardware("pynq_z2").replace({"host.full.gelu.cycles_per_element": 9.0, "array.cols": 64})
    page = page_of(ps.simulate(ps.plan("deit_t"), hw))
    assert page.facts[0] == Fact("fits", "NO", "", page.facts[0].remark, True)
    assert any("host.full.gelu" in line for line in page.said)
    assert any("inherited" in line for line in (*page.notes, *page.said))


@pytest.mark.parametrize("nasty", HOSTILE)
def test_texts_of_inputs_stay_texts(nasty, monkeypatch):
    monkeypatch.setattr(template, "script_text", lambda: "")
    table = LinkedTable(Table(nasty, (nasty, "n"), [(nasty, "1")] * 9, (1,), (nasty,)), nasty)
    fact, section = Fact(nasty, nasty, nasty, nasty), Section(nasty, (table,), nasty, is_open=False)
    page = Page(nasty, nasty, ((nasty, nasty),), (fact,), (nasty,), (section,), (f"{nasty}: [{nasty[:5]}] {nasty}",))
    tree = parsed(template.page_html(page))
    assert len(list(tree.iterfind(".//script"))) == 2
    assert not [e for e in tree.iter() if e.tag == "img" or any(name.startswith("on") for name in e.attrib)]
    assert texts_of(tree, "title") == texts_of(tree, "h1") == [nasty]
    assert texts_of(tree, "td").count(nasty) >= 9


@settings(max_examples=25)
@given(st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=30))
def test_a_cell_keeps_its_text(text):
    tree = html5lib.parseFragment(table_html(Table("", ("a",), [(text,)])), namespaceHTMLElements=False)
    assert ["".join(td.itertext()) for td in tree.iter("td")] == [" ".join(text.splitlines())]


@pytest.mark.parametrize(
    ("cells", "right", "is_number"),
    [
        (["1,234", "-", "5.6 %"], False, True), (["+3.33", "1e-5"], False, True), (["2,3", "2"], False, False),
        (["is", "ws"], True, False), (["12.0 (11 to 13)", "-"], True, True), (["12.0 (11 to 13)"], False, False),
        (["", "-"], True, False),
    ],
)  # fmt: skip
def test_columns_of_numbers_are_told_from_words(cells, right, is_number):
    shown = table_html(Table("", ("a",), [(text,) for text in cells], (0,) if right else ()))
    assert ('class="number"' in shown) == is_number


def test_rows_have_the_points_that_they_are_given():
    table = Table("", ("a",), [("x",), ("y",), ("z",)])
    assert re.findall(r'data-point="(\d+)"', table_html(LinkedTable(table, "s"))) == ["0", "1", "2"]
    shown = table_html(LinkedTable(table, "s", (None, 0, None)))
    found = re.findall(r'<tr(?: data-point="(\d+)")?[^>]*><td>(.)', shown)
    assert found == [("", "x"), ("0", "y"), ("", "z")]


def test_a_table_too_long_says_so():
    long = Table("", ("n",), [(i,) for i in range(MOST_ROWS + 1)])
    assert len(cut(long).rows) == MOST_ROWS and f"{MOST_ROWS + 1:,} rows" in cut(long).closing[0]
    assert cut(long._replace(rows=long.rows[1:])) == long._replace(rows=long.rows[1:])


def test_bad_facts_come_first():
    rows = [("delay", "1", "ms", ""), ("fits", "NO", "", "2 of 1"), ("energy", "1", "J", "")]
    assert [fact.name for fact in facts_of(rows)] == ["fits", "delay", "energy"]


def test_more_of_the_command_line_is_added_once():
    page = Page("run", "t", (("engine", "a"),), (), ("x",), ()).more({"engine": "b", "set": {"k": 1}}, ["x", "y"])
    assert page.asked == (("engine", "b"), ("set", "k=1")) and page.said == ("x", "y") and page.sections == ()
