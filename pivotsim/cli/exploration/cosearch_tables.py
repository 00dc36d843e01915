"""Printed tables of the command cosearch."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from pivotsim.cli.output import print_line, print_table
from pivotsim.tables import Table, counted

if TYPE_CHECKING:
    from pivotsim.effort.search.choice import Answer, Choice
    from pivotsim.effort.search.co_search import CoSearch
    from pivotsim.effort.search.space import Cascades
    from pivotsim.effort.search.threshold_grid import Sampling


def _show(table: Table) -> None:
    print_line()
    print_table(table.columns, table.rows, table.right)


def print_paths(search: "CoSearch") -> None:
    """Print the best path of every effort, and its delay on every hardware."""
    from pivotsim.effort.search.tables import path_table

    _show(path_table(search))


def print_rungs(search: "Cascades", flags: Mapping[str, str]) -> None:
    """Print what shapes every rung, in the order in which images meet them, and its delay on every hardware."""
    from pivotsim.effort.search.tables import rung_table

    _show(rung_table(search, flags))


def print_boards(search: "Cascades") -> None:
    """Print whether each hardware's design fits its FPGA, and what must be said of it."""
    from pivotsim.effort.search.tables import board_table
    from pivotsim.simulation.reporting.summary import said_lines

    _show(board_table(search))
    names = [mix.efforts[0].report.hardware for mix in search.all_efforts]
    for name, mix in zip(names, search.all_efforts, strict=True):
        for line in said_lines(mix):
            print_line(f"{name}: {line}" if len(names) > 1 else line)


def print_answer(title: str, answer: "Answer") -> None:
    """Print what was found or is nearest, effort by effort, and the mean image."""
    from pivotsim.effort.search.tables import exit_table, mean_table

    print_line()
    print_line(f"{title} on {answer.choice.hardware}: {'found' if answer.met else 'NOT MET'}; {answer.reason}")
    _show(exit_table(answer.choice))
    _show(mean_table(answer.choice))


def print_front(front: "list[Choice]", cost: str, sampling: "Sampling | None") -> None:
    """Print one row per choice of the front."""
    from pivotsim.effort.search.tables import front_table

    remarks = [*([] if front else ["none meets the limits"]), *([] if sampling is None else [str(sampling)])]
    print_line()
    print_line("; ".join([f"front of accuracy over {cost}: {counted(len(front), 'choice')}", *remarks]))
    _show(front_table(front, cost))
