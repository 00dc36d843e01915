"""What a report says of the memories."""

import pytest

import pivotsim as ps
from pivotsim.engines.memory_use import by_module


@pytest.fixture(scope="module")
def report():
    return ps.simulate(ps.plan("deit_s"), "zcu102", engine="memory", memory="hw")


def test_table_1_makes_an_encoder_three_times_slower(report):
    assert report.pl_cycles == 12 * 743_690
    assert report.stall_cycles == {"weight": 0, "input": 0, "output": 12 * 374, "dram": 12 * 1_248}


def test_clocks_are_those_of_the_array_of_chunks_and_of_stalls(report):
    modules = by_module(report.memory_uses)
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
        row["dram_bytes"] for row in by_module(report.memory_uses).values()
    )


def test_only_the_memory_engine_fills_them(report):
    assert {"stall_cycles", "moved_bytes", "memory_by_module"} <= report.to_dict().keys()
    plain = ps.simulate(ps.plan("deit_s"))
    assert not plain.memory_uses and "stall_cycles" not in plain.to_dict()
    assert not any(plain.moved_bytes.values()) and not any(plain.stall_cycles.values())


def test_unlimited_memories_never_stall():
    unlimited = ps.simulate(ps.plan("deit_s"), engine="memory")
    assert unlimited.pl_cycles == 3_026_160 and not any(unlimited.stall_cycles.values())


def test_marks_of_the_memories_are_named(report):
    assert any(note.startswith("memories.opmem_buffers: [assumed]") for note in report.notes)
    assert not any(note.startswith("memories.") for note in ps.simulate(ps.plan("deit_s")).notes)
