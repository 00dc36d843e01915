"""Options and tables of draws of uncertain constants, for run and front."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pivotsim.cli import options
from pivotsim.cli.output import print_line, print_table
from pivotsim.errors import InputError, got

if TYPE_CHECKING:
    from pivotsim.propagation.front_result import FrontUncertainty
    from pivotsim.propagation.run import Uncertainty

DrawsOption = Annotated[
    int | None,
    typer.Option(
        parser=options.integer("--draws"), metavar="N",
        help="Also draw the constants that have an interval or a range, so often: how far numbers may be off, and why.",
    ),
]  # fmt: skip
SeedOption = Annotated[
    int | None, typer.Option(parser=options.integer("--seed"), metavar="N", help="Of the draws, with --draws [0].")
]


def check_seed(draws: int | None, seed: int | None) -> int:
    """Return the seed of draws, or raise InputError for one without draws, and for draws that cannot be."""
    if draws is None and seed is not None:
        raise InputError(f"--seed: is that of --draws, which is not given {got(seed)}")
    if draws is not None:
        from pivotsim.propagation.sampling import check_draws

        check_draws(draws, seed or 0)
    return seed or 0


def print_drawn(found: "Uncertainty | FrontUncertainty | None") -> None:
    """Print intervals or a front's designs, shares of constants, and what must be said of them."""
    if found is None:
        return
    for table in found.tables():
        print_line()
        if table.title:
            print_line(table.title)
        print_table(table.columns, table.rows, table.right)
        for line in table.closing:
            print_line(line)


def plot_drawn(found: "Uncertainty | FrontUncertainty | None", folder: Path | None) -> list[Path]:
    """Write the pictures of draws where a folder is given, and return their paths."""
    if found is None or folder is None:
        return []
    from pivotsim.plots.exploration.uncertainty import plot_front_uncertainty, plot_uncertainty
    from pivotsim.propagation.run import Uncertainty

    return plot_uncertainty(found, folder) if isinstance(found, Uncertainty) else plot_front_uncertainty(found, folder)
