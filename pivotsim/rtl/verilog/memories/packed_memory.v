// Simple dual-port memory of bytes: writes 0 .. LANES bytes a clock and reads READ_LANES, each from any byte address.
//
// Byte a lies in bank a mod BANKS, so that neighbouring bytes never meet in a bank; what is written or read is turned
// to its banks. Units of any row length lie without gaps, and a port may be narrower or wider than a row.
// READ_CYCLES 0 reads at once (distributed RAM), 1 and 2 answer that many clocks later (block RAM, UltraRAM).
`default_nettype none
module packed_memory #(
    parameter BYTES = 1024,
    parameter BANK_BITS = 3, // 2**BANK_BITS banks, at least LANES and READ_LANES
    parameter LANES = 8,
    parameter READ_LANES = 8,
    parameter COUNT_BITS = 20,
    parameter READ_CYCLES = 0,
    parameter ULTRA = 0 // 1: banks in UltraRAM, which answers late: for READ_CYCLES 1 and 2
) (
    input wire clk,
    input wire [COUNT_BITS-1:0] write_count, // bytes written in this clock, at most LANES
    input wire [COUNT_BITS-1:0] write_address,
    input wire [8*LANES-1:0] write_data, // byte write_address + j in lane j
    input wire [COUNT_BITS-1:0] read_address,
    output wire [8*READ_LANES-1:0] read_data // byte read_address + j in lane j, READ_CYCLES clocks later
);
    localparam BANKS = 1 << BANK_BITS;
    localparam WORDS = (BYTES + BANKS - 1) / BANKS; // a word is a byte of every bank
    localparam WORD_BITS = WORDS > 1 ? $clog2(WORDS) : 1;
    localparam LANE_BITS = LANES > 1 ? $clog2(LANES) : 1;
    localparam GROUP = 1 << LANE_BITS; // banks that one write reaches, as many as it has lanes or more
    localparam READ_BITS = READ_LANES > 1 ? $clog2(READ_LANES) : 1;
    localparam READ_GROUP = 1 << READ_BITS; // banks that one read reaches
    localparam [COUNT_BITS-1:0] ONE = 1;

    // ---- bytes to their banks, each with whether it is written
    wire [9*GROUP-1:0] coming, sent;
    wire [COUNT_BITS-LANE_BITS-1:0] write_group = write_address[COUNT_BITS-1:LANE_BITS];
    wire [COUNT_BITS-LANE_BITS-1:0] write_group_after = write_group + ONE[COUNT_BITS-LANE_BITS-1:0];
    wire [GROUP-1:0] write_passed = ~({GROUP{1'b1}} << write_address[LANE_BITS-1:0]); // banks below the first byte's
    wire unused_write = &{1'b0, write_count, write_group, write_group_after};
    genvar j;
    generate
        if (ULTRA != 0 && READ_CYCLES == 0) begin : refused // there is no such module
            UltraRAM_answers_a_clock_later_READ_CYCLES_1 none ();
        end
        for (j = 0; j < GROUP; j = j + 1) begin : lane_in
            if (j < LANES) begin : used
                assign coming[9*j +: 9] = {j < write_count[LANE_BITS:0], write_data[8*j +: 8]};
            end else begin : empty
                assign coming[9*j +: 9] = 9'd0;
            end
        end
    endgenerate
    rotator #(.BITS(LANE_BITS), .WIDTH(9)) to_banks (
        .in(coming), .places(-write_address[LANE_BITS-1:0]), .out(sent));

    // ---- banks
    wire [COUNT_BITS-BANK_BITS-1:0] read_word = read_address[COUNT_BITS-1:BANK_BITS];
    wire [COUNT_BITS-BANK_BITS-1:0] read_word_after = read_word + ONE[COUNT_BITS-BANK_BITS-1:0];
    wire [BANKS-1:0] read_passed = ~({BANKS{1'b1}} << read_address[BANK_BITS-1:0]);
    wire unused_read = &{1'b0, read_word, read_word_after};
    wire [8*BANKS-1:0] found; // bank by bank
    genvar b;
    generate
        for (b = 0; b < BANKS; b = b + 1) begin : bank
            localparam [BANK_BITS-1:0] NUMBER = b[BANK_BITS-1:0];
            wire [COUNT_BITS-LANE_BITS-1:0] group = write_passed[b%GROUP] ? write_group_after : write_group;
            wire [8:0] arriving = sent[9*(b%GROUP) +: 9];
            wire [COUNT_BITS-BANK_BITS-1:0] write_word = group[COUNT_BITS-LANE_BITS-1:BANK_BITS-LANE_BITS];
            wire [COUNT_BITS-BANK_BITS-1:0] word = read_passed[b] ? read_word_after : read_word;
            wire write;
            if (GROUP < BANKS) begin : one_of_several
                assign write = arriving[8] && group[BANK_BITS-LANE_BITS-1:0] == NUMBER[BANK_BITS-1:LANE_BITS];
            end else begin : the_one
                assign write = arriving[8];
            end
            wire unused = &{1'b0, write_word, word};
            if (ULTRA != 0) begin : large
                ultra_bank #(.WIDTH(8), .WORD_BITS(WORD_BITS)) memory (
                    .clk(clk), .write(write), .write_word(write_word[WORD_BITS-1:0]), .write_data(arriving[7:0]),
                    .read_word(word[WORD_BITS-1:0]), .read_data(found[8*b +: 8]));
            end else begin : small
                reg [7:0] words [0:(1<<WORD_BITS)-1];
                always @(posedge clk) if (write) words[write_word[WORD_BITS-1:0]] <= arriving[7:0];
                if (READ_CYCLES == 0) begin : at_once
                    assign found[8*b +: 8] = words[word[WORD_BITS-1:0]];
                end else begin : registered
                    reg [7:0] word_reg;
                    always @(posedge clk) word_reg <= words[word[WORD_BITS-1:0]];
                    assign found[8*b +: 8] = word_reg;
                end
            end
        end
    endgenerate

    // ---- bytes from their banks
    wire [BANK_BITS-1:0] first; // the bank of the first byte found
    wire [8*READ_GROUP-1:0] wanted, lanes; // of each READ_GROUP banks, the one with a byte that is read; in order
    wire unused_lanes = &{1'b0, found, lanes};
    skew #(.WIDTH(BANK_BITS), .DEPTH(READ_CYCLES > 0 ? 1 : 0)) turn (
        .clk(clk), .in(read_address[BANK_BITS-1:0]), .out(first));
    generate
        if (READ_GROUP < BANKS) begin : one_of_several
            wire [READ_GROUP-1:0] passed = ~({READ_GROUP{1'b1}} << first[READ_BITS-1:0]);
            wire [BANK_BITS-READ_BITS-1:0] group = first[BANK_BITS-1:READ_BITS];
            wire [BANK_BITS-READ_BITS-1:0] group_after = group + ONE[BANK_BITS-READ_BITS-1:0];
            for (j = 0; j < READ_GROUP; j = j + 1) begin : found_in
                wire [BANK_BITS-READ_BITS-1:0] its = passed[j] ? group_after : group;
                wire [BANK_BITS-1:0] number = {its, j[READ_BITS-1:0]};
                assign wanted[8*j +: 8] = found[8*number +: 8];
            end
        end else begin : all
            assign wanted = found;
        end
    endgenerate
    rotator #(.BITS(READ_BITS), .WIDTH(8)) from_banks (.in(wanted), .places(first[READ_BITS-1:0]), .out(lanes));
    skew #(.WIDTH(8*READ_LANES), .DEPTH(READ_CYCLES > 1 ? READ_CYCLES - 1 : 0)) answer (
        .clk(clk), .in(lanes[8*READ_LANES-1:0]), .out(read_data));
endmodule
`default_nettype wire
