"""What a calibration found: constants, rows with their predictions, errors, and the board that follows."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date as calendar_date
from functools import cached_property
from pathlib import Path
from typing import Any

from pivotsim.calibration.board_file import Change, calibrated_hardware, write_board
from pivotsim.calibration.fitting.intervals import LEAST_FREEDOM
from pivotsim.calibration.parameters import COSTS
from pivotsim.calibration.results import Constant, RowResult, State, error_of, untold_line
from pivotsim.hardware.spec import Hardware
from pivotsim.simulation.results import hash_of, header
from pivotsim.tables import Printable, Table, counted, figures, percent
from pivotsim.truth.scores import Score, score

ROW_COLUMNS = (
    "row", "unit", "measured", "predicted", "error_frac", "left_out_prediction", "left_out_error_frac", "fitted",
)  # fmt: skip
SHOWN_ROWS = 8  # the worst predicted ones


@dataclass(frozen=True, repr=False)
class Calibration(Printable):
    """Constants of a board that were found from measured rows; ``print`` shows them with their errors.

    Attributes
    ----------
    board : Hardware
        The board as it was stated, and ``base``, its name or file.
    options : mapping
        Profile, engine, memory and scope of the predictions.
    errors : str
        Whether errors of times counted relative or absolute.
    constants, rows : tuple
        ``Constant`` and ``RowResult`` of each.
    ignored : int
        Rows without a result.
    condition : float
        Condition number of what was fitted to times.
    """

    board: Hardware
    base: str
    options: Mapping[str, str]
    errors: str
    constants: tuple[Constant, ...]
    rows: tuple[RowResult, ...]
    ignored: int
    condition: float
    seed: int
    draws: int
    more: tuple[tuple[str, Any], ...] = ()  # further values of the board that follow: path -> value
    suspects: tuple[str, ...] = ()  # a line for each row that disagrees with all others

    @property
    def fitted(self) -> tuple[Constant, ...]:
        """The constants that were found."""
        return tuple(each for each in self.constants if each.state is State.FITTED)

    def score(self, unit: str = "ms", *, left_out: bool = False) -> Score:
        """Return the errors of the fitted rows of one unit; with ``left_out``, each predicted without its point."""
        pairs = [
            (each.measured, value)
            for each in self.rows
            if each.unit == unit and each.fitted
            and (value := each.left_out if left_out else each.predicted) is not None
        ]  # fmt: skip
        return score([pair[0] for pair in pairs], [pair[1] for pair in pairs])

    @cached_property
    def changes(self) -> tuple[Change, ...]:
        """What differs from the board: paths, values, intervals, and what the sources are to say."""
        found = []
        for each in self.fitted:
            used = [self.rows[i] for i in each.rows]
            found.append(Change(each.path, each.value, each.interval, len(used), error_of(used)))
        return tuple(found)

    @property
    def hardware(self) -> Hardware:
        """The calibrated board."""
        return self.hardware_of(calendar_date.today().isoformat())

    def hardware_of(self, date: str) -> Hardware:
        """Return the calibrated board, its sources with a date such as 2026-11-30."""
        return calibrated_hardware(self.board, self.changes, dict(self.more), date)

    def write(self, path: str | Path, *, base: str = "", date: str = "") -> None:
        """Write the board's file: its base, what changed, sources that say ``[calibrated: rows, date, error]``.

        Parameters
        ----------
        path : str or Path
            Ends in .yaml; never the base itself.
        base : str
            Name or file of the board, where ``calibrate`` was given a Hardware.
        date : str
            What the sources say, today where it is left out.

        Raises
        ------
        InputError
            The base is not stated, is no YAML file or is ``path`` itself, or the file cannot be written.
        """
        day = date or calendar_date.today().isoformat()
        write_board(Path(path), base or self.base, self.board, self.changes, dict(self.more), day)

    @property
    def untold(self) -> tuple[str, ...]:
        """A line for each set of constants that the rows cannot tell apart, with a remedy."""
        found, told = [], set()
        for each in self.constants:
            if each.state is State.NOT_TOLD_APART and each.path not in told:
                group = (each.path, *each.others)
                told |= set(group)
                found.append(untold_line(group))
        return tuple(found)

    @property
    def notes(self) -> tuple[str, ...]:
        """What must be said beside the numbers."""
        unused = [each.row.label for each in self.rows if not each.fitted]
        alone = sum(each.fitted and each.left_out is None for each in self.rows)
        held = [each.path for each in self.constants if each.state is State.HELD]
        weak = [each.path for each in self.fitted if each.is_weak]
        blank = [each.path for each in self.fitted if each.interval is None]
        at_bound = [each.path for each in self.fitted if each.value == 0]
        again = len(self.rows) - len({each.row.point for each in self.rows})
        lines = [f"left out, no result: {counted(self.ignored, 'row')}"] if self.ignored else []
        lines += self._outside()
        if unused:
            lines.append(f"not used, they depend on what cannot be told apart: {', '.join(dict.fromkeys(unused))}")
        lines += [f"held as asked: {', '.join(held)}"] if held else []
        lines += [f"the rows say little of these, intervals are wider than values: {', '.join(weak)}"] if weak else []
        if again:
            more = "they share what the model lacks, so the intervals are too narrow; their mean as one row is better"
            lines.append(f"repetitions of a point, {counted(again, 'row')}: {more}")
        lines += [f"at its bound of 0: {', '.join(at_bound)}"] if at_bound else []
        lines += [f"no interval, as many constants as rows: {', '.join(blank)}"] if blank else []
        few = [unit for unit in ("ms", "W") if 0 < self._freedom(unit) < LEAST_FREEDOM]
        if few:
            lines.append(f"few rows for the constants, {', '.join(few)}: intervals are Student's t of normal errors")
        if alone:
            lines.append(f"not cross-validated, without them the others do not tell enough: {counted(alone, 'row')}")
        return tuple(lines)

    def _outside(self) -> Iterator[str]:
        """Yield the found constants that the board's sources did not expect."""
        for each in self.fitted:
            low, high = self.board.ranges.get(each.path, (each.value, each.value))
            if not low <= each.value <= high:
                more = f"found {each.value:.3g} lies outside the board's stated range {low:.6g} to {high:.6g}"
                yield f"{each.path}: {more}"

    def _freedom(self, unit: str) -> int:
        """Return how many rows of a unit are left over: constants of the power are found one by one."""
        rows = sum(each.fitted for each in self.rows if each.unit == unit)
        return rows - (1 if unit == "W" else sum(each.unit != "W" for each in self.fitted))

    def table_of_rows(self) -> list[tuple[Any, ...]]:
        """Return a row of ``ROW_COLUMNS`` for each measured row."""
        return [
            (
                each.row.label, each.unit, each.measured, each.predicted, each.predicted / each.measured - 1,
                each.left_out, None if each.left_out is None else each.left_out / each.measured - 1, each.fitted,
            )
            for each in self.rows
        ]  # fmt: skip

    def to_dict(self) -> dict[str, Any]:
        """Return all of it as plain numbers and text."""
        constants = {
            each.path: {
                "unit": each.unit, "board": each.old, "value": each.value,
                "interval": None if each.interval is None else list(each.interval),
                "state": each.state.name.lower(), "cannot_be_told_from": list(each.others), "rows": len(each.rows),
            }
            for each in self.constants
        }  # fmt: skip
        rows = [dict(zip(ROW_COLUMNS, each, strict=True)) for each in self.table_of_rows()]
        scores = {
            unit: {"fit": self.score(unit)._asdict(), "cross_validated": self.score(unit, left_out=True)._asdict()}
            for unit in ("ms", "W")
        }
        result = {
            "hardware": self.board.name, "options": dict(self.options), "errors": self.errors, "seed": self.seed,
            "draws": self.draws, "ignored_rows": self.ignored, "condition": self.condition, "scores": scores,
            "constants": constants, "rows": rows, "notes": [*self.suspects, *self.untold, *self.notes],
        }  # fmt: skip
        return {**header("calibration", hash_of(result)), **result}

    def _tables(self) -> Iterator[Table]:
        rows = [
            (each.path, figures(each.old), figures(each.value), *_ends(each), each.unit, len(each.rows))
            for each in self.fitted
        ]
        columns = ("constant", "board", "calibrated", "95 % low", "high", "unit", "rows")
        title = f"{self.board.name}: {counted(len(rows), 'constant')} from {counted(len(self.rows), 'row')}"
        title = "\n".join((*self.suspects, title))
        closing = (*self.untold, *self._unmeasured())
        yield Table(title, columns, rows, (1, 2, 3, 4, 6), closing)
        scored = []
        for unit in ("ms", "W"):
            for name, is_left_out in (("fitted", False), ("cross-validated", True)):
                found = self.score(unit, left_out=is_left_out)
                if found.rows:
                    worst = percent(found.worst_frac, 2, sign=True)
                    scored.append((f"{unit}, {name}", f"{found.rows:,}", percent(found.mape_frac, 2), worst))
        condition = f"condition number of what was fitted to times: {figures(self.condition, 3)}; errors {self.errors}"
        yield Table("Errors", ("rows", "", "MAPE", "worst"), scored, (1, 2, 3), (condition, *self.notes))
        worst_first = sorted(self.rows, key=lambda each: -abs(each.predicted / each.measured - 1))
        listed = [
            (each.row.label, figures(each.measured), figures(each.predicted), each.unit,
             percent(each.predicted / each.measured - 1, 2, sign=True), "" if each.fitted else "not used")
            for each in worst_first[:SHOWN_ROWS]
        ]  # fmt: skip
        title = "Rows that are predicted worst"
        yield Table(title, ("row", "measured", "predicted", "unit", "error", ""), listed, (1, 2, 4))

    def _unmeasured(self) -> Iterator[str]:
        """Yield what no row depends on, an operation's costs in one."""
        kept = [each.path for each in self.constants if each.state is State.UNMEASURED]
        both = {path.rpartition(".")[0] for path in kept if path.endswith(COSTS[0])}
        both &= {path.rpartition(".")[0] for path in kept if path.endswith(COSTS[1])}
        groups = dict.fromkeys(group if (group := path.rpartition(".")[0]) in both else path for path in kept)
        if groups:
            yield f"no row depends on, they keep their values: {', '.join(groups)}"

    def __repr__(self) -> str:
        return f"<Calibration: {self.board.name}, {counted(len(self.fitted), 'constant')}>"

    def with_more(
        self, constants: tuple[Constant, ...], rows: tuple[RowResult, ...], more: tuple[tuple[str, Any], ...]
    ) -> "Calibration":
        """Return it with further constants and rows; ``constants`` count their rows from the first further one."""
        shifted = (each._replace(rows=tuple(i + len(self.rows) for i in each.rows)) for each in constants)
        return replace(
            self, constants=(*self.constants, *shifted), rows=(*self.rows, *rows), more=(*self.more, *more)
        )  # fmt: skip


def _ends(each: Constant) -> tuple[str, str]:
    if each.interval is None:
        return "-", "-"
    return figures(each.interval[0]), figures(each.interval[1])
