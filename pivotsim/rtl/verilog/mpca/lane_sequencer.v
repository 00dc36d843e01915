// What a lane does in each clock: the header of a block column, then of every P_PE of its output columns all depths of
// all kept blocks; then the next column of the list. Weights lie in that order, so their address counts steps.
`default_nettype none
module lane_sequencer #(
    parameter P_PE = 4,
    parameter LIST_BITS = 8,
    parameter ROW_BITS = 10,
    parameter WEIGHT_BITS = 12,
    parameter TOKEN_BITS = 10,
    parameter OUT_BITS = 12
) (
    input wire clk,
    input wire restart, // the list begins again in the next clock
    input wire active,
    input wire next_together, // the next entry waits for all lanes
    input wire all_done, // with their entries
    input wire [15:0] header_clocks,
    input wire [15:0] block,
    input wire [15:0] depth_base, // of the group of row tiles
    input wire [15:0] column_base,

    output reg [LIST_BITS-1:0] list_address,
    input wire [31:0] list_entry, // in the same clock
    output wire [ROW_BITS-1:0] row_address,
    input wire [15:0] row_depth, // in the same clock

    output wire entry_done, // in this clock, or before
    output wire list_done,

    output wire [WEIGHT_BITS-1:0] weight_address,
    output wire [TOKEN_BITS-1:0] token_address,
    output wire first, // of the sums of P_PE columns
    output wire last,
    output wire [OUT_BITS-1:0] place, // of the first of them
    output wire [15:0] width // how many there are
);
    wire [15:0] pe_columns = P_PE[15:0];

    wire list_ends = list_entry[31];
    wire [15:0] first_column = {1'b0, list_entry[30:16]}, blocks = list_entry[15:0];

    reg waits; // the entry is done; it is the last one, or other lanes are not done with theirs
    reg [15:0] header, columns, index, depth; // clocks, output columns, blocks and depths that are behind
    reg [ROW_BITS-1:0] rows_before; // of the columns of the list that are behind
    reg [WEIGHT_BITS-1:0] steps;

    wire works = active && !waits && blocks != 16'd0;
    wire step = works && header == header_clocks;
    wire depth_ends = depth + 16'd1 == block;
    wire blocks_end = depth_ends && index + 16'd1 == blocks;
    wire last_columns = block - columns <= pe_columns;
    assign entry_done = waits || blocks == 16'd0 || (step && blocks_end && last_columns);
    assign list_done = entry_done && list_ends;
    wire next_entry = entry_done && !list_ends && (!next_together || all_done);

    always @(posedge clk)
        if (restart) begin
            waits <= 1'b0;
            list_address <= {LIST_BITS{1'b0}};
            rows_before <= {ROW_BITS{1'b0}};
            steps <= {WEIGHT_BITS{1'b0}};
            header <= 16'd0;
            columns <= 16'd0;
            index <= 16'd0;
            depth <= 16'd0;
        end else if (active) begin
            waits <= entry_done && !next_entry;
            if (works && !step) header <= header + 16'd1;
            if (step) begin
                steps <= steps + 1'b1;
                depth <= depth_ends ? 16'd0 : depth + 16'd1;
                if (depth_ends) index <= blocks_end ? 16'd0 : index + 16'd1;
                if (blocks_end) columns <= columns + pe_columns;
            end
            if (next_entry) begin
                list_address <= list_address + 1'b1;
                rows_before <= rows_before + blocks[ROW_BITS-1:0];
                header <= 16'd0;
                columns <= 16'd0;
            end
        end

    assign row_address = rows_before + index[ROW_BITS-1:0];
    assign weight_address = steps;
    wire [15:0] token = depth_base + row_depth + depth;
    assign token_address = token[TOKEN_BITS-1:0];
    assign first = step && index == 16'd0 && depth == 16'd0;
    assign last = step && blocks_end;
    wire [15:0] out = column_base + first_column + columns;
    assign place = out[OUT_BITS-1:0];
    assign width = last_columns ? block - columns : pe_columns;
    wire unused = &{1'b0, token, out};
endmodule
`default_nettype wire
