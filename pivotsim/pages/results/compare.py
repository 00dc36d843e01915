"""The page of a comparison: options that differ first, then totals and modules, each beside the first result's."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from pivotsim.errors import InputError
from pivotsim.pages.charts.bars import paired_bars
from pivotsim.pages.page import Chart, Fact, Page, Section
from pivotsim.simulation.comparison import Comparison, compare, identity
from pivotsim.simulation.results import hash_of
from pivotsim.tables import Table, number

PLACES = {"totals": 4, "modules": 2}


def compare_page(results: Sequence[Any]) -> Page:
    """Return the page of two or more results of ``run`` or ``combine``, called A, B, ...; A is what they differ from.

    Raises
    ------
    InputError
        There is one result alone, or one is none of these.
    """
    if len(results) < 2:
        raise InputError(f"compare: needs two results or more (got {len(results)})")
    plain = [result.to_dict() if hasattr(result, "to_dict") else result for result in results]
    names = [chr(ord("A") + place) if place < 26 else str(place + 1) for place in range(len(plain))]
    tables = {name: compare(plain[0], other) for name, other in zip(names[1:], plain[1:], strict=True)}
    who = {name: identity(result) for name, result in zip(names, plain, strict=True)}
    workloads = dict.fromkeys(said.get("workload", "?") for said in who.values())
    differing = tuple(
        f"{name} was asked differently from A, so totals compare different things: {', '.join(d.name for d in asked)}"
        for name, table in tables.items()
        if (asked := table["options"])
    )
    unfit = tuple(f"{name}: the design does not fit its device" for name, said in who.items() if "fits" in said)
    return Page(
        kind="compare",
        title=" and ".join(workloads) if len(workloads) > 1 else f"{next(iter(workloads))}, {len(names)} results",
        asked=tuple((name, ", ".join((said.get("workload", "?"), said.get("hardware", "?")))) for name, said in
                    who.items()),
        facts=tuple(_facts(tables)),
        said=(*unfit, *differing),
        sections=tuple(_sections(who, tables, plain)),
        input_hash=hash_of(plain),
    )  # fmt: skip


def _facts(tables: Mapping[str, Comparison]) -> Iterator[Fact]:
    for name, table in tables.items():
        for delta in table["totals"]:
            quantity, _, unit = delta.name.partition("_")
            ratio = "-" if delta.ratio is None else f"{number(delta.ratio, 3)}x"
            shown = {"edp": "EDP", "fps": "FPS/W"}.get(quantity, quantity)
            unit = {"j_ms": "J*ms", "j": "J", "per_watt": "1/J"}.get(unit, unit)
            yield Fact(f"{shown}, {name} over A", ratio, "", f"{number(delta.b, 4)} and {number(delta.a, 4)} {unit}")


def _sections(
    who: Mapping[str, Mapping[str, str]], tables: Mapping[str, Comparison], results: Sequence[Mapping[str, Any]]
) -> Iterator[Section]:
    options = [(name, d.name, d.a or "-", d.b or "-") for name, table in tables.items() for d in table["options"]]
    empty = ("options: the same",)
    differ = Table("", ("result", "option", "in A", "in it"), options, (), () if options else empty)
    yield Section("What was asked differently", (differ,))
    modules = list(dict.fromkeys(m for result in results for m in result["breakdown"]))
    delays = {
        name: [float(result["breakdown"].get(m, {"delay_ms": 0.0})["delay_ms"]) for m in modules]
        for name, result in zip(who, results, strict=True)
    }
    chart = Chart("Delay by module", paired_bars(modules, delays, "ms"), "A bar for each result, A on top.")
    yield Section("Where they differ", (chart, *(_deltas(f"{n} and A, ms", "modules", t) for n, t in tables.items())))
    yield Section("Totals", tuple(_deltas(f"{n} and A", "totals", t) for n, t in tables.items()))
    said = [(name, key, value) for name, each in who.items() for key, value in each.items()]
    yield Section("Each result", (Table("", ("result", "", "value"), said),), is_open=False)


def _deltas(title: str, part: str, table: Comparison) -> Table:
    places, name = PLACES[part], title.partition(" ")[0]
    rows = [
        (d.name, number(d.a, places), number(d.b, places), f"{d.delta:+,.{places}f}", number(d.ratio, 3))
        for d in table[part]  # type: ignore[literal-required]
    ]
    return Table(title, (part[:-1], "A", name, f"{name} - A", f"{name} / A"), rows, (1, 2, 3, 4))
