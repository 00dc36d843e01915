"""The page of a sweep's front: its designs as points and rows, what they were chosen from, what the axes explain."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from pivotsim.dse.dataset import Dataset
from pivotsim.dse.front_tables import front_table, share_table
from pivotsim.dse.fronts import front_rows, knee_place
from pivotsim.dse.objectives import front_objectives
from pivotsim.dse.sensitivity import Sensitivity, shares_of_variance
from pivotsim.pages.charts.bars import plain_bars
from pivotsim.pages.charts.points import front_chart
from pivotsim.pages.page import MOST_ROWS, Chart, Fact, LinkedTable, Page, Section
from pivotsim.simulation.results import hash_of
from pivotsim.tables import counted, figures

MOST_OTHERS = 1500  # designs beside the front that are drawn
WORDS = {"delay_ms": "delay", "energy_j": "energy", "edp_j_ms": "EDP", "dsp": "DSPs", "bram36": "block RAMs"}


@dataclass(frozen=True)
class SweepFront:
    """A front of a sweep's designs, with what the command ``front`` finds of it.

    Attributes
    ----------
    dataset : Dataset
    objectives, maximize, where : sequence of str
        As in ``front_rows``.
    rows : mapping of str to ndarray
        The front's columns.
    knee : int
        Place of its knee.
    shares : Sensitivity
        What the axes explain.
    remarks, notes : tuple of str
    hypervolume : mapping or None
        ``value`` and ``reference``, where there are two or three objectives.
    """

    dataset: Dataset
    objectives: Sequence[str]
    maximize: Sequence[str]
    where: Sequence[str]
    rows: Mapping[str, Any]
    knee: int
    shares: Sensitivity
    remarks: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    hypervolume: Mapping[str, Any] | None = field(default=None)

    @classmethod
    def of(
        cls, dataset: Dataset, objectives: Sequence[str] | None = None, *, maximize: Sequence[str] = (),
        where: Sequence[str] = (),
    ) -> "SweepFront":  # fmt: skip
        """Return the front of a sweep's dataset; without objectives, of delay and energy or what stands in for it."""
        filters = dataset.filters(where)
        names, alike = front_objectives(
            lambda columns: dataset.tables(columns, filters), objectives, maximize=list(maximize)
        )
        rows = front_rows(dataset, names, maximize=maximize, where=where)
        shares = shares_of_variance(dataset, names, where=where)
        notes = (*dataset.manifest.get("notes", []), *alike)
        return cls(dataset, names, maximize, where, rows, knee_place(rows, names, maximize=maximize), shares,
                   notes=notes)  # fmt: skip


def front_page(result: SweepFront) -> Page:
    """Return the page of one front."""
    dataset, count = result.dataset, len(result.rows["point"])
    names = [f"{name} (maximised)" if name in result.maximize else name for name in result.objectives]
    space = str(dataset.manifest["space"].get("name", dataset.folder.name))
    asked = {"folder": str(dataset.folder), "objectives": ", ".join(names), "where": "; ".join(result.where)}
    said = [*result.remarks]
    if not dataset.is_complete:
        said.append(f"the sweep is not finished: {dataset.manifest['done']} of {dataset.manifest['chunks_total']} "
                    "chunks")  # fmt: skip
    return Page(
        kind="front",
        title=f"Front of {' and '.join(names)}: space {space}",
        asked=tuple((name, value) for name, value in asked.items() if value),
        facts=(Fact("on the front", f"{count:,}", "designs" if count > 1 else "design"), *_knee_facts(result)),
        said=tuple(said),
        sections=tuple(_sections(result)),
        notes=result.notes,
        input_hash=hash_of((dict(dataset.manifest["chunks"]), asked)),
    )


def _knee_facts(result: SweepFront) -> Iterator[Fact]:
    for name in result.objectives:
        value, unit = result.rows[name][result.knee].item(), result.dataset.units.get(name, "")
        yield Fact(f"{WORDS.get(name, name)} at the knee", figures(value), unit)
    if not result.rows["fits"][result.knee]:
        yield Fact("fits", "NO", "", "the knee does not fit its device", True)
    for axis in result.dataset.axes:
        value = result.rows[axis][result.knee].item()
        yield Fact(axis, f"{value:.12g}" if isinstance(value, float) else str(value), "", "at the knee")
    if result.hypervolume is not None:
        reference = ", ".join(f"{name} {figures(v)}" for name, v in result.hypervolume["reference"].items())
        yield Fact("hypervolume", figures(result.hypervolume["value"], 5), "", f"up to {reference}")


def other_points(result: SweepFront, most: int = MOST_OTHERS) -> tuple[Any, Any, int]:
    """Return the first two objectives of designs that meet ``where``, evenly drawn, and how many designs there are."""
    x, y = (*result.objectives, result.objectives[0])[:2]
    parts = list(result.dataset.tables([x, y], result.dataset.filters(result.where)))
    columns = [np.concatenate([np.asarray(part[name], dtype=float) for part in parts]) for name in (x, y)]
    count = len(columns[0])
    step = max(1, -(-count // most))
    return columns[0][::step], columns[1][::step], count


def _sections(result: SweepFront) -> Iterator[Section]:
    rows, dataset, names = result.rows, result.dataset, list(result.objectives)
    count = len(rows["point"])
    shown = np.unique(np.append(np.linspace(0, count - 1, min(count, MOST_ROWS)).astype(int), result.knee)).tolist()
    shown = shown[:MOST_ROWS]
    table = front_table(rows, dataset.axes, names, result.knee, shown)
    if len(shown) < count:
        table = table._replace(closing=(*table.closing, f"{len(shown):,} of {count:,} designs; --json has all"))
    x, y = (*names, names[0])[:2]
    points: dict[str, Any] = {"x": rows[x][shown].astype(float).tolist(), "y": rows[y][shown].astype(float).tolist()}
    tips = {}
    for place, name in enumerate(dict.fromkeys([*names, *dataset.axes, "point"])):
        points[f"c{place}"] = rows[name][shown].tolist()
        tips[_label(name, dataset)] = f"c{place}"
    colour = f"c{names.index(names[2])}" if len(names) > 2 else ""
    xs, ys, designs = other_points(result)
    chart = Chart(
        "Front", front_chart(
            points, (_label(x, dataset), _label(y, dataset)), tips, source="front", others=(xs.tolist(), ys.tolist()),
            knee=shown.index(result.knee), is_step=True, colour=colour,
        ),
        f"Click a point to see its row, or a row to see its point. Grey: {counted(len(xs), 'design')} of the "
        f"{designs:,} that {'meet the conditions' if result.where else 'were stored'}"
        + (f"; colour: {_label(names[2], dataset)}." if colour else "."),
    )  # fmt: skip
    yield Section("The front", (chart, LinkedTable(table, "front")))
    yield _share_section(result)
    stated = [(axis, str(value)) for axis, value in dataset.manifest["space"]["axes"].items()]
    if stated:
        from pivotsim.tables import Table

        yield Section("The space", (Table("", ("axis", "values"), stated),), is_open=False)


def _share_section(result: SweepFront) -> Section:
    """Return what each axis explains of the first objective, drawn, and of all of them, listed."""
    first, rest = result.objectives[0], result.shares.rest
    bars = [(axis, 100 * share.value) for axis, entry in result.shares.first_order.items() if (share := entry[first])]
    bars += [("interactions and the rest", 100 * share.value)] if rest and (share := rest[first]) else []
    table = share_table(result.shares, list(result.objectives))
    if not bars:
        return Section("What the axes explain", (table,))
    chart = Chart(f"Share of the variance of {first}", plain_bars(bars, f"share of the variance of {first}, %", "%"))
    return Section("What the axes explain", (chart, table))


def _label(name: str, dataset: Dataset) -> str:
    unit = dataset.units.get(name, "")
    word = WORDS.get(name, name)
    return f"{word}, {unit}" if unit else word
