// Table of descriptors: written word by word before a run, read a clock ahead of use.
`default_nettype none
module descriptor_table #(
    parameter WIDTH = 32,
    parameter TABLE_BITS = 8
) (
    input wire clk,
    input wire write,
    input wire [TABLE_BITS-1:0] write_index,
    input wire [WIDTH-1:0] write_data,
    input wire [TABLE_BITS-1:0] read_index,
    output reg [WIDTH-1:0] read_data
);
    reg [WIDTH-1:0] words [0:(1<<TABLE_BITS)-1];
    always @(posedge clk) begin
        if (write) words[write_index] <= write_data;
        read_data <= words[read_index];
    end
endmodule
`default_nettype wire
