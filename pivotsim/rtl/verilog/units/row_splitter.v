// Where in a beat of LANES elements a row ends: rows follow each other without gaps, and have at least LANES elements.
`default_nettype none
module row_splitter #(
    parameter LANES = 16,
    parameter SPLIT_BITS = 5 // 2**SPLIT_BITS more than LANES
) (
    input wire clk,
    input wire advance,
    input wire valid,
    input wire first, // beat of a block
    input wire [16:0] row_elements,
    output wire ends, // a row ends in this beat
    output wire [SPLIT_BITS-1:0] split // lanes of the row that the beat begins with; the others are of the next
);
    localparam [16:0] BEAT = LANES[16:0];
    reg [16:0] left_reg; // elements of the row from this beat on
    wire [16:0] left = first ? row_elements : left_reg;
    assign ends = left <= BEAT;
    assign split = ends ? left[SPLIT_BITS-1:0] : BEAT[SPLIT_BITS-1:0];
    always @(posedge clk)
        if (advance && valid) left_reg <= left - BEAT + (ends ? row_elements : 17'd0);
endmodule
`default_nettype wire
