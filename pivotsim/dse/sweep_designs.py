"""One design of a sweep's dataset as hardware and work again, from the values that its row states."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from pivotsim.dse.dataset import Dataset, open_dataset
from pivotsim.dse.evaluation.cache import DesignBuilder, Work
from pivotsim.dse.space.axis_kinds import HARDWARE
from pivotsim.dse.space.definition import Space
from pivotsim.dse.space.reading import load_space
from pivotsim.errors import InputError, got
from pivotsim.hardware.kinds.systolic import SystolicHardware

SpaceSource = str | Path | Mapping[str, object] | Space


class StoredDesign(NamedTuple):
    """A design of a sweep.

    Attributes
    ----------
    space : Space
    hw : SystolicHardware
    works : tuple of Work
        Of the only effort, or of the low and the high one; their traces hold what the space's scope does.
    row : dict
        Column -> value, as the sweep stored it.
    """

    space: Space
    hw: SystolicHardware
    works: tuple[Work, ...]
    row: dict[str, Any]


def space_of(dataset: Dataset, space: SpaceSource | None = None) -> Space:
    """Return the space of a dataset, found by its name unless it is given.

    Raises
    ------
    InputError
        It is not found, or another one than was swept.
    """
    source, name = dataset.folder, dataset.manifest["space"]["name"]
    try:
        checked = load_space(name if space is None else space)
    except InputError as error:
        if space is not None:
            raise
        raise InputError(
            f"{source}: its space '{name}' is not found by that name; give its file (--space, space=)"
        ) from error
    if checked.input_hash != dataset.manifest["space_hash"]:
        problem = "is of another space than its file holds now; sweep again, or give its file (--space, space=)"
        raise InputError(f"{source}: {problem} {got(checked.name)}")
    return checked


def places_on_axes(space: Space, columns: Mapping[str, Any]) -> dict[str, Any]:
    """Return the place of each row's value on each axis, int64 (D,)."""
    found = {}
    for axis in space.axes:
        values, first = np.unique(axis.column, return_index=True)
        column = np.asarray(columns[axis.name])
        at = np.minimum(np.searchsorted(values, column), len(values) - 1)
        if not (values[at] == column).all():
            raise InputError(f"{axis.name}: has values that are none of the space's")
        found[axis.name] = first[at].astype(np.int64)
    return found


def stored_design(folder: str | Path, point: int, space: SpaceSource | None = None) -> StoredDesign:
    """Return the design of a sweep that has a number.

    Parameters
    ----------
    folder : str or Path
        Of the sweep.
    point : int
        As the dataset and the command `front` number designs.
    space : str, Path, mapping or Space, optional
        The sweep's space, where its own name does not find it.

    Raises
    ------
    InputError
        The folder is no sweep's, its space is not found or another, or no design of that number is stored.
    """
    dataset = open_dataset(folder)
    checked = space_of(dataset, space)
    for table in dataset.tables():
        place = np.flatnonzero(table["point"] == point)
        if len(place):
            row = {name: column[place] for name, column in table.items()}
            places = places_on_axes(checked, row)
            values = {axis.name: axis.at(int(places[axis.name][0])) for axis in checked.axes}
            builder = DesignBuilder(checked)
            hw = checked.hw.replace({name: value for name, value in values.items() if name in HARDWARE})
            works = tuple(builder.efforts(values, hw))
            return StoredDesign(checked, hw, works, {name: column[0].item() for name, column in row.items()})
    points, stored = dataset.manifest["points"], f"{dataset.folder}: stores no design of this number"
    if 0 <= point < points:
        why = (
            "rules or a memory that it does not fit left it out"
            if dataset.is_complete
            else "it is left out, or not done"
        )
        raise InputError(f"--point: {stored}, {why}; `pivotsim front` lists some {got(point)}")
    raise InputError(f"--point: {stored}, its points are 0 to {points - 1:,} {got(point)}")
