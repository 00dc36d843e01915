"""What a report says of the memories."""

import pytest

import pivotsim as ps
from pivotsim.engines.memory.use import by_module, memory_bound
from pivotsim.workload.masks.masks import drawn_mask


@pytest.fixture(scope="module")
def report():
    return ps.simulate(ps.plan("deit_s"), "zcu102", engine="memory", memory="hw")


def test_table_1_makes_an_encoder_three_times_slower(report):
    assert report.pl_cycles == 12 * 743_690
    assert report.stall_cycles == {"weight": 0, "input": 0, "output": 12 * 374, "dram": 12 * 1_248}


def test_clocks_are_those_of_the_array_of_chunks_and_of_stalls(report):
    modules = by_module(report.details.uses)
    assert list(modules) == ["qkv", "qkt", "sv", "proj", "fc1", "fc2"]
    for row in modules.values():
        assert row["cycles"] == row["unlimited_cycles"] + row["chunk_cycles"] + sum(row["stall_cycles"].values())
        assert row["chunk"] == 56  # 8 KB of OPMEM hold 56 steps of 36 int32 sums
        assert row["chunk_cycles"] > row["unlimited_cycles"] / 2
    assert sum(row["unlimited_cycles"] for row in modules.values()) == 3_026_160
    fc1 = modules["fc1"]
    assert fc1["unlimited_cycles"] == 12 * 61_128
    assert fc1["cycles"] - sum(fc1["stall_cycles"].values()) == 12 * 218_592  # facts of the buffers, to the last drain


def test_outputs_are_written_once(report):
    per_encoder = 197 * (1152 + 384 + 1536 + 384) + 6 * (197 * 197 + 197 * 64)
    assert report.moved_bytes["dram_write"] == 12 * per_encoder
    assert report.moved_bytes["dram_read"] + report.moved_bytes["dram_write"] == sum(
        row["dram_bytes"] for row in by_module(report.details.uses).values()
    )


def test_only_the_memory_engine_fills_them(report):
    assert {"stall_cycles", "moved_bytes", "memory_by_module"} <= report.to_dict().keys()
    plain = ps.simulate(ps.plan("deit_s"))
    assert "stall_cycles" not in plain.to_dict() and not hasattr(plain.details, "uses")
    assert not any(plain.moved_bytes.values()) and not any(plain.stall_cycles.values())


def test_unlimited_memories_never_stall():
    unlimited = ps.simulate(ps.plan("deit_s"), engine="memory")
    assert unlimited.pl_cycles == 3_026_160 and not any(unlimited.stall_cycles.values())


def test_marks_of_the_memories_are_named(report):
    assert any(note.startswith("memories.opmem_buffers: [assumed]") for note in report.notes)
    assert not any(note.startswith("memories.") for note in ps.simulate(ps.plan("deit_s")).notes)


def sparse_trace(density, encoder=3):
    """fc1 of DeiT-S with and without a mask on its weights, and QK^T with three different heads."""
    weights = drawn_mask(384, 1536, block=16, density=density, seed=0)
    heads = drawn_mask(197, 197, block=1, density=density, seed=0, operand="out", count=3)
    fc1 = ps.workload.Op(encoder, "fc1", "gemm", 197, 384, 1536)
    qkt = ps.workload.Op(encoder, "qkt", "gemm", 197, 64, 197, 6, mask_key="heads", density=heads.density)
    masked = fc1._replace(encoder=encoder + 1, mask_key="weights", density=weights.density)
    return ps.Trace((fc1, qkt, masked), masks={("", "weights"): weights, ("", "heads"): heads})


def test_copies_of_a_mask_are_uses_of_their_own_and_their_clocks_add_up():
    report = ps.simulate(sparse_trace(0.2), "zcu102", engine="memory", memory="hw")
    assert [(use.gemm, use.repeats) for use in report.details.uses] == [(0, 1), (1, 2), (1, 2), (1, 2), (2, 1)]
    cycles = [row.cycles for row in report.rows if row.kind == "gemm"]
    assert cycles[1] == 2 * sum(use.result.cycles for use in report.details.uses[1:4])
    assert sum(cycles) == report.pl_cycles == sum(row["cycles"] for row in by_module(report.details.uses).values())
    for row in by_module(report.details.uses).values():
        assert row["cycles"] == row["unlimited_cycles"] + row["chunk_cycles"] + sum(row["stall_cycles"].values())
    unlimited = ps.simulate(sparse_trace(0.2), "zcu102", engine="memory")
    assert unlimited.pl_cycles == sum(row["unlimited_cycles"] for row in by_module(report.details.uses).values())


def test_a_mask_can_make_a_gemm_memory_bound():
    """At 20 B per clock dense fc1 reads 665 KB in 33,000 clocks and computes for 50,432; a tenth of it computes 5,000
    while its 302 KB of outputs take 15,000."""
    hw = ps.load_hardware("zcu102").replace({"memories.dram_bytes_per_s": 2_500_000_000})
    report = ps.simulate(sparse_trace(0.1), hw, engine="memory", memory="hw")
    listed = [
        {"encoder": 3, "module": "qkt", "bound": "dram_read", "by_mask": False},
        {"encoder": 4, "module": "fc1", "bound": "dram_write", "by_mask": True},
    ]
    assert memory_bound(report.details.uses) == listed == report.to_dict()["memory_bound"]
    ((closing,),) = ([line for line in t.closing if "roofline" in line] for t in report.details.tables())
    assert closing == "GEMMs whose roofline is DRAM's: 1 qkt (dram_read), 1 fc1 (dram_write, by its mask)"
    faster = ps.simulate(sparse_trace(0.1), "zcu102", engine="memory", memory="hw")
    assert [row["module"] for row in memory_bound(faster.details.uses)] == ["qkt"]
