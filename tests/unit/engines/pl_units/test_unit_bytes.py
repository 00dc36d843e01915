"""Bytes that units of the logic move: counted element by element, the same in a run, many designs and a sweep."""

import numpy as np
import pytest

import pivotsim as ps

BOARD = ps.load_hardware("zcu102")
PLACED = {"placement.softmax": "pl", "placement.gelu": "pl", "placement.norm": "pl"}
SETTINGS = {**PLACED, "units.softmax.bytes_per_element": 2, "units.norm.bytes_per_element": 3}
PLAN = ps.plan(ps.load_model("deit_t"))


def moved(hw, **options):
    return ps.simulate(PLAN, hw, energy="activity", profile="full", **options)


def test_bytes_are_counted_element_by_element_and_cost_their_energy():
    before, after = moved(BOARD.replace(PLACED)), moved(BOARD.replace(SETTINGS))
    model, total = ps.load_model("deit_t"), 0
    for _ in range(model.depth):
        for _ in range(model.heads):
            total += model.tokens * model.tokens * 2
        total += 2 * model.tokens * model.width * 3  # two norms; GELU moves none
    assert after.counts.local_bytes - before.counts.local_bytes == total
    assert (after.delay_ms, after.counts.dram_bytes) == (before.delay_ms, before.counts.dram_bytes)
    pj = total * BOARD.power.activity.default.sram_pj_per_byte
    assert after.energy_j - before.energy_j == pytest.approx(pj * 1e-12, rel=1e-6)


def test_nothing_moves_by_default_or_on_the_processor():
    on_processor = BOARD.replace({"units.softmax.bytes_per_element": 2})
    assert moved(on_processor).counts == moved(BOARD).counts
    by_default = BOARD.replace({"placement.softmax": "pl"})
    assert moved(by_default).counts == moved(BOARD).counts


def test_a_batch_moves_as_many_times_the_bytes():
    one, four = moved(BOARD.replace(SETTINGS)), moved(BOARD.replace(SETTINGS), batch=4)
    off = [moved(BOARD.replace(PLACED), batch=batch).counts.local_bytes for batch in (1, 4)]
    assert four.counts.local_bytes - off[1] == 4 * (one.counts.local_bytes - off[0]) > 0


@pytest.mark.parametrize("memory", ["paper", "hw"])
def test_sweeps_count_them_as_single_runs_do(memory):
    engine = "memory" if memory == "hw" else "analytic"
    axes = {"array.rows": [32, 64], **{path: [value] for path, value in SETTINGS.items()}}
    fixed = {"engine": engine, "memory": memory, "energy": "activity", "profile": "full", "model": "deit_t"}
    table = ps.explore({"name": "s", "axes": axes, "fixed": fixed})
    runs = [moved(BOARD.replace({**SETTINGS, "array.rows": r}), engine=engine, memory=memory) for r in (32, 64)]
    assert np.asarray(table["energy_j"]).tolist() == [run.energy_j for run in runs]
