"""Sums of a placed run against its steps, which are made when they are asked for."""

import itertools
import math

import pytest

import pivotsim as ps
from pivotsim.operations import ARRAY, PS

MODEL = ps.load_model("deit_t").replace({"depth": 3})
WHOLE = ps.plan(MODEL)
PLANS = {
    "whole": WHOLE,
    "skipped": ps.skip_attention(WHOLE, active=[2]),
    "pruned": ps.prune_tokens(WHOLE, "single", r=60, encoder=2),
    "masked": ps.prune_blocks(WHOLE, block=16, density=0.5),
}
ON_UNITS = {"placement.softmax": "pl", "placement.gelu": "pl"}
BOARDS = {
    "zcu102": ps.load_hardware("zcu102"),
    "units": ps.load_hardware("zcu102").replace(ON_UNITS),
    "mpca": ps.load_hardware("u250_mpca"),
}
OVERLAPS = ({}, {"ps_pl_overlap": "heads"}, {"ps_pl_overlap": "images", "batch": 3})
RUNS = [
    *((board, {"profile": profile, **overlap}) for board, profile, overlap in itertools.product(
        ("zcu102", "units"), ("paper", "full"), OVERLAPS
    )),
    ("mpca", {}),  # has no processor
]  # fmt: skip


@pytest.mark.parametrize("plan", PLANS)
@pytest.mark.parametrize(("board", "options"), RUNS, ids=str)
def test_sums_are_those_of_the_steps(board, plan, options):
    report = ps.simulate(PLANS[plan], BOARDS[board], **options)
    placed = report.placed
    steps = [step for step in placed.steps for _ in range(placed.images)]
    assert placed.step_count == len(placed.steps)
    assert report.pl_cycles == placed.pl_cycles == sum(step.cycles for step in steps)
    assert report.unit_cycles == placed.unit_cycles == sum(step.cycles for step in steps if step.resource != ARRAY)
    assert report.ps_ms == placed.ps_ms == math.fsum(step.host_ms for step in steps if step.resource == PS)
    assert [step.position for step in placed.steps] == sorted(step.position for step in placed.steps)
    assert len(report.rows) == len(steps)


def test_steps_are_made_when_they_are_asked_for():
    placed = ps.simulate(WHOLE).placed
    assert "steps" not in vars(placed)
    assert placed.steps is placed.steps
