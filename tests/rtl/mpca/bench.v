// The compute array with memories that take what leaves it; one for each lane, tile and row of a processing element.
`default_nettype none
module bench #(
    parameter P_H = 2,
    parameter P_T = 2,
    parameter P_C = 2,
    parameter P_PE = 4,
    parameter LIST_BITS = 5,
    parameter ROW_BITS = 8,
    parameter WEIGHT_BITS = 12,
    parameter TOKEN_BITS = 10,
    parameter OUT_BITS = 10
) (
    input wire clk,
    input wire reset,
    input wire [P_H*P_C-1:0] list_write,
    input wire [P_H*P_C-1:0] row_write,
    input wire [P_H*P_C-1:0] weight_write,
    input wire [P_H*P_T-1:0] token_write,
    input wire [15:0] write_address,
    input wire [31:0] write_entry,
    input wire [8*P_PE-1:0] write_operands,
    input wire start,
    input wire lockstep,
    input wire [15:0] header_clocks,
    input wire [15:0] block,
    input wire [15:0] groups,
    input wire [15:0] group_depth,
    input wire [15:0] group_columns,
    output wire busy,
    input wire [31:0] look, // which place of the results; a memory that nothing reads would be left out
    output wire [31:0] seen,
    output reg [31:0] leaving // sums that were registered in the clock before
);
    localparam ROWS = P_H * P_C * P_T * P_PE;
    wire [ROWS-1:0] valid;
    wire [OUT_BITS*ROWS-1:0] place;
    wire [32*ROWS-1:0] sum;
    mpca #(
        .P_H(P_H), .P_T(P_T), .P_C(P_C), .P_PE(P_PE), .LIST_BITS(LIST_BITS), .ROW_BITS(ROW_BITS),
        .WEIGHT_BITS(WEIGHT_BITS), .TOKEN_BITS(TOKEN_BITS), .OUT_BITS(OUT_BITS)
    ) array (
        .clk(clk), .reset(reset), .list_write(list_write), .row_write(row_write), .weight_write(weight_write),
        .token_write(token_write), .write_address(write_address), .write_entry(write_entry),
        .write_operands(write_operands), .start(start), .lockstep(lockstep), .header_clocks(header_clocks),
        .block(block), .groups(groups), .group_depth(group_depth), .group_columns(group_columns), .busy(busy),
        .out_valid(valid), .out_place(place), .out_sum(sum));

    reg [31:0] results [0:(ROWS<<OUT_BITS)-1];
    assign seen = results[look];
    integer i, j;
    always @(posedge clk)
        for (i = 0; i < ROWS; i = i + 1)
            if (valid[i]) results[(i << OUT_BITS) + {{(32-OUT_BITS){1'b0}}, place[OUT_BITS*i +: OUT_BITS]}] <= sum[32*i +: 32];
    always @* begin
        leaving = 0;
        for (j = 0; j < ROWS; j = j + 1) leaving = leaving + {31'd0, valid[j]};
    end
endmodule
`default_nettype wire
