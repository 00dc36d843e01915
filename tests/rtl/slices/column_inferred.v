// array_column_dsp48e2 as one would write it without naming a slice, for a tool that maps it to its own.
`default_nettype none
module column_inferred #(
    parameter R = 4
) (
    input wire clk,
    input wire reset,
    input wire [8*R-1:0] x_in,
    input wire [R-1:0] x_first_in,
    input wire signed [7:0] b_in,
    input wire move,
    output wire [31:0] sum
);
    reg signed [7:0] b [0:R-1];
    reg signed [7:0] s [0:R-1];
    reg signed [15:0] m [0:R-1];
    reg signed [31:0] p [0:R-1];
    assign sum = p[R-1];
    genvar r;
    generate
        for (r = 0; r < R; r = r + 1) begin : row
            wire signed [7:0] x = x_in[8*r +: 8];
            wire signed [7:0] factor = x_first_in[r] ? b[r] : s[r];
            wire signed [7:0] b_above = r == 0 ? b_in : b[r == 0 ? 0 : r-1];
            wire signed [31:0] p_above = r == 0 ? 32'sd0 : p[r == 0 ? 0 : r-1];
            always @(posedge clk)
                if (reset) begin
                    b[r] <= 0; s[r] <= 0; m[r] <= 0; p[r] <= 0;
                end else begin
                    if (move) b[r] <= b_above;
                    if (x_first_in[r]) s[r] <= b[r];
                    m[r] <= x * factor;
                    p[r] <= p_above + m[r];
                end
        end
    endgenerate
endmodule
`default_nettype wire
