"""Recordings of trainings: equal delays, figures by seed, and differences that follow from the recorded rows."""

import csv

import pytest

import pivotsim as ps
from tests.torch.small import REASON

torch = pytest.importorskip("torch", reason=REASON)
pytest.importorskip("sklearn", reason="scikit-learn is not installed; make test-torch brings it")
from tests.recordings import early_cut, simultaneous_pruning
from tests.recordings.digits import start
from tests.recordings.recording import OUT
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


def table(name):
    with (OUT / name).open() as file:
        return list(csv.DictReader(line for line in file if not line.startswith("#")))


NUMBERS = {"seed": int, "trained": int, "density": float, "keep_rate": float}


@pytest.mark.parametrize("module", [simultaneous_pruning, early_cut])
def test_recorded_differences_follow_from_the_recorded_rows(module):
    rows = [
        {k: NUMBERS.get(k, float if k.endswith(("_frac", "_cycles")) else str)(v) for k, v in row.items()}
        for row in table(f"{module.NAME}.csv")
    ]
    assert {row["seed"] for row in rows} == set(SEEDS) == set(range(10))
    wanted = [list(row.values()) for row in table(f"{module.NAME}_differences.csv")]
    assert module.differences(rows) == wanted
