"""validate(): measured beside predicted, with every fitted constant counted and its rows told apart."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from pivotsim.errors import InputError, check_choice, got
from pivotsim.hardware.loading import load_hardware
from pivotsim.simulation.results import hash_of, header
from pivotsim.tables import Printable, Table, counted, figures, percent
from pivotsim.truth.machines import MACHINES, Machine
from pivotsim.truth.measured import Measured, beyond, measured_rows, read_measured
from pivotsim.truth.scores import Score, fitted_constants, score
from pivotsim.units import FloatArray

FOLDER = "truth"
ROW_COLUMNS = (
    "machine",
    "group",
    "case",
    "m",
    "k",
    "n",
    "measured",
    "predicted",
    "unit",
    "error_frac",
    "fitted",
    "kind",
)


class Compared(NamedTuple):
    """A measured row with what is predicted; ``fitted`` where constants were fitted on it."""

    row: Measured
    predicted: float
    fitted: bool

    @property
    def error_frac(self) -> float:
        """Relative error: predicted / measured - 1."""
        return self.predicted / self.row.value - 1


@dataclass(frozen=True, repr=False)
class Validation(Printable):
    """One machine, measured and predicted.

    Attributes
    ----------
    name : str
    machine : Machine
    rows : tuple of Compared
    constants : mapping
        Group -> name -> value of the constants fitted here; the group is '' where all rows share them.
    """

    name: str
    machine: Machine
    rows: tuple[Compared, ...]
    constants: Mapping[str, Mapping[str, float]]

    @property
    def fitted_count(self) -> int:
        """Fitted constants: those found here, and those that are held."""
        return sum(map(len, self.constants.values())) + self.machine.in_file

    def score(self, fitted: bool | None = None) -> Score:
        """Return the errors of all rows, or of those that constants were fitted on or not."""
        rows = [each for each in self.rows if fitted is None or each.fitted == fitted]
        return score([each.row.value for each in rows], [each.predicted for each in rows])

    def scores(self) -> dict[str, Score]:
        """Return the errors on rows not fitted, on fitted ones, and of each group of rows not fitted."""
        found = {"not fitted": self.score(False), "fitted": self.score(True)}
        groups = dict.fromkeys(each.row.group for each in self.rows)
        for group in groups if len(groups) > 1 else ():
            rows = [each for each in self.rows if each.row.group == group and not each.fitted]
            if rows:
                found[f"not fitted, {group}"] = score([r.row.value for r in rows], [r.predicted for r in rows])
        return found

    def to_rows(self) -> list[tuple[Any, ...]]:
        """Return the rows as ``ROW_COLUMNS`` names them."""
        machine = self.machine
        return [
            (self.name, *c.row[:5], c.row.value, c.predicted, machine.unit, c.error_frac, c.fitted, machine.kind)
            for c in self.rows
        ]

    def to_dict(self) -> dict[str, Any]:
        """Return the result as plain numbers and text, the form that ``--json`` prints."""
        machine, rows = self.machine, self.to_rows()
        return {
            **header("validation", hash_of(rows)),
            "machine": self.name, "title": machine.title, "kind": machine.kind, "unit": machine.unit,
            "source": machine.source, "model": machine.model, "fitted_on": machine.fitted_on,
            "fitted_constants": self.fitted_count, "constants_held": machine.in_file,
            "constants": {group: dict(found) for group, found in self.constants.items()},
            "scores": {name: found._asdict() for name, found in self.scores().items()},
            "rows": [dict(zip(ROW_COLUMNS, row, strict=True)) for row in rows],
        }  # fmt: skip

    def __repr__(self) -> str:
        said = " and ".join(
            f"{each.rows} {name} (MAPE {percent(each.mape_frac, 2)})"
            for name, each in (("not fitted", self.score(False)), ("fitted", self.score(True)))
            if each.rows
        )
        return f"<Validation: {self.name}, rows {said}>"

    def tables(self) -> tuple[Table, ...]:
        """Return every row, then what ``print`` shows: constants and errors."""
        machine = self.machine
        rows = [
            (c.row.group, c.row.case, figures(c.row.value, 6), figures(c.predicted, 6), f"{100 * c.error_frac:+.2f} %",
             "fitted" if c.fitted else "")
            for c in self.rows
        ]  # fmt: skip
        columns = ("group", "case", "measured", "predicted", "error", "")
        return (Table(f"{machine.title}: {machine.unit}", columns, rows, (2, 3, 4)), *self._tables())

    def _tables(self) -> tuple[Table, ...]:
        machine = self.machine
        units = dict(machine.constants)
        found = [(g, n, figures(v, 5), units[n]) for g, each in self.constants.items() for n, v in each.items()]
        held = [f"held, not found anew: {machine.held} ({machine.in_file})"] if machine.in_file else []
        heading = f"{counted(self.fitted_count, 'fitted constant')}; fitted on: {machine.fitted_on}"
        scored = [(name, *score_cells(each)) for name, each in self.scores().items() if each.rows]
        far = beyond((each.row for each in self.rows), measured_rows(self.name))
        outside = f"outside the sizes that were measured, so that nothing vouches for them: {counted(len(far), 'row')}"
        said = [f"measured by: {machine.kind}", f"source: {machine.source}", f"model: {machine.model}"]
        said += [outside] if far else []
        return (
            Table(heading, ("group", "constant", "value", "unit"), found, (2,), held),
            Table(f"{self.name}: errors", ("rows", "", "MAPE", "worst", "R^2"), scored, (1, 2, 3, 4), said),
        )


def score_cells(found: Score) -> tuple[str, str, str, str]:
    """Return rows, MAPE, worst error and R^2 as a table shows them."""
    r2 = "-" if found.r2 is None else f"{found.r2:.4f}"
    return (f"{found.rows:,}", percent(found.mape_frac, 2), percent(found.worst_frac, 2, sign=True), r2)


def summary_table(found: Sequence[Validation]) -> Table:
    """Return a line per machine: errors on rows not fitted, on fitted ones, and the constants that were fitted."""
    rows = []
    for each in found:
        apart, own = each.score(False), each.score(True)
        fitted = (f"{own.rows:,}", percent(own.mape_frac, 2)) if own.rows else ("-", "-")
        rows.append((each.name, each.machine.kind, each.fitted_count, *score_cells(apart), *fitted))
    columns = ("machine", "measured by", "constants", "rows", "MAPE", "worst", "R^2", "fitted rows", "MAPE")
    closing = (
        "rows: those that no constant was fitted on; constants: those that were fitted, held or found anew",
        "`pivotsim validate MACHINE` shows its rows, and which constants were fitted on which",
    )
    return Table("Measured machines of other people, predicted", columns, rows, tuple(range(2, 9)), closing)


def validate(machine: str, rows: str | Path | Sequence[Measured] | None = None) -> Validation:
    """Compare what was measured on a machine of other people with what is predicted.

    Constants are fitted on the package's rows alone, by least squares of the relative error, on the rows that the
    machine's ``fitted_on`` says.

    Parameters
    ----------
    machine : str
        A name in ``pivotsim.truth.MACHINES``, such as ``vck190_dsp58``.
    rows : str, Path or sequence of Measured, optional
        Further measured rows in their place: a CSV file with the columns group, case, m, k, n, value. No constant is
        fitted on them. A file says the sizes of every product, its value in the machine's unit, and a group of the
        machine's own where each group has constants.

    Returns
    -------
    Validation
        Rows, fitted constants and errors; ``print`` shows them.

    Raises
    ------
    InputError
        The machine is unknown, the file is not valid, or its groups are not those that constants were fitted for.

    Examples
    --------
    >>> found = validate("vck190_dsp58")
    >>> found.fitted_count, [c.row.case for c in found.rows if c.predicted != c.row.value]
    (2, ['two of 32^3'])
    """
    known = MACHINES[check_choice("machine", machine, MACHINES)]
    hw = load_hardware(f"{FOLDER}/{machine}")
    own = measured_rows(machine)
    is_fitted = _fitted_rows(known, own)
    terms, rest = known.terms(own, hw), known.predict(own, hw)
    constants: dict[str, FloatArray] = {}
    values = np.array([row.value for row in own])
    for group in dict.fromkeys(_group(known, row) for row in own) if known.constants else ():
        chosen = np.array([fits and _group(known, row) == group for row, fits in zip(own, is_fitted, strict=True)])
        constants[group] = fitted_constants(terms[chosen], rest[chosen], values[chosen])
    shown = own
    if rows is not None:
        shown = read_measured(Path(rows)) if isinstance(rows, (str, Path)) else list(rows)
        _check_groups(known, shown, constants, machine)
        is_fitted, terms, rest = [False] * len(shown), known.terms(shown, hw), known.predict(shown, hw)
    predicted = [
        float(rest[i] + (terms[i] @ constants[_group(known, row)] if constants else 0.0))
        for i, row in enumerate(shown)
    ]  # fmt: skip
    compared = tuple(Compared(*each) for each in zip(shown, predicted, is_fitted, strict=True))
    names = [name for name, _ in known.constants]
    named = {group: dict(zip(names, map(float, found), strict=True)) for group, found in constants.items()}
    return Validation(machine, known, compared, named)


def _group(machine: Machine, row: Measured) -> str:
    return row.group if machine.groups_apart else ""


def _fitted_rows(machine: Machine, rows: Sequence[Measured]) -> list[bool]:
    """Return which rows constants are fitted on; a row's place counts within its group."""
    places: dict[str, int] = {}
    found = []
    for row in rows:
        place = places.get(row.group, 0)
        places[row.group] = place + 1
        found.append(machine.is_fitted(row, place))
    return found


def _check_groups(machine: Machine, rows: Sequence[Measured], fitted: Mapping[str, Any], name: str) -> None:
    if machine.by_parts:
        raise InputError(f"rows: '{name}' is measured by parts of its own, which no further row names")
    for row in rows:
        if machine.groups_apart and row.group not in fitted:
            known = ", ".join(fitted)
            raise InputError(f"rows: group: '{name}' has constants for {known} only {got(row.group)}")
