"""Engine `pe` against numpy and the contract; against RTL in tests/rtl."""

import random
import subprocess
import sys

import numpy as np
import pytest

import pivotsim as ps
from pivotsim.engines.pe import clock as pe
from pivotsim.engines.pe import columns, size
from pivotsim.hardware.array import EDGES
from pivotsim.hardware.dataflows import DATAFLOWS
from pivotsim.hardware.fold_overlaps import FOLD_OVERLAPS
from tests.campaigns import cases
from tests.oracles.array import array_schedule
from tests.proofs.memory_campaign import engine_mask, random_mask
from tests.unit.engines.conformance import EngineConformance


class TestConformance(EngineConformance):
    name = "pe"


def random_mode(draw):
    dataflow, rows, cols = draw.choice(DATAFLOWS), draw.randint(1, 9), draw.randint(1, 9)
    return {
        "rows": rows,
        "cols": cols,
        "dataflow": dataflow,
        "mac_packing": 1 if dataflow == "os" else min(cols, draw.randint(1, 2)),
        "fold_overlap": draw.choice(FOLD_OVERLAPS),
        "edge": draw.choice(EDGES),
        "os_edge_register": draw.random() < 0.5,
        "mac_latency": draw.choice((1, 2, 3, 5)),
    }


def test_results_equal_numpy_and_clocks_the_oracle():
    draw, generator = random.Random(11), np.random.default_rng(11)
    for _ in range(600):
        mode = random_mode(draw)
        m, k, n = (draw.randint(1, 30) for _ in range(3))
        a, b = generator.integers(-128, 128, (m, k)), generator.integers(-128, 128, (k, n))
        run = ps.execute_gemm(a, b, **mode)
        assert run.result.dtype == np.int32
        assert np.array_equal(run.result, a @ b), (m, k, n, mode)
        assert run.cycles == array_schedule.gemm_cycles(m, k, n, **mode), (m, k, n, mode)


def test_every_fold_starts_and_ends_where_the_contract_says():
    draw = random.Random(12)
    for _ in range(400):
        mode = random_mode(draw)
        m, k, n = (draw.randint(1, 30) for _ in range(3))
        row_size, col_size, t = {"is": (k, m, n), "ws": (k, n, m), "os": (m, n, k)}[mode["dataflow"]]
        folds = array_schedule.folds_of(row_size, col_size, mode["rows"], mode["cols"])
        oracle = array_schedule.fold_intervals(folds, t=t, **mode)
        closed = ps.simulation.fold_times(m, k, n, mode)
        run = ps.execute_gemm(*pe.seeded_operands(m, k, n), **mode)
        for times in (closed, run):
            assert list(zip(times.start_cycle.tolist(), times.end_cycle.tolist(), strict=True)) == oracle
            assert times.cycles == max(end for _, end in oracle) + 1
        assert np.array_equal(closed.load_cycle, run.load_cycle)


@pytest.mark.parametrize("a", [-128, 127])
@pytest.mark.parametrize("b", [-128, 127])
def test_extreme_operands(a, b):
    run = ps.execute_gemm(np.full((9, 700), a), np.full((700, 5), b), rows=16, cols=4)
    assert (run.result == 700 * a * b).all()


def test_sums_wrap_as_registers_of_32_bits_do():
    k = 131_072 + 3
    for dataflow in DATAFLOWS:
        run = ps.execute_gemm(np.full((1, k), -128), np.full((k, 1), -128), rows=64, cols=1, dataflow=dataflow)
        assert run.result[0, 0] == (k * 2**14 + 2**31) % 2**32 - 2**31 < 0


@pytest.mark.parametrize(
    ("options", "cycles"),
    [
        ({}, 61_128),
        ({"dataflow": "ws"}, 92_622),
        ({"dataflow": "os"}, 93_912),
        ({"fold_overlap": "pipelined"}, 55_458),
        ({"edge": "aware"}, 61_014),
    ],
)
def test_fc1_of_deit_s(options, cycles):
    a, b = pe.seeded_operands(197, 384, 1536)
    run = ps.execute_gemm(a, b, **options)
    assert run.cycles == cycles == ps.simulate_gemm(197, 384, 1536, engine="pe", **options).cycles
    assert np.array_equal(run.result, a.astype(np.int32) @ b.astype(np.int32))


@pytest.mark.campaign
def test_halves_of_the_columns_equal_the_whole(monkeypatch):
    """In any mode, under any mask: results, and when each fold begins and ends."""
    draw, generator = random.Random(21), np.random.default_rng(21)
    compared = narrow = 0
    for _ in range(cases(600, 12_000)):
        mode = random_mode(draw)
        m, k, n = (draw.randint(1, 24) for _ in range(3))
        a, b = generator.integers(-128, 128, (m, k)), generator.integers(-128, 128, (k, n))
        mask = engine_mask(random_mask(draw, (m, k, n)), (m, k, n)) if draw.random() < 0.3 else None
        found = []
        for splits in (False, True):
            monkeypatch.setattr(pe, "is_large", lambda _, __, cols, packing, s=splits: s and cols > packing)
            found.append(pe.run(a, b, mode, mask=mask))
        for name in ("result", "load_cycle", "start_cycle", "end_cycle", "cycles", "macs"):
            whole, halves = (getattr(run, name) for run in found)
            assert np.array_equal(whole, halves), (name, m, k, n, mode, mask)
        compared += mode["cols"] > mode["mac_packing"]
        narrow += mode["cols"] > 4 and mode["edge"] == "aware" and {"is": m, "ws": n, "os": n}[mode["dataflow"]] < 3
    assert compared > 400 and narrow > 5  # folds that end within the left half


def test_a_large_array_runs_in_halves(monkeypatch):
    """A long run on 64 x 36 does, one that is watched does not, and neither does one of two side by side."""
    seen, run = [], columns.run_side_by_side
    monkeypatch.setattr(columns, "run_side_by_side", lambda parts, *rest: (seen.append(len(parts)), run(parts, *rest)))
    monkeypatch.setattr(size.os, "cpu_count", lambda: 2)
    monkeypatch.setattr(size, "SPLIT_CLOCKS", 500)
    array = {"rows": 64, "cols": 36, "dataflow": "is", "fold_overlap": "none", "edge": "padded",
             "os_edge_register": True, "mac_latency": 1}  # fmt: skip
    a, b = pe.seeded_operands(64, 64, 200)
    whole = pe.run(a, b, array, digests=True)
    halves = pe.run(a, b, array)
    assert np.array_equal(whole.result, a.astype(int) @ b) and np.array_equal(halves.result, whole.result)
    one = pe.cycles_per_gemm(np.array([(64, 64, 200, 3)]), array)
    pe.cycles_per_gemm(np.array([(64, 64, 200, 1), (64, 64, 201, 1)]), array)
    assert one.tolist() == [3 * whole.cycles] and halves.cycles == whole.cycles
    assert seen == [1, 2, 2, 1, 1]


def test_slices_change_nothing(monkeypatch):
    a, b = pe.seeded_operands(20, 30, 40)
    mode = {"rows": 4, "cols": 3, "fold_overlap": "chained", "mac_latency": 2}
    whole = ps.execute_gemm(a, b, **mode)
    monkeypatch.setattr(columns, "SLICE_PE_CLOCKS", 12 * 7)
    sliced = ps.execute_gemm(a, b, **mode)
    assert np.array_equal(whole.result, sliced.result) and np.array_equal(whole.end_cycle, sliced.end_cycle)


def test_windows_that_return_often_change_nothing(monkeypatch):
    a, b = pe.seeded_operands(11, 13, 60)
    for dataflow in DATAFLOWS:
        mode = {"rows": 5, "cols": 4, "dataflow": dataflow, "fold_overlap": "pipelined"}
        long = pe.run(a, b, {**mode, "edge": "padded", "os_edge_register": True, "mac_latency": 2}, digests=True)
        with monkeypatch.context() as patch:
            patch.setattr(pe, "SPAN", 1)
            short = pe.run(a, b, {**mode, "edge": "padded", "os_edge_register": True, "mac_latency": 2}, digests=True)
        assert np.array_equal(long.digests, short.digests) and np.array_equal(long.result, short.result)


class TestActivity:
    def test_every_product_is_counted_once(self):
        draw = random.Random(13)
        for _ in range(60):
            mode = random_mode(draw)
            m, k, n = (draw.randint(1, 20) for _ in range(3))
            run = ps.execute_gemm(*pe.seeded_operands(m, k, n), **mode, activity=True)
            assert run.activity.shape == (run.cycles, mode["rows"], mode["cols"])
            assert int((run.activity & 1).sum()) == m * k * n, (m, k, n, mode)
            assert run.utilization_frac == m * k * n / (run.cycles * mode["rows"] * mode["cols"])

    def test_held_operands_are_taken_and_sums_handed_over_once_a_fold(self):
        for dataflow, bit in (("is", 4), ("ws", 4), ("os", 8)):
            run = ps.execute_gemm(*pe.seeded_operands(8, 8, 8), rows=4, cols=4, dataflow=dataflow, activity=True)
            assert ((run.activity & bit) != 0).sum() == run.folds * 16
            assert not (run.activity & (12 - bit)).any()

    def test_none_unless_asked_for(self):
        assert ps.execute_gemm([[1]], [[1]]).activity.shape == (0, 64, 36)
        assert pe.run([[1]], [[1]], MODE).digests.size == 0


def test_fold_cycles_of_the_contract():
    run = ps.execute_gemm(*pe.seeded_operands(5, 9, 7), rows=4, cols=3)
    assert (run.fold_cycles == 2 * 4 + 3 + 7 - 2).all() and len(run.fold_cycles) == run.folds == 6


@pytest.mark.parametrize(
    ("a", "b", "message"),
    [
        ([[1, 300]], [[1], [1]], "a[0, 1]: must be an integer in -128 to 127 (got 300)"),
        ([[1, -129]], [[1], [1]], "a[0, 1]: must be an integer in -128 to 127 (got -129)"),
        ([[1.0, float("nan")]], [[1], [1]], "a[0, 1]: must be an integer in -128 to 127 (got nan)"),
        ([[1, 1]], [[1], [0.5]], "b[1, 0]: must be an integer in -128 to 127 (got 0.5)"),
        ([[1, 1]], [[1], [float("inf")]], "b[1, 0]: must be an integer in -128 to 127 (got inf)"),
        ([[1, 1]], [[1]], "b: must have as many rows as a has columns (got a 1x2, b 1x1)"),
        ([1, 1], [[1]], "a: must be a matrix of integers (got integers, a vector of 2)"),
        ([["1"]], [[1]], "a: must be a matrix of integers (got text, 1x1)"),
        ([[True]], [[1]], "a: must be a matrix of integers (got true and false, 1x1)"),
        ([[1, 2], [3]], [[1]], "a: must be a matrix of integers (got 1, 2; a list of one: 3)"),
        (np.zeros((0, 3)), [[1]], "a: must not be empty (got 0x3)"),
        ([["1"]], [[]], "a: must be a matrix of integers (got text, 1x1)\n"
         "b: must not be empty (got 1x0)"),
    ],
)  # fmt: skip
def test_wrong_operands(a, b, message):
    with pytest.raises(ps.InputError) as error:
        ps.execute_gemm(a, b)
    assert str(error.value) == message


def test_operands_keep_their_values_whatever_their_type():
    for dtype in (np.int8, np.uint8, np.int64, np.float32):
        assert ps.execute_gemm(np.array([[3, 4]], dtype), np.array([[5], [6]], dtype)).result.tolist() == [[39]]


class TestTooLarge:
    def test_more_memory_than_the_machine_has(self):
        with pytest.raises(
            ps.InputError, match=r"more memory than the machine has; engine 'analytic' needs none \(got"
        ):
            ps.simulate_gemm(2**22, 2**22, 2**10, engine="pe")

    def test_an_array_larger_than_memory(self, monkeypatch):
        monkeypatch.setattr(size, "_memory_bytes", lambda: 10**6)
        with pytest.raises(ps.InputError, match="more memory"):
            ps.simulate_gemm(1, 1, 1, rows=1000, cols=1000, engine="pe")

    def test_days(self, monkeypatch):
        monkeypatch.setattr(size, "_memory_bytes", lambda: 2**60)
        with pytest.raises(ps.InputError, match="would take days; engine 'analytic' takes none"):
            ps.simulate_gemm(10**5, 10**6, 10**5, engine="pe")
        below, above = ({"m": m, "k": 1, "n": 1} for m in (10**15 // 64 - 100, 10**15 // 64 + 1))
        streamed = {**MODE, "dataflow": "ws"}  # a clock for each row of a, and a few
        assert size.check_size(**below, array=streamed) * 64 <= 10**15
        with pytest.raises(ps.InputError, match="would take days"):
            size.check_size(**above, array=streamed)

    @pytest.mark.parametrize("trace", [False, True])
    @pytest.mark.parametrize("digests", [False, True])
    def test_what_fits_to_the_last_byte(self, monkeypatch, trace, digests):
        """An array of 8 x 8 that holds 17 x 9 weights in 3 x 2 tiles and streams 5 rows of 17."""
        clocks = size.check_size(5, 17, 9, {**MODE, "dataflow": "ws"})
        state = 8 * 8 * (4 + 12) + 256 * (1 + 5 * 8)
        operands = (5 + 1) * 24 + (17 + 1) * 16 + 2 * (5 * 17 + 17 * 9)
        bytes_ = state + operands + 8 * 5 + 8 * 5 * 9 + 100 * 3 * 2 + clocks * (4 * 64 * trace + 16 * digests)
        wanted = {key: True for key, asked in (("trace", trace), ("digests", digests)) if asked}
        monkeypatch.setattr(size, "_memory_bytes", lambda: bytes_)
        assert size.check_size(5, 17, 9, {**MODE, "dataflow": "ws"}, **wanted) == clocks
        monkeypatch.setattr(size, "_memory_bytes", lambda: bytes_ - 1)
        with pytest.raises(ps.InputError, match="more memory"):
            size.check_size(5, 17, 9, {**MODE, "dataflow": "ws"}, **wanted)

    def test_a_trace_counts_too(self, monkeypatch):
        monkeypatch.setattr(size, "_memory_bytes", lambda: 10**7)
        ps.execute_gemm(*pe.seeded_operands(60, 60, 60), rows=8, cols=8)
        assert ps.simulate_gemm(60, 60, 3000, rows=8, cols=8, engine="pe").cycles > 0
        with pytest.raises(ps.InputError, match="watch a smaller multiplication"):
            ps.execute_gemm(*pe.seeded_operands(60, 60, 3000), rows=8, cols=8, activity=True)


MODE = {
    "rows": 8, "cols": 8, "dataflow": "is", "fold_overlap": "none", "edge": "padded", "os_edge_register": True,
    "mac_latency": 1,
}  # fmt: skip


def test_fold_times_that_cannot_be_listed():
    with pytest.raises(ps.InputError, match="too many folds to list"):
        ps.simulation.fold_times(10**5, 10**5, 1, {**MODE, "rows": 1, "cols": 1})


def test_one_image_of_deit_s():
    assert ps.simulate(ps.plan("deit_s"), engine="pe").pl_cycles == 3_026_160


def test_a_run_of_days_is_stopped_by_an_interrupt():
    code = """
import signal, pivotsim as ps
signal.signal(signal.SIGALRM, signal.default_int_handler)
ps.simulate_gemm(9, 8, 7, engine="pe")
signal.setitimer(signal.ITIMER_REAL, 0.5)
ps.simulate_gemm(300, 6_000, 3_000, engine="pe", rows=2, cols=1)  # few operands, 2.7e9 clocks
"""
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=300)
    assert ran.stderr.endswith("KeyboardInterrupt\n")
