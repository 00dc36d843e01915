"""Tables of a search: efforts or rungs, hardware, what was found, the front."""

from collections.abc import Mapping, Sequence

from pivotsim.effort.search.choice import Choice
from pivotsim.effort.search.co_search import CoSearch
from pivotsim.effort.search.space import Cascades
from pivotsim.simulation.reporting.summary import fits_row
from pivotsim.tables import Table, figures, number, percent


def path_table(search: CoSearch) -> Table:
    """Return the best path of every effort, and its delay on every hardware."""
    boards = [next(iter(reports.values())).hardware for reports in search.reports]
    rows = [
        (
            str(effort), ",".join(map(str, path.active)) or "none", number(path.score, 4),
            *(figures(reports[effort].delay_ms) for reports in search.reports),
        )
        for effort, path in search.paths.items()
    ]  # fmt: skip
    columns = ("effort", "active", "path score", *(f"{name}, ms" for name in boards))
    return Table("", columns, rows, (0, *range(2, 3 + len(boards))))


def rung_table(search: Cascades, flags: Mapping[str, str]) -> Table:
    """Return what shapes every rung, in the order in which images meet them, and its delay on every hardware."""
    boards = [next(iter(reports.values())).hardware for reports in search.reports]
    rows = [
        (str(rung), flags[str(rung)] or "nothing", *(figures(reports[rung].delay_ms) for reports in search.reports))
        for rung in search.efforts
    ]
    return Table("", ("rung", "shaped by", *(f"{name}, ms" for name in boards)), rows, range(2, 2 + len(boards)))


def board_table(search: Cascades) -> Table:
    """Return whether each hardware's design fits its FPGA."""
    rows = [(mix.efforts[0].report.hardware, *fits_row(mix.fit)[1::2]) for mix in search.all_efforts]
    return Table("", ("hardware", "fits", ""), rows)


def exit_table(choice: Choice) -> Table:
    """Return who leaves a cascade where, effort by effort."""
    exits = choice.exits
    correct, incorrect = exits.correct or (None,) * len(exits.counts), exits.incorrect or (None,) * len(exits.counts)
    rows = [
        (str(e), number(th, 4) if th is not None else "-", percent(f), _count(c), _count(w), figures(own.delay_ms))
        for e, th, f, c, w, own in zip(
            choice.efforts, (*choice.thresholds, None), exits.fractions, correct, incorrect, choice.mix.efforts,
            strict=True,
        )
    ]  # fmt: skip
    return Table("", ("effort", "threshold", "leave there", "right", "wrong", "delay, ms"), rows, range(6))


def mean_table(choice: Choice) -> Table:
    """Return accuracy and costs of the mean image."""
    mix = choice.mix
    rows = [
        ("accuracy", percent(choice.accuracy_frac), "of these images"),
        ("delay", figures(mix.delay_ms), "ms"),
        ("energy", figures(mix.energy_j), "J"),
        ("EDP, mean image", figures(mix.edp_j_ms), "J*ms"),
        ("EDP, mean of images", figures(mix.edp_mean_of_images_j_ms), "J*ms"),
        ("EDP, sum of efforts", figures(mix.edp_sum_of_efforts_j_ms), "J*ms"),
    ]
    return Table("", ("mean image", "value", "unit"), rows, (1,))


def front_table(front: Sequence[Choice], cost: str) -> Table:
    """Return one row per choice of the front."""
    columns = ("hardware", "efforts", "thresholds", "leave there", "accuracy", "delay, ms", "energy, J", cost)
    rows = [
        (
            c.hardware, ",".join(map(str, c.efforts)), ", ".join(number(t, 4) for t in c.thresholds) or "-",
            ", ".join(percent(f) for f in c.exits.fractions), percent(c.accuracy_frac), figures(c.delay_ms),
            figures(c.mix.energy_j), figures(c.to_dict()[cost]),
        )
        for c in front
    ]  # fmt: skip
    return Table("", columns, rows, (4, 5, 6, 7))


def _count(count: int | None) -> str:
    return "-" if count is None else f"{count:,}"
