"""The written result of `make rtl-mutants`: every fault is caught or has its reason, and the reasons are those stated."""

from tests.proofs.rtl_mutants import BUILDS, FAULTS, judged, read_table


def test_every_fault_is_caught_or_explained():
    found, tool = read_table()
    assert tool.startswith("Yosys ") and len(found) == FAULTS
    assert {one.build for one in found} == set(BUILDS)
    assert [one for one in found if judged(one) != one] == []
    assert {one.outcome for one in found} <= {"caught", "explained"}
    assert sum(one.outcome == "caught" for one in found) > 0.8 * FAULTS


def test_what_has_no_reason_stays_a_hole():
    one = read_table()[0][0]._replace(fault="inv of.what[0] is.not.there", outcome="not caught", by="")
    assert judged(one) == one
