// Writes what leaves one column into the result memory, and follows the tags from fold to fold.
// Partial sums of one output come from the folds of one column of folds: the first is written, the others added.
module collector #(
    parameter R = 4,
    parameter C = 4,
    parameter COLUMN = 0
) (
    input wire clk,
    input wire reset,
    input wire os,
    input wire [31:0] row_size,
    input wire [31:0] row_stride, // os: distance in the result of two rows of the array
    input wire [31:0] col_stride, // distance of two columns
    input wire [31:0] step, // is, ws: distance of two streamed operands
    input wire result,
    input wire last,
    output wire write,
    output wire add,
    output wire [31:0] address
);
    reg [31:0] i, row, col;
    assign write = result;
    assign add = !os && row != 0;
    assign address = (col + COLUMN) * col_stride + (os ? (row + i) * row_stride : i * step);
    always @(posedge clk)
        if (reset) begin
            i <= 0; row <= 0; col <= 0;
        end else if (last) begin
            i <= 0;
            row <= row + R < row_size ? row + R : 0;
            col <= row + R < row_size ? col : col + C;
        end else if (result) i <= i + 1;
endmodule
