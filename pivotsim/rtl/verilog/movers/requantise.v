// One column on its way out: the bias is added, then the sum leaves as it is (4 bytes) or as int8: multiplied, shifted
// right, rounded half up, saturated, as AMD's AP_RND and AP_SAT (UG1399); gemmlowp rounds a half away from 0, ONNX to even.
// Without MULTIPLIES it is shifted alone, as by a multiplier of 1, and by less than 32 places.
`default_nettype none
module requantise #(
    parameter MULTIPLIES = 0
) (
    input wire [31:0] sum,
    input wire [31:0] bias,
    input wire [15:0] multiplier,
    input wire [5:0] shift, // at most 62
    input wire wide, // 4 bytes
    output wire [31:0] out
);
    localparam SHIFT_BITS = MULTIPLIES != 0 ? 6 : 5;
    localparam WIDE = MULTIPLIES != 0 ? 52 : 33;
    wire signed [32:0] biased = {sum[31], sum} + {bias[31], bias};
    wire signed [WIDE-1:0] product;
    wire [SHIFT_BITS-1:0] places;
    generate
        if (MULTIPLIES != 0) begin : multiplied
            wire signed [49:0] scaled = biased * $signed({1'b0, multiplier});
            assign product = {{2{scaled[49]}}, scaled};
            assign places = shift < 6'd50 ? shift : 6'd50; // leaves nothing of 49 bits
        end else begin : as_it_is
            assign product = biased;
            assign places = shift[4:0];
            wire unused = &{1'b0, multiplier, shift[5]};
        end
    endgenerate
    wire signed [WIDE-1:0] unity = 1;
    wire signed [WIDE-1:0] half = places == 0 ? {WIDE{1'b0}} : unity <<< (places - 1'b1);
    wire signed [WIDE-1:0] rounded = (product + half) >>> places;
    wire signed [7:0] narrow = rounded > 127 ? 8'sd127 : rounded < -128 ? -8'sd128 : rounded[7:0];
    assign out = wide ? biased[31:0] : {24'd0, narrow};
endmodule
`default_nettype wire
