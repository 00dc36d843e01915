// The array: skew registers, then C columns of R processing elements. What goes in at a clock is the operand of every
// row and column of one step; row r gets it r clocks later, column c c clocks later.
//
// OVERLAP: 0 none, 1 preload, 2 chained, 3 pipelined, 4 settled; it says which registers a processing element has.
// SLICES: elements are pe_dsp48e2, for is and ws, OVERLAP 4 and MREG 1; pe_generic else.
`default_nettype none
module array #(
    parameter R = 4,
    parameter C = 4,
    parameter OVERLAP = 0,
    parameter MREG = 0,
    parameter BARE = 0,
    parameter SLICES = 0
) (
    input wire clk,
    input wire reset, // held for R + C + 2 * MREG clocks, with nothing going in
    input wire os,
    input wire [8*R-1:0] x, // streamed operands, row by row
    input wire [R-1:0] x_first, // the first of a pass (os: of a fold)
    input wire [R-1:0] x_last,
    input wire [8*C-1:0] y, // held operands (os: streamed from above), column by column
    input wire load, // is, ws: a row of held operands
    input wire load_begins,
    input wire load_last,
    input wire place, // os: a place for sums that are shifted out
    input wire place_begins,
    input wire [C-1:0] result, // a sum of each column is wanted: one per step, os one per place
    input wire last, // of the pass, os of the fold
    output wire [32*C-1:0] sums, // at the bottom edge, column by column
    output wire [C-1:0] arrives, // a sum is at the edge
    output wire [C-1:0] ends // the last one of a column
);
    localparam CHAIN = OVERLAP == 4 ? 1 : 0;
    localparam DOUBLE = OVERLAP == 1 || OVERLAP == 3 || OVERLAP == 4 ? 1 : 0;

    // sums and their tags start once the first product is there
    wire [C:0] tags;
    wire drain_token;
    skew #(.WIDTH(C + 1), .DEPTH(MREG)) tag_delay (.clk(clk), .in({last, result}), .out(tags));
    skew #(.WIDTH(1), .DEPTH(MREG)) token_delay (.clk(clk), .in(place && place_begins), .out(drain_token));
    wire token = os ? drain_token : load_begins && CHAIN == 0;
    wire moves = !os && load && CHAIN != 0;

    wire [8*R-1:0] across [0:C]; // what enters column c
    wire [R-1:0] first [0:C];
    wire [R-1:0] latest [0:C];
    genvar r, c;
    generate
        for (r = 0; r < R; r = r + 1) begin : left
            skew #(.WIDTH(10), .DEPTH(r)) rows (
                .clk(clk), .in({x_first[r], x_last[r], x[8*r +: 8]}),
                .out({first[0][r], latest[0][r], across[0][8*r +: 8]}));
        end
        for (c = 0; c < C; c = c + 1) begin : column
            wire [1:0] tag;
            wire y_last, move, token_here;
            wire signed [7:0] y_here;
            wire [1:0] leaves;
            skew #(.WIDTH(13), .DEPTH(c)) columns (
                .clk(clk), .in({tags[C], tags[c], token, moves, !os && CHAIN == 0 && load_last, y[8*c +: 8]}),
                .out({tag, token_here, move, y_last, y_here}));
            if (SLICES != 0) begin : slices
                array_column_dsp48e2 #(.R(R)) elements (
                    .clk(clk), .reset(reset), .x_in(across[c]), .x_first_in(first[c]),
                    .x(across[c+1]), .x_first(first[c+1]), .b_in(y_here), .move(move), .tag_in(tag),
                    .sum(sums[32*c +: 32]), .tag(leaves));
                assign latest[c+1] = {R{1'b0}};
                wire unused = &{1'b0, token_here, y_last, latest[c]};
            end else begin : generic
                array_column #(.R(R), .DOUBLE(DOUBLE), .CHAIN(CHAIN), .MREG(MREG), .BARE(BARE)) elements (
                    .clk(clk), .reset(reset), .os(os),
                    .x_in(across[c]), .x_first_in(first[c]), .x_last_in(latest[c]),
                    .x(across[c+1]), .x_first(first[c+1]), .x_last(latest[c+1]),
                    .y_in(y_here), .y_last_in(y_last), .move(move), .token_in(token_here), .tag_in(tag),
                    .sum(sums[32*c +: 32]), .tag(leaves));
            end
            assign arrives[c] = leaves[0];
            assign ends[c] = leaves[1];
        end
    endgenerate
    wire unused = &{1'b0, across[C], first[C], latest[C]};
endmodule
`default_nettype wire
