// Every register of one processing element in 64 bits, for comparison clock by clock.
module pe_digest (
    input wire signed [7:0] x,
    input wire x_first,
    input wire x_last,
    input wire signed [7:0] y,
    input wire y_last,
    input wire signed [7:0] s,
    input wire signed [7:0] b,
    input wire signed [31:0] a,
    input wire signed [31:0] h,
    input wire token_half,
    input wire token,
    input wire signed [31:0] p,
    input wire [2:0] p_tag,
    input wire [63:0] mreg_state,
    output wire [63:0] digest
);
    function [63:0] mix(input [63:0] state, input [63:0] value);
        reg [63:0] z;
        begin
            z = (state ^ value) * 64'hD1B54A32D192ED03;
            mix = z ^ (z >> 32);
        end
    endfunction
    wire [63:0] tags = {54'd0, x_first, x_last, y_last, token_half, token, p_tag, 2'd0};
    assign digest = mix(mix(mix(mix(64'd1, {p, a}), {h, x, y, s, b}), tags), mreg_state);
endmodule
