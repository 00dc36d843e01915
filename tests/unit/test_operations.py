"""The table of operation kinds: whole rows, and what is derived from them."""

import pytest

import pivotsim as ps
from pivotsim.engines.pl_units.units import PHASES
from pivotsim.hardware.defaults import default_place
from pivotsim.hardware.host import HostCosts, PlacementSpec
from pivotsim.hardware.pl_units import UnitsSpec
from pivotsim.operations import ARRAY, OPERATIONS, PL, PS, PS_KINDS, TOKEN_DROP, TOKEN_KINDS, UNIT_OF
from pivotsim.workload.ops import KINDS, TRACE_MODULES


@pytest.mark.parametrize("kind", OPERATIONS)
def test_a_row_is_whole(kind):
    row = OPERATIONS[kind]
    assert row.meaning.endswith(".") and row.source and row.places
    assert set(row.places) <= {ARRAY, PL, PS}
    assert (PL in row.places) == bool(row.unit)  # what a unit runs may be placed there
    assert bool(row.unit_size) == (row.unit not in ("", TOKEN_DROP))
    assert PS in row.places or not any((*row.paper, *row.full))
    assert set(row.modules) <= set(TRACE_MODULES)


def test_boards_and_traces_know_every_kind():
    assert tuple(OPERATIONS) == KINDS == tuple(PlacementSpec.model_fields)
    assert set(PS_KINDS) < set(HostCosts.model_fields)
    assert {*UNIT_OF.values(), "memory_bytes"} == set(UnitsSpec.model_fields)
    assert set(PHASES) == set(TOKEN_KINDS)
    assert len(TRACE_MODULES) == len(set(TRACE_MODULES))


@pytest.mark.parametrize("profile", ["paper", "full"])
def test_defaults_are_those_of_the_board_that_the_costs_come_from(profile):
    zcu102 = ps.load_hardware("zcu102")
    for kind in PS_KINDS:
        cost = zcu102.host_costs(profile).of(kind)
        assert (cost.cycles_per_element, cost.cycles_per_row) == OPERATIONS[kind].cost(profile)
    for kind, row in OPERATIONS.items():
        if row.unit_size:
            unit = zcu102.units.of(kind)
            assert (unit.elements_per_clock, unit.fill_cycles) == row.unit_size


def test_default_places():
    places = {kind: default_place(kind, has_processor=True) for kind in KINDS}
    assert places == ps.load_hardware("zcu102").placement.model_dump()
    without = {kind: default_place(kind, has_processor=False) for kind in KINDS}
    assert PS not in without.values() and without["requant"] == ARRAY and without["softmax"] == PL
