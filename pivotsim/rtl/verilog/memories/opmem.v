// OPMEM: HALVES x C banks of 32-bit sums. Sums come in column by column, each column a clock after the one to its left
// (MAC_PACKING 2: pair by pair), and are added to what the address holds or replace it. A drain reads one word of every column of a half.
//
// The address of a sum comes before it: `entry` is of the sum that leaves column 0 EDGE + READ_CYCLES clocks later.
// A sum must not come in less than READ_CYCLES clocks after the one that it is added to.
`default_nettype none
module opmem #(
    parameter C = 4,
    parameter DEPTH = 64, // sums of a column in a half
    parameter HALVES = 2,
    parameter COUNT_BITS = 20,
    parameter READ_CYCLES = 0,
    parameter EDGE = 4, // clocks from the array's top to its bottom edge
    parameter MAC_PACKING = 1, // columns that share slices, whose sums come together
    parameter EARLY = 0 // os: that many fewer, 0 or 1
) (
    input wire clk,
    input wire os,
    input wire [COUNT_BITS-1:0] entry, // address
    input wire entry_half,
    input wire entry_adds, // to what is there
    input wire [C-1:0] arrives, // at the bottom edge: a sum of each column
    input wire [32*C-1:0] sums,
    input wire drains,
    input wire drain_half,
    input wire [COUNT_BITS-1:0] drain_entry,
    output wire [32*C-1:0] drained // READ_CYCLES clocks later
);
    localparam WIDTH = COUNT_BITS + 2;
    localparam AHEAD = READ_CYCLES > 1 ? READ_CYCLES : 1; // of a sum, what it is added to is read
    wire [WIDTH-1:0] reads_at [0:C]; // {half, adds, address} of what a column reads in this clock
    wire half_drained;
    skew #(.WIDTH(WIDTH), .DEPTH(EDGE + READ_CYCLES - AHEAD)) to_edge (
        .clk(clk), .in({entry_half, entry_adds, entry}), .out(reads_at[0]));
    skew #(.WIDTH(1), .DEPTH(READ_CYCLES)) to_half (.clk(clk), .in(drain_half), .out(half_drained));

    genvar c, h;
    generate
        for (c = 0; c < C; c = c + 1) begin : column
            wire [WIDTH-1:0] sooner, later;
            skew #(.WIDTH(WIDTH), .DEPTH((c + 1) / MAC_PACKING - c / MAC_PACKING)) to_right (.clk(clk), .in(reads_at[c]), .out(reads_at[c+1]));
            skew #(.WIDTH(WIDTH), .DEPTH(AHEAD - 1)) to_last_row (.clk(clk), .in(reads_at[c]), .out(sooner));
            skew #(.WIDTH(WIDTH), .DEPTH(1)) to_write (.clk(clk), .in(sooner), .out(later));
            wire [WIDTH-1:0] written_at = EARLY != 0 && os ? sooner : later;
            wire half = HALVES > 1 && written_at[WIDTH-1];
            wire [31:0] held [0:HALVES-1];
            wire [31:0] word [0:HALVES-1];
            wire [31:0] added = written_at[COUNT_BITS] ? held[HALVES > 1 ? {31'd0, half} : 0] : 32'd0;
            wire [31:0] total = added + sums[32*c +: 32];
            for (h = 0; h < HALVES; h = h + 1) begin : bank
                wire mine = HALVES == 1 || half == (h != 0);
                wire drains_here = drains && (HALVES == 1 || drain_half == (h != 0));
                opmem_bank #(.DEPTH(DEPTH), .COUNT_BITS(COUNT_BITS), .READ_CYCLES(READ_CYCLES)) memory (
                    .clk(clk), .write(arrives[c] && mine), .write_address(written_at[COUNT_BITS-1:0]),
                    .write_data(total),
                    .read_address(drains_here ? drain_entry : reads_at[c][COUNT_BITS-1:0]),
                    .sum(held[h]), .drained(word[h]));
            end
            assign drained[32*c +: 32] = word[HALVES > 1 ? {31'd0, half_drained} : 0];
            wire unused = &{1'b0, later[WIDTH-1]};
        end
    endgenerate
    wire unused = &{1'b0, reads_at[C], half_drained, os};
endmodule
`default_nettype wire
