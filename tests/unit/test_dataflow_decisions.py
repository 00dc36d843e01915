"""A dataflow is a row of the table: few modules decide on its name, and no kernel reads a record by a bare number."""

import pytest

from tests.proofs.dataflow_decisions import MOST_MODULES, bare_indices, bare_kernels, deciding_modules, decisions


def test_few_modules_decide():
    found = deciding_modules()
    assert len(found) <= MOST_MODULES, found


def test_no_record_is_read_by_a_bare_number():
    assert not bare_kernels()


@pytest.mark.parametrize(
    "source",
    [
        "if array.dataflow != 'os': pass", "x = flow == WS", "x = DATAFLOWS[code] == name", "x = name in ('is', 'ws')",
        "x = {'is': 1, 'ws': 2, 'os': 3}", "x = array['dataflow'] == other", "match x:\n    case 'ws': pass",
    ],
)  # fmt: skip
def test_decisions_are_seen(source):
    assert decisions(source)


@pytest.mark.parametrize("source", ["x = DATAFLOW[array.dataflow].drains", "x = a is b", "x = {'is': 1}", "x = m == 1"])
def test_reading_a_row_is_none(source):
    assert not decisions(source)


def test_bare_numbers_are_seen():
    assert bare_indices("x = design[2] + gemm[0]\ny = design.rows + gemm[design.rows_dim] + rows[0]") == [1, 1]
