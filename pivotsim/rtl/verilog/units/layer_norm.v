// LayerNorm of rows of int16 to int8, LANES channels a clock: a row waits for its mean and deviation. See
// pivotsim/integer/layer_norm.py for every bit.
//
// A row is a whole number of beats. An answer comes SPAN + 29 clocks after its beat, whatever a row's length: SPAN beats
// are one of MAX_CHANNELS. A beat every clock within a block, unless `advance` is low: then all holds.
`default_nettype none
module layer_norm #(
    parameter LANES = 16,
    parameter MAX_CHANNELS = 384 // of a row, at most 4096
) (
    input wire clk,
    input wire advance,
    // of a LayerNorm, held from its first beat to its last answer
    input wire [12:0] row_beats,
    input wire [12:0] channels, // LANES a beat
    input wire [3:0] bits,
    input wire [24:0] inverse,
    input wire [54:0] epsilon,
    input wire [4:0] shift,
    // a beat's multipliers (16 bits) and addends (32 bits), the first channel lowest
    input wire table_write,
    input wire [12:0] table_index,
    input wire [48*LANES-1:0] table_data,

    input wire in_valid,
    input wire in_first, // beat of a block
    input wire [16*LANES-1:0] in_data,
    output wire out_valid,
    output wire [8*LANES-1:0] out_data
);
    localparam SPAN = (MAX_CHANNELS + LANES - 1) / LANES;
    localparam STATISTICS = 24; // clocks from a row's last beat to its answer
    localparam DEPTH_BITS = $clog2(SPAN + 4);
    localparam INDEX_BITS = SPAN > 1 ? $clog2(SPAN) : 1;
    localparam SUM_BITS = 17 + $clog2(LANES);
    localparam SQUARE_BITS = 32 + $clog2(LANES);
    genvar lane;

    // ---- where rows begin and end
    reg [12:0] index_reg;
    wire [12:0] index = in_first ? 13'd0 : index_reg;
    wire starts = index == 0;
    wire ends = index == row_beats - 1'b1;
    always @(posedge clk) if (advance && in_valid) index_reg <= ends ? 13'd0 : index + 1'b1;

    // ---- sums of a row
    reg valid_1, starts_1, ends_1, valid_2, starts_2, ends_2, valid_3;
    initial {valid_1, valid_2, valid_3} = 0;
    reg [16*LANES-1:0] x_1;
    wire [32*LANES-1:0] squares;
    generate
        for (lane = 0; lane < LANES; lane = lane + 1) begin : squared
            wire signed [15:0] x = in_data[16*lane +: 16];
            reg signed [31:0] square;
            always @(posedge clk) if (advance) square <= x * x;
            assign squares[32*lane +: 32] = square;
        end
    endgenerate
    reg [SUM_BITS-1:0] beat_sum, beat_sum_reg;
    reg [SQUARE_BITS-1:0] beat_squares, beat_squares_reg;
    always @* begin : add
        integer i;
        beat_sum = 0;
        beat_squares = 0;
        for (i = 0; i < LANES; i = i + 1) begin
            beat_sum = beat_sum + {{(SUM_BITS-16){x_1[16*i+15]}}, x_1[16*i +: 16]};
            beat_squares = beat_squares + {{(SQUARE_BITS-32){1'b0}}, squares[32*i +: 32]};
        end
    end
    reg [27:0] sum_reg;
    reg [42:0] squares_reg;
    wire [27:0] beat_sum_wide = {{(28-SUM_BITS){beat_sum_reg[SUM_BITS-1]}}, beat_sum_reg};
    wire [42:0] beat_squares_wide = {{(43-SQUARE_BITS){1'b0}}, beat_squares_reg};
    always @(posedge clk)
        if (advance) begin
            {valid_1, starts_1, ends_1} <= {in_valid, starts, ends};
            {valid_2, starts_2, ends_2} <= {valid_1, starts_1, ends_1};
            x_1 <= in_data;
            beat_sum_reg <= beat_sum;
            beat_squares_reg <= beat_squares;
            valid_3 <= valid_2 && ends_2;
            if (valid_2) begin
                sum_reg <= (starts_2 ? 28'd0 : sum_reg) + beat_sum_wide;
                squares_reg <= (starts_2 ? 43'd0 : squares_reg) + beat_squares_wide;
            end
        end

    wire known;
    wire [24:0] mean;
    wire [16:0] factor;
    wire [5:0] places;
    row_statistics statistics (
        .clk(clk), .advance(advance), .channels(channels), .bits(bits), .inverse(inverse), .epsilon(epsilon),
        .valid(valid_3), .sum(sum_reg), .sum_of_squares(squares_reg), .out_valid(known), .mean(mean),
        .factor(factor), .shift(places));

    // ---- the row again, once they are known
    wire d_valid, d_starts, d_ends;
    wire [16*LANES-1:0] waited;
    held_delay #(.WIDTH(3 + 16 * LANES), .DEPTH(SPAN + STATISTICS)) until_known (
        .clk(clk), .advance(advance), .in({in_valid, starts, ends, in_data}), .out({d_valid, d_starts, d_ends, waited}));
    wire signed [24:0] row_mean;
    wire [16:0] row_factor;
    wire [5:0] row_places;
    wire [47:0] unused_next;
    row_values #(.WIDTH(48), .DEPTH_BITS(DEPTH_BITS)) rows (
        .clk(clk), .advance(advance), .push(known), .in({mean, factor, places}), .pop(d_valid && d_ends),
        .this_row({row_mean, row_factor, row_places}), .next_row(unused_next));
    reg [16:0] factor_reg;
    reg [5:0] places_reg, places_reg_2;
    wire signed [42:0] half = places_reg_2 == 0 ? 43'sd0 : 43'sd1 <<< (places_reg_2 - 1'b1);

    // ---- the beat's multipliers and addends
    reg [48*LANES-1:0] constants [0:(1<<INDEX_BITS)-1];
    reg [48*LANES-1:0] found;
    reg [INDEX_BITS-1:0] place_reg, place_1, place_2;
    wire [INDEX_BITS-1:0] place = d_starts ? {INDEX_BITS{1'b0}} : place_reg;
    always @(posedge clk) begin
        if (table_write) constants[table_index[INDEX_BITS-1:0]] <= table_data;
        if (advance) begin
            if (d_valid) place_reg <= place + 1'b1;
            place_1 <= place;
            place_2 <= place_1;
            found <= constants[place_2];
            factor_reg <= row_factor;
            places_reg <= row_places;
            places_reg_2 <= places_reg;
        end
    end

    held_delay #(.WIDTH(1), .DEPTH(5)) valid (.clk(clk), .advance(advance), .in(d_valid), .out(out_valid));
    wire signed [63:0] last_half = shift == 0 ? 64'sd0 : 64'sd1 <<< (shift - 1'b1);
    generate
        for (lane = 0; lane < LANES; lane = lane + 1) begin : normalised
            wire signed [15:0] x = waited[16*lane +: 16];
            reg signed [24:0] centred;
            reg signed [42:0] product;
            reg signed [23:0] z;
            reg signed [39:0] scaled;
            reg signed [31:0] addend;
            reg signed [7:0] y;
            wire signed [42:0] rounded = (product + half) >>> places_reg_2;
            wire signed [15:0] multiplier = found[48*lane +: 16];
            wire signed [63:0] total = {{24{scaled[39]}}, scaled} + {{32{addend[31]}}, addend};
            wire signed [63:0] shifted = (total + last_half) >>> shift;
            always @(posedge clk)
                if (advance) begin
                    centred <= {x[15], x, 8'd0} - row_mean;
                    product <= centred * $signed({1'b0, factor_reg});
                    z <= rounded[23:0];
                    scaled <= z * multiplier;
                    addend <= found[48*lane+16 +: 32];
                    y <= shifted > 127 ? 8'sd127 : shifted < -128 ? -8'sd128 : shifted[7:0];
                end
            assign out_data[8*lane +: 8] = y;
            wire unused = &{1'b0, rounded[42:24]};
        end
    endgenerate
    wire unused = &{1'b0, unused_next, table_index};
endmodule
`default_nettype wire
