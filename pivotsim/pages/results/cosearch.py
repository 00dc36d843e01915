"""The page of a search for efforts and thresholds: its answers, its front, and what the efforts cost."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from pivotsim.effort.search.choice import Answer, Choice
from pivotsim.effort.search.co_search import CoSearch
from pivotsim.effort.search.space import Cascades
from pivotsim.effort.search.tables import board_table, exit_table, front_table, mean_table, path_table, rung_table
from pivotsim.pages.charts.efforts import cascade_chart, cascade_data, entropy_chart
from pivotsim.pages.charts.points import front_chart
from pivotsim.pages.page import Chart, Fact, LinkedTable, Page, Section, asked_of, cut
from pivotsim.plots.exploration.effort import LABELS, entropy_data
from pivotsim.simulation.reporting.summary import said_lines
from pivotsim.tables import counted, figures, number, percent


@dataclass(frozen=True)
class SearchResult:
    """A search with what was asked of it.

    Attributes
    ----------
    search : Cascades
        Of ``cosearch`` or ``search_ladder``.
    model : str
        Name of the model.
    answers : mapping of str to Answer
        What was asked for -> what was found.
    front, cost : list of Choice or None, str
        The front of accuracy over a cost, where it was asked for.
    rungs : mapping of str to str
        What shapes each rung of a ladder.
    remarks, notes : tuple of str
        What must be said beside the answers; marks behind them. Those of the search itself are added.
    """

    search: Cascades
    model: str
    answers: Mapping[str, Answer] = field(default_factory=dict)
    front: list[Choice] | None = None
    cost: str = "delay_ms"
    rungs: Mapping[str, str] = field(default_factory=dict)
    remarks: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


def cosearch_page(result: SearchResult) -> Page:
    """Return the page of one search."""
    search = result.search
    boards = [mix.efforts[0].report.hardware for mix in search.all_efforts]
    said = [
        f"{board}: {line}" if len(boards) > 1 else line
        for board, mix in zip(boards, search.all_efforts, strict=True)
        for line in said_lines(mix)
    ]
    unmet = [f"NOT MET: {name}; {answer.reason}" for name, answer in result.answers.items() if not answer.met]
    unfit = [f"{board}: the design does not fit its device" for board, mix in zip(boards, search.all_efforts,
             strict=True) if mix.fits is False]  # fmt: skip
    first = next(iter(search.reports[0].values()))
    choices = [*(answer.choice for answer in result.answers.values()), *(result.front or [])]
    return Page(
        kind="cosearch",
        title=f"Efforts and thresholds of {result.model} on {', '.join(boards)}",
        asked=tuple(asked_of({**first.options, "gate": search.gate, "images": search.outputs.images}).items()),
        facts=tuple(_facts(result)),
        said=tuple(dict.fromkeys((*unmet, *unfit, *result.remarks, *said))),
        sections=tuple(_sections(result)),
        notes=tuple(dict.fromkeys((*search.notes(choices), *result.notes))),
        input_hash=search.input_hash,
    )


def _facts(result: SearchResult) -> Iterator[Fact]:
    for name, answer in result.answers.items():
        choice = answer.choice
        word = "found" if answer.met else "NOT MET"
        efforts = " then ".join(map(str, choice.efforts))
        yield Fact(name, word, "", f"efforts {efforts} on {choice.hardware}", not answer.met)
        yield Fact("delay", figures(choice.delay_ms), "ms", name)
        yield Fact("energy", figures(choice.mix.energy_j), "J", name)
        yield Fact("EDP", figures(choice.mix.edp_j_ms), "J*ms", name)
        yield Fact("accuracy", percent(choice.accuracy_frac), "", name)
    if result.front is not None:
        count = len(result.front)
        yield Fact("front", str(count), "choices", f"of accuracy over {result.cost}", not count)


def _sections(result: SearchResult) -> Iterator[Section]:
    search = result.search
    if result.front:
        yield _front_section(result, result.front)
    for name, answer in result.answers.items():
        choice = answer.choice
        cascade = cascade_chart(cascade_data(choice.mix, tuple(f"effort {e}" for e in choice.efforts)))
        blocks = (Chart("Who leaves where", cascade), exit_table(choice),
                  mean_table(choice), Chart("How sure the first effort is", entropy_chart(entropy_data(search, choice)),
                  "Images left of the threshold leave at the first effort."))  # fmt: skip
        yield Section(f"{name}: {'found' if answer.met else 'NOT MET'}", blocks, f"{answer.reason}.")
    efforts = path_table(search) if isinstance(search, CoSearch) else rung_table(search, result.rungs)
    yield Section("The efforts", (efforts, board_table(search)))


def _front_section(result: SearchResult, front: list[Choice]) -> Section:
    shown = front_table(front, result.cost)
    kept = front[: len(cut(shown).rows)]
    groups = [f"({', '.join(map(str, c.efforts))})" for c in kept]
    if len({c.hardware for c in kept}) > 1:
        groups = [f"{group} on {c.hardware}" for group, c in zip(groups, kept, strict=True)]
    points: dict[str, Sequence[Any]] = {
        "x": [float(c.to_dict()[result.cost]) for c in kept],
        "y": [100 * (c.accuracy_frac or 0.0) for c in kept],
        "group": groups,
        "thresholds": [", ".join(number(t, 4) for t in c.thresholds) or "-" for c in kept],
        "leave": [", ".join(percent(f) for f in c.exits.fractions) for c in kept],
        "delay": [figures(c.delay_ms) for c in kept],
        "energy": [figures(c.mix.energy_j) for c in kept],
    }
    tips = {"efforts": "group", "thresholds": "thresholds", "leave there": "leave", "accuracy, %": "y",
            "delay, ms": "delay", "energy, J": "energy"}  # fmt: skip
    labels = (LABELS[result.cost], "accuracy on these images, %")
    chart = Chart(
        "Front of accuracy over cost", front_chart(points, labels, tips, source="front", is_step=True),
        "Click a point to see its row, or a row to see its point.",
    )  # fmt: skip
    title = f"The front: {counted(len(front), 'choice')} that no other beats"
    return Section(title, (chart, LinkedTable(shown, "front")))
