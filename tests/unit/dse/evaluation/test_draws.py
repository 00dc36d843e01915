"""Samples have as many different admitted designs as were asked for, against the whole grid walked point by point."""

import pytest

import pivotsim as ps
from pivotsim.dse.evaluation.draws import DRAWS_PER_SAMPLE, draws_for
from pivotsim.dse.space.reading import load_space
from pivotsim.errors import InputError

AXES = {"array.dataflow": ["is", "os"], "array.os_edge_register": [True, False],
        "array.rows": list(range(8, 136, 8)), "array.cols": list(range(8, 136, 8))}  # fmt: skip
SPACES = {
    "free": {"axes": AXES},
    "axes": {"axes": AXES, "constraints": ["array.rows >= array.cols"]},
    "resources": {"axes": AXES, "constraints": ["dsp <= 2520", "bram36 <= 912"]},
    "conditions": {"axes": AXES, "conditions": {"array.os_edge_register": "array.dataflow == 'os'"}},
    "all": {"axes": AXES, "conditions": {"array.os_edge_register": "array.dataflow == 'os'"},
            "constraints": ["array.rows >= array.cols", "dsp <= 2520"]},
}  # fmt: skip


def designs_in(table):
    return list(zip(*(table[name].tolist() for name in AXES), strict=True))


@pytest.mark.parametrize("name", SPACES)
def test_so_many_different_admitted_designs(name):
    space = {"name": name, **SPACES[name]}
    admitted = set(designs_in(ps.explore(space)))
    for samples, seed in ((1, 0), (7, 1), (100, 2), (len(admitted) - 1, 3)):
        drawn = designs_in(ps.explore(space, method="random", samples=samples, seed=seed))
        assert len(drawn) == len(set(drawn)) == samples
        assert set(drawn) <= admitted
    assert designs_in(ps.explore(space, method="random", samples=100, seed=2)) != designs_in(
        ps.explore(space, method="random", samples=100, seed=4)
    )


@pytest.mark.parametrize("name", SPACES)
def test_a_smaller_sample_begins_a_larger_one(name):
    space = {"name": name, **SPACES[name]}
    few, many = (designs_in(ps.explore(space, method="random", samples=n, seed=5)) for n in (20, 60))
    assert many[:20] == few


@pytest.mark.parametrize(
    ("name", "more", "note"),
    [
        ("free", 1, "samples: the space has 1,024 points: all are taken, not 1,025"),
        ("free", 0, ""),
        ("axes", 1, "samples: the space has 1,024 points, 544 by its rules: all are taken, not 545"),
        ("axes", 0, ""),
    ],
)
def test_a_sample_as_large_as_the_space_is_the_space(name, more, note):
    space = {"name": name, **SPACES[name]}
    whole = ps.explore(space)
    table = ps.explore(space, method="random", samples=len(whole["point"]) + more)
    assert designs_in(table) == designs_in(whole)
    assert [n for n in table.notes if n.startswith("samples")] == ([note] if note else [])


def test_at_most_fifty_draws_a_design():
    values = list(range(1, 2001))  # one point in 2,000 is admitted, and the pairs are too many to count
    space = load_space({"name": "rare", "axes": {"array.rows": values, "array.cols": values},
                        "constraints": ["array.rows == array.cols"]})  # fmt: skip
    drawn = draws_for(space, "random", 100, seed=1)
    table = ps.explore(space, method="random", samples=100, seed=1)
    found = len(table["point"])
    assert drawn.points == 100 * DRAWS_PER_SAMPLE and 0 < found < 20  # 2.5 of them by expectation
    assert table["array.rows"].tolist() == table["array.cols"].tolist()
    note = f"samples: {found} of 100 found in 5,000 draws, the rules leave out the rest"
    assert drawn.note == note and note in table.notes
    with pytest.raises(InputError, match="space: none of 50 points that were drawn meets the rules; loosen them"):
        draws_for(space, "random", 1, seed=1)


def test_other_methods_draw_what_they_say():
    space = load_space({"name": "free", "axes": AXES})
    assert draws_for(space, "grid") == ("grid", None, None, "")
    assert draws_for(space, "sobol", 2000) == ("sobol", 2000, None, "")
