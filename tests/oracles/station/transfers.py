"""Transfers of a block, element by element: all elements in the order of DRAM, cut wherever something lies between."""

from collections import Counter


def dram_order(rows, columns, tile_rows, tile_columns, is_down):
    """Return (tile, row, column) of every element, in the order of DRAM."""
    found = []
    for top in range(0, rows, tile_rows):
        for left in range(0, columns, tile_columns):
            inside = [(r, c) for r in range(top, min(rows, top + tile_rows))
                      for c in range(left, min(columns, left + tile_columns))]  # fmt: skip
            if is_down:
                inside.sort(key=lambda place: (place[1], place[0]))
            found += [((top, left), r, c) for r, c in inside]
    return found


def transfers(order, rows, columns, place_of, *, across_tiles=False):
    """Return how often each sequence of places in a memory, counted from its first, is a transfer."""
    found, current, before = Counter(), [], None
    for at, (tile, r, c) in enumerate(order):
        if r not in rows or c not in columns:
            continue
        if current and (before[0] != at - 1 or (not across_tiles and before[1] != tile)):
            found[tuple(place - current[0] for place in current)] += 1
            current = []
        current.append(place_of(r, c))
        before = at, tile
    found[tuple(place - current[0] for place in current)] += 1
    return found
