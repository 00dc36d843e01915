"""An array's configuration as kernels read it: names become codes, and every value is checked."""

from collections.abc import Iterable, Mapping
from typing import Any

from pivotsim.errors import InputError, check_flag, check_integer, one_of
from pivotsim.hardware.array import (
    EDGES,
    MAX_ARRAYS,
    MAX_COLS,
    MAX_MAC_LATENCY,
    MAX_MAC_PACKING,
    MAX_ROWS,
    ArraySpec,
    unpackable,
)
from pivotsim.hardware.dataflows import DATAFLOW, DATAFLOWS, SPLITS, Dataflow
from pivotsim.hardware.fold_overlaps import FOLD_OVERLAPS
from pivotsim.kernels.types import Design

# What one array is. Rows and columns of codes hold these, in this order: field -> (least, most), or names of codes
DESIGN_FIELDS: dict[str, tuple[int, int] | tuple[str, ...]] = {
    "rows": (1, MAX_ROWS),
    "cols": (1, MAX_COLS),
    "dataflow": DATAFLOWS,
    "fold_overlap": FOLD_OVERLAPS,
    "edge": EDGES,
    "os_edge_register": (0, 1),
    "mac_latency": (1, MAX_MAC_LATENCY),
    "mac_packing": (1, MAX_MAC_PACKING),
}
# Vectors of designs hold these: one array, how many of them, and what they share out
VECTOR_FIELDS = {**DESIGN_FIELDS, "count": (1, MAX_ARRAYS), "split": SPLITS}


def design_of(array: ArraySpec | Mapping[str, Any]) -> Design:
    """Return an array's configuration as kernels read it.

    Raises
    ------
    InputError
        A value is out of bounds.
    """
    values = fields_of(array)
    codes = [code_of(field, values[field]) for field in DESIGN_FIELDS]
    if problem := unpackable(values["mac_packing"], values["dataflow"], values["cols"]):
        raise InputError(problem)
    return design_from(codes)


def design_from(codes: Iterable[int]) -> Design:
    """Return an array's configuration from its fields' codes."""
    rows, cols, dataflow, overlap, aware, register, latency, packing = codes
    mapping = DATAFLOW[DATAFLOWS[dataflow]].mapping
    return Design(rows, cols, *mapping, overlap, aware, register, latency_as_run(latency, packing), packing)


def latency_as_run(mac_latency: Any, mac_packing: Any) -> Any:
    """Return a multiply-accumulate's clocks; a register more parts the sums of columns that share slices."""
    return mac_latency + mac_packing - 1


def dataflow_of(array: ArraySpec | Mapping[str, Any]) -> Dataflow:
    """Return the table's row of an array that ``design_of`` has found valid."""
    return DATAFLOW[fields_of(array)["dataflow"]]


def fields_of(array: ArraySpec | Mapping[str, Any]) -> Mapping[str, Any]:
    """Return an array's values by field; the register below it is read only where sums drain through it."""
    if isinstance(array, Mapping):
        return {"mac_packing": 1, **array}
    values = {field: getattr(array, field) for field in DESIGN_FIELDS if field != "os_edge_register"}
    return {**values, "os_edge_register": array.os_edge_register if DATAFLOW[array.dataflow].drains else True}


def code_of(field: str, value: object) -> int:
    """Return a field's value as its code, or raise InputError for a value out of bounds."""
    allowed = VECTOR_FIELDS[field]
    if isinstance(allowed[0], str):
        if value not in allowed:
            raise InputError(one_of(field, value, map(str, allowed)))
        return allowed.index(value)
    if field == "os_edge_register":
        return int(check_flag(field, value))
    return check_integer(field, value, int(allowed[0]), int(allowed[1]))
