"""PIVOT's figures beside another board: values and ratios, no verdict, exit status 0; on the paper's board verdicts."""

import json

import pytest

import pivotsim as ps
from pivotsim.cli.entry import main
from pivotsim.published.base.findings import VERDICTS
from pivotsim.published.pivot.audit import Audit
from pivotsim.published.pivot.other_board import BoardComparison
from pivotsim.published.pivot.paper_board import differences, paper_board

PYNQ = """base: zcu102
kind: systolic
name: pynq
description: a small board
array: {rows: 14, cols: 14, clock_mhz: 100}
power: {board_w: 2.5}
"""


@pytest.fixture(scope="module")
def board(tmp_path_factory):
    path = tmp_path_factory.mktemp("boards") / "my_board.yaml"
    path.write_text(PYNQ)
    return path


def ran(capsys, *arguments):
    code = main([str(a) for a in arguments])
    return code, *capsys.readouterr()


def asked(board, what):
    """Return the options of one way to ask for another board."""
    return {
        "file": ("--hw", board),
        "clock": ("--set", "array.clock_mhz=200"),
        "shipped": ("--hw", "zcu102_os"),
        "power": ("--set", "power.board_w=9"),
        "memory": ("--set", "memories.gb_bytes=32768"),
        "unlimited": ("--set", "memories.gb_bytes=unlimited"),
        "processor": ("--set", "host.paper.softmax.cycles_per_element=0"),
    }[what]


@pytest.mark.parametrize("what", ["file", "clock", "shipped", "power", "memory", "unlimited", "processor"])
def test_another_board_gets_no_verdicts(board, what, capsys):
    code, out, err = ran(capsys, "reproduce", "pivot", *asked(board, what))
    name = {"file": "pynq", "shipped": "zcu102_os"}.get(what, "zcu102")
    title = f"PIVOT's published figures beside {name} (another board than the paper's: no verdicts)"
    assert (code, err, out.splitlines()[0]) == (0, "", title)
    plain = out.replace(", inferred on the paper's board", "").replace("input stationary", "")
    for word in (*VERDICTS, "deviation", "missed", "UNEXPECTED", "expected ones"):
        assert word not in plain
    assert "Not as in the paper: " in out


def test_values_are_the_boards_and_ratios_are_to_the_published_ones(board, capsys):
    hw = ps.load_hardware(board)
    delay_ms = ps.simulate(ps.plan("deit_s"), hw).delay_ms
    code, out, _ = ran(capsys, "reproduce", "pivot", "--hw", board, "--json")
    data = json.loads(out)
    assert (code, data["judged"], data["hardware"]) == (0, False, "pynq")
    assert not {"counts", "unexpected", "contradictions"} & set(data)
    cells = {claim["id"]: claim for claim in data["claims"]}
    assert len(cells) == len(ps.reproduce("pivot").findings) and not any("verdict" in c for c in cells.values())
    delay = cells["table2.deit_s.delay"]
    assert (delay["published"], delay["simulated"]) == ("59.66", delay_ms)
    assert delay["ratio"] == pytest.approx(delay_ms / 59.66)
    values = {i: cells[i]["simulated"] for i in ("table1.array", "table1.clock", "sec4.1.dsp", "table1.dataflow")}
    assert values == {
        "table1.array": "14x14", "table1.clock": 100, "sec4.1.dsp": 196, "table1.dataflow": "input stationary",
    }  # fmt: skip
    assert cells["table2.deit_s.top1"]["simulated"] is None and cells["table2.deit_s.top1"]["ratio"] is None
    changed = {(entry["path"], entry["value"], entry["paper"]) for entry in data["differs"]}
    assert {("array.rows", 14, 64), ("array.cols", 14, 36), ("power.board_w", 2.5, 7.92)} <= changed


def test_pairs_are_those_of_the_papers_board(board):
    """Searched for on another board they would bend until its delays fit the paper's."""
    paper = {search.row: search.best for search in ps.reproduce("pivot").searches}
    found = ps.reproduce("pivot", hw=board)
    assert {row: (h.low, h.high) for row, h in found.pairs.items()} == {r: (h.low, h.high) for r, h in paper.items()}
    hw, whole = ps.load_hardware(board), ps.plan("deit_s")
    low, high = (ps.simulate(ps.skip_attention(whole, active=range(1, n + 1)), hw) for n in (6, 12))
    mix = ps.combine([low, high], [0.8, 0.2], gate="none")
    cell = next(f for f in found.findings if f.claim.id == "table2.pvds_50.delay")
    assert cell.simulated == mix.delay_ms and "(6, 12) at F_H 0.1999..0.2001" in cell.reason


@pytest.mark.parametrize(
    "change",
    [{}, {"array.rows": 64}, {"power.board_w": 7.92, "memories.gb_bytes": 16384}, {"name": "mine", "description": "x"}],
)
def test_a_board_with_the_papers_values_is_judged(change):
    audit = ps.reproduce("pivot", hw=ps.load_hardware("zcu102").replace(change))
    assert isinstance(audit, Audit) and audit.judged and audit.unexpected == []


def test_a_derived_board_that_changes_nothing_is_judged(tmp_path):
    path = tmp_path / "copy.yaml"
    path.write_text("base: zcu102\nkind: systolic\nname: copy\ndescription: the same\narray: {rows: 64}\n")
    assert ps.reproduce("pivot", hw=path).judged


def test_a_shadowed_zcu102_is_another_board(tmp_path, monkeypatch):
    (tmp_path / "hwconfigs").mkdir()
    (tmp_path / "hwconfigs" / "zcu102.yaml").write_text("base: zcu102\narray:\n  rows: 32\n")
    monkeypatch.setenv("PIVOTSIM_PATH", str(tmp_path))
    paper_board.cache_clear()  # read once in a process, by whichever test came first
    found = ps.reproduce("pivot")
    assert isinstance(found, BoardComparison) and found.differing == [("array.rows", 32, 64)]


def test_no_processor_is_a_difference():
    found = {path: (own, paper) for path, own, paper in differences(without_processor())}
    assert found["host"] == ("none", None) and found["host.clock_mhz"][0] is None


def without_processor():
    places = {f"placement.{kind}": "pl" for kind in ("softmax", "gelu", "norm", "add")}
    return ps.load_hardware("zcu102").replace({"host": "none", **places})


def test_it_prints_itself(board):
    found = ps.reproduce("pivot", hw=board)
    assert repr(found) == f"<BoardComparison: {len(found.findings)} claims beside pynq, no verdicts>"
    assert str(found).splitlines()[0].startswith("PIVOT's published figures beside pynq")
    html = found._repr_html_()
    assert "no verdicts" in html and "Verdicts" not in html and found.counts() == {}


def test_many_differences_are_counted(capsys):
    changes = {f"memories.{name}": 4096 for name in ("ipmem_bytes", "wtmem_bytes", "opmem_bytes", "read_latency_ns")}
    hw = ps.load_hardware("zcu102").replace({**changes, "array.rows": 8, "array.cols": 8, "array.clock_mhz": 50.5})
    closing = next(ps.reproduce("pivot", hw=hw).tables()).closing
    assert closing[0].startswith("Not as in the paper: array.rows = 8 (paper: 64)")
    assert "array.clock_mhz = 50.5 (paper: 125)" in closing[0] and closing[0].endswith(", and 1 more.")


def test_pictures_name_the_board(board, capsys, tmp_path, monkeypatch):
    from pivotsim.plots.papers.pivot import FIGURES, figures

    titles = {}
    save = figures.save_figure
    monkeypatch.setattr(figures, "save_figure", lambda f, *to: titles.update({to[1]: f.get_suptitle()}) or save(f, *to))
    code, out, err = ran(capsys, "reproduce", "pivot", "--hw", board, "--plots", tmp_path / "out")
    assert code == 0 and len(list((tmp_path / "out").iterdir())) == out.count("wrote ") == len(titles)
    assert "left out on this board: Table 4 (the paper's board alone)" in err
    of_board = [f.picture for f in FIGURES if f.picture in titles and f.on_board]
    assert len(of_board) >= 7
    assert all(titles[name] == "simulated: pynq, another board than the paper's" for name in of_board)
    assert titles["pivot_fig4b_search_space"] == ""  # of no board
