"""Cells of tables in text: numbers as people and spreadsheets write them."""

import re

from pivotsim.io.yaml_reader import exact_integer

_INTEGER = re.compile(r"[0-9]{1,30}")
_DECIMAL = re.compile(r"[0-9]{1,30}(\.[0-9]*)?([eE][+]?[0-9]{1,3})?")


def whole_number(cell: str, least: int, most: int) -> int:
    """Return the number in a cell, or raise ValueError with what is wrong with it.

    >>> whole_number("100.0", 1, 1000), whole_number("1e3", 1, 1000)
    (100, 1000)
    """
    number = int(cell) if _INTEGER.fullmatch(cell) else None
    if number is None and _DECIMAL.fullmatch(cell):
        number = exact_integer(float(cell))  # as spreadsheets write them
    if number is None:
        raise ValueError("must be a whole number without sign or unit")
    if number < least:
        raise ValueError(f"must be at least {least}")
    if number > most:
        raise ValueError(f"must lie in {least} to {most}")
    return number
