// One column lane: its list, its weights, and P_T processing elements with activations of their own. Weights and what
// comes with them reach PE t t clocks after PE 0.
`default_nettype none
module mpca_lane #(
    parameter P_T = 2,
    parameter P_PE = 4,
    parameter LIST_BITS = 8,
    parameter ROW_BITS = 10,
    parameter WEIGHT_BITS = 12,
    parameter TOKEN_BITS = 10,
    parameter OUT_BITS = 12
) (
    input wire clk,
    input wire list_write,
    input wire row_write,
    input wire weight_write,
    input wire [P_T-1:0] token_write,
    input wire [15:0] write_address,
    input wire [31:0] write_entry,
    input wire [8*P_PE-1:0] write_operands,

    input wire restart,
    input wire active,
    input wire next_together,
    input wire all_done,
    input wire [15:0] header_clocks,
    input wire [15:0] block,
    input wire [15:0] depth_base,
    input wire [15:0] column_base,
    output wire entry_done,
    output wire list_done,

    output wire [P_T*P_PE-1:0] out_valid,
    output wire [OUT_BITS*P_T*P_PE-1:0] out_place,
    output wire [32*P_T*P_PE-1:0] out_sum
);
    localparam COUNT_BITS = $clog2(P_PE + 1);
    localparam TAG_BITS = 2 + OUT_BITS + COUNT_BITS;

    wire [LIST_BITS-1:0] list_address;
    wire [31:0] list_entry;
    wire [ROW_BITS-1:0] row_address;
    wire [15:0] row_depth;
    wire [WEIGHT_BITS-1:0] weight_address;
    wire [TOKEN_BITS-1:0] token_address;
    wire first, last;
    wire [OUT_BITS-1:0] place;
    wire [15:0] width;
    lane_memory #(.WIDTH(32), .ADDRESS_BITS(LIST_BITS), .REGISTERED(0)) list (
        .clk(clk), .write(list_write), .write_address(write_address[LIST_BITS-1:0]), .write_data(write_entry),
        .address(list_address), .data(list_entry));
    lane_memory #(.WIDTH(16), .ADDRESS_BITS(ROW_BITS), .REGISTERED(0)) rows (
        .clk(clk), .write(row_write), .write_address(write_address[ROW_BITS-1:0]), .write_data(write_entry[15:0]),
        .address(row_address), .data(row_depth));
    lane_sequencer #(
        .P_PE(P_PE), .LIST_BITS(LIST_BITS), .ROW_BITS(ROW_BITS), .WEIGHT_BITS(WEIGHT_BITS), .TOKEN_BITS(TOKEN_BITS),
        .OUT_BITS(OUT_BITS)
    ) sequencer (
        .clk(clk), .restart(restart), .active(active), .next_together(next_together), .all_done(all_done),
        .header_clocks(header_clocks), .block(block), .depth_base(depth_base), .column_base(column_base),
        .list_address(list_address), .list_entry(list_entry), .row_address(row_address), .row_depth(row_depth),
        .entry_done(entry_done), .list_done(list_done),
        .weight_address(weight_address), .token_address(token_address), .first(first), .last(last), .place(place),
        .width(width));

    // what the memories are asked in a clock reaches the PEs in the next one, column c another c clocks later
    wire [8*P_PE-1:0] weights_read;
    lane_memory #(.WIDTH(8 * P_PE), .ADDRESS_BITS(WEIGHT_BITS), .REGISTERED(1)) weights (
        .clk(clk), .write(weight_write), .write_address(write_address[WEIGHT_BITS-1:0]), .write_data(write_operands),
        .address(weight_address), .data(weights_read));
    wire [8*P_PE-1:0] w [0:P_T];
    wire [TOKEN_BITS-1:0] token [0:P_T];
    wire [TAG_BITS-1:0] tag [0:P_T];
    assign token[0] = token_address;
    skew #(.WIDTH(TAG_BITS), .DEPTH(1)) tags (
        .clk(clk), .in({first, last, place, width[COUNT_BITS-1:0]}), .out(tag[0]));
    genvar c, t;
    generate
        for (c = 0; c < P_PE; c = c + 1) begin : column
            skew #(.WIDTH(8), .DEPTH(c)) late (.clk(clk), .in(weights_read[8*c +: 8]), .out(w[0][8*c +: 8]));
        end
        for (t = 0; t < P_T; t = t + 1) begin : tile
            wire [8*P_PE-1:0] tokens_read;
            lane_memory #(.WIDTH(8 * P_PE), .ADDRESS_BITS(TOKEN_BITS), .REGISTERED(1)) tokens (
                .clk(clk), .write(token_write[t]), .write_address(write_address[TOKEN_BITS-1:0]),
                .write_data(write_operands), .address(token[t]), .data(tokens_read));
            mpca_pe #(.P_PE(P_PE), .OUT_BITS(OUT_BITS), .COUNT_BITS(COUNT_BITS)) pe (
                .clk(clk), .x(tokens_read), .w(w[t]), .first(tag[t][TAG_BITS-1]), .last(tag[t][TAG_BITS-2]),
                .place(tag[t][COUNT_BITS +: OUT_BITS]), .width(tag[t][COUNT_BITS-1:0]),
                .out_valid(out_valid[t*P_PE +: P_PE]), .out_place(out_place[t*P_PE*OUT_BITS +: P_PE*OUT_BITS]),
                .out_sum(out_sum[t*P_PE*32 +: P_PE*32]));
            skew #(.WIDTH(8 * P_PE), .DEPTH(1)) pass_weights (.clk(clk), .in(w[t]), .out(w[t+1]));
            skew #(.WIDTH(TOKEN_BITS), .DEPTH(1)) pass_address (.clk(clk), .in(token[t]), .out(token[t+1]));
            skew #(.WIDTH(TAG_BITS), .DEPTH(1)) pass_tags (.clk(clk), .in(tag[t]), .out(tag[t+1]));
        end
    endgenerate
    wire unused = &{1'b0, w[P_T], token[P_T], tag[P_T], width, write_address};
endmodule
`default_nettype wire
