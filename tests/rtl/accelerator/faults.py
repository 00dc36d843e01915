"""One-line faults in the Verilog that ships, each built from edited copies.

A fault is caught if a small campaign finds a difference; the first one is what the proof lists.
"""

import random
from pathlib import Path

from tests.rtl import verilated
from tests.rtl.accelerator.agreement import Tally, differences, draw_case
from tests.rtl.accelerator.bridge import MODEL, Build, VerilatedAccelerator
from tests.rtl.faults import Fault, in_module

CASES = 250  # of each small build
SMALL_BUILDS = (
    Build(3, 2, "pipelined", mac_latency=2, buffer_read_cycles=1, masked=True),
    Build(3, 4, "settled", masked=True),
    Build(3, 2, "chained"),
)


FAULTS = [
    in_module("opmem", "what a sum is added to is read as it comes", ".DEPTH(EDGE + READ_CYCLES - AHEAD)", ".DEPTH(EDGE + READ_CYCLES - AHEAD + 1)"),
    in_module("opmem", "sums replace what is there", "wire [31:0] total = added + sums", "wire [31:0] total = sums"),
    in_module("opmem", "both halves are written", "wire mine = HALVES == 1 || half == (h != 0)", "wire mine = 1'b1"),
    in_module("opmem_bank", "a drain misses what is written in its clock", "assign drained = meets ? write_data : word;", "assign drained = word;"),
    in_module("opmem_bank", "a late read misses what is written in its clock", ".in(meets_reg ? written_reg : word_reg)", ".in(word_reg)"),
    in_module("rotator", "items are turned the other way", "{turned[s][STEP-1:0], turned[s][ALL-1:STEP]}", "{turned[s][ALL-STEP-1:0], turned[s][ALL-1:ALL-STEP]}"),
    in_module("packed_memory", "neighbouring rows are not turned", ".in(wanted), .places(first[READ_BITS-1:0])", ".in(wanted), .places({READ_BITS{1'b0}})"),
    in_module("packed_memory", "a byte too many is written", "{j < write_count[LANE_BITS:0],", "{j < write_count[LANE_BITS:0] + 1'b1,"),
    in_module("packed_memory", "banks below the first byte's read its word", "read_passed[b] ? read_word_after", "1'b0 ? read_word_after"),
    in_module("packed_memory", "a write reaches all groups of banks", "arriving[8] && group[BANK_BITS-LANE_BITS-1:0] == NUMBER[BANK_BITS-1:LANE_BITS]", "arriving[8] && (1'b1 || group[BANK_BITS-LANE_BITS-1:0] == NUMBER[BANK_BITS-1:LANE_BITS])"),
    in_module("transfer_sequencer", "a transfer does not wait", "index != count && ready", "index != count"),
    in_module("pass_sequencer", "a stream does not wait for its load", "&& loads_done >= s_loads && drains_done", "&& drains_done"),
    in_module("pass_sequencer", "a stream does not wait for OPMEM", " && drains_done >= s_drains;", ";"),
    in_module("pass_sequencer", "a tile does not wait for its load", "t_begins && loads_done >= t_loads", "t_begins"),
    in_module("pass_sequencer", "the next tile comes a clock late", "tile_left <= s_tile == 0 ? 0 : s_tile - ONE;", "tile_left <= s_tile;"),
    in_module("pass_sequencer", "a short chunk takes a fold's places", "if (stream_last && s_last) begin", "if (stream_last) begin"),
    in_module("pass_sequencer", "empty rows of a settled tile come last", "SETTLED != 0 ? row_now + t_rows >= t_extent", "SETTLED != 0 ? row_now < t_rows"),
    in_module("read_mover", "the global buffer keeps nothing", "keeps && from_dram ? now", "1'b0 ? now"),
    in_module("read_mover", "a load from the buffer ends before its answer", "from_dram ? is_last : answered_last", "is_last"),
    in_module("write_mover", "reads do not run ahead", "owed < lanes * AHEAD[COUNT_BITS-1:0]", "owed == 0"),
    in_module("write_mover", "columns that are not in use leave", "(arrives ? row_bytes : 0);", "(arrives ? row_bytes | 1 : 0);"),
    in_module("write_mover", "a word that is sent stays", "waiting_reg <= word_sent ?", "waiting_reg <= 1'b0 ?"),
    in_module("write_mover", "a row is put behind the first word's end", "next_passed[b] ? comes_passed : comes", "comes"),
    in_module("requantise", "rounds down", "(product + half) >>> places", "product >>> places"),
    in_module("requantise", "wraps instead of saturating", "rounded > 127 ? 8'sd127 :", "rounded > 255 ? 8'sd127 :"),
    in_module("accelerator", "a drain does not wait for the narrow column", "drain_narrow ? ended_narrow : ended", "ended"),
    in_module("accelerator", "a half is filled while it is read", "tiles_read : streams_read) >= load_reads", "tiles_read : streams_read) + 1 >= load_reads"),
    in_module("accelerator", "rows that are not in use stream", "x_lanes[r] : r < stream_rows);", "x_lanes[r] : 1'b1);"),
    in_module("lane_expander", "bytes stay where they lie", "packed_bytes[8*below[i] +: 8]", "packed_bytes[8*i +: 8]"),
    in_module("entry_flags", "a region's sums count for the next one", "clear || (empties &&", "clear || (1'b0 &&"),
    in_module("entry_flags", "entries without sums drain as they are", "assign is_set = drained", "assign is_set = 1'b1 || drained"),
    in_module("pass_sequencer", "a pass ends with its first run", "stream_run_ends && s_ends;", "stream_run_ends;"),
    in_module("pass_sequencer", "a run waits for its pass to be let in", "(stream_is_next && !s_begins)", "(stream_is_next && !s_begins && stream_left == 0)"),
    in_module("read_mover", "an index is stored", "come < wanted ? come : wanted", "come"),
    in_module("array", "a drain's token comes a clock early", ".DEPTH(MREG)) token_delay", ".DEPTH(0)) token_delay"),
]  # fmt: skip


def caught_by(fault: Fault, folder: Path) -> str:
    """Return the first difference that a small campaign on the faulty Verilog finds, as 'what (where)', '' if none."""
    quiet = ("-Wno-UNUSEDSIGNAL",)  # of what nothing reads now
    model = verilated.faulty(MODEL, fault.file, fault.old, fault.new, folder, quiet)
    draw = random.Random(7)
    for build in SMALL_BUILDS:
        accelerator = VerilatedAccelerator(build, model=model)
        for seed in range(CASES):
            case = draw_case(draw, build)
            try:
                found = differences(case, accelerator, seed, Tally())
            except RuntimeError as error:
                found = [str(error)]
            if found:
                return f"{found[0]} ({case.array['dataflow']}, {build.fold_overlap}, {case.array['edge']})"
    return ""
