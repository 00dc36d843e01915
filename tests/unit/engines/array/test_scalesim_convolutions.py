"""Convolutions beside SCALE-Sim 3.0.0, whose clocks `make bench-peers` has recorded."""

import csv
from collections import defaultdict
from pathlib import Path

import pytest

import pivotsim as ps
from pivotsim.workload.lowering.convolution import convolution_gemm

RECORD = Path(__file__).parents[3] / "data" / "scalesim_convolutions.csv"


def recorded():
    """Return design -> the lines of its topology and the peer's clocks."""
    with RECORD.open() as file:
        header, *rows = csv.reader(file)
    assert header[:3] == ["dataflow", "rows", "cols"]
    designs = defaultdict(list)
    for row in rows:
        designs[row[0], int(row[1]), int(row[2])].append((row[3:-1], int(row[-1])))
    return header[3:-1], designs


COLUMNS, DESIGNS = recorded()


def one_more(op, design):
    """Clocks of an operation's repeats, less the drain, which SCALE-Sim leaves out of output stationary arrays."""
    dataflow, rows, cols = design
    result = ps.simulate_gemm(op.m, op.k, op.n, rows=rows, cols=cols, dataflow=dataflow)
    return op.repeats * (result.cycles - (result.folds * rows if dataflow == "os" else 0))


def test_the_record_is_whole():
    assert len(DESIGNS) == 6 and {dataflow for dataflow, _, _ in DESIGNS} == {"is", "ws", "os"}
    assert {len(layers) for layers in DESIGNS.values()} == {10}


@pytest.mark.parametrize("design", DESIGNS, ids=lambda design: "-".join(map(str, design)))
def test_scale_sim_is_one_clock_less_a_multiplication(tmp_path, design):
    layers = DESIGNS[design]
    lines = [",".join(cells) for cells in (COLUMNS, *(cells for cells, _ in layers))]
    (tmp_path / "net.csv").write_text(",\n".join(lines) + ",\n")
    trace = ps.read_trace(tmp_path / "net.csv")
    cut = trace.notes[-1].rpartition("in ")[2].split(", ")
    assert [op.layer for op in trace] == [cells[0] for cells, _ in layers] and cut == ["rest"]
    for op, (cells, theirs) in zip(trace, layers, strict=True):
        if op.layer in cut:
            height, width, *taps, channels, filters, stride = map(int, cells[1:])
            whole = convolution_gemm((height, width), channels, filters, taps, stride=stride, ceil_mode=True)
            assert whole.m > op.m
            op = op._replace(m=whole.m)
        assert one_more(op, design) == theirs + op.repeats, op.layer
