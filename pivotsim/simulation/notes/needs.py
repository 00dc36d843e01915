"""What settings and options of runs need to have an effect, from the runs' own options and values.

``reports`` are Reports of runs under the same options; they import this module.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from typing import Any

from pivotsim.hardware.spec import Hardware
from pivotsim.simulation.notes.facts import Possible
from pivotsim.simulation.notes.reading import Reading, values_of
from pivotsim.simulation.notes.requirements import requirement_of

PLACES = "placement."


def effective(reports: Sequence[Any], reading: Reading, gate: str = "none") -> Reading:
    """Return a reading without the places of free work: runs read them, and nothing depends on them."""
    places = [path for path in reading.used if path.startswith(PLACES)]
    idle = {path for path in places if need_of(path, reports, reading, gate)}
    return replace(reading, run=frozenset(reading.run - idle)) if idle else reading


def not_used_by(reports: Sequence[Any], reading: Reading, gate: str = "none") -> dict[str, str]:
    """Return the settings that changed nothing of runs under the same options, by dotted path, and what they need."""
    return effective(reports, reading, gate).not_used(lambda path: need_of(path, reports, reading, gate))


def need_of(path: str, reports: Sequence[Any], reading: Reading, gate: str = "none") -> str:
    """Return what a value, or an option such as ``score_bits``, needs to have an effect, '' where it may have one."""
    kinds = {kind for report in reports for kind in report.inputs.trace.first_ops}
    is_pair = len(reports) > 1
    return requirement_of(path, possible_in(reading.hw, reports[0].options, kinds, gate=gate, pair=is_pair))


def possible_in(
    hw: Hardware, options: Mapping[str, Any], kinds: Collection[str], *, gate: str = "none", pair: bool = False,
    interval: bool = True,
) -> Possible:  # fmt: skip
    """Return the values that runs under some options take of a key, as ``requirements`` asks for them."""
    facts: dict[str, Collection[Any]] = {name: [value] for name, value in options.items()}
    facts |= {"gate": [gate], "pair": [pair], "interval": [interval], "kinds": kinds}
    return lambda key: facts[key] if key in facts else values_of(hw, key)
