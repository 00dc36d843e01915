"""What a masked GEMM takes without limits, in closed form, equals the search behind memories that limit nothing."""

import random

import pytest

import pivotsim as ps
from pivotsim.engines.memory.limits import MemoryLimits
from pivotsim.engines.memory.schedule import run_gemm
from pivotsim.engines.memory.use import memory_uses
from pivotsim.hardware.array import EDGES
from pivotsim.hardware.dataflows import DATAFLOWS
from pivotsim.hardware.fold_overlaps import FOLD_OVERLAPS
from pivotsim.workload.masks.masks import OPERANDS, drawn_mask
from pivotsim.workload.ops import Op
from tests.campaigns import cases

SHAPES = {"a": (0, 1), "b": (1, 2), "out": (0, 2)}
BOARD = ps.load_hardware("zcu102")


def drawn_board(draw):
    values = {
        "rows": draw.randint(1, 9), "cols": draw.randint(1, 9), "dataflow": draw.choice(DATAFLOWS),
        "fold_overlap": draw.choice(FOLD_OVERLAPS), "edge": draw.choice(EDGES), "mac_latency": draw.randint(1, 2),
        "os_edge_register": draw.random() < 0.5,
    }  # fmt: skip
    transfers = draw.choice(("overlapped", "overlapped", "serial"))
    return BOARD.replace({**{f"array.{k}": v for k, v in values.items()}, "memories.transfers": transfers})


@pytest.mark.campaign
def test_each_copy_takes_what_it_takes_without_limits():
    draw = random.Random(48)
    for number in range(cases(100, 10_000)):
        board, gemm, operand = drawn_board(draw), tuple(draw.randint(1, 24) for _ in range(3)), draw.choice(OPERANDS)
        height, width = (gemm[i] for i in SHAPES[operand])
        count = draw.randint(1, 3)
        mask = drawn_mask(
            height, width, block=draw.randint(1, min(height, width)), density=draw.choice((0, 0.1, 0.5, 1)),
            seed=draw.randrange(99), operand=operand, count=count,
        )  # fmt: skip
        op = Op(1, "fc1", "gemm", *gemm, count, mask_key="drawn")
        uses = memory_uses(ps.Trace((op,), "one", {("", "drawn"): mask}), board)
        array = board.array
        if board.memories.transfers == "serial":
            array = array.model_copy(update={"fold_overlap": "none"})
        alone = [run_gemm(*gemm, array, MemoryLimits(), mask=mask, copy=copy).cycles for copy in range(count)]
        assert [use.unlimited_cycles for use in uses] == alone, (number, gemm, mask.kept.tolist(), array)
