"""Tables of the command cosearch."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from pivotsim.cli.output import print_line, print_table
from pivotsim.tables import counted, figures, number, percent

if TYPE_CHECKING:
    from pivotsim.effort.search.choice import Answer, Choice
    from pivotsim.effort.search.co_search import CoSearch
    from pivotsim.effort.search.space import Cascades
    from pivotsim.effort.search.threshold_grid import Sampling


def print_paths(search: "CoSearch") -> None:
    """Print the best path of every effort, and its delay on every hardware."""
    boards = [next(iter(reports.values())).hardware for reports in search.reports]
    print_line()
    print_table(
        ("effort", "active", "path score", *(f"{name}, ms" for name in boards)),
        [
            (
                str(effort), ",".join(map(str, path.active)) or "none", number(path.score, 4),
                *(figures(reports[effort].delay_ms) for reports in search.reports),
            )
            for effort, path in search.paths.items()
        ],
        right=(0, *range(2, 3 + len(boards))),
    )  # fmt: skip


def print_rungs(search: "Cascades", flags: Mapping[str, str]) -> None:
    """Print what shapes every rung, in the order in which images meet them, and its delay on every hardware."""
    boards = [next(iter(reports.values())).hardware for reports in search.reports]
    print_line()
    print_table(
        ("rung", "shaped by", *(f"{name}, ms" for name in boards)),
        [
            (str(rung), flags[str(rung)] or "nothing", *(figures(reports[rung].delay_ms) for reports in search.reports))
            for rung in search.efforts
        ],
        right=range(2, 2 + len(boards)),
    )


def print_boards(search: "Cascades") -> None:
    """Print whether each hardware's design fits its FPGA, and what must be said of it."""
    from pivotsim.simulation.reporting.summary import fits_row, said_lines

    names = [mix.efforts[0].report.hardware for mix in search.all_efforts]
    print_line()
    rows = [(name, *fits_row(mix.fit)[1::2]) for name, mix in zip(names, search.all_efforts, strict=True)]
    print_table(("hardware", "fits", ""), rows)
    for name, mix in zip(names, search.all_efforts, strict=True):
        for line in said_lines(mix):
            print_line(f"{name}: {line}" if len(names) > 1 else line)


def print_answer(title: str, answer: "Answer") -> None:
    """Print what was found or is nearest, effort by effort, and the mean image."""
    choice, mix = answer.choice, answer.choice.mix
    print_line()
    print_line(f"{title} on {choice.hardware}: {'found' if answer.met else 'NOT MET'}; {answer.reason}")
    print_line()
    exits = choice.exits
    correct, incorrect = exits.correct or (None,) * len(exits.counts), exits.incorrect or (None,) * len(exits.counts)
    print_table(
        ("effort", "threshold", "leave there", "right", "wrong", "delay, ms"),
        [
            (str(e), number(th, 4) if th is not None else "-", percent(f), _count(c), _count(w), figures(own.delay_ms))
            for e, th, f, c, w, own in zip(
                choice.efforts,
                (*choice.thresholds, None),
                exits.fractions,
                correct,
                incorrect,
                mix.efforts,
                strict=True,
            )
        ],
        right=(0, 1, 2, 3, 4, 5),
    )
    print_line()
    print_table(
        ("mean image", "value", "unit"),
        [
            ("accuracy", percent(choice.accuracy_frac), "of these images"),
            ("delay", figures(mix.delay_ms), "ms"),
            ("energy", figures(mix.energy_j), "J"),
            ("EDP, mean image", figures(mix.edp_j_ms), "J*ms"),
            ("EDP, mean of images", figures(mix.edp_mean_of_images_j_ms), "J*ms"),
            ("EDP, sum of efforts", figures(mix.edp_sum_of_efforts_j_ms), "J*ms"),
        ],
        right=(1,),
    )


def _count(count: int | None) -> str:
    return "-" if count is None else f"{count:,}"


def print_front(front: "list[Choice]", cost: str, sampling: "Sampling | None") -> None:
    """Print one row per choice of the front."""
    remarks = [*([] if front else ["none meets the limits"]), *([] if sampling is None else [str(sampling)])]
    print_line()
    print_line("; ".join([f"front of accuracy over {cost}: {counted(len(front), 'choice')}", *remarks]))
    print_line()
    columns = ("hardware", "efforts", "thresholds", "leave there", "accuracy", "delay, ms", "energy, J", cost)
    rows = [
        (
            c.hardware, ",".join(map(str, c.efforts)), ", ".join(number(t, 4) for t in c.thresholds) or "-",
            ", ".join(percent(f) for f in c.exits.fractions), percent(c.accuracy_frac), figures(c.delay_ms),
            figures(c.mix.energy_j), figures(c.to_dict()[cost]),
        )
        for c in front
    ]  # fmt: skip
    print_table(columns, rows, right=(4, 5, 6, 7))
