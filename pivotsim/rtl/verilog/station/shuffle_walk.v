// Where the token-dropping module's tokens lie: the one that it reads in A, those that stay and the fused one in B. A block
// is LANES channels, the last one the rest.
`default_nettype none
module shuffle_walk #(
    parameter LANES = 8,
    parameter LANE_BITS = 3,
    parameter BITS = 12, // of an index
    parameter TOKEN_BITS = 4
) (
    input wire clk,
    // of a shuffle, held
    input wire [BITS-1:0] base,
    input wire [BITS-1:0] pitch, // from token to token of A
    input wire [BITS-1:0] to_base,
    input wire [BITS-1:0] to_pitch, // of B
    input wire [BITS-1:0] fused_base,
    input wire fuses, // the fused token is wanted
    input wire [BITS:0] channels,
    // of token_dropping with one port
    input wire read_valid,
    input wire [TOKEN_BITS:0] read_token,
    input wire [15:0] read_block,
    input wire write_valid,
    input wire write_first, // of a block
    input wire [15:0] write_block,
    input wire fused_valid,
    input wire [15:0] fused_block,

    output wire [LANE_BITS:0] read_count,
    output wire [BITS-1:0] read_index,
    output wire [LANE_BITS:0] write_count,
    output wire [BITS-1:0] write_index
);
    localparam [LANE_BITS:0] ALL = LANES[LANE_BITS:0];
    localparam WIDE = BITS + TOKEN_BITS + 17;
    wire [WIDE-1:0] token_at = {{(WIDE-TOKEN_BITS-1){1'b0}}, read_token} * {{(WIDE-BITS){1'b0}}, pitch};
    wire [WIDE-1:0] read_ahead = {{(WIDE-16){1'b0}}, read_block} << LANE_BITS;
    assign read_count = read_valid ? ALL : 0;
    assign read_index = base + token_at[BITS-1:0] + read_ahead[BITS-1:0];

    wire [15:0] block = fused_valid ? fused_block : write_block;
    wire [WIDE-1:0] ahead = {{(WIDE-16){1'b0}}, block} << LANE_BITS;
    wire [BITS:0] left = channels - ahead[BITS:0];
    reg [BITS-1:0] place_reg; // of the next token's block
    wire [BITS-1:0] place = write_first ? to_base + ahead[BITS-1:0] : place_reg;
    always @(posedge clk) place_reg <= place + to_pitch;
    wire writes = write_valid || (fused_valid && fuses);
    assign write_count = !writes ? 0 : left < {{(BITS-LANE_BITS){1'b0}}, ALL} ? left[LANE_BITS:0] : ALL;
    assign write_index = fused_valid ? fused_base + ahead[BITS-1:0] : place;
    wire unused = &{1'b0, token_at, read_ahead, ahead};
endmodule
`default_nettype wire
