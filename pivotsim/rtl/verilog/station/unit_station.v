// Units between memories: a list of operations runs one after the other, none at the same time as another.
//
//   DRAM -> fill_mover -> A, B -> row_units -> A -> drain_mover -> DRAM
//                         A -> token_dropping -> B
//
// Tables are written while nothing runs (table_select: 0 operations, 1 exponentials of softmax, 2 activation, 3 multipliers
// and addends of LayerNorm), then `start` is high for one clock. The next clock is the first of the run; `done` is high for
// the clock after its last. A read may take fewer bytes from clock to clock: streams need a gearbox.
//
// An operation has eight words of 32 bits, the first lowest; element j of run r of its walk lies at
// base + r * run_step + j * element_step, steps in two's complement:
//
//   word  bits
//   0     2..0    kind: 0 fill, 1 drain, 2 rows, 3 score, 4 shuffle
//         3       fill, drain: memory B
//         4       fill, drain: int16
//         6..5    rows: unit, 0 softmax, 1 activation, 2 LayerNorm, 3 addition
//         7       shuffle: the fused token is wanted
//         31..16  elements a clock of the walk
//   3     base of the walk, in A where it is not of fill or drain
//   5     run_step: from row to row
//   6     length: elements of a row; shuffle: channels
//   7     runs: rows; shuffle: base of the fused token in B
//
//           1                                  2              4
//   fill    address in DRAM                    bytes          element_step
//   drain   address in DRAM                    bytes          element_step
//   softmax elements of a row
//   norm    inverse 24..0, bits 28..25         epsilon 31..0  epsilon 54..32 in 22..0, shift 28..24
//   add     multiplier 15..0, shift 21..16     base in B      row to row in B
//   score   patches 15..0, heads 23..16, bits of the wires 27..24
//   shuffle kept                               base in B      token to token in B
`default_nettype none
module unit_station #(
    parameter UNITS = 31, // bit 0 softmax, 1 activation, 2 LayerNorm, 3 addition, 4 token dropping
    parameter LANES = 8, // elements a clock, a power of two, at least 2
    parameter PORT_BYTES = 8, // a clock from and to DRAM, at least 2
    parameter WORDS = 4096, // of 16 bits, of each memory; a multiple of LANES, at least 2
    parameter MAX_ELEMENTS = 256, // of a row of softmax
    parameter MAX_CHANNELS = 384, // of a row of LayerNorm, and of a token that is dropped or kept
    parameter TOKEN_BITS = 4, // at most 2**TOKEN_BITS tokens beside the prefix
    parameter COMPARATORS = 4, // a power of two
    parameter PREFIX = 1,
    parameter TABLE_BITS = 8, // operations of a pass; 8 to 12, and 2**TABLE_BITS at least MAX_CHANNELS / LANES
    parameter COUNT_BITS = 20, // of bytes of a transfer
    parameter ADDRESS_BITS = 32, // of DRAM, at most 32
    parameter TABLE_WIDTH = 48 * LANES > 256 ? 48 * LANES : 256 // at least this
) (
    input wire clk,
    input wire reset,

    input wire table_write,
    input wire [1:0] table_select,
    input wire [TABLE_BITS-1:0] table_index,
    input wire [TABLE_WIDTH-1:0] table_data,

    input wire start,
    input wire [TABLE_BITS:0] operations, // held from start to done
    output wire done,

    // DRAM, as of accelerator.v
    output wire read_starts,
    output wire [ADDRESS_BITS-1:0] read_address,
    output wire [COUNT_BITS-1:0] read_size,
    output wire [COUNT_BITS-1:0] read_lanes,
    output wire [COUNT_BITS-1:0] read_takes,
    input wire [COUNT_BITS-1:0] read_count,
    input wire [8*PORT_BYTES-1:0] read_data,
    output wire write_starts,
    output wire [ADDRESS_BITS-1:0] write_address,
    output wire [COUNT_BITS-1:0] write_size,
    output wire [COUNT_BITS-1:0] write_offers,
    output wire [8*PORT_BYTES-1:0] write_data,
    input wire [COUNT_BITS-1:0] write_accepts,
    input wire write_response
);
    localparam LANE_BITS = $clog2(LANES);
    localparam BITS = $clog2(WORDS);
    localparam [2:0] FILL = 0, DRAIN = 1, ROWS = 2, SCORE = 3, SHUFFLE = 4;
    localparam [31:0] NARROW_GROUP = PORT_BYTES < LANES ? PORT_BYTES : LANES; // elements that the port takes in a clock
    localparam [31:0] WIDE_GROUP = PORT_BYTES / 2 < LANES ? PORT_BYTES / 2 : LANES;

    // ---- operations, one after the other
    reg running;
    initial running = 0;
    wire begins, moves, last;
    wire [TABLE_BITS:0] ended, next;
    assign done = running && ended == operations;
    always @(posedge clk) running <= !reset && (start || (running && !done));
    transfer_sequencer #(.COUNT_BITS(TABLE_BITS + 1)) sequencer (
        .clk(clk), .running(running), .count(operations), .ready(1'b1), .last(last), .begins(begins), .moves(moves),
        .done(ended), .next_index(next));
    wire [255:0] words;
    descriptor_table #(.WIDTH(256), .TABLE_BITS(TABLE_BITS)) operation_table (
        .clk(clk), .write(table_write && table_select == 0), .write_index(table_index), .write_data(table_data[255:0]),
        .read_index(next[TABLE_BITS-1:0]), .read_data(words));
    wire [31:0] word [0:7];
    genvar w;
    generate
        for (w = 0; w < 8; w = w + 1) begin : of_operation
            assign word[w] = words[32*w +: 32];
        end
    endgenerate
    wire [2:0] kind = word[0][2:0];
    wire in_b = word[0][3];
    wire wide = word[0][4];
    wire fills = moves && kind == FILL;
    wire drains = moves && kind == DRAIN;
    wire rows = moves && kind == ROWS;
    wire scores = moves && kind == SCORE;
    wire shuffles = moves && kind == SHUFFLE;
    wire transfers = kind == FILL || kind == DRAIN;
    wire [LANE_BITS:0] per_clock = word[0][16 +: LANE_BITS+1];
    wire [LANE_BITS:0] port_group = wide ? WIDE_GROUP[LANE_BITS:0] : NARROW_GROUP[LANE_BITS:0];
    wire [LANE_BITS:0] group = kind == DRAIN && port_group < per_clock ? port_group : per_clock;
    wire [BITS*(LANES+1)-1:0] multiples;
    step_multiples #(.LANES(LANES), .BITS(BITS)) steps (
        .step(transfers ? word[4][BITS-1:0] : {{(BITS-1){1'b0}}, 1'b1}), .multiples(multiples));

    // ---- what is read: groups of a drain, beats of rows and scores
    reg all_read_reg, beat_reg, first_reg; // a beat is there
    wire all_read = all_read_reg && !begins;
    wire beats = (rows || scores) && !all_read;
    wire [LANE_BITS:0] most_read, drained, read_now;
    wire [BITS-1:0] read_index_a, read_index_b;
    wire read_ends, unused_ends;
    wire [LANE_BITS:0] unused_most;
    assign read_now = drains ? drained : beats ? most_read : 0;
    strided_walk #(.LANES(LANES), .LANE_BITS(LANE_BITS), .BITS(BITS)) walk_read_a (
        .clk(clk), .begins(begins), .base(word[3][BITS-1:0]), .run_step(word[5][BITS-1:0]), .length(word[6][BITS:0]),
        .runs(word[7][BITS:0]), .per_clock(group), .multiples(multiples), .taken(read_now), .index(read_index_a),
        .most(most_read), .ends(read_ends));
    strided_walk #(.LANES(LANES), .LANE_BITS(LANE_BITS), .BITS(BITS)) walk_read_b (
        .clk(clk), .begins(begins), .base(kind == ROWS ? word[2][BITS-1:0] : word[3][BITS-1:0]),
        .run_step(kind == ROWS ? word[4][BITS-1:0] : word[5][BITS-1:0]), .length(word[6][BITS:0]),
        .runs(word[7][BITS:0]), .per_clock(group), .multiples(multiples), .taken(read_now), .index(read_index_b),
        .most(unused_most), .ends(unused_ends));
    initial beat_reg = 0;
    always @(posedge clk) begin
        all_read_reg <= all_read || (beats && read_ends);
        beat_reg <= beats;
        first_reg <= begins;
    end

    // ---- what is written: elements of a fill, answers of rows
    wire answers;
    wire [LANE_BITS:0] most_written, filled, written;
    wire [BITS-1:0] written_index;
    wire write_ends;
    assign written = fills ? filled : rows && answers ? most_written : 0;
    strided_walk #(.LANES(LANES), .LANE_BITS(LANE_BITS), .BITS(BITS)) walk_write (
        .clk(clk), .begins(begins), .base(word[3][BITS-1:0]), .run_step(word[5][BITS-1:0]), .length(word[6][BITS:0]),
        .runs(word[7][BITS:0]), .per_clock(per_clock), .multiples(multiples), .taken(written), .index(written_index),
        .most(most_written), .ends(write_ends));

    // ---- memories
    wire [16*LANES-1:0] fill_data, answer_data, token_data, a, b;
    wire [LANE_BITS:0] token_read, token_written;
    wire [BITS-1:0] token_read_index, token_written_index;
    banked_memory #(.LANES(LANES), .LANE_BITS(LANE_BITS), .WORDS(WORDS), .BITS(BITS)) memory_a (
        .clk(clk), .multiples(multiples), .write_count(kind == FILL && in_b ? 0 : written),
        .write_index(written_index), .write_data(kind == FILL ? fill_data : answer_data),
        .read_count(shuffles ? token_read : read_now), .read_index(shuffles ? token_read_index : read_index_a),
        .read_data(a));
    banked_memory #(.LANES(LANES), .LANE_BITS(LANE_BITS), .WORDS(WORDS), .BITS(BITS)) memory_b (
        .clk(clk), .multiples(multiples), .write_count(shuffles ? token_written : fills && in_b ? filled : 0),
        .write_index(shuffles ? token_written_index : written_index), .write_data(shuffles ? token_data : fill_data),
        .read_count(read_now), .read_index(read_index_b), .read_data(b));

    // ---- DRAM
    wire drain_last;
    fill_mover #(.LANES(LANES), .LANE_BITS(LANE_BITS), .PORT_BYTES(PORT_BYTES), .COUNT_BITS(COUNT_BITS)) filler (
        .clk(clk), .moves(fills), .wide(wide), .most(most_written), .dram_takes(read_takes),
        .dram_count(read_count), .dram_data(read_data), .count(filled), .data(fill_data));
    drain_mover #(.LANES(LANES), .LANE_BITS(LANE_BITS), .PORT_BYTES(PORT_BYTES), .COUNT_BITS(COUNT_BITS)) drainer (
        .clk(clk), .begins(begins), .moves(drains), .wide(wide), .most(most_read), .ends(read_ends), .taken(drained),
        .words(in_b ? b : a), .dram_offers(write_offers), .dram_data(write_data), .dram_accepts(write_accepts),
        .dram_response(write_response), .last(drain_last));
    wire [COUNT_BITS-1:0] bytes_of_clock = {{(COUNT_BITS-LANE_BITS-2){1'b0}}, wide ? {per_clock, 1'b0} : {1'b0, per_clock}};
    assign read_starts = begins && kind == FILL;
    assign write_starts = begins && kind == DRAIN;
    assign {read_address, write_address} = {2{word[1][ADDRESS_BITS-1:0]}};
    assign {read_size, write_size} = {2{word[2][COUNT_BITS-1:0]}};
    assign read_lanes = bytes_of_clock < PORT_BYTES[COUNT_BITS-1:0] ? bytes_of_clock : PORT_BYTES[COUNT_BITS-1:0];

    // ---- units
    row_units #(.UNITS(UNITS), .LANES(LANES), .LANE_BITS(LANE_BITS), .MAX_ELEMENTS(MAX_ELEMENTS),
                .MAX_CHANNELS(MAX_CHANNELS), .TABLE_WIDTH(TABLE_WIDTH)) units (
        .clk(clk), .table_write({table_select == 3, table_select == 2, table_select == 1} & {3{table_write}}),
        .table_index({{(13-TABLE_BITS){1'b0}}, table_index}), .table_data(table_data), .unit(word[0][6:5]),
        .word_1(word[1]), .word_2(word[2]), .word_4(word[4]), .row_elements(word[6][12:0]),
        .in_valid(beat_reg && rows), .in_first(first_reg), .in_data(a), .branch(b), .out_valid(answers),
        .out_data(answer_data));
    wire tokens_done;
    generate
        if ((UNITS & 16) != 0) begin : with_tokens
            localparam BLOCKS = (MAX_CHANNELS + LANES - 1) / LANES;
            reg [TOKEN_BITS:0] patches;
            reg [7:0] heads;
            reg [3:0] wire_bits;
            always @(posedge clk)
                if (begins && kind == SCORE) {wire_bits, heads, patches} <= {word[1][27:16], word[1][TOKEN_BITS:0]};
            wire [8*LANES-1:0] probabilities;
            genvar k;
            for (k = 0; k < LANES; k = k + 1) begin : lane
                assign probabilities[8*k +: 8] = a[16*k +: 8];
            end
            wire [31:0] beats_of_row = ({{(31-TOKEN_BITS){1'b0}}, patches} + LANES - 1) >> LANE_BITS;
            wire [31:0] blocks = (word[6] + LANES - 1) >> LANE_BITS;
            wire read_valid, write_valid, fused_valid, unused_ready;
            wire [TOKEN_BITS:0] read_token, write_group;
            wire [15:0] read_block, write_block, fused_block;
            wire [16*LANES-1:0] kept_data, fused_data;
            token_dropping #(.TOKEN_BITS(TOKEN_BITS), .SCORE_LANES(LANES), .COMPARATORS(COMPARATORS), .PORTS(1),
                             .CHANNELS(LANES), .BLOCKS(BLOCKS), .PREFIX(PREFIX)) dropping (
                .clk(clk), .reset(reset), .patches(patches), .kept(word[1][TOKEN_BITS:0]), .heads(heads),
                .row_beats(beats_of_row[TOKEN_BITS:0]), .wire_bits(wire_bits), .blocks(blocks[15:0]),
                .groups(patches + PREFIX[TOKEN_BITS:0]), .score_valid(beat_reg && scores), .score_data(probabilities),
                .score_ready(unused_ready), .proceeds(shuffles), .read_valid(read_valid), .read_token(read_token),
                .read_block(read_block), .read_data(a), .write_valid(write_valid), .write_group(write_group),
                .write_block(write_block), .write_data(kept_data), .fused_valid(fused_valid),
                .fused_block(fused_block), .fused_data(fused_data), .done(tokens_done));
            shuffle_walk #(.LANES(LANES), .LANE_BITS(LANE_BITS), .BITS(BITS), .TOKEN_BITS(TOKEN_BITS)) places (
                .clk(clk), .base(word[3][BITS-1:0]), .pitch(word[5][BITS-1:0]), .to_base(word[2][BITS-1:0]),
                .to_pitch(word[4][BITS-1:0]), .fused_base(word[7][BITS-1:0]), .fuses(word[0][7]),
                .channels(word[6][BITS:0]), .read_valid(read_valid), .read_token(read_token), .read_block(read_block),
                .write_valid(write_valid), .write_first(write_group == 0), .write_block(write_block),
                .fused_valid(fused_valid), .fused_block(fused_block), .read_count(token_read),
                .read_index(token_read_index), .write_count(token_written), .write_index(token_written_index));
            assign token_data = fused_valid ? fused_data : kept_data;
            wire unused = &{1'b0, unused_ready, beats_of_row, blocks};
        end else begin : without_tokens
            assign {token_read, token_written, token_read_index, token_written_index, tokens_done} = 0;
            assign token_data = 0;
        end
    endgenerate

    assign last = fills ? write_ends : drains ? drain_last : rows ? answers && write_ends
        : scores ? beat_reg && all_read : tokens_done;
    wire unused = &{1'b0, words, next, unused_most, unused_ends};
endmodule
`default_nettype wire
