// Softmax of rows of int8, LANES elements a clock, rows without gaps: each element waits for its row's maximum, its
// exponential then for the reciprocal of their sum. See pivotsim/integer/softmax.py for every bit.
//
// An answer comes 2 * SPAN + 13 clocks after its beat, whatever a row's length: SPAN beats may touch one of MAX_ELEMENTS.
// A beat every clock within a block, unless `advance` is low: then all holds. What the last beat has beyond the last
// row comes out as anything.
`default_nettype none
module softmax #(
    parameter LANES = 16,
    parameter MAX_ELEMENTS = 256 // of a row; the least is LANES
) (
    input wire clk,
    input wire advance,
    input wire [16:0] row_elements, // held while a block comes in
    // exponentials of 0, 1 .. 255 steps
    input wire table_write,
    input wire [7:0] table_index,
    input wire [15:0] table_data,

    input wire in_valid,
    input wire in_first, // beat of a block
    input wire [8*LANES-1:0] in_data, // the first element lowest
    output wire out_valid,
    output wire [8*LANES-1:0] out_data
);
    localparam SPAN = (MAX_ELEMENTS + LANES - 2) / LANES + 1;
    localparam SPLIT_BITS = $clog2(LANES + 1);
    localparam DEPTH_BITS = $clog2(SPAN + 4);
    localparam SUM_BITS = 16 + $clog2(MAX_ELEMENTS + LANES);
    localparam STEPS = 2; // of the division, a clock
    localparam DIVISION = (15 + STEPS - 1) / STEPS;
    localparam [LANES-1:0] ALL = {LANES{1'b1}};
    genvar lane;

    // ---- the maximum of each row, of bytes as unsigned numbers of the same order
    wire [8*LANES-1:0] ordered = in_data ^ {LANES{8'h80}};
    wire ends;
    wire [SPLIT_BITS-1:0] split;
    row_splitter #(.LANES(LANES), .SPLIT_BITS(SPLIT_BITS)) splitter (
        .clk(clk), .advance(advance), .valid(in_valid), .first(in_first), .row_elements(row_elements), .ends(ends),
        .split(split));
    reg [8*LANES-1:0] here, beyond;
    always @* begin : compare
        integer i, s;
        for (i = 0; i < LANES; i = i + 1) begin
            here[8*i +: 8] = i < split ? ordered[8*i +: 8] : 8'd0;
            beyond[8*i +: 8] = i < split ? 8'd0 : ordered[8*i +: 8];
        end
        for (s = 1; s < LANES; s = s * 2)
            for (i = 0; i + s < LANES; i = i + 2 * s) begin
                if (here[8*(i+s) +: 8] > here[8*i +: 8]) here[8*i +: 8] = here[8*(i+s) +: 8];
                if (beyond[8*(i+s) +: 8] > beyond[8*i +: 8]) beyond[8*i +: 8] = beyond[8*(i+s) +: 8];
            end
    end
    reg valid_reg, first_reg, ends_reg;
    initial valid_reg = 0;
    reg [7:0] here_reg, beyond_reg, most_reg;
    wire [7:0] most = !first_reg && most_reg > here_reg ? most_reg : here_reg;
    always @(posedge clk)
        if (advance) begin
            {valid_reg, first_reg, ends_reg} <= {in_valid, in_first, ends};
            {here_reg, beyond_reg} <= {here[7:0], beyond[7:0]};
            if (valid_reg) most_reg <= ends_reg ? beyond_reg : most;
        end

    // ---- exponentials, once the maximum of the beat's rows is known
    wire e_valid, e_first, e_ends;
    wire [SPLIT_BITS-1:0] e_split;
    wire [8*LANES-1:0] waited;
    held_delay #(.WIDTH(3 + SPLIT_BITS + 8 * LANES), .DEPTH(SPAN + 1)) until_maximum (
        .clk(clk), .advance(advance), .in({in_valid, in_first, ends, split, ordered}),
        .out({e_valid, e_first, e_ends, e_split, waited}));
    wire [7:0] maximum, next_maximum;
    row_values #(.WIDTH(8), .DEPTH_BITS(DEPTH_BITS)) maxima (
        .clk(clk), .advance(advance), .push(valid_reg && ends_reg), .in(most), .pop(e_valid && e_ends),
        .this_row(maximum), .next_row(next_maximum));
    wire [LANES-1:0] in_row = ~(ALL << e_split);
    wire [16*LANES-1:0] exponentials;
    generate
        for (lane = 0; lane < LANES; lane = lane + 1) begin : look_up
            reg [15:0] exponential [0:255];
            reg [15:0] found;
            wire [7:0] below = (in_row[lane] ? maximum : next_maximum) - waited[8*lane +: 8];
            always @(posedge clk) begin
                if (table_write) exponential[table_index] <= table_data;
                if (advance) found <= exponential[below];
            end
            assign exponentials[16*lane +: 16] = found;
        end
    endgenerate
    reg f_valid, f_first, f_ends;
    reg [LANES-1:0] f_in_row;
    initial f_valid = 0;
    always @(posedge clk) if (advance) {f_valid, f_first, f_ends, f_in_row} <= {e_valid, e_first, e_ends, in_row};

    // ---- their sum, and its reciprocal
    reg [SUM_BITS-1:0] sum_here, sum_beyond, here_sum, beyond_sum, sum_reg;
    always @* begin : add
        integer i;
        sum_here = 0;
        sum_beyond = 0;
        for (i = 0; i < LANES; i = i + 1) begin
            sum_here = sum_here + {{(SUM_BITS-16){1'b0}}, f_in_row[i] ? exponentials[16*i +: 16] : 16'd0};
            sum_beyond = sum_beyond + {{(SUM_BITS-16){1'b0}}, f_in_row[i] ? 16'd0 : exponentials[16*i +: 16]};
        end
    end
    reg s_valid, s_first, s_ends;
    initial s_valid = 0;
    wire [SUM_BITS-1:0] sum = (s_first ? {SUM_BITS{1'b0}} : sum_reg) + here_sum;
    always @(posedge clk)
        if (advance) begin
            {s_valid, s_first, s_ends} <= {f_valid, f_first, f_ends};
            {here_sum, beyond_sum} <= {sum_here, sum_beyond};
            if (s_valid) sum_reg <= s_ends ? beyond_sum : sum;
        end
    wire divided;
    wire [14:0] quotient;
    reciprocal #(.WIDTH(SUM_BITS), .QUOTIENT_BITS(15), .START(127 << 9), .NEXT(0), .STEPS(STEPS)) division ( // 127 << 24
        .clk(clk), .advance(advance), .valid(s_valid && s_ends), .divisor(sum), .out_valid(divided),
        .quotient(quotient));

    // ---- products, once the reciprocal of the beat's rows is known
    wire p_valid, p_ends;
    wire [LANES-1:0] p_in_row;
    wire [16*LANES-1:0] held;
    held_delay #(.WIDTH(2 + LANES + 16 * LANES), .DEPTH(SPAN + 1 + DIVISION)) until_reciprocal (
        .clk(clk), .advance(advance), .in({f_valid, f_ends, f_in_row, exponentials}),
        .out({p_valid, p_ends, p_in_row, held}));
    wire [14:0] factor, next_factor;
    row_values #(.WIDTH(15), .DEPTH_BITS(DEPTH_BITS)) reciprocals (
        .clk(clk), .advance(advance), .push(divided), .in(quotient), .pop(p_valid && p_ends), .this_row(factor),
        .next_row(next_factor));
    reg product_valid, rounded_valid;
    initial {product_valid, rounded_valid} = 0;
    always @(posedge clk) if (advance) {product_valid, rounded_valid} <= {p_valid, product_valid};
    assign out_valid = rounded_valid;
    generate
        for (lane = 0; lane < LANES; lane = lane + 1) begin : probability
            reg [30:0] product;
            wire [14:0] of_row = p_in_row[lane] ? factor : next_factor;
            reg [6:0] rounded;
            wire [7:0] sum_of_halves = {1'b0, product[30:24]} + {7'd0, product[23]}; // a half is rounded up
            always @(posedge clk)
                if (advance) begin
                    product <= held[16*lane +: 16] * of_row;
                    rounded <= sum_of_halves[6:0];
                end
            assign out_data[8*lane +: 8] = {1'b0, rounded};
            wire unused = &{1'b0, product[22:0], sum_of_halves[7]};
        end
    endgenerate
endmodule
`default_nettype wire
