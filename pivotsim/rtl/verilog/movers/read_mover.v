// Moves one load: from DRAM or the global buffer into a memory beside the array, and on the way into the global buffer
// where that keeps it. In each clock as many bytes as come, at most `lanes`.
//
// The global buffer answers READ_CYCLES after its address, and a load from it ends that much later.
// MASKED: only the first `stored` bytes reach the memory; a masked unit's index, which comes last, is not stored.
`default_nettype none
module read_mover #(
    parameter LANES = 8,
    parameter COUNT_BITS = 20,
    parameter READ_CYCLES = 0,
    parameter MASKED = 0
) (
    input wire clk,
    input wire begins,
    input wire moves,
    input wire [COUNT_BITS-1:0] size, // bytes, at least 1
    input wire [COUNT_BITS-1:0] stored, // MASKED: bytes for the memory, the first ones
    input wire [COUNT_BITS-1:0] lanes, // bytes a clock, at most LANES
    input wire from_dram,
    input wire keeps, // the global buffer keeps what comes from DRAM
    input wire [COUNT_BITS-1:0] to_address,
    input wire [COUNT_BITS-1:0] buffer_address, // in the global buffer
    output wire last,

    output wire dram_starts,
    output wire [COUNT_BITS-1:0] dram_takes, // bytes that would be taken in this clock
    input wire [COUNT_BITS-1:0] dram_count, // bytes that come in this clock, at most as many
    input wire [8*LANES-1:0] dram_data,

    output wire [COUNT_BITS-1:0] buffer_read_address,
    input wire [8*LANES-1:0] buffer_data,
    output wire [COUNT_BITS-1:0] buffer_write_count,
    output wire [COUNT_BITS-1:0] buffer_write_address,

    output wire [COUNT_BITS-1:0] count, // bytes that reach the memory in this clock
    output wire [COUNT_BITS-1:0] address,
    output wire [8*LANES-1:0] data
);
    reg [COUNT_BITS-1:0] moved_reg;
    wire [COUNT_BITS-1:0] moved = begins ? 0 : moved_reg;
    wire [COUNT_BITS-1:0] left = size - moved;
    wire [COUNT_BITS-1:0] most = left < lanes ? left : lanes;
    wire [COUNT_BITS-1:0] now = !moves ? 0 : from_dram ? dram_count : most;
    always @(posedge clk) moved_reg <= moved + now;

    assign dram_starts = begins && from_dram;
    assign dram_takes = moves && from_dram ? most : 0;
    assign buffer_read_address = buffer_address + moved;
    assign buffer_write_count = keeps && from_dram ? now : 0;
    assign buffer_write_address = buffer_address + moved;

    wire is_last = moves && now == left && left != 0;
    wire [COUNT_BITS-1:0] answered, answered_moved;
    wire answered_last;
    skew #(.WIDTH(2 * COUNT_BITS + 1), .DEPTH(READ_CYCLES)) answer (
        .clk(clk), .in({is_last && !from_dram, from_dram ? {COUNT_BITS{1'b0}} : now, moved}),
        .out({answered_last, answered, answered_moved}));
    wire [COUNT_BITS-1:0] come = from_dram ? now : answered;
    wire [COUNT_BITS-1:0] come_before = from_dram ? moved : answered_moved;
    assign address = to_address + come_before;
    generate
        if (MASKED != 0) begin : masked
            wire [COUNT_BITS-1:0] wanted = come_before < stored ? stored - come_before : 0;
            assign count = come < wanted ? come : wanted;
        end else begin : dense
            assign count = come;
            wire unused = &{1'b0, stored};
        end
    endgenerate
    assign data = from_dram ? dram_data : buffer_data;
    assign last = from_dram ? is_last : answered_last;
endmodule
`default_nettype wire
