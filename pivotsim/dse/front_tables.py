"""Tables of a front: its designs, and the share of each objective's variance that each axis explains."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from pivotsim.dse.sensitivity import Sensitivity, Share
from pivotsim.tables import Table, figures, percent

MOST_IN_ALL = 1.05  # of shares, by chance
TOO_FEW = "designs are too few: shares sum to more than the whole; intervals hold the true ones in 95 % of samples"
DOES_NOT_FIT = "the knee does not fit its device; --where fits keeps the designs that do"
EXTRAPOLATED = "whether the knee fits is decided by counts that are extrapolated: larger than any that was synthesised"


def front_table(
    front: Mapping[str, Any],
    axes: Sequence[str],
    objectives: Sequence[str],
    knee: int,
    places: Iterable[int] | None = None,
) -> Table:
    """Return the designs of a front, all or those at ``places``, values of axes as they were stated.

    Points come first, which a wide table repeats in each of its parts, then the objectives, axes, and all others.
    """
    shown = range(len(front["point"])) if places is None else places
    names = [name for name in dict.fromkeys([*objectives, *axes, *front]) if name != "point"]
    rows = [
        (_text(front["point"][i], False), "knee" if i == knee else "", *(_text(front[n][i], n in axes) for n in names))
        for i in shown
    ]
    closing = () if front["fits"][knee] else (DOES_NOT_FIT,)
    if "fits_extrapolated" in front and front["fits_extrapolated"][knee]:  # sweeps of before have no such column
        closing = (*closing, EXTRAPOLATED)
    return Table("", ("point", "", *names), rows, (0, *range(2, len(names) + 2)), closing)


def share_table(shares: Sensitivity, names: Sequence[str]) -> Table:
    """Return what each axis alone explains of each objective, in percent."""
    rows = [(axis, *(_percents(entry[name]) for name in names)) for axis, entry in shares.first_order.items()]
    if shares.rest is not None:
        rows.append(("interactions and the rest", *(_percents(shares.rest[name]) for name in names)))
    columns = ("share of variance explained by", *names)
    if shares.note:
        return Table("", columns, rows, range(1, len(names) + 1), (shares.note,))
    totals = (sum(share.value for entry in shares.first_order.values() if (share := entry[n])) for n in names)
    closing = (TOO_FEW,) if any(total > MOST_IN_ALL for total in totals) else ()
    return Table("", columns, rows, range(1, len(names) + 1), closing)


def _percents(share: Share | None) -> str:
    """Return a share in percent, with its interval where it is an estimate."""
    if share is None or share.low == share.high:
        return percent(share and share.value)
    return f"{percent(share.value)} ({100 * share.low:.1f} to {100 * share.high:.1f})"


def _text(value: Any, is_axis: bool) -> str:
    plain = value.item()
    if isinstance(plain, bool):
        return "true" if plain else "false"
    if isinstance(plain, float) and is_axis:
        return f"{plain:.12g}"  # as it was stated
    return figures(plain, 5) if isinstance(plain, (int, float)) else str(plain)
