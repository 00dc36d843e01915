"""Programs by hand, their words, their layout, and what hardware refuses."""

import numpy as np
import pytest

from pivotsim.engines.memory.fit_check import DoesNotFit
from pivotsim.engines.memory.limits import MemoryLimits
from pivotsim.errors import InputError
from pivotsim.hardware.dataflows import DATAFLOWS
from pivotsim.rtl.compiler import program_of
from pivotsim.rtl.descriptors import Drain, Load, Stream, Tile, Unit
from pivotsim.rtl.encoding import Widths, tables, word
from pivotsim.rtl.layout import dram_image, outputs, stored, unit_bytes
from pivotsim.workload.masks.masks import Mask


def array_of(rows=3, cols=2, dataflow="is", fold_overlap="none", edge="padded"):
    return {
        "rows": rows, "cols": cols, "dataflow": dataflow, "fold_overlap": fold_overlap, "edge": edge,
        "os_edge_register": True, "mac_latency": 1,
    }  # fmt: skip


def limits_of(**changes):
    memory = {
        "ipmem_bytes": 32, "wtmem_bytes": 32, "opmem_bytes": 128, "gb_port_bytes_per_cycle": 4,
        "input_share_bytes": 0, "weight_share_bytes": 100,
    }  # fmt: skip
    return MemoryLimits(**{**memory, **changes})


def mask_of(operand, kept, block):
    return Mask(operand, kept.shape[-2] * block, kept.shape[-1] * block, block, kept)


def test_a_program_by_hand():
    """2 x 5 x 2 on 3 x 2 PEs: two folds of K into one region; the second tile waits for the first one's read."""
    program = program_of(2, 5, 2, array_of(), limits_of(), chunk=2, loop_order="column-chunk-row")
    assert program.loads == [
        Load(0, 1, 0, 6, 4, 0, 0, 0, 0, 6), Load(1, 1, 1, 6, 4, 0, 0, 0, 6, 6),
        Load(0, 1, 0, 4, 4, 0, 0, 1, 12, 4), Load(1, 1, 1, 4, 4, 0, 6, 1, 16, 4),
    ]  # fmt: skip
    assert program.tiles == [Tile(3, 2, 3, 0, 1, 0b11, 1, 1), Tile(2, 2, 3, 0, 3, 0b11, 1, 1)]
    done = 2 + 3 + 2 - 2  # the last sum, clocks after the stream's start
    assert program.streams == [
        Stream(3, 2, 3, 2, 0, 0, 2, 0, done, done, 0, 1, 1, 0, 0, 3, 0, 0b111, 0, 1, 1),
        Stream(2, 2, 3, 2, 0, 0, 4, 0, done, done, 0, 1, 1, 1, 0, 2, 0, 0b11, 0, 1, 1),
    ]
    assert program.drains == [Drain(0, 0, 2, 2, 0, 4, 2, 0, 0, 4, 4, 20)]
    assert (program.dram_bytes, program.buffer_bytes, program.entries, program.narrow_column) == (24, 10, 2, 1)


def test_a_masked_program_by_hand():
    """Weights of 4 x 4 in blocks of 2 on 2 x 2 PEs: the first row tile needs two of four steps, and one lane of one."""
    kept = np.array([[True, False], [True, True]])
    limits = limits_of(weight_share_bytes=0, ipmem_buffers="single")
    program = program_of(
        2, 4, 4, array_of(2, 2), limits, chunk=4, loop_order="column-chunk-row", mask=mask_of("b", kept, 2)
    )
    assert [(load.size_bytes, load.stored_bytes) for load in program.loads] == [(4, 4), (6, 4), (4, 4), (12, 8)]
    assert [(one.steps, one.entry, one.adds, one.x_lanes) for one in program.streams] == [(2, 0, 0, 3), (4, 0, 1, 3)]
    weights = np.arange(16, dtype=np.int8).reshape(4, 4)
    assert unit_bytes(program, Unit("b", 0, -1, 0), weights).tolist() == [
        0,
        4,
        1,
        5,
        0,
        0,
    ]  # step by step, then the index
    assert unit_bytes(program, Unit("b", 1, -1, 0), weights)[8:].view("<u2").tolist() == [0, 1]
    other = program_of(
        2, 4, 4, array_of(2, 2), limits, chunk=4, mask=mask_of("b", np.stack([kept, kept[:, ::-1]]), 2), copy=1
    )
    assert [(one.steps, one.entry) for one in other.streams] == [(2, 2), (4, 0)]  # entries are the indices of the chunk


def test_lanes_cut_a_stream_into_runs():
    """Rows of K that a step has no weight of; a step that none has is not sent."""
    kept = np.array([[1, 1, 0, 0], [1, 1, 0, 1], [0, 0, 0, 1]], dtype=bool)
    program = program_of(2, 3, 4, array_of(), limits_of(), chunk=4, mask=mask_of("b", kept, 1))
    runs = [
        (one.steps, one.x_address, one.x_bytes, one.x_lanes, one.entry, one.begins, one.ends) for one in program.streams
    ]
    assert runs == [(2, 0, 2, 0b011, 0, 1, 0), (1, 4, 2, 0b110, 3, 0, 1)]
    assert program.prediction.result.passes == 1


@pytest.mark.parametrize(("fold_overlap", "rows"), [("none", (2, 1)), ("settled", (1, 2))])
def test_empty_rows_of_a_masked_tile_come_after_it_and_before_a_settled_one(fold_overlap, rows):
    """A tile of two rows on an array of three, its second row kept in one lane."""
    kept = np.array([[1, 1], [0, 1]], dtype=bool)
    program = program_of(2, 2, 3, array_of(dataflow="ws", fold_overlap=fold_overlap), limits_of(), chunk=2,
                         mask=mask_of("b", np.hstack([kept, kept])[:, :3], 1))  # fmt: skip
    first = program.tiles[:2]
    assert [(one.rows, one.extent, one.cols, one.tile_lanes) for one in first] == [
        (1, rows[1], *((2, 0b11) if fold_overlap == "none" else (1, 0b10))),
        (1, rows[0], *((1, 0b10) if fold_overlap == "none" else (2, 0b11))),
    ]
    assert [(one.begins, one.ends) for one in first] == [(1, 0), (0, 1)]


def test_outputs_that_no_one_asks_for_are_neither_drained_nor_biased():
    kept = np.array([[True, False, False, True]])
    options = {"chunk": 4, "mask": mask_of("out", np.repeat(kept, 2, axis=0), 1)}
    program = program_of(2, 5, 4, array_of(), limits_of(), **options)
    assert [(one.entries, one.size_bytes) for one in program.drains] == [(2, 4)]
    assert outputs(program, np.arange(program.dram_bytes, dtype=np.uint8)[::-1])[:, 1:3].tolist() == [[0, 0], [0, 0]]
    with pytest.raises(InputError, match=r"bias: must be false in hardware .* outputs have a mask \(got true\)"):
        program_of(2, 5, 4, array_of(), limits_of(bias=True), **options)


def test_fields_lie_from_the_lowest_bit_up():
    widths = Widths(8, 12)
    assert word(Tile(1, 2, 3, 4, 5, 7, 1, 1), widths) == 0x0504030201  # hardware without masks
    assert word(Tile(1, 2, 3, 4, 5, 0b101, 0, 1), Widths(8, 12, 2, 3)) == 0b10_101 << 40 | 0x0504030201
    assert word(Load(2, 1, 0, 7, 1, 0, 0, 0, 0xABC, 9), widths) == 0xABC << 44 | 1 << 12 | 7 << 4 | 0b0110
    assert widths.table_bits == 11 * 8 + 4
    with pytest.raises(InputError, match=r"Tile.address: needs more than 8 bits \(got 256\)"):
        word(Tile(1, 2, 3, 256, 5, 3, 1, 1), widths)


@pytest.mark.parametrize("dataflow", DATAFLOWS)
@pytest.mark.parametrize("out_bits", [8, 32])
def test_outputs_come_back_as_they_were_stored(dataflow, out_bits):
    limits = limits_of(out_bits=out_bits, bias=True, ipmem_bytes=64, wtmem_bytes=64)
    program = program_of(7, 5, 6, array_of(dataflow=dataflow), limits, chunk=3)
    generator = np.random.default_rng(1)
    out = generator.integers(-100, 100, (7, 6)).astype(np.int8 if out_bits == 8 else np.int32)
    image = dram_image(program, np.zeros((7, 5), np.int8), np.zeros((5, 6), np.int8), np.arange(6, dtype=np.int32))
    assert image[program.bias_address :][:24].view(np.int32).tolist() == list(range(6))
    image[program.output_address :] = stored(program, out)
    assert np.array_equal(outputs(program, image), out)


def test_units_lie_in_the_order_in_which_they_are_sent():
    a, b = np.arange(10, dtype=np.int8).reshape(2, 5), np.arange(10, 20, dtype=np.int8).reshape(5, 2)
    program = program_of(2, 5, 2, array_of(), limits_of(), chunk=2)
    assert unit_bytes(program, Unit("a", 1, 0, -1), a).tolist() == [3, 8, 4, 9]  # rows of K, columns of M
    assert unit_bytes(program, Unit("b", 1, -1, 0), b).tolist() == [16, 18, 17, 19]  # step by step
    settled = program_of(2, 5, 2, array_of(fold_overlap="settled"), limits_of(), chunk=2)
    assert unit_bytes(settled, Unit("a", 1, 0, -1), a).tolist() == [4, 9, 3, 8]  # the last row first


def test_all_tables_have_a_row_for_each_interval():
    program = program_of(7, 5, 6, array_of(dataflow="os"), limits_of(ipmem_bytes=64), chunk=2)
    run = program.prediction.result
    assert [len(table) for table in tables(program)] == [run.loads, 0, run.passes, run.drains]


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"ipmem_bytes": None}, "memories.ipmem_bytes: hardware needs a size (got unlimited)"),
        ({"gb_port_bytes_per_cycle": None, "wtmem_port_bytes_per_cycle": 4, "ipmem_port_bytes_per_cycle": 4},
         "memories.gb_port_bytes_per_clock: hardware needs a width on the way to bias (got unlimited)"),
    ],
)  # fmt: skip
def test_what_cannot_be_built_is_said(changes, message):
    with pytest.raises(InputError) as raised:
        program_of(2, 5, 2, array_of(), limits_of(**changes), chunk=2)
    assert message in raised.value.problems


def test_what_does_not_fit_is_a_result():
    assert isinstance(program_of(2, 5, 2, array_of(), limits_of(opmem_bytes=4), chunk=2), DoesNotFit)


def test_sums_that_come_too_soon_are_refused():
    array = array_of(rows=1, fold_overlap="pipelined")
    assert program_of(1, 2, 1, array, limits_of(buffer_read_cycles=1), chunk=1)
    with pytest.raises(InputError, match="buffer_read_cycles: sums that are added to those of"):
        program_of(1, 2, 1, array, limits_of(buffer_read_cycles=2), chunk=1)
    aware = array_of(rows=4, fold_overlap="chained", edge="aware")  # the row tile after a full one
    assert program_of(1, 5, 2, aware, limits_of(buffer_read_cycles=2), chunk=2)
    with pytest.raises(InputError, match="too soon"):
        program_of(1, 5, 2, aware, limits_of(buffer_read_cycles=2), chunk=1)
