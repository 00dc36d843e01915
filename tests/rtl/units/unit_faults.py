"""One-line faults in the Verilog of the units; each is caught if a small campaign finds a difference."""

from pathlib import Path

from tests.rtl import verilated
from tests.rtl.faults import Fault, in_module
from tests.rtl.units.unit_agreement import campaign
from tests.rtl.units.verilated_units import MODEL, VerilatedUnits

VECTORS = 8_000  # 400 drops
LANES, LONGEST = 3, 12


FAULTS = [
    in_module("softmax", "the maximum of the row before counts", "wire [7:0] most = !first_reg && most_reg", "wire [7:0] most = most_reg"),
    in_module("softmax", "elements of the next row are below this one's maximum", "(in_row[lane] ? maximum : next_maximum)", "maximum"),
    in_module("softmax", "a row that ends leaves nothing to the next", "sum_reg <= s_ends ? beyond_sum : sum;", "sum_reg <= s_ends ? 0 : sum;"),
    in_module("softmax", "rounds down", "{7'd0, product[23]}; // a half", "8'd0; // a half"),
    in_module("softmax", "the reciprocal is waited for a clock short", ".DEPTH(SPAN + 1 + DIVISION)", ".DEPTH(SPAN + DIVISION)"),
    in_module("row_splitter", "a row that fills its last beat goes on", "assign ends = left <= BEAT;", "assign ends = left < BEAT;"),
    in_module("reciprocal", "a remainder as large as the divisor stays", "rest >= {1'b0, divisors", "rest > {1'b0, divisors"),
    in_module("square_root", "a remainder as large as the trial stays", "remainder >= trial", "remainder > trial"),
    in_module("row_statistics", "epsilon is left out", "+ {1'b0, epsilon};", ";"),
    in_module("row_statistics", "the mean is rounded down", "(weighted + $signed(54'd1 << (places - 1'b1))) >>>", "weighted >>>"),
    in_module("layer_norm", "channels of the second beat have the first one's constants", "if (d_valid) place_reg <= place + 1'b1;", "if (d_valid) place_reg <= 0;"),
    in_module("layer_norm", "y wraps", "y <= shifted > 127 ? 8'sd127 :", "y <= shifted > 255 ? 8'sd127 :"),
    in_module("activation", "a beat that holds moves on", "if (advance) out_valid <= in_valid;", "out_valid <= in_valid;"),
    in_module("residual_add", "what is rescaled wraps", "moved <= rounded > 32767 ? 16'sh7FFF :", "moved <="),
    in_module("residual_add", "the sum wraps", "total <= sum[16] == sum[15] ? sum[15:0] :", "total <= 1'b1 ? sum[15:0] :"),
    in_module("token_ranks", "of equal scores the higher index comes first", "~INDEX[TOKEN_BITS-1:0]};\n                    else", "INDEX[TOKEN_BITS-1:0]};\n                    else"),
    in_module("token_ranks", "every run falls", "(second > first) ^ rises;", "(second > first) ^ (1'b0 & rises);"),
    in_module("token_ranks", "scores of the drop before stay", "else if (score_first) key", "else if (1'b0) key"),
    in_module("token_shuffle", "tokens that stay are summed, too", "here && !stays[p] ?", "here ?"),
    in_module("token_shuffle", "the weights of all channels are summed", "(first_1 ? {TOTAL_BITS{1'b0}} : total) + together", "total + together"),
    in_module("token_dropping", "the sorter leaves out its last level", "distance == 0 && level == wire_bits", "distance == 0 && level + 1'b1 >= wire_bits"),
]  # fmt: skip


def caught_by(fault: Fault, folder: Path) -> str:
    """Return the first difference that a small campaign on the faulty Verilog finds, '' if none."""
    quiet = ("-Wno-UNUSEDSIGNAL", "-Wno-WIDTHEXPAND")  # of what nothing reads now
    model = verilated.faulty(MODEL, fault.file, fault.old, fault.new, folder, quiet)
    units = VerilatedUnits(LANES, LONGEST, model=model)
    try:
        _, found = campaign(units, VECTORS, seed=3)
    except AssertionError as error:  # no answer, or no end
        found = [str(error)]
    units.close()
    return found[0] if found else ""
