"""The printed form of an audit, whatever its paper: tables as plain text or as Markdown, and verdicts."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from pivotsim.cli.output import is_terminal, print_line, print_table
from pivotsim.tables import Table

if TYPE_CHECKING:
    from pivotsim.published.base.audit import Findings


def print_audit(audit: "Findings", *, markdown: bool) -> None:
    """Print all tables of an audit, then its verdicts where it has any."""
    show = _show_markdown if markdown else _show_plain
    for table in audit.tables():
        for part in _folded(table) if is_terminal() and not markdown else (table,):
            show(part)
        for line in table.closing:
            print_line(line)
        if table.closing:
            print_line()
    if audit.judged:
        print_verdicts(audit, show)


def _show_plain(table: Table) -> None:
    print_line(table.title)
    print_line()
    print_table(table.columns, table.rows, table.right)
    print_line()


def _show_markdown(table: Table) -> None:
    print_line(f"### {table.title}\n")
    print_line("| " + " | ".join(table.columns) + " |")
    print_line("|" + "|".join("---:" if i in table.right else "---" for i in range(len(table.columns))) + "|")
    for row in table.rows:
        print_line("| " + " | ".join("" if c is None else str(c).replace("|", "\\|") for c in row) + " |")
    print_line()


def print_verdicts(audit: "Findings", show: Callable[[Table], None] = _show_plain) -> None:
    """Print how many claims have each verdict, and whether all are the expected ones."""
    show(audit.verdict_table())
    print_line("all verdicts are the expected ones" if not audit.unexpected else "UNEXPECTED VERDICTS, see stderr")


def _folded(table: Table) -> tuple[Table, ...]:
    """Return a table with its long column as numbers and the texts below it; a terminal is too narrow for both."""
    at = table.folds
    if at is None:
        return (table,)
    numbers = {text: number for number, text in enumerate(dict.fromkeys(row[at] for row in table.rows), start=1)}
    rows = [(*row[:at], numbers[row[at]], *row[at + 1 :]) for row in table.rows]
    columns = (*table.columns[:at], "why", *table.columns[at + 1 :])
    whys = Table("Why", ("", ""), [(number, text) for text, number in numbers.items()], (0,))
    return table._replace(columns=columns, rows=rows), whys
