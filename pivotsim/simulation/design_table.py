"""A table of designs: one row each, with the unit of every column."""

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from pivotsim.errors import InputError, got, nearest
from pivotsim.io.frames import as_frame
from pivotsim.tables import Printable, Table, counted

if TYPE_CHECKING:
    import pandas
    from numpy.typing import ArrayLike

    AnyArray = np.ndarray[tuple[int, ...], np.dtype[Any]]

ROWS_SHOWN = 10


class DesignTable(Printable):
    """Designs and what they cost: a column per axis and per result, a row per design.

    ``table["delay_ms"]`` is a column as a numpy array, ``len(table)`` counts designs. Like a data frame it yields its
    columns' names, and stands where ``pareto_front`` and the pictures take a mapping of columns.

    Parameters
    ----------
    columns : mapping
        Name -> numpy array, all of one length; or a function that gives a mapping with the column (and perhaps others),
        called when it is first asked for. The first column is an array.
    units : mapping
        Name -> unit, for every column; empty text for words and plain numbers.
    descriptions : mapping
        Name -> what the column says, one sentence.
    notes : sequence of str
        What a reader of the numbers must know, a line each; ``print`` shows them below the designs.

    Attributes
    ----------
    columns : tuple of str
        Names, in their order.
    units, descriptions : dict
        Name -> unit, name -> sentence.
    notes : tuple of str
        As given.

    Examples
    --------
    >>> columns = {"rows": np.array([32, 64]), "delay_ms": np.array([1.5, 1.25])}
    >>> table = DesignTable(columns, {"rows": "PEs", "delay_ms": "ms"})
    >>> len(table), table.columns, table.units["delay_ms"], float(table["delay_ms"].min())
    (2, ('rows', 'delay_ms'), 'ms', 1.25)
    """

    def __init__(
        self, columns: Mapping[str, Any], units: Mapping[str, str], descriptions: Mapping[str, str] | None = None,
        notes: Sequence[str] = (),
    ) -> None:  # fmt: skip
        self._columns = dict(columns)
        self.columns: tuple[str, ...] = tuple(self._columns)
        self.units: dict[str, str] = {name: units.get(name, "") for name in self.columns}
        self.descriptions: dict[str, str] = {name: (descriptions or {}).get(name, "") for name in self.columns}
        self.notes = tuple(notes)

    def __getitem__(self, column: str) -> "AnyArray":
        if column not in self._columns:
            raise InputError(f"table: no column {got(column)}{nearest(column, self.columns)}")
        values = self._columns[column]
        if callable(values):
            for name, found in values().items():
                self._columns[name] = found
        found_column: AnyArray = self._columns[column]
        return found_column

    def __len__(self) -> int:
        return len(self[self.columns[0]]) if self.columns else 0

    def __iter__(self) -> Iterator[str]:
        return iter(self.columns)

    def __contains__(self, column: object) -> bool:
        return column in self._columns

    def items(self) -> Iterator[tuple[str, Any]]:
        """Return pairs of a column's name and its values.

        Returns
        -------
        iterator of (str, numpy array)
        """
        return ((name, self[name]) for name in self.columns)

    def take(self, places: "ArrayLike") -> "DesignTable":
        """Return the designs at some places, as ``pareto_front`` gives them, or under a mask of booleans.

        Returns
        -------
        DesignTable
        """
        columns = {name: values[places] for name, values in self.items()}
        return DesignTable(columns, self.units, self.descriptions, self.notes)

    def to_frame(self) -> "pandas.DataFrame":
        """Return the table as a pandas frame; ``frame.attrs`` holds units, descriptions and notes.

        Returns
        -------
        pandas.DataFrame

        Raises
        ------
        MissingExtraError
            pandas is not installed; the message holds the command.
        """
        frame = as_frame(dict(self.items()))
        frame.attrs |= {
            "units": dict(self.units), "descriptions": dict(self.descriptions), "notes": list(self.notes),
        }  # fmt: skip
        return frame

    def to_dict(self) -> dict[str, list[Any]]:
        """Return column -> list of plain values.

        Returns
        -------
        dict
        """
        return {name: np.asarray(values).tolist() for name, values in self.items()}

    def __repr__(self) -> str:
        return f"<DesignTable: {len(self):,} designs, columns {', '.join(self.columns)}>"

    def _tables(self) -> tuple[Table]:
        """Return the first designs, with units in the head."""
        heads = [name if _says(name, unit) else f"{name}, {unit}" for name, unit in self.units.items()]
        count = min(len(self), ROWS_SHOWN)
        rows = [[_text(values[i]) for _, values in self.items()] for i in range(count)]
        right = [i for i, (_, values) in enumerate(self.items()) if np.asarray(values).dtype.kind in "iuf"]
        closing = [f"... {len(self) - count:,} more"] if count < len(self) else []
        return (Table(counted(len(self), "design"), heads, rows, right, [*closing, *self.notes]),)


def _says(name: str, unit: str) -> bool:
    """Tell whether a name ends in its unit already, or is it (lut: LUTs), or has none."""
    return not unit or name.endswith("_" + unit.lower().replace("*", "_")) or unit.lower().startswith(name)


def _text(value: Any) -> str:
    """Return a value as a cell shows it: floats to five digits."""
    return f"{value:.5g}" if isinstance(value, (float, np.floating)) else str(value)
