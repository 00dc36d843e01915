// Simple dual-port memory of bytes: writes 0 .. LANES bytes a clock and reads READ_LANES, each from any byte address.
//
// Byte a lies in bank a mod BANKS, so that neighbouring bytes never meet in a bank; what is written or read is turned
// to its banks. Units of any row length lie without gaps, and a port may be narrower or wider than a row.
// READ_CYCLES 0 reads at once (distributed RAM), 1 and 2 answer that many clocks later (block RAM).
`default_nettype none
module packed_memory #(
    parameter BYTES = 1024,
    parameter BANK_BITS = 3, // 2**BANK_BITS banks, at least LANES and READ_LANES
    parameter LANES = 8,
    parameter READ_LANES = 8,
    parameter COUNT_BITS = 20,
    parameter READ_CYCLES = 0
) (
    input wire clk,
    input wire [COUNT_BITS-1:0] write_count, // bytes written in this clock
    input wire [COUNT_BITS-1:0] write_address,
    input wire [8*LANES-1:0] write_data, // byte write_address + j in lane j
    input wire [COUNT_BITS-1:0] read_address,
    output wire [8*READ_LANES-1:0] read_data // byte read_address + j in lane j, READ_CYCLES clocks later
);
    localparam BANKS = 1 << BANK_BITS;
    localparam WORDS = (BYTES + BANKS - 1) / BANKS;
    localparam WORD_BITS = WORDS > 1 ? $clog2(WORDS) : 1;

    wire [8*BANKS-1:0] wide_write = {{(8*BANKS-8*LANES){1'b0}}, write_data};
    wire [8*BANKS-1:0] found; // bank by bank
    wire [BANK_BITS-1:0] turned; // the bank of the first byte found

    genvar b;
    generate
        for (b = 0; b < BANKS; b = b + 1) begin : bank
            localparam [BANK_BITS-1:0] NUMBER = b[BANK_BITS-1:0];
            wire [BANK_BITS-1:0] lane = NUMBER - write_address[BANK_BITS-1:0];
            wire write = {{(COUNT_BITS-BANK_BITS){1'b0}}, lane} < write_count;
            // the first address from there on that lies in this bank
            wire [COUNT_BITS-1:0] write_place = write_address + (BANKS - 1 - b);
            wire [COUNT_BITS-1:0] read_place = read_address + (BANKS - 1 - b);
            wire unused = &{1'b0, write_place, read_place};
            reg [7:0] words [0:(1<<WORD_BITS)-1];
            always @(posedge clk)
                if (write) words[write_place[BANK_BITS +: WORD_BITS]] <= wide_write[8*lane +: 8];
            if (READ_CYCLES == 0) begin : at_once
                assign found[8*b +: 8] = words[read_place[BANK_BITS +: WORD_BITS]];
            end else begin : registered
                reg [7:0] word_reg;
                always @(posedge clk) word_reg <= words[read_place[BANK_BITS +: WORD_BITS]];
                assign found[8*b +: 8] = word_reg;
            end
        end
    endgenerate
    skew #(.WIDTH(BANK_BITS), .DEPTH(READ_CYCLES > 0 ? 1 : 0)) turn (
        .clk(clk), .in(read_address[BANK_BITS-1:0]), .out(turned));

    wire [8*READ_LANES-1:0] lanes;
    genvar j;
    generate
        for (j = 0; j < READ_LANES; j = j + 1) begin : lane_out
            localparam [BANK_BITS-1:0] NUMBER = j[BANK_BITS-1:0];
            wire [BANK_BITS-1:0] from = turned + NUMBER;
            assign lanes[8*j +: 8] = found[8*from +: 8];
        end
    endgenerate
    skew #(.WIDTH(8*READ_LANES), .DEPTH(READ_CYCLES > 1 ? READ_CYCLES - 1 : 0)) answer (
        .clk(clk), .in(lanes), .out(read_data));
endmodule
`default_nettype wire
