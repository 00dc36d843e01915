// The array: skew registers, then C columns of R processing elements. What goes in at a clock is the operand of every
// row and column of one step; row r gets it r clocks later, column c c clocks later, or, where two columns share slices,
// pair c of them.
//
// OVERLAP: 0 none, 1 preload, 2 chained, 3 pipelined, 4 settled; it says which registers a processing element has.
// SLICES: elements are pe_dsp48e2, for is and ws, OVERLAP 4 and MREG 1; pe_generic else.
// MAC_PACKING 2: two columns share slices, pe_packed_dsp48e2, for SLICES and MREG 3: two clocks more for a multiply-
// accumulate, and one for the register that parts sums. The last of an odd number of columns has slices of its own.
`default_nettype none
module array #(
    parameter R = 4,
    parameter C = 4,
    parameter OVERLAP = 0,
    parameter MREG = 0,
    parameter BARE = 0,
    parameter SLICES = 0,
    parameter MAC_PACKING = 1
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

    localparam ACROSS = (C + MAC_PACKING - 1) / MAC_PACKING; // elements that a streamed operand passes

    // sums and their tags start once the first product is there
    wire [C:0] tags;
    wire drain_token;
    skew #(.WIDTH(C + 1), .DEPTH(MREG)) tag_delay (.clk(clk), .in({last, result}), .out(tags));
    skew #(.WIDTH(1), .DEPTH(MREG)) token_delay (.clk(clk), .in(place && place_begins), .out(drain_token));
    wire token = os ? drain_token : load_begins && CHAIN == 0;
    wire moves = !os && load && CHAIN != 0;

    wire [8*R-1:0] across [0:ACROSS]; // what enters column, or pair, c
    wire [R-1:0] first [0:ACROSS];
    wire [R-1:0] latest [0:ACROSS];
    genvar r, c;
    generate
        for (r = 0; r < R; r = r + 1) begin : left
            skew #(.WIDTH(10), .DEPTH(r)) rows (
                .clk(clk), .in({x_first[r], x_last[r], x[8*r +: 8]}),
                .out({first[0][r], latest[0][r], across[0][8*r +: 8]}));
        end
        if (MAC_PACKING != 1) begin : packed_columns
            for (c = 0; c < ACROSS; c = c + 1) begin : pair
                localparam HAS_RIGHT = 2 * c + 1 < C ? 1 : 0;
                wire right_result = HAS_RIGHT != 0 ? tags[2*c+HAS_RIGHT] : 1'b0;
                wire [7:0] right_y = HAS_RIGHT != 0 ? y[8*(2*c+HAS_RIGHT) +: 8] : 8'd0;
                wire [2:0] tag, leaves;
                wire move;
                wire signed [7:0] y0, y1;
                wire [31:0] sum0, sum1;
                skew #(.WIDTH(20), .DEPTH(c)) columns (
                    .clk(clk), .in({tags[C], right_result, tags[2*c], moves, right_y, y[16*c +: 8]}),
                    .out({tag, move, y1, y0}));
                array_pair_dsp48e2 #(.R(R)) elements (
                    .clk(clk), .reset(reset), .x_in(across[c]), .x_first_in(first[c]),
                    .x(across[c+1]), .x_first(first[c+1]), .b0_in(y0), .b1_in(y1), .move(move), .tag_in(tag),
                    .sum0(sum0), .sum1(sum1), .tag(leaves));
                assign latest[c+1] = {R{1'b0}};
                assign sums[64*c +: 32] = sum0;
                assign arrives[2*c] = leaves[0];
                assign ends[2*c] = leaves[2];
                if (HAS_RIGHT != 0) begin : right
                    assign sums[64*c+32 +: 32] = sum1;
                    assign arrives[2*c+1] = leaves[1];
                    assign ends[2*c+1] = leaves[2];
                end else begin : alone
                    wire unused = &{1'b0, sum1, leaves[1]};
                end
                wire unused = &{1'b0, latest[c]};
            end
            wire unused = &{1'b0, token, load_last};
        end else begin : single_columns
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
        end
    endgenerate
    wire unused = &{1'b0, across[ACROSS], first[ACROSS], latest[ACROSS]};
endmodule
`default_nettype wire
