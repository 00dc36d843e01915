// Bytes of DRAM to elements: int16, of which half a one waits for its other half, or int8 that are extended by their sign.
`default_nettype none
module fill_mover #(
    parameter LANES = 8,
    parameter LANE_BITS = 3,
    parameter PORT_BYTES = 8, // a clock, at least 2
    parameter COUNT_BITS = 20
) (
    input wire clk,
    input wire moves,
    input wire wide, // int16
    input wire [LANE_BITS:0] most, // elements that may come in this clock
    output wire [COUNT_BITS-1:0] dram_takes, // bytes
    input wire [COUNT_BITS-1:0] dram_count, // bytes that come, at most as many
    input wire [8*PORT_BYTES-1:0] dram_data,
    output wire [LANE_BITS:0] count, // elements that have come
    output wire [16*LANES-1:0] data
);
    localparam [COUNT_BITS-1:0] PORT = PORT_BYTES[COUNT_BITS-1:0];
    localparam COME_BITS = $clog2(PORT_BYTES + 2);
    localparam HELD = PORT_BYTES + 1 > 2 * LANES ? PORT_BYTES + 1 : 2 * LANES; // bytes
    reg half; // of an element has come; an operation ends with a whole one
    reg [7:0] byte_reg;
    wire [COUNT_BITS-1:0] elements = {{(COUNT_BITS-LANE_BITS-1){1'b0}}, most};
    wire [COUNT_BITS-1:0] bytes = wide ? {elements[COUNT_BITS-2:0], 1'b0} - {{(COUNT_BITS-1){1'b0}}, half} : elements;
    assign dram_takes = !moves ? 0 : bytes < PORT ? bytes : PORT;
    wire [COUNT_BITS-1:0] come = dram_count + {{(COUNT_BITS-1){1'b0}}, half};
    wire [8*HELD-1:0] held;
    generate
        if (HELD > PORT_BYTES + 1) begin : padded
            assign held[8*HELD-1:8*PORT_BYTES+8] = 0;
        end
    endgenerate
    assign held[8*PORT_BYTES+7:0] = half ? {dram_data, byte_reg} : {8'd0, dram_data};
    wire [COME_BITS-1:0] end_of_come = come[COME_BITS-1:0] - 1'b1;
    assign count = !moves ? 0 : wide ? come[LANE_BITS+1:1] : dram_count[LANE_BITS:0];
    always @(posedge clk) begin
        half <= moves && wide && come[0];
        byte_reg <= held[8*end_of_come +: 8];
    end
    genvar k;
    generate
        for (k = 0; k < LANES; k = k + 1) begin : lane
            wire [7:0] narrow = held[8*k +: 8];
            assign data[16*k +: 16] = wide ? held[16*k +: 16] : {{8{narrow[7]}}, narrow};
        end
    endgenerate
    wire unused = &{1'b0, held, come};
endmodule
`default_nettype wire
