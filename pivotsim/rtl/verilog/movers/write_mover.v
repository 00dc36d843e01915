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
    localparam ROOM = LANES * AHEAD + 4 * C; // bytes that may wait here

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
    wire [8*ROOM-1:0] row = wide ? {{(8*ROOM-32*C){1'b0}}, words} : {{(8*ROOM-8*C){1'b0}}, bytes};
    wire [8*ROOM-1:0] row_mask = ~({(8*ROOM){1'b1}} << (8 * row_bytes));

    // ---- bytes that wait, and those that go
    reg [8*ROOM-1:0] waiting;
    wire [8*ROOM-1:0] here = (begins ? {(8*ROOM){1'b0}} : waiting)
        | (arrives ? (row & row_mask) << (8 * held) : {(8*ROOM){1'b0}});
    wire [COUNT_BITS-1:0] held_now = held + (arrives ? row_bytes : 0);
    assign dram_offers = !moves ? 0 : held_now < lanes ? held_now : lanes;
    assign dram_data = here[8*LANES-1:0];
    assign last = moves && dram_response;
    always @(posedge clk) begin
        asked_reg <= asked + {{(COUNT_BITS-1){1'b0}}, asks};
        entry_reg <= read_address + {{(COUNT_BITS-1){1'b0}}, asks};
        bias_reg <= bias_read_address + (asks ? bias_step : 0);
        owed_reg <= owed + (asks ? row_bytes : 0) - dram_accepts;
        held_reg <= held_now - dram_accepts;
        waiting <= here >> (8 * dram_accepts);
    end
endmodule
`default_nettype wire
