// What a unit found of each row (a maximum, a reciprocal), until the row's elements come by again: first in, first out.
// At most 2**DEPTH_BITS - 1 rows wait.
`default_nettype none
module row_values #(
    parameter WIDTH = 8,
    parameter DEPTH_BITS = 4
) (
    input wire clk,
    input wire advance,
    input wire push,
    input wire [WIDTH-1:0] in,
    input wire pop, // the row has gone
    output wire [WIDTH-1:0] this_row,
    output wire [WIDTH-1:0] next_row
);
    reg [WIDTH-1:0] held [0:(1<<DEPTH_BITS)-1];
    reg [DEPTH_BITS-1:0] write_reg, read_reg;
    initial begin
        write_reg = 0;
        read_reg = 0;
    end
    wire [DEPTH_BITS-1:0] after = read_reg + 1'b1;
    assign this_row = held[read_reg];
    assign next_row = held[after];
    always @(posedge clk)
        if (advance) begin
            if (push) held[write_reg] <= in;
            write_reg <= write_reg + {{(DEPTH_BITS-1){1'b0}}, push};
            read_reg <= read_reg + {{(DEPTH_BITS-1){1'b0}}, pop};
        end
endmodule
`default_nettype wire
