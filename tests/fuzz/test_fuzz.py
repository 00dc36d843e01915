"""Hostile input: some cases of every kind, the same each time; make fuzz runs many."""

import pytest

from tests.fuzz.driver import cases
from tests.fuzz.kinds import KINDS

FEW = {"command line": 60, "space YAML": 60, "manifest": 80, "engine pe": 80}
CASES = 100


@pytest.mark.parametrize("name", KINDS)
def test_a_value_or_a_clear_line(name):
    found = [fault for fault in cases(KINDS[name], range(FEW.get(name, CASES))) if fault]
    assert not found, "\n".join(map(str, found[0]))


def test_there_are_two_thousand():
    assert sum(FEW.get(name, CASES) for name in KINDS) >= 2_000
