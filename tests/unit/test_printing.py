"""What print() and a notebook show of objects: short, complete in one look, and escaped."""

import re

import pytest

import pivotsim as ps
from pivotsim.tables import PAGE_COLUMNS, Table, as_html, as_text

WHOLE = ps.plan("deit_s")
LOW = ps.simulate(ps.skip_attention(WHOLE, active=range(1, 7)))
OBJECTS = {
    "report": LOW,
    "report of images": ps.simulate(WHOLE, batch=3, ps_pl_overlap="images", energy="activity", profile="full"),
    "mixed report": ps.combine([LOW, ps.simulate(WHOLE)], [0.8, 0.2]),
    "hardware": ps.load_hardware("zcu102"),
    "mpca": ps.load_hardware("u250_mpca"),
    "model": ps.load_model("dinov2_g"),
    "plan": ps.prune_tokens(WHOLE, "evit", keep_rate=0.7),
    "trace": ps.lower(WHOLE),
    "gemm": ps.simulate_gemm(197, 384, 1536, density=0.5, block=32, clock_mhz=125),
    "schedule": ps.pruning.pruning_schedule(WHOLE, "zcu102", lambda n: 80 - 0.002 * (197 - n) ** 2),
    "audit": ps.reproduce("static"),
}


@pytest.mark.parametrize("name", OBJECTS)
def test_objects_print_short_tables(name):
    text = str(OBJECTS[name])
    assert max(map(len, text.splitlines())) <= PAGE_COLUMNS and 5 <= len(text.splitlines()) <= 40
    assert "\n" not in repr(OBJECTS[name])


@pytest.mark.parametrize("name", OBJECTS)
def test_objects_show_whole_tables_in_notebooks(name):
    html = OBJECTS[name]._repr_html_()
    tags = re.findall(r"<(/?)(\w+)", html)
    for tag in {tag for _, tag in tags}:
        assert tags.count(("", tag)) == tags.count(("/", tag)) > 0
    assert "<table>" in html and "None" not in html


def test_a_summary_says_what_the_run_was_and_what_it_costs():
    lines = LOW.summary().splitlines()
    assert lines[0] == "deit_s, effort 6 on zcu102 (engine analytic, memory paper, profile paper, scope encoders)"
    assert lines[2].split() == ["delay", "36.54", "ms", "array", "18.81,", "processor", "17.73"]
    assert any(line.split() == ["softmax", "17.73", "48.5", "%"] for line in lines)
    assert lines[-1] == f"{len(LOW.notes)} notes on constants behind these numbers: see .notes"
    assert str(LOW) == LOW.summary() and repr(LOW).startswith("<Report: deit_s, effort 6 on zcu102, 36.54 ms")
    assert all(note.partition(":")[0] in LOW._repr_html_() for note in LOW.notes)


def test_names_are_escaped_in_notebooks_and_cut_to_the_page_in_text():
    trace = ps.Trace(ps.lower(WHOLE).ops, "<script>x</script> " * 10)
    report = ps.simulate(trace)
    assert "<script>" not in report._repr_html_() + trace._repr_html_() and "&lt;script&gt;" in report._repr_html_()
    assert max(map(len, report.summary().splitlines())) <= PAGE_COLUMNS
    table = Table("a & b", ("<i>", "n"), [('"x"', None), ("two\nlines", 2)], (1,), ("<p>",))
    html = as_html([table])
    assert "<caption>a &amp; b</caption>" in html and "&lt;i&gt;" in html and "<p>&lt;p&gt;</p>" in html
    assert as_text([table]).splitlines() == ["a & b", "<i>        n", '"x"', "two lines  2", "<p>"]
