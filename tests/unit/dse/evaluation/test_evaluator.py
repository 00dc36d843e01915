"""A table's numbers equal simulate() and combine(), exactly, design by design."""

import numpy as np
import pytest

import pivotsim as ps
from pivotsim.dse.evaluation.admission import Designs
from pivotsim.dse.evaluation.cache import Cache
from pivotsim.dse.evaluation.evaluator import Coded, Evaluator
from pivotsim.dse.space.reading import load_space
from pivotsim.dse.space.sampling import ListedPoints, points_of
from tests.oracles.system import design_walk

ARRAY = {
    "array.dataflow": ["is", "ws", "os"],
    "array.fold_overlap": ["none", "preload", "chained", "pipelined", "settled"],
    "array.edge": ["padded", "aware"],
    "array.os_edge_register": [True, False],
    "array.mac_latency": [1, 2],
    "array.rows": {"start": 1, "stop": 300, "step": 1},
    "array.cols": {"start": 1, "stop": 300, "step": 1},
}
PAIR = {"effort.low": [0, 3, [2, 5, 9]], "effort.low_frac": [0.0, 0.35, 1.0], "effort.high": [12, 11]}
MIXED = {
    **PAIR,
    "host.cores": [1, 2, 4],
    "placement.softmax": ["ps", "pl"],
    "power.board_w": [7.92, 5.5],
    "array.clock_mhz": [100, 125.0, 333.3],
    **ARRAY,
}
MEMORIES = {
    "effort.low": [6], "effort.high": [12], "effort.low_frac": [0.5, 0.8], "host.cores": [1, 2],
    "array.clock_mhz": [100, 125.0], "placement.softmax": ["ps", "pl"],
    "memories.opmem_bytes": [512, 4096, 8192, 65536, "unlimited"],
    "memories.gb_bytes": [8192, 16384], "memories.ipmem_buffers": ["single", "ping_pong"],
    "array.dataflow": ["is", "ws", "os"], "array.rows": [16, 64, 100], "array.cols": [8, 36],
}  # fmt: skip
CASES = {
    "arrays": (ARRAY, {}, 40),
    "mixed": (MIXED, {"profile": "full"}, 40),
    "activity": (MIXED, {"energy": "activity", "scope": "all"}, 40),
    "no gate": (MIXED, {"gate": "none"}, 10),
    "model": ({"model": ["deit_t", "deit_s"], "model.depth": [6, 12], "qkv": ["fused", "separate"],
               "score_bits": [8, 32], "active": [6, [1, 3]], **ARRAY}, {}, 25),
    "memory": (MEMORIES, {"engine": "memory", "memory": "hw"}, 30),
    "memory, activity": (MEMORIES, {"engine": "memory", "memory": "hw", "energy": "activity"}, 10),
    "memory, programs": ({"model": ["deit_t"], "active": [1], "array.dataflow": ["is", "os"], "array.rows": [32, 64],
                          "memories.opmem_bytes": [512, 65536], "memories.chunk": [0, 64, 1000],
                          "memories.loop_order": ["auto", "column-chunk-row", "row-outer"],
                          "memories.dram": ["bandwidth", "dram/ddr4_2400"]},
                         {"engine": "memory", "memory": "hw"}, 24),
    "transforms": ({"heads": [2, 3, 7], "neurons": [0.5, 1.0], "active": [3, [1, 12]], "array.rows": [32, 64],
                    "tokens": ["none", "top_k:r=4", "evit:keep_rate=0.7"]}, {"model": "deit_t"}, 30),
    "transforms of a pair": ({**PAIR, "tokens": ["none", "tome:r=8"], "array.rows": [32, 64]}, {}, 12),
    "masks": ({"active": [1, 2], "blocks": ["none", "block=16,density=0.5", "block=32,density=0.25,seed=1"],
               "attention": ["none", "density=0.1", "density=0.3,seed=2"], "split": [10, 50], "array.rows": [32, 64]},
              {"model": "deit_t"}, 16),
    "masks behind memories": ({"effort.low": [2], "effort.low_frac": [0.5, 0.7], "effort.high": [4], "array.cols": [32],
                               "blocks": ["block=16,density=0.5"], "memories.opmem_bytes": [4096, 65536]},
                              {"model": "deit_t", "engine": "memory", "memory": "hw"}, 3),
    "heads": ({**PAIR, "host.ps_pl_overlap": ["heads", "serial"], **ARRAY}, {}, 15),
    "engine memory without limits": ({**PAIR, "array.rows": [16, 64], "array.cols": [8, 36]},
                                     {"engine": "memory", "memory": "paper"}, 3),
}  # fmt: skip


def decoded(column):
    return column.words[column.codes] if isinstance(column, Coded) else column


@pytest.mark.parametrize("name", CASES)
def test_numbers_equal_simulate(name):
    axes, options, count = CASES[name]
    space = load_space({"name": "s", "axes": axes, "fixed": options})
    points = points_of(space, "random", count, seed=7)
    count = points.count  # a small space has fewer
    table = Evaluator(space).run(points, 0, count)
    columns = {key: decoded(column) for key, column in table.columns.items()}
    places = points.places(0, count)
    left = columns["point"].tolist()
    for number in range(count):
        values = {axis.name: axis.values[p[number]] for axis, p in zip(space.axes, places, strict=True)}
        expected = design_walk.costs(values, **options)
        if isinstance(expected, str):
            assert number not in left, expected
            continue
        row = left.index(number)
        assert {key: columns[key][row] for key in expected} == expected, values
    assert len(left) + sum(table.dropped.values()) == count
    if name == "memory":
        assert table.dropped["does not fit the memories"] and table.dropped["is not valid"]


def test_blocks_do_not_matter():
    space = load_space({"name": "s", "axes": MIXED, "fixed": {"energy": "activity"}})
    points = points_of(space, "random", 500, seed=1)
    whole, evaluator = Evaluator(space).run(points, 0, 500).columns, Evaluator(space)
    parts = [evaluator.run(points, a, b).columns for a, b in ((300, 500), (0, 1), (1, 300))]
    for name in whole:
        joined = np.concatenate([decoded(parts[i][name]) for i in (1, 2, 0)])
        assert np.array_equal(joined, decoded(whole[name])), name


def test_conditions_keep_the_fixed_value_and_no_repeats():
    axes = {"array.os_edge_register": [False, True], "array.dataflow": ["is", "os"], "array.rows": [16]}
    table = ps.explore({"name": "s", "axes": axes, "conditions": {"array.os_edge_register": "array.dataflow == 'os'"}})
    rows = list(zip(*(table[n].tolist() for n in ("point", "array.dataflow", "array.os_edge_register")), strict=True))
    assert rows == [(0, "is", True), (1, "os", False), (3, "os", True)]  # the board's own value is True


def test_constraints_on_results():
    space = {"name": "s", "axes": {"array.rows": [16, 32, 64], "array.cols": [36]}}
    whole = ps.explore(space)
    bound = float(whole["delay_ms"][1])
    kept = ps.explore({**space, "constraints": [f"delay_ms <= {bound!r}", "edp_j_ms > 0"]})
    assert kept["point"].tolist() == [1, 2]
    assert kept["delay_ms"].tolist() == whole["delay_ms"][1:].tolist()


def test_resource_rules_see_memories_and_shapes():
    axes = {
        "memories.opmem_bytes": [8192, 10**6],
        "array.dataflow": ["is", "os"],
        "array.rows": [32, 64],
        "array.cols": [36, 80],
    }
    space = {"name": "s", "axes": axes, "constraints": ["bram36 <= 60", "dsp <= fpga.dsp", "fits"]}
    table = ps.explore(space)
    expected = []
    for number, point in enumerate(design_walk.all_points(axes)):
        fit = ps.fit(ps.load_hardware("zcu102").replace(point))
        if fit["bram36"].demand <= 60 and fit.fits:
            expected.append((number, fit["dsp"].demand, fit["bram36"].demand))
    assert list(zip(*(table[n].tolist() for n in ("point", "dsp", "bram36")), strict=True)) == expected
    assert 0 < len(expected) < 16


@pytest.mark.parametrize("constraints", [[], ["delay_ms <= 60"], ["delay_ms * dsp <= 150000"], ["bram36 <= 100"]])
@pytest.mark.parametrize("fixed", [{}, {"engine": "memory"}, {"host": "heads"}])
def test_every_table_has_all_resources(constraints, fixed):
    axes = {
        "array.os_edge_register": [True, False], "array.dataflow": ["os", "is"], "array.rows": [32, 90],
        "memories.gb_bytes": [16384, 20000, "unlimited"], "host.ps_pl_overlap": ["serial"],
    }  # fmt: skip
    if "host" in fixed:
        axes, fixed = {**axes, "host.ps_pl_overlap": ["heads"]}, {}
    space = load_space({
        "name": "s", "axes": axes, "fixed": {"model": "deit_t", **fixed}, "constraints": constraints,
        "conditions": {"array.os_edge_register": "array.dataflow == 'os'"},
    })  # fmt: skip
    table = Evaluator(space).run(points_of(space, "grid"), 0, space.size).columns
    assert list(table) == list(space.columns)
    assert 3 <= len(table["point"]) <= 18
    for i in range(len(table["point"])):
        point = {n: decoded(table[n])[i].item() for n in axes}
        size = point["memories.gb_bytes"]
        fit = ps.fit(space.hw.replace({**point, "memories.gb_bytes": int(size) if size.isdigit() else size}))
        assert {r.resource: table[r.resource][i] for r in fit.resources} == {
            r.resource: r.demand for r in fit.resources
        }
        assert table["fits"][i] == fit.fits


@pytest.mark.parametrize("pattern", ["runs", "mixed", "one", "many"])
def test_groups_hold_every_design_once(pattern):
    draw = np.random.default_rng(1)
    places = {
        "runs": [np.repeat([0, 1, 2], 10), np.repeat([1, 0, 1], 10)],
        "mixed": [draw.integers(0, 3, 200), draw.integers(0, 50, 200)],
        "one": [np.zeros(9, dtype=int), np.ones(9, dtype=int)],
        "many": [draw.integers(0, 2**31, 300), draw.integers(0, 2**31, 300)],
    }[pattern]
    space = load_space({"name": "s", "axes": {"array.rows": [1], "array.cols": [1]}})
    designs = Designs(space, np.arange(len(places[0])), {"a": places[0], "b": places[1]})
    seen = []
    for first, members in designs.grouped_by(["a", "b"]):
        inside = designs.numbers[members]
        assert first in inside
        for column in places:
            assert len(set(column[inside].tolist())) == 1
        seen += inside.tolist()
    assert sorted(seen) == list(range(len(places[0])))
    if pattern == "mixed":
        assert len(list(designs.grouped_by(["a", "b"]))) == len(set(zip(*(c.tolist() for c in places), strict=True)))


def test_listed_points():
    space = load_space({"name": "s", "axes": {"array.rows": [16, 32], "array.cols": [36, 18]}})
    table = Evaluator(space).run(ListedPoints([(1, 0), (0, 1)]), 0, 2).columns
    assert (table["array.rows"].tolist(), table["array.cols"].tolist()) == ([32, 16], [36, 18])


def test_shelves_drop_what_came_first():
    cache = Cache()
    for key in "abc":
        cache.put(key, key.upper(), most=3)
    cache.put("b", "again", most=3)
    assert list(cache.items()) == [("a", "A"), ("b", "again"), ("c", "C")]
    assert cache.get_or_compute("d", lambda: "D", most=3) == "D"
    assert list(cache) == ["b", "c", "d"]


def test_kept_errors_hold_nothing_else():
    """A traceback would keep every array of the chunk in which the error was found."""
    axes = {"memories.loop_order": ["auto", "row-outer"], "array.rows": [16, 32]}
    space = load_space({"name": "s", "axes": axes, "fixed": {"engine": "memory", "model": "deit_t"}})
    evaluator = Evaluator(space)
    table = evaluator.run(points_of(space, "grid"), 0, 4)
    assert table.dropped == {"is not valid": 2} and table.columns["point"].tolist() == [0, 1]
    errors = [kept for kept in evaluator.context.gemms.values() if isinstance(kept, ps.InputError)]
    assert errors and all(error.__traceback__ is None and error.__context__ is None for error in errors)


UNLIMITED = (
    "gb_bytes", "input_share_bytes", "weight_share_bytes", "ipmem_bytes", "wtmem_bytes", "opmem_bytes",
    "dram_bytes_per_s", "gb_port_bytes_per_clock", "ipmem_port_bytes_per_clock", "wtmem_port_bytes_per_clock",
    "axi_port_bytes_per_clock",
)  # fmt: skip


@pytest.mark.parametrize(
    ("engine", "problem"),
    [("memory", "gemm: sizes too large, the cycles would exceed int64 with their repeats"),
     ("analytic", "deit_t: sizes too large, the clocks of array and PL units exceed int64")],
)  # fmt: skip
def test_clocks_beyond_int64_are_dropped(engine, problem):
    """GEMMs and softmax units are each below it, for 127 encoders; their sum is not."""
    axes = {
        "model.image_px": [1024], "model.patch_px": [1], "model.width": [65_536], "model.heads": [65_536],
        "model.depth": [127], "array.rows": [8192], "array.cols": [64], "active": [1, 127],
        "placement.softmax": ["pl"], "units.softmax.elements_per_clock": [1], "memories.bias": [False],
        "memories.read_latency_ns": [0], "memories.write_latency_ns": [0],
        **{f"memories.{name}": ["unlimited"] for name in UNLIMITED},
    }  # fmt: skip
    space = load_space({"name": "s", "axes": axes, "fixed": {"engine": engine, "model": "deit_t"}})
    table = Evaluator(space).run(points_of(space, "grid"), 0, 2)
    assert table.columns["active"].tolist() == [1] and 0 < table.columns["pl_cycles"][0] < 2**63 - 1
    assert (table.dropped, table.examples) == ({"is not valid": 1}, {"is not valid": problem})
    point = {name: values[-1] for name, values in axes.items()}
    alone = design_walk.costs(point, model="deit_t", engine=engine, memory="hw" if engine == "memory" else "paper")
    assert alone == "deit_t: sizes too large, the clocks of array and PL units exceed int64"
