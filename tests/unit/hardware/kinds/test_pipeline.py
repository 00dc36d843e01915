"""The streaming pipeline's board: its values, and what is refused."""

import pytest

import pivotsim as ps
from pivotsim.hardware.kinds.pipeline import as_pipeline

BOARD = ps.load_hardware("truth/hgpipe_vck190")


def test_peak_and_clock():
    assert (BOARD.pes, BOARD.clock_mhz, BOARD.profiles, BOARD.operand_bits) == (25_288, 425, ("paper",), 8)
    assert BOARD.replace({"pipeline.encoders": 1}).pes == 25_288 - 11 * 2_064
    free = BOARD.without_memory_limits()
    assert (free.pipeline.fifo_depth, free.pipeline.buffers.depth("q")) == (-1, -1)
    assert (BOARD.pipeline.fifo_depth, BOARD.pipeline.buffers.depth("q")) == (1, 125)


def test_every_value_has_a_source():
    for name in ("hgpipe_vck190", "finn_tinydeit", "finn_tinydeit_w4a4"):
        assert all(row[3] for row in ps.load_hardware(f"truth/{name}").to_rows())


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"placement.norm": "ps"}, "placement.norm: this kind of hardware has no processor side (got 'ps')"),
        ({"pipeline.fifo": 0}, "pipeline.fifo: must be at least 1 (got 0)"),
        ({"pipeline.buffers.q": "deep"}, "pipeline.buffers.q: must be an integer or the word unlimited (got 'deep')"),
        ({"pipeline.head_order": "row"}, "pipeline.head_order: must be one of rows, heads (got 'row')"),
        ({"pipeline.stages.qkv.in_parallell": 2}, "nearest valid name: 'pipeline.stages.qkv.in_parallel'"),
        ({"pipeline.stages.qkv.in_parallel": 0}, "pipeline.stages.qkv.in_parallel: must be at least 1 (got 0)"),
    ],
)
def test_wrong_values_are_told(changes, problem):
    with pytest.raises(ps.InputError) as error:
        BOARD.replace(changes)
    assert problem in str(error.value)


def test_another_board_is_none():
    with pytest.raises(ps.InputError, match="engine: needs hardware of kind 'pipeline', 'zcu102' is another"):
        as_pipeline(ps.load_hardware("zcu102"), "engine")
    with pytest.raises(ps.InputError, match="is of kind 'pipeline' and needs engine 'pipeline'"):
        ps.simulate(ps.plan("deit_t"), BOARD, engine="serial")
