"""Traces as people have them: few columns, comments, other separators, names of their own, standard input."""

import io
import itertools
import json
from types import SimpleNamespace

import pytest

import pivotsim as ps
from pivotsim.cli.entry import main
from pivotsim.workload import Op
from pivotsim.workload.trace_files.layout import HEADER

SIZES = {"m": "5", "k": "6", "n": "7"}
WHOLE = {"encoder": "1", "module": "fc1", "kind": "gemm", **SIZES, "repeats": "2", "a_bits": "4", "w_bits": "2"}
WHOLE |= {"out_bits": "32", "density": "1.0", "mask_file": "", "mask_key": "", "layer": "blocks.0"}


def read(tmp_path, text):
    (tmp_path / "t.csv").write_text(text)
    return ps.read_trace(tmp_path / "t.csv")


@pytest.mark.parametrize("separator", [",", ";", "\t"])
@pytest.mark.parametrize("order", list(itertools.permutations("mkn")))
def test_three_columns_are_enough_in_any_order(tmp_path, separator, order):
    text = f"{separator.join(order).upper()}{separator}\n# note\n\n{separator.join(SIZES[c] for c in order)}\n"
    trace = read(tmp_path, text)
    assert trace.ops == (Op(0, "other", "gemm", 5, 6, 7),)
    said = "encoder 0, module other, kind gemm, repeats 1, a_bits 8, w_bits 8, out_bits 8, density 1.0"
    assert trace.notes == (f"columns that the file leaves out: {said}",)


@pytest.mark.parametrize("column", [c for c in WHOLE if c not in SIZES])
def test_each_other_column_may_be_left_out(tmp_path, column):
    cells = {name: cell for name, cell in WHOLE.items() if name != column}
    trace = read(tmp_path, f"{','.join(cells)}\n{','.join(cells.values())}\n")
    whole = Op(1, "fc1", "gemm", 5, 6, 7, 2, 4, 2, 32, layer="blocks.0")
    default = {"encoder": 0, "module": "other", **Op._field_defaults, "kind": "gemm"}[column]
    assert trace.ops == (whole._replace(**{column: default}),)
    expected = column not in ("mask_file", "mask_key", "layer")
    assert trace.notes == ((f"columns that the file leaves out: {column} {default}",) if expected else ())


def test_a_file_as_it_is_written_has_no_notes(tmp_path):
    ps.write_trace(ps.lower(ps.plan("deit_t")), tmp_path / "t.csv")
    assert (tmp_path / "t.csv").read_text().splitlines()[0] == ",".join(HEADER)
    assert ps.read_trace(tmp_path / "t.csv").notes == ()


def test_names_of_modules_that_are_not_known_become_layers(tmp_path):
    names = ["FF_A_0", "QKV", "x", "y", "z", "FF_A_0", "w"]
    trace = read(tmp_path, "module,m,k,n\n" + "".join(f"{name},5,6,7\n" for name in names))
    assert [(op.module, op.layer) for op in trace] == [
        ("qkv", "") if name == "QKV" else ("other", name) for name in names
    ]
    assert trace.notes[1] == "names that are no module's, read as layers of module other: FF_A_0, x, y, z and 1 more"
    named = read(tmp_path, "module,layer,m,k,n\nLinear,head.fc,5,6,7\n")
    assert named.ops[0].layer == "head.fc" and "Linear" in named.notes[1]


def test_lines_keep_their_numbers_and_quotes_their_content(tmp_path):
    with pytest.raises(ps.InputError, match=r"t\.csv:6: m: must be a whole number"):
        read(tmp_path, '\n# a "comment\nm,k,n\n5,6,7\n  # another\nx,6,7\n')
    trace = read(tmp_path, 'layer,m,k,n\n"#1, first",5,6,7\n')
    assert trace.ops[0].layer == "#1, first"


def test_the_scope_is_all_where_nothing_is_in_an_encoder(tmp_path):
    outside = ps.Trace((Op(0, "other", "gemm", 5, 6, 7),))
    inside = ps.Trace((*outside, Op(1, "fc1", "gemm", 5, 6, 7)))
    said = "scope: 'all', since no operation is in an encoder"
    report = ps.simulate(outside)
    assert report.options["scope"] == "all" and said in report.remarks and report.macs == 210
    assert ps.simulate(inside).options["scope"] == "encoders" and ps.simulate(inside).macs == 210
    assert said not in ps.simulate(outside, scope="all").remarks
    with pytest.raises(ps.InputError, match="scope: 'encoders' leaves no operation"):
        ps.simulate(outside, scope="encoders")
    table = ps.simulate_designs(outside, "zcu102", {"rows": [8, 64]})
    assert table["pl_cycles"][1] == report.pl_cycles and said in table.notes
    assert ps.simulate(outside).input_hash == ps.simulate(outside, scope="all").input_hash


def test_standard_input_is_a_file_named_so(tmp_path, monkeypatch):
    def give(text):
        monkeypatch.setattr("sys.stdin", SimpleNamespace(buffer=io.BytesIO(text.encode())))

    give("m,k,n\n5,6,7\n")
    trace = ps.read_trace("-")
    assert (trace.name, trace.ops) == ("stdin", (Op(0, "other", "gemm", 5, 6, 7),))
    give("m,k,n\nx,6,7\n")
    with pytest.raises(ps.InputError, match=r"^stdin:2: m: must be"):
        ps.read_trace("-")
    give("")
    with pytest.raises(ps.InputError, match="is empty"):
        ps.read_trace("-")
    monkeypatch.setattr("sys.stdin", None)
    with pytest.raises(ps.InputError, match="standard input is closed"):
        ps.read_trace("-")


def test_a_trace_goes_from_one_command_to_the_next(monkeypatch, capsys):
    assert main(["show", "trace", "deit_t", "--csv", "-"]) == 0
    written = capsys.readouterr().out
    monkeypatch.setattr("sys.stdin", SimpleNamespace(buffer=io.BytesIO(written.encode())))
    assert main(["run", "--trace", "-", "--json"]) == 0
    report = json.loads(capsys.readouterr().out)
    assert report["workload"] == "stdin"
    assert report["input_hash"] == ps.simulate(ps.lower(ps.plan("deit_t"))).input_hash
    monkeypatch.setattr("sys.stdin", SimpleNamespace(buffer=io.BytesIO(written.encode())))
    assert main(["show", "trace", "-", "--scalesim", "-"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "Layer,M,N,K," and len(lines) == 1 + sum(
        op.repeats for op in ps.lower(ps.plan("deit_t")) if op.kind == "gemm"
    )
    assert main(["show", "trace", "deit_t", "--csv", "-", "--scalesim", "-"]) == 2
    assert "--scalesim: standard output takes the trace of --csv" in capsys.readouterr().err
