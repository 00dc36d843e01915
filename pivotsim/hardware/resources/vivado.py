"""Reports of Vivado, read: the utilisation of a design that was built, its slack, and whether they are of a board's.

``report_utilization`` prints tables with columns `Site Type` and `Used`; ``report_timing_summary`` a row of worst
slacks below `WNS(ns)` (AMD UG835, UG906). Counts are taken as they stand; nothing is added.
"""

import json
import re
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from pivotsim.errors import InputError, got
from pivotsim.hardware.fpga.spec import VivadoSpec
from pivotsim.hardware.kinds.systolic import SystolicHardware
from pivotsim.hardware.resources.counted import SIZE_PATHS, number
from pivotsim.io.spec_values import value_at
from pivotsim.io.text_files import read_text

MAX_BYTES = 16 * 2**20
DESIGN_PATHS = SIZE_PATHS
HEADER = re.compile(r"\|\s*(Tool Version|Device|Design State)\s*:\s*(.*\S)")
# resource -> names of its row, by family
ROWS = {
    "lut": ("CLB LUTs", "Slice LUTs"),
    "ff": ("CLB Registers", "Slice Registers"),
    "bram36": ("Block RAM Tile",),
    "dsp": ("DSPs", "DSP Slices"),
    "uram": ("URAM",),
}
OPTIONAL = ("uram",)  # rows that devices without it do not have


class Utilisation(NamedTuple):
    """What a report of ``report_utilization`` says: the tool, the part, how far the design was built, and counts."""

    tool: str
    device: str
    state: str
    counts: Mapping[str, float]


def read_utilisation(path: Path) -> Utilisation:
    """Return what a utilisation report says.

    Raises
    ------
    InputError
        The file is no such report, lacks a row, states one twice with different counts, or a count is no number.
    """
    header: dict[str, str] = {}
    found: dict[str, tuple[float, int]] = {}
    column = None
    for line_number, line in enumerate(read_text(path, MAX_BYTES).splitlines(), start=1):
        if stated := HEADER.match(line):
            header.setdefault(stated[1], stated[2])
            continue
        cells = [cell.strip() for cell in line.strip().strip("|").split("|")] if line.lstrip().startswith("|") else []
        if "Site Type" in cells:
            column = cells.index("Used") if "Used" in cells else None
            continue
        if column is None or len(cells) <= column:
            continue
        resource = next((name for name, rows in ROWS.items() if cells[0].rstrip("*") in rows), None)
        if resource is None:
            continue
        amount = _count(cells[column], f"{path}:{line_number}: {cells[0]}", whole=resource != "bram36")
        before, at = found.setdefault(resource, (amount, line_number))
        if before != amount:
            raise InputError(f"{path}:{line_number}: {cells[0]}: differs from line {at}, {before:g} {got(amount)}")
    _check_whole(path, header, found)
    counts = {name: found[name][0] if name in found else 0 for name in ROWS}
    return Utilisation(header["Tool Version"], header["Device"], header["Design State"], counts)


def _check_whole(path: Path, header: Mapping[str, str], found: Mapping[str, object]) -> None:
    if missing := [name for name in ("Tool Version", "Device", "Design State") if name not in header]:
        raise InputError(f"{path}: is no report of Vivado's report_utilization: its head lacks '{missing[0]}'")
    lacking = [rows for name, rows in ROWS.items() if name not in found and name not in OPTIONAL]
    if lacking:
        words = " or ".join(f"'{row}'" for row in lacking[0])
        raise InputError(f"{path}: no row {words} in a table of 'Site Type' and 'Used'; is it hierarchical?")


def _count(text: str, place: str, *, whole: bool) -> float:
    if not re.fullmatch(r"\d{1,9}" if whole else r"\d{1,9}(\.[05])?", text):
        raise InputError(f"{place}: must be {'an integer' if whole else 'a multiple of 0.5'} {got(text)}")
    return int(text) if whole else float(text)


def read_slack_ns(path: Path) -> float:
    """Return the worst negative slack in ns of a timing summary.

    Raises
    ------
    InputError
        The file has no such summary, or no number in it.
    """
    lines = read_text(path, MAX_BYTES).splitlines()
    for line_number, line in enumerate(lines, start=1):
        if line.split()[:1] == ["WNS(ns)"]:
            below = lines[line_number + 1].split() if line_number + 1 < len(lines) else []
            if not below or not re.fullmatch(r"-?\d{1,6}\.\d{1,6}", below[0]):
                raise InputError(f"{path}:{line_number + 2}: WNS(ns): must be a number {got(' '.join(below[:1]))}")
            return float(below[0])
    raise InputError(f"{path}: is no report of Vivado's report_timing_summary: no line begins with 'WNS(ns)'")


def with_vivado(hw: SystolicHardware, utilisation: Path, timing: Path | None = None) -> SystolicHardware:
    """Return a board with what Vivado reports of its design.

    Raises
    ------
    InputError
        A report cannot be read, or is of another device.
    """
    found = read_utilisation(utilisation)
    if not found.device.lower().startswith(hw.fpga.device.lower()):
        raise InputError(f"{utilisation}: Device: is not the board's {hw.fpga.device} {got(found.device)}")
    counts = {name: float(n) if name == "bram36" else int(n) for name, n in found.counts.items()}
    slack = {} if timing is None else {"wns_ns": read_slack_ns(timing)}
    values = {"report": utilisation.name, "tool": found.tool, "state": found.state, "design": design_of(hw)}
    data = hw.model_dump()
    data["fpga"]["vivado"] = {**values, **counts, **slack}
    data["sources"]["fpga.vivado"] = f"read from Vivado report {utilisation.name}, {found.state}"
    return type(hw).model_validate(data)


def board_text(base: str, name: str, hw: SystolicHardware, built: Mapping[str, str] | None = None) -> str:
    """Return the file of a board that builds on another one and states its report.

    ``built`` holds the paths, ``group.key``, in which the design differs from ``base``, and the source of each.
    """
    report, sources = hw.fpga.vivado, {**(built or {}), "fpga.vivado": hw.source("fpga.vivado")}
    values = {} if report is None else {key: value for key, value in report if value is not None}
    lines = [f"base: {json.dumps(base)}", f"name: {json.dumps(name)}",
             f"description: {json.dumps(f'{hw.name}, with what Vivado reports of its design')}",
             *(f"{path.replace('.', ': {')}: {json.dumps(value_at(hw, path))}}}" for path in built or ()),
             "fpga:", "  vivado:", *(f"    {key}: {json.dumps(value)}" for key, value in values.items()),
             "sources:", *(f"  {path}: {json.dumps(source)}" for path, source in sources.items())]  # fmt: skip
    return "\n".join(lines) + "\n"


def design_of(hw: SystolicHardware) -> str:
    """Return the values that a design's counts depend on, as one line."""
    return " ".join(f"{path}={_word(value_at(hw, path))}" for path in DESIGN_PATHS)


def _word(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def differing(hw: SystolicHardware, report: VivadoSpec) -> Iterator[str]:
    """Yield the values in which a board's design is not the one of a report."""
    stated = dict(word.partition("=")[::2] for word in report.design.split())
    for path in DESIGN_PATHS:
        own = _word(value_at(hw, path))
        if stated.get(path) != own:
            yield f"{path} {own}, the report's {stated.get(path, 'not stated')}"


def built(of: Callable[[str], Any], report: VivadoSpec) -> Any:
    """Return which of many designs, given by their numbers, a report is of."""
    stated = dict(word.partition("=")[::2] for word in report.design.split())
    found: Any = np.ones((), dtype=np.bool_)
    for path in DESIGN_PATHS:
        found = found & (np.asarray(of(path)) == _number(path, stated.get(path, "")))
    return found


def _number(path: str, word: str) -> int:
    """Return a stated word as a number of its path, -1 where it is none."""
    if word in ("true", "false"):
        return int(word == "true")
    try:
        return int(number(path, int(word) if word.isdigit() else word))
    except ValueError:
        return -1
