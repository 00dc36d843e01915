"""Notes on workloads: what a scope leaves out, the shares that masks keep, operands of few bits."""

import numpy as np
import pytest

import pivotsim as ps
from pivotsim.workload import Op
from pivotsim.workload.remarks import workload_notes

FC1, FC2 = Op(0, "fc1", "gemm", 197, 384, 1536), Op(1, "fc2", "gemm", 197, 1536, 384)
FROM_ONE = "; encoder 0 is outside the encoders: number them from 1"


def notes(*ops, scope="encoders", bits=8):
    return workload_notes(ps.Trace(ops), scope, bits)


@pytest.mark.parametrize(
    ("ops", "said"),
    [
        ((FC1, FC2), f"1 of 2 operations (50.0 % of the MACs: fc1); scope 'all' charges them{FROM_ONE}"),
        (
            (Op(0, "patch_embed", "gemm", 197, 384, 384), FC2, FC2),
            "1 of 3 operations (11.1 % of the MACs: patch_embed); scope 'all' charges them",
        ),
        (
            (Op(0, "softmax", "softmax", 197, 1, 197, 6), FC2),
            f"1 of 2 operations (no MACs: softmax); scope 'all' charges them{FROM_ONE}",
        ),
        ((Op(0, "gelu", "gelu", 197, 1, 4), FC2), "1 of 2 operations (no MACs: gelu); scope 'all' charges them"),
        (
            (*(FC1._replace(module=name) for name in ("q", "k", "v", "fc1", "gate", "value")), FC2),
            "6 of 7 operations (85.7 % of the MACs: q, k, v, fc1 and 2 more); scope 'all' charges them" + FROM_ONE,
        ),
    ],
)
def test_what_a_scope_leaves_out(ops, said):
    assert notes(*ops) == (f"scope: 'encoders' leaves out {said}",)
    assert notes(*ops, scope="all") == ()


def test_nothing_is_said_of_nothing():
    assert notes(FC2) == ()


def test_of_a_plan_all_efforts_leave_out_the_same():
    plan = ps.plan("deit_s")
    said = [workload_notes(ps.lower(ps.skip_attention(plan, active=range(1, n))), "encoders", 8) for n in (1, 7, 13)]
    line = "scope: 'encoders' leaves out patch_embed, requant, head (58.2 million MACs); scope 'all' charges them"
    assert said == [(line,)] * 3


def test_little_that_is_left_out_is_not_called_nothing():
    (line,) = workload_notes(ps.lower(ps.plan("digits_vit")), "encoders", 8)
    assert "(2,368 MACs)" in line


def test_reports_say_it():
    report = ps.simulate(ps.Trace((FC1, FC2)), "zcu102")
    assert report.pl_cycles == 78_624
    assert ps.simulate(ps.Trace((FC1, FC2)), "zcu102", scope="all").pl_cycles == 61_128 + 78_624
    line = notes(FC1, FC2)[0]
    assert ps.simulate_designs(ps.Trace((FC1, FC2)), "zcu102", {"rows": [64]}).notes == (line,)
    assert ps.simulate_designs(ps.Trace((FC1, FC2)), "zcu102", {"rows": [64]}, scope="all").notes == ()
    assert (
        line in report.remarks
        and line in report.to_dict()["remarks"]
        and line in report._repr_html_().replace("&#x27;", "'")
    )


@pytest.mark.parametrize(
    ("bits", "said"),
    [
        ({"w_bits": 4}, "operands of 4 bit run as 8 bit"),
        ({"a_bits": 4, "w_bits": 2}, "operands of 2 and 4 bit run as 8 bit"),
        ({"a_bits": 1}, "operands of 1 bit run as 8 bit"),
    ],
)
def test_narrow_operands_save_bytes_alone(bits, said):
    trace, narrow = ps.Trace((FC2,)), ps.Trace((FC2._replace(**bits),))
    same = "a multiplication takes the same clock and energy, memories move their own bits"
    assert notes(*narrow) == (f"{said}: {same}",)
    for engine in ("analytic", "memory"):
        memory = "hw" if engine == "memory" else "paper"
        runs = [ps.simulate(t, "zcu102", engine=engine, memory=memory, energy="activity") for t in (trace, narrow)]
        assert runs[0].counts.macs == runs[1].counts.macs
        assert (runs[0].pl_cycles >= runs[1].pl_cycles) if memory == "hw" else (runs[0].pl_cycles == runs[1].pl_cycles)
        assert runs[0].counts.dram_bytes > runs[1].counts.dram_bytes and runs[0].energy_j > runs[1].energy_j


def test_elsewhere_narrow_operands_save_nothing():
    trace, narrow = ps.Trace((FC2,)), ps.Trace((FC2._replace(w_bits=4),))
    runs = [ps.simulate(t, "u250_mpca") for t in (trace, narrow)]
    assert runs[0].pl_cycles == runs[1].pl_cycles and runs[0].counts == runs[1].counts
    assert "operands of 4 and 8 bit run as 16 bit: same clocks, bytes and energy" in runs[1].remarks


def test_shares_that_masks_keep(tmp_path):
    plan = ps.prune_blocks(ps.plan("deit_t"), block=16, density={"qkv": 0.5, "fc2": 0.25})
    first, last = np.zeros((2, 48, 12), dtype=bool)
    first[:24], last[:12] = True, True
    np.savez(tmp_path / "m.npz", **{"1.fc1": first.T, "2.fc1": last.T.astype(np.uint8)})
    one = np.tri(197, dtype=bool)
    both = ps.mask_attention(ps.prune_blocks(plan, block=16, masks=tmp_path / "m.npz"), one)
    assert workload_notes(ps.lower(both), "all", 8) == (
        "masks of weights: 26, keep 0.25 to 0.5 of the elements, mean 0.359 "
        f"(qkv, fc1, fc2; drawn, {tmp_path / 'm.npz'})",
        "masks of scores: 12, each keeps 0.503 of the elements (qkt; given for all encoders and heads, true = kept)",
    )


def test_shares_of_a_trace_and_of_one_mask(tmp_path):
    trace = ps.lower(ps.prune_blocks(ps.plan("deit_t"), block=16, density={"fc1": 0.5}))
    alone = ps.Trace(tuple(op for op in trace if (op.encoder, op.module) == (3, "fc1")), masks=trace.masks)
    assert workload_notes(alone, "all", 8) == ("mask of weights: keeps 0.5 of the elements (fc1, encoder 3; drawn)",)
    np.savez(tmp_path / "w.npz", w=np.eye(4, dtype=np.int32))
    row = "1,fc1,gemm,5,4,4,1,8,8,8,1.0,w.npz,w,\n"
    (tmp_path / "t.csv").write_text(",".join(Op._fields) + "\n" + row)
    said = workload_notes(ps.workload.read_trace(tmp_path / "t.csv"), "all", 8)
    assert said == (f"mask of weights: keeps 0.25 of the elements (fc1, encoder 1; {tmp_path / 'w.npz'})",)


def test_a_split_attention_keeps_what_it_computes():
    kept = np.zeros((1, 1, 197, 197), dtype=bool)
    kept[..., :10, :] = True  # 10 entries of each key
    kept[..., 0] = True  # one key of all queries
    split = ps.split_attention(ps.mask_attention(ps.plan("deit_t"), kept), 50)
    line = workload_notes(ps.lower(split), "all", 8)[0]
    share = (197 + 196 * 10) / 197**2
    assert line == (
        f"masks of scores: 12, each keeps {share:.3g} of the elements "
        "(qkt; given for all encoders and heads, true = kept)"
    )
