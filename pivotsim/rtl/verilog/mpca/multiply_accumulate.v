// A multiply-accumulate that holds its sum: operands pass it, their product is registered, then added.
`default_nettype none
module multiply_accumulate (
    input wire clk,
    input wire signed [7:0] x_in,
    input wire first_in, // the first product of a sum
    input wire signed [7:0] w_in,
    output reg signed [7:0] x,
    output reg first,
    output reg signed [7:0] w,
    output reg signed [31:0] sum // two clocks after its last operands
);
    reg signed [15:0] product;
    always @(posedge clk) begin
        x <= x_in;
        first <= first_in;
        w <= w_in;
        product <= x_in * w_in;
        sum <= (first ? 32'sd0 : sum) + {{16{product[15]}}, product};
    end
endmodule
`default_nettype wire
