// A chain of DEPTH registers; DEPTH 0 is a wire.
module delay #(
    parameter WIDTH = 1,
    parameter DEPTH = 0
) (
    input wire clk,
    input wire reset,
    input wire [WIDTH-1:0] in,
    output wire [WIDTH-1:0] out
);
    generate
        if (DEPTH == 0) begin : none
            assign out = in;
        end else begin : chain
            reg [WIDTH-1:0] stage [0:DEPTH-1];
            integer i;
            always @(posedge clk)
                for (i = 0; i < DEPTH; i = i + 1)
                    stage[i] <= reset ? {WIDTH{1'b0}} : (i == 0) ? in : stage[i-1];
            assign out = stage[DEPTH-1];
        end
    endgenerate
endmodule
