"""Transfers of blocks against a walk over all elements in the order of DRAM."""

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pivotsim.engines.pl_units.layouts import Layout, block_walks, flat_walks, read, stream, written
from tests.oracles.station.clock import indices
from tests.oracles.station.transfers import dram_order, transfers

SIZES = st.integers(1, 9)


def sequences(walks):
    found = Counter()
    for walk, count in walks.items():
        places = indices(walk)
        found[tuple(place - places[0] for place in places)] += count
    return found


@st.composite
def blocks(draw):
    """A layout that one of the dataflows has, and a block of it."""
    rows, columns, array_rows, array_cols = (draw(SIZES) for _ in range(4))
    dataflow = draw(st.sampled_from(["is", "ws", "os"]))
    layout = draw(
        st.sampled_from([
            stream(rows, columns), read(rows, columns, dataflow, array_rows, array_cols),
            written(rows, columns, dataflow, array_rows, array_cols, is_head=draw(st.booleans())),
        ])
    )  # fmt: skip
    parts = []
    for size in (rows, columns):
        start = draw(st.integers(0, size - 1))
        parts.append(range(start, draw(st.integers(start + 1, size))))
    return layout, *parts


@given(blocks(), st.integers(0, 2), st.sampled_from([2, 4, 8]))
def test_every_element_moves_in_its_stretch(block, gap, lanes):
    layout, rows, columns = block
    order, pitch = dram_order(*layout[:5]), len(columns) + gap
    expected = transfers(order, rows, columns, lambda r, c: (r - rows.start) * pitch + c - columns.start)
    found = block_walks(layout, rows, columns, pitch, lanes)
    assert sequences(found) == expected
    for walk in found:
        group = [walk.base + j * walk.element_step for j in range(walk.per_clock)]
        assert len({index % lanes for index in group}) == len(group)  # no clock meets a bank twice
        assert walk.runs == 1 or walk.run_step != walk.length * walk.element_step  # which would cut one run in many


@given(blocks(), st.sampled_from([2, 4, 8]))
def test_in_the_order_of_dram_stretches_are_runs_of_neighbours(block, lanes):
    layout, rows, columns = block
    if layout.tile_rows < layout.rows and layout.tile_columns < layout.columns:
        return  # regions of heads: softmax alone, which has rows
    order = dram_order(*layout[:5])
    inside = [(r, c) for _, r, c in order if r in rows and c in columns]
    expected = transfers(order, rows, columns, lambda r, c: inside.index((r, c)), across_tiles=True)
    assert sequences(flat_walks(layout, rows, columns, lanes)) == expected


@pytest.mark.parametrize(
    ("dataflow", "of_head", "of_whole", "left"),
    [("is", (36, 197, True), (36, 64, True), (36, 64, True)),
     ("ws", (197, 36, False), (197, 36, False), (197, 64, False)),
     ("os", (64, 36, False), (197, 36, False), (64, 64, True))],
)  # fmt: skip
def test_layouts_of_the_dataflows(dataflow, of_head, of_whole, left):
    """64 x 36: a head's scores, an output of 64 channels, and an input of 192 in tiles of the array's sides."""
    head = written(197, 197, dataflow, 64, 36, is_head=True)
    assert (head.tile_rows, head.tile_columns, head.is_down) == of_head
    whole = written(197, 64, dataflow, 64, 36, is_head=False)
    assert (whole.tile_rows, whole.tile_columns, whole.is_down) == of_whole
    found = read(197, 192, dataflow, 64, 36)
    expected = left if dataflow == "ws" else (left[0], 192, True)
    assert (found.tile_rows, found.tile_columns, found.is_down) == expected
    assert isinstance(found, Layout) and not found.is_wide and stream(2, 3).is_wide
