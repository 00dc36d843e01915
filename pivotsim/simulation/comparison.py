"""Comparison of two results, module by module."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple, TypedDict

from pivotsim.errors import InputError, got
from pivotsim.io.text_files import read_text
from pivotsim.simulation.results import SCHEMA_VERSION

MAX_BYTES = 64 * 2**20
LARGEST, SMALLEST = 1e100, 1e-100  # differences and ratios of such numbers stay finite
OPTIONS = ("hardware", "engine", "memory", "profile", "energy", "scope", "ps_pl_overlap", "gate")
SETTINGS = ("hw", "set", "pruning")  # what the command line was asked to change
TOTALS = ("delay_ms", "energy_j", "edp_j_ms", "fps_per_watt")


class Delta(NamedTuple):
    """One line: ``ratio`` is b / a, None where a is 0 or next to it."""

    name: str
    a: float
    b: float
    delta: float
    ratio: float | None


class Difference(NamedTuple):
    """An option that is not the same in both results, None where one does not have it."""

    name: str
    a: str | None
    b: str | None


class Comparison(TypedDict):
    """What differs: the options first, since totals under different options compare different things."""

    options: list[Difference]
    totals: list[Delta]
    modules: list[Delta]


def _delta(name: str, a: float, b: float) -> Delta:
    return Delta(name, a, b, b - a, b / a if abs(a) >= SMALLEST else None)


def compare(a: Any, b: Any) -> Comparison:
    """Return the differences of two results: ``options``, ``totals``, and ``modules`` in milliseconds.

    Parameters
    ----------
    a, b : Report, MixedReport or mapping
        Results, or what their ``to_dict`` gives (the JSON of ``run`` and ``combine``).

    Returns
    -------
    dict
        ``options``: a ``Difference`` (name, a, b) per option that is not the same, and the modules that only one of
        the results charges; ``totals`` and ``modules``: a ``Delta`` (name, a, b, delta, ratio) each.

    Raises
    ------
    InputError
        One of them is no such result, or their batches differ.

    Examples
    --------
    >>> import pivotsim as ps
    >>> whole = ps.plan("deit_s")
    >>> low = ps.simulate(ps.skip_attention(whole, active=[1, 2, 3]))
    >>> table = compare(ps.simulate(whole), low)
    >>> [(d.name, round(d.delta, 2)) for d in table["modules"] if d.name == "softmax"]
    [('softmax', -26.59)]
    >>> compare(ps.simulate(whole), ps.simulate(whole, scope="all"))["options"][0]
    Difference(name='scope', a='encoders', b='all')
    """
    first, second = _result("a", a), _result("b", b)
    batches = (first.get("batch", 1), second.get("batch", 1))
    if batches[0] != batches[1]:
        raise InputError(f"batch: differs between a and b, whole batches do not compare {got(batches)}")
    modules = dict.fromkeys([*first["breakdown"], *second["breakdown"]])
    hidden = [-float(result.get("overlap_ms", 0.0)) for result in (first, second)]
    overlap = [_delta("overlap", *hidden)] if any(hidden) else []  # with it the modules' differences add up
    return {
        "options": _differences(first, second),
        "totals": [_delta(name, first[name], second[name]) for name in TOTALS],
        "modules": [_delta(name, _module_ms(first, name), _module_ms(second, name)) for name in modules] + overlap,
    }


def _differences(first: Mapping[str, Any], second: Mapping[str, Any]) -> list[Difference]:
    """Return the options that differ, as text, and the modules that one result alone charges."""
    pairs = {name: (_told(first.get(name)), _told(second.get(name))) for name in (*OPTIONS, *SETTINGS)}
    pairs["fits"] = (_fits(first), _fits(second))
    charged = [dict.fromkeys(result["breakdown"]) for result in (first, second)]
    alone = [", ".join(name for name in one if name not in other) for one, other in (charged, charged[::-1])]
    pairs["modules in one alone"] = (alone[0] or None, alone[1] or None)
    return [Difference(name, *pair) for name, pair in pairs.items() if pair[0] != pair[1]]


def _fits(result: Mapping[str, Any]) -> str | None:
    """Return whether a result's design fits its FPGA, None where it does not say."""
    return {True: "yes", False: "NO"}.get(result.get("fits"))  # type: ignore[arg-type]


def _told(value: object) -> str | None:
    """Return an option as text, None where a result does not have it or it is empty."""
    if isinstance(value, Mapping):
        return json.dumps(value, sort_keys=True) if value else None
    return None if value is None else str(value)


def _module_ms(result: Mapping[str, Any], name: str) -> float:
    entry = result["breakdown"].get(name)
    return float(entry["delay_ms"]) if entry else 0.0


def _result(name: str, value: Any) -> Mapping[str, Any]:
    """Return a result as a checked mapping."""
    data = value.to_dict() if hasattr(value, "to_dict") else value
    if not isinstance(data, Mapping):
        raise InputError(f"{name}: expected the JSON of 'run' or 'combine' {got(data)}")
    if "schema_version" not in data:
        raise InputError(f"{name}: is no result; `pivotsim run deit_s --json` prints one")
    if "breakdown" not in data and isinstance(kind := data.get("result"), str):
        raise InputError(f"{name}: is a result of another command than run and combine {got(kind)}")
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
    said |= {"fits": "NO"} if result.get("fits") is False else {}
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
