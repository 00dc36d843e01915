// One column of R processing elements in DSP48E2 slices (is, ws), joined by their cascades. Tags, which the elements of
// array_column pass on, wait beside the column in shift registers.
//
// The cascades of R slices need R neighbouring slices of one column of the device.
`default_nettype none
module array_column_dsp48e2 #(
    parameter R = 4
) (
    input wire clk,
    input wire reset,
    input wire [8*R-1:0] x_in, // row by row
    input wire [R-1:0] x_first_in,
    output wire [8*R-1:0] x,
    output wire [R-1:0] x_first,
    input wire signed [7:0] b_in,
    input wire move,
    input wire [1:0] tag_in, // {last of the column's train, a result}
    output wire [31:0] sum, // at the bottom edge
    output wire [1:0] tag
);
    // index r is what enters row r from above
    wire [17:0] b [0:R];
    wire [47:0] p [0:R];
    wire [31:0] sums [0:R-1];
    assign b[0] = 18'd0;
    assign p[0] = 48'd0;
    genvar r;
    generate
        for (r = 0; r < R; r = r + 1) begin : row
            pe_dsp48e2 #(.TOP(r == 0 ? 1 : 0)) element (
                .clk(clk), .reset(reset),
                .x_in(x_in[8*r +: 8]), .x_first_in(x_first_in[r]), .x(x[8*r +: 8]), .x_first(x_first[r]),
                .move(move), .b_in(r == 0 ? b_in : 8'sd0), .b_above(b[r]), .b_below(b[r+1]),
                .p_above(p[r]), .p_below(p[r+1]), .p(sums[r]));
        end
    endgenerate
    assign sum = sums[R-1];
    skew #(.WIDTH(2), .DEPTH(R)) tags (.clk(clk), .in(tag_in), .out(tag));
    wire unused = &{1'b0, b[R], p[R]};
endmodule
`default_nettype wire
