// A memory of a lane: a word is written or not, and read, in a clock. With REGISTERED 1 it answers a clock after the
// address, as a block RAM does; with 0 in the same one, as LUTs do.
`default_nettype none
module lane_memory #(
    parameter WIDTH = 8,
    parameter ADDRESS_BITS = 8,
    parameter REGISTERED = 1
) (
    input wire clk,
    input wire write,
    input wire [ADDRESS_BITS-1:0] write_address,
    input wire [WIDTH-1:0] write_data,
    input wire [ADDRESS_BITS-1:0] address,
    output wire [WIDTH-1:0] data
);
    reg [WIDTH-1:0] words [0:(1<<ADDRESS_BITS)-1];
    always @(posedge clk) if (write) words[write_address] <= write_data;
    generate
        if (REGISTERED != 0) begin : block_ram
            reg [WIDTH-1:0] data_reg;
            always @(posedge clk) data_reg <= words[address];
            assign data = data_reg;
        end else begin : distributed
            assign data = words[address];
        end
    endgenerate
endmodule
`default_nettype wire
