"""Calls of a driver: counted by hand, the same in every engine of the array, refused where they are not counted."""

import pytest

import pivotsim as ps
from pivotsim.dse.evaluation.strategies import ONE_BY_ONE, strategy_of
from pivotsim.dse.space.reading import load_space
from pivotsim.engines.array.calls import call_counts
from pivotsim.hardware.calls import CallsSpec
from pivotsim.workload.ops import Op, Trace

USUAL = ps.load_hardware("zcu102")
CALLS = {"calls.fold_us": 1.5, "calls.result_tile_us": 0.1, "calls.gemm_us": 2.0}
TRACE = Trace((Op(1, "fc1", "gemm", 197, 384, 1536), Op(1, "qkt", "gemm", 197, 64, 197, 6)))


@pytest.mark.parametrize(
    ("dataflow", "counts"),  # on 64 x 36: K 384 in 6 tiles of 64, M 197 in 6 of 36; N 1536 in 43; M in 4 of 64
    [("is", (36, 6, 1)), ("ws", (6 * 43, 43, 1)), ("os", (4 * 43, 4 * 43, 1))],
)
def test_counts_by_hand(dataflow, counts):
    assert call_counts(197, 384, 1536, 64, 36, dataflow) == counts


@pytest.mark.parametrize(
    ("engine", "memory"), [("analytic", "paper"), ("pe", "paper"), ("memory", "paper"), ("memory", "hw")]
)
def test_each_engine_adds_whole_clocks_per_call(engine, memory):
    """At 125 MHz: 188 clocks a fold (187.5 rounded up), 13 a tile of the result (12.5), 250 a multiplication."""
    options = {"engine": engine, "memory": memory}
    without, with_calls = (ps.simulate(TRACE, hw, **options) for hw in (USUAL, USUAL.replace(CALLS)))
    fc1, qkt = (after.cycles - before.cycles for before, after in zip(without.rows, with_calls.rows, strict=True))
    assert fc1 == 36 * 188 + 6 * 13 + 250
    assert qkt == 6 * (6 * 188 + 6 * 13 + 250)
    (note,) = (note for note in with_calls.notes if note.startswith("calls ("))
    assert f"{fc1 + qkt:,} of the array's clocks" in note and "fold_us, result_tile_us, gemm_us" in note
    assert not any(note.startswith("calls") for note in without.notes)


def test_a_board_that_states_none_has_the_hash_of_before():
    assert "calls" not in USUAL.values() and "transfers" not in USUAL.values()["memories"]
    assert (
        USUAL.replace(CALLS).values()["calls"] == CallsSpec(fold_us=1.5, result_tile_us=0.1, gemm_us=2.0).model_dump()
    )
    assert USUAL.replace({"calls.fold_us": 1.0}).values()["calls"] == {"fold_us": 1.0}


def test_masks_and_vectors_of_designs_are_refused():
    hw, plan = USUAL.replace({"calls.fold_us": 1.0}), ps.plan("deit_t")
    with pytest.raises(ps.InputError, match="calls: many designs at once count no driver calls"):
        ps.simulate_designs(plan, hw, {"rows": [16, 32]})
    with pytest.raises(ps.InputError, match=r"calls: are counted for dense matrices only \(got 'a mask'\)"):
        ps.simulate(ps.prune_blocks(plan, block=16, density=0.5), hw)


def test_an_exploration_counts_them_one_by_one():
    space = load_space({"name": "s", "axes": {"array.rows": [32, 64]}, "fixed": {"set": {"calls.fold_us": 1.0}}})
    assert strategy_of(space) is ONE_BY_ONE
    assert strategy_of(load_space({"name": "s", "axes": {"calls.gemm_us": [0.0, 5.0]}})) is ONE_BY_ONE
    assert strategy_of(load_space({"name": "s", "axes": {"array.rows": [32, 64]}})) is not ONE_BY_ONE


def test_clocks_beyond_int64_are_refused():
    op = Op(1, "fc1", "gemm", 10**7, 10**6, 10**6)
    hw = USUAL.replace({"calls.fold_us": 1e9, "array.clock_mhz": 1000.0})
    with pytest.raises(ps.InputError, match="exceed int64"):
        ps.simulate(Trace((op,)), hw)
