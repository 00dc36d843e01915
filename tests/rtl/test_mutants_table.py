"""The written result of `make rtl-mutants`: what is not caught has the reason that is stated for it, or none."""

from tests.proofs.rtl_mutants import BUILDS, FAULTS, judged, read_table


def test_the_reasons_are_those_stated():
    found, tool = read_table()
    assert tool.startswith("Yosys ") and len(found) == FAULTS
    assert {one.build for one in found} == set(BUILDS)
    assert [one for one in found if judged(one) != one] == []
    assert sum(one.outcome == "caught" for one in found) > 0.8 * FAULTS


def test_what_has_no_reason_stays_a_hole():
    one = read_table()[0][0]._replace(fault="inv of.what[0] is.not.there", outcome="not caught", by="")
    assert judged(one) == one
