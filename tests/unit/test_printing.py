"""What print() and a notebook show of objects: short, complete in one look, and escaped."""

import re

import pytest

import pivotsim as ps
from pivotsim.simulation.reporting.summary import run_tables
from pivotsim.tables import PAGE_COLUMNS, Table, as_html, as_text, counted, figures, number
from tests import table_alignment

WHOLE = ps.plan("deit_s")
LOW_PLAN = ps.skip_attention(WHOLE, active=range(1, 7))
OBJECTS = {
    "report": lambda: ps.simulate(LOW_PLAN),
    "report of images": lambda: ps.simulate(WHOLE, batch=3, ps_pl_overlap="images", energy="activity", profile="full"),
    "mixed report": lambda: ps.combine([ps.simulate(LOW_PLAN), ps.simulate(WHOLE)], [0.8, 0.2]),
    "hardware": lambda: ps.load_hardware("zcu102"),
    "mpca": lambda: ps.load_hardware("u250_mpca"),
    "model": lambda: ps.load_model("dinov2_g"),
    "plan": lambda: ps.prune_tokens(WHOLE, "evit", keep_rate=0.7),
    "trace": lambda: ps.lower(WHOLE),
    "gemm": lambda: ps.simulate_gemm(197, 384, 1536, density=0.5, block=32, clock_mhz=125),
    "schedule": lambda: ps.pruning.pruning_schedule(WHOLE, "zcu102", lambda n: 80 - 0.002 * (197 - n) ** 2),
    "validation": lambda: ps.validate("tpu_v4"),
    "audit": lambda: ps.reproduce("static"),
}


@pytest.fixture(scope="module", params=OBJECTS)
def thing(request):
    return OBJECTS[request.param]()


def test_objects_print_short_tables(thing):
    text = str(thing)
    assert max(map(len, text.splitlines())) <= PAGE_COLUMNS and 5 <= len(text.splitlines()) <= 40
    assert "\n" not in repr(thing)


def test_objects_show_whole_tables_in_notebooks(thing):
    html = thing._repr_html_()
    tags = re.findall(r"<(/?)(\w+)", html)
    for tag in {tag for _, tag in tags}:
        assert tags.count(("", tag)) == tags.count(("/", tag)) > 0
    assert "<table>" in html and "None" not in html


def _totals(report):
    return [*run_tables(report)][1:]  # the first has kinds of values below each other


TABLES = {
    "run": lambda: _totals(ps.simulate(LOW_PLAN)),
    "memory": lambda: ps.simulate(LOW_PLAN, engine="memory", memory="hw").details.tables(),
    "mpca": lambda: ps.simulate(WHOLE, "u250_mpca").details.tables(),
    "trace": lambda: OBJECTS["trace"]()._tables(),
    "plan": lambda: WHOLE._tables(),
}


@pytest.mark.parametrize("name", TABLES)
def test_numbers_stand_to_the_right(name):
    table_alignment.check(TABLES[name]())


def test_a_schedule_shows_times_with_three_decimals():
    found = ps.pruning.pruning_schedule(WHOLE, "zcu102", {197: 80.0, 108: 80.0}, grid=[197, 108], pruning_ms=1.23456)
    ((table,),) = (found._tables(),)
    shown = {row[0]: row[1] for row in table.rows}
    times = {"whole model": found.baseline_ms, "pruned model": found.pruned_ms, "pruning itself": 1.23456}
    assert {name: shown[name] for name in times} == {name: f"{ms:.3f}" for name, ms in times.items()}


def test_a_summary_says_what_the_run_was_and_what_it_costs():
    low = ps.simulate(LOW_PLAN)
    lines = low.summary().splitlines()
    assert lines[0] == "deit_s, effort 6 on zcu102 (engine analytic, memory paper, profile paper, scope encoders)"
    assert lines[2].split() == ["delay", "36.54", "ms", "array", "18.81,", "processor", "17.73"]
    assert any(line.split() == ["softmax", "17.73", "48.5", "%"] for line in lines)
    assert lines[-1] == f"{len(low.notes)} notes on constants behind these numbers: see .notes"
    assert str(low) == low.summary() and repr(low).startswith("<Report: deit_s, effort 6 on zcu102, 36.54 ms")
    assert all(note.partition(":")[0] in low._repr_html_() for note in low.notes)


def test_names_are_escaped_in_notebooks_and_cut_to_the_page_in_text():
    trace = ps.Trace(ps.lower(WHOLE).ops, "<script>x</script> " * 10)
    report = ps.simulate(trace)
    assert "<script>" not in report._repr_html_() + trace._repr_html_() and "&lt;script&gt;" in report._repr_html_()
    assert max(map(len, report.summary().splitlines())) <= PAGE_COLUMNS
    table = Table("a & b", ("<i>", "n"), [("<b>", None), ("two\nlines", 2)], (1,), ("<p>",))
    html = as_html([table])
    for part in ("<caption>a &amp; b</caption>", "&lt;i&gt;</th>", "<td>&lt;b&gt;</td>", "<p>&lt;p&gt;</p>"):
        assert part in html
    assert as_text([table]).splitlines() == ["a & b", "<i>        n", "<b>", "two lines  2", "<p>"]


@pytest.mark.parametrize(
    ("value", "text"),
    [(0.061237, "0.0612"), (0.5, "0.500"), (0.0999, "0.0999"), (1.006, "1.01"), (59.655, "59.66"), (0.0, "0.00"),
     (-0.0612, "-0.0612"), (0.01, "0.0100"), (0.009, "0.009"), (1234.5, "1,234.50")],
)  # fmt: skip
def test_small_numbers_keep_three_digits(value, text):
    assert number(value) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [(2014032.0, "2,014,032"), (59.654400, "59.654"), (0.47250, "0.47250"), (99.9996, "100.00"), (0.00005, "5e-05"),
     (9.99999, "10.000"), (100000, "100,000"), (0.0, "0"), (None, "-"), (-12.3456, "-12.346"), (1e13, "1e+13")],
)  # fmt: skip
def test_figures_are_as_many_as_say_something(value, text):
    assert figures(value, 5) == text


@pytest.mark.parametrize(
    ("count", "text"), [(0, "0 points"), (1, "1 point"), (2, "2 points"), (10**6, "1,000,000 points")]
)
def test_one_is_singular(count, text):
    assert counted(count, "point") == text
