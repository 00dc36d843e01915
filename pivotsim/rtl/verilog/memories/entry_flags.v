// Which entries of OPMEM hold sums of their region: set when the address of a sum is sent, cleared by half when its drain
// is over. An entry without sums is not added to, and drains as 0; masks leave such entries.
`default_nettype none
module entry_flags #(
    parameter DEPTH = 64,
    parameter HALVES = 2,
    parameter COUNT_BITS = 20
) (
    input wire clk,
    input wire clear, // all
    input wire set,
    input wire set_half,
    input wire [COUNT_BITS-1:0] set_entry,
    output wire was_set, // before
    input wire empties, // a half
    input wire drain_half,
    input wire [COUNT_BITS-1:0] drain_entry,
    output wire is_set // also by what is set in this clock
);
    localparam BITS = DEPTH > 1 ? $clog2(DEPTH) : 1;
    localparam WORDS = 1 << BITS;
    reg [WORDS-1:0] flags [0:HALVES-1];
    wire [WORDS-1:0] here = flags[HALVES > 1 ? {31'd0, set_half} : 0];
    wire [WORDS-1:0] drained = flags[HALVES > 1 ? {31'd0, drain_half} : 0];
    wire same_half = HALVES == 1 || set_half == drain_half;
    assign was_set = here[set_entry[BITS-1:0]];
    assign is_set = drained[drain_entry[BITS-1:0]]
        || (set && same_half && set_entry[BITS-1:0] == drain_entry[BITS-1:0]);
    genvar h;
    generate
        for (h = 0; h < HALVES; h = h + 1) begin : half
            wire sets = set && (HALVES == 1 || set_half == (h != 0));
            wire clears = clear || (empties && (HALVES == 1 || drain_half == (h != 0)));
            always @(posedge clk)
                if (clears) flags[h] <= {WORDS{1'b0}};
                else if (sets) flags[h][set_entry[BITS-1:0]] <= 1'b1;
        end
    endgenerate
    wire unused = &{1'b0, set_entry, drain_entry, set_half, drain_half};
endmodule
`default_nettype wire
