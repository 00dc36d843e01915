"""What synthesis counted of placed units: in its demands, beside those of constants; the rest stays unknown."""

import random
from math import ceil

import numpy as np
import pytest

import pivotsim as ps
from pivotsim.hardware.resources.many_designs import ResourceModel, fit_paths
from pivotsim.hardware.resources.recorded import HOW, rows_of
from pivotsim.hardware.resources.written_units import PARTS, unit_counts, unit_structures
from pivotsim.operations import OPERATIONS
from tests.oracles.resources import units as oracle

BOARD = ps.load_hardware("zcu102").replace({"fpga.use.counted_by": "fitted"})
COUNTED = BOARD.replace({"fpga.use.counted_by": "synthesis"})
RESOURCES = ("dsp", "lut", "ff", "bram36")


def lines_of(hw):
    return [line for line in ps.fit(hw).unknown if line.startswith("units of programmable logic")]


@pytest.mark.parametrize("lanes", [1, 8, 16])
def test_counts_are_those_that_were_recorded(lanes):
    hw = BOARD.replace({"placement.softmax": "pl", "units.softmax.elements_per_clock": lanes})
    (count,) = unit_counts(hw, ["softmax"])
    (row,) = rows_of("softmax", LANES=lanes)
    assert (count.dsp, count.lut, count.ff, count.bram36) == (row.dsp48e2, row.lut, row.ff, row.bram36)
    assert count.how == "recorded" and str(count) in lines_of(hw)[0]


def test_widths_between_and_beyond_say_so():
    for lanes, how in ((4, "interpolated"), (64, "extrapolated")):
        hw = BOARD.replace({"placement.norm": "pl", "units.norm.elements_per_clock": lanes})
        (count,) = unit_counts(hw, ["norm"])
        assert count.how == how and count.dsp == 10 + 3 * lanes  # as statistics and lanes take them


def test_units_that_are_not_written_are_unknown_and_none_is_nothing():
    assert not lines_of(BOARD)
    (line,) = lines_of(BOARD.replace({"placement.mul": "pl", "placement.sort": "pl"}))
    assert "mul, token_drop" in line or "token_drop, mul" in line


def test_silus_gate_is_multiplied_nowhere():
    for board in (BOARD, COUNTED):
        for kind in ("silu", "gelu"):
            unknown = ps.fit(board.replace({f"placement.{kind}": "pl"})).unknown
            assert any("silu is counted as its table" in line for line in unknown) == (kind == "silu")


@pytest.mark.parametrize(("size", "ending"), [
    (2_101_248, "912 BRAM36, in no demand"),
    (2_101_249, "913 BRAM36, in no demand, more than the 912 of XCZU9EG: DO NOT FIT in block RAMs"),
])  # fmt: skip
def test_unit_memories_that_no_device_has_are_said(size, ending):
    """XCZU9EG has 912 block RAMs of 36 Kb: two memories of 456 each are the most."""
    of = COUNTED.replace({"placement.softmax": "pl", "units.memory_bytes": size})
    (line,) = (line for line in ps.fit(of).unknown if line.startswith("two memories"))
    assert line == f"two memories of {size:,} B: by capacity alone {ending}"


def test_every_written_unit_is_one_of_the_table_of_operations():
    assert set(PARTS) <= {row.unit for row in OPERATIONS.values()}


@pytest.mark.parametrize("kind", PARTS)
def test_every_width_equals_the_slow_count(kind):
    placed, lanes = np.array([1, 0] * 40), np.arange(1, 81)

    def of(path):
        found = {f"placement.{kind}": placed, f"units.{kind}.elements_per_clock": lanes}
        return found.get(path, np.zeros(80, dtype=np.int64))

    (found,) = unit_structures(of)
    for place, width in enumerate(lanes.tolist()):
        ours = [int(getattr(found, name)[place]) for name in ("dsp", "lut", "ff", "half_brams")]
        expected = oracle.counts(kind, width) if placed[place] else (0, 0, 0, 0, "exact formula")
        assert (*ours, HOW[int(found.how[place])]) == expected, width


@pytest.mark.parametrize("seed", range(6))
def test_units_are_added_to_demands_by_synthesis_and_to_no_other(seed):
    draw = random.Random(seed)
    kinds = draw.sample(sorted(PARTS), draw.randint(1, 4))
    placed = {f"placement.{kind}": "pl" for kind in kinds}
    widths = {f"units.{kind}.elements_per_clock": draw.choice([1, 4, 8, 16, 40]) for kind in kinds}
    changes = {**placed, **widths, "array.count": draw.choice([1, 2])}  # one of each unit for all arrays
    before, after = (ps.fit(COUNTED.replace({"array.count": changes["array.count"], **more})) for more in ({}, changes))
    halves = [
        sum(oracle.counts(kind, widths[f"units.{kind}.elements_per_clock"])[i] for kind in kinds) for i in range(4)
    ]
    own = sum(part.amount for part in before["bram36"].parts)
    assert after["bram36"].demand == ceil(own + halves[3] / 2)
    assert [after[name].demand - before[name].demand for name in RESOURCES[:3]] == halves[:3]
    assert not lines_of(COUNTED.replace(changes)) and any(note.startswith("units of prog") for note in after.notes)
    fitted = [ps.fit(BOARD.replace({"array.count": changes["array.count"], **more})) for more in ({}, changes)]
    assert [fitted[0][name].demand for name in RESOURCES] == [fitted[1][name].demand for name in RESOURCES]
    (line,) = fitted[1].unknown[-1:]
    assert "in no demand" in line and all(f"{kind} of" in line for kind in kinds)
    if max(widths.values()) > 16:
        assert after["lut"].mark == "extrapolated"


def test_slices_say_how_they_are_known():
    def mark(changes):
        return ps.fit(COUNTED.replace(changes))["dsp"].mark

    softmax = {"placement.softmax": "pl"}
    assert mark({}) == "checked" and mark(softmax) == "counted"
    assert mark(softmax | {"units.softmax.elements_per_clock": 5}) == "interpolated"
    assert mark(softmax | {"units.softmax.elements_per_clock": 500}) == "extrapolated"
    packed = {"array.mac_packing": 2, "array.fold_overlap": "settled", "array.mac_latency": 3}  # a choice, no constant
    assert mark(packed) == "checked" and mark(packed | softmax) == "counted"


@pytest.mark.parametrize("method", ["synthesis", "fitted"])
def test_what_was_counted_and_no_demand_has_is_named_with_its_counts(method):
    alone = COUNTED.replace({"fpga.use.counted_by": method, "placement.softmax": "pl"})
    behind = alone.replace({"units.memory_bytes": 32_768})
    units = ", without units" if method == "fitted" else ""
    assert ps.fit(alone).verdict == f"fits{units}" and not any("station" in line for line in ps.fit(alone).unknown)
    found = ps.fit(behind)
    assert found.verdict == ("fits, without units, unit memories and multipliers" if units else
                             "fits, without unit memories and multipliers")  # fmt: skip
    (station,) = (line for line in found.unknown if line.startswith("memories of the units, 2 x 32,768 B"))
    for row in rows_of("station"):
        counts = f"{row.lut:,} LUT, {row.ff:,} FF, {row.bram36:g} BRAM36, {row.dsp48e2} DSP"
        assert f"{counts} at {row.parameters['LANES']} lanes and 2 x 32,768 B" in station
    assert found.unknown[-1].endswith("in no demand; 72 DSP, 7,272 LUT more for 36 columns")
    assert ps.fit(COUNTED.replace({"units.memory_bytes": 32_768})).verdict == "fits"  # nothing is placed
    assert ps.fit(behind.replace({"fpga.dsp": 1})).verdict == "DOES NOT FIT"


def test_a_unit_may_decide_that_a_design_does_not_fit():
    """2,304 slices of the array and 16 lanes of softmax fit 2,520; of 300 lanes they do not, extrapolated."""
    found = ps.fit(COUNTED.replace({"placement.softmax": "pl", "units.softmax.elements_per_clock": 300}))
    assert found["dsp"].demand == 2604 and found.verdict == "DOES NOT FIT, by counts that are extrapolated"
    assert "units.*.elements_per_clock" in found["dsp"].levers[-1]


def test_sweeps_count_units_along_their_axes():
    axes = {"placement.softmax": ["ps", "pl"], "units.softmax.elements_per_clock": [8, 16, 300],
            "array.rows": [32, 64], "array.count": [1, 2], "fpga.use.counted_by": ["synthesis", "fitted"]}  # fmt: skip
    table = ps.explore({"name": "units", "axes": axes, "fixed": {"model": "deit_t"}})
    for i in range(48):
        design = COUNTED.replace({path: np.asarray(table[path])[i].item() for path in axes})
        alone = ps.fit(design)
        assert [int(table[name][i]) for name in RESOURCES] == [alone[name].demand for name in RESOURCES]
        assert (bool(table["fits"][i]), bool(table["fits_extrapolated"][i])) == (
            alone.fits, alone.verdict.endswith("extrapolated")
        )  # fmt: skip


def test_a_fit_reads_the_widths_of_the_units_that_it_has():
    width = "units.softmax.elements_per_clock"
    assert width not in fit_paths(COUNTED) and width not in fit_paths(BOARD)
    assert width in fit_paths(COUNTED.replace({"placement.softmax": "pl"}))
    table = ResourceModel(COUNTED, {}).columns({}, 2)
    assert table["dsp"].tolist() == [2304, 2304]
