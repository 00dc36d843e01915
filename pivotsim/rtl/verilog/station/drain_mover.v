// Elements to bytes of DRAM: int16, or their low bytes. A group of elements is read, waits in the memory's own register,
// and goes as DRAM takes it; the next one is read in the clock in which its last byte goes. It ends with the response.
`default_nettype none
module drain_mover #(
    parameter LANES = 8,
    parameter LANE_BITS = 3,
    parameter PORT_BYTES = 8, // a clock, at least 2
    parameter COUNT_BITS = 20
) (
    input wire clk,
    input wire begins,
    input wire moves,
    input wire wide, // int16
    input wire [LANE_BITS:0] most, // elements of the next group, no more bytes than PORT_BYTES
    input wire ends, // no group follows the one that is taken
    output wire [LANE_BITS:0] taken, // elements that are read in this clock
    input wire [16*LANES-1:0] words, // a clock later
    output wire [COUNT_BITS-1:0] dram_offers, // bytes
    output wire [8*PORT_BYTES-1:0] dram_data,
    input wire [COUNT_BITS-1:0] dram_accepts, // of those offered, the first ones
    input wire dram_response, // all bytes are written
    output wire last
);
    localparam HELD = PORT_BYTES > 2 * LANES ? PORT_BYTES : 2 * LANES; // bytes
    localparam SENT_BITS = $clog2(PORT_BYTES + 1);
    reg holds_reg, finished_reg;
    reg [COUNT_BITS-1:0] bytes_reg;
    reg [SENT_BITS-1:0] sent_reg; // of the group
    wire holds = holds_reg && !begins;
    wire finished = finished_reg && !begins;
    wire [COUNT_BITS-1:0] left = bytes_reg - {{(COUNT_BITS-SENT_BITS){1'b0}}, sent_reg};
    wire goes = holds && dram_accepts == left; // all of the group
    wire reads = moves && !finished && (!holds || goes);
    wire [COUNT_BITS-1:0] elements = {{(COUNT_BITS-LANE_BITS-1){1'b0}}, most};
    assign taken = reads ? most : 0;
    assign dram_offers = moves && holds ? left : 0;
    assign last = moves && dram_response;
    always @(posedge clk) begin
        holds_reg <= moves && (reads || (holds && !goes));
        finished_reg <= finished || (reads && ends);
        if (reads) bytes_reg <= wide ? {elements[COUNT_BITS-2:0], 1'b0} : elements;
        sent_reg <= reads || !holds ? 0 : sent_reg + dram_accepts[SENT_BITS-1:0];
    end
    wire [8*HELD-1:0] bytes, moved;
    genvar k;
    generate
        for (k = 0; k < HELD; k = k + 1) begin : place
            if (k < LANES) begin : both
                assign bytes[8*k +: 8] = wide ? words[8*k +: 8] : words[16*k +: 8];
            end else if (k < 2 * LANES) begin : of_wide
                assign bytes[8*k +: 8] = words[8*k +: 8];
            end else begin : nothing
                assign bytes[8*k +: 8] = 8'd0;
            end
        end
    endgenerate
    assign moved = bytes >> {sent_reg, 3'd0};
    assign dram_data = moved[8*PORT_BYTES-1:0];
    wire unused = &{1'b0, moved};
endmodule
`default_nettype wire
