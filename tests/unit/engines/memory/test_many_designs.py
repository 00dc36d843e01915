"""Many designs behind memories at once equal one at a time, and what is not sure is left to ``run_gemm``."""

import random

import numpy as np
import pytest

from pivotsim.engines.array.designs import design_of
from pivotsim.engines.array.many_designs import array_values, design_row
from pivotsim.engines.memory import many_designs
from pivotsim.engines.memory.bounds import exact as memory_bounds
from pivotsim.engines.memory.fit_check import DoesNotFit, largest_chunk
from pivotsim.engines.memory.limits import MemoryLimits
from pivotsim.engines.memory.many_designs import ALONE, MISFIT, MemoryDesign, Searches, run_many, run_one
from pivotsim.engines.memory.schedule import AUTO
from pivotsim.errors import InputError
from pivotsim.hardware.dataflows import DATAFLOWS
from pivotsim.hardware.dram.spec import load_dram
from tests.campaigns import cases
from tests.oracles.memory.program import LOOP_ORDERS
from tests.proofs.memory_campaign import WIDTHS, mixed_widths, random_case

ORDERS = (AUTO, AUTO, AUTO, "column-chunk-row", "chunk-column-row", "column-outer", "row-outer")
DRAM = ("dram_read", "dram_write")
ARRAY = {"rows": 8, "cols": 8, "dataflow": "is", "fold_overlap": "none", "edge": "padded", "os_edge_register": True,
         "mac_latency": 1, "mac_packing": 1}  # fmt: skip


def with_bits(size):
    """Sizes with the bits of elements, a byte each unless stated."""
    return size if len(size) > 3 else (*size, 8, 8, 8)


def alone(size, design, memories):
    """What ``run_many`` shall find, from one run."""
    try:
        result = run_one(with_bits(size), design, memories)
    except InputError:
        return [ALONE, 0, 0]
    if isinstance(result, DoesNotFit):
        return [MISFIT, 0, 0]
    from_dram = sum(result.moved_bytes[level] for level in DRAM)
    return [result.cycles, sum(result.moved_bytes.values()) - from_dram, from_dram]


def many(sizes, designs, memories, index=None, wanted=None):
    index = np.zeros(len(designs), dtype=np.int64) if index is None else index
    wanted = np.ones((len(designs), len(sizes)), dtype=bool) if wanted is None else wanted
    sizes = [with_bits(size) for size in sizes]
    return run_many(sizes, np.array([design_row(d) for d in designs]).reshape(-1, 8), memories, index, wanted)


@pytest.mark.parametrize("seed", range(6))
def test_equal_to_one_at_a_time(seed):
    draw = random.Random(seed)
    drawn = [random_case(draw, largest=30, is_mixed=draw.random() < 0.5) for _ in range(40)]
    sizes = [(*case[0], *(draw.choice(WIDTHS) for _ in range(3))) for case in drawn[:5]]
    memories = [
        MemoryDesign(
            MemoryLimits(**(case[2] if draw.random() < 0.9 else {})), draw.choice(ORDERS), draw.choice((0, 0, 1, 7))
        )
        for case in drawn
    ]
    arrays = [case[1] for case in drawn] * 5
    index = np.array([draw.randrange(len(memories)) for _ in arrays])
    found = many(sizes, arrays, memories, index).tolist()
    expected = [[alone(size, design_row(a), memories[i]) for size in sizes] for a, i in zip(arrays, index, strict=True)]
    assert found == expected
    clocks = [entry[0] for row in found for entry in row]
    # all three kinds are met; those left alone are unknown loop orders
    assert min(clocks.count(ALONE), clocks.count(MISFIT), sum(c > 0 for c in clocks)) > 20


BUFFERS = ("ipmem_bytes", "wtmem_bytes", "opmem_bytes")


@pytest.mark.campaign
@pytest.mark.parametrize("seed", range(4))
def test_designs_that_share_a_search(seed):
    """Buffers of other sizes, equal memories made twice, programs and arrays of their own: as one at a time."""
    draw = random.Random(seed)
    copied = searched = followed = 0
    for _ in range(cases(60, 1_500)):
        (m, k, n, array, memory, order, chunk) = case_of_many(draw)
        memories, arrays = [], []
        for _ in range(8):
            own = {name: memory[name] and memory[name] * draw.randint(1, 6) for name in BUFFERS}
            own |= draw.choice(({}, {}, {}, {"read_latency_cycles": 3}, {"dram_bytes_per_s": 5}))
            program = draw.choice(((AUTO, 0), (AUTO, 0), (AUTO, 0), (order, 0), (AUTO, chunk)))
            memories.append(MemoryDesign(MemoryLimits(**memory | own), *program))
            arrays.append({**array, "rows": array["rows"] + draw.choice((0, 0, 1))})
        sizes = [with_bits(size) for size in ((m, k, n), (m, k, n + 1))[: draw.randint(1, 2)]]
        searches = Searches(sizes, np.array([design_row(each) for each in arrays]), memories, np.arange(8))
        found = searches.results(searches.run(np.ones(len(searches), dtype=bool)))
        one_by_one = [
            [alone(size, design_row(a), each) for size in sizes] for a, each in zip(arrays, memories, strict=True)
        ]
        assert found.tolist() == one_by_one, (sizes, arrays, memories)
        assert len(set(searches.keys())) == len(searches)
        runs = sum(clocks > 0 for row in one_by_one for clocks, *_ in row)
        copied, searched = copied + runs - len(searches), searched + len(searches)
        followed += chunks_that_follow(searches)
    assert copied > searched / 6  # of equal candidates; and of those that lie within others
    assert followed > searched / 10


def case_of_many(draw):
    """A GEMM, an array, memories, and a program, as ``random_case`` draws them."""
    gemm, array, memory, order, chunk = random_case(draw, largest=40)
    return (*gemm, array, memory, order, chunk)


def chunks_that_follow(searches):
    """How many searches begin where one before has more chunks to choose from."""
    groups = searches._group.tolist()
    return len(groups) - len(set(groups))


def test_a_part_of_the_searches():
    """A search whose larger one is not run is searched itself."""
    draw, compared = random.Random(3), 0
    while compared < 40:
        (*size, array, memory, _, _) = case_of_many(draw)
        limits = [MemoryLimits(**memory | {"opmem_bytes": 40 * place}) for place in range(1, 9)]
        searches = Searches(
            [with_bits(tuple(size))], np.array([design_row(array)] * 8), [*map(MemoryDesign, limits)], np.arange(8)
        )
        every = searches.run(np.ones(len(searches), dtype=bool))
        wanted = np.array([draw.random() < 0.5 for _ in range(len(searches))], dtype=bool)
        assert np.array_equal(searches.run(wanted), every[wanted])
        compared += 0 < wanted.sum() < len(searches)


def test_only_what_is_wanted():
    sizes = [(9, 20, 30), (40, 8, 8)]
    wanted = np.array([[True, False], [False, True], [False, False]])
    memories = [MemoryDesign(MemoryLimits(opmem_bytes=512))]
    whole = many(sizes, [ARRAY] * 3, memories)
    part = many(sizes, [ARRAY] * 3, memories, wanted=wanted)
    assert whole.all() and (part == whole * wanted[:, :, None]).all()
    assert many(sizes, [], [], np.zeros(0, dtype=np.int64)).shape == (0, 2, 3)


def test_channels_are_left_alone():
    limits = MemoryLimits(opmem_bytes=4096, clock_hz=100_000_000, channel=load_dram("dram/ddr4_2400"))
    misfit = MemoryLimits(opmem_bytes=4, clock_hz=100_000_000, channel=load_dram("dram/ddr4_2400"))
    found = many([(9, 20, 30)], [ARRAY] * 2, [MemoryDesign(limits), MemoryDesign(misfit)], np.array([0, 1]))
    assert found[:, 0, 0].tolist() == [ALONE, MISFIT]


def test_budget(monkeypatch):
    """A search over too many passes is left alone; fewer candidates or a named program are within it."""
    memories = [
        MemoryDesign(MemoryLimits(opmem_bytes=4096)),
        MemoryDesign(MemoryLimits(opmem_bytes=4096), "column-chunk-row", 50),
    ]
    folds = memory_bounds.folds_of((200, 20, 30), 8, 8, "is", MemoryLimits())
    monkeypatch.setattr(memory_bounds, "MAX_PASSES", 2 * folds)
    found = many([(20, 30, 200)], [ARRAY] * 2, memories, np.array([0, 1]))
    assert found[0, 0, 0] == ALONE and found[1, 0, 0] > 0
    with pytest.raises(InputError, match="finding the fastest would take more than"):
        run_one((20, 30, 200, 8, 8, 8), design_row(ARRAY), memories[0])


@pytest.mark.parametrize("seed", range(4))
def test_what_is_sure(seed, monkeypatch):
    """Bounds in floating point let nothing pass that exact ones refuse, and refuse nothing far from the limits."""
    draw = random.Random(seed)
    asked = []
    monkeypatch.setattr(many_designs, "run_designs", lambda *args: asked.append(args[5]))
    counts = {"sure": 0, "refused": 0, "no fit": 0}
    for _ in range(600):
        size = tuple(int(2 ** draw.uniform(0, draw.choice((12, 45)))) for _ in range(3))
        array = {**ARRAY, "rows": draw.randint(1, 4096), "cols": draw.randint(1, 4096),
                 "dataflow": draw.choice(DATAFLOWS), "mac_latency": draw.randint(1, 3)}  # fmt: skip
        limits = MemoryLimits(
            opmem_bytes=draw.choice((None, int(2 ** draw.uniform(4, 40)))),
            dram_bytes_per_s=draw.choice((None, int(2 ** draw.uniform(0, 40)))),
            clock_hz=int(2 ** draw.uniform(0, 30)), bias=draw.random() < 0.5,
            read_latency_cycles=draw.choice((0, int(2 ** draw.uniform(0, 40)))), **mixed_widths(draw),
        )  # fmt: skip
        wide = (*size, limits.input_bits, limits.weight_bits, limits.out_bits)
        asked.clear()
        found = many([wide], [array], [MemoryDesign(limits)])[0, 0, 0]
        first, last, least, most = asked[0][0].tolist() if asked else (0, 0, 0, 0)
        whole = largest_chunk(size, array["rows"], array["cols"], array["dataflow"], limits, 0)
        if isinstance(whole, DoesNotFit):
            counts["no fit"] += 1
            assert most == 0 and found in (MISFIT, ALONE)
            continue
        chunks = (whole, whole) if limits.are_none else (1, whole)
        if most:
            counts["sure"] += 1
            assert (first, last, least, most) == (0, int(not limits.are_none), *chunks)
            memory_bounds.check(size, design_of(array), array["dataflow"], limits, *chunks)
        else:
            counts["refused"] += 1
            assert found == ALONE
            with monkeypatch.context() as closer, pytest.raises(InputError):
                closer.setattr(memory_bounds, "MAX_CYCLES", 2**58)
                memory_bounds.check(size, design_of(array), array["dataflow"], limits, *chunks)
    assert min(counts.values()) > 30, counts


@pytest.mark.parametrize(
    ("size", "side", "limits", "chunk"),
    [
        ((3_200_000, 65_536, 3_200_000), 65_536, {}, 3_200_000),  # bytes moved, though the clocks are few
        ((4096, 4096, 2**25), 4096, {"clock_hz": 2**31 - 1, "dram_bytes_per_s": 2**45 + 1}, 2**25),  # bytes * hertz
        ((1, 1, 2**27), 8, {"bias": True, "clock_hz": 1024, "dram_bytes_per_s": 1}, 1),  # the bias is the longest load
        ((1, 1, 2**59), 65_536, {"ipmem_bytes": 1}, 2**59),  # units that wrap around int64
    ],
)
def test_beyond_int64_is_left_alone(size, side, limits, chunk):
    array, memories = (
        {**ARRAY, "rows": side, "cols": side},
        MemoryDesign(MemoryLimits(**limits), "column-chunk-row", chunk),
    )
    found = many([size], [array], [memories])[0, 0, 0]
    try:
        one = run_one(with_bits(size), design_row(array), memories)
        assert isinstance(one, DoesNotFit) and found in (ALONE, MISFIT)
    except InputError:
        assert found == ALONE


def test_rows_of_designs_read_back():
    for seed in range(50):
        _, array, _, _, _ = random_case(random.Random(seed))
        assert array_values(design_row(array)) == array


def test_loop_orders_of_each_dataflow():
    """A dataflow's own orders are found; another's have no candidate."""
    orders = MemoryDesign(MemoryLimits(opmem_bytes=64), "row-outer").orders
    known = [LOOP_ORDERS[d].index("row-outer") if "row-outer" in LOOP_ORDERS[d] else None for d in DATAFLOWS]
    assert [first if first <= last else None for first, last in orders] == known
