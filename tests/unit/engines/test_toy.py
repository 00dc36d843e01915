"""A further engine, all of it in this file: runs, reports, JSON, command line, timelines and sweeps know it at once."""

import json

import numpy as np
import pytest

import pivotsim as ps
from pivotsim.cli.entry import main
from pivotsim.engines.base import Details, Engine, EngineRun, Span
from pivotsim.engines.counts import Counts
from pivotsim.engines.registry import ENGINES
from pivotsim.export.perfetto import chrome_trace
from pivotsim.tables import Table
from tests.unit.engines.conformance import BoardConformance


class ToyDetails(Details):
    """Multiplications one after the other, each on all PEs."""

    step = "wave"

    def __init__(self, pes, gemms):
        self.pes, self.gemms = pes, gemms

    def to_dict(self):
        return {"toy_gemms": self.gemms}

    def tables(self):
        return (Table("", ("what", "GEMMs"), [("toy", self.gemms)], (1,), ("that is all",)),)

    def count_steps(self, m, k, n):
        return 1

    def spans(self, m, k, n, per_step, mask=None, copy=0, bits=(8, 8, 8)):
        yield Span("wave", 1, 1, 0, -(-m * k * n // self.pes))


class Toy(Engine):
    """Every PE multiplies in every clock."""

    name = "toy"

    def run(self, trace, hw, memory="paper"):
        m, k, n, repeats = trace.gemms.T
        cycles = -(-(m * k * n) // hw.pes) * repeats
        return EngineRun(cycles.astype(np.int64), ToyDetails(hw.pes, len(m)), lambda: Counts(macs=trace.macs))


DEIT_S_CYCLES = int(Toy().run(ps.lower(ps.plan("deit_s")).within("encoders"), ps.load_hardware("zcu102")).cycles.sum())


@pytest.fixture(autouse=True)
def toy(monkeypatch):
    monkeypatch.setitem(ENGINES, "toy", Toy())


class TestConformance(BoardConformance):
    """What every engine must hold."""

    name, board, compute, deit_s_cycles = "toy", "zcu102", "array", DEIT_S_CYCLES

    @pytest.fixture(params=[{"rows": 4, "cols": 3}, {"rows": 7, "cols": 5}], ids=["4x3", "7x5"])
    def mode(self, request):
        return request.param


@pytest.fixture
def report(toy):
    return ps.simulate(ps.plan("deit_s"), engine="toy", energy="activity")


def test_report_and_json(report):
    assert report.pl_cycles == DEIT_S_CYCLES and report.options["engine"] == "toy"
    data = json.loads(report.to_json())
    assert (data["toy_gemms"], data["pl_cycles"]) == (72, DEIT_S_CYCLES)
    assert report.counts == Counts(macs=report.macs) and report.stall_cycles == report.moved_bytes == {}


def test_command_line(capsys):
    assert main(["run", "deit_s", "--engine", "toy"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert "(engine toy, memory paper" in lines[0] and "that is all" in lines
    assert "toy      72" in lines
    assert main(["run", "deit_s", "--engine", "toy", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["toy_gemms"] == 72
    assert main(["run", "deit_s", "--engine", "tyo"]) == 2
    assert "'toy'" in capsys.readouterr().err


def test_timeline(report):
    events = chrome_trace(report)["traceEvents"]
    assert [e["args"]["name"] for e in events if e["name"] == "thread_name"] == ["array", "array wave", "core 1"]
    assert sum(e["name"].endswith(" wave") for e in events) == 12 * (4 + 2 * 6)


def test_sweep():
    axes = {"array.rows": [32, 64], "array.cols": [36]}
    space = {"name": "toy", "description": "two arrays", "fixed": {"engine": "toy"}, "axes": axes}
    table = ps.explore(space)
    for rows, cycles in zip(table["array.rows"], table["pl_cycles"], strict=True):
        hw = ps.load_hardware("zcu102").replace({"array.rows": int(rows)})
        assert cycles == ps.simulate(ps.plan("deit_s"), hw, engine="toy").pl_cycles
