// Mean, and reciprocal of the standard deviation, of a row of int16: its sums in, a row a clock at most. An answer comes
// 21 clocks after the sums. See pivotsim/integer/layer_norm.py for every bit.
`default_nettype none
module row_statistics (
    input wire clk,
    input wire advance,
    // of a LayerNorm, held
    input wire [12:0] channels,
    input wire [3:0] bits, // 2**bits is at least channels
    input wire [24:0] inverse, // 2**(24 + bits) over channels
    input wire [54:0] epsilon, // times channels squared

    input wire valid,
    input wire signed [27:0] sum,
    input wire [42:0] sum_of_squares,
    output wire out_valid,
    output wire signed [24:0] mean, // in steps of 2**-8
    output wire [16:0] factor, // 2**31 over the root
    output wire [5:0] shift // of what is multiplied by it
);
    localparam STEPS = 2; // of root and division, a clock
    localparam ROOT = (16 + STEPS - 1) / STEPS;
    localparam DIVISION = (17 + STEPS - 1) / STEPS;

    reg [54:0] scaled, squared;
    reg signed [53:0] weighted;
    reg [55:0] w, w_reg;
    reg signed [24:0] mean_reg;
    reg [4:0] pair, pair_reg;
    reg [5:0] shift_reg;
    reg [31:0] normal;
    reg valid_1, valid_2, valid_3, valid_4;
    initial {valid_1, valid_2, valid_3, valid_4} = 0;

    // the mean, a half rounded up
    wire [4:0] places = 5'd16 + {1'b0, bits};
    wire signed [53:0] mean_of_row = (weighted + $signed(54'd1 << (places - 1'b1))) >>> places;
    // the highest pair of bits that is not 0
    integer i;
    always @* begin
        pair = 0;
        for (i = 0; i < 28; i = i + 1) if (w[2*i +: 2] != 0) pair = i[4:0];
    end
    wire [5:0] left = {5'd27 - pair_reg, 1'b0};
    wire [55:0] aligned = w_reg << left;
    wire signed [55:0] wide_sum = {{28{sum[27]}}, sum};
    wire [55:0] square = wide_sum * wide_sum;
    always @(posedge clk)
        if (advance) begin
            {valid_1, valid_2, valid_3, valid_4} <= {valid, valid_1, valid_2, valid_3};
            scaled <= sum_of_squares * channels;
            squared <= square[54:0];
            weighted <= sum * $signed({1'b0, inverse});
            w <= {1'b0, scaled} - {1'b0, squared} + {1'b0, epsilon};
            mean_reg <= mean_of_row[24:0];
            pair_reg <= pair;
            w_reg <= w;
            normal <= aligned[55:24];
            shift_reg <= 6'd12 + {1'b0, pair_reg} - {2'd0, bits};
        end

    wire [15:0] root;
    square_root #(.STEPS(STEPS)) rooting (.clk(clk), .advance(advance), .radicand(normal), .root(root));
    wire root_valid;
    held_delay #(.WIDTH(1), .DEPTH(ROOT)) until_root (.clk(clk), .advance(advance), .in(valid_4), .out(root_valid));
    reciprocal #(.WIDTH(16), .QUOTIENT_BITS(17), .START(1 << 14), .NEXT(0), .STEPS(STEPS)) division ( // 1 << 31
        .clk(clk), .advance(advance), .valid(root_valid), .divisor(root), .out_valid(out_valid), .quotient(factor));
    held_delay #(.WIDTH(25), .DEPTH(2 + ROOT + DIVISION)) mean_delay (
        .clk(clk), .advance(advance), .in(mean_reg), .out(mean));
    held_delay #(.WIDTH(6), .DEPTH(ROOT + DIVISION)) shift_delay (
        .clk(clk), .advance(advance), .in(shift_reg), .out(shift));
    wire unused = &{1'b0, mean_of_row[53:25], aligned[23:0], square[55]};
endmodule
`default_nettype wire
