"""What a run of engine `pe` takes, counted before it is taken: clocks and memory."""

import os
from collections.abc import Mapping
from typing import Any

import numpy as np

from pivotsim.engines.array.closed_form import cycles_per_gemm as closed_form
from pivotsim.engines.array.designs import dataflow_of, design_of
from pivotsim.errors import InputError

SPAN = 256  # clocks between two copies of the moving windows
MAX_PE_CLOCKS = 10**15  # days
SPLIT_PES, SPLIT_CLOCKS = 64 * 36, 20_000  # halves of less take longer than a thread's start, or much longer in all


def is_large(clocks: int, rows: int, cols: int, packing: int) -> bool:
    """Tell whether halves of the array's columns are worth a thread each."""
    several = cols > packing and (os.cpu_count() or 1) > 1
    return several and rows * cols >= SPLIT_PES and clocks >= SPLIT_CLOCKS


def check_size(
    m: int,
    k: int,
    n: int,
    array: Mapping[str, Any],
    *,
    trace: bool = False,
    digests: bool = False,
    masked: bool = False,
) -> int:
    """Return the most clocks that a run can take, or raise InputError if this machine cannot hold or finish it.

    They are those of the dense multiplication: a mask never takes more.
    """
    design, flow = design_of(array), dataflow_of(array)
    rows, cols = design.rows, design.cols
    clocks = int(closed_form(np.array([(m, k, n, 1)], dtype=np.int64), array)[0])
    row_size, col_size, length = flow.sizes(m, k, n)
    padded_rows, padded_cols = -(-row_size // rows) * rows, -(-col_size // cols) * cols
    held = length if flow.drains else row_size
    state = rows * cols * (4 + 3 * 4 + 2 * (design.mac_latency - 1)) + SPAN * (design.mac_packing + 5 * cols)
    operands = (length + 1) * padded_rows + (held + 1) * padded_cols + 2 * (m * k + k * n)
    tiles = padded_rows // rows, padded_cols // cols
    lists = (24 if masked else 8) * (max(tiles) if masked else 1) * length
    needed = state + operands + lists + 8 * m * n + 100 * tiles[0] * tiles[1]
    needed += clocks * (4 * trace * rows * cols + 16 * digests)
    if needed > _memory_bytes():
        size = f"{needed / 2**30:,.1f} GiB, there are {_memory_bytes() / 2**30:,.1f}"
        hint = "watch a smaller multiplication" if trace else "engine 'analytic' needs none"
        raise InputError(f"gemm: PE by PE this takes more memory than the machine has; {hint} (got {size})")
    if clocks * rows * cols > MAX_PE_CLOCKS:
        work = f"{clocks:,} clocks of {rows * cols:,} PEs"
        raise InputError(f"gemm: PE by PE this would take days; engine 'analytic' takes none (got {work})")
    return clocks


def _memory_bytes() -> int:
    """Return this machine's memory; where it cannot be asked, 4 GiB."""
    try:
        return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    except (AttributeError, ValueError, OSError):
        return 4 * 2**30
