"""Stalls charged by the run that the search found to be the best: those of a run that knows the last output's clock."""

import random
from dataclasses import replace

import pytest

from pivotsim.engines.memory.fit_check import DoesNotFit
from pivotsim.engines.memory.schedule import record_gemm, run_gemm
from pivotsim.errors import InputError
from tests.campaigns import cases
from tests.proofs.memory_campaign import engine_mask, random_mask, random_modes
from tests.unit.engines.memory.test_ddr4 import random_case
from tests.unit.engines.memory.test_search import case_of


@pytest.mark.campaign
def test_the_search_charges_as_a_run_after_it():
    """To record intervals, the best candidate is run once more: with the clock that drains after it are the tail of."""
    draw, compared, tails = random.Random(26), 0, 0
    while compared < cases(300, 10_000):
        sizes, array, limits = random_case(draw)
        if draw.random() < 0.5:
            limits = replace(limits, **random_modes(draw))
        if array["dataflow"] == "os" and draw.random() < 0.3:
            limits = replace(limits, output_block_rows=draw.randint(1, 12), output_block_cols=draw.randint(1, 12))
        found = run_gemm(*sizes, array, limits)
        if isinstance(found, DoesNotFit):
            continue
        again = record_gemm(*sizes, array, limits)
        assert not isinstance(again, DoesNotFit)
        assert replace(again.result, candidates=found.candidates) == found, (sizes, array, limits)
        compared += 1
        ends = again.drains[-2:, -1]
        tails += len(ends) == 2 and ends[0] > again.passes[:, -1].max()
    assert tails > compared / 20  # where the last drain but one is part of the tail, too


@pytest.mark.campaign
def test_so_does_the_search_under_a_mask():
    """Where the first candidate is the best: it charges its stalls, and its bytes outlive the runs after it."""
    draw, compared, tails = random.Random(28), 0, 0
    while compared < cases(300, 10_000):
        sizes, array, limits = case_of(draw)
        mask = engine_mask(random_mask(draw, sizes), sizes)
        try:
            found = run_gemm(*sizes, array, limits, mask=mask)
        except InputError:  # rows of bursts and blocks of outputs have no masks
            continue
        if isinstance(found, DoesNotFit):
            continue
        again = record_gemm(*sizes, array, limits, mask=mask)
        assert not isinstance(again, DoesNotFit)
        assert replace(again.result, candidates=found.candidates) == found, (sizes, array, limits)
        compared += 1
        outputs = again.passes[:, -1].max(initial=0)
        tails += (again.drains[:, -1] > outputs).sum() > 1
    assert tails > compared / 20  # where several drains are part of the tail
