"""The driver sees what it is there to see."""

import sys
import warnings

import pytest

from pivotsim.errors import InputError
from tests.fuzz import driver
from tests.fuzz.kind import Kind, outcome


def refuse(*lines):
    raise InputError(lines)


def endless():
    while True:
        pass


@pytest.mark.parametrize(
    ("act", "word"),
    [(lambda: 1 / 0, "ZeroDivisionError"), (lambda: warnings.warn("x", stacklevel=1), "UserWarning"),
     (lambda: print("x", file=sys.stderr), "prints"), (lambda: refuse(*["x"] * 101), "101 lines"),
     (lambda: refuse(), "0 lines"),
     (lambda: refuse(" "), "is not one line"), (endless, "no answer")],
)  # fmt: skip
def test_a_fault_is_found_each_time(act, word, monkeypatch, tmp_path):
    monkeypatch.setattr(driver, "HANG_S", 0.2)
    kind = Kind("faulty", lambda rng: rng.random(), lambda case, folder: outcome(act))
    first, again = (driver.run_case(kind, 7, tmp_path) for _ in range(2))
    assert word in first.what and first.case == again.case


@pytest.mark.parametrize("act", [lambda: 3, lambda: refuse("one line", "another")])
def test_values_and_clear_lines_are_none(act, tmp_path):
    assert driver.run_case(Kind("fine", lambda rng: 0, lambda case, folder: outcome(act)), 1, tmp_path) is None
