"""Comparison of two results, module by module."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

from pivotsim.errors import InputError, got
from pivotsim.io.text_files import read_text
from pivotsim.simulation.report import SCHEMA_VERSION

MAX_BYTES = 64 * 2**20
LARGEST, SMALLEST = 1e100, 1e-100  # differences and ratios of such numbers stay finite
TOTALS = ("delay_ms", "energy_j", "edp_j_ms", "fps_per_watt")


class Delta(NamedTuple):
    """One line: ``ratio`` is b / a, None where a is 0 or next to it."""

    name: str
    a: float
    b: float
    delta: float
    ratio: float | None


def _delta(name: str, a: float, b: float) -> Delta:
    return Delta(name, a, b, b - a, b / a if abs(a) >= SMALLEST else None)


def compare(a: Any, b: Any) -> dict[str, list[Delta]]:
    """Return the differences of two results: ``totals``, and ``modules`` in milliseconds.

    Parameters
    ----------
    a, b : Report, MixedReport or mapping
        Results, or what their ``to_dict`` gives (the JSON of ``run`` and ``combine``).

    Raises
    ------
    InputError
        One of them is no such result.

    Examples
    --------
    >>> import pivotsim as ps
    >>> whole = ps.plan("deit_s")
    >>> low = ps.simulate(ps.skip_attention(whole, active=[1, 2, 3]))
    >>> table = compare(ps.simulate(whole), low)
    >>> [(d.name, round(d.delta, 2)) for d in table["modules"] if d.name == "softmax"]
    [('softmax', -26.59)]
    """
    first, second = _result("a", a), _result("b", b)
    batches = (first.get("batch", 1), second.get("batch", 1))
    if batches[0] != batches[1]:
        raise InputError(f"batch: differs between a and b, whole batches do not compare {got(batches)}")
    modules = dict.fromkeys([*first["breakdown"], *second["breakdown"]])
    hidden = [-float(result.get("overlap_ms", 0.0)) for result in (first, second)]
    overlap = [_delta("overlap", *hidden)] if any(hidden) else []  # with it the modules' differences add up
    return {
        "totals": [_delta(name, first[name], second[name]) for name in TOTALS],
        "modules": [_delta(name, _module_ms(first, name), _module_ms(second, name)) for name in modules] + overlap,
    }


def _module_ms(result: Mapping[str, Any], name: str) -> float:
    entry = result["breakdown"].get(name)
    return float(entry["delay_ms"]) if entry else 0.0


def _result(name: str, value: Any) -> Mapping[str, Any]:
    """Return a result as a checked mapping."""
    data = value.to_dict() if hasattr(value, "to_dict") else value
    if not isinstance(data, Mapping):
        raise InputError(f"{name}: expected the JSON of 'run' or 'combine' {got(data)}")
    if data.get("schema_version") != SCHEMA_VERSION:
        raise InputError(f"{name}: schema_version: must be {SCHEMA_VERSION} {got(data.get('schema_version'))}")
    for key in TOTALS:
        if not _is_number(data.get(key)):
            raise InputError(f"{name}: {key}: must be a number {got(data.get(key))}")
    if not _is_number(data.get("overlap_ms", 0.0)):
        raise InputError(f"{name}: overlap_ms: must be a number {got(data['overlap_ms'])}")
    breakdown = data.get("breakdown")
    if not isinstance(breakdown, Mapping):
        raise InputError(f"{name}: breakdown: must be an object {got(breakdown)}")
    for module, entry in breakdown.items():
        if not isinstance(entry, Mapping) or not _is_number(entry.get("delay_ms")):
            raise InputError(f"{name}: breakdown.{module}.delay_ms: must be a number {got(entry)}")
    return data


def _is_number(value: object) -> bool:
    """Tell whether a value is a number of a size that can be compared."""
    return isinstance(value, (int, float)) and not isinstance(value, bool) and abs(value) <= LARGEST


def identity(result: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a result says of itself: workload, hardware, options, and the hash of its inputs."""
    names = ("workload", "hardware", "profile", "scope", "engine", "memory", "energy", "ps_pl_overlap", "input_hash")
    said = {name: result[name] for name in names if isinstance(result.get(name), str)}
    asked = {
        name: result[name] for name in ("set", "pruning") if isinstance(result.get(name), Mapping) and result[name]
    }
    return said | {name: json.dumps(value, sort_keys=True) for name, value in asked.items()}


def read_result(path: str | Path) -> Mapping[str, Any]:
    """Return the checked result in a JSON file.

    Raises
    ------
    InputError
        The file cannot be read, is no JSON, or no result of ``run`` or ``combine``.
    """
    text = read_text(Path(path), MAX_BYTES)
    try:
        data = json.loads(text)
    except json.JSONDecodeError as error:
        raise InputError(f"{path}:{error.lineno}: is not valid JSON: {error.msg}") from None
    except (RecursionError, ValueError) as error:
        raise InputError(f"{path}: is not valid JSON: {error}") from None
    return _result(str(path), data)
