"""The unit station in Verilog leaves the oracle's bytes, in the clocks of the rule."""

import os
import re
import subprocess

import pytest

from pivotsim.engines.pl_units.operations import Station
from pivotsim.rtl.sources import module, modules
from tests.rtl import verilated
from tests.rtl.station import station_faults
from tests.rtl.station.station_agreement import campaign

PASSES = 150  # of a build: some 3,000 operations
BUILDS = [
    Station(2, 3, 122, max_elements=9, max_channels=8, token_bits=2, comparators=1, prefix=2),
    Station(8, 16, 320, max_elements=40, max_channels=32, token_bits=4, comparators=4, prefix=1),
]
NEEDED = [*modules("station", "units"), module("transfer_sequencer"), module("descriptor_table")]
MISSING = verilated.missing()
pytestmark = pytest.mark.skipif(bool(MISSING) and not os.environ.get("CI"), reason=MISSING or "never")


@pytest.mark.parametrize("station", BUILDS, ids=lambda station: f"{station.lanes} lanes")
def test_bytes_and_clocks_of_random_passes(station):
    assert not MISSING, MISSING
    operations, clocks, found = campaign(station, PASSES, seed=20240623)
    assert not found and operations > 12 * PASSES and clocks > 100 * PASSES


@pytest.mark.parametrize("parameters", [
    ["-GLANES=8"], ["-GLANES=2", "-GPORT_BYTES=3", "-GWORDS=60", "-GTOKEN_BITS=3", "-GPREFIX=2"],
    ["-GUNITS=16", "-GLANES=16", "-GPORT_BYTES=64"], ["-GUNITS=15", "-GLANES=4", "-GADDRESS_BITS=20"],
    *([f"-GUNITS={1 << unit}"] for unit in range(4)),
], ids=" ".join)  # fmt: skip
def test_what_ships_lints_without_a_warning(parameters):
    command = [verilated._executable(), "--lint-only", "-Wall", "--language", "1364-2005", "--top-module"]
    done = subprocess.run(
        [*command, "unit_station", *parameters, *map(str, NEEDED)], capture_output=True, text=True, timeout=120,
        env=verilated._environment(),
    )  # fmt: skip
    assert done.returncode == 0 and not done.stderr, done.stderr


@pytest.mark.parametrize("path", modules("station"), ids=lambda path: path.stem)
def test_a_module_a_file_and_nothing_for_observation(path):
    text = path.read_text()
    assert re.findall(r"^module (\w+)", text, re.M) == [path.stem]
    assert text.startswith("//") and text.count("`default_nettype none") == 1
    assert "verilator" not in text and "$display" not in text


def test_each_fault_is_a_line_of_its_module():
    for fault in station_faults.FAULTS:
        (path,) = (path for path in modules("station", "units") if path.stem == fault.file)
        assert path.read_text().count(fault.old) == 1, fault.name


@pytest.mark.parametrize("fault", station_faults.FAULTS[12:13], ids=lambda fault: fault.name)
def test_a_fault_is_caught(fault, tmp_path):
    """One of those that `make proof` makes."""
    assert station_faults.caught_by(fault, tmp_path)
