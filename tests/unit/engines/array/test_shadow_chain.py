"""The rule of `settled` is not laid down but found: by trying, on a column of registers that knows no rule."""

import random

from pivotsim.engines.array.folds import fold_times
from tests.oracles.array import shadow_chain


def times(rows, row_size, length):
    """Loads and starts of the closed form on one column, edge-aware."""
    array = {"rows": rows, "cols": 1, "dataflow": "is", "fold_overlap": "settled", "edge": "aware",
             "os_edge_register": True, "mac_latency": 1}  # fmt: skip
    found = fold_times(1, row_size, length, array)
    return found.load_cycle.tolist(), found.start_cycle.tolist()


def folds_of(rows, row_size, length):
    return [(min(rows, row_size - top), length) for top in range(0, row_size, rows)]


def test_loads_and_streams_begin_as_early_as_trying_finds():
    draw, loads_waited = random.Random(8), 0
    for _ in range(300):
        rows, length = draw.randint(1, 7), draw.randint(1, 16)
        row_size = draw.randint(1, 4 * rows)
        found = shadow_chain.earliest(rows, folds_of(rows, row_size, length))
        assert found == times(rows, row_size, length), (rows, row_size, length)
        loads_waited += any(later - first > length for first, later in zip(found[1], found[1][1:], strict=False))
    assert loads_waited > 50


def test_a_clock_earlier_spoils_a_row():
    """Both rules are tight: a load, or a stream, one clock earlier multiplies with another fold's operand."""
    for rows, row_size, length in ((4, 8, 1), (4, 8, 7), (4, 8, 30), (4, 6, 2), (1, 3, 2)):
        folds = folds_of(rows, row_size, length)[:2]
        loads, starts = (clocks[:2] for clocks in times(rows, row_size, length))
        assert shadow_chain.is_right(rows, folds, loads, starts)
        assert not shadow_chain.is_right(rows, folds, [loads[0], loads[1] - 1], starts[:1])
        assert not shadow_chain.is_right(rows, folds, loads, [starts[0], starts[1] - 1])
