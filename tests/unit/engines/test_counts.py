"""Bytes of a run in closed form, against a walk over the folds and the published figures."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

import pivotsim as ps
from pivotsim.engines.array.bytes_dense import paper_counts
from pivotsim.engines.counts import Counts
from tests.oracles.array.byte_counts import walk

ZCU102 = ps.load_hardware("zcu102")


BYTES = (8, 8, 8)  # bits of an element of inputs, weights and outputs


def array(rows, cols, dataflow):
    return ZCU102.replace({"array.rows": rows, "array.cols": cols, "array.dataflow": dataflow}).array


def of(tally, repeats, macs):
    return Counts(macs, *(repeats * tally[level] for level in ("local", "gb", "dram")))


@pytest.mark.parametrize("dataflow", ["is", "ws", "os"])
@pytest.mark.parametrize("m", [1, 7, 8, 9, 24])
@pytest.mark.parametrize("k", [1, 4, 5, 6, 10])
def test_equals_a_walk_over_the_folds(dataflow, m, k):
    for n in (1, 7, 8, 9, 17):
        found = paper_counts([(m, k, n, *BYTES, 3)], array(5, 8, dataflow))
        assert found == of(walk(m, k, n, 5, 8, dataflow), 3, 3 * m * k * n)


sizes = st.integers(1, 40)


widths = st.sampled_from([1, 3, 4, 8, 12, 16, 32, 33, 64])


@given(sizes, sizes, sizes, sizes, sizes, st.sampled_from(["is", "ws", "os"]), st.tuples(widths, widths, widths))
def test_equals_a_walk_over_the_folds_anywhere(m, k, n, rows, cols, dataflow, bits):
    found = paper_counts([(m, k, n, *bits, 1)], array(rows, cols, dataflow))
    assert found == of(walk(m, k, n, rows, cols, dataflow, bits), 1, m * k * n)
    assert 8 * found.dram_bytes >= m * k * bits[0] + k * n * bits[1] + max(32, bits[2]) * m * n  # all at least once
    assert found.gb_bytes == 2 * found.dram_bytes


def test_deit_s_moves_what_the_constants_were_fitted_on():
    counts = ps.simulate(ps.plan("deit_s")).counts
    assert counts == Counts(4_540_695_552, 870_985_296, 391_679_568, 195_839_784)
    assert counts.sram_bytes == 1_262_664_864


def test_gemms_add_up_and_never_wrap():
    gemms = [(197, 384, 1536, *BYTES, 2), (197, 64, 197, 8, 8, 32, 6), (197, 384, 1536, *BYTES, 1)]
    parts = [paper_counts([g], ZCU102.array) for g in gemms]
    assert paper_counts(gemms, ZCU102.array) == Counts(
        *(sum(getattr(p, f) for p in parts) for f in ("macs", "local_bytes", "gb_bytes", "dram_bytes"))
    )
    assert paper_counts([], ZCU102.array) == Counts()
    assert paper_counts([(2**40, 2**40, 1, *BYTES, 1)], ZCU102.array).macs == 2**80


def test_a_report_holds_its_counts():
    data = ps.simulate(ps.plan("deit_s"), batch=2).to_dict()
    assert data["counts"]["macs"] == data["macs"] == 2 * 4_540_695_552
    assert data["counts"]["sram_bytes"] == data["counts"]["local_bytes"] + data["counts"]["gb_bytes"]


# -- an engine that counts for itself -----------------------------------------------------------------------
@pytest.mark.parametrize(("dataflow", "ipmem", "wtmem"), [("is", 8 * 6, 8 * 25), ("ws", 8 * 20, 8 * 6)])
def test_memories_without_reuse_move_what_the_closed_form_says(dataflow, ipmem, wtmem):
    """Engine `memory`: halves of one unit each, no share of the buffer, no bias, int32 outputs, several folds."""
    plain = {"array.rows": 8, "array.cols": 6, "array.dataflow": dataflow, "memories.weight_share_bytes": 0,
             "memories.bias": False, "memories.opmem_bytes": "unlimited",
             "memories.ipmem_bytes": 2 * ipmem, "memories.wtmem_bytes": 2 * wtmem}  # fmt: skip
    hw = ZCU102.replace(plain)
    trace = ps.Trace((ps.workload.Op(1, "fc1", "gemm", 20, 30, 25, repeats=3, out_bits=32),))
    report = ps.simulate(trace, hw, engine="memory", memory="hw", energy="activity")
    assert report.details.uses[0].result.chunk == {"is": 25, "ws": 20}[dataflow]
    assert report.counts == paper_counts(trace.gemms_with_bits.tolist(), hw.array)


def test_memories_with_limits_move_their_own_bytes():
    plain = ps.simulate(ps.plan("deit_s"), energy="activity")
    free, limited = (
        ps.simulate(ps.plan("deit_s"), engine="memory", memory=m, energy="activity") for m in ("paper", "hw")
    )
    assert free.counts == plain.counts and free.energy_j == plain.energy_j
    moved = limited.moved_bytes
    assert limited.counts.dram_bytes == moved["dram_read"] + moved["dram_write"] != plain.counts.dram_bytes
    assert limited.counts.dram_bytes + limited.counts.sram_bytes == sum(moved.values())
    assert limited.usage.dram_bytes == limited.counts.dram_bytes
    dram_j = 160e-12 * limited.counts.dram_bytes
    assert limited.energy_components_j["dram"] == pytest.approx(dram_j)
