// Test bench: the units beside each other, one at a time chosen to take the beats.
`default_nettype none
module units_bench #(
    parameter LANES = 4,
    parameter LONGEST = 32,
    parameter TOKEN_BITS = 4,
    parameter COMPARATORS = 4,
    parameter PORTS = 2,
    parameter CHANNELS = 2,
    parameter BLOCKS = 4,
    parameter PREFIX = 1
) (
    input wire clk,
    input wire advance,
    input wire [1:0] unit, // softmax, activation, layer_norm, residual_add
    input wire [16:0] row_elements,
    input wire [12:0] row_beats,
    input wire [3:0] bits,
    input wire [24:0] inverse,
    input wire [54:0] epsilon,
    input wire [15:0] multiplier,
    input wire [5:0] shift,
    input wire table_write,
    input wire [12:0] table_index,
    input wire [48*LANES-1:0] table_data,
    input wire in_valid,
    input wire in_first,
    input wire [64*LANES-1:0] in_data, // of a lane 64 bits: the element, and from bit 32 what is added to it
    output wire out_valid,
    output wire [16*LANES-1:0] out_data,

    // token dropping, scores LANES a clock
    input wire reset,
    input wire [TOKEN_BITS:0] patches,
    input wire [TOKEN_BITS:0] kept,
    input wire [7:0] heads,
    input wire [TOKEN_BITS:0] score_beats,
    input wire [3:0] wire_bits,
    input wire [15:0] blocks,
    input wire [TOKEN_BITS:0] groups,
    input wire score_valid,
    input wire [8*LANES-1:0] score_data,
    output wire score_ready,
    output wire [15:0] read_valid,
    output reg [16*PORTS-1:0] read_token,
    output wire [15:0] read_block,
    input wire [16*CHANNELS*PORTS-1:0] read_data,
    output wire [15:0] write_valid,
    output wire [15:0] write_group,
    output wire [15:0] write_block,
    output wire [16*CHANNELS*PORTS-1:0] write_data,
    output wire fused_valid,
    output wire [15:0] fused_block,
    output wire [16*CHANNELS-1:0] fused_data,
    output wire done
);
    wire [PORTS-1:0] reads, writes;
    wire [(TOKEN_BITS+1)*PORTS-1:0] tokens;
    wire [TOKEN_BITS:0] to_group;
    assign read_valid = {{(16-PORTS){1'b0}}, reads};
    assign write_valid = {{(16-PORTS){1'b0}}, writes};
    assign write_group = {{(15-TOKEN_BITS){1'b0}}, to_group};
    always @* begin : widen
        integer p;
        for (p = 0; p < PORTS; p = p + 1)
            read_token[16*p +: 16] = {{(15-TOKEN_BITS){1'b0}}, tokens[(TOKEN_BITS+1)*p +: TOKEN_BITS+1]};
    end
    token_dropping #(.TOKEN_BITS(TOKEN_BITS), .SCORE_LANES(LANES), .COMPARATORS(COMPARATORS), .PORTS(PORTS),
                     .CHANNELS(CHANNELS), .BLOCKS(BLOCKS), .PREFIX(PREFIX)) dropping (
        .clk(clk), .reset(reset), .patches(patches), .kept(kept), .heads(heads), .row_beats(score_beats),
        .wire_bits(wire_bits), .blocks(blocks), .groups(groups), .score_valid(score_valid), .score_data(score_data),
        .score_ready(score_ready), .proceeds(1'b1), .read_valid(reads), .read_token(tokens), .read_block(read_block),
        .read_data(read_data), .write_valid(writes), .write_group(to_group), .write_block(write_block),
        .write_data(write_data), .fused_valid(fused_valid), .fused_block(fused_block), .fused_data(fused_data),
        .done(done));

    wire [8*LANES-1:0] bytes, of_softmax, of_activation, of_norm;
    wire [16*LANES-1:0] words, of_add;
    wire [32*LANES-1:0] added;
    wire [3:0] valids;
    genvar lane;
    generate
        for (lane = 0; lane < LANES; lane = lane + 1) begin : each
            assign bytes[8*lane +: 8] = in_data[64*lane +: 8];
            assign words[16*lane +: 16] = in_data[64*lane +: 16];
            assign added[32*lane +: 32] = in_data[64*lane+32 +: 32];
            wire [7:0] narrow = unit == 0 ? of_softmax[8*lane +: 8] : unit == 1 ? of_activation[8*lane +: 8]
                : of_norm[8*lane +: 8];
            assign out_data[16*lane +: 16] = unit == 3 ? of_add[16*lane +: 16] : {{8{narrow[7]}}, narrow};
            wire unused = &{1'b0, in_data[64*lane+16 +: 16]};
        end
    endgenerate
    softmax #(.LANES(LANES), .MAX_ELEMENTS(LONGEST)) softmax_unit (
        .clk(clk), .advance(advance), .row_elements(row_elements), .table_write(table_write && unit == 0),
        .table_index(table_index[7:0]), .table_data(table_data[15:0]), .in_valid(in_valid && unit == 0),
        .in_first(in_first), .in_data(bytes), .out_valid(valids[0]), .out_data(of_softmax));
    activation #(.LANES(LANES)) activation_unit (
        .clk(clk), .advance(advance), .table_write(table_write && unit == 1), .table_index(table_index[7:0]),
        .table_data(table_data[7:0]), .in_valid(in_valid && unit == 1), .in_data(bytes), .out_valid(valids[1]),
        .out_data(of_activation));
    layer_norm #(.LANES(LANES), .MAX_CHANNELS(LONGEST)) norm_unit (
        .clk(clk), .advance(advance), .row_beats(row_beats), .channels(row_elements[12:0]), .bits(bits),
        .inverse(inverse), .epsilon(epsilon), .shift(shift[4:0]), .table_write(table_write && unit == 2),
        .table_index(table_index), .table_data(table_data), .in_valid(in_valid && unit == 2), .in_first(in_first),
        .in_data(words), .out_valid(valids[2]), .out_data(of_norm));
    residual_add #(.LANES(LANES), .X_BITS(32)) add_unit (
        .clk(clk), .advance(advance), .multiplier(multiplier), .shift(shift), .in_valid(in_valid && unit == 3),
        .stream(words), .x(added), .out_valid(valids[3]), .out_data(of_add));
    assign out_valid = valids[unit];
endmodule
`default_nettype wire
