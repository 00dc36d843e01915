// Moves one drain: reads a word of every column per clock, adds the bias, requantises, and hands the bytes of the
// columns in use to DRAM, without gaps and at most `lanes` a clock. It ends with DRAM's response.
//
// Reads run ahead only as far as the next clocks can send. A read answers after READ_CYCLES.
`default_nettype none
module write_mover #(
    parameter C = 4,
    parameter LANES = 8,
    parameter COUNT_BITS = 20,
    parameter READ_CYCLES = 0,
    parameter MULTIPLIES = 0 // of requantise
) (
    input wire clk,
    input wire begins,
    input wire moves,
    input wire [COUNT_BITS-1:0] entries, // words of every column
    input wire [COUNT_BITS-1:0] row_bytes, // of a word: columns in use times bytes of an output
    input wire [COUNT_BITS-1:0] lanes,
    input wire [COUNT_BITS-1:0] entry_address,
    input wire [COUNT_BITS-1:0] bias_address,
    input wire [COUNT_BITS-1:0] bias_step, // from word to word
    input wire bias_shared, // one bias for all columns of a word
    input wire biased,
    input wire wide,
    input wire [15:0] multiplier,
    input wire [5:0] shift,
    output wire last,

    output wire [COUNT_BITS-1:0] read_address,
    input wire [32*C-1:0] read_data,
    output wire [COUNT_BITS-1:0] bias_read_address,
    input wire [32*C-1:0] bias_data,

    output wire [COUNT_BITS-1:0] dram_offers, // bytes
    output wire [8*LANES-1:0] dram_data,
    input wire [COUNT_BITS-1:0] dram_accepts, // of those offered, the first ones
    input wire dram_response // all bytes are written
);
    localparam AHEAD = READ_CYCLES + 1;
    localparam BANK_BITS = LANES > 1 ? $clog2(LANES) : 1;
    localparam BANKS = 1 << BANK_BITS; // bytes of a word here
    localparam ROW_WORDS = (4 * C + BANKS - 1) / BANKS; // that a word of every column fills
    // the first byte may lie last in its word, all but one of those asked for may wait, and then a row comes
    localparam WORDS = (BANKS + LANES * AHEAD + 4 * C - 2 + BANKS - 1) / BANKS;

    localparam PICK_BITS = ROW_WORDS > 1 ? $clog2(ROW_WORDS) : 1;
    localparam PICKS = 1 << PICK_BITS;
    localparam PLACE_BITS = $clog2(WORDS + ROW_WORDS + 1); // of a word's number, less that of another
    localparam [PLACE_BITS-1:0] OF_ROW = ROW_WORDS[PLACE_BITS-1:0];

    // ---- reads
    reg [COUNT_BITS-1:0] asked_reg, entry_reg, bias_reg, owed_reg, held_reg; // owed: bytes asked for and not sent
    wire [COUNT_BITS-1:0] asked = begins ? 0 : asked_reg;
    wire [COUNT_BITS-1:0] owed = begins ? 0 : owed_reg;
    wire [COUNT_BITS-1:0] held = begins ? 0 : held_reg;
    wire asks = moves && asked != entries && owed < lanes * AHEAD[COUNT_BITS-1:0];
    assign read_address = begins ? entry_address : entry_reg;
    assign bias_read_address = begins ? bias_address : bias_reg;

    // ---- what the read brings, as bytes
    wire arrives;
    skew #(.WIDTH(1), .DEPTH(READ_CYCLES)) answer (.clk(clk), .in(asks), .out(arrives));
    wire [32*C-1:0] words;
    wire [8*C-1:0] bytes;
    genvar c;
    generate
        for (c = 0; c < C; c = c + 1) begin : column
            wire [31:0] bias = !biased ? 32'd0 : bias_shared ? bias_data[31:0] : bias_data[32*c +: 32];
            requantise #(.MULTIPLIES(MULTIPLIES)) one (.sum(read_data[32*c +: 32]), .bias(bias),
                .multiplier(multiplier), .shift(shift), .wide(wide), .out(words[32*c +: 32]));
            assign bytes[8*c +: 8] = words[32*c +: 8];
        end
    endgenerate
    wire [8*BANKS*ROW_WORDS-1:0] row; // what is behind a row's bytes is overwritten by the next
    assign row[8*C-1:0] = wide ? words[8*C-1:0] : bytes;
    assign row[32*C-1:8*C] = words[32*C-1:8*C];
    generate
        if (BANKS * ROW_WORDS > 4 * C) begin : no_column
            assign row[8*BANKS*ROW_WORDS-1:32*C] = 0;
        end
    endgenerate

    // ---- bytes that wait, in words: the first one in the first word, the others without gaps behind it
    reg [BANK_BITS-1:0] first_reg;
    wire [BANK_BITS-1:0] first = begins ? 0 : first_reg; // the bank of the first one
    wire [COUNT_BITS-1:0] next = held + {{(COUNT_BITS-BANK_BITS){1'b0}}, first}; // where a row is put
    wire [COUNT_BITS-BANK_BITS-1:0] next_word = next[COUNT_BITS-1:BANK_BITS];
    wire [BANKS-1:0] first_passed = ~({BANKS{1'b1}} << first); // banks below: those bytes lie a word later
    wire [BANKS-1:0] next_passed = ~({BANKS{1'b1}} << next[BANK_BITS-1:0]);
    wire [BANK_BITS:0] first_after = {1'b0, first} + dram_accepts[BANK_BITS:0];
    wire word_sent = first_after[BANK_BITS];
    wire [8*BANKS*ROW_WORDS-1:0] turned; // the row, each byte in its bank
    wire [8*BANKS*(WORDS+1)-1:0] here; // with what comes in this clock
    assign here[8*BANKS*WORDS +: 8*BANKS] = 0;
    genvar w, k, b, s;
    generate
        for (k = 0; k < ROW_WORDS; k = k + 1) begin : row_word
            rotator #(.BITS(BANK_BITS), .WIDTH(8)) to_banks (
                .in(row[8*BANKS*k +: 8*BANKS]), .places(-next[BANK_BITS-1:0]), .out(turned[8*BANKS*k +: 8*BANKS]));
        end
        for (w = 0; w < WORDS; w = w + 1) begin : word
            // which of the row's words comes into this one, in banks that the row's first byte leaves free and in others
            wire [PLACE_BITS-1:0] from = w[PLACE_BITS-1:0] - next_word[PLACE_BITS-1:0];
            wire [PLACE_BITS-1:0] from_passed = from - {{(PLACE_BITS-1){1'b0}}, 1'b1};
            wire comes = arrives && from < OF_ROW;
            wire comes_passed = arrives && from_passed < OF_ROW;
            for (b = 0; b < BANKS; b = b + 1) begin : bank
                wire [PICK_BITS-1:0] pick = next_passed[b] ? from_passed[PICK_BITS-1:0] : from[PICK_BITS-1:0];
                wire [16*PICKS-9:0] tree; // two by two: PICKS bytes, half of them, and so on down to the one that comes
                for (k = 0; k < PICKS; k = k + 1) begin : leaf
                    if (k < ROW_WORDS && k <= w) begin : some
                        assign tree[8*k +: 8] = turned[8*(BANKS*k+b) +: 8];
                    end else begin : none
                        assign tree[8*k +: 8] = 8'd0;
                    end
                end
                for (s = 0; s < PICK_BITS; s = s + 1) begin : level
                    for (k = 0; k < PICKS >> (s + 1); k = k + 1) begin : pair
                        assign tree[8*(2*PICKS-(PICKS>>s)+k) +: 8] = pick[s]
                            ? tree[8*(2*PICKS-2*(PICKS>>s)+2*k+1) +: 8] : tree[8*(2*PICKS-2*(PICKS>>s)+2*k) +: 8];
                    end
                end
                reg [7:0] waiting_reg;
                assign here[8*(BANKS*w+b) +: 8] =
                    (next_passed[b] ? comes_passed : comes) ? tree[8*(2*PICKS-2) +: 8] : waiting_reg;
                always @(posedge clk)
                    waiting_reg <= word_sent ? here[8*(BANKS*(w+1)+b) +: 8] : here[8*(BANKS*w+b) +: 8];
                wire unused_tree = &{1'b0, tree};
            end
        end
    endgenerate

    // ---- those that go
    wire [8*BANKS-1:0] sent, lanes_out;
    generate
        for (b = 0; b < BANKS; b = b + 1) begin : sent_bank
            assign sent[8*b +: 8] = first_passed[b] ? here[8*(BANKS+b) +: 8] : here[8*b +: 8];
        end
    endgenerate
    rotator #(.BITS(BANK_BITS), .WIDTH(8)) to_lanes (.in(sent), .places(first), .out(lanes_out));
    wire unused = &{1'b0, lanes_out, first_after, next_word};
    wire [COUNT_BITS-1:0] held_now = held + (arrives ? row_bytes : 0);
    assign dram_offers = !moves ? 0 : held_now < lanes ? held_now : lanes;
    assign dram_data = lanes_out[8*LANES-1:0];
    assign last = moves && dram_response;
    always @(posedge clk) begin
        asked_reg <= asked + {{(COUNT_BITS-1){1'b0}}, asks};
        entry_reg <= read_address + {{(COUNT_BITS-1){1'b0}}, asks};
        bias_reg <= bias_read_address + (asks ? bias_step : 0);
        owed_reg <= owed + (asks ? row_bytes : 0) - dram_accepts;
        held_reg <= held_now - dram_accepts;
        first_reg <= first_after[BANK_BITS-1:0];
    end
endmodule
`default_nettype wire
