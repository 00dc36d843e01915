"""The board of PIVOT's paper, and in what another one differs from it."""

from functools import cache

from pivotsim.errors import InputError
from pivotsim.hardware.loading import load_hardware
from pivotsim.hardware.spec import Hardware
from pivotsim.io.search_path import shipped

NAME = "zcu102"
NO_DESIGN = ("kind", "name", "description")  # say which board it is, not what it computes with


@cache
def paper_board() -> Hardware:
    """Return the paper's board from the package's own file, whatever stands in $PIVOTSIM_PATH under its name."""
    path = shipped("hwconfigs", f"{NAME}.yaml")
    if path is None:
        raise InputError(f"hardware: the package's own {NAME}.yaml is missing")
    return load_hardware(path)


def differences(hw: Hardware) -> list[tuple[str, object, object]]:
    """Return (path, value, the paper's value) of all in which a board is not the paper's; None where there is none.

    Names, descriptions and sources do not count: a board with the paper's values is the paper's.
    """
    paper, own = (
        {path: value for path, value, *_ in board.to_rows() if path not in NO_DESIGN} for board in (paper_board(), hw)
    )
    paths = dict.fromkeys((*own, *paper))
    return [(path, own.get(path), paper.get(path)) for path in paths if own.get(path) != paper.get(path)]
