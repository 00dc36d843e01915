"""Toggles of simulated hardware on real data in place of an assumed activity factor, for energy rule `activity`.

What a multiply-accumulate takes (``pe_array_pj_per_mac``) is stated of arrays at work, and nobody says on what data.
[assumed] it is of uniformly random int8. On other data the same program toggles the same bits more or less often:

    pJ per MAC on the data = stated pJ per MAC * toggles on the data / toggles on random operands

Both are counted in the same netlist and the same clocks, so that idle clocks and bits that never move cancel. Joules
per toggle stay assumed; the constant and both ends of its range move alike, and no watt is measured by it.
"""

from pathlib import Path

from pivotsim.energy.saif import Activity
from pivotsim.errors import InputError
from pivotsim.hardware.power import ComponentPowerSpec
from pivotsim.hardware.spec import Hardware

CONSTANT = "pe_array_pj_per_mac"
ENDS = ("default", "low", "high")


def factor_of(data: Activity, random: Activity) -> float:
    """Return the toggles on some data over those on random operands.

    Raises
    ------
    InputError
        They are not of the same bits and clocks, or nothing toggles on random operands.
    """
    for name in ("instance", "bits", "clocks"):
        own, other = getattr(data, name), getattr(random, name)
        if own != other:
            raise InputError(f"--activity: both files must be of one program on one design: {name} {own} and {other}")
    if not random.toggles:
        raise InputError("--activity: nothing toggles on random operands")
    return data.toggles / random.toggles


def with_toggles(hw: Hardware, data: Activity, random: Activity) -> Hardware:
    """Return a board whose array takes energy as its toggles on some data say.

    The constants keep their sources, and so their marks and the range from which they are drawn.

    Raises
    ------
    InputError
        The board has no constants per component, or the two cannot be compared.
    """
    if not isinstance(hw.power, ComponentPowerSpec):
        raise InputError(f"--activity: '{hw.name}' has no constants per component")
    costs, factor = hw.power.activity, factor_of(data, random)
    changes = {f"power.activity.{end}.{CONSTANT}": getattr(getattr(costs, end), CONSTANT) * factor for end in ENDS}
    scaled = {
        path: f"{hw.source(path)}; times {factor:.4f}, its toggles over those of random operands" for path in changes
    }
    toggled = hw.replace(changes, label="--activity")
    return toggled.model_copy(update={"sources": {**toggled.sources, **scaled}})


def remark(path: Path, data: Activity, random: Activity) -> str:
    """Return what is to be said of a result on such a board."""
    of = f"of instance {data.instance}" if data.instance else "of all instances"
    counts = f"{data.toggles:,} toggles for {random.toggles:,}, {data.bits:,} bits {of}, {data.clocks:,} clocks"
    return (
        f"--activity {path.name}: {factor_of(data, random):.4f} of what random operands toggle ({counts}) scales"
        f" {CONSTANT}, [assumed] of random operands; joules per toggle stay assumed, no power was measured"
    )
