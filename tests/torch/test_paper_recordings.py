"""Recordings of trainings: equal delays, figures by seed, and differences that follow from the recorded rows."""

import csv

import pytest

import pivotsim as ps
from tests.torch.small import REASON

torch = pytest.importorskip("torch", reason=REASON)
pytest.importorskip("sklearn", reason="scikit-learn is not installed; make test-torch brings it")
from tests.recordings import early_cut, simultaneous_pruning
from tests.recordings.digits import start
from tests.recordings.paired import paired_difference
from tests.recordings.recording import OUT, ROOT
from tests.recordings.seeds import SEEDS, values_by_seed

MOST_APART = 0.01  # of the progressive delay


def test_cuts_are_as_fast_as_progressive_pruning():
    found = list(early_cut.reductions())
    assert [one.method for one in found] == ["progressive", "cut_1", "cut_2"] * len(early_cut.KEEP_RATES)
    whole = ps.simulate(ps.plan(early_cut.MODEL), early_cut.BOARD).delay_ms
    progressive = {one.delay_of: ps.simulate(one.plan, early_cut.BOARD).delay_ms for one in found[::3]}
    for one in found:
        delay = ps.simulate(one.plan, early_cut.BOARD).delay_ms
        assert delay < whole and abs(delay / progressive[one.delay_of] - 1) < MOST_APART
        vit = one.on(start(0))
        assert vit.forward_features(torch.zeros(1, 1, 8, 8)).shape[1] == one.plan.encoders[-1].mlp_tokens


def test_untrained_masks_reach_every_machine():
    vit, heads = simultaneous_pruning.pruned("no_training", start(0), start(0), 0, 0.3, 0.5)
    whole = simultaneous_pruning.cycles_of(ps.prune_tokens(ps.plan(simultaneous_pruning.MODEL), "tdm", keep_rate=0.5,
                                                           encoders=simultaneous_pruning.ENCODERS))  # fmt: skip
    found = simultaneous_pruning.cycles_of(simultaneous_pruning.plan_of(vit, 0.5))
    assert heads == 0 and set(found) == {"array", "memories", "mpca"}
    assert all(found[name] < whole[name] for name in found)


def test_values_are_the_means_of_each_seed_in_its_order():
    rows = [{"seed": s, "kind": k, "x": float(10 * s + k)} for s in (2, 0, 1) for k in (0, 1, 2)]
    assert values_by_seed(rows, "x", {"kind": 1}) == [1.0, 11.0, 21.0]
    assert values_by_seed(rows, "x", {}) == [1.0, 11.0, 21.0]
    assert values_by_seed(rows, "x", {"kind": 2}) == [2.0, 12.0, 22.0]


NUMBERS = {"seed": int, "trained": int, "density": float, "keep_rate": float}
PAGE = (ROOT / "docs" / "training.md").read_text()


def table(name):
    with (OUT / name).open() as file:
        return list(csv.DictReader(line for line in file if not line.startswith("#")))


def rows_of_recording(module):
    return [
        {k: NUMBERS.get(k, float if k.endswith(("_frac", "_cycles", "_heads")) else str)(v) for k, v in row.items()}
        for row in table(f"{module.NAME}.csv")
    ]


@pytest.mark.parametrize("module", [simultaneous_pruning, early_cut])
def test_recorded_differences_follow_from_the_recorded_rows(module):
    rows = rows_of_recording(module)
    assert {row["seed"] for row in rows} == set(SEEDS) == set(range(10))
    wanted = [list(row.values()) for row in table(f"{module.NAME}_differences.csv")]
    assert module.differences(rows) == wanted


def points(rows, of, to):
    """A paired difference in points with its interval, as the page prints it."""
    found = paired_difference(*(values_by_seed(rows, figure, where) for figure, where in (of, to)))
    return f"{100 * found.mean:+.2f} [{100 * found.low:+.2f}, {100 * found.high:+.2f}]"


def mean_of(rows, figure, where):
    values = values_by_seed(rows, figure, where)
    return sum(values) / len(values)


def early_cut_table(rows):
    """The lines of the page's table."""
    for one in early_cut.reductions():
        where = [{"delay_of": one.delay_of, "method": one.method, "trained": trained} for trained in (0, 1)]
        means = [f"{100 * mean_of(rows, 'accuracy_frac', each):.2f}" for each in where]
        other = [{**each, "method": "progressive"} for each in where]
        against = [
            "" if one.method == "progressive" else points(rows, ("accuracy_frac", a), ("accuracy_frac", b))
            for a, b in zip(where, other, strict=True)
        ]
        paper, full = early_cut.delays_ms(one.plan)
        text = "progressive" if one.method == "progressive" else f"cut in encoder {one.values['encoder']}"
        tokens = ", ".join(str(e.mlp_tokens) for e in one.plan.encoders)
        gain = points(rows, ("accuracy_frac", where[1]), ("accuracy_frac", where[0]))
        yield f"| {text} | {tokens} | {paper:.4f} | {full:.3f} | {means[0]} | {means[1]} | {gain} | {against[1]} |"


def simultaneous_table(rows):
    """The lines of the page's table."""
    for density in simultaneous_pruning.DENSITIES:
        for rate in simultaneous_pruning.KEEP_RATES:
            setting = {"density": density, "keep_rate": rate}
            where = {method: {**setting, "method": method} for method in simultaneous_pruning.METHODS}
            means = [f"{100 * mean_of(rows, 'accuracy_frac', each):.2f}" for each in where.values()]
            mine = ("accuracy_frac", where["simultaneous"])
            against = [points(rows, mine, ("accuracy_frac", where[method])) for method in ("static_then_dynamic",)]
            whole = points(rows, mine, ("teacher_accuracy_frac", where["simultaneous"]))
            clocks = [
                f"{mean_of(rows, f'{name}_cycles', where['simultaneous']):,.0f}"
                for name in simultaneous_pruning.MACHINES
            ]
            yield f"| {density} | {rate} | {' | '.join([*means, *against, whole, *clocks])} |"


@pytest.mark.parametrize(
    ("module", "lines"), [(simultaneous_pruning, simultaneous_table), (early_cut, early_cut_table)]
)
def test_the_page_prints_what_is_recorded(module, lines):
    for line in lines(rows_of_recording(module)):
        assert f"{line}\n" in PAGE, line
