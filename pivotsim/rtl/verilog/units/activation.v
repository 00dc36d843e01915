// An activation of int8 by its table of 256, LANES elements a clock; an answer comes a clock after its beat. GELU, SiLU
// and others differ in what the table holds: pivotsim/integer/activation.py.
`default_nettype none
module activation #(
    parameter LANES = 16
) (
    input wire clk,
    input wire advance, // low: all holds
    input wire table_write,
    input wire [7:0] table_index, // a byte that comes
    input wire [7:0] table_data,

    input wire in_valid,
    input wire [8*LANES-1:0] in_data,
    output reg out_valid,
    output wire [8*LANES-1:0] out_data
);
    initial out_valid = 0;
    always @(posedge clk) if (advance) out_valid <= in_valid;
    genvar lane;
    generate
        for (lane = 0; lane < LANES; lane = lane + 1) begin : look_up
            reg [7:0] value [0:255];
            reg [7:0] found;
            always @(posedge clk) begin
                if (table_write) value[table_index] <= table_data;
                if (advance) found <= value[in_data[8*lane +: 8]];
            end
            assign out_data[8*lane +: 8] = found;
        end
    endgenerate
endmodule
`default_nettype wire
