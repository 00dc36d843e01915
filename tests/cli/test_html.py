"""The option --html of all commands that have it: a whole file or none, and one line where something is wrong."""

import json

import pytest

import pivotsim as ps
from tests.cli.test_missing_extras import hide

RUN = ("run", "deit_t", "--active", "1-3")


def test_a_page_is_written_beside_what_is_printed(pivotsim, tmp_path):
    page = tmp_path / "run.html"
    plain, ran = pivotsim(*RUN), pivotsim(*RUN, "--html", page)
    assert ran.code == 0 and ran.out == f"{plain.out}wrote {page}\n"
    text = page.read_text()
    assert text.startswith("<!DOCTYPE html>") and "deit_t, effort 3 on zcu102" in text
    for line in ("active</span> 1-3", "hw</span> zcu102"):
        assert line in text


def test_json_stays_json(pivotsim, tmp_path):
    ran = pivotsim(*RUN, "--json", "--html", tmp_path / "run.html")
    assert ran.code == 0 and json.loads(ran.out)["result"] == "run" and (tmp_path / "run.html").exists()


def test_what_the_command_adds_is_on_the_page(pivotsim, tmp_path):
    page = tmp_path / "p.html"
    ran = pivotsim(*RUN, "--set", "host.full.gelu.cycles_per_element=9", "--draws", "20", "--html", page)
    assert ran.code == 0
    text = page.read_text()
    assert (
        "set</span> host.full.gelu.cycles_per_element=9" in text
        and "To know first" in text
        and "More of this run" in text
    )


def test_results_are_compared_and_combined(pivotsim, tmp_path):
    for name, active in (("a", [1]), ("b", [1, 2])):
        report = ps.simulate(ps.skip_attention(ps.plan("deit_t"), active=active))
        (tmp_path / f"{name}.json").write_text(report.to_json().replace("deit_t", "<script>x()</script>"))
    page = tmp_path / "p.html"
    ran = pivotsim("compare", tmp_path / "a.json", tmp_path / "b.json", "--html", page)
    assert ran.code == 0 and "<script>x()" not in page.read_text() and "&lt;script&gt;x()" in page.read_text()
    ran = pivotsim("combine", "deit_t", "--low", "1", "--high", "all", "--f-low", "0.5", "--html", page)
    assert ran.code == 0 and "The cascade" in page.read_text()


def test_a_sweep_of_schedules_has_a_page(pivotsim, tmp_path):
    page = tmp_path / "p.html"
    ran = pivotsim("schedule", "deit_s", "--accuracy", "deit_s", "--alpha", "0.4:0.6", "--html", page)
    assert ran.code == 0 and f"wrote {page}" in ran.out
    assert "The sweep" in page.read_text() and "<dt>pruned</dt><dd>38.230 <small>ms</small>" in page.read_text()


@pytest.mark.parametrize(
    "command", [RUN, ("combine", "deit_t", "--low", "1", "--high", "2", "--f-low", "1"), ("compare", "a", "b"),
                ("schedule", "deit_s", "--accuracy", "deit_s"), ("cosearch", "digits_vit"), ("front", "data"),
                ("reproduce", "static")],
)  # fmt: skip
def test_without_the_extra_nothing_runs(pivotsim, tmp_path, monkeypatch, command):
    monkeypatch.chdir(tmp_path)
    hide(monkeypatch, "bokeh")
    ran = pivotsim(*command, "--html", "out.html")
    assert (ran.code, ran.out) == (2, "") and ran.err.count("\n") == 1 and "pivotsim[html]" in ran.err
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("path", "said"), [("-", "must name a file"), ("", "must name a file"), ("no/p.html", "no/p.html")]
)
def test_a_page_needs_a_file(pivotsim, tmp_path, monkeypatch, path, said):
    monkeypatch.chdir(tmp_path)
    ran = pivotsim(*RUN, "--html", path)
    assert ran.code == 2 and ran.err.count("\n") == 1 and said in ran.err and not list(tmp_path.iterdir())
