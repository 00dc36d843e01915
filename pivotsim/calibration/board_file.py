"""The calibrated board: as an object, and as a file on its base that states what changed and where it is from."""

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from pivotsim.calibration.parameters import COSTS
from pivotsim.errors import InputError, got
from pivotsim.hardware.loading import load_hardware
from pivotsim.hardware.spec import Hardware
from pivotsim.io.documents import INHERITED, find, intervals_kept, is_inherited
from pivotsim.io.file_kinds import is_path
from pivotsim.io.search_path import search_folders
from pivotsim.io.spec_values import value_at
from pivotsim.io.text_files import is_stream, write_atomic
from pivotsim.io.yaml_reader import read_yaml
from pivotsim.tables import counted

DIGITS = 6  # that a file states
ENDINGS = (".yaml", ".yml")


class Change(NamedTuple):
    """A calibrated value: its path, its interval if any, the rows behind it, and their error in words."""

    path: str
    value: float
    interval: tuple[float, float] | None
    rows: int
    error: str

    def source(self, date: str, old: float) -> str:
        """Return what the board's file says of the value."""
        return f"[calibrated: {counted(self.rows, 'row')}, {date}, {self.error}] was {_rounded(old):g}"


class _Board(NamedTuple):
    values: dict[str, Any]
    sources: dict[str, str]
    intervals: dict[str, tuple[float, float]]


def _rounded(value: float) -> float:
    return float(f"{value:.{DIGITS}g}")


def _board(hw: Hardware, changes: Sequence[Change], more: Mapping[str, Any], date: str, base: str = "") -> _Board:
    """Return what a calibrated board states: costs of an operation are whole, and ``more`` follows from the changes."""
    values: dict[str, Any] = {}
    sources: dict[str, str] = {}
    intervals = {}
    for change in changes:
        values[change.path] = _rounded(change.value)
        sources[change.path] = change.source(date, float(value_at(hw, change.path)))
        if change.interval is not None:
            ends = (*map(_rounded, change.interval), values[change.path])
            intervals[change.path] = (min(ends), max(ends))
    for change in changes:
        group, _, leaf = change.path.rpartition(".")
        for other in COSTS if leaf in COSTS else ():
            path = f"{group}.{other}"
            if path not in values:
                own = hw.source(path)
                values[path] = value_at(hw, path)
                sources[path] = own if is_inherited(own) or not base else f"{INHERITED}{base}] {own}"
    for path, value in more.items():
        values[path] = _rounded(value) if isinstance(value, float) else value
        sources[path] = f"[calibrated: {date}] follows from the rows behind power.activity.default.periphery_w"
    return _Board(_ordered(values), sources, intervals)


def _ordered(values: dict[str, Any]) -> dict[str, Any]:
    """Return the values with a range that holds its default after rounding."""
    prefix, name = "power.activity.", "periphery_w"
    default, low, high = (f"{prefix}{end}.{name}" for end in ("default", "low", "high"))
    if default in values and low in values:
        ends = (values[low], values[default], values[high])
        values[low], values[high] = min(ends), max(ends)
    return values


def calibrated_hardware(hw: Hardware, changes: Sequence[Change], more: Mapping[str, Any], date: str) -> Hardware:
    """Return a board with its calibrated values, their sources and intervals, checked."""
    board = _board(hw, changes, more, date)
    data = hw.model_dump()
    for path, value in board.values.items():
        *groups, last = path.split(".")
        inside = data
        for key in groups:
            inside = inside[key]
        inside[last] = value
    data["sources"] = {**{p: s for p, s in data["sources"].items() if p not in board.sources}, **board.sources}
    data["intervals"] = {**intervals_kept(hw.intervals, board.values), **board.intervals}
    data["ranges"] = intervals_kept(
        hw.ranges, board.values
    )  # as in the file: a value that is stated anew leaves its own
    return load_hardware(data)


def write_board(
    path: Path, base: str, hw: Hardware, changes: Sequence[Change], more: Mapping[str, Any], date: str
) -> None:
    """Write the file of a calibrated board, whole or not at all; it is loaded before it is written.

    Raises
    ------
    InputError
        There is no base or it cannot be one, the file is its own base, or it cannot be written.
    """
    if not base:
        raise InputError("base: name the board's file; it was given as an object")
    if path.suffix.lower() not in ENDINGS and not is_stream(path):
        raise InputError(f"{path}: a board's file ends in .yaml {got(path.suffix or 'no ending')}")
    found = find("hwconfigs", "hardware", base)
    origin = found.resolve()
    if origin.suffix.lower() not in ENDINGS:
        raise InputError(f"{path}: a board can only build on a YAML file {got(str(origin))}")
    if origin == path.resolve():
        raise InputError(f"{path}: is the board that was measured; write the calibrated one beside it")
    _check_not_below(path.resolve(), found)
    name = origin.stem if origin.parent == path.resolve().parent else str(origin) if is_path(base) else base
    board = _board(hw, changes, more, date, Path(name).stem)
    own_name = path.stem if path.suffix and not is_stream(path) else f"{hw.name}_calibrated"
    description = f"{hw.name}, {counted(len(changes), 'constant')} calibrated on measured rows"
    text = "\n".join(_lines(name, own_name, description, board)) + "\n"
    load_hardware(_nested({**board.values, "base": str(origin), "name": own_name}) | {
        "sources": board.sources, "intervals": board.intervals, "description": description,
    })  # fmt: skip
    write_atomic(path, text)


def _check_not_below(path: Path, file: Path) -> None:
    """Raise InputError where a file or one that it builds on would take a board written to ``path`` for its base."""
    while isinstance(base := read_yaml(file).data.get("base"), str):
        below = find("hwconfigs", "hardware", base, str(file))
        named = [root / f"{base}.yaml" for root in (file.parent, *search_folders("hwconfigs"))]
        if path in [each.resolve() for each in (below, *named)]:
            raise InputError(f"{path}: {file} builds on '{base}' and would find this file there; give it another name")
        file = below


def _nested(values: Mapping[str, Any]) -> dict[str, Any]:
    """Return values by dotted path as groups in groups."""
    result: dict[str, Any] = {}
    for path, value in values.items():
        *groups, last = path.split(".")
        inside = result
        for key in groups:
            inside = inside.setdefault(key, {})
        inside[last] = value
    return result


def _lines(base: str, name: str, description: str, board: _Board) -> Iterator[str]:
    yield f"base: {json.dumps(base)}"
    yield f"name: {json.dumps(name)}"
    yield f"description: {json.dumps(description)}"
    yield ""
    yield from _group_lines(_nested(board.values), "")
    if board.intervals:
        yield ""
        yield "intervals:  # 95 %"
        for path, (low, high) in board.intervals.items():
            yield f"  {path}: [{low!r}, {high!r}]"
    yield ""
    yield "sources:"
    for path, source in board.sources.items():
        yield f"  {path}: {json.dumps(source)}"


def _group_lines(values: Mapping[str, Any], indent: str) -> Iterator[str]:
    for key, value in values.items():
        if isinstance(value, Mapping):
            yield f"{indent}{key}:"
            yield from _group_lines(value, f"{indent}  ")
        else:
            yield f"{indent}{key}: {value!r}"
