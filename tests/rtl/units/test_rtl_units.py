"""The units in Verilog answer as their integer references, in the clocks of the engine's model."""

import os
import re
import subprocess

import pytest

from pivotsim.rtl.sources import modules
from tests.rtl import verilated
from tests.rtl.units import unit_faults
from tests.rtl.units.unit_agreement import CAMPAIGNS, ROWS_OF_A_DROP, campaign
from tests.rtl.units.verilated_units import Dropping, VerilatedUnits

VECTORS = 2_000
BUILDS = [
    (1, 9, Dropping(token_bits=3, comparators=1, ports=3, channels=1, blocks=5, prefix=2)),
    (5, 24, Dropping(token_bits=4, comparators=4, ports=2, channels=2, blocks=4, prefix=1)),
]
TOPS = ("softmax", "activation", "layer_norm", "residual_add", "token_dropping")
MISSING = verilated.missing()
pytestmark = pytest.mark.skipif(bool(MISSING) and not os.environ.get("CI"), reason=MISSING or "never")


@pytest.mark.parametrize(("lanes", "longest", "dropping"), BUILDS, ids=["1 lane", "5 lanes"])
def test_answers_and_clocks_of_all_units(lanes, longest, dropping):
    assert not MISSING, MISSING
    units = VerilatedUnits(lanes, longest, dropping)
    seen, found = campaign(units, VECTORS, seed=20240623)
    units.close()
    assert not found and min(seen.values()) >= VECTORS // ROWS_OF_A_DROP and len(seen) == len(CAMPAIGNS)


@pytest.mark.parametrize("top", TOPS)
def test_what_ships_lints_without_a_warning(top):
    command = [verilated._executable(), "--lint-only", "-Wall", "--language", "1364-2005", "--top-module", top]
    for extra in ([], ["-GLANES=1"] if top != "token_dropping" else ["-GTOKEN_BITS=5", "-GPORTS=3", "-GCHANNELS=1"]):
        done = subprocess.run(
            [*command, *extra, *map(str, modules("units"))], capture_output=True, text=True, timeout=120,
            env=verilated._environment(),
        )  # fmt: skip
        assert done.returncode == 0 and not done.stderr, done.stderr


def test_comparators_that_are_no_power_of_two_are_refused():
    """A stage of them would be no whole number of clocks: wires would be left as they are."""
    command = [verilated._executable(), "--lint-only", "--top-module", "token_ranks", "-GCOMPARATORS=3"]
    done = subprocess.run(
        [*command, *map(str, modules("units"))], capture_output=True, text=True, timeout=120,
        env=verilated._environment(),
    )  # fmt: skip
    assert done.returncode and "COMPARATORS_is_no_power_of_two" in done.stderr


@pytest.mark.parametrize("path", modules("units"), ids=lambda path: path.stem)
def test_a_module_a_file_and_nothing_for_observation(path):
    text = path.read_text()
    assert re.findall(r"^module (\w+)", text, re.M) == [path.stem]
    assert text.startswith("//") and text.count("`default_nettype none") == 1
    assert "verilator" not in text and "$display" not in text


def test_each_fault_is_a_line_of_its_module():
    names = [path.stem for path in modules("units")]
    for fault in unit_faults.FAULTS:
        assert fault.file in names
        (path,) = (path for path in modules("units") if path.stem == fault.file)
        assert path.read_text().count(fault.old) == 1, fault.name


@pytest.mark.parametrize("fault", unit_faults.FAULTS[1:2], ids=lambda fault: fault.name)
def test_a_fault_is_caught(fault, tmp_path):
    """One of those that `make proof` makes."""
    assert unit_faults.caught_by(fault, tmp_path)
