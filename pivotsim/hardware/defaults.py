"""Defaults of a hardware file: kinds of operations that it does not know, and the power of a processor side.

A kind that a file does not name gets the cost, the place and the unit of its row in ``pivotsim.operations``, each with
a source that calls it a default. A cost that a file begins must be whole. A board without a processor (``host: none``)
has no costs, places what it does not name elsewhere, and may leave out the power that a processor takes.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from pivotsim.hardware.sourced import NONE
from pivotsim.operations import OPERATIONS, PS

NO_PROCESSOR = NONE  # in place of the group ``host``
DEFAULT = "[assumed] default, this board does not state it"
PS_POWER = ("ps_idle_w", "ps_active_w")
# values that boards of before did not state, and what they are there; those of NEW_VALUES have the source of a default
NEW_VALUES = {
    "memories.sum_bytes": 4,
    "memories.axi_burst_bytes": 256,
    "memories.axi_bursts": "unit",
    "memories.axi_read_burst_clocks": 0,
    "memories.axi_read_beat_clocks": 1,
    "memories.axi_write_burst_clocks": 0,
    "memories.axi_write_beat_clocks": 1,
    "memories.transfers": "overlapped",
    "memories.reuse": "kept",
    "memories.clock_divisor": 1,
    "memories.post_region_cycles": 0,
    "memories.post_entry_cycles": 0,
    "calls.fold_us": 0.0,
    "calls.result_tile_us": 0.0,
    "calls.gemm_us": 0.0,
}
LATER: dict[str, object] = {"units.token_drop.fused_token": "mean", "mpca.rules": "pivotsim", **NEW_VALUES}
NOT_STATED = "default, as before there was a choice"


def with_defaults(data: Any, *, has_processor: bool) -> Any:
    """Return a hardware file's mapping with what it leaves out filled in; what is no mapping stays as it is."""
    if not isinstance(data, Mapping):
        return data
    filled, sources = dict(data), {}
    stated = data.get("sources")
    if not isinstance(stated, Mapping):
        return data  # validation says so
    for path, value, source in _defaults(has_processor):
        name = ".".join(path)
        is_old_default = stated.get(name) == source and not isinstance(value, dict)  # the processor may be gone since
        if _put(filled, path, value, over=is_old_default):
            sources[name] = source
    return {**filled, "sources": {**sources, **stated}}


def with_later_sources(data: Any, groups: Iterable[str]) -> Any:
    """Return a hardware file's mapping with a source for each of NEW_VALUES that it leaves to the schema's default."""
    stated = data.get("sources") if isinstance(data, Mapping) else None
    if not isinstance(stated, Mapping):
        return data
    sources = {}
    for path in NEW_VALUES:
        group, _, name = path.partition(".")
        values = data.get(group, {})
        if group in groups and group not in stated and isinstance(values, Mapping) and name not in values:
            sources[path] = NOT_STATED
    return {**data, "sources": {**sources, **stated}}


def default_place(kind: str, *, has_processor: bool) -> str:
    """Return where a kind runs unless a board says otherwise: its first place, but for a processor that is not there.

    >>> default_place("requant", has_processor=True), default_place("requant", has_processor=False)
    ('ps', 'array')
    """
    places = OPERATIONS[kind].places
    return next((place for place in places if has_processor or place != PS), places[0])


def _defaults(has_processor: bool) -> Iterator[tuple[tuple[str, ...], Any, str]]:
    """Yield (path, value, source) of everything that a file may leave out."""
    for kind, row in OPERATIONS.items():
        place = default_place(kind, has_processor=has_processor)
        yield ("placement", kind), place, f"{DEFAULT}: the first place that there is"
        for profile in ("paper", "full") if has_processor and PS in row.places else ():
            per_element, per_row = row.cost(profile)
            yield (
                ("host", profile, kind),
                {"cycles_per_element": per_element, "cycles_per_row": per_row},
                f"{DEFAULT}: {row.source}",
            )
        if row.unit_size:
            per_clock, fill = row.unit_size
            source = f"{DEFAULT}: as wide as the units of zcu102"
            yield ("units", row.unit), {"elements_per_clock": per_clock, "fill_cycles": fill}, source
    for end in () if has_processor else ("default", "low", "high"):
        for name in PS_POWER:
            yield ("power", "activity", end, name), 0.0, "there is no processor"


def _put(data: dict[str, Any], path: tuple[str, ...], value: Any, *, over: bool) -> bool:
    """Put a value where its group is, unless one is there, and tell so; groups on the way are copied."""
    *groups, last = path
    inside: Any = data
    for key in groups:
        inside = inside.get(key) if isinstance(inside, Mapping) else None
    if not isinstance(inside, Mapping) or (last in inside and not over):
        return False
    for key in groups:
        data[key] = dict(data[key])
        data = data[key]
    data[last] = value
    return True
