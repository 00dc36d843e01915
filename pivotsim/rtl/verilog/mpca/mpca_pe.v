// A processing element: P_PE tokens by P_PE output columns, sums held where they grow. Row r meets an operand r clocks
// after row 0, column c c clocks after column 0. Sums of a row leave one a clock, column by column; while they do, the
// next ones grow behind them. Those of at most as many columns as a block has steps leave, so none is overtaken.
`default_nettype none
module mpca_pe #(
    parameter P_PE = 4,
    parameter OUT_BITS = 12,
    parameter COUNT_BITS = 3
) (
    input wire clk,
    input wire [8*P_PE-1:0] x, // tokens at one depth
    input wire [8*P_PE-1:0] w, // column c comes c clocks later than what is beside it
    input wire first,
    input wire last,
    input wire [OUT_BITS-1:0] place, // of the sum of column 0
    input wire [COUNT_BITS-1:0] width, // columns whose sums leave
    output wire [P_PE-1:0] out_valid, // by row
    output wire [OUT_BITS*P_PE-1:0] out_place,
    output wire [32*P_PE-1:0] out_sum
);
    localparam INDEX_BITS = P_PE > 1 ? $clog2(P_PE) : 1;

    // what leaves row 0: `column`, from the clock in which the sum of column 0 is whole
    wire begins;
    wire [OUT_BITS-1:0] first_place;
    wire [COUNT_BITS-1:0] count;
    skew #(.WIDTH(1 + OUT_BITS + COUNT_BITS), .DEPTH(2)) whole (
        .clk(clk), .in({last, place, width}), .out({begins, first_place, count}));
    reg [COUNT_BITS-1:0] to_come;
    reg [INDEX_BITS-1:0] next_column;
    reg [OUT_BITS-1:0] next_place;
    wire leaves = begins || to_come != {COUNT_BITS{1'b0}};
    wire [INDEX_BITS-1:0] column = begins ? {INDEX_BITS{1'b0}} : next_column;
    wire [OUT_BITS-1:0] column_place = begins ? first_place : next_place;
    initial to_come = {COUNT_BITS{1'b0}};
    always @(posedge clk) begin
        if (begins) to_come <= count - 1'b1;
        else if (leaves) to_come <= to_come - 1'b1;
        next_column <= column + 1'b1;
        next_place <= column_place + 1'b1;
    end

    wire [8*P_PE-1:0] down [0:P_PE]; // weights that enter row r
    assign down[0] = w;
    genvar r, c;
    generate
        for (r = 0; r < P_PE; r = r + 1) begin : row
            wire [7:0] across [0:P_PE]; // what enters column c
            wire begin_sum [0:P_PE];
            wire [31:0] sums [0:P_PE-1];
            wire leaves_here;
            wire [INDEX_BITS-1:0] column_here;
            wire [OUT_BITS-1:0] place_here;
            skew #(.WIDTH(9), .DEPTH(r)) late (
                .clk(clk), .in({first, x[8*r +: 8]}), .out({begin_sum[0], across[0]}));
            skew #(.WIDTH(1 + INDEX_BITS + OUT_BITS), .DEPTH(r)) late_exit (
                .clk(clk), .in({leaves, column, column_place}), .out({leaves_here, column_here, place_here}));
            for (c = 0; c < P_PE; c = c + 1) begin : element
                multiply_accumulate mac (
                    .clk(clk), .x_in(across[c]), .first_in(begin_sum[c]), .w_in(down[r][8*c +: 8]),
                    .x(across[c+1]), .first(begin_sum[c+1]), .w(down[r+1][8*c +: 8]), .sum(sums[c]));
            end
            reg valid;
            reg [OUT_BITS-1:0] place_reg;
            reg [31:0] sum_reg;
            initial valid = 1'b0;
            always @(posedge clk) begin
                valid <= leaves_here;
                place_reg <= place_here;
                sum_reg <= sums[column_here];
            end
            assign out_valid[r] = valid;
            assign out_place[r*OUT_BITS +: OUT_BITS] = place_reg;
            assign out_sum[32*r +: 32] = sum_reg;
            wire unused = &{1'b0, across[P_PE], begin_sum[P_PE]};
        end
    endgenerate
    wire unused = &{1'b0, down[P_PE]};
endmodule
`default_nettype wire
