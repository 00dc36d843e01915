// The PL side for one GEMM at a time: memories, array, movers, and three sequencers that walk through tables of
// descriptors (loads, passes, drains) and wait for each other.
//
//   DRAM -> read_mover -> IPMEM, WTMEM -> array -> OPMEM -> write_mover -> DRAM
//               |  ^
//          global buffer
//
// Tables are written while nothing runs (table_select: 0 loads, 1 tiles, 2 streams, 3 drains), then `start` is high for
// one clock. The next clock is the first of the run; `done` is high for the clock after its last.
//   load   {stored, dram_address, reads, buffer_address, to_address, lanes, size, keeps, from_dram, to}
//          to: 0 IPMEM, 1 WTMEM, 2 bias; reads: what must have been read of the half before (tiles, or streams)
//          stored: MASKED only; bytes of `size` that the memory takes
//   drain  {dram_address, size, bias_step, bias_address, loads, passes, lanes, entry, row_bytes, entries, narrow, half}
//          passes: so many must have their last sum at the edge, of the narrow column or of the last one
// Tiles and streams: see pass_sequencer.v. MASKED: for GEMMs of which a mask leaves some rows, steps and lanes, too.
`default_nettype none
module accelerator #(
    parameter R = 4,
    parameter C = 4,
    parameter OVERLAP = 0, // 0 none, 1 preload, 2 chained, 3 pipelined, 4 settled
    parameter MREG = 0, // registers beside the one that adds: mac_latency - 1, and one that parts sums where columns share
    parameter SLICES = 0, // elements in DSP48E2 slices: is, ws; OVERLAP 4, MREG 1
    parameter MAC_PACKING = 1, // 2: two columns share slices, for SLICES and MREG 3
    parameter OS_EDGE_REGISTER = 1,
    parameter READ_CYCLES = 0, // clocks that a memory takes to answer: 0, 1 or 2
    parameter LANES = 8, // bytes a clock of the widest port
    parameter IPMEM_BYTES = 256,
    parameter WTMEM_BYTES = 256,
    parameter OPMEM_DEPTH = 64, // sums of a column in a half
    parameter OPMEM_HALVES = 2,
    parameter BUFFER_BYTES = 256, // global buffer
    parameter BIAS_BYTES = 64, // 0: no GEMM has a bias
    parameter BANK_BITS = 3, // 2**BANK_BITS bytes at least LANES, R and C
    parameter BIAS_LANES = 4 * C, // 4: every GEMM is input stationary, and its words have one bias each
    parameter BIAS_BANK_BITS = 4, // 2**BIAS_BANK_BITS bytes at least LANES and BIAS_LANES
    parameter TABLE_BITS = 8,
    parameter COUNT_BITS = 20, // of counts, local addresses and bytes of a transfer
    parameter ADDRESS_BITS = 32, // of DRAM
    parameter MASKED = 0,
    parameter MULTIPLIES = 0, // outputs are scaled by a multiplier, not shifted alone
    parameter OUTSTANDING = 1, // loads that are asked for and have not ended
    parameter ULTRA = 0, // memories in UltraRAM, a bit each: 1 IPMEM, 2 WTMEM, 4 global buffer; READ_CYCLES 1 or 2
    parameter PROGRAM_BITS = 11 * COUNT_BITS + 4 + (MASKED != 0 ? 2 * COUNT_BITS + R + C + 2 : 0) // of a table's word,
        // the widest; ADDRESS_BITS at most 2 * COUNT_BITS + 2
) (
    input wire clk,
    input wire reset, // held for R + C + 2 * MREG + READ_CYCLES clocks

    // tables
    input wire table_write,
    input wire [1:0] table_select,
    input wire [TABLE_BITS-1:0] table_index,
    input wire [PROGRAM_BITS-1:0] table_data,

    // the GEMM: held from start to done
    input wire start,
    output wire done,
    input wire output_stationary,
    input wire weight_stationary, // neither: input stationary
    input wire [COUNT_BITS-1:0] loads,
    input wire [COUNT_BITS-1:0] passes,
    input wire [COUNT_BITS-1:0] drains,
    input wire [COUNT_BITS-1:0] narrow_column, // where a pass with fewer columns ends
    input wire biased,
    input wire wide, // outputs of 4 bytes
    input wire [15:0] multiplier,
    input wire [5:0] shift,

    // DRAM, read side: a request, then bytes in order, 0 .. read_takes a clock
    output wire read_starts, // one clock for each request; with OUTSTANDING above 1 until it is accepted
    input wire read_accepts, // read with OUTSTANDING above 1
    output wire [ADDRESS_BITS-1:0] read_address,
    output wire [COUNT_BITS-1:0] read_size,
    output wire [COUNT_BITS-1:0] read_lanes, // bytes a clock at most
    output wire [COUNT_BITS-1:0] read_takes,
    input wire [COUNT_BITS-1:0] read_count,
    input wire [8*LANES-1:0] read_data,
    // DRAM, write side: the same, then a response
    output wire write_starts,
    output wire [ADDRESS_BITS-1:0] write_address,
    output wire [COUNT_BITS-1:0] write_size,
    output wire [COUNT_BITS-1:0] write_offers,
    output wire [8*LANES-1:0] write_data,
    input wire [COUNT_BITS-1:0] write_accepts,
    input wire write_response
);
    localparam LOAD_BITS = (MASKED != 0 ? 6 : 5) * COUNT_BITS + ADDRESS_BITS + 4;
    localparam TILE_BITS = 5 * COUNT_BITS + (MASKED != 0 ? C + 2 : 0);
    localparam STREAM_BITS = PROGRAM_BITS;
    localparam DRAIN_BITS = 9 * COUNT_BITS + ADDRESS_BITS + 2;
    localparam READ_LANES = R > C ? R : C;
    localparam BARE = OS_EDGE_REGISTER == 0 ? 1 : 0;
    wire os = output_stationary;
    wire ws = weight_stationary;

    reg running;
    initial running = 0;
    wire [COUNT_BITS-1:0] loads_done, drains_done;
    assign done = running && drains_done == drains;
    always @(posedge clk)
        if (reset) running <= 0;
        else running <= start || (running && !done);

    // ---- tables
    wire [COUNT_BITS-1:0] next_load, next_tile, next_stream, next_drain;
    wire [LOAD_BITS-1:0] load_descriptor;
    wire [TILE_BITS-1:0] tile_descriptor;
    wire [STREAM_BITS-1:0] stream_descriptor;
    wire [DRAIN_BITS-1:0] drain_descriptor;
    descriptor_table #(.WIDTH(LOAD_BITS), .TABLE_BITS(TABLE_BITS)) load_table (
        .clk(clk), .write(table_write && table_select == 0), .write_index(table_index),
        .write_data(table_data[LOAD_BITS-1:0]), .read_index(next_load[TABLE_BITS-1:0]), .read_data(load_descriptor));
    descriptor_table #(.WIDTH(TILE_BITS), .TABLE_BITS(TABLE_BITS)) tile_table (
        .clk(clk), .write(table_write && table_select == 1), .write_index(table_index),
        .write_data(table_data[TILE_BITS-1:0]), .read_index(next_tile[TABLE_BITS-1:0]), .read_data(tile_descriptor));
    descriptor_table #(.WIDTH(STREAM_BITS), .TABLE_BITS(TABLE_BITS)) stream_table (
        .clk(clk), .write(table_write && table_select == 2), .write_index(table_index),
        .write_data(table_data[STREAM_BITS-1:0]), .read_index(next_stream[TABLE_BITS-1:0]),
        .read_data(stream_descriptor));
    descriptor_table #(.WIDTH(DRAIN_BITS), .TABLE_BITS(TABLE_BITS)) drain_table (
        .clk(clk), .write(table_write && table_select == 3), .write_index(table_index),
        .write_data(table_data[DRAIN_BITS-1:0]), .read_index(next_drain[TABLE_BITS-1:0]), .read_data(drain_descriptor));

    wire unused = &{1'b0, next_load, next_tile, next_stream, next_drain};

    // ---- loads
    wire [1:0] load_to;
    wire load_from_dram, load_keeps, load_begins, load_moves, load_last;
    wire [COUNT_BITS-1:0] load_size, load_stored, load_lanes, load_address, load_buffer, load_reads;
    wire [ADDRESS_BITS-1:0] load_dram_address;
    assign {load_dram_address, load_reads, load_buffer, load_address, load_lanes, load_size, load_keeps, load_from_dram,
            load_to} = load_descriptor[5*COUNT_BITS+ADDRESS_BITS+3:0];
    assign load_stored = MASKED != 0 ? load_descriptor[LOAD_BITS-1 -: COUNT_BITS] : load_size;
    reg [COUNT_BITS-1:0] tiles_read, streams_read; // by passes: halves that may be filled again
    wire load_ready, load_starts;
    generate
        if (OUTSTANDING == 1) begin : in_turn
            wire of_tiles = !os && load_to == (ws ? 2'd1 : 2'd0);
            assign load_ready = load_to == 2'd2 || (of_tiles ? tiles_read : streams_read) >= load_reads;
            assign {read_starts, read_address, read_size, read_lanes}
                = {load_starts, load_dram_address, load_size, read_takes};
            wire unused_accepts = read_accepts;
        end else begin : ahead
            wire [COUNT_BITS-1:0] next_request, requested, reads, buffer_address, to_address;
            wire [LOAD_BITS-1:0] request;
            wire from_dram, keeps;
            wire [1:0] to;
            descriptor_table #(.WIDTH(LOAD_BITS), .TABLE_BITS(TABLE_BITS)) request_table (
                .clk(clk), .write(table_write && table_select == 0), .write_index(table_index),
                .write_data(table_data[LOAD_BITS-1:0]), .read_index(next_request[TABLE_BITS-1:0]),
                .read_data(request));
            assign {read_address, reads, buffer_address, to_address, read_lanes, read_size, keeps, from_dram, to}
                = request[5*COUNT_BITS+ADDRESS_BITS+3:0];
            wire of_tiles = !os && to == (ws ? 2'd1 : 2'd0);
            request_sequencer #(.COUNT_BITS(COUNT_BITS), .OUTSTANDING(OUTSTANDING)) requests (
                .clk(clk), .running(running), .count(loads),
                .ready(to == 2'd2 || (of_tiles ? tiles_read : streams_read) >= reads), .from_dram(from_dram),
                .loads_done(loads_done), .accepts(read_accepts), .asks(read_starts), .requested(requested),
                .next_index(next_request));
            assign load_ready = requested != loads_done;
            wire unused_fields = &{1'b0, load_dram_address, load_reads, load_starts, next_request, buffer_address,
                                   to_address, keeps, request};
        end
    endgenerate
    transfer_sequencer #(.COUNT_BITS(COUNT_BITS)) load_sequencer (
        .clk(clk), .running(running), .count(loads), .ready(load_ready), .last(load_last),
        .begins(load_begins), .moves(load_moves), .done(loads_done), .next_index(next_load));

    wire [COUNT_BITS-1:0] buffer_read_address, buffer_write_count, buffer_write_address, fill_count, fill_address;
    wire [8*LANES-1:0] buffer_data, fill_data;
    read_mover #(.LANES(LANES), .COUNT_BITS(COUNT_BITS), .READ_CYCLES(READ_CYCLES), .MASKED(MASKED)) reader (
        .clk(clk), .begins(load_begins), .moves(load_moves), .size(load_size), .stored(load_stored), .lanes(load_lanes),
        .from_dram(load_from_dram), .keeps(load_keeps), .to_address(load_address), .buffer_address(load_buffer),
        .last(load_last), .dram_starts(load_starts), .dram_takes(read_takes), .dram_count(read_count),
        .dram_data(read_data), .buffer_read_address(buffer_read_address), .buffer_data(buffer_data),
        .buffer_write_count(buffer_write_count), .buffer_write_address(buffer_write_address),
        .count(fill_count), .address(fill_address), .data(fill_data));
    packed_memory #(.BYTES(BUFFER_BYTES), .BANK_BITS(BANK_BITS), .LANES(LANES), .READ_LANES(LANES),
                    .COUNT_BITS(COUNT_BITS), .READ_CYCLES(READ_CYCLES), .ULTRA(ULTRA & 4)) global_buffer (
        .clk(clk), .write_count(buffer_write_count), .write_address(buffer_write_address), .write_data(read_data),
        .read_address(buffer_read_address), .read_data(buffer_data));

    // ---- passes
    wire tile, tile_begins, tile_last, tile_used, stream, stream_begins, stream_last, first_chunk, last_chunk;
    wire [COUNT_BITS-1:0] tile_address, tile_cols, stream_rows, stream_cols, stream_extent, x_address, y_address;
    wire place, place_begins, place_last, place_used, entry_half, entry_adds;
    wire [COUNT_BITS-1:0] place_cols, entry;
    wire [C-1:0] tile_lanes, y_lanes; // MASKED
    wire [R-1:0] x_lanes;
    pass_sequencer #(.COUNT_BITS(COUNT_BITS), .SETTLED(OVERLAP == 4 ? 1 : 0), .MASKED(MASKED), .R(R), .C(C)) passing (
        .clk(clk), .running(running), .os(os), .passes(passes),
        .tile_descriptor(tile_descriptor), .stream_descriptor(stream_descriptor),
        .next_tile(next_tile), .next_stream(next_stream), .loads_done(loads_done), .drains_done(drains_done),
        .tile(tile), .tile_begins(tile_begins), .tile_last(tile_last), .tile_used(tile_used),
        .tile_address(tile_address), .tile_cols(tile_cols), .tile_lanes(tile_lanes),
        .stream(stream), .stream_begins(stream_begins), .stream_last(stream_last),
        .stream_first_chunk(first_chunk), .stream_last_chunk(last_chunk), .stream_rows(stream_rows),
        .stream_cols(stream_cols), .stream_extent(stream_extent), .x_address(x_address), .y_address(y_address),
        .x_lanes(x_lanes), .y_lanes(y_lanes), .place(place), .place_begins(place_begins), .place_last(place_last),
        .place_used(place_used), .place_cols(place_cols), .entry(entry), .entry_half(entry_half), .entry_adds(entry_adds));

    wire [8*READ_LANES-1:0] ipmem_data, wtmem_data;
    packed_memory #(.BYTES(IPMEM_BYTES), .BANK_BITS(BANK_BITS), .LANES(LANES), .READ_LANES(READ_LANES),
                    .COUNT_BITS(COUNT_BITS), .READ_CYCLES(READ_CYCLES), .ULTRA(ULTRA & 1)) ipmem (
        .clk(clk), .write_count(load_to == 2'd0 ? fill_count : 0), .write_address(fill_address),
        .write_data(fill_data), .read_address(os || ws ? x_address : tile_address), .read_data(ipmem_data));
    packed_memory #(.BYTES(WTMEM_BYTES), .BANK_BITS(BANK_BITS), .LANES(LANES), .READ_LANES(READ_LANES),
                    .COUNT_BITS(COUNT_BITS), .READ_CYCLES(READ_CYCLES), .ULTRA(ULTRA & 2)) wtmem (
        .clk(clk), .write_count(load_to == 2'd1 ? fill_count : 0), .write_address(fill_address),
        .write_data(fill_data), .read_address(os ? y_address : ws ? tile_address : x_address),
        .read_data(wtmem_data));

    // ---- what the memories answer, in its clock, and what belongs to it
    wire [R-1:0] x_used, x_extent;
    wire [C-1:0] y_used, result;
    genvar r, c;
    generate
        for (r = 0; r < R; r = r + 1) begin : row
            assign x_used[r] = stream && (MASKED != 0 ? x_lanes[r] : r < stream_rows);
            assign x_extent[r] = stream && r < stream_extent;
        end
        for (c = 0; c < C; c = c + 1) begin : col
            wire in_stream = MASKED != 0 ? y_lanes[c] : c < stream_cols;
            wire in_tile = MASKED != 0 ? tile_lanes[c] : c < tile_cols;
            assign y_used[c] = os ? stream && in_stream : tile_used && in_tile;
            assign result[c] = os ? place_used && c < place_cols : stream && c < stream_cols;
        end
    endgenerate
    wire [R-1:0] x_valid, x_first, x_last;
    wire [C-1:0] y_valid, result_valid;
    wire tile_valid, tile_first, tile_ends, stream_ends, place_valid, place_first, pass_ends;
    skew #(.WIDTH(3 * R + 2 * C + 7), .DEPTH(READ_CYCLES)) beside_data (
        .clk(clk),
        .in({x_used, x_extent & {R{stream_begins && first_chunk}}, x_extent & {R{stream_last && last_chunk}},
             y_used, result, tile, tile_begins, tile_last, stream_last, place, place_begins,
             os ? place_last : stream_last}),
        .out({x_valid, x_first, x_last, y_valid, result_valid, tile_valid, tile_first, tile_ends, stream_ends,
              place_valid, place_first, pass_ends}));
    always @(posedge clk) begin
        tiles_read <= !running ? 0 : tiles_read + {{(COUNT_BITS-1){1'b0}}, tile_ends};
        streams_read <= !running ? 0 : streams_read + {{(COUNT_BITS-1){1'b0}}, stream_ends};
    end
    wire [8*R-1:0] x, x_bytes; // lane by lane, and as they lie in the memory
    wire [8*C-1:0] y, y_bytes;
    assign x_bytes = os || ws ? ipmem_data[8*R-1:0] : wtmem_data[8*R-1:0];
    assign y_bytes = os || ws ? wtmem_data[8*C-1:0] : ipmem_data[8*C-1:0];
    wire unused_data = &{1'b0, ipmem_data, wtmem_data};
    generate
        if (MASKED != 0) begin : expanded
            lane_expander #(.LANES(R)) x_expander (.valid(x_valid), .packed_bytes(x_bytes), .bytes(x));
            lane_expander #(.LANES(C)) y_expander (.valid(y_valid), .packed_bytes(y_bytes), .bytes(y));
        end else begin : in_place
            for (r = 0; r < R; r = r + 1) begin : x_lane
                assign x[8*r +: 8] = x_valid[r] ? x_bytes[8*r +: 8] : 8'd0;
            end
            for (c = 0; c < C; c = c + 1) begin : y_lane
                assign y[8*c +: 8] = y_valid[c] ? y_bytes[8*c +: 8] : 8'd0;
            end
            wire unused_lanes = &{1'b0, x_lanes, y_lanes, tile_lanes};
        end
    endgenerate

    wire [32*C-1:0] sums;
    wire [C-1:0] arrives, ends;
    array #(.R(R), .C(C), .OVERLAP(OVERLAP), .MREG(MREG), .BARE(BARE), .SLICES(SLICES), .MAC_PACKING(MAC_PACKING)) elements (
        .clk(clk), .reset(reset), .os(os), .x(x), .x_first(x_first), .x_last(x_last), .y(y),
        .load(tile_valid), .load_begins(tile_first), .load_last(tile_ends), .place(place_valid),
        .place_begins(place_first), .result(result_valid), .last(pass_ends),
        .sums(sums), .arrives(arrives), .ends(ends));

    // ---- drains
    reg [COUNT_BITS-1:0] ended_reg, ended_narrow_reg;
    wire [COUNT_BITS-1:0] ended = ended_reg + {{(COUNT_BITS-1){1'b0}}, ends[C-1]};
    wire narrow_ends = |(ends & ({{(C-1){1'b0}}, 1'b1} << narrow_column));
    wire [COUNT_BITS-1:0] ended_narrow = ended_narrow_reg + {{(COUNT_BITS-1){1'b0}}, narrow_ends};
    always @(posedge clk) begin
        ended_reg <= running ? ended : 0;
        ended_narrow_reg <= running ? ended_narrow : 0;
    end
    wire drain_half, drain_narrow, drain_begins, drain_moves, drain_last;
    wire [COUNT_BITS-1:0] drain_entries, drain_row, drain_entry, drain_lanes, drain_passes, drain_loads, drain_bias,
        drain_bias_step;
    assign {write_address, write_size, drain_bias_step, drain_bias, drain_loads, drain_passes, drain_lanes, drain_entry, drain_row,
            drain_entries, drain_narrow, drain_half} = drain_descriptor;
    wire drain_ready = (drain_narrow ? ended_narrow : ended) >= drain_passes && loads_done >= drain_loads;
    transfer_sequencer #(.COUNT_BITS(COUNT_BITS)) drain_sequencer (
        .clk(clk), .running(running), .count(drains), .ready(drain_ready), .last(drain_last),
        .begins(drain_begins), .moves(drain_moves), .done(drains_done), .next_index(next_drain));
    assign write_starts = drain_begins;

    wire [COUNT_BITS-1:0] drain_address, bias_address;
    wire [32*C-1:0] sums_drained, drained, bias_data;
    wire adds;
    generate
        if (MASKED != 0) begin : flagged
            wire was_set, is_set, holds_sums;
            entry_flags #(.DEPTH(OPMEM_DEPTH), .HALVES(OPMEM_HALVES), .COUNT_BITS(COUNT_BITS)) entries_used (
                .clk(clk), .clear(!running), .set(os ? place_used : stream), .set_half(entry_half), .set_entry(entry),
                .was_set(was_set), .empties(drain_moves && drain_last), .drain_half(drain_half),
                .drain_entry(drain_address), .is_set(is_set));
            skew #(.WIDTH(1), .DEPTH(READ_CYCLES)) beside_sums (.clk(clk), .in(is_set), .out(holds_sums));
            assign adds = entry_adds && was_set;
            assign drained = holds_sums ? sums_drained : {(32*C){1'b0}};
        end else begin : full
            assign adds = entry_adds;
            assign drained = sums_drained;
        end
    endgenerate
    opmem #(.C(C), .DEPTH(OPMEM_DEPTH), .HALVES(OPMEM_HALVES), .COUNT_BITS(COUNT_BITS), .READ_CYCLES(READ_CYCLES),
            .EDGE(R + MREG), .MAC_PACKING(MAC_PACKING), .EARLY(BARE)) sums_memory (
        .clk(clk), .os(os), .entry(entry), .entry_half(entry_half), .entry_adds(adds), .arrives(arrives),
        .sums(sums), .drains(drain_moves), .drain_half(drain_half), .drain_entry(drain_address),
        .drained(sums_drained));
    generate
        if (BIAS_BYTES > 0) begin : with_biases
            packed_memory #(.BYTES(BIAS_BYTES), .BANK_BITS(BIAS_BANK_BITS), .LANES(LANES), .READ_LANES(BIAS_LANES),
                            .COUNT_BITS(COUNT_BITS), .READ_CYCLES(READ_CYCLES)) biases (
                .clk(clk), .write_count(load_to == 2'd2 ? fill_count : 0), .write_address(fill_address),
                .write_data(fill_data), .read_address(bias_address),
                .read_data(bias_data[8*BIAS_LANES-1:0]));
            if (BIAS_LANES < 4 * C) begin : shared
                assign bias_data[32*C-1:8*BIAS_LANES] = 0;
            end
        end else begin : without
            assign bias_data = 0;
            wire unused_bias = &{1'b0, bias_address};
        end
    endgenerate
    write_mover #(.C(C), .LANES(LANES), .COUNT_BITS(COUNT_BITS), .READ_CYCLES(READ_CYCLES), .MULTIPLIES(MULTIPLIES)) writer (
        .clk(clk), .begins(drain_begins), .moves(drain_moves), .entries(drain_entries), .row_bytes(drain_row),
        .lanes(drain_lanes), .entry_address(drain_entry), .bias_address(drain_bias), .bias_step(drain_bias_step),
        .bias_shared(!os && !ws), .biased(biased), .wide(wide), .multiplier(multiplier), .shift(shift), .last(drain_last),
        .read_address(drain_address), .read_data(drained), .bias_read_address(bias_address), .bias_data(bias_data),
        .dram_offers(write_offers), .dram_data(write_data), .dram_accepts(write_accepts),
        .dram_response(write_response));
endmodule
`default_nettype wire
