// The units that rows go through, one at a time: softmax, a table, LayerNorm, an addition; those that UNITS names.
`default_nettype none
module row_units #(
    parameter UNITS = 15, // bit 0 softmax, 1 activation, 2 LayerNorm, 3 addition
    parameter LANES = 8,
    parameter LANE_BITS = 3,
    parameter MAX_ELEMENTS = 256,
    parameter MAX_CHANNELS = 384,
    parameter TABLE_WIDTH = 384 // at least 48 * LANES where LayerNorm is built
) (
    input wire clk,
    input wire [2:0] table_write, // exponentials, activation, LayerNorm
    input wire [12:0] table_index,
    input wire [TABLE_WIDTH-1:0] table_data,
    // of an operation, held: see unit_station.v
    input wire [1:0] unit,
    input wire [31:0] word_1,
    input wire [31:0] word_2,
    input wire [31:0] word_4,
    input wire [12:0] row_elements,

    input wire in_valid,
    input wire in_first,
    input wire [16*LANES-1:0] in_data,
    input wire [16*LANES-1:0] branch, // of an addition
    output wire out_valid,
    output wire [16*LANES-1:0] out_data
);
    wire [8*LANES-1:0] bytes, added;
    wire [3:0] valids;
    wire [16*LANES-1:0] outs [0:3];
    genvar k;
    generate
        for (k = 0; k < LANES; k = k + 1) begin : lane
            assign bytes[8*k +: 8] = in_data[16*k +: 8];
            assign added[8*k +: 8] = branch[16*k +: 8];
        end
        if ((UNITS & 1) != 0) begin : of_softmax
            wire [8*LANES-1:0] out;
            softmax #(.LANES(LANES), .MAX_ELEMENTS(MAX_ELEMENTS)) rows (
                .clk(clk), .advance(1'b1), .row_elements(word_1[16:0]), .table_write(table_write[0]),
                .table_index(table_index[7:0]), .table_data(table_data[15:0]), .in_valid(in_valid && unit == 0),
                .in_first(in_first), .in_data(bytes), .out_valid(valids[0]), .out_data(out));
            for (k = 0; k < LANES; k = k + 1) begin : widened
                assign outs[0][16*k +: 16] = {8'd0, out[8*k +: 8]};
            end
        end else begin : no_softmax
            assign valids[0] = 0;
            assign outs[0] = 0;
        end
        if ((UNITS & 2) != 0) begin : of_activation
            wire [8*LANES-1:0] out;
            activation #(.LANES(LANES)) bytes_found (
                .clk(clk), .advance(1'b1), .table_write(table_write[1]), .table_index(table_index[7:0]),
                .table_data(table_data[7:0]), .in_valid(in_valid && unit == 1), .in_data(bytes),
                .out_valid(valids[1]), .out_data(out));
            for (k = 0; k < LANES; k = k + 1) begin : widened
                assign outs[1][16*k +: 16] = {{8{out[8*k+7]}}, out[8*k +: 8]};
            end
        end else begin : no_activation
            assign valids[1] = 0;
            assign outs[1] = 0;
        end
        if ((UNITS & 4) != 0) begin : of_norm
            wire [8*LANES-1:0] out;
            layer_norm #(.LANES(LANES), .MAX_CHANNELS(MAX_CHANNELS)) rows (
                .clk(clk), .advance(1'b1), .row_beats(row_elements >> LANE_BITS), .channels(row_elements),
                .bits(word_1[28:25]), .inverse(word_1[24:0]), .epsilon({word_4[22:0], word_2}), .shift(word_4[28:24]),
                .table_write(table_write[2]), .table_index(table_index), .table_data(table_data[48*LANES-1:0]),
                .in_valid(in_valid && unit == 2), .in_first(in_first), .in_data(in_data), .out_valid(valids[2]),
                .out_data(out));
            for (k = 0; k < LANES; k = k + 1) begin : widened
                assign outs[2][16*k +: 16] = {{8{out[8*k+7]}}, out[8*k +: 8]};
            end
        end else begin : no_norm
            assign valids[2] = 0;
            assign outs[2] = 0;
        end
        if ((UNITS & 8) != 0) begin : of_addition
            residual_add #(.LANES(LANES)) adder (
                .clk(clk), .advance(1'b1), .multiplier(word_1[15:0]), .shift(word_1[21:16]),
                .in_valid(in_valid && unit == 3), .stream(in_data), .x(added), .out_valid(valids[3]),
                .out_data(outs[3]));
        end else begin : no_addition
            assign valids[3] = 0;
            assign outs[3] = 0;
        end
    endgenerate
    assign out_valid = valids[unit];
    assign out_data = outs[unit];
    wire unused = &{1'b0, clk, table_write, table_index, table_data, word_1, word_2, word_4, row_elements,
                     in_data, in_first, in_valid, branch, added, bytes};
endmodule
`default_nettype wire
