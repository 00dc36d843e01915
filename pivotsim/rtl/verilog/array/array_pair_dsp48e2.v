// Two neighbouring columns of R processing elements that share DSP48E2 slices (is, ws; int8). Sums pass down chains of 7
// slices, the last perhaps fewer; below each chain they are parted and added up in fabric (packed_sums).
//
// Chain k begins where the one above it ends, so its sums are there 7 clocks later, and what the chains above have summed
// up waits for them: all breaks together cost the one clock of the last register.
`default_nettype none
module array_pair_dsp48e2 #(
    parameter R = 4
) (
    input wire clk,
    input wire reset,
    input wire [8*R-1:0] x_in, // row by row
    input wire [R-1:0] x_first_in,
    output wire [8*R-1:0] x,
    output wire [R-1:0] x_first,
    input wire signed [7:0] b0_in, // left column
    input wire signed [7:0] b1_in,
    input wire move,
    input wire [2:0] tag_in, // {last of the columns' train, a result of the right one, of the left one}
    output wire [31:0] sum0, // at the bottom edge
    output wire [31:0] sum1,
    output wire [2:0] tag
);
    localparam CHAIN = 7, CHAINS = (R + CHAIN - 1) / CHAIN;

    // bits of a sum of so many products of int8, at least those of a chain
    function integer bits_of(input integer products);
        bits_of = products < CHAIN ? 18 : 15 + $clog2(products + 1);
    endfunction

    // index r is what enters row r from above
    wire [29:0] b [0:R];
    wire signed [7:0] b1 [0:R];
    wire [47:0] p [0:R];
    wire [35:0] sums [0:R-1];
    assign b[0] = 30'd0;
    assign b1[0] = b1_in;
    assign p[0] = 48'd0;
    wire [31:0] left_sums [0:CHAINS]; // index k is what enters chain k from above
    wire [31:0] right_sums [0:CHAINS];
    assign left_sums[0] = 32'd0;
    assign right_sums[0] = 32'd0;
    genvar r, k;
    generate
        for (r = 0; r < R; r = r + 1) begin : row
            pe_packed_dsp48e2 #(.TOP(r == 0 ? 1 : 0), .FIRST(r % CHAIN == 0 ? 1 : 0)) element (
                .clk(clk), .reset(reset),
                .x_in(x_in[8*r +: 8]), .x_first_in(x_first_in[r]), .x(x[8*r +: 8]), .x_first(x_first[r]),
                .move(move), .b_in(r == 0 ? b0_in : 8'sd0), .b_above(b[r]), .b_below(b[r+1]),
                .b1_in(b1[r]), .b1(b1[r+1]),
                .p_above(r % CHAIN == 0 ? 48'd0 : p[r]), .p_below(p[r+1]), .p(sums[r]));
        end
        for (k = 0; k < CHAINS; k = k + 1) begin : chain
            localparam FIRST = CHAIN * k, ROWS = k == CHAINS - 1 ? R - FIRST : CHAIN;
            localparam ABOVE = bits_of(FIRST), BITS = bits_of(FIRST + ROWS);
            wire [BITS-1:0] left, right;
            packed_sums #(.FIRST(k == 0 ? 1 : 0), .ROWS(ROWS), .ABOVE_BITS(ABOVE), .BITS(BITS)) parted (
                .clk(clk), .p(sums[FIRST+ROWS-1]), .above({right_sums[k][ABOVE-1:0], left_sums[k][ABOVE-1:0]}),
                .sums({right, left}));
            assign left_sums[k+1] = {{32-BITS{left[BITS-1]}}, left};
            assign right_sums[k+1] = {{32-BITS{right[BITS-1]}}, right};
        end
    endgenerate
    assign sum0 = left_sums[CHAINS];
    assign sum1 = right_sums[CHAINS];
    skew #(.WIDTH(3), .DEPTH(R)) tags (.clk(clk), .in(tag_in), .out(tag));
    wire unused = &{1'b0, b[R], b1[R], p[R]};
endmodule
`default_nettype wire
