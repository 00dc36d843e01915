"""Which terms of structures stand in one table: those that depend on the same of the values that vary, or on less."""

from collections.abc import Iterator, Mapping
from typing import NamedTuple

from pivotsim.hardware.resources.structures.axes import Axes


class Depends(NamedTuple):
    """What a term's counts depend on, and how many times a design has it: paths of values, or names of joined ones."""

    counts: tuple[str, ...]
    times: tuple[str, ...] = ()


class Group(NamedTuple):
    """Terms whose counts depend on the same axes; a term alone, where how many times depends on others as well."""

    terms: tuple[str, ...]
    axes: tuple[str, ...]
    times: tuple[str, ...] = ()


def grouped(depends: Mapping[str, Depends], axes: Axes, most: int) -> Iterator[Group]:
    """Yield terms together where a table of ``most`` combinations holds all, else by what their counts depend on."""
    every = axes.varying(axes.paths(name for one in depends.values() for name in (*one.counts, *one.times)))
    if axes.size(every) <= most:
        yield Group(tuple(depends), every)
        return
    merged: dict[tuple[str, ...], list[str]] = {}
    of_counts = {term: axes.varying(one.counts) for term, one in depends.items()}
    for term, counts in sorted(of_counts.items(), key=lambda item: -axes.size(item[1])):
        times = axes.varying(depends[term].times)
        if set(times) <= set(counts):
            home = next((other for other in merged if set(counts) <= set(other) and axes.size(other) <= most), counts)
            merged.setdefault(home, []).append(term)
        else:
            yield Group((term,), counts, times)
    yield from (Group(tuple(terms), counts) for counts, terms in merged.items())
