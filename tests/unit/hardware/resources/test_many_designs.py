"""Resources of many designs equal those that ``fit`` counts for each of them alone."""

import random

import numpy as np
import pytest

import pivotsim as ps
from pivotsim.hardware.resources import many_designs
from pivotsim.hardware.resources.block_rams import FILLED, MEMORIES
from pivotsim.hardware.resources.many_designs import RESOURCES, ResourceModel, fit_paths

ZCU102 = ps.load_hardware("zcu102").replace({"fpga.use.counted_by": "fitted"})  # test_synthesis draws both ways
UNLIMITED = ("unlimited", 2**63 - 1)
PATHS = [path for path in fit_paths(ZCU102) if path != "fpga.use.counted_by"]


def drawn_value(draw, path):
    group, _, name = path.partition(".")
    if path == "array.dataflow":
        return draw.choice(["is", "ws", "os"])
    if path == "array.mac_packing":
        return draw.randint(1, 2)
    if group == "array":
        return draw.randint(1, 400)
    if name.endswith("_per_pe"):
        return draw.choice([2.0, draw.random() * 9])
    if name.endswith("_fixed"):
        return draw.choice([0, 2236, 2**62, 2**63 - 1])
    if group == "fpga":
        return draw.choice([0, 60, draw.randint(0, 300_000), 2**63 - 1])
    if name.endswith("_port_bytes_per_clock"):
        return draw.choice([1, 64, draw.randint(1, 2000), 2**20, "unlimited"])
    return draw.choice([1, 8192, 65_536, draw.randint(1, 10**7), *UNLIMITED])


def changed(spec, values):
    """Return a copy with values at dotted paths, unchecked: a tenth of the time of ``replace``."""
    own = {path: value for path, value in values.items() if "." not in path}
    for group in {path.partition(".")[0] for path in values if "." in path}:
        below = {p.partition(".")[2]: v for p, v in values.items() if p.startswith(f"{group}.")}
        own[group] = changed(getattr(spec, group), below)
    return spec.model_copy(update=own)


def differing(hw, values, places, found):
    """Yield the designs whose columns are not what ``fit`` gives."""
    for i in range(len(found["fits"])):
        fit = ps.fit(changed(hw, {path: values[path][places[path][i]] for path in values}))
        expected = {**{r.resource: r.demand for r in fit.resources if r.resource != "uram"}, "fits": fit.fits}
        expected["fits_extrapolated"] = fit.verdict.endswith("by counts that are extrapolated")
        if {name: column[i].item() for name, column in found.items()} != expected:
            yield fit


@pytest.mark.parametrize("most", [2**18, 1], ids=["tables", "design by design"])
def test_two_thousand_designs(monkeypatch, most):
    """Any of the values that resources depend on may vary, a memory without limits among them."""
    monkeypatch.setattr(many_designs, "MAX_TABLE", most)
    draw, fitting = random.Random(3 + most), 0
    for _ in range(50):
        paths = draw.sample(PATHS, draw.randint(0, len(PATHS)))
        values = {path: [drawn_value(draw, path) for _ in range(draw.randint(1, 6))] for path in paths}
        places = {path: np.array([draw.randrange(len(v)) for _ in range(20)]) for path, v in values.items()}
        found = ResourceModel(ZCU102, values).columns(places, 20)
        assert list(found) == list(RESOURCES)
        assert {
            name: column.dtype.name for name, column in found.items() if not name.startswith("fits")
        } == dict.fromkeys(("dsp", "bram36", "lut", "ff"), "int64")
        assert not list(differing(ZCU102, values, places, found))
        fitting += int(found["fits"].sum())
    assert fitting > 50


def test_shapes_alone_at_the_bounds_of_a_port():
    sides = [1, 9, 63, 64, 65, 72, 73, 128, 65_536]
    values = {"array.rows": sides, "array.cols": sides, "array.dataflow": ["is", "ws", "os"]}
    grid = np.indices((9, 9, 3)).reshape(3, -1)
    places = dict(zip(values, grid, strict=True))
    found = ResourceModel(ZCU102, values).columns(places, 243)
    assert not list(differing(ZCU102, values, places, found))
    assert 0 < found["fits"].sum() < 243


def test_paths_are_all_that_fit_reads():
    """Every other value may be anything: no resource moves."""
    for path, value in (("host.cores", 2), ("memories.dram_bytes_per_s", 7), ("array.mac_latency", 3)):
        assert path not in PATHS
        assert ps.fit(ZCU102.replace({path: value})).resources == ps.fit(ZCU102).resources
    named = {f"memories.{name}_bytes" for name in MEMORIES} | {f"memories.{n}_port_bytes_per_clock" for n in FILLED}
    assert named <= set(PATHS)


def test_a_path_that_no_resource_depends_on_is_passed_over():
    found = ResourceModel(ZCU102, {"host.cores": [1, 2]}).columns({}, 3)
    assert found["dsp"].tolist() == [2304] * 3 and found["fits"].tolist() == [True] * 3


def test_tables_of_designs_have_them(monkeypatch):
    """simulate_designs works block by block; a block's edge shows nowhere."""
    monkeypatch.setattr("pivotsim.simulation.many_designs.BLOCK_DESIGNS", 7)
    draw = random.Random(5)
    fields = {"rows": [], "cols": [], "dataflow": [], "mac_latency": []}
    for _ in range(40):
        for field, value in zip(fields, (draw.randint(1, 99), draw.randint(1, 99), draw.choice(["is", "os"]), 1),
                                strict=True):  # fmt: skip
            fields[field].append(value)
    table = ps.simulate_designs(ps.plan("deit_t"), ZCU102, fields)
    values = {f"array.{field}": column for field, column in fields.items()}
    places = dict.fromkeys(values, np.arange(40))
    assert not list(differing(ZCU102, values, places, {name: table[name] for name in RESOURCES}))
    assert table.units["dsp"] == "DSP48E2" and table.descriptions["dsp"] == "DSPs that the design takes."
    assert 0 < table["fits"].sum() < 40
    one = ps.simulate_designs(ps.plan("deit_t"), ZCU102, {"rows": [64]})
    assert (one["dsp"].tolist(), one["bram36"].tolist(), one["fits"].tolist()) == ([2304], [48], [True])
