"""Engine `analytic` against the fold-by-fold oracle, the peer's cycles and hand-counted values."""

import csv
import itertools
import random
from pathlib import Path

import numpy as np
import pytest

import pivotsim as ps
from pivotsim.engines.array.closed_form import cycles_of_trace, cycles_per_gemm
from pivotsim.engines.array.designs import DESIGN_FIELDS, design_of
from pivotsim.engines.array.many_designs import (
    BLOCK_DESIGNS,
    array_values,
    cycles_per_design,
    design_columns,
    design_row,
)
from pivotsim.engines.array.one_gemm import check_no_overflow, surely_fits
from pivotsim.engines.registry import ENGINES
from pivotsim.hardware.array import EDGES, MAX_ROWS
from pivotsim.hardware.dataflows import DATAFLOW, DATAFLOWS
from pivotsim.hardware.fold_overlaps import FOLD_OVERLAPS
from pivotsim.kernels.types import Design, DesignColumns
from pivotsim.units import INT64_MAX
from tests.campaigns import cases
from tests.oracles.array import array_schedule
from tests.unit.engines.conformance import EngineConformance

DATA = Path(__file__).parents[3] / "data"
MODES = [
    *itertools.product(DATAFLOWS, FOLD_OVERLAPS, EDGES, (True, False), (1, 2, 16), (1,)),
    *itertools.product(("is", "ws"), FOLD_OVERLAPS, EDGES, (True,), (1, 3), (2,)),  # columns that share slices
]
FIELDS = ("dataflow", "fold_overlap", "edge", "os_edge_register", "mac_latency", "mac_packing")


def both(m, k, n, rows, cols, mode):
    options = dict(zip(FIELDS, mode, strict=True))
    ours = ps.simulate_gemm(m, k, n, rows=rows, cols=cols, **options).cycles
    return ours, array_schedule.gemm_cycles(m, k, n, rows=rows, cols=cols, **options)


def around(size):
    """The array's size minus one, exact and plus one, one, and a multiple on either side."""
    return sorted({1, max(1, size - 1), size, size + 1, max(1, 2 * size - 1), 2 * size, 2 * size + 1})


@pytest.mark.parametrize("mode", MODES, ids=lambda mode: "-".join(map(str, mode)))
def test_boundaries_equal_the_oracle(mode):
    for rows, cols in ((1, mode[-1]), (1, 5), (5, mode[-1]), (4, 3), (3, 4)):  # two share slices
        for m, k, n in itertools.product(around(cols), around(rows), (1, rows, 2 * rows + 1)):
            for sizes in {(m, k, n), (n, k, m), (k, m, n)}:
                ours, oracle = both(*sizes, rows, cols, mode)
                assert ours == oracle, (sizes, rows, cols)


@pytest.mark.campaign
def test_random_points_equal_the_oracle():
    draw = random.Random(20240623)
    largest = {"small": 6, "medium": 70, "large": 900}
    seen = set()
    for _ in range(cases(2_000, 10_000)):
        top = largest[draw.choice(list(largest))]
        sizes = [draw.randint(1, top) for _ in range(3)]
        rows, cols = draw.randint(1, 80), draw.randint(1, 80)
        mode = draw.choice(MODES)
        seen.add(mode)
        cols = max(cols, mode[-1])
        ours, oracle = both(*sizes, rows, cols, mode)
        assert ours == oracle, (sizes, rows, cols, mode)
    assert len(seen) == len(MODES)


def test_machine_code_equals_plain_python():
    """One design runs as Python, vectors of designs as a kernel: the same function, under numba's integers, too."""
    draw, fields = random.Random(11), DESIGN_FIELDS
    bounds = [len(allowed) - 1 if isinstance(allowed[0], str) else None for allowed in fields.values()]
    for largest in (4, 90, 3000, 2**17):
        gemms = np.array([[draw.randint(1, largest) for _ in range(3)] + [1] for _ in range(12)])
        designs = [
            [draw.randint(0, top) if top is not None else draw.randint(*allowed) for top, allowed in
             zip(bounds, [(1, 90), (1, 90), None, None, None, (0, 1), (1, 16), (1, 2)], strict=True)]
            for _ in range(500)
        ]  # fmt: skip
        for design in designs:
            if DATAFLOW[DATAFLOWS[design[2]]].drains or design[1] == 1:
                design[-1] = 1  # sums that stay have slices of their own, and so has a column alone
        one_array = [np.ascontiguousarray(column) for column in np.array(designs, dtype=np.int64).T]
        columns = DesignColumns(*one_array, array_count=np.ones(500, np.int64), split=np.zeros(500, np.int64))
        compiled = np.array([cycles_per_design([gemm[None]], columns)[0] for gemm in gemms])
        plain = [cycles_per_gemm(gemms, array_values(np.array(design))) for design in designs]
        assert np.array_equal(compiled, np.array(plain).T)


@pytest.mark.parametrize("mode", MODES, ids=lambda mode: "-".join(map(str, mode)))
def test_blocks_of_one_mode_equal_plain_python(mode):
    draw, options = random.Random(13), dict(zip(FIELDS, mode, strict=True))
    count, narrowest = BLOCK_DESIGNS + 9, options["mac_packing"]  # a block and some more; columns that can share slices
    rows, cols = ([draw.randint(least, 90) for _ in range(count)] for least in (1, narrowest))
    traces = [np.array([[draw.randint(1, 400) for _ in range(3)] + [times] for times in (1, 3)]) for _ in range(3)]
    hw = ps.load_hardware("zcu102").replace({f"array.{field}": value for field, value in options.items()})
    found = cycles_per_design(traces, design_columns(hw.array, {"rows": rows, "cols": cols}))
    for i, (r, c) in enumerate(zip(rows, cols, strict=True)):
        one = {**options, "rows": r, "cols": c}
        assert [cycles[i] for cycles in found] == [cycles_per_gemm(trace, one).sum() for trace in traces]


@pytest.mark.parametrize("size", [2**26, 2**35 - 1, 2**35 + 1, 2**36 - 1, 2**40 + 1, 2**52 + 1, 2**54 + 1])
def test_sizes_on_either_side_of_what_floats_hold(size):
    """Counted in floats or in integers, by the largest clocks that the fields' bounds allow."""
    sides = [1, 2, 3, 5, 7, 63, 64, 65, 4095, 4096, MAX_ROWS]
    designs = {"rows": sides, "cols": sides}
    for overlap, edge in itertools.product(FOLD_OVERLAPS, EDGES):
        array = ps.load_hardware("zcu102").replace({"array.fold_overlap": overlap, "array.edge": edge}).array
        repeated = [[1, 1, 1, size]] if size < 2**45 else []
        for gemm in ([size, 1, 1, 1], [1, size, 1, 1], [1, 1, size, 1], [1, size, 3, 3], *repeated):
            (found,) = cycles_per_design([np.array([gemm])], design_columns(array, designs))
            for i, (r, c) in enumerate(zip(*designs.values(), strict=True)):
                one = {**array_values(design_row(array)), "rows": r, "cols": c}
                assert found[i] == cycles_per_gemm(np.array([gemm]), one).sum()


@pytest.mark.parametrize("dataflow", DATAFLOWS)
def test_sizes_beside_a_multiple_of_a_side(dataflow):
    """Where rounding a quotient up could take the integer beside the right one: a size times the side's reciprocal."""
    array = ps.load_hardware("zcu102").replace({"array.dataflow": dataflow}).array
    sides = [3, 7, 75, 77, 91, 93, 99, 105, 117, 123, 4099, MAX_ROWS - 1]
    for side, times, more in itertools.product(sides, (1, 3, 5, 7, 11, 12_345, 200_003), (-1, 0, 1)):
        size = side * times + more
        for gemm in ([size, 1, 1, 1], [1, size, 1, 1], [1, 1, size, 1]):
            (found,) = cycles_per_design([np.array([gemm])], design_columns(array, {"rows": [side], "cols": [side]}))
            one = {**array_values(design_row(array)), "rows": side, "cols": side}
            assert found[0] == cycles_per_gemm(np.array([gemm]), one).sum(), (gemm, side)


@pytest.mark.parametrize("count", [1, 2])
def test_an_engine_made_from_this_one_counts_its_own_clocks(count):
    class Twice(ENGINES["analytic"].__class__):
        name = "twice"

        def cycles_per_gemm(self, gemms, array, masks=()):
            return 2 * super().cycles_per_gemm(gemms, array, masks)

    trace, hw = ps.lower(ps.plan("digits_vit")), ps.load_hardware("zcu102").replace({"array.count": count})
    assert Twice().run(trace, hw).cycles.tolist() == [2 * c for c in ENGINES["analytic"].run(trace, hw).cycles.tolist()]


def scalesim_rows():
    with (DATA / "scalesim_cycles.csv").open() as file:
        return list(csv.DictReader(file))


def test_scale_sim_is_one_clock_less():
    rows = scalesim_rows()
    assert len(rows) == 65
    for row in rows:
        m, k, n, r, c, theirs = (int(row[x]) for x in ("M", "K", "N", "rows", "cols", "scalesim_compute_cycles"))
        result = ps.simulate_gemm(m, k, n, rows=r, cols=c, dataflow=row["dataflow"])
        drained = result.folds * r if row["dataflow"] == "os" else 0  # SCALE-Sim leaves the drain out
        assert result.cycles - drained == theirs + 1, row


@pytest.mark.parametrize(
    ("overlap", "cycles"),
    [("none", 61_128), ("preload", 58_888), ("chained", 57_663), ("pipelined", 55_458), ("settled", 55_458)],
)
def test_fc1_of_deit_s_under_each_overlap(overlap, cycles):
    assert ps.simulate_gemm(197, 384, 1536, fold_overlap=overlap).cycles == cycles


@pytest.mark.parametrize(
    ("options", "cycles"),
    [({"dataflow": "ws"}, 92_622), ({"dataflow": "os"}, 93_912), ({"edge": "aware"}, 61_014)],
)
def test_fc1_of_deit_s_otherwise(options, cycles):
    assert ps.simulate_gemm(197, 384, 1536, **options).cycles == cycles


def test_four_by_four_os_by_hand():
    result = ps.simulate_gemm(4, 4, 4, rows=4, cols=4, dataflow="os")
    assert result.cycles == 10 + 4  # ten clocks to the last sum, four to shift the rows out
    assert ps.simulate_gemm(4, 4, 4, rows=4, cols=4, dataflow="os", os_edge_register=False).cycles == 13


def test_one_multiplication():
    result = ps.simulate_gemm(1, 1, 1, rows=1, cols=1)
    assert (result.cycles, result.folds, result.macs) == (2, 1, 1)
    assert result.utilization_frac == 0.5


@pytest.mark.parametrize("mode", MODES, ids=lambda mode: "-".join(map(str, mode)))
def test_utilisation_never_exceeds_one(mode):
    options = dict(zip(FIELDS, mode, strict=True))
    for sizes in ((1, 1, 1), (64, 64, 64), (500, 3, 7), (7, 500, 3), (3, 7, 500)):
        assert 0 < ps.simulate_gemm(*sizes, rows=8, cols=4, **options).utilization_frac <= 1


def test_more_overlap_is_never_slower():
    draw = random.Random(7)
    for _ in range(500):
        sizes = [draw.randint(1, 200) for _ in range(3)]
        rows, cols, dataflow = draw.randint(1, 40), draw.randint(1, 40), draw.choice(DATAFLOWS)
        for edge in EDGES:
            cycles = [
                ps.simulate_gemm(*sizes, rows=rows, cols=cols, dataflow=dataflow, edge=edge, fold_overlap=o).cycles
                for o in FOLD_OVERLAPS
            ]
            *others, pipelined, settled = cycles
            assert [*others, pipelined] == sorted([*others, pipelined], reverse=True)
            # a load that must wait for the last row: slower than the array that needs not, never than one fold a time
            assert pipelined <= settled <= others[0]
            if dataflow == "os" or DATAFLOW[dataflow].sizes(*sizes)[2] >= 2 * rows - 1:
                assert settled == pipelined


@pytest.mark.parametrize(
    ("length", "step"),
    [(1, 15), (8, 15), (14, 15), (15, 15), (16, 16), (100, 100)],
)
def test_settled_by_hand(length, step):
    """Eight rows: the last one takes over 7 clocks after the stream's first operand, then 8 operands are loaded."""
    mode = {"rows": 8, "cols": 3, "fold_overlap": "settled"}
    one, three = (ps.simulate_gemm(3, k, length, **mode).cycles for k in (8, 24))
    assert (one, three) == (8 + length + 8 + 3 - 2, one + 2 * step)
    assert ps.simulate_gemm(3, 24, length, **{**mode, "edge": "aware"}).cycles == three
    # a third fold of 2 rows: 7 clocks, then 2
    assert ps.simulate_gemm(3, 18, length, **mode, edge="aware").cycles == one + step + max(length, 9)


class TestConformance(EngineConformance):
    name = "analytic"


class TestVector:
    """One kernel serves one GEMM and many designs alike."""

    def random_designs(self, count, seed):
        draw = np.random.default_rng(seed)
        dataflows = draw.choice(DATAFLOWS, count)
        rows, cols = draw.integers(1, 130, count), draw.integers(1, 130, count)
        return {
            "rows": rows,
            "cols": cols,
            "dataflow": dataflows,
            "fold_overlap": draw.choice(FOLD_OVERLAPS, count),
            "edge": draw.choice(EDGES, count),
            "os_edge_register": draw.choice([True, False], count),
            "mac_latency": draw.integers(1, 4, count),
            "mac_packing": np.where(dataflows == "os", 1, np.minimum(cols, draw.integers(1, 3, count))),
        }

    def test_equals_simulate_design_by_design(self):
        designs = self.random_designs(300, seed=1)
        plan, hw = ps.skip_attention(ps.plan("deit_t"), active=[1, 5]), ps.load_hardware("zcu102")
        table = ps.simulate_designs(plan, hw, designs)
        for i in range(300):
            one = {f"array.{field}": values[i].item() for field, values in designs.items()}
            report = ps.simulate(plan, hw.replace(one))
            assert table["pl_cycles"][i] == report.pl_cycles
            assert table["delay_ms"][i] == report.delay_ms
            assert table["energy_j"][i] == report.energy_j
            assert table["edp_j_ms"][i] == report.edp_j_ms

    def test_threads_change_nothing(self, monkeypatch):
        designs = self.random_designs(5_000, seed=2)
        plan = ps.plan("deit_s")
        serial = ps.simulate_designs(plan, "zcu102", designs)
        monkeypatch.setattr("pivotsim.engines.array.many_designs.PARALLEL_FROM_DESIGNS", 1)
        threaded = ps.simulate_designs(plan, "zcu102", designs)
        assert np.array_equal(serial["pl_cycles"], threaded["pl_cycles"])

    @pytest.mark.parametrize("threads_from", [1, 10**9])
    def test_several_traces_at_once(self, threads_from, monkeypatch):
        monkeypatch.setattr("pivotsim.engines.array.many_designs.PARALLEL_FROM_DESIGNS", threads_from)
        draw, designs = random.Random(3), self.random_designs(50, seed=3)
        shared = [(197, 64, 197), (10, 20, 30), (1, 1, 1)]
        own = [tuple(draw.randint(1, 300) for _ in range(3)) for _ in range(4)]
        rows = [[*size, draw.randint(1, 9)] for size in shared * 2 + own]
        traces = [np.array(part, dtype=np.int64).reshape(-1, 4) for part in (rows[:5], rows[3:], [], rows[8:])]
        found = cycles_per_design(traces, design_columns(ps.load_hardware("zcu102").array, designs))
        for i in range(50):
            one = {field: values[i].item() for field, values in designs.items()}
            assert [cycles[i] for cycles in found] == [cycles_per_gemm(t, one).sum() for t in traces]
            assert array_values(design_row(one)) == one

    def test_no_design_at_all(self):
        assert ps.simulate_designs(ps.plan("deit_s"), "zcu102", {"rows": []})["pl_cycles"].shape == (0,)

    @pytest.mark.parametrize(
        ("designs", "message"),
        [
            ({"row": [1]}, "designs: row: unknown field, nearest valid name: 'rows'"),
            (
                {"rows": [1, 2], "cols": [1]},
                "designs: vectors differ in length (got 1, 2); grid=True takes every combination of their values",
            ),
            ({"rows": [0]}, "designs: rows: must be at least 1 (got 0)"),
            ({"rows": [1.5]}, "designs: rows: must hold integers (got 1.5)"),
            ({"rows": 5}, "designs: rows: must be a vector (got 5)"),
            (
                {"dataflow": ["iss"]},
                "designs: dataflow: must be one of is, ws, os (got 'iss'), nearest valid name: 'is'",
            ),
            ({"os_edge_register": [1]}, "designs: os_edge_register: must be true or false (got 1)"),
        ],
    )
    def test_wrong_designs(self, designs, message):
        with pytest.raises(ps.InputError) as error:
            ps.simulate_designs(ps.plan("deit_s"), "zcu102", designs)
        assert str(error.value) == message


class TestOverflow:
    def test_the_largest_counts_are_exact(self):
        # one column of PEs: 2 + 1 + T - 2 = T + 1 clocks a fold; 2**31 folds of 2**31 - 7 + 1 clocks
        m, n = 2**31, 2**31 - 7
        result = ps.simulate_gemm(m, 1, n, rows=1, cols=1)
        assert result.cycles == m * (n + 1) < 2**63

    @pytest.mark.parametrize("sizes", [(2**62, 1, 1), (2**32, 1, 2**31), (2**40, 2**40, 2**40), (1, 1, 2**63 - 1)])
    @pytest.mark.parametrize("overlap", FOLD_OVERLAPS)
    def test_beyond_int64_is_an_error(self, sizes, overlap):
        with pytest.raises(ps.InputError, match="exceed int64"):
            ps.simulate_gemm(*sizes, rows=1, cols=1, fold_overlap=overlap)

    def test_a_size_beyond_int64_is_an_error(self):
        with pytest.raises(ps.InputError, match="n: must be at most 9223372036854775807"):
            ps.simulate_gemm(1, 1, 2**63)

    def test_repeats_count_too(self):
        op = ps.workload.Op(1, "qkt", "gemm", 2**30, 1, 2**30, repeats=2**4)
        trace = ps.Trace((op,))
        with pytest.raises(ps.InputError, match="exceed int64"):
            ps.simulate(trace, ps.load_hardware("zcu102").replace({"array.rows": 1, "array.cols": 1}))

    def test_the_guard_counts_every_term(self):
        # 2**32 folds of 1 + 1 + 1 + T clocks fit by one fold; 15 more clocks each do not
        sizes = (2**32, 1, 2**31 - 4)
        no_latency = Design(1, 1, *DATAFLOW["is"].mapping, 0, 0, 1, 0, 1)
        check_no_overflow([(*sizes, 1)], no_latency)
        with pytest.raises(ps.InputError, match="exceed int64"):
            ps.simulate_gemm(*sizes, rows=1, cols=1, mac_latency=16)

    def test_vectors_count_repeats(self):
        trace = ps.Trace((ps.workload.Op(1, "qkt", "gemm", 64, 64, 64, repeats=2**55),))
        with pytest.raises(ps.InputError, match="exceed int64"):
            ps.simulate_designs(trace, "zcu102", {"rows": [64, 1]})

    def test_vectors_are_checked_design_by_design(self):
        trace = ps.Trace((ps.workload.Op(1, "fc1", "gemm", 2**40, 64, 2**22),))
        fits = ps.simulate_designs(trace, "zcu102", {"rows": [64, 64], "cols": [65_536, 4_096]})
        assert (fits["pl_cycles"] > 0).all()
        with pytest.raises(ps.InputError, match="exceed int64"):
            ps.simulate_designs(trace, "zcu102", {"rows": [64, 1], "cols": [65_536, 1]})

    def test_the_bound_holds_on_random_points(self):
        draw = random.Random(3)
        for _ in range(2_000):
            m, k, n = (draw.randint(1, 300) for _ in range(3))
            rows, cols, mode = draw.randint(1, 40), draw.randint(1, 40), draw.choice(MODES)
            cols = max(cols, mode[-1])
            cycles, _ = both(m, k, n, rows, cols, mode)
            design = design_of(dict(zip(("rows", "cols", *FIELDS), (rows, cols, *mode), strict=True)))
            repeats = INT64_MAX // cycles + 1  # together just beyond int64: the guard must see it
            with pytest.raises(ps.InputError, match="exceed int64"):
                check_no_overflow([(m, k, n, repeats)], design)

    def test_what_surely_fits_passes_the_guard(self):
        draw = random.Random(5)
        for _ in range(2_000):
            m, k, n = (draw.randint(1, draw.choice((3, 300))) for _ in range(3))
            rows, cols, mode = draw.randint(1, 40), draw.randint(1, 40), draw.choice(MODES)
            cols = max(cols, mode[-1])
            cycles, _ = both(m, k, n, rows, cols, mode)
            design = design_of(dict(zip(("rows", "cols", *FIELDS), (rows, cols, *mode), strict=True)))
            repeats = INT64_MAX // (cycles * (2 * rows + cols + 1 + design.mac_latency))
            assert surely_fits(repeats * cycles, design) and not surely_fits((repeats + 1) * cycles, design)
            check_no_overflow([(m, k, n, repeats)], design)

    def test_beyond_what_surely_fits_the_guard_decides(self):
        array = ps.load_hardware("zcu102").array
        fits, beyond = (ps.Trace((ps.workload.Op(1, "fc1", "gemm", 64, 64, 64, repeats=2**e),) * 2) for e in (52, 54))
        assert not surely_fits(sum(cycles_of_trace(fits, array).tolist()), design_of(array))
        with pytest.raises(ps.InputError, match="about 2"):
            cycles_of_trace(beyond, array)

    def test_equal_gemms_count_together(self):
        array, one = ps.load_hardware("zcu102").array, ps.workload.Op(1, "fc1", "gemm", 64, 64, 64)
        cycles, design = int(cycles_of_trace(ps.Trace((one,)), array)[0]), design_of(array)
        most = INT64_MAX // (cycles * (2 * 64 + 36 + 1 + design.mac_latency))  # one alone surely fits
        many = (one._replace(repeats=most),) * 400
        assert surely_fits(most * cycles, design) and 400 * most * cycles > INT64_MAX
        with pytest.raises(ps.InputError, match="about 2"):
            cycles_of_trace(ps.Trace(many), array)


def test_a_trace_is_its_gemms_one_by_one():
    draw, array = random.Random(7), ps.load_hardware("zcu102").array
    for _ in range(50):
        ops = []
        for _ in range(draw.randint(1, 20)):
            sizes = (draw.choice((8, 40, 197)) for _ in range(4))
            mask = {"density": 0.5, "mask_key": "block=4,seed=2"} if draw.random() < 0.3 else {}
            ops.append(ps.workload.Op(1, "fc1", "gemm", *sizes, out_bits=draw.choice((8, 32)), **mask))
        trace = ps.Trace(tuple(ops))
        alone = [cycles_per_gemm(one.gemms, array, one.gemm_masks) for one in (ps.Trace((op,)) for op in ops)]
        assert cycles_of_trace(trace, array).tolist() == np.concatenate(alone).tolist()
