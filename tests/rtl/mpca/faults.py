"""One-line faults in the lanes' Verilog, in what is written into them, and in the engine's clocks."""

import random
import re
import sys
from pathlib import Path

from tests.rtl import faults
from tests.rtl.faults import Fault
from tests.rtl.mpca.agreement import Tally, differences, draw_point
from tests.rtl.mpca.bridge import MODEL, Build, VerilatedLanes
from tests.rtl.verilated import Model

BUILDS = (Build(2, 2, 2, 3), Build(1, 3, 3, 2))
POINTS = 60

VERILOG = "pivotsim/rtl/verilog/mpca"
MPCA, SEQUENCER, LANE, PE, MAC = (
    f"{VERILOG}/{name}.v" for name in ("mpca", "lane_sequencer", "mpca_lane", "mpca_pe", "multiply_accumulate")
)
PROGRAMS = "pivotsim/rtl/mpca/lane_programs.py"
ENGINE, KERNEL = "pivotsim/engines/mpca/lanes.py", "pivotsim/kernels/mpca.py"
FAULTS = [
    Fault("lanes: a header takes a clock more", SEQUENCER, "works && header == header_clocks", "works && header > header_clocks"),
    Fault("lanes: no lane waits in lockstep", SEQUENCER, "(!next_together || all_done)", "(!next_together || 1'b1)"),
    Fault("lanes: rows of the first column for all", SEQUENCER, "rows_before + blocks[ROW_BITS-1:0]", "rows_before"),
    Fault("lanes: a part of no columns at a block's end", SEQUENCER, "block - columns <= pe_columns", "block - columns < pe_columns"),
    Fault("lanes: blocks of a part one too few", SEQUENCER, "index + 16'd1 == blocks;", "index + 16'd2 >= blocks;"),
    Fault("lanes: the width of a part is not cut", SEQUENCER, "last_columns ? block - columns : pe_columns", "last_columns ? pe_columns : pe_columns"),
    Fault("array: every group reads the first one's tokens", MPCA, "depth_base <= depth_base + group_depth;", "depth_base <= depth_base;"),
    Fault("array: a group does not wait for the slowest lane", MPCA, "active && &list_done", "active && |list_done"),
    Fault("array: ends a clock early", MPCA, "localparam FILL = 2 * P_PE + P_T;", "localparam FILL = 2 * P_PE + P_T - 1;"),
    Fault("lane: tokens reach all tiles at once", LANE, ".address(token[t])", ".address(token[0])"),
    Fault("lane: columns not skewed", LANE, "skew #(.WIDTH(8), .DEPTH(c)) late", "skew #(.WIDTH(8), .DEPTH(0)) late"),
    Fault("pe: sums leave before they are whole", PE, ".DEPTH(2)) whole", ".DEPTH(1)) whole"),
    Fault("pe: rows leave together", PE, ".DEPTH(r)) late_exit", ".DEPTH(0)) late_exit"),
    Fault("mac: the next sum does not begin again", MAC, "(first ? 32'sd0 : sum)", "sum"),
    Fault("mac: unsigned operand", MAC, "product <= x_in * w_in;", "product <= $signed({1'b0, x_in}) * w_in;"),
    Fault("lists: a column's weights block by block", PROGRAMS, "words[own, :, j].transpose(2, 0, 1, 3)", "words[own, :, j].transpose(0, 2, 1, 3)"),
    Fault("lists: shortest column first", ENGINE, "np.argsort(-counts.astype(np.int64)", "np.argsort(counts.astype(np.int64)"),
    Fault("engine: every group of row tiles fills again", ENGINE, "(spans > 0) * mpca.fill_cycles", "groups * (spans > 0) * mpca.fill_cycles"),
    Fault("engine: a barrier forgets the slowest lane", KERNEL, "slowest = max(slowest, costs[j])", "slowest = costs[j]"),
]  # fmt: skip


def caught_by(fault: Fault, folder: Path) -> str:
    """Return the first difference that the small campaign finds under a fault, '' if none."""
    return faults.caught_by(fault, folder, "tests.rtl.mpca.faults")


def small_campaign(model: Model) -> str:
    """Return the first difference on the small arrays, as 'what (where)', or ''."""
    draw = random.Random(7)
    for build in BUILDS:
        lanes = VerilatedLanes(build, model)
        for _ in range(POINTS):
            point = draw_point(draw, build)
            try:
                found = differences(point, lanes, Tally())
            except RuntimeError as error:
                found = [re.sub(r"[0-9]+", "N", str(error))]
            if found:
                return f"{found[0]} ({point})"
    return ""


if __name__ == "__main__":
    first = small_campaign(faults.model_under(FAULTS, MODEL, sys.argv[1:]))
    print(first)
    sys.exit(bool(first))
