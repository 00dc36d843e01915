// One column of R processing elements: streamed operands come from the left, held ones and partial sums from above.
`default_nettype none
module array_column #(
    parameter R = 4,
    parameter DOUBLE = 0,
    parameter CHAIN = 0,
    parameter MREG = 0,
    parameter BARE = 0 // os: the last row's own sum is the edge, not a register below it
) (
    input wire clk,
    input wire reset,
    input wire os,
    input wire [8*R-1:0] x_in, // row by row
    input wire [R-1:0] x_first_in,
    input wire [R-1:0] x_last_in,
    output wire [8*R-1:0] x,
    output wire [R-1:0] x_first,
    output wire [R-1:0] x_last,
    input wire signed [7:0] y_in,
    input wire y_last_in,
    input wire move,
    input wire token_in,
    input wire [1:0] tag_in, // {last of the column's train, a result}
    output wire [31:0] sum, // at the bottom edge
    output wire [1:0] tag
);
    // index r is what enters row r from above
    wire signed [7:0] y [0:R];
    wire signed [7:0] b [0:R];
    wire y_last [0:R];
    wire token [0:R];
    wire signed [31:0] p [0:R];
    wire signed [31:0] p_next [0:R-1];
    wire [1:0] p_tag [0:R];
    assign y[0] = (CHAIN != 0 && !os) ? 8'sd0 : y_in;
    assign b[0] = y_in;
    assign y_last[0] = y_last_in;
    assign token[0] = token_in;
    assign p[0] = 32'sd0;
    assign p_tag[0] = tag_in;
    genvar r;
    generate
        for (r = 0; r < R; r = r + 1) begin : row
            pe_generic #(.DOUBLE(DOUBLE), .CHAIN(CHAIN), .MREG(MREG)) element (
                .clk(clk), .reset(reset), .os(os),
                .x_in(x_in[8*r +: 8]), .x_first_in(x_first_in[r]), .x_last_in(x_last_in[r]),
                .x(x[8*r +: 8]), .x_first(x_first[r]), .x_last(x_last[r]),
                .y_in(y[r]), .y_last_in(y_last[r]), .y(y[r+1]), .y_last(y_last[r+1]),
                .move(move), .b_in(b[r]), .b(b[r+1]),
                .token_in(token[r]), .token(token[r+1]),
                .p_in(p[r]), .p_tag_in(p_tag[r]), .p_next(p_next[r]), .p(p[r+1]), .p_tag(p_tag[r+1]));
        end
    endgenerate
    wire bare = BARE != 0 && os;
    assign sum = bare ? p_next[R-1] : p[R];
    assign tag = bare ? p_tag[R-1] : p_tag[R];
endmodule
`default_nettype wire
