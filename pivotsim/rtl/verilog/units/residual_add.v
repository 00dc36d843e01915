// Adds what a block computed to the residual stream, LANES elements a clock: multiplied, shifted with a half rounded up,
// saturated to int16, added, saturated. An answer comes 3 clocks after its beat. pivotsim/integer/residual.py.
`default_nettype none
module residual_add #(
    parameter LANES = 16,
    parameter X_BITS = 8 // of what comes: int8, or int32 sums
) (
    input wire clk,
    input wire advance, // low: all holds
    input wire [15:0] multiplier, // held while a block is inside
    input wire [5:0] shift, // at most 62

    input wire in_valid,
    input wire [16*LANES-1:0] stream,
    input wire [X_BITS*LANES-1:0] x,
    output wire out_valid,
    output wire [16*LANES-1:0] out_data
);
    held_delay #(.WIDTH(1), .DEPTH(3)) valid (.clk(clk), .advance(advance), .in(in_valid), .out(out_valid));
    localparam WIDE = X_BITS + 20;
    localparam FAR = X_BITS + 18; // from here on nothing is left
    wire [5:0] places = shift < FAR[5:0] ? shift : FAR[5:0];
    wire signed [WIDE-1:0] unity = 1;
    wire signed [WIDE-1:0] half = places == 0 ? {WIDE{1'b0}} : unity <<< (places - 1'b1);
    genvar lane;
    generate
        for (lane = 0; lane < LANES; lane = lane + 1) begin : element
            wire signed [X_BITS-1:0] given = x[X_BITS*lane +: X_BITS];
            reg signed [X_BITS+16:0] product;
            wire signed [WIDE-1:0] wide = {{3{product[X_BITS+16]}}, product};
            wire signed [WIDE-1:0] rounded = (wide + half) >>> places;
            wire [15:0] waited;
            held_delay #(.WIDTH(16), .DEPTH(2)) until_product (
                .clk(clk), .advance(advance), .in(stream[16*lane +: 16]), .out(waited));
            reg signed [15:0] moved, total;
            wire signed [16:0] sum = {waited[15], waited} + {moved[15], moved};
            always @(posedge clk)
                if (advance) begin
                    product <= given * $signed({1'b0, multiplier});
                    moved <= rounded > 32767 ? 16'sh7FFF : rounded < -32768 ? 16'sh8000 : rounded[15:0];
                    total <= sum[16] == sum[15] ? sum[15:0] : {sum[16], {15{~sum[16]}}};
                end
            assign out_data[16*lane +: 16] = total;
        end
    endgenerate
endmodule
`default_nettype wire
