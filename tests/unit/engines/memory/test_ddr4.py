"""Engine `memory` on a DRAM channel that issues commands: transfers replayed one by one, bounds, the search."""

import random
from dataclasses import replace
from fractions import Fraction
from math import ceil

import pytest

import pivotsim as ps
from pivotsim.engines.dram.channel import DramChannel
from pivotsim.engines.memory.board_limits import limits_of
from pivotsim.engines.memory.bounds import exact as memory_bounds
from pivotsim.engines.memory.limits import MemoryLimits
from pivotsim.engines.memory.schedule import MemoryResult, record_gemm, run_gemm
from pivotsim.hardware.array import EDGES
from pivotsim.hardware.dataflows import DATAFLOW, DATAFLOWS
from pivotsim.hardware.dram.spec import load_dram
from pivotsim.hardware.fold_overlaps import FOLD_OVERLAPS
from pivotsim.kernels.types import Design, Gemm
from tests.plain_kernels import plain

CHANNELS = ("dram/ddr4_2400", "dram/ddr4_2400_zcu102_pl", "dram/ddr4_2133_zcu102_ps")
CLOCK_HZ = 125_000_000


WIDTHS = (8, 8, 8, 4, 12, 16, 32)


def up(size, unit):
    return -(-size // unit) * unit


def in_bytes(base, before, elements, bits):
    """Address and length of all bytes that some elements lie in, `before` of them before the first."""
    first, past = before * bits // 8, up((before + elements) * bits, 8) // 8
    return base + first, past - first


def starts(sizes, limits):
    """Pitch of the inputs and of the outputs; addresses of weights, outputs and bias."""
    m, k, n = sizes
    pitch, width = (up(up(size * bits, 8) // 8, 64) for size, bits in ((k, limits.input_bits), (n, limits.out_bits)))
    weights = up(m * pitch, 4096)
    outputs = weights + up(up(k * n * limits.weight_bits, 8) // 8, 4096)
    return pitch, width, weights, outputs, outputs + up(m * width, 4096)


def runs_of(slot, index, sizes, dataflow, tiles, limits):
    """Address, run, runs, pitch of a unit, from lists of every element's address: slow, and written from the rules."""
    rows, cols, steps = ([range(*cut) for cut in tiles[d]] for d in range(3))
    i, j, t = index
    pitch, width, weights, outputs, _ = starts(sizes, limits)
    if slot == 2:
        tokens, features = {"is": (cols[j], steps[t]), "ws": (steps[t], cols[j]), "os": (rows[i], cols[j])}[dataflow]
        run = in_bytes(outputs + tokens[0] * width, features[0], len(features), limits.out_bits)
        return *run, len(tokens), width
    is_weight = (slot == 0) == (dataflow == "ws")
    if not is_weight:
        tokens, inner = {"is": (cols[j], rows[i]), "ws": (steps[t], rows[i]), "os": (rows[i], steps[t])}[dataflow]
        return *in_bytes(tokens[0] * pitch, inner[0], len(inner), limits.input_bits), len(tokens), pitch
    # packed: sum the sizes of the units before, in order of first fetch
    if dataflow == "is":
        units = [(tt, ii) for tt in range(len(steps)) for ii in range(len(rows))]
        size = {(tt, ii): len(steps[tt]) * len(rows[ii]) for tt, ii in units}
        own = (t, i)
    elif dataflow == "ws":
        units = [(jj, ii) for jj in range(len(cols)) for ii in range(len(rows))]
        size = {(jj, ii): len(cols[jj]) * len(rows[ii]) for jj, ii in units}
        own = (j, i)
    else:
        units = [(jj, tt) for jj in range(len(cols)) for tt in range(len(steps))]
        size = {(jj, tt): len(cols[jj]) * len(steps[tt]) for jj, tt in units}
        own = (j, t)
    before = sum(size[u] for u in units[: units.index(own)])
    return *in_bytes(weights, before, size[own], limits.weight_bits), 1, 64


def axi_cycles(size, limits, way):
    beats = ceil(size / limits.axi_bytes_per_cycle) if limits.axi_bytes_per_cycle else 0
    if limits.axi_burst_bytes is None:
        return beats
    bursts = ceil(size / limits.axi_burst_bytes)
    burst, beat = (getattr(limits, f"axi_{way}_{part}_cycles") for part in ("burst", "beat"))
    return bursts * burst + beats * beat


def random_case(draw):
    array = {
        "rows": draw.randint(1, 6), "cols": draw.randint(1, 6), "dataflow": draw.choice(DATAFLOWS),
        "fold_overlap": draw.choice(FOLD_OVERLAPS), "edge": draw.choice(EDGES), "os_edge_register": True,
        "mac_latency": 1,
    }  # fmt: skip
    limits = MemoryLimits(
        ipmem_bytes=draw.choice((None, 200, 400)), wtmem_bytes=draw.choice((None, 200, 400)),
        opmem_bytes=draw.choice((None, 300, 800)), ipmem_buffers=draw.choice(("single", "ping_pong")),
        wtmem_buffers=draw.choice(("single", "ping_pong")), opmem_buffers=draw.choice(("single", "ping_pong")),
        input_share_bytes=draw.choice((0, 300)), weight_share_bytes=draw.choice((0, 300)), clock_hz=CLOCK_HZ,
        axi_bytes_per_cycle=draw.choice((None, 4, 64)), read_latency_cycles=draw.choice((0, 3)),
        write_latency_cycles=draw.choice((0, 2)), bias=draw.random() < 0.5, sum_bytes=draw.choice((4, 4, 8)),
        input_bits=draw.choice(WIDTHS), weight_bits=draw.choice(WIDTHS), out_bits=draw.choice((8, 32, 12)),
        axi_burst_bytes=draw.choice((None, 16)), axi_read_burst_cycles=3, axi_write_burst_cycles=5,
        axi_write_beat_cycles=2, channel=load_dram(draw.choice(CHANNELS)),
    )  # fmt: skip
    return tuple(draw.randint(1, 30) for _ in range(3)), array, limits


@pytest.mark.parametrize(("block", "points"), [((0, 0), 150), ((9, 7), 50)])
def test_every_transfer_ends_when_the_channel_says(block, points):
    """With a block of outputs, units and regions are its own."""
    draw, replayed = random.Random(5), 0
    while replayed < points:
        sizes, array, limits = random_case(draw)
        tile = array["rows"], array["cols"]
        if any(block):
            array, tile = {**array, "dataflow": "os", "mac_packing": 1}, block
            limits = replace(limits, output_block_rows=block[0], output_block_cols=block[1])
        run = record_gemm(*sizes, array, limits)
        if not hasattr(run, "result"):
            continue
        replayed += 1
        m, k, n = sizes
        chunk, dataflow = run.result.chunk, array["dataflow"]
        extents = {"is": (k, m, n), "ws": (k, n, m), "os": (m, n, k)}[dataflow]
        tiles = [
            [(start, min(start + step, extent)) for start in range(0, extent, step)]
            for extent, step in zip(extents, (*tile, chunk), strict=True)
        ]
        ratio = limits.channel.clocks_per(CLOCK_HZ / 1e6)
        assert ratio == Fraction(10**12, limits.channel.tck_ps * CLOCK_HZ)
        reads, writes = DramChannel(limits.channel), DramChannel(limits.channel)
        where = [tuple(row[:3]) for row in run.passes.tolist()]
        for slot, serves, size, from_dram, _, start, end in run.loads.tolist():
            if not from_dram:
                continue
            if slot == 2:
                place = (starts(sizes, limits)[-1], size, 1, size)
            else:
                place = runs_of(slot, where[serves], sizes, dataflow, tiles, limits)
            assert place[1] * place[2] >= size
            left = reads.transfer(
                place[0], place[1], rows=place[2], pitch_bytes=place[3], arrival_clock=ceil(start * ratio)
            )
            axi = axi_cycles(size, limits, "read")
            assert end == start + max(axi, ceil(left / ratio) - start) + limits.read_latency_cycles, (sizes, array)
        last_of_region = {}
        for i, j, t in where:
            last_of_region[(i, j) if dataflow == "os" else (j, t)] = (i, j, t)
        for index, (size, _, start, end) in zip(last_of_region.values(), run.drains.tolist(), strict=True):
            place = runs_of(2, index, sizes, dataflow, tiles, limits)
            assert place[1] * place[2] >= size
            left = writes.transfer(
                place[0],
                place[1],
                rows=place[2],
                pitch_bytes=place[3],
                is_write=True,
                arrival_clock=ceil(start * ratio),
            )
            axi = axi_cycles(size, limits, "write")
            words = 0
            if limits.opmem_bytes is not None:
                i, j, t = index
                words = tiles[0][i] if dataflow == "os" else tiles[2][t]
                words = words[1] - words[0]
                if any(block):
                    words *= ceil((tiles[1][j][1] - tiles[1][j][0]) / array["cols"])
            assert end == start + max(axi, words, ceil(left / ratio) - start) + limits.write_latency_cycles


def test_the_pruned_search_equals_the_exhaustive_one():
    draw, compared = random.Random(6), 0
    while compared < 60:
        sizes, array, limits = random_case(draw)
        pruned = run_gemm(*sizes, array, limits)
        if not isinstance(pruned, MemoryResult):
            continue
        compared += 1
        full = run_gemm(*sizes, array, limits, is_pruned=False)
        assert replace(pruned, candidates=0) == replace(full, candidates=0), (sizes, array, limits)


def test_never_faster_than_the_data_bus():
    draw, compared = random.Random(7), 0
    while compared < 60:
        sizes, array, limits = random_case(draw)
        result = run_gemm(*sizes, array, limits)
        if not isinstance(result, MemoryResult):
            continue
        compared += 1
        bus_cycles = result.moved_bytes["dram_read"] / limits.channel.burst_bytes * limits.channel.timing.nBL
        assert result.cycles >= bus_cycles / limits.channel.clocks_per(CLOCK_HZ / 1e6)
        assert result.cycles >= result.roofline_cycles


def test_deit_s_on_the_boards_own_dram():
    hw = ps.load_hardware("zcu102").replace({"memories.read_latency_ns": 0})
    rate = ps.simulate(ps.plan("deit_s"), hw, engine="memory", memory="hw")
    channel = {}
    for name in ("ddr4_2133_zcu102_ps", "ddr4_2400_zcu102_pl"):
        board = hw.replace({"memories.dram": f"dram/{name}"})
        channel[name] = ps.simulate(ps.plan("deit_s"), board, engine="memory", memory="hw")
    # the PS channel hides behind the array as the plain rate does; the 16-bit one on the logic's side does not
    assert channel["ddr4_2133_zcu102_ps"].pl_cycles < 1.01 * rate.pl_cycles
    assert channel["ddr4_2400_zcu102_pl"].pl_cycles > 1.01 * channel["ddr4_2133_zcu102_ps"].pl_cycles
    assert channel["ddr4_2400_zcu102_pl"].stall_cycles["dram"] > channel["ddr4_2133_zcu102_ps"].stall_cycles["dram"]


def test_operands_beyond_the_channel_are_refused():
    limits = MemoryLimits(clock_hz=CLOCK_HZ, channel=load_dram("dram/ddr4_2400_zcu102_pl"))
    array = ps.load_hardware("zcu102").array
    with pytest.raises(
        ps.InputError,
        match=r"memories.dram: the operands do not fit the channel \(got '1,073,754,245 B of 536,870,912'",
    ):
        run_gemm(1, 2**29, 1, array, limits)


def test_an_unknown_channel_is_named():
    hw = ps.load_hardware("zcu102").replace({"memories.dram": "dram/ddr4_240"})
    with pytest.raises(ps.InputError, match="nearest valid name: 'dram/ddr4_2400'"):
        limits_of(hw.memories, 125.0)


@pytest.mark.parametrize("clock_mhz", [133.333, 299.997, 123.456789])
def test_any_array_clock_meets_the_channels(clock_mhz):
    hw = ps.load_hardware("zcu102").replace({"memories.dram": "dram/ddr4_2400", "array.clock_mhz": clock_mhz})
    assert ps.simulate(ps.plan("deit_t"), hw, engine="memory", memory="hw").pl_cycles > 0


def test_the_channel_is_part_of_the_inputs_and_its_marks_are_told():
    hw = ps.load_hardware("zcu102").replace({"memories.dram": "dram/ddr4_2400"})
    report = ps.simulate(ps.plan("deit_t"), hw, engine="memory", memory="hw")
    assert any(note.startswith("memories.dram, ") and "[assumed]" in note for note in report.notes)
    assert "nRCD" in str(report.inputs)


def test_units_and_regions_lie_where_their_elements_do():
    """Beyond one line of 64 B, where a wrong address shows in the place and not always in the clocks."""
    from pivotsim.kernels.memory.addresses import region_place, unit_place
    from pivotsim.kernels.memory.tiles import cut

    draw = random.Random(8)
    for _ in range(200):
        sizes = tuple(draw.randint(1, 300) for _ in range(3))
        code = draw.randrange(3)
        rows, cols = draw.randint(1, 90), draw.randint(1, 90)
        bits = {f"{name}_bits": draw.choice((1, 3, 4, 8, 12, 16, 32)) for name in ("input", "weight", "out")}
        m, k, n = sizes
        extents = {"is": (k, m, n), "ws": (k, n, m), "os": (m, n, k)}[DATAFLOWS[code]]
        chunk = draw.randint(1, extents[2])
        tiles = [
            [(start, min(start + step, extent)) for start in range(0, extent, step)]
            for extent, step in zip(extents, (rows, cols, chunk), strict=True)
        ]
        index = tuple(draw.randrange(len(tiles[d])) for d in range(3))
        design = Design(rows, cols, *DATAFLOW[DATAFLOWS[code]].mapping, 0, 0, 1, 1, 1)
        gemm, limits = Gemm(*sizes), MemoryLimits(**bits).row()
        parts = plain(cut)(gemm, design, limits, chunk)
        for slot in range(2):
            wanted = runs_of(slot, index, sizes, DATAFLOWS[code], tiles, limits)
            assert plain(unit_place)(slot, *index, gemm, design, limits, parts) == wanted, (slot, index, sizes)
        wanted = runs_of(2, index, sizes, DATAFLOWS[code], tiles, limits)
        assert plain(region_place)(*index, gemm, design, limits, parts) == wanted


def test_roofline_by_hand():
    """64 bytes in four clocks of 1.2 GHz, 9.6 of them in one of the array: 153.6 bytes a clock."""
    limits = MemoryLimits(clock_hz=CLOCK_HZ, channel=load_dram("dram/ddr4_2400"))
    read = 1000 + 1000 * 1000
    assert memory_bounds.roofline((1, 1000, 1000), 10**4, limits) == (ceil(read / 153.6), "dram_read")
    narrow = replace(limits, axi_bytes_per_cycle=100)
    assert memory_bounds.roofline((1, 1000, 1000), 10**4, narrow) == (ceil(read / 100), "dram_read")
    assert memory_bounds.roofline((1, 1000, 1000), 100, limits) == (10**4, "compute")


def test_bounds_by_hand():
    """Three units of two bursts and the pass itself; latencies alone where nothing has a rate."""
    assert memory_bounds.burst_work(9, MemoryLimits(clock_hz=CLOCK_HZ, channel=load_dram("dram/ddr4_2400"))) == 7
    assert memory_bounds.burst_work(9, MemoryLimits()) == 1
    latencies = MemoryLimits(read_latency_cycles=7, write_latency_cycles=9)
    assert [memory_bounds.transfer_cycles(100, is_drain, latencies) for is_drain in (False, True)] == [7, 9]
    ports = replace(latencies, axi_bytes_per_cycle=8, wtmem_port_bytes_per_cycle=4)
    assert [memory_bounds.transfer_cycles(100, is_drain, ports) for is_drain in (False, True)] == [25 + 7, 13 + 9]


@pytest.mark.parametrize(("clock_hz", "is_exact"), [(2**31 - 1, True), (2_147_483_659, False)])  # primes
def test_ratios_of_clocks_are_exact_below_two_billions(clock_hz, is_exact):
    array = {"rows": 8, "cols": 8, "dataflow": "is", "fold_overlap": "none", "edge": "padded"}
    array |= {"os_edge_register": False, "mac_latency": 1}
    limits = MemoryLimits(clock_hz=clock_hz, channel=load_dram("dram/ddr4_2400"))
    if is_exact:
        assert run_gemm(1, 1, 1, array, limits).cycles > 0
    else:
        with pytest.raises(ps.InputError, match=r"too fine to be exact \(got '1200000000 / 2147483659'"):
            run_gemm(1, 1, 1, array, limits)
