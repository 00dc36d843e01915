// A multi-level parallelism compute array: P_H head modules of P_C lanes, each with P_T processing elements (PEs) of
// P_PE tokens by P_PE output columns. A lane takes the block columns of its list one after the other, for P_T row tiles
// of tokens at once; when all lanes are done the next group of row tiles begins.
//
// From the first clock of `busy` to its last, inclusive: the clocks of the slowest lane in each group, and
// 2 * P_PE + P_T, which are P_T - 1 on the way from tile to tile, 2 * (P_PE - 1) in the last PE, and three registers
// behind the clock in which operands are read: product, sum, and what leaves.
//
// Each lane has activations of its own, for lanes read other depths in the same clock. Columns without a block are in no
// list: their sums do not leave, and are zero.
`default_nettype none
module mpca #(
    parameter P_H = 2,
    parameter P_T = 2,
    parameter P_C = 2,
    parameter P_PE = 4,
    parameter LIST_BITS = 8, // of addresses: entries of a lane's list, kept blocks, words of weights, of activations
    parameter ROW_BITS = 10,
    parameter WEIGHT_BITS = 12,
    parameter TOKEN_BITS = 10,
    parameter OUT_BITS = 12 // of the places of a row's sums
) (
    input wire clk,
    input wire reset,

    // Memories are written while nothing runs, a word a clock. List entry: {last of the list, the block column's first
    // output column (15), its kept blocks (16)}; row entry: the depth at which a kept block begins.
    input wire [P_H*P_C-1:0] list_write, // by lane
    input wire [P_H*P_C-1:0] row_write,
    input wire [P_H*P_C-1:0] weight_write, // P_PE columns of a depth, in the order in which the lane needs them
    input wire [P_H*P_T-1:0] token_write, // by head module and row tile, in all its lanes: P_PE tokens at a depth
    input wire [15:0] write_address,
    input wire [31:0] write_entry, // of a list or of rows
    input wire [8*P_PE-1:0] write_operands,

    input wire start,
    input wire lockstep, // lanes take their next columns together
    input wire [15:0] header_clocks, // before the blocks of a column
    input wire [15:0] block, // rows and columns of a block
    input wire [15:0] groups, // of P_T row tiles
    input wire [15:0] group_depth, // words of activations, and places of sums, of a group
    input wire [15:0] group_columns,
    output reg busy,

    // by lane, tile and row of a PE: a sum and its place
    output wire [P_H*P_C*P_T*P_PE-1:0] out_valid,
    output wire [OUT_BITS*P_H*P_C*P_T*P_PE-1:0] out_place,
    output wire [32*P_H*P_C*P_T*P_PE-1:0] out_sum
);
    localparam LANES = P_H * P_C;
    localparam FILL = 2 * P_PE + P_T;

    reg active; // lanes take columns
    reg [15:0] group, depth_base, column_base, filling;
    wire [LANES-1:0] entry_done, list_done;
    wire all_done = &entry_done;
    wire group_done = active && &list_done;
    wire last_group = group + 16'd1 == groups;

    always @(posedge clk)
        if (reset) begin
            active <= 1'b0;
            busy <= 1'b0;
        end else if (start) begin
            active <= 1'b1;
            busy <= 1'b1;
            group <= 16'd0;
            depth_base <= 16'd0;
            column_base <= 16'd0;
            filling <= FILL[15:0];
        end else if (group_done) begin
            active <= !last_group;
            group <= group + 16'd1;
            depth_base <= depth_base + group_depth;
            column_base <= column_base + group_columns;
        end else if (busy && !active) begin
            filling <= filling - 16'd1;
            busy <= filling != 16'd1;
        end

    genvar l;
    generate
        for (l = 0; l < LANES; l = l + 1) begin : lane
            localparam ROWS = P_T * P_PE;
            mpca_lane #(
                .P_T(P_T), .P_PE(P_PE), .LIST_BITS(LIST_BITS), .ROW_BITS(ROW_BITS), .WEIGHT_BITS(WEIGHT_BITS),
                .TOKEN_BITS(TOKEN_BITS), .OUT_BITS(OUT_BITS)
            ) columns (
                .clk(clk),
                .list_write(list_write[l]), .row_write(row_write[l]), .weight_write(weight_write[l]),
                .token_write(token_write[(l/P_C)*P_T +: P_T]),
                .write_address(write_address), .write_entry(write_entry), .write_operands(write_operands),
                .restart(start || group_done), .active(active), .next_together(lockstep), .all_done(all_done),
                .header_clocks(header_clocks), .block(block), .depth_base(depth_base), .column_base(column_base),
                .entry_done(entry_done[l]), .list_done(list_done[l]),
                .out_valid(out_valid[l*ROWS +: ROWS]), .out_place(out_place[l*ROWS*OUT_BITS +: ROWS*OUT_BITS]),
                .out_sum(out_sum[l*ROWS*32 +: ROWS*32]));
        end
    endgenerate
endmodule
`default_nettype wire
