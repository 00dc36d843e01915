// One column on its way out: the bias is added, then the sum leaves as it is (4 bytes) or as int8: shifted right, rounded
// half up, saturated, as AMD's AP_RND and AP_SAT (UG1399); gemmlowp rounds a half away from 0, ONNX to even.
`default_nettype none
module requantise (
    input wire [31:0] sum,
    input wire [31:0] bias,
    input wire [4:0] shift,
    input wire wide, // 4 bytes
    output wire [31:0] out
);
    wire signed [32:0] biased = {sum[31], sum} + {bias[31], bias};
    wire signed [32:0] half = shift == 0 ? 33'sd0 : 33'sd1 <<< (shift - 5'd1);
    wire signed [32:0] rounded = (biased + half) >>> shift;
    wire signed [7:0] narrow = rounded > 33'sd127 ? 8'sd127 : rounded < -33'sd128 ? -8'sd128 : rounded[7:0];
    assign out = wide ? biased[31:0] : {24'd0, narrow};
endmodule
`default_nettype wire
