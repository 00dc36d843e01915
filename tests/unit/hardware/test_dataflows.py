"""The table of dataflows: every row hangs together, and the words of board files are its names."""

from typing import get_args

import pytest

from pivotsim.hardware.array import Dataflow
from pivotsim.hardware.dataflows import DATAFLOW, DATAFLOWS, DIMENSIONS, OPERAND_DIMENSIONS
from pivotsim.hardware.memory import LoopOrder
from pivotsim.kernels.types import Gemm, Mapping


def test_board_files_know_the_names():
    assert get_args(Dataflow) == DATAFLOWS
    orders = [order for flow in DATAFLOW.values() for order in flow.loop_orders]
    assert get_args(LoopOrder) == ("auto", *dict.fromkeys(orders))


@pytest.mark.parametrize("name", DATAFLOWS)
class TestRow:
    def test_operands_lie_where_their_dimensions_do(self, name):
        flow = DATAFLOW[name]
        assert sorted(flow.dimensions) == sorted(DIMENSIONS)
        lie = {
            flow.stationary: flow.rows + flow.cols,
            flow.from_left: flow.rows + flow.stream,
            flow.from_above or "out": flow.cols + flow.stream,  # what no operand comes from above leaves below
        }
        assert {operand: set(letters) for operand, letters in lie.items()} == {
            operand: set(letters) for operand, letters in OPERAND_DIMENSIONS.items()
        }

    def test_kernels_read_the_same(self, name):
        flow, gemm = DATAFLOW[name], Gemm(101, 103, 107)
        row = flow.mapping
        assert (gemm[row.rows_dim], gemm[row.cols_dim], gemm[row.stream_dim]) == flow.sizes(*gemm)
        assert row.drains == (flow.stationary == "out")
        assert flow.memories[row.holds_weights] == "ipmem"


def test_rows_by_hand():
    assert [flow.sizes(1, 2, 3) for flow in DATAFLOW.values()] == [(2, 1, 3), (2, 3, 1), (1, 3, 2)]
    assert [flow.fetched for flow in DATAFLOW.values()] == [("a", "b"), ("b", "a"), ("a", "b")]
    assert DATAFLOW["os"].mapping == Mapping(0, 2, 1, drains=1, holds_weights=0)
