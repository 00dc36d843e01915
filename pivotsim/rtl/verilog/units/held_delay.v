// DEPTH registers in a row that move where `advance` is high, without reset, so that a tool can make them
// shift-register LUTs; DEPTH 0 is a wire. They hold 0 where the device starts.
`default_nettype none
module held_delay #(
    parameter WIDTH = 1,
    parameter DEPTH = 0
) (
    input wire clk,
    input wire advance,
    input wire [WIDTH-1:0] in,
    output wire [WIDTH-1:0] out // of DEPTH clocks before
);
    generate
        if (DEPTH == 0) begin : direct
            assign out = in;
            wire unused = &{1'b0, clk, advance};
        end else begin : chain
            reg [WIDTH-1:0] stage [0:DEPTH-1];
            integer i;
            initial for (i = 0; i < DEPTH; i = i + 1) stage[i] = {WIDTH{1'b0}};
            always @(posedge clk)
                if (advance) begin
                    stage[0] <= in;
                    for (i = 1; i < DEPTH; i = i + 1) stage[i] <= stage[i-1];
                end
            assign out = stage[DEPTH-1];
        end
    endgenerate
endmodule
`default_nettype wire
