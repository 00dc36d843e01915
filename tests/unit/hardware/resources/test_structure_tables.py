"""Structures that are looked up are those that are counted for each design, however many tables hold them."""

import random

import numpy as np
import pytest

import pivotsim as ps
from pivotsim.hardware.resources import counted
from pivotsim.hardware.resources.structures import tables
from pivotsim.hardware.resources.structures.designs import TERMS, all_structures
from pivotsim.hardware.resources.structures.totals import added
from pivotsim.io.spec_values import value_at
from tests.campaigns import cases

BOARD = ps.load_hardware("kv260")
VALUES = {
    "array.rows": [8, 64, 100], "array.cols": [7, 36, 130], "array.dataflow": ["is", "ws", "os"],
    "array.fold_overlap": ["none", "chained", "settled"], "array.mac_latency": [1, 3], "array.mac_packing": [1, 2],
    "array.count": [1, 3], "memories.ipmem_bytes": [8192, 2**18], "memories.wtmem_bytes": [8192, 2**17],
    "memories.opmem_bytes": [8192, 2**18], "memories.gb_bytes": [8192, "unlimited"],
    "memories.ipmem_port_bytes_per_clock": [16, 300], "memories.wtmem_port_bytes_per_clock": [16, 32],
    "memories.gb_port_bytes_per_clock": [8, 128], "memories.axi_ports": [1, 4],
    "memories.axi_port_bytes_per_clock": [16, 64], "memories.opmem_buffers": ["single", "ping_pong"],
    "memories.bias": [False, True], "fpga.use.uram_from_bytes": [0, 2**17],
}  # fmt: skip
LONG = {**VALUES, "array.rows": list(range(400)), "array.cols": list(range(300, 0, -1))}


def numbers_of(values):
    return {
        path: np.array([counted.number(path, value) for value in of_path], dtype=np.int64)
        for path, of_path in values.items()
    }


def tables_of(values, board=BOARD):
    """Return the tables of designs that differ in numbers, and the numbers that all have."""
    constants = {
        path: np.int64(counted.number(path, value_at(board, path))) for path in counted.SIZE_PATHS if path not in values
    }
    depends = counted.DEPENDS, counted.JOINED, counted.sizes_of
    return tables.StructureTables(values, constants, *depends), constants


def check(made, values, constants, draw, count):
    """Compare drawn designs' demands, looked up, with those of all structures, counted."""
    places = {path: draw.integers(0, len(of_path), count) for path, of_path in values.items()}

    def of(path):
        return values[path][places[path]] if path in values else constants[path]

    found = counted.rounded(made.totals(places, of, count), counted.unlimited(of))
    alone = (counted.of_all_arrays(one, of("array.count")) for one in all_structures(counted.sizes_of(of)))
    expected = counted.rounded(added(alone), counted.unlimited(of))
    for of_found, of_expected in zip(found, expected, strict=True):
        assert set(of_found) == set(of_expected) == {"bram36", "lut", "ff", "uram", "dsp"}
        for name, column in of_expected.items():
            assert np.array_equal(np.broadcast_to(of_found[name], count), np.broadcast_to(column, count)), name


def test_every_term_and_every_value_is_named():
    assert set(counted.DEPENDS) == set(TERMS)
    names = {name for depends in counted.DEPENDS.values() for name in (*depends.counts, *depends.times)}
    paths = {path for name in names for path in (counted.JOINED[name].paths if name in counted.JOINED else (name,))}
    assert paths | {"array.count"} == set(counted.SIZE_PATHS)
    assert set(VALUES) == set(counted.SIZE_PATHS)


@pytest.mark.parametrize("most", [2**18, 100, 0])
@pytest.mark.parametrize("varied", [*VALUES, ("array.rows", "array.cols", "array.dataflow"), tuple(VALUES)])
def test_looked_up_or_counted_demands_are_the_same(monkeypatch, varied, most):
    monkeypatch.setattr(tables, "MAX_TABLE", most)
    own = (varied,) if isinstance(varied, str) else varied
    values = numbers_of({path: VALUES[path] for path in own})
    made, constants = tables_of(values)
    check(made, values, constants, np.random.default_rng(len(own)), 300)
    assert bool(made._tables.starts) == (most > 0)


@pytest.mark.parametrize(
    "further",
    [
        (),
        ("array.count",),
        ("array.dataflow", "array.fold_overlap", "array.mac_packing"),
        ("memories.opmem_bytes", "memories.opmem_buffers", "array.mac_latency"),
    ],
)
def test_long_sides_have_tables_of_either_side_of_the_wider_and_of_the_sum(monkeypatch, further):
    monkeypatch.setattr(tables, "MAX_TABLE", 10_000)
    values = numbers_of({path: LONG[path] for path in (*further, "array.cols", "array.rows")})
    made, constants = tables_of(values)
    draw = np.random.default_rng(len(further))
    for count in (500, 2000):  # of designs so few that most are counted, and looked up
        check(made, values, constants, draw, count)
    axes = [group.axes for group in made._tables.starts]
    assert len(made._tables.starts) == len(made._each) + len(made._shared)
    assert (counted.WIDER_SIDE,) in axes and (counted.SIDE_SUM,) in axes
    assert all({"array.rows", "array.cols"} - set(group) for group in axes)


@pytest.mark.campaign
def test_drawn_spaces(monkeypatch):
    """Some values of a draw, sides of up to 900 values in any order, and tables of any size."""
    draw, joined, several = random.Random(5), 0, 0
    for space in range(cases(8, 250)):
        values = {path: VALUES[path] for path in draw.sample(list(VALUES), draw.randint(1, 8))}
        for side in ("array.rows", "array.cols"):
            if draw.random() < 0.8:
                start, step = draw.randint(0, 40), draw.choice([1, 2, 7])
                values[side] = list(range(start, start + step * draw.randint(20, 900), step))
                if draw.random() < 0.3:
                    draw.shuffle(values[side])
        monkeypatch.setattr(tables, "MAX_TABLE", draw.choice([200, 3000, 20_000, 2**18]))
        numbers = numbers_of(dict(draw.sample(list(values.items()), len(values))))
        made, constants = tables_of(numbers)
        for count in (200, 300):
            check(made, numbers, constants, np.random.default_rng(space), count)
        joined += any(axis in counted.JOINED for group in made._tables.starts for axis in group.axes)
        several += any(group.times for group in made._tables.starts)
    assert joined and several


def test_arrays_of_a_board_share_its_global_buffer():
    values = numbers_of({path: VALUES[path] for path in ("array.rows", "memories.gb_bytes")})
    made, constants = tables_of(values, BOARD.replace({"array.count": 3}))
    check(made, values, constants, np.random.default_rng(0), 300)
    assert [group.terms for group in made._shared] == [("gb",)]


def test_few_of_two_values_are_looked_up_as_they_are():
    values = numbers_of({"array.rows": [1, 10**6], "array.cols": [1, 2 * 10**6]})
    made, constants = tables_of(values)
    check(made, values, constants, np.random.default_rng(0), 100)
    assert [group.axes for group in made._tables.starts] == [("array.rows", "array.cols")]


def test_what_is_known_is_all_where_nobody_asks():
    values = numbers_of({"array.rows": list(range(1, 2000)), "array.cols": list(range(1, 2000))})
    made, constants = tables_of(values)
    places = {path: np.full(10_000, 1500) for path in values}

    def of(path):
        return values[path][places[path]] if path in values else constants[path]

    asked, unasked = (made.totals(places, of, 10_000, is_known_asked=is_asked)["lut"] for is_asked in (True, False))
    assert np.array_equal(asked[0], unasked[0]) and unasked[1] is unasked[0]
    assert asked[1][0] < asked[0][0]


def test_a_table_is_made_once_there_are_designs_to_look_up():
    values = {"array.rows": np.arange(1000), "array.cols": np.arange(100)}
    made, constants = tables_of(values)
    places = {path: np.full(10_000, 8) for path in values}

    def of(path):
        return values[path][places[path]] if path in values else constants[path]

    for expected in (False, False, True):
        lut, _ = made.totals(places, of, 10_000)["lut"]
        assert bool(made._tables.starts) == expected and len(set(lut.tolist())) == 1
