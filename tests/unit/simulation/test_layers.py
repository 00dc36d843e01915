"""Names of layers: kept from the trace to every form of a report."""

import itertools
import json

import pytest

import pivotsim as ps
from pivotsim.cli.entry import main
from pivotsim.export.perfetto import chrome_trace
from pivotsim.plots.simulation.gantt import gantt_data

Op = ps.workload.Op
TRACE = ps.Trace(
    (
        Op(1, "conv", "gemm", 64, 27, 32, layer="features.0"),
        Op(1, "relu", "relu", 64, 1, 32, layer="features.0"),
        Op(1, "requant", "requant", 64, 1, 32),
        Op(1, "fc1", "gemm", 4, 32, 10, 2, layer="a.very.long.name.of.a.head.fc"),
    ),
    "small",
)


def test_a_breakdown_by_layer_adds_up_and_names_each():
    report = ps.simulate(TRACE, profile="full")
    entries = report.breakdown("layer")
    assert list(entries) == ["features.0", "", "a.very.long.name.of.a.head.fc"]
    own = sum(row.delay_ms for row in report.rows if row.layer == "features.0")
    assert entries["features.0"]["delay_ms"] == pytest.approx(own)
    assert sum(entry["delay_ms"] for entry in entries.values()) == pytest.approx(report.delay_ms)
    assert report.to_dict()["breakdown_by_layer"] == entries
    assert list(report.to_frame()["layer"]) == [row.layer for row in report.rows]
    assert "breakdown_by_layer" not in ps.simulate(ps.plan("deit_s")).to_dict()
    assert ps.combine([report], [1.0], gate="none").breakdown("layer") == entries


def test_transfers_belong_to_the_layer_whose_result_they_move():
    rows = ps.simulate(TRACE, profile="full").rows
    moved = [row for row in rows if row.kind == "transfer"]
    assert moved and all(row.layer == before.layer for before, row in itertools.pairwise(rows) if row in moved)


def test_pictures_show_the_names():
    report = ps.simulate(TRACE, profile="full")
    events = {e["name"]: e["args"] for e in chrome_trace(report)["traceEvents"] if e["ph"] == "X"}
    assert events["features.0"]["module"] in ("conv", "relu", "transfer") and "requant" in events
    labels = [bar.label for bar in gantt_data(report)]
    assert "features.0" in labels and "....of.a.head.fc" in labels
    assert max(map(len, labels)) <= 16


def test_the_printed_table_lists_the_longest_layers_and_sums_the_rest(tmp_path, capsys):
    ops = tuple(Op(1, "conv", "gemm", 10 * i, 64, 64, layer=f"conv{i}") for i in range(1, 41))
    ps.write_trace(ps.Trace(ops), tmp_path / "t.csv")
    assert main(["run", "--trace", str(tmp_path / "t.csv"), "--by", "layer"]) == 0
    lines = capsys.readouterr().out.splitlines()
    start = next(i for i, line in enumerate(lines) if line.startswith("layer"))
    table = [line.split() for line in lines[start + 1 : start + 22] if line]
    assert [row[0] for row in table[:-1]] == [f"conv{i}" for i in range(22, 41)]
    assert table[-1][:2] == ["21", "more"]
    whole_ms = ps.simulate(ps.Trace(ops)).delay_ms
    assert sum(float(row[1]) for row in table[:-1]) + float(table[-1][2]) == pytest.approx(whole_ms, rel=1e-2)
    assert main(["run", "--trace", str(tmp_path / "t.csv"), "--by", "layer", "--json"]) == 2
    assert "--by: chooses the table that is printed" in capsys.readouterr().err
    assert main(["run", "--trace", str(tmp_path / "t.csv"), "--by", "layers"]) == 2
    assert "--by: must be one of module, layer," in capsys.readouterr().err


def test_the_trace_that_is_shown_has_the_names_and_the_hash_of_one_without(tmp_path, capsys):
    shown = []
    for trace in (TRACE, ps.Trace(tuple(op.unnamed for op in TRACE))):
        ps.write_trace(trace, tmp_path / "t.csv")
        assert main(["show", "trace", str(tmp_path / "t.csv"), "--json"]) == 0
        shown.append(json.loads(capsys.readouterr().out))
    assert [op["layer"] for op in shown[0]["ops"]] == [op.layer for op in TRACE]
    assert "layer" not in shown[1]["ops"][0]
    assert shown[0]["input_hash"] == shown[1]["input_hash"]
