"""Objectives that order designs alike, against every pair of designs compared with each other."""

import itertools

import numpy as np
import pytest

from pivotsim.dse.objectives import (
    MAX_CHAIN,
    OTHERWISE,
    USUAL,
    front_objectives,
    note_on_objectives,
    objectives_alike,
    usual_objectives,
)
from pivotsim.dse.space.reading import load_space


def are_alike(a, b):
    """Return whether no two designs are in one order by a and in the other by b, and both vary."""
    pairs = itertools.combinations(zip(a, b, strict=True), 2)
    return len(set(a)) > 1 and len(set(b)) > 1 and all((p[0] - q[0]) * (p[1] - q[1]) >= 0 for p, q in pairs)


def cut(columns, size):
    count = len(next(iter(columns.values())))
    return [{n: np.asarray(c[i : i + size]) for n, c in columns.items()} for i in range(0, count, size)]


@pytest.mark.parametrize("size", [1, 2, 5, 100])
def test_alike_is_what_all_pairs_say(size):
    generator = np.random.default_rng(4)
    seen = set()
    for _ in range(200):
        count = int(generator.integers(1, 7))
        a, b = (generator.integers(0, 4, count).tolist() for _ in "ab")
        if generator.random() < 0.5:
            b = [v * 3 + 1 for v in a]
        expected = are_alike(a, b)
        assert bool(objectives_alike(cut({"a": a, "b": b}, size), ["a", "b"])) == expected, (a, b)
        assert bool(objectives_alike(cut({"a": a, "b": b}, size), ["a", "b"], maximize=["b"])) == are_alike(
            a, [-v for v in b]
        )
        seen.add(expected)
    assert seen == {True, False}


def test_proportional_and_merely_alike():
    ms = np.array([3.0, 1.0, 0.1, 7.7])
    tables = cut({"ms": ms, "j": ms * 7.92 / 1000, "edp": ms**2, "dsp": 1 / ms, "same": ms * 0}, 2)
    found = objectives_alike(tables, ["ms", "j", "edp", "dsp", "same"])
    assert [(pair.first, pair.second, pair.is_proportional) for pair in found] == [
        ("ms", "j", True), ("ms", "edp", False), ("j", "edp", False)
    ]  # fmt: skip
    assert str(found[0]) == "j is proportional to ms" and str(found[1]) == "edp orders the designs as ms does"


def test_rounding_breaks_no_order():
    ms = np.linspace(1, 2, 1000)
    joules = ms * 7.92
    joules[1::2] = np.nextafter(joules[1::2], 0) * (1 - 1e-15)
    assert objectives_alike([{"ms": ms, "j": joules}], ["ms", "j"])[0].is_proportional
    joules[500] *= 0.99
    assert not objectives_alike([{"ms": ms, "j": joules}], ["ms", "j"])


def test_many_designs_are_compared_through_some_of_them():
    ms = np.arange(1.0, 3 * MAX_CHAIN)
    assert objectives_alike(cut({"ms": ms, "j": ms * 2}, 50_000), ["ms", "j"])
    late = ms * 2
    late[-1] = 1.0
    assert not objectives_alike(cut({"ms": ms, "j": late}, 50_000), ["ms", "j"])


def test_which_objectives_a_front_has():
    ms = np.array([1.0, 2.0, 3.0])
    whole = {"delay_ms": ms, "energy_j": 2 * ms, "dsp": np.array([3, 2, 1])}

    def of(columns):
        return lambda names: iter([{name: columns[name] for name in names}])

    said = "energy_j is proportional to delay_ms in all designs: "
    assert front_objectives(of(whole), None) == (list(OTHERWISE), [f"{said}the front is that of delay_ms, dsp"])
    assert front_objectives(of(whole), USUAL) == (list(USUAL), [f"{said}they count as one objective"])
    assert front_objectives(of(whole), ["delay_ms", "dsp"]) == (list(OTHERWISE), [])
    assert front_objectives(of({**whole, "energy_j": 4 - ms}), None) == (list(USUAL), [])
    same = {**whole, "dsp": np.array([5, 5, 5])}  # delay and DSPs choose no more than one design either
    assert front_objectives(of(same), None) == (list(USUAL), [f"{said}they count as one objective"])
    assert front_objectives(of(whole), None, maximize=["energy_j"]) == (list(USUAL), [])


@pytest.mark.parametrize(
    ("axes", "fixed", "usual", "said"),
    [
        ({"array.rows": [16, 32]}, {}, OTHERWISE, "delay_ms, dsp are minimised"),
        ({"array.clock_mhz": [100, 125]}, {}, USUAL, "they count as one"),
        ({"array.rows": [16, 32]}, {"energy": "activity"}, USUAL, ""),
        ({"array.rows": [16, 32], "power.board_w": [5.0, 7.0]}, {}, USUAL, ""),
    ],
)
def test_which_objectives_a_search_has(axes, fixed, usual, said):
    space = load_space({"name": "s", "axes": axes, "fixed": fixed})
    assert usual_objectives(space) == usual
    note = note_on_objectives(space, None)
    assert note.endswith(said) and bool(note) == bool(said)
    asked = note_on_objectives(space, ["delay_ms", "edp_j_ms", "dsp"])
    assert asked.endswith("they count as one") == bool(said)
    assert note_on_objectives(space, ["delay_ms", "dsp"]) == ""
