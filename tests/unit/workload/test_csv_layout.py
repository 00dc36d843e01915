"""The first line of a trace: what is told of a table that is another's."""

import pytest

from pivotsim.errors import InputError
from pivotsim.workload.trace_files.layout import HEADER, MAX_UNKNOWN, layout_of


def test_a_wide_table_is_told_in_few_lines():
    others = [f"x{i}" for i in range(500)]
    with pytest.raises(InputError) as caught:
        layout_of("t.csv:1", ",".join([*HEADER, *others, *others]))
    assert len(caught.value.problems) == MAX_UNKNOWN + 1
    assert caught.value.problems[-1] == "t.csv:1: 480 more unknown columns"
