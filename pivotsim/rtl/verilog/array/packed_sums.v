// The sums of two columns that share slices: those of a chain of slices are parted, and added to what the chain above
// has summed up, in a register. The first chain of a column adds to nothing.
`default_nettype none
module packed_sums #(
    parameter FIRST = 0,
    parameter ROWS = 7, // of this chain: the sums from above wait for it
    parameter ABOVE_BITS = 18, // of a sum from above
    parameter BITS = 18 // of a sum that leaves
) (
    input wire clk,
    input wire [35:0] p, // of the chain's last slice: {upper sum, lower sum}
    input wire [2*ABOVE_BITS-1:0] above, // {right column, left column}
    output reg [2*BITS-1:0] sums
);
    wire [BITS-1:0] lower = {{BITS-18{p[17]}}, p[17:0]}, upper = {{BITS-18{p[35]}}, p[35:18]};
    wire [BITS-1:0] left_above, right_above;
    generate
        if (FIRST != 0) begin : begins
            assign left_above = {BITS{1'b0}};
            assign right_above = {BITS{1'b0}};
            wire unused = &{1'b0, above};
        end else begin : follows
            wire [ABOVE_BITS-1:0] left, right;
            skew #(.WIDTH(2 * ABOVE_BITS), .DEPTH(ROWS - 1)) waits (.clk(clk), .in(above), .out({right, left}));
            assign left_above = {{BITS-ABOVE_BITS{left[ABOVE_BITS-1]}}, left};
            assign right_above = {{BITS-ABOVE_BITS{right[ABOVE_BITS-1]}}, right};
        end
    endgenerate
    // a bit below takes the upper sum's missing one in: one adder
    wire [BITS:0] right = {upper, 1'b1} + {right_above, p[17]};
    always @(posedge clk) sums <= {right[BITS:1], lower + left_above};
    wire unused_carry = &{1'b0, right[0]};
endmodule
`default_nettype wire
