"""One-line faults in the Verilog of the station; each is caught if a small campaign finds a difference."""

from pathlib import Path

from pivotsim.engines.pl_units.operations import Station
from tests.rtl import verilated
from tests.rtl.faults import Fault, in_module
from tests.rtl.station.station_agreement import campaign
from tests.rtl.station.verilated_station import MODEL

PASSES = 60
STATION = Station(4, 6, 160, max_elements=18, max_channels=16, token_bits=3, comparators=2, prefix=1)


FAULTS = [
    in_module("step_multiples", "odd multiples are even", "(k % 2 == 1 ? step :", "(k % 2 == 2 ? step :"),
    in_module("strided_walk", "a run begins where the last one ended", "next_run = run + run_step", "next_run = index + run_step"),
    in_module("strided_walk", "a run of a rest goes on as long as a clock", "assign most = left <", "assign most = (left | {(BITS+1){1'b1}}) <"),
    in_module("strided_walk", "all runs are one", "assign ends = run_ends && runs_left == 1;", "assign ends = run_ends;"),
    in_module("banked_memory", "an answer goes where nothing is read", "if (read) word_reg", "word_reg"),
    in_module("banked_memory", "its bank too", "if (reads_lane[k]) bank_reg", "bank_reg"),
    in_module("banked_memory", "an element more is written", "NUMBER < write_count", "NUMBER <= write_count"),
    in_module("fill_mover", "half an element is lost", "half ? {dram_data, byte_reg} :", "half ? {dram_data, 8'd0} :"),
    in_module("fill_mover", "half an element counts for nothing", "- {{(COUNT_BITS-1){1'b0}}, half} :", "- {COUNT_BITS{1'b0}} :"),
    in_module("fill_mover", "bytes have no sign", "{{8{narrow[7]}}, narrow}", "{8'd0, narrow}"),
    in_module("drain_mover", "a group begins again", "bytes >> {sent_reg, 3'd0}", "bytes >> {sent_reg & {SENT_BITS{1'b0}}, 3'd0}"),
    in_module("drain_mover", "a group that is taken in part is gone", "holds && dram_accepts == left;", "holds && dram_accepts != 0;"),
    in_module("drain_mover", "a group waits a clock for the next", "(!holds || goes)", "!holds"),
    in_module("drain_mover", "the response is not waited for", "last = moves && dram_response", "last = finished && goes"),
    in_module("row_units", "probabilities are the branch's", ".in_first(in_first), .in_data(bytes), .out_valid(valids[0])", ".in_first(in_first), .in_data(added), .out_valid(valids[0])"),
    in_module("row_units", "bytes of LayerNorm have no sign", "outs[2][16*k +: 16] = {{8{out[8*k+7]}}", "outs[2][16*k +: 16] = {8'd0"),
    in_module("row_units", "epsilon has 32 bits", "{word_4[22:0], word_2}", "{23'd0, word_2}"),
    in_module("unit_station", "the branch lies as the stream", "kind == ROWS ? word[4][BITS-1:0] : word[5]", "kind == ROWS ? word[5][BITS-1:0] : word[5]"),
    in_module("unit_station", "a beat of a block is never the first", "first_reg <= begins;", "first_reg <= 1'b0;"),
    in_module("unit_station", "a fill of B reaches A", "kind == FILL && in_b ? 0 : written", "written"),
    in_module("unit_station", "groups are wider than the port", "kind == DRAIN && port_group < per_clock", "1'b0 && port_group < per_clock"),
    in_module("unit_station", "how many tokens there are is read again", "if (begins && kind == SCORE) {wire_bits", "if (begins) {wire_bits"),
    in_module("shuffle_walk", "tokens of A lie as those of B", "{{(WIDE-BITS){1'b0}}, pitch}", "{{(WIDE-BITS){1'b0}}, to_pitch}"),
    in_module("shuffle_walk", "the last block is whole", "left < {{(BITS-LANE_BITS){1'b0}}, ALL} ? left[LANE_BITS:0] : ALL", "ALL"),
    in_module("shuffle_walk", "the fused token is always written", "(fused_valid && fuses)", "fused_valid"),
    in_module("token_dropping", "the sorter waits for nothing", "SORT: if (proceeds) begin", "SORT: begin"),
]  # fmt: skip


def caught_by(fault: Fault, folder: Path) -> str:
    """Return the first difference that a small campaign on the faulty Verilog finds, '' if none."""
    quiet = ("-Wno-UNUSEDSIGNAL", "-Wno-WIDTHEXPAND", "-Wno-CMPCONST", "-Wno-UNSIGNED")  # of what nothing reads now
    model = verilated.faulty(MODEL, fault.file, fault.old, fault.new, folder, quiet)
    try:
        _, _, found = campaign(STATION, PASSES, seed=3, model=model)
    except AssertionError as error:  # no end
        found = [str(error)]
    return found[0] if found else ""
