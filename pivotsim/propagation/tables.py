"""Tables and remarks of draws: the constants that were drawn, their shares, and what must be said of them."""

from collections.abc import Iterable, Mapping
from typing import Any

from pivotsim.propagation.constants import Constant
from pivotsim.propagation.costs import RESIDUAL_PATH, power_paths
from pivotsim.propagation.main_effects import LISTED_FRAC
from pivotsim.propagation.sampling import Draws
from pivotsim.tables import Table, counted, figures, percent


def remark_lines(draws: Draws, held: Iterable[str], left_out: Iterable[str], follows: bool) -> Iterable[str]:
    """Yield what must be said of draws, a line each."""
    yield "draws: each constant by itself, whatever a calibration ties together"
    if any(each.kind == "range" for each in draws.constants):
        yield "range: least and most of a source, or an estimate of them; no confidence is stated"
    if follows and any(path in draws for path in power_paths("activity")):
        yield f"{RESIDUAL_PATH}: moves with the other powers, so that the run that it was fitted on keeps its power"
    for text, paths in (
        ("no interval is stated, held at", tuple(held)),
        ("would change clocks, not drawn", tuple(left_out)),
    ):
        if paths:
            yield f"{text}: {', '.join(paths)}"


def rest_of(shares: Mapping[str, float]) -> float:
    """Return the share that no constant alone explains, at least 0."""
    return max(0.0, 1.0 - sum(shares.values())) if any(shares.values()) else 0.0


def constants_to_dict(constants: Iterable[Constant]) -> list[dict[str, Any]]:
    """Return what is drawn as plain numbers and text."""
    return [each._asdict() for each in constants]


def constants_table(
    draws: Draws, shares: Mapping[str, Mapping[str, float]], closing: Iterable[str], floors: Mapping[str, float]
) -> Table:
    """Return the drawn constants, by the largest of their shares, with the share of each outcome's variance.

    ``floors`` are the shares of outcomes that are not told from none, where they are estimated from draws.
    """
    most = {c.path: max(of[c.path] for of in shares.values()) for c in draws.constants}
    shown = {path for name, of in shares.items() for path in of if of[path] > floors.get(name, LISTED_FRAC)}
    floor = max(floors.values(), default=LISTED_FRAC)
    ordered = sorted((c for c in draws.constants if c.path in shown), key=lambda c: -most[c.path])
    others = len(draws.constants) - len(ordered)
    rows: list[tuple[str, ...]] = [
        (
            c.path,
            figures(c.value),
            figures(c.low),
            figures(c.high),
            c.kind,
            *(percent(of[c.path]) for of in shares.values()),
        )
        for c in ordered
    ]
    rows.append(("interactions and the rest", "", "", "", "", *(percent(rest_of(of)) for of in shares.values())))
    told = f"{counted(others, 'constant')} not listed: at most {percent(floor)}"
    told += ", not told from none by these draws" if floors else ""
    columns = ("share of variance explained by", "value", "low", "high", "bounds", *shares)
    return Table("", columns, rows, (1, 2, 3, *range(5, 5 + len(shares))), (*([told] if others else []), *closing))
