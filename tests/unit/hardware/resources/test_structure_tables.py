"""Structures that are looked up are those that are counted for each design, however many tables hold them."""

import numpy as np
import pytest

import pivotsim as ps
from pivotsim.hardware.resources import counted
from pivotsim.hardware.resources.structures import tables
from pivotsim.hardware.resources.structures.designs import STRUCTURES, all_structures
from pivotsim.hardware.resources.structures.totals import added
from pivotsim.io.spec_values import value_at

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


def test_every_structure_and_every_value_is_named():
    assert set(counted.DEPENDS) == set(STRUCTURES)
    assert {path for paths in counted.DEPENDS.values() for path in paths} | {"array.count"} == set(counted.SIZE_PATHS)
    assert set(VALUES) == set(counted.SIZE_PATHS)


@pytest.mark.parametrize("most", [2**18, 100, 0])
@pytest.mark.parametrize("varied", [*VALUES, ("array.rows", "array.cols", "array.dataflow"), tuple(VALUES)])
def test_looked_up_or_counted_demands_are_the_same(monkeypatch, varied, most):
    monkeypatch.setattr(tables, "MAX_TABLE", most)
    own = (varied,) if isinstance(varied, str) else varied
    values = {path: np.array([counted.number(path, value) for value in VALUES[path]], dtype=np.int64) for path in own}
    constants = {
        path: np.int64(counted.number(path, value_at(BOARD, path))) for path in counted.SIZE_PATHS if path not in values
    }
    draw, count = np.random.default_rng(len(own)), 300
    places = {path: draw.integers(0, len(of_path), count) for path, of_path in values.items()}

    def of(path):
        return values[path][places[path]] if path in values else constants[path]

    made = tables.StructureTables(values, constants, counted.DEPENDS, counted.sizes_of)
    found = counted.rounded(made.totals(places, of, of("array.count"), count), counted.unlimited(of))
    alone = (counted.of_all_arrays(one, of("array.count")) for one in all_structures(counted.sizes_of(of)))
    expected = counted.rounded(added(alone), counted.unlimited(of))
    assert bool(made._tables) == (most > 0)
    for of_found, of_expected in zip(found, expected, strict=True):
        assert set(of_found) == set(of_expected) == {"bram36", "lut", "ff", "uram", "dsp"}
        for name, column in of_expected.items():
            assert np.array_equal(np.broadcast_to(of_found[name], count), np.broadcast_to(column, count)), name


def test_a_table_is_made_once_there_are_designs_to_look_up():
    values = {"array.rows": np.arange(1000), "array.cols": np.arange(100)}
    constants = {path: np.int64(counted.number(path, value_at(BOARD, path))) for path in counted.SIZE_PATHS}
    made = tables.StructureTables(values, constants, counted.DEPENDS, counted.sizes_of)
    places = {path: np.full(10_000, 8) for path in values}

    def of(path):
        return values[path][places[path]] if path in values else constants[path]

    for expected in (False, False, True):
        lut, _ = made.totals(places, of, of("array.count"), 10_000)["lut"]
        assert bool(made._tables) == expected and len(set(lut.tolist())) == 1
