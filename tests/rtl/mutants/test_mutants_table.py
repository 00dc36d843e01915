"""The written result of `make rtl-mutants`: every fault is caught or has the reason that is stated for it."""

import re

from tests.proofs.rtl_mutants import FAULTS, judged, read_table, reasons
from tests.rtl.mutants.cases import BUILDS


def test_the_reasons_are_those_stated():
    found, tool = read_table()
    assert tool.startswith("Yosys ") and len(found) == FAULTS
    assert {one.build for one in found} == set(BUILDS)
    assert [one for one in found if judged(one) != one] == []
    assert [one for one in found if one.outcome == "not caught"] == []
    assert sum(one.outcome == "caught" for one in found) > 0.8 * FAULTS


def test_what_has_no_reason_stays_a_hole():
    one = read_table()[0][0]._replace(fault="inv of.what[0] is.not.there", outcome="not caught", by="")
    assert judged(one) == one


def test_each_reason_is_of_a_fault_that_was_drawn_and_not_caught():
    left = [one for one in read_table()[0] if one.outcome != "caught"]
    for build, stated in reasons().items():
        keys = [one.key for one in left if build in ("all", one.build)]
        assert [pattern for pattern in stated if not any(re.search(pattern, key) for key in keys)] == [], build
