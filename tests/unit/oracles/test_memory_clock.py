"""The clock-by-clock memory oracle: small cases worked by hand, the array's schedule as its limit, invariants."""

import random
from itertools import pairwise

import pytest

from tests.oracles.array import array_schedule
from tests.oracles.memory.clock import CAUSES, UNLIMITED, auto, legal, run
from tests.oracles.memory.program import LOOP_ORDERS, DoesNotFit, Misfit

OVERLAPS = ("none", "preload", "chained", "pipelined", "settled")
SIZE_OF = {"input": (0, 1), "weight": (1, 2)}  # of (m, k, n)


def array_of(rows, cols, dataflow, fold_overlap="none", **others):
    return {
        "rows": rows, "cols": cols, "dataflow": dataflow, "fold_overlap": fold_overlap, "edge": "padded",
        "os_edge_register": True, "mac_latency": 1, **others,
    }  # fmt: skip


def memory_of(**limits):
    assert set(limits) <= set(UNLIMITED)
    return {**UNLIMITED, **limits}


def loads(result, kind):
    return [(load.start, load.end) for load in result.loads if load.kind == kind]


def drains(result):
    return [(drain.start, drain.end) for drain in result.drains]


def passes(result):
    return [(one.load_start, one.stream_start, one.stream_end, one.registered) for one in result.passes]


def stalls(**clocks):
    return {**dict.fromkeys(CAUSES, 0), **clocks}


class TestByHand:
    def test_one_multiplication_at_one_byte_per_clock(self):
        # input [0, 1), weight [1, 2); the tile is loaded in [1, 2), one step streams in [2, 3), its output drains in
        # [3, 4). The array alone would stream at 1: one clock on the weight, which came from DRAM; one on the drain.
        memory = memory_of(clock_hz=100, dram_bytes_per_s=100, opmem_bytes=4, ipmem_bytes=1, wtmem_bytes=1)
        result = run((1, 1, 1), array_of(1, 1, "is"), memory, "column-chunk-row", 1)
        assert loads(result, "input") == [(0, 1)] and loads(result, "weight") == [(1, 2)]
        assert passes(result) == [(1, 2, 3, 3)] and drains(result) == [(3, 4)]
        assert result.total_cycles == 4 and result.stall_cycles == stalls(dram=2)

    @pytest.mark.parametrize(("clock_hz", "length"), [(100, 1), (101, 2), (199, 2), (200, 2), (201, 3)])
    def test_dram_clocks_round_up(self, clock_hz, length):
        memory = memory_of(clock_hz=clock_hz, dram_bytes_per_s=100)
        result = run((1, 1, 1), array_of(1, 1, "is"), memory, "column-chunk-row", 1)
        assert loads(result, "input") == [(0, length)]

    def test_the_longest_of_dram_gb_and_memory_port_plus_latency(self):
        # input tile of 2 x 3 = 6 B: DRAM 1, AXI 2, GB 3, IPMEM 6 clocks; the weight unit of 2 x 5 = 10 B: 1, 4, 5, 0
        memory = memory_of(
            dram_bytes_per_s=10, axi_bytes_per_cycle=3, gb_port_bytes_per_cycle=2, ipmem_port_bytes_per_cycle=1,
            read_latency_cycles=7,
        )  # fmt: skip
        result = run((3, 2, 5), array_of(2, 3, "is"), memory, "column-chunk-row", 5)
        assert loads(result, "input") == [(0, 6 + 7)]
        assert loads(result, "weight") == [(13, 13 + 5 + 7)]

    # 2 x 2, three K folds of T = 4 steps, pipelined; 4 B per clock through the GB's ports: a tile (4 B) takes 1 clock,
    # a stream unit (8 B) 2, the drain (8 B) 2. Without limits 2R + C + T - 2 + 2 max(T, R) = 8 + 8 = 16 clocks.
    def three_folds(self, buffers, scale):
        memory = memory_of(
            gb_port_bytes_per_cycle=4, ipmem_bytes=4 * scale, wtmem_bytes=8 * scale,
            ipmem_buffers=buffers, wtmem_buffers=buffers,
        )  # fmt: skip
        return run((2, 6, 4), array_of(2, 2, "is", "pipelined"), memory, "column-chunk-row", 4)

    def test_single_buffers(self):
        # A unit waits until the one before has been read: u1 for 7, u2 for 13. Tile 1 waits for load 0's end at 3.
        result = self.three_folds("single", 1)
        assert loads(result, "input") == [(0, 1), (3, 4), (9, 10)]
        assert loads(result, "weight") == [(1, 3), (7, 9), (13, 15)]
        assert passes(result) == [(1, 3, 7, 9), (4, 9, 13, 15), (10, 15, 19, 21)]
        assert drains(result) == [(21, 23)]
        # first stream at 3, not 2 (tile and unit together: weight wins), then 9 for 7 and 15 for 13, then the drain
        assert result.stall_cycles == stalls(weight=1 + 2 + 2, output=2)
        assert result.total_cycles == 16 + 7

    def test_ping_pong_buffers(self):
        # Tile 2 finds its half free at 3, the read side at 6; unit 2 finds its half free when stream 0 ends at 7.
        result = self.three_folds("ping_pong", 2)
        assert loads(result, "input") == [(0, 1), (3, 4), (6, 7)]
        assert loads(result, "weight") == [(1, 3), (4, 6), (7, 9)]
        assert passes(result) == [(1, 3, 7, 9), (4, 7, 11, 13), (7, 11, 15, 17)]
        assert result.stall_cycles == stalls(weight=1, output=2)
        assert result.total_cycles == 16 + 3

    @pytest.mark.parametrize("overlap", OVERLAPS)
    def test_the_wait_for_a_tile_delays_the_stream_by_what_is_not_hidden(self, overlap):
        # 2 x 2, two K folds, T = 3; only IPMEM's port costs: a tile takes 4 clocks, so tiles come at 4 and 8.
        memory = memory_of(ipmem_port_bytes_per_cycle=1)
        result = run((2, 4, 3), array_of(2, 2, "is", overlap), memory, "column-chunk-row", 3)
        # stream 0 at 4 + 2 = 6, all outputs at 6 + 3 + 2 + 2 - 2 = 11
        second = {
            "none": (11, 13, 16, 18),  # the tile waits for the array
            "preload": (8, 11, 14, 16),  # in its register at 10, the stream waits for the outputs
            "chained": (8, 10, 13, 15),  # the load follows the stream's last step, which enters in clock 8
            "pipelined": (8, 10, 13, 15),  # loaded in [8, 10): one clock after stream 0's last step
            "settled": (8, 10, 13, 15),  # could load from 7 on, when the second row has taken over, and stream at 9
        }[overlap]
        assert passes(result) == [(4, 6, 9, 11), second]
        assert result.stall_cycles == stalls(input=4 + (1 if overlap in ("pipelined", "settled") else 0))

    def test_settled_loads_wait_for_the_last_row(self):
        # 3 rows, three K folds, T = 2; nothing is slow. Stream 0 at 3, row 2 takes over at 5: load [5, 8). The third
        # tile has 1 row in use: under aware it is loaded in [10, 11)
        result = run((1, 7, 2), array_of(3, 1, "is", "settled", edge="aware"), UNLIMITED, "column-chunk-row", 2)
        assert [(one.load_start, one.stream_start) for one in result.passes] == [(0, 3), (5, 8), (10, 11)]
        padded = run((1, 7, 2), array_of(3, 1, "is", "settled"), UNLIMITED, "column-chunk-row", 2)
        assert [(one.load_start, one.stream_start) for one in padded.passes] == [(0, 3), (5, 8), (10, 13)]

    def test_single_opmem_makes_the_next_chunk_wait_for_the_drain(self):
        # 2 x 2, chained, two chunks of two steps. A drain: 2 words out of OPMEM, 3 clocks of latency, 5 together.
        # chunk 0: loaded [0, 2), streams [2, 4), outputs at 2 + 2 + 2 + 2 - 2 = 6, drains [6, 11)
        # chunk 1: loaded [3, 5), could stream at 5, streams at 11, outputs at 15, drains [15, 20)
        memory = memory_of(opmem_bytes=16, write_latency_cycles=3)
        result = run((4, 2, 2), array_of(2, 2, "ws", "chained"), memory, "column-chunk-row", 2)
        assert passes(result) == [(0, 2, 4, 6), (3, 11, 13, 15)]
        assert drains(result) == [(6, 11), (15, 20)]
        # clock 5 sums still come; 6 .. 8 latency; 9, 10 OPMEM's port. After 15: 3 of latency, 2 of OPMEM's port.
        assert result.stall_cycles == stalls(output=1 + 2 + 2, dram=3 + 3)

    def test_ping_pong_opmem_takes_the_next_chunk_at_once(self):
        # three chunks: 1 streams at 5, 2 could at 8 but waits for the first drain's end at 11
        memory = memory_of(opmem_bytes=32, opmem_buffers="ping_pong", write_latency_cycles=3)
        result = run((6, 2, 2), array_of(2, 2, "ws", "chained"), memory, "column-chunk-row", 2)
        assert [one.stream_start for one in result.passes] == [2, 5, 11]
        assert drains(result) == [(6, 11), (11, 16), (16, 21)]
        # pass 2 waits in 8 (latency), 9, 10 (port); after 15: 15 (port), 16 .. 18 (latency), 19, 20 (port)
        assert result.stall_cycles == stalls(output=2 + 1 + 2, dram=1 + 3)

    def test_os_chunks_keep_the_sums_and_only_the_last_needs_opmem(self):
        # 2 x 1, two row folds, K = 4 in chunks of 2; single OPMEM, a drain reads 2 words. Chained: P = T + R - 1 = 5.
        # fold 0: streams [0, 2), [2, 4); sums complete at 4 + 2 + 1 - 2 = 5, shifted out at 7, drains [7, 9)
        # fold 1: could stream at 5; its first chunk leaves OPMEM alone, its last waits from 7 to 9
        memory = memory_of(opmem_bytes=8)
        result = run((4, 4, 1), array_of(2, 1, "os", "chained"), memory, "column-outer", 2)
        assert passes(result) == [(None, 0, 2, None), (None, 2, 4, 7), (None, 5, 7, None), (None, 9, 11, 14)]
        assert drains(result) == [(7, 9), (14, 16)]
        assert result.stall_cycles == stalls(output=2 + 2)

    def test_os_pipelined_drain_waves_stay_a_folds_rows_apart(self):
        # 3 x 3, two row folds, K = 2 in chunks of 1; only WTMEM's port costs: units of 3 B come at 3 and 6.
        # fold 0 streams at 3 and 6 and ends at 7. Its sums need 3 clocks per column to leave, fold 1 has 2 steps:
        # fold 1 may start at 7 + (3 - 2) = 8. From starts alone, 3 + max(2, 3) = 6, the waves would collide.
        memory = memory_of(wtmem_port_bytes_per_cycle=1)
        result = run((6, 2, 3), array_of(3, 3, "os", "pipelined"), memory, "column-outer", 1)
        assert [one.stream_start for one in result.passes] == [3, 6, 8, 9]
        assert [one.registered for one in result.passes] == [None, 7 + 4 + 3, None, 10 + 4 + 3]
        assert result.stall_cycles == stalls(weight=3 + 2)

    def test_the_bias_comes_before_the_first_drain(self):
        # 1 x 1 x 2 in two chunks at one byte per clock: x [0, 1), w0 [1, 2), bias of 8 B [2, 10), w1 [10, 11).
        # Output 0 is registered at 2 + 1 = 3 but waits for the bias: drains [10, 11); w1 streams at 11.
        memory = memory_of(dram_bytes_per_s=1, bias=True)
        result = run((1, 1, 2), array_of(1, 1, "is", "pipelined"), memory, "column-chunk-row", 1)
        assert [load.kind for load in result.loads] == ["input", "weight", "bias", "weight"]
        assert loads(result, "bias") == [(2, 10)] and drains(result) == [(10, 11), (12, 13)]
        assert result.stall_cycles == stalls(dram=1 + 8 + 1)
        assert result.moved_bytes["dram_read"] == 1 + 2 + 8

    def test_the_only_drain_waits_for_the_bias(self):
        # one byte per clock, two K folds: x0, w0, x1, w1 in [0, 4), then the bias in [4, 8); w1 streams at 4, its
        # output is registered at 5 and drains in [8, 9)
        memory = memory_of(dram_bytes_per_s=1, bias=True)
        result = run((1, 2, 1), array_of(1, 1, "is", "pipelined"), memory, "column-chunk-row", 1)
        assert [(load.kind, load.serves) for load in result.loads] == [
            ("input", 0), ("weight", 0), ("input", 1), ("weight", 1), ("bias", 1),
        ]  # fmt: skip
        assert passes(result) == [(1, 2, 3, 3), (3, 4, 5, 5)] and drains(result) == [(8, 9)]
        assert result.stall_cycles == stalls(dram=1 + 1 + 4)

    # two tiles, two chunks (os: two row and two column tiles); a unit is fetched if its buffer holds another
    @pytest.mark.parametrize(
        ("dataflow", "order", "buffers", "inputs", "weights"),
        [
            ("is", "column-chunk-row", "single", [(0, 0), (0, 1)], [(0, 0), (0, 1), (0, 0), (0, 1)]),
            ("is", "chunk-column-row", "single", [(0, 0), (0, 1), (0, 0), (0, 1)], [(0, 0), (0, 1)]),
            ("is", "chunk-column-row", "ping_pong", [(0, 0), (0, 1)], [(0, 0), (0, 1)]),
            ("ws", "column-chunk-row", "single", [(0, 0), (0, 1), (0, 0), (0, 1)], [(0, 0), (0, 1)]),
            ("os", "column-outer", "single", [(0, 0), (1, 0), (0, 0), (1, 0)], [(0, 0), (0, 1)]),
            ("os", "row-outer", "single", [(0, 0), (1, 0)], [(0, 0), (0, 1), (0, 0), (0, 1)]),
            ("os", "row-outer", "ping_pong", [(0, 0), (1, 0)], [(0, 0), (0, 1)]),
        ],
    )
    def test_a_unit_still_in_its_half_is_not_fetched_again(self, dataflow, order, buffers, inputs, weights):
        scale = 2 if buffers == "ping_pong" else 1
        memory = memory_of(ipmem_bytes=4 * scale, wtmem_bytes=4 * scale, ipmem_buffers=buffers, wtmem_buffers=buffers)
        result = run((4, 2, 4), array_of(2, 2, dataflow), memory, order, 2)
        assert [load.unit for load in result.loads if load.kind == "input"] == inputs
        assert [load.unit for load in result.loads if load.kind == "weight"] == weights

    @pytest.mark.parametrize(
        ("share", "buffers", "from_dram", "from_gb"),
        [(8, "single", 8, 16), (7, "single", 16, 16), (0, "ping_pong", 8, 8), (None, "single", 8, 16)],
    )
    def test_what_is_read_again(self, share, buffers, from_dram, from_gb):
        # 2 x 2, two column tiles, two K folds: each column needs both weight units of 4 B. The GB holds all 8 B or
        # none; two halves of WTMEM hold both units.
        memory = memory_of(weight_share_bytes=share, wtmem_bytes=4 if buffers == "single" else 8, wtmem_buffers=buffers)
        result = run((4, 4, 2), array_of(2, 2, "is"), memory, "column-chunk-row", 2)
        moved = result.moved_bytes
        assert moved["gb_weight_write"] == from_dram and moved["dram_read"] == from_dram + 16
        assert moved["gb_weight_read"] == moved["wtmem_write"] == from_gb
        assert moved["wtmem_read"] == 16 and moved["ipmem_read"] == moved["ipmem_write"] == 16
        assert moved["opmem_write"] == moved["opmem_read"] == 2 * 4 * 2 * 4  # K folds x M x N x 4 B
        assert moved["dram_write"] == moved["gb_output_read"] == 4 * 2

    def test_a_unit_that_the_gb_holds_waits_for_no_dram(self):
        # as above with T = 2, WTMEM single, weights resident: the second column's units take no DRAM clocks
        memory = memory_of(wtmem_bytes=4, read_latency_cycles=5, gb_port_bytes_per_cycle=2)
        result = run((4, 4, 2), array_of(2, 2, "is"), memory, "column-chunk-row", 2)
        assert [load.length_cycles for load in result.loads if load.kind == "weight"] == [7, 7, 2, 2]

    def test_what_does_not_fit(self):
        memory = memory_of(ipmem_bytes=11, ipmem_buffers="ping_pong", wtmem_bytes=5, opmem_bytes=16)
        answer = run((9, 9, 9), array_of(2, 3, "is"), memory, "column-chunk-row", 2)
        assert answer == DoesNotFit((Misfit("ipmem", "tile", 6, 5), Misfit("opmem", "psums", 24, 16)))
        assert auto((9, 9, 9), array_of(2, 3, "is"), memory) == DoesNotFit((Misfit("ipmem", "tile", 6, 5),))

    def test_every_chunk_up_to_the_smallest_half(self):
        memory = memory_of(wtmem_bytes=13, wtmem_buffers="ping_pong", opmem_bytes=48)
        # 6 B of a half hold 3 steps of 2 rows, 48 B hold 4 steps of 3 columns of psums
        assert legal((9, 9, 9), array_of(2, 3, "is"), memory) == [
            (order, chunk) for order in LOOP_ORDERS["is"] for chunk in (1, 2, 3)
        ]
        assert [chunk for _, chunk in legal((9, 9, 2), array_of(2, 3, "is"), memory)] == [1, 2] * 2

    def test_auto_prefers_the_larger_chunk_and_the_first_order_in_a_tie(self):
        assert auto((3, 4, 5), array_of(2, 2, "os"), UNLIMITED)[:2] == ("column-outer", 4)


def random_array(draw):
    return array_of(
        draw.randint(1, 5), draw.randint(1, 5), draw.choice(("is", "ws", "os")), draw.choice(OVERLAPS),
        edge=draw.choice(("padded", "aware")), os_edge_register=draw.random() < 0.5, mac_latency=draw.choice((1, 1, 2)),
    )  # fmt: skip


def random_memory(draw):
    def limit(low, high, unlimited=0.25):
        return None if draw.random() < unlimited else draw.randint(low, high)

    memory = {f"{name}_buffers": draw.choice(("single", "ping_pong")) for name in ("ipmem", "wtmem", "opmem")}
    memory |= {"ipmem_bytes": limit(4, 60), "wtmem_bytes": limit(4, 60), "opmem_bytes": limit(16, 200)}
    memory |= {f"{name}_share_bytes": draw.choice((0, 30, None)) for name in ("input", "weight")}
    memory |= {f"{name}_port_bytes_per_cycle": limit(1, 8) for name in ("gb", "ipmem", "wtmem")}
    memory |= {"dram_bytes_per_s": limit(5, 40), "clock_hz": draw.randint(1, 12), "axi_bytes_per_cycle": limit(1, 8)}
    memory |= {f"{way}_latency_cycles": draw.choice((0, 0, 1, 7)) for way in ("read", "write")}
    return memory_of(**memory, out_bits=draw.choice((8, 32)), bias=draw.random() < 0.5)


def random_cases(count, seed):
    draw = random.Random(seed)
    while count > 0:
        gemm = tuple(draw.randint(1, 9) for _ in range(3))
        array, memory = random_array(draw), random_memory(draw)
        choices = legal(gemm, array, memory)
        if choices:
            order, chunk = draw.choice(choices)
            count -= 1
            yield draw, gemm, array, memory, order, chunk


class TestLimit:
    def test_without_limits_the_arrays_own_schedule(self):
        draw, seen = random.Random(11), set()
        for _ in range(600):
            gemm = tuple(draw.randint(1, 12) for _ in range(3))
            array = random_array(draw)
            seen.add((array["dataflow"], array["fold_overlap"], array["edge"]))
            stream_size = gemm[{"is": 2, "ws": 0, "os": 1}[array["dataflow"]]]
            if array["dataflow"] == "os":  # the sums stay: any chunk of K streams without a gap
                order, chunk = "column-outer", draw.randint(1, stream_size)
            else:
                order, chunk = draw.choice(LOOP_ORDERS["is"]), stream_size
            result = run(gemm, array, UNLIMITED, order, chunk)
            assert result.total_cycles == array_schedule.gemm_cycles(*gemm, **array), (gemm, array, chunk)
            assert not any(result.stall_cycles.values())
        assert len(seen) == 3 * len(OVERLAPS) * 2

    def test_every_chunk_loads_its_tiles_again(self):
        # IS, no overlap: each pass costs 2R + C + n - 2, as if it were a GEMM of its own
        for order in LOOP_ORDERS["is"]:
            total = run((5, 7, 10), array_of(3, 2, "is"), UNLIMITED, order, 4).total_cycles
            assert total == 3 * 3 * sum(2 * 3 + 2 + n - 2 for n in (4, 4, 2))


class TestInvariants:
    def test_between_the_roofline_and_the_serial_sum(self):
        for _, gemm, array, memory, order, chunk in random_cases(250, seed=3):
            result = run(gemm, array, memory, order, chunk)
            reads, writes = (sum(x.length_cycles for x in side) for side in (result.loads, result.drains))
            free = run(gemm, array, UNLIMITED, order, chunk)
            serial = run(gemm, {**array, "fold_overlap": "none"}, UNLIMITED, order, chunk).total_cycles
            assert max(free.total_cycles, reads, writes) <= result.total_cycles <= serial + reads + writes
            array_end = max(one.registered for one in result.passes if one.writes_region)
            late = result.passes[-1].stream_start - free.passes[-1].stream_start
            assert sum(result.stall_cycles.values()) == late + result.total_cycles - array_end

    def test_bytes_are_conserved(self):
        for _, gemm, array, memory, order, chunk in random_cases(250, seed=4):
            moved = run(gemm, array, memory, order, chunk).moved_bytes
            m, k, n = gemm
            for operand, home in (("input", "ipmem"), ("weight", "wtmem")):
                a, b = SIZE_OF[operand]
                once = gemm[a] * gemm[b]
                share = memory[f"{operand}_share_bytes"]
                assert moved[f"gb_{operand}_read"] == moved[f"{home}_write"] >= once
                resident = share is None or once <= share
                assert moved[f"gb_{operand}_write"] == (once if resident else moved[f"gb_{operand}_read"])
                assert moved[f"{home}_read"] >= moved[f"{home}_write"]
            bias_bytes = 4 * n if memory["bias"] else 0
            assert moved["dram_read"] == moved["gb_input_write"] + moved["gb_weight_write"] + bias_bytes
            assert moved["dram_write"] == moved["gb_output_write"] == m * n * memory["out_bits"] // 8
            k_folds = 1 if array["dataflow"] == "os" else -(-k // array["rows"])
            assert moved["opmem_write"] == moved["opmem_read"] == 4 * m * n * k_folds

    def test_nothing_is_in_two_places_and_no_place_holds_two(self):
        for _, gemm, array, memory, order, chunk in random_cases(250, seed=5):
            result = run(gemm, array, memory, order, chunk)
            for side in (result.loads, result.drains):
                assert all(before.end <= after.start for before, after in pairwise(side))
            for load in result.loads:
                home = {"input": "ipmem", "weight": "wtmem"}.get(load.kind)
                if home is not None and memory[f"{home}_bytes"] is not None:
                    assert load.half < (2 if memory[f"{home}_buffers"] == "ping_pong" else 1)
            held = {}  # (operand, half) or region's half -> intervals from the load's start to the last read's end
            for load in result.loads:
                reads = [one.load_end for one in result.passes if one.tile is load]
                reads += [one.stream_end for one in result.passes if any(unit is load for unit in one.streams)]
                held.setdefault((load.kind, load.half), []).append((load.start, max(reads, default=load.end)))
            for one in result.passes:
                if one.claims_region:
                    held.setdefault(one.region.half, []).append((one.stream_start, one.region.drain.end))
            for intervals in held.values():
                assert all(before[1] <= after[0] for before, after in pairwise(intervals))

    def test_more_of_anything_is_never_slower(self):
        faster = [name for name in UNLIMITED if name.endswith(("per_cycle", "per_s", "share_bytes"))]
        for draw, gemm, array, memory, order, chunk in random_cases(400, seed=6):
            name = draw.choice([*faster, "ipmem", "wtmem", "opmem", "read_latency_cycles", "write_latency_cycles"])
            more = dict(memory)
            if name.endswith("latency_cycles"):
                more[name] = 0
            elif name in faster:
                more[name] = None if memory[name] is None or draw.random() < 0.2 else memory[name] + draw.randint(1, 9)
            elif memory[f"{name}_buffers"] == "ping_pong":
                more[f"{name}_bytes"] = None
            elif memory[f"{name}_bytes"] is not None:
                more |= {f"{name}_buffers": "ping_pong", f"{name}_bytes": 2 * memory[f"{name}_bytes"]}
            before, after = (run(gemm, array, limits, order, chunk) for limits in (memory, more))
            assert after.total_cycles <= before.total_cycles, name
            for slow, fast in zip(before.passes, after.passes, strict=True):
                assert fast.stream_start <= slow.stream_start, name
