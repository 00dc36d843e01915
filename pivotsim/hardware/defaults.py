"""Defaults of a hardware file: kinds of operations that it does not know, how many arrays, a processor side's power.

A kind that a file does not name gets the cost, the place and the unit of its row in ``pivotsim.operations``, each with
a source that calls it a default. A cost that a file begins must be whole. What is read of memories since a board was
written has a default that changes nothing. A board without a processor (``host: none``) has no costs, places what it
does not name elsewhere, and may leave out the power that a processor takes.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from pivotsim.io.specs import NONE
from pivotsim.operations import OPERATIONS, PS, UNITS

NO_PROCESSOR = NONE  # in place of the group ``host``
DEFAULT = "[assumed] default, this board does not state it"
PS_POWER = ("ps_idle_w", "ps_active_w")
ONE_ARRAY = {
    "count": (1, "one array"), "split": ("auto", "of several arrays, the fewest clocks"),
    "mac_packing": (1, "a slice for each column"),
}  # fmt: skip
# of the memories: value and source of what boards of before did not state, none of which changed a number there
MEMORIES: dict[str, tuple[Any, str]] = {
    "sum_bytes": (4, "default, int32 sums"),
    "axi_burst_bytes": (256, "default, not read while bursts take no clocks of their own"),
    "axi_bursts": ("unit", "default, units lie together"),
    **dict.fromkeys(("axi_read_burst_clocks", "axi_write_burst_clocks"), (0, "default, a burst costs its beats alone")),
    **dict.fromkeys(("axi_read_beat_clocks", "axi_write_beat_clocks"), (1, "default, a beat of all ports a clock")),
    "transfers": ("overlapped", "default, transfers run beside the array"),
    "reuse": ("kept", "default, a unit that is there is not fetched again"),
    "clock_divisor": (1, "default, one clock for array and memories"),
    "buffer_read_cycles": (0, "default, memories answer at once"),
    "outstanding_reads": (1, "default, the channel is held during a read's latency"),
    **dict.fromkeys(("output_block_rows", "output_block_cols"), (0, "default, no block; os sums stay in the array")),
    **dict.fromkeys(("post_region_cycles", "post_entry_cycles"), (0, "default, nothing stands before a drain")),
}
CALLS = {"fold_us": 0.0, "result_tile_us": 0.0, "gemm_us": 0.0}  # of a systolic array's driver, which costs nothing

# values that boards of version 0.1 did not state, and what they are there
LATER = {
    "units.token_drop.fused_token": "mean",
    "units.token_drop.score_bytes_per_element": 0,
    "units.token_drop.token_bytes_per_element": 0,
    **{f"units.{unit}.pj_per_element": 0.0 for unit in UNITS},
    "units.memory_bytes": 0,
    "mpca.rules": "pivotsim",
    "array.count": 1,
    "array.split": "auto",
    "array.mac_packing": 1,
    "fpga.uram": 0,
    "fpga.dsp_kind": "DSP48E2",
    "fpga.use.uram_from_bytes": 0,
    "fpga.use.counted_by": "fitted",
    "fpga.vivado": None,
    **{f"memories.{name}": usual for name, (usual, _) in MEMORIES.items()},
    **{f"calls.{name}": usual for name, usual in CALLS.items()},
}
# facts of a device that are told beside a fit and decide nothing
TOLD = ("fpga.dsp_columns", "fpga.clock_regions", "fpga.slrs", "fpga.hbm_bytes")


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
    if filled.get("kind") == "systolic":
        filled.setdefault("calls", CALLS)
        sources["calls"] = "default, no waits for a driver"
    return {**filled, "sources": {**sources, **stated}}


def without_defaults(values: dict[str, Any], sources: Mapping[str, str]) -> dict[str, Any]:
    """Return a board's values without those that are the package's, that decide nothing, or that change nothing.

    Those are what a source calls a default, unless a part of it was changed since; ``TOLD``; and ``LATER`` where it
    has its usual value. ``values``, nested dicts, are changed in place.
    """
    defaults = [
        path
        for path, source in sources.items()
        if source.startswith(DEFAULT) and not any(changed.startswith(f"{path}.") for changed in sources)
    ]
    for path in (*defaults, *TOLD, *(path for path, usual in LATER.items() if _value_in(values, path) == usual)):
        *groups, last = path.split(".")
        inside: Any = values
        for key in groups:
            inside = inside.get(key, {}) if isinstance(inside, dict) else {}
        if isinstance(inside, dict):
            inside.pop(last, None)
            if not inside and len(groups) == 1:  # a group of such values alone
                values.pop(groups[0], None)
    return values


def _value_in(values: Any, path: str) -> Any:
    """Return what nested dicts hold at a dotted path, None where they hold nothing."""
    for key in path.split("."):
        values = values.get(key) if isinstance(values, dict) else None
    return values


def default_place(kind: str, *, has_processor: bool) -> str:
    """Return where a kind runs unless a board says otherwise: its first place, but for a processor that is not there.

    >>> default_place("requant", has_processor=True), default_place("requant", has_processor=False)
    ('ps', 'array')
    """
    places = OPERATIONS[kind].places
    return next((place for place in places if has_processor or place != PS), places[0])


def _defaults(has_processor: bool) -> Iterator[tuple[tuple[str, ...], Any, str]]:
    """Yield (path, value, source) of everything that a file may leave out."""
    for name, (usual, why) in ONE_ARRAY.items():
        yield ("array", name), usual, f"{DEFAULT}: {why}"
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
    for name, (value, source) in {**MEMORIES, "out_bytes": (1, "not read")}.items():
        yield ("memories", name), value, source
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
