"""Topologies of SCALE-Sim: layers in, multiplications out, and back."""

import pytest

import pivotsim as ps
from pivotsim.workload.trace_files.topologies import DEPTHWISE
from tests.oracles.workload import convolution as oracle

HEADER = "Layer name, IFMAP Height, IFMAP Width, Filter Height, Filter Width, Channels, Num Filter, Strides,\n"
BY_AXIS = HEADER.replace("Strides,", "Stride Height, Stride Width, IFMAP Offset, Filter Offset, OFMAP Offset,")


def read(tmp_path, text):
    (tmp_path / "net.csv").write_text(text)
    return ps.read_trace(tmp_path / "net.csv")


def sizes(trace):
    return [(op.layer, op.m, op.k, op.n, op.repeats) for op in trace]


def test_gemm_layers_are_in_the_order_m_n_k(tmp_path):
    trace = read(tmp_path, "Layer,M,N,K,\nQ0,50,96,64,\nQ1,50,50,32\n\n")
    assert sizes(trace) == [("Q0", 50, 64, 96, 1), ("Q1", 50, 32, 50, 1)]
    assert {(op.encoder, op.module, op.kind) for op in trace} == {(0, "other", "gemm")}
    assert trace.notes == ("read as a SCALE-Sim GEMM topology: order M, N, K",)
    report = ps.simulate(trace)
    assert report.pl_cycles == 2 * (2 * 64 + 36 + 96 - 2) + 2 * (2 * 64 + 36 + 50 - 2)
    assert report.remarks[0] == trace.notes[0] and report.options["scope"] == "all"


def test_columns_in_another_order_are_a_trace_by_their_names(tmp_path):
    trace = read(tmp_path, "Layer,M,K,N,\nQ0,50,64,96,\n")
    assert sizes(trace) == [("Q0", 50, 64, 96, 1)]
    assert trace.notes[0].startswith("columns that the file leaves out: encoder 0, module other, kind gemm")


def test_convolutions_are_multiplied_as_im2col_has_them(tmp_path):
    text = (
        HEADER + "\nA, 30, 30, 3, 3, 3, 32, 2,\n\tB,12,12,1,1,32,64,1\nC_dw, 14, 14, 3, 3, 1, 1, 1,#dw\n# end, of it\n"
    )
    trace = read(tmp_path, text)
    assert sizes(trace) == [("A", 196, 27, 32, 1), ("B", 144, 32, 64, 1), ("C_dw", 144, 9, 1, 1)]
    assert {op.module for op in trace} == {"conv"}
    assert trace.notes == (
        "read as a SCALE-Sim convolution topology: input sizes include the padding",
        "SCALE-Sim also counts a last window that reaches beyond the input, left out here: in A",
    )


def test_a_stride_for_each_axis_and_addresses_that_are_passed_over(tmp_path):
    trace = read(tmp_path, BY_AXIS + "A, 9, 12, 3, 2, 4, 8, 2, 5, 0, 10000000, 20000000,\n")
    height, width = (oracle.positions(*axis, 1, 0, 0, ceil_mode=False) for axis in ((9, 3, 2), (12, 2, 5)))
    assert sizes(trace) == [("A", height * width, 3 * 2 * 4, 8, 1)]
    assert len(trace.notes) == 1


def test_depthwise_layers_have_filters_for_each_channel(tmp_path):
    rows = "Conv2_DP, 14, 14, 3, 3, 32, 2, 1,\nConv3, 14, 14, 3, 3, 32, 2, 1,\n"
    trace = read(tmp_path, HEADER + rows)
    assert sizes(trace) == [("Conv2_DP", 144, 9, 2, 32), ("Conv3", 144, 288, 2, 1)]
    assert DEPTHWISE in trace.notes[1] and "Conv2_DP" in trace.notes[1] and "Conv3" not in trace.notes[1]
    assert trace.ops[0].dense_macs == oracle.multiply_accumulates((12, 12), (3, 3), 32, 64, 32)


def test_sparsity_is_not_read_and_said(tmp_path):
    dense = read(tmp_path, HEADER.replace(",\n", ", Sparsity,\n") + "A,9,9,3,3,4,8,1,1:1,\n")
    assert len(dense.notes) == 1
    sparse = read(tmp_path, "Layer,M,N,K,Sparsity\nQ0,50,96,64,2:4,\nQ1,5,6,7,1:4,\n")
    assert sizes(sparse)[0] == ("Q0", 50, 64, 96, 1)
    assert sparse.notes[1] == "sparsity of Q0, Q1 is not read: all layers run dense"


@pytest.mark.parametrize("name", ["deit_s", "lvvit_s"])
def test_what_is_written_reads_back_in_m_n_and_k(tmp_path, name):
    trace = ps.lower(ps.plan(name))
    written = ps.workload.write_topology(trace, tmp_path / "t.csv")
    back = ps.read_trace(tmp_path / "t.csv")
    gemms = [op for op in trace if op.kind == "gemm"]
    assert [(op.m, op.k, op.n) for op in back] == [(op.m, op.k, op.n) for op in gemms for _ in range(op.repeats)]
    assert written == len(back) and back.macs == trace.macs
    assert len({op.layer for op in back}) == len(back)
    lines = (tmp_path / "t.csv").read_text().splitlines()
    assert lines[0] == "Layer,M,N,K," and all(line.count(",") == 4 for line in lines)


def test_names_are_kept_and_cannot_break_a_row(tmp_path):
    ops = [ps.workload.Op(0, "conv", "gemm", 4, 5, 6, layer=layer) for layer in ('a,"b', "a,'b", "#c", "")]
    ps.workload.write_topology(ps.Trace(tuple(ops)), tmp_path / "t.csv")
    assert [op.layer for op in ps.read_trace(tmp_path / "t.csv")] == ["a__b", "a_'b", "_c", "0.conv"]


def test_what_no_topology_holds_is_refused(tmp_path):
    softmax = ps.Trace((ps.workload.Op(1, "softmax", "softmax", 4, 1, 4),), "s")
    with pytest.raises(ps.InputError, match="s: holds no GEMM"):
        ps.workload.write_topology(softmax, tmp_path / "t.csv")
    many = ps.Trace((ps.workload.Op(1, "qkt", "gemm", 1, 1, 1, 2**40),), "s")
    with pytest.raises(ps.InputError, match="more than the 1,000,000"):
        ps.workload.write_topology(many, tmp_path / "t.csv")
    assert not list(tmp_path.iterdir())
