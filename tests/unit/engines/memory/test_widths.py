"""Bytes and clocks follow the widths of elements, sums have their own, and AXI bursts cost what is stated."""

import random
from dataclasses import replace

import pytest

import pivotsim as ps
from pivotsim.engines.memory.board_limits import limits_of
from pivotsim.engines.memory.bounds import exact as bounds
from pivotsim.engines.memory.fit_check import DoesNotFit, largest_chunk
from pivotsim.engines.memory.limits import MemoryLimits
from pivotsim.engines.memory.schedule import record_gemm, run_gemm
from pivotsim.simulation.notes.widths import width_remarks
from pivotsim.workload.ops import Op, Trace
from tests.oracles.memory import clock as memory_clock
from tests.proofs.memory_campaign import random_case
from tests.unit.engines.memory.test_schedule import PIVOT, cases

FC1 = Op(1, "fc1", "gemm", 197, 384, 1536)
ARRAY = {**PIVOT, "rows": 4, "cols": 3}
OPERANDS = ("dram_read", "dram_write", "gb_input_read", "gb_weight_read", "gb_output_read", "ipmem_write", "ipmem_read",
            "wtmem_write", "wtmem_read", "gb_weight_write", "gb_input_write", "gb_output_write")  # fmt: skip


def one(op, **options):
    """Bytes by level and clocks of an operation on a board of wide operands whose memories hold it at any width."""
    wide = dict.fromkeys(("ipmem_bytes", "wtmem_bytes", "opmem_bytes", "gb_bytes"), "unlimited")
    wide |= dict.fromkeys(("input_share_bytes", "weight_share_bytes"), "unlimited")
    wide |= {"bias": False, "read_latency_ns": 0, "dram_bytes_per_s": "unlimited", **options}
    hw = ps.load_hardware("zcu102").replace(
        {"array.operand_bits": 64, **{f"memories.{name}": value for name, value in wide.items()}}
    )
    return ps.simulate(Trace((op,)), hw, engine="memory", memory="hw")


@pytest.mark.parametrize("bits", [8, 16, 32, 64])
def test_bytes_and_memory_clocks_are_in_proportion(bits):
    """One byte a clock at the AXI ports: a transfer takes as many clocks as it has bytes."""
    wide = {"input_bits": bits, "weight_bits": bits, "out_bits": bits}
    limits = MemoryLimits(input_share_bytes=0, weight_share_bytes=0, wtmem_bytes=4096, axi_bytes_per_cycle=1)
    options = {"chunk": 20, "loop_order": "column-chunk-row"}
    plain = record_gemm(40, 30, 60, ARRAY, limits, **options)
    here = record_gemm(40, 30, 60, ARRAY, replace(limits, **wide), **options)
    for level in OPERANDS:
        assert here.result.moved_bytes[level] * 8 == plain.result.moved_bytes[level] * bits, level
    for level in ("opmem_read", "opmem_write", "gb_bias_read"):  # sums are int32 all the same
        assert here.result.moved_bytes[level] == plain.result.moved_bytes[level]
    lengths = [run.loads[:, 6] - run.loads[:, 5] for run in (plain, here)]
    assert (lengths[1] * 8 == lengths[0] * bits).all() and (lengths[0] == plain.loads[:, 2]).all()
    drained = [run.drains[:, 3] - run.drains[:, 2] for run in (plain, here)]
    assert (drained[1] * 8 == drained[0] * bits).all()
    assert here.result.cycles >= lengths[1].sum() > 0.8 * here.result.cycles  # the ports are the bottleneck


def test_four_bits_pack_and_the_last_byte_of_a_unit_is_filled_up():
    """Units of 3 x 4 and 3 x 1 elements: 6 B, and 1.5 rounded up to 2; each is read once from DRAM."""
    array, limits = {**ARRAY, "rows": 3, "cols": 4}, MemoryLimits(input_bits=4, weight_bits=4)
    run = record_gemm(5, 3, 9, array, limits, chunk=9)
    assert run.loads[:, 2].tolist() == [6, 14, 2]  # input (m = 4), weight 3 x 9 = 13.5 B, input (m = 1)
    assert run.result.moved_bytes["gb_input_write"] == 8 and run.result.moved_bytes["dram_read"] == 22
    assert run.result.moved_bytes["dram_write"] == 45


def test_a_resident_operand_is_read_once_at_any_width():
    """All of its elements, and at most the filled-up last bytes of its units; a share of those bytes is enough."""
    for gemm, array, memory, order, chunk, _ in cases(60, seed=5):
        m, k, n = gemm
        held = k * n if array["dataflow"] == "ws" else m * k  # of slot 0
        for bits in (1, 3, 4, 12):
            own = {**memory, "input_bits": bits, "weight_bits": bits, "weight_share_bytes": None}
            options = {"loop_order": order, "chunk": chunk}
            run = record_gemm(*gemm, array, MemoryLimits(**{**own, "input_share_bytes": None}), **options)
            if isinstance(run, DoesNotFit):
                continue
            first = run.loads[(run.loads[:, 3] == 1) & (run.loads[:, 0] == 0), 2]
            assert 0 <= 8 * first.sum() - held * bits <= 7 * len(first)
            size = run.result.moved_bytes["gb_input_write"]
            exact, less = (
                run_gemm(*gemm, array, MemoryLimits(**{**own, "input_share_bytes": share}), **options).moved_bytes
                for share in (size, size - 1)
            )
            assert exact == run.result.moved_bytes
            assert less["gb_input_write"] == less["gb_input_read"]


def test_the_largest_chunk_is_the_largest_that_fits():
    for bits in (1, 3, 4, 8, 12, 16, 64):
        limits = MemoryLimits(wtmem_bytes=1000, weight_bits=bits)
        most = largest_chunk((197, 384, 15360), 64, 36, "is", limits)
        assert most == 8 * 1000 // (64 * bits)
        assert isinstance(run_gemm(197, 384, 15360, PIVOT, limits, chunk=most + 1), DoesNotFit)
        assert not isinstance(largest_chunk((197, 384, 15360), 64, 36, "is", limits, most), DoesNotFit)


def test_wider_sums_take_more_of_opmem():
    """8192 B hold 56 steps of 36 sums of 4 B, and 28 of 8 B."""
    narrow, wide = (
        run_gemm(197, 384, 1536, PIVOT, MemoryLimits(opmem_bytes=8192, sum_bytes=size, bias=True)) for size in (4, 8)
    )
    assert (narrow.chunk, wide.chunk) == (56, 28) and wide.cycles > narrow.cycles
    assert wide.moved_bytes["opmem_read"] == 2 * narrow.moved_bytes["opmem_read"]
    assert wide.moved_bytes["gb_bias_read"] == 8 * 1536


class TestBursts:
    LIMITS = MemoryLimits(
        axi_bytes_per_cycle=8, axi_burst_bytes=16, axi_read_burst_cycles=7, axi_read_beat_cycles=3,
        axi_write_burst_cycles=2, input_share_bytes=0,
    )  # fmt: skip

    def lengths(self, limits):
        run = record_gemm(5, 3, 10, {**ARRAY, "rows": 3, "cols": 5}, limits, chunk=10)
        spans = [run.loads[:, 6] - run.loads[:, 5], run.drains[:, 3] - run.drains[:, 2]]
        return [span.tolist() for span in spans]

    def test_of_units_by_hand(self):
        # input 15 B: a burst, 2 beats; weight 30 B: 2 bursts, 4 beats; outputs 50 B: 4 bursts, 7 beats of a clock
        assert self.lengths(self.LIMITS) == [[7 + 2 * 3, 2 * 7 + 4 * 3], [4 * 2 + 7]]

    def test_of_rows_by_hand(self):
        # input: 5 rows of 3 B; weight: 3 rows of 10 B, 2 beats each; outputs: 5 rows of 10 B
        by_row = replace(self.LIMITS, axi_bursts="row")
        assert self.lengths(by_row) == [[5 * (7 + 3), 3 * (7 + 2 * 3)], [5 * (2 + 2)]]

    def test_without_cost_nothing_changes(self):
        free = MemoryLimits(axi_bytes_per_cycle=8, input_share_bytes=0)
        assert self.lengths(free) == self.lengths(replace(free, axi_burst_bytes=16)) == [[2, 4], [7]]

    def test_rows_are_for_dense_operands_behind_a_bandwidth(self):
        with pytest.raises(ps.InputError, match=r"memories\.axi_bursts: 'row' has no layout behind a channel"):
            ps.simulate(
                Trace((FC1,)), ps.load_hardware("zcu102").replace(
                    {"memories.axi_bursts": "row", "memories.dram": "dram/ddr4_2400"}
                ), engine="memory", memory="hw",
            )  # fmt: skip
        masked = FC1._replace(density=0.5, mask_key="block=16,seed=0")
        with pytest.raises(ps.InputError, match=r"memories\.axi_bursts: 'row' runs dense GEMMs only"):
            hw = ps.load_hardware("zcu102").replace({"memories.axi_bursts": "row"})
            ps.simulate(Trace((masked,)), hw, engine="memory", memory="hw")

    def test_roofline_reads_them(self):
        limits = MemoryLimits(axi_bytes_per_cycle=8, axi_burst_bytes=16, axi_read_burst_cycles=7)
        # 100 + 10,000 B: an eighth of a clock and 7 / 16 each
        assert bounds.roofline((1, 100, 100), 10**4, limits) == (-(-10100 * 9 // 16), "dram_read")


def test_outputs_are_as_wide_as_their_operation_says():
    """32-bit scores move four bytes each; a board's own out_bytes says nothing any more, and that is told."""
    narrow, wide = one(FC1), one(FC1._replace(out_bits=32))
    outputs = 197 * 1536
    assert wide.moved_bytes["dram_write"] == 4 * narrow.moved_bytes["dram_write"] == 4 * outputs
    old = one(FC1, out_bytes=4)
    assert old.moved_bytes == narrow.moved_bytes and old.pl_cycles == narrow.pl_cycles
    said = "memories.out_bytes: 4 is not read, an output has the out_bits of its operation"
    assert said in old.remarks and said not in narrow.remarks
    assert old.not_used["memories.out_bytes"] == "not used here: an output has the out_bits of its operation"


def test_what_is_wider_than_a_pe_is_refused():
    with pytest.raises(ps.InputError, match=r"operands are wider than array\.operand_bits 8 .got 16."):
        ps.simulate(Trace((FC1._replace(a_bits=16),)), "zcu102", engine="memory", memory="hw")


def test_the_first_that_is_wider_than_a_pe_is_named():
    soft = FC1._replace(module="softmax", kind="softmax", k=1, a_bits=16)  # not the array's
    ops = (FC1, soft, FC1._replace(module="qkv", w_bits=12), FC1._replace(a_bits=16))
    problem = "(qkv, encoder 1): operands are wider than array.operand_bits 8 (got 12)"
    for places, place in (((), "trace: operation 3"), (("a:1", "a:2", "a:3", "a:4"), "a:3")):
        with pytest.raises(ps.InputError) as error:
            ps.simulate(Trace(ops, places=places), "zcu102")
        assert str(error.value) == f"{place} {problem}"


def test_sums_that_may_not_fit_are_said():
    hw = ps.load_hardware("zcu102").replace({"array.operand_bits": 16})
    wide = Trace((FC1, FC1._replace(a_bits=16, w_bits=16)))
    (said,) = width_remarks(wide, hw, "hw")
    assert said.startswith("sums of 16 x 16 bit integers over k = 384 take up to 41 bits; each is counted as 4 B")
    assert width_remarks(wide, hw.replace({"memories.sum_bytes": 6}), "hw") == ()
    assert "(memory 'paper')" in width_remarks(wide, hw, "paper")[0]
    assert width_remarks(Trace((FC1,)), hw, "hw") == ()


def test_a_board_without_costs_of_bursts_reads_nothing_of_them():
    hw = ps.load_hardware("zcu102")
    assert limits_of(hw.memories, 125.0).axi_burst_bytes is None
    costly = hw.replace({"memories.axi_read_burst_clocks": 8})
    assert limits_of(costly.memories, 125.0).axi_burst_bytes == 256
    plain, slow = (ps.simulate(Trace((FC1,)), b, engine="memory", memory="hw").pl_cycles for b in (hw, costly))
    assert slow > plain
    assert hw.values() == ps.load_hardware("zcu102").values() and "sum_bytes" not in hw.values()["memories"]


def mixed_cases(count, seed, largest=14):
    """Random cases of any width, half of them with bursts that cost something, that fit."""
    draw = random.Random(seed)
    while count:
        gemm, array, memory, order, chunk = random_case(draw, largest=largest, is_mixed=True)
        limits = MemoryLimits(**memory)
        result = run_gemm(*gemm, array, limits, loop_order=order, chunk=chunk)
        if not isinstance(result, DoesNotFit):
            count -= 1
            yield gemm, array, limits, order, chunk, result


def test_no_transfer_is_longer_than_its_bound():
    """And no run is faster than its roofline, nor slower than all transfers and passes one after the other."""
    for gemm, array, limits, order, chunk, result in mixed_cases(300, seed=41):
        run = record_gemm(*gemm, array, limits, loop_order=order, chunk=chunk)
        for rows, is_drain in ((run.loads[:, [2, 5, 6]], False), (run.drains[:, [0, 2, 3]], True)):
            for size, start, end in rows.tolist():
                words = 0 if limits.opmem_bytes is None or not is_drain else max(array["rows"], chunk)
                assert end - start <= bounds.transfer_cycles(size, is_drain, limits) + words
        lengths = (run.loads[:, 6] - run.loads[:, 5]).sum() + (run.drains[:, 3] - run.drains[:, 2]).sum()
        step = 2 * array["rows"] + array["cols"] + chunk + array["mac_latency"]
        assert result.roofline_cycles <= result.cycles <= lengths + result.passes * step


def test_the_search_is_exact_at_any_width():
    draw = random.Random(42)
    for gemm, array, limits, order, _, _ in mixed_cases(150, seed=42, largest=30):
        name = draw.choice(("auto", order))
        pruned, every = (run_gemm(*gemm, array, limits, loop_order=name, is_pruned=is_pruned) for is_pruned in (1, 0))
        assert replace(pruned, candidates=0) == replace(every, candidates=0), (gemm, array, limits, name)


def test_auto_is_the_oracles_at_any_width():
    for gemm, array, limits, _, _, _ in mixed_cases(25, seed=43, largest=7):
        memory = {name: getattr(limits, name) for name in memory_clock.UNLIMITED}
        order, chunk, oracle = memory_clock.auto(gemm, array, memory)
        ours = run_gemm(*gemm, array, limits)
        assert (ours.loop_order, ours.chunk, ours.cycles) == (order, chunk, oracle.total_cycles)
