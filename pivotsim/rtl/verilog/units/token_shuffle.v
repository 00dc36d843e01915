// Reads each token once, PORTS tokens side by side and CHANNELS channels of each a clock: those that stay go to their
// place in the order of their scores, the others are weighted by their scores and summed; then the sums are divided by
// the scores' sum. See pivotsim/integer/tokens.py for every bit. Reads answer after a clock.
`default_nettype none
module token_shuffle #(
    parameter TOKEN_BITS = 4,
    parameter SCORE_BITS = 12,
    parameter PORTS = 2,
    parameter CHANNELS = 2,
    parameter BLOCKS = 4, // of CHANNELS channels, at most
    parameter PREFIX = 1, // tokens that are not ordered, at least one: the class token
    parameter KEY_BITS = 1 + SCORE_BITS + TOKEN_BITS
) (
    input wire clk,
    input wire [KEY_BITS*(1<<TOKEN_BITS)-1:0] keys,
    input wire [TOKEN_BITS:0] patches,
    input wire [TOKEN_BITS:0] kept, // of them
    // a clock of the shuffle
    input wire issues,
    input wire [TOKEN_BITS:0] group, // of tokens
    input wire last_group,
    input wire [15:0] block, // of channels
    output wire [PORTS-1:0] read_valid,
    output reg [(TOKEN_BITS+1)*PORTS-1:0] read_token,
    input wire [16*CHANNELS*PORTS-1:0] read_data, // a clock later
    output reg [PORTS-1:0] write_valid, // of what was read
    output reg [TOKEN_BITS:0] write_group,
    output reg [15:0] write_block,
    output wire [16*CHANNELS*PORTS-1:0] write_data,
    // a clock of the division
    input wire divides,
    input wire [15:0] divide_block,
    output reg fused_valid,
    output reg [15:0] fused_block,
    output wire [16*CHANNELS-1:0] fused_data
);
    localparam WIRES = 1 << TOKEN_BITS;
    localparam GROUPS = (WIRES + PREFIX + PORTS - 1) / PORTS;
    localparam TOTAL_BITS = 21;
    localparam SUM_BITS = TOTAL_BITS + 15;
    localparam BLOCK_BITS = BLOCKS > 1 ? $clog2(BLOCKS) : 1;
    localparam POSITION_BITS = TOKEN_BITS + 2;
    localparam [POSITION_BITS-1:0] AHEAD = PREFIX[POSITION_BITS-1:0];
    wire [POSITION_BITS-1:0] stay = AHEAD + {1'b0, kept};
    wire [POSITION_BITS-1:0] all = AHEAD + {1'b0, patches};

    // ---- which token each port reads, and its weight where it does not stay
    wire [PORTS-1:0] stays;
    wire [SCORE_BITS*PORTS-1:0] weights;
    genvar p, c;
    generate
        for (p = 0; p < PORTS; p = p + 1) begin : port
            reg [KEY_BITS-1:0] key;
            reg [POSITION_BITS-1:0] position;
            always @* begin : choose
                integer g;
                key = 0;
                position = 0;
                for (g = 0; g < GROUPS; g = g + 1)
                    if (group == g[TOKEN_BITS:0]) begin
                        position = g[POSITION_BITS-1:0] * PORTS[POSITION_BITS-1:0] + p[POSITION_BITS-1:0];
                        if (g * PORTS + p >= PREFIX && g * PORTS + p - PREFIX < WIRES)
                            key = keys[KEY_BITS*((g*PORTS+p-PREFIX)%WIRES) +: KEY_BITS];
                    end
                read_token[(TOKEN_BITS+1)*p +: TOKEN_BITS+1] = position < AHEAD ? position[TOKEN_BITS:0]
                    : AHEAD[TOKEN_BITS:0] + {1'b0, ~key[TOKEN_BITS-1:0]};
            end
            wire here = issues && position < all;
            assign read_valid[p] = here;
            assign stays[p] = here && position < stay;
            assign weights[SCORE_BITS*p +: SCORE_BITS] = here && !stays[p] ? key[TOKEN_BITS +: SCORE_BITS] : 0;
            wire unused = &{1'b0, key[KEY_BITS-1]};
        end
    endgenerate
    assign write_data = read_data;

    // ---- weights and their sum
    reg valid_1, valid_2, last_1, last_2, last_3, first_1, first_2;
    initial {valid_1, valid_2, last_1, last_2, last_3} = 0;
    reg [15:0] block_2, block_3;
    reg [SCORE_BITS*PORTS-1:0] weights_1;
    reg [TOTAL_BITS-1:0] total, together;
    always @* begin : add
        integer i;
        together = 0;
        for (i = 0; i < PORTS; i = i + 1)
            together = together + {{(TOTAL_BITS-SCORE_BITS){1'b0}}, weights_1[SCORE_BITS*i +: SCORE_BITS]};
    end
    always @(posedge clk) begin
        write_valid <= stays;
        write_group <= group;
        write_block <= block;
        {valid_1, last_1, first_1} <= {issues, issues && last_group, group == 0};
        {valid_2, last_2, first_2, block_2} <= {valid_1, last_1, first_1, write_block};
        {last_3, block_3} <= {last_2, block_2};
        weights_1 <= weights;
        if (valid_1) total <= (first_1 ? {TOTAL_BITS{1'b0}} : total) + together;
    end

    // ---- 2**(15 + b) over the sum, whose length is b bits
    reg [4:0] bits, bits_reg, places;
    reg [TOTAL_BITS-1:0] aligned;
    always @* begin : length
        integer i;
        bits = 0;
        for (i = 0; i < TOTAL_BITS; i = i + 1) if (total[i]) bits = i[4:0] + 1'b1;
    end
    wire [4:0] left = TOTAL_BITS[4:0] - bits_reg;
    wire [16:0] factor;
    wire unused_valid;
    always @(posedge clk) begin
        bits_reg <= bits;
        aligned <= total << left;
        places <= bits_reg;
    end
    reciprocal #(.WIDTH(TOTAL_BITS), .QUOTIENT_BITS(17), .START(1 << 19), .NEXT(0), .STEPS(2)) division ( // 1 << 36
        .clk(clk), .advance(1'b1), .valid(1'b0), .divisor(aligned), .out_valid(unused_valid), .quotient(factor));
    wire [5:0] shift = 6'd15 + {1'b0, places};
    wire signed [55:0] half = 56'sd1 <<< (shift - 1'b1);

    // ---- sums of the channels
    reg divides_1, divides_2;
    reg [15:0] block_d1, block_d2;
    initial {divides_1, divides_2, fused_valid} = 0;
    always @(posedge clk) begin
        {divides_1, block_d1} <= {divides, divide_block};
        {divides_2, block_d2} <= {divides_1, block_d1};
        {fused_valid, fused_block} <= {divides_2, block_d2};
    end
    generate
        for (c = 0; c < CHANNELS; c = c + 1) begin : channel
            wire signed [SUM_BITS-1:0] products;
            wire signed [(SCORE_BITS+17)*PORTS-1:0] each;
            for (p = 0; p < PORTS; p = p + 1) begin : weighted
                wire signed [15:0] x = read_data[16*(CHANNELS*p+c) +: 16];
                reg signed [SCORE_BITS+16:0] product;
                always @(posedge clk) product <= x * $signed({1'b0, weights_1[SCORE_BITS*p +: SCORE_BITS]});
                assign each[(SCORE_BITS+17)*p +: SCORE_BITS+17] = product;
            end
            reg [SUM_BITS-1:0] summed;
            always @* begin : add_ports
                integer i;
                summed = 0;
                for (i = 0; i < PORTS; i = i + 1)
                    summed = summed + {{(SUM_BITS-SCORE_BITS-17){each[(SCORE_BITS+17)*i+SCORE_BITS+16]}},
                                       each[(SCORE_BITS+17)*i +: SCORE_BITS+17]};
            end
            assign products = summed;
            reg signed [SUM_BITS-1:0] sum, found;
            reg signed [SUM_BITS-1:0] sums [0:(1<<BLOCK_BITS)-1];
            reg signed [55:0] scaled;
            reg [15:0] fused;
            wire signed [55:0] rounded = (scaled + half) >>> shift;
            always @(posedge clk) begin
                if (valid_2) sum <= (first_2 ? {SUM_BITS{1'b0}} : sum) + products;
                if (last_3) sums[block_3[BLOCK_BITS-1:0]] <= sum;
                found <= sums[divide_block[BLOCK_BITS-1:0]];
                scaled <= found * $signed({1'b0, factor});
                fused <= rounded > 32767 ? 16'h7FFF : rounded < -32768 ? 16'h8000 : rounded[15:0];
            end
            assign fused_data[16*c +: 16] = fused;
        end
    endgenerate
    wire unused = &{1'b0, unused_valid, block_3};
endmodule
`default_nettype wire
