"""Properties that hold whatever the sizes."""

import random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import pivotsim as ps
from pivotsim.hardware.array import EDGES
from pivotsim.hardware.dataflows import DATAFLOWS
from pivotsim.hardware.fold_overlaps import FOLD_OVERLAPS
from pivotsim.io.yaml_reader import parse_scalar
from pivotsim.workload.masks.masks import OPERANDS, Draw, Mask
from pivotsim.workload.op_checks import checked
from pivotsim.workload.ops import KINDS, TRACE_MODULES

SIZE = st.integers(1, 400)
MODE = {
    "dataflow": st.sampled_from(DATAFLOWS),
    "fold_overlap": st.sampled_from(FOLD_OVERLAPS),
    "edge": st.sampled_from(EDGES),
    "os_edge_register": st.booleans(),
    "mac_latency": st.integers(1, 3),
}


@given(SIZE, SIZE, SIZE, st.integers(1, 70), st.integers(1, 70), st.fixed_dictionaries(MODE))
@settings(max_examples=300)
def test_cycles_lie_between_work_and_serial_execution(m, k, n, rows, cols, mode):
    cycles = ps.simulate_gemm(m, k, n, rows=rows, cols=cols, **mode).cycles
    assert cycles * rows * cols >= m * k * n
    serial = ps.simulate_gemm(m, k, n, rows=rows, cols=cols, **{**mode, "fold_overlap": "none", "edge": "padded"})
    assert cycles <= serial.cycles + 1  # one: an overlapped OS schedule leaves its register out once, not per fold


@given(SIZE, SIZE, SIZE, st.fixed_dictionaries(MODE))
@settings(max_examples=300)
def test_a_larger_gemm_is_never_faster(m, k, n, mode):
    def cycles(*sizes):
        return ps.simulate_gemm(*sizes, rows=16, cols=12, **mode).cycles

    here = cycles(m, k, n)
    assert here <= min(cycles(m + 1, k, n), cycles(m, k + 1, n), cycles(m, k, n + 1))


def sized(kind, k, density, **fields):
    """An operation whose density is allowed: of a GEMM only beside a mask."""
    return ps.workload.Op(kind=kind, k=k if kind == "gemm" else 1, density=1.0 if kind == "gemm" else density, **fields)


OP = st.builds(
    sized,
    kind=st.sampled_from(KINDS),
    k=st.integers(1, 10**6),
    encoder=st.integers(0, 4096),
    module=st.sampled_from(TRACE_MODULES),
    m=st.integers(1, 2**63 - 1),
    n=st.integers(1, 10**6),
    repeats=st.integers(1, 100),
    a_bits=st.integers(1, 64),
    w_bits=st.integers(1, 64),
    out_bits=st.integers(1, 64),
    density=st.floats(0, 1),
    layer=st.text(st.characters(exclude_categories=["C", "Z"], include_characters=" "), max_size=20),
)
KEYS = st.sampled_from(["w", "1.qkv", "folder, with comma/é", 'a "quoted" key', "x.npz:w"])


@st.composite
def masked_traces(draw):
    """Operations with drawn masks, given masks, or none; a key names one mask."""
    ops, masks = draw(st.lists(OP, max_size=8)), {}
    for key in draw(st.lists(KEYS, unique=True, max_size=4)):
        m, k, n = (draw(st.integers(1, 40)) for _ in range(3))
        operand, block, count = draw(st.sampled_from(OPERANDS)), draw(st.integers(1, 9)), draw(st.integers(1, 3))
        height, width = {"a": (m, k), "b": (k, n), "out": (m, n)}[operand]
        shape = (count, -(-height // block), -(-width // block))
        mask = Mask(operand, height, width, block, np.random.default_rng(draw(st.integers(0, 99))).random(shape) < 0.5)
        masks["", key] = mask
        ops.append(ps.workload.Op(1, "fc1", "gemm", m, k, n, 2, density=mask.density, mask_key=key))
    for _ in range(draw(st.integers(0, 3))):
        m, k, n = (draw(st.integers(9, 40)) for _ in range(3))
        what = Draw(draw(st.integers(1, 9)), 1.0, draw(st.integers(0, 2**63 - 1)), draw(st.sampled_from(OPERANDS)), 2)
        ops.append(ps.workload.Op(2, "fc2", "gemm", m, k, n, 3, density=draw(st.floats(0, 1)), mask_key=what.key))
    return ps.Trace(tuple(ops or [ps.workload.Op(1, "fc1", "gemm", 1, 1, 1)]), "trace", masks)


@given(masked_traces())
@settings(max_examples=200)
def test_traces_survive_csv(tmp_path_factory, trace):
    folder = tmp_path_factory.mktemp("traces")
    ps.write_trace(trace, folder / "trace.csv")
    back = ps.read_trace(folder / "trace.csv")
    assert back.ops == trace.ops
    assert back.gemm_masks == trace.gemm_masks
    assert (folder / "trace.masks.npz").exists() == bool(trace.masks)
    assert back == checked(trace)


@pytest.mark.parametrize("name", ["deit_s", "lvvit_s", "dinov2_g"])
def test_lowered_traces_survive_csv_and_cost_the_same(tmp_path, name):
    trace = ps.lower(ps.plan(name), 2)
    ps.write_trace(trace, tmp_path / "t.csv")
    back = ps.read_trace(tmp_path / "t.csv")
    assert back.ops == trace.ops
    first, second = (ps.simulate(t, batch=2, profile="full", scope="all") for t in (trace, back))
    assert (first.rows, first.input_hash) == (second.rows, second.input_hash)


@given(st.sets(st.integers(1, 12)), st.sampled_from(["paper", "full"]), st.sampled_from(["encoders", "all"]))
@settings(max_examples=60)
def test_parts_of_a_report_add_up(active, profile, scope):
    report = ps.simulate(ps.skip_attention(ps.plan("deit_s"), active=active), profile=profile, scope=scope)
    for by in ("module", "group", "encoder", "resource"):
        entries = report.breakdown(by)
        assert sum(e["delay_ms"] for e in entries.values()) == pytest.approx(report.delay_ms, rel=1e-9)
        assert all(0 <= e["share"] <= 1 for e in entries.values())
    assert sum(report.energy_components_j.values()) == report.energy_j
    assert report.pl_cycles == sum(row.cycles for row in report.rows)
    assert report.pl_ms + report.ps_ms == report.delay_ms


def test_delay_depends_on_the_effort_and_not_on_which_attentions_stay():
    draw = random.Random(5)
    plan = ps.plan("deit_s")
    for effort in range(13):
        delays = {
            round(ps.simulate(ps.skip_attention(plan, active=draw.sample(range(1, 13), effort))).delay_ms, 9)
            for _ in range(5)
        }
        assert len(delays) == 1


def test_a_layers_name_changes_no_number_and_no_hash(tmp_path):
    plain = ps.lower(ps.plan("deit_s"))
    named = ps.Trace(tuple(op._replace(layer=f"blocks.{i}") for i, op in enumerate(plain)), plain.name)
    first, second = (ps.simulate(trace, profile="full") for trace in (plain, named))
    assert (first.delay_ms, first.energy_j, first.input_hash) == (second.delay_ms, second.energy_j, second.input_hash)
    assert "layer" not in repr(plain.ops), "texts that hashes are made of are those of before"
    ps.write_trace(plain, tmp_path / "plain.csv")
    ps.write_trace(named, tmp_path / "named.csv")
    lines = [(tmp_path / name).read_text().splitlines() for name in ("plain.csv", "named.csv")]
    assert lines[0] == [line.rpartition(",")[0] for line in lines[1]]
    assert ps.read_trace(tmp_path / "named.csv").ops == named.ops


@pytest.mark.parametrize("name", ["x" * 201, "two\nlines", 3])
def test_a_layers_name_is_a_short_line_of_text(name):
    with pytest.raises(ps.InputError, match="layer: must be"):
        ps.simulate(ps.Trace((ps.workload.Op(1, "fc1", "gemm", 1, 1, 1, layer=name),)))


def test_the_same_inputs_give_the_same_hash_and_others_another():
    plan, hw = ps.plan("deit_s"), ps.load_hardware("zcu102")
    first = ps.simulate(plan, hw).input_hash
    assert ps.simulate(ps.plan("deit_s"), "zcu102").input_hash == first
    others = {
        ps.simulate(ps.skip_attention(plan, active=[1]), hw).input_hash,
        ps.simulate(plan, hw.replace({"array.rows": 65})).input_hash,
        ps.simulate(plan, hw, profile="full").input_hash,
    }
    assert len(others | {first}) == 4


@given(st.integers(-(10**20), 10**20) | st.floats(allow_nan=False, allow_infinity=False))
def test_numbers_that_python_prints_are_read_back(number):
    assert parse_scalar(repr(number)) == number
