"""The printed form of an audit, whatever its paper: a summary, tables, and verdicts."""

from typing import TYPE_CHECKING

from pivotsim.cli.output import is_wide, print_line, print_table, print_title
from pivotsim.tables import Table

if TYPE_CHECKING:
    from pivotsim.published.base.audit import Findings


def print_summary(audit: "Findings") -> None:
    """Print what became of the claims, a screen of it, and how to see all."""
    for table in audit.summary():
        _show(table)
        for line in table.closing:
            print_line(line)
    if audit.judged and not audit.unexpected:
        print_line("all verdicts are the expected ones")
    print_line("--full prints every claim with its reason, and the tables behind them")


def print_audit(audit: "Findings") -> None:
    """Print all tables of an audit, then its verdicts where it has any."""
    for table in audit.tables():
        for part in _folded(table) if is_wide(table) else (table,):
            _show(part)
        for line in table.closing:
            print_line(line)
        if table.closing:
            print_line()
    if audit.judged:
        print_verdicts(audit)


def _show(table: Table) -> None:
    print_title(table.title)
    print_table(table.columns, table.rows, table.right)
    print_line()


def print_verdicts(audit: "Findings") -> None:
    """Print how many claims have each verdict, and whether all are the expected ones."""
    _show(audit.verdict_table())
    print_line("all verdicts are the expected ones" if not audit.unexpected else "UNEXPECTED VERDICTS, see stderr")


def _folded(table: Table) -> tuple[Table, ...]:
    """Return a table with its long column as numbers and the texts below it; a page is too narrow for both."""
    at = table.folds
    if at is None:
        return (table,)
    numbers = {text: number for number, text in enumerate(dict.fromkeys(row[at] for row in table.rows), start=1)}
    rows = [(*row[:at], numbers[row[at]], *row[at + 1 :]) for row in table.rows]
    columns = (*table.columns[:at], "why", *table.columns[at + 1 :])
    whys = Table("Why", ("", ""), [(number, text) for text, number in numbers.items()], (0,))
    return table._replace(columns=columns, rows=rows), whys
