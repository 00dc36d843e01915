"""The serial tile machine against its slow twin, and against the clocks of the design it describes."""

import dataclasses
import random

import pytest

import pivotsim as ps
from pivotsim.engines.registry import ENGINES
from pivotsim.engines.serial.bursts import Steps, count_beats
from pivotsim.engines.serial.tiles import Descriptor, tile_clocks
from pivotsim.truth.heatvit import predict_class
from pivotsim.truth.measured import measured_rows
from tests.campaigns import cases
from tests.oracles.serial import clock as oracle
from tests.unit.engines.conformance import BoardConformance

BOARD = ps.load_hardware("truth/heatvit_kc705")
CASES, CHUNKS = cases(600, 6_000), 6


class TestSerial(BoardConformance):
    name, board, compute, deit_s_cycles = "serial", "truth/heatvit_kc705", "serial", 1_541_766_720

    @pytest.fixture(params=[{}, {"tile_rows": 3, "bank_cols": 2, "banks": 5}])
    def mode(self, request):
        return request.param


def drawn(draw):
    """A machine and a multiplication, both random and small, on every edge."""
    values = {
        "tile_rows": draw.randint(1, 6), "bank_cols": draw.randint(1, 6), "banks": draw.randint(1, 4),
        "operand_bits": draw.choice((4, 8, 12, 16, 32)), "sum_bytes": draw.choice((2, 3, 4, 8)),
        "mac_fill_clocks": draw.randint(0, 5), "control_clocks": draw.randint(0, 6), "tile_phases": draw.randint(1, 8),
        "descriptor_clocks": draw.randint(0, 20), "port.beat_bytes": draw.choice((1, 2, 3, 4, 8, 12, 16)),
        "port.read_burst_clocks": draw.randint(0, 12), "port.read_beat_clocks": draw.randint(0, 12),
        "port.write_burst_clocks": draw.randint(0, 12), "port.write_beat_clocks": draw.randint(0, 12),
        "gelu.tile_clocks": draw.randint(0, 50), "gelu.element_clocks": draw.randint(0, 3),
        "sigmoid.tile_clocks": draw.randint(0, 9), "sigmoid.element_clocks": draw.randint(0, 6),
    }  # fmt: skip
    work = Descriptor(
        draw.randint(1, 9), draw.randint(1, 7), draw.randint(1, 10), draw.choice((1, 1, 2, 3, 5)),
        draw.choice(("", "gelu", "sigmoid")), draw.random() < 0.3, draw.random() < 0.5, draw.random() < 0.5,
    )  # fmt: skip
    return values, work


@pytest.mark.campaign
@pytest.mark.parametrize("chunk", range(CHUNKS))
def test_equals_the_slow_twin(chunk):
    draw = random.Random(chunk)
    base = BOARD.serial
    for _ in range(CASES // CHUNKS):
        values, work = drawn(draw)
        spec = base.model_dump()
        for path, value in values.items():
            group, _, key = path.rpartition(".")
            (spec[group] if group else spec)[key] = value
        found = dataclasses.asdict(tile_clocks(work, type(base).model_validate(spec)))
        assert found == oracle.clocks(dataclasses.asdict(work), spec), (work, values)


def test_beats_of_a_burst_that_crosses():
    assert [count_beats(8, (Steps(1, 1),), 8, base) for base in (0, 1, 7, 8)] == [1, 2, 2, 1]


def test_every_class_of_the_design_is_exact():
    """Eight classes of multiplications, 207,467,369 clocks of RTL simulation, without a fitted constant."""
    rows = [row for row in measured_rows("heatvit_kc705") if row.group == "class"]
    assert len(rows) == 8
    assert {row.case: predict_class(row.case, BOARD) for row in rows} == {row.case: int(row.value) for row in rows}
    assert sum(int(row.value) for row in rows) == 207_467_369


def test_a_block_of_a_trace_is_the_blocks_multiplications():
    """The lowering of DeiT-T gives the same descriptors as the design's table: block 1 at 197 tokens."""
    trace = ps.lower(ps.plan("deit_t"))
    run = ENGINES["serial"].run(trace, BOARD)
    gemms = [op for op in trace if op.kind == "gemm"]
    first = sum(int(count) for count, op in zip(run.cycles, gemms, strict=True) if op.encoder == 1)
    assert first == 35_021_233


def test_masks_are_refused():
    plan = ps.prune_blocks(ps.plan("deit_t"), block=16, density=0.5)
    with pytest.raises(ps.InputError, match="engine 'serial' runs dense matrices only"):
        ps.simulate(plan, BOARD)


def test_a_gelu_is_part_of_its_multiplication_and_takes_no_time_of_its_own():
    report = ps.simulate(ps.plan("deit_t"), BOARD)
    assert {row.cycles for row in report.rows if row.kind == "gelu"} == {0}
    assert report.details.by_module()["fc1"]["post"] == 12 * 188_096


def test_the_passes_take_what_the_board_says():
    report = ps.simulate(ps.plan("deit_t"), BOARD)
    found = {row.module: row.cycles for row in report.rows if row.encoder == 1}
    assert found["norm1"] == 143_788  # 197 * 192 * 3.8015, rounded up
    assert found["softmax"] == 3 * 199_114  # a head's 197 * 197 * 5.1306, rounded up
