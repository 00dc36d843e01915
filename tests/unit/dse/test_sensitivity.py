"""First-order shares against the exact decomposition, a slow estimator, and samples of functions that are known."""

import itertools
import math

import numpy as np
import pytest

from pivotsim.dse.dataset import Dataset
from pivotsim.dse.sensitivity import DEPENDENT, SEARCHED, UNFINISHED, shares_of_variance
from pivotsim.dse.space.permutation import SAMPLING, Permutation
from pivotsim.errors import InputError
from tests.oracles.system import variance_shares

A, B, C = (1, 2, 4, 8, 16), ("u", "v", "w"), tuple(range(16))
AXES = {"a": list(A), "b": list(B), "c": list(C)}
POINTS = list(itertools.product(A, B, C))
FUNCTIONS = {
    "additive": lambda a, b, c: 3 * a + 10 * B.index(b) - c,
    "interaction": lambda a, b, c: (1 if a in (2, 4) else -1 if a in (8, 16) else 0) * (B.index(b) - 1) * (2 * c - 15),
    "mixed": lambda a, b, c: a * (c + 1) + 7 * B.index(b) * (a == 16),  # noisier where a is large
    "one axis": lambda a, b, c: c**2,
}


class Rows(Dataset):
    """A dataset of given rows, in tables of a few."""

    def tables(self, columns=None, where=()):
        for start in range(0, len(self.manifest["rows_here"]), 37):
            rows = self.manifest["rows_here"][start : start + 37]
            table = {name: np.array([row[name] for row in rows]) for name in rows[0]}
            kept = np.ones(len(rows), dtype=bool)
            for each in where:
                kept &= each.holds(table, len(rows))
            yield {name: column[kept] for name, column in table.items()}


def dataset(points, y, method="grid", dropped=None, constraints=(), is_done=True):
    rows = [{"point": i, "a": a, "b": b, "c": c, "y": v}
            for i, ((a, b, c), v) in enumerate(zip(points, y, strict=True))]  # fmt: skip
    dropped = dropped or {}
    manifest = {
        "method": method, "sampling": SAMPLING if method == "random" else None, "rows": len(rows), "rows_here": rows,
        "columns": dict.fromkeys(("point", "a", "b", "c", "y"), ""), "dropped": dropped, "done": int(is_done),
        "chunks_total": 1, "space": {"axes": AXES, "constraints": list(constraints)},
        "chunks": {"0": [len(rows), "", dropped]},
    }  # fmt: skip
    return Rows(None, manifest)


def sample(name, count, seed, method="random"):
    """Return (points, results) of different points of the grid, in random order."""
    drawn = [POINTS[i] for i in Permutation(len(POINTS), seed).of(np.arange(count))]
    return dataset(drawn, [FUNCTIONS[name](*point) for point in drawn], method)


def first_order(found):
    return {axis: entry["y"].value for axis, entry in found.first_order.items()}


@pytest.mark.parametrize("name", FUNCTIONS)
def test_a_full_grid_is_decomposed_exactly(name):
    y = [FUNCTIONS[name](*point) for point in POINTS]
    expected = variance_shares.decomposition(POINTS, y)
    assert sum(expected.values()) == 1
    found = shares_of_variance(dataset(POINTS, y), ["y"])
    assert (found.note, found.is_exact) == ("", True)
    for place, share in enumerate(found.first_order.values()):
        assert share["y"].value == pytest.approx(float(expected[place,]), rel=1e-9, abs=1e-12)
        assert share["y"].low == share["y"].high == share["y"].value
    rest = sum(share for axes, share in expected.items() if len(axes) > 1)
    assert found.rest["y"].value == pytest.approx(float(rest), rel=1e-9, abs=1e-12)
    assert sum(first_order(found).values()) + found.rest["y"].value == pytest.approx(1, rel=1e-12)


def test_known_functions():
    """Additive: variances 9 * 29.76 of a, 100 * 2/3 of b, 21.25 of c. A product of centred factors: no first order."""
    y = [FUNCTIONS["additive"](*point) for point in POINTS]
    parts = np.array([9 * np.var(A), 100 * 2 / 3, np.var(C)])
    found = shares_of_variance(dataset(POINTS, y), ["y"])
    assert list(first_order(found).values()) == pytest.approx(list(parts / parts.sum()), rel=1e-12)
    assert found.rest["y"].value == pytest.approx(0, abs=1e-12)
    found = shares_of_variance(dataset(POINTS, [FUNCTIONS["interaction"](*point) for point in POINTS]), ["y"])
    assert first_order(found) == pytest.approx({"a": 0, "b": 0, "c": 0}, abs=1e-12)
    assert found.rest["y"].value == pytest.approx(1, rel=1e-12)


@pytest.mark.parametrize("method", ["grid", "random"])
def test_of_what_never_changes_nothing_is_a_share(method):
    found = shares_of_variance(dataset(POINTS[:200], [0.1] * 200, method), ["y"])
    assert {entry["y"] for entry in found.first_order.values()} == {None}
    assert (found.rest or {"y": None})["y"] is None


@pytest.mark.parametrize("count", [40, 120, 239])
@pytest.mark.parametrize("name", FUNCTIONS)
def test_a_sample_is_the_slow_estimate(name, count):
    data = sample(name, count, seed=3)
    found, rows = shares_of_variance(data, ["y"]), data.manifest["rows_here"]
    y = [row["y"] for row in rows]
    levels = min(len(C), count // 5)  # of c; neighbours are one level where designs are few
    begins = [i * len(C) // levels for i in range(levels)]
    expected = {"a": [row["a"] for row in rows], "b": [row["b"] for row in rows],
                "c": [sum(row["c"] >= begin for begin in begins) for row in rows]}  # fmt: skip
    total = 0.0
    for axis, column in expected.items():
        own = variance_shares.estimated(column, y, drawn=count / 240)
        assert first_order(found)[axis] == pytest.approx(min(1, max(0, own)), rel=1e-9, abs=1e-12)
        total += own
    assert found.rest["y"].value == pytest.approx(min(1, max(0, 1 - total)), rel=1e-9, abs=1e-12)
    assert (found.note, found.is_exact) == ("", False)
    sobol = shares_of_variance(sample(name, count, 3, "sobol"), ["y"])
    for axis, column in expected.items():
        own = variance_shares.estimated(column, y)
        assert first_order(sobol)[axis] == pytest.approx(min(1, max(0, own)), rel=1e-9, abs=1e-12)


def test_a_sample_of_the_whole_space_is_exact():
    y = [FUNCTIONS["mixed"](*point) for point in POINTS]
    assert first_order(shares_of_variance(sample("mixed", 240, 1), ["y"])) == pytest.approx(
        first_order(shares_of_variance(dataset(POINTS, y), ["y"])), rel=1e-12
    )


@pytest.mark.parametrize("name", ["additive", "mixed"])
def test_samples_are_unbiased_and_their_intervals_hold(name):
    """Two hundred samples of 100 designs of 240: the mean within four of its deviations, 90 % of intervals at least.

    The share of variance between levels itself, uncorrected, is beyond that, and sums to more than 1 here.
    """
    y = [FUNCTIONS[name](*point) for point in POINTS]
    exact = {"abc"[axes[0]]: float(s) for axes, s in variance_shares.decomposition(POINTS, y).items() if len(axes) == 1}
    exact["rest"] = 1 - sum(exact.values())
    held, values, raw = dict.fromkeys(exact, 0), {key: [] for key in exact}, []
    for seed in range(200):
        found = shares_of_variance(sample(name, 100, seed), ["y"])
        shares = {**{axis: entry["y"] for axis, entry in found.first_order.items()}, "rest": found.rest["y"]}
        for key, share in shares.items():
            values[key].append(share.value)
            held[key] += share.low - 1e-9 <= exact[key] <= share.high + 1e-9
        rows = sample(name, 100, seed).manifest["rows_here"]
        raw.append(variance_shares.estimated([row["c"] for row in rows], [row["y"] for row in rows], drawn=1.0))
    for key in ("a", "b", "c"):
        error = np.std(values[key]) / math.sqrt(200)
        if min(values[key]) > 0:  # what is cut off at 0 has another mean
            assert abs(np.mean(values[key]) - exact[key]) < 4 * error, key
    assert min(held.values()) >= 180, held
    assert np.mean(raw) - exact["c"] > 10 * np.std(raw) / math.sqrt(200)


def test_few_designs_do_not_add_up_to_more_than_there_is():
    """Three hundred designs and 128 values: uncorrected, the axis alone would explain two fifths of noise."""
    generator = np.random.default_rng(1)
    axes = {"a": list(range(128)), "b": ["u", "v"], "c": list(range(128))}
    points = list(zip(generator.integers(0, 128, 300).tolist(), generator.choice(["u", "v"], 300).tolist(),
                      generator.integers(0, 128, 300).tolist(), strict=True))  # fmt: skip
    data = dataset(points, generator.normal(size=300).tolist(), "random")
    data.manifest["space"]["axes"] = axes
    found = shares_of_variance(data, ["y"])
    assert sum(first_order(found).values()) < 0.2 and found.rest["y"].high == 1
    assert all(entry["y"].low == 0 for entry in found.first_order.values())


NOTES = [
    ("grid", {}, [], [], ""),
    ("grid", {"a <= c": 1}, ["a <= c"], [], DEPENDENT),
    ("grid", {}, [], ["a != 2"], ""),
    ("grid", {}, [], ["a <= c"], DEPENDENT),
    ("grid", {}, [], ["y >= 0"], DEPENDENT),
    ("random", {}, [], [], ""),
    ("random", {"a <= 8": 30}, ["a <= 8"], [], ""),
    ("random", {"a <= c": 30}, ["a <= c"], [], DEPENDENT),
    ("random", {"repeats another point": 30}, [], [], DEPENDENT),
    ("random", {}, [], ["a != 2"], ""),
    ("random", {}, [], ["y >= 0"], DEPENDENT),
    ("optuna", {}, [], [], SEARCHED),
]


@pytest.mark.parametrize(("method", "dropped", "constraints", "where", "note"), NOTES)
def test_what_is_said_of_shares(method, dropped, constraints, where, note):
    points = POINTS if method == "grid" else POINTS[:200]
    points = [p for p in points if "a <= c" not in dropped or p[0] <= p[2]]
    y = [FUNCTIONS["mixed"](*p) - 40 for p in points]
    found = shares_of_variance(dataset(points, y, method, dropped, constraints), ["y"], where=where)
    assert found.note == note and (found.rest is None) == bool(note)


def test_a_grid_that_is_not_finished():
    found = shares_of_variance(dataset(POINTS[:60], range(60), is_done=False), ["y"])
    assert (found.note, found.rest) == (UNFINISHED, None)


def test_what_is_wrong():
    data = dataset(POINTS, range(240))
    for arguments, message in (((["z"], ()), "objectives: no column"), ((["y"], ["a > 99"]), "no row is left")):
        with pytest.raises(InputError, match=message):
            shares_of_variance(data, arguments[0], where=arguments[1])
