// Sends tiles and streams into the array, pass by pass. A tile and a stream begin in the clock in which the array takes
// them, their loads have ended and, for sums that open a region of OPMEM, its half has drained.
//
// When the array takes the next tile or the next stream is two numbers of the descriptor, in clocks after the stream
// began: all that a fold overlap and a dataflow differ in. All outputs are of the clock in which addresses are sent.
//
//   tile     {ends, begins, lanes, loads, address, extent, cols, rows}: rows and cols in use; extent rows are sent, the
//            rest of them empty
//   stream   {ends, begins, y_lanes, x_lanes, y_bytes, x_bytes, half, adds, last, first, entry, stream_after, tile_after,
//             drains, loads, y_address, x_address, steps, extent, cols, rows}
//
// MASKED: the fields before loads and half are there, and a pass may have several descriptors, one after the other: each
// sends rows or steps whose bytes follow each other, in the same lanes. Its first one `begins`, and waits; its last one
// `ends`. Without MASKED each descriptor does both.
`default_nettype none
module pass_sequencer #(
    parameter COUNT_BITS = 20,
    parameter SETTLED = 0, // a tile's empty rows are sent first
    parameter MASKED = 0,
    parameter R = 4,
    parameter C = 4,
    parameter TILE_BITS = 5 * COUNT_BITS + (MASKED != 0 ? C + 2 : 0),
    parameter STREAM_BITS = 11 * COUNT_BITS + 4 + (MASKED != 0 ? 2 * COUNT_BITS + R + C + 2 : 0)
) (
    input wire clk,
    input wire running,
    input wire os,
    input wire [COUNT_BITS-1:0] passes,
    input wire [TILE_BITS-1:0] tile_descriptor,
    input wire [STREAM_BITS-1:0] stream_descriptor,
    output wire [COUNT_BITS-1:0] next_tile, // the tables' addresses
    output wire [COUNT_BITS-1:0] next_stream,
    input wire [COUNT_BITS-1:0] loads_done,
    input wire [COUNT_BITS-1:0] drains_done,

    output wire tile, // a row of a tile is sent
    output wire tile_begins,
    output wire tile_last,
    output wire tile_used, // the row holds operands
    output wire [COUNT_BITS-1:0] tile_address,
    output wire [COUNT_BITS-1:0] tile_cols,
    output wire [C-1:0] tile_lanes, // MASKED: columns that the row has a byte for
    output wire stream, // a step is sent
    output wire stream_begins,
    output wire stream_last,
    output wire stream_first_chunk, // os: sums begin
    output wire stream_last_chunk, // os: sums end
    output wire [COUNT_BITS-1:0] stream_rows,
    output wire [COUNT_BITS-1:0] stream_cols,
    output wire [COUNT_BITS-1:0] stream_extent,
    output wire [COUNT_BITS-1:0] x_address,
    output wire [COUNT_BITS-1:0] y_address,
    output wire [R-1:0] x_lanes, // MASKED: rows that the step has a byte for
    output wire [C-1:0] y_lanes,
    output wire place, // os: a place for sums that leave
    output wire place_begins,
    output wire place_last,
    output wire place_used,
    output wire [COUNT_BITS-1:0] place_cols,
    output wire [COUNT_BITS-1:0] entry, // OPMEM address of the step's or place's sums
    output wire entry_half,
    output wire entry_adds
);
    localparam [COUNT_BITS-1:0] ONE = 1;

    // ---- tiles
    wire [COUNT_BITS-1:0] t_rows, t_cols, t_extent, t_address, t_loads;
    wire t_begins, t_ends;
    assign {t_loads, t_address, t_extent, t_cols, t_rows} = tile_descriptor[5*COUNT_BITS-1:0];
    reg tile_active, tile_open; // open: the array takes the next tile once tile_left is 0
    reg [COUNT_BITS-1:0] tile_index, tile_left, tile_row, tile_pointer;
    wire [COUNT_BITS-1:0] tiles_sent; // passes whose tile is in
    wire opens_now;
    wire tile_is_next = running && !os && !tile_active && tiles_sent != passes;
    assign tile_begins = tile_is_next && t_begins && loads_done >= t_loads
        && ((tile_open && tile_left == 0) || opens_now);
    assign tile = tile_begins || (tile_is_next && !t_begins) || tile_active;
    wire [COUNT_BITS-1:0] row_now = tile_active ? tile_row : 0;
    wire tile_run_ends = tile && row_now + ONE == t_extent;
    assign tile_last = tile_run_ends && t_ends;
    assign tile_used = tile && (SETTLED != 0 ? row_now + t_rows >= t_extent : row_now < t_rows);
    assign tile_address = tile_active ? tile_pointer : t_address;
    assign tile_cols = t_cols;
    assign next_tile = !running ? 0 : tile_index + {{(COUNT_BITS-1){1'b0}}, tile_run_ends};

    // ---- streams
    wire [COUNT_BITS-1:0] s_rows, s_cols, s_extent, s_steps, s_x, s_y, s_loads, s_drains, s_tile, s_stream, s_entry;
    wire s_first, s_last, s_adds, s_half, s_begins, s_ends;
    wire [COUNT_BITS-1:0] x_bytes, y_bytes; // of a step
    assign {s_half, s_adds, s_last, s_first, s_entry, s_stream, s_tile, s_drains, s_loads, s_y, s_x, s_steps, s_extent,
            s_cols, s_rows} = stream_descriptor[11*COUNT_BITS+3:0];
    reg stream_active, tile_in;
    reg [COUNT_BITS-1:0] stream_index, stream_left, step, x_pointer, y_pointer;
    wire [COUNT_BITS-1:0] streams_sent; // passes whose stream is over
    wire stream_is_next = running && !stream_active && streams_sent != passes;
    assign stream_begins = stream_is_next && s_begins && stream_left == 0
        && (os || tile_in) && loads_done >= s_loads && drains_done >= s_drains;
    assign stream = stream_begins || (stream_is_next && !s_begins) || stream_active;
    wire [COUNT_BITS-1:0] step_now = stream_active ? step : 0;
    wire stream_run_ends = stream && step_now + ONE == s_steps;
    assign stream_last = stream_run_ends && s_ends;
    assign stream_first_chunk = s_first;
    assign stream_last_chunk = s_last;
    assign stream_rows = s_rows;
    assign stream_cols = s_cols;
    assign stream_extent = s_extent;
    assign x_address = stream_active ? x_pointer : s_x;
    assign y_address = stream_active ? y_pointer : s_y;
    assign next_stream = !running ? 0 : stream_index + {{(COUNT_BITS-1){1'b0}}, stream_run_ends};
    assign opens_now = stream_begins && s_tile == 0;

    generate
        if (MASKED != 0) begin : masked
            assign {t_ends, t_begins, tile_lanes} = tile_descriptor[TILE_BITS-1:5*COUNT_BITS];
            assign {s_ends, s_begins, y_lanes, x_lanes, y_bytes, x_bytes}
                = stream_descriptor[STREAM_BITS-1:11*COUNT_BITS+4];
            reg [COUNT_BITS-1:0] tiles_reg, streams_reg;
            always @(posedge clk) begin
                tiles_reg <= !running ? 0 : tiles_reg + {{(COUNT_BITS-1){1'b0}}, tile_last};
                streams_reg <= !running ? 0 : streams_reg + {{(COUNT_BITS-1){1'b0}}, stream_last};
            end
            assign tiles_sent = tiles_reg;
            assign streams_sent = streams_reg;
            initial begin tiles_reg = 0; streams_reg = 0; end
        end else begin : dense
            assign {t_ends, t_begins, tile_lanes} = {2'b11, {C{1'b1}}};
            assign {s_ends, s_begins, y_lanes, x_lanes, y_bytes, x_bytes} = {2'b11, {(C+R){1'b1}}, s_cols, s_rows};
            assign tiles_sent = tile_index;
            assign streams_sent = stream_index;
        end
    endgenerate

    always @(posedge clk) begin
        tile_index <= next_tile;
        stream_index <= next_stream;
        tile_active <= running && tile && !tile_run_ends;
        stream_active <= running && stream && !stream_run_ends;
        tile_row <= row_now + ONE;
        tile_pointer <= tile_used ? tile_address + t_cols : tile_address;
        step <= step_now + ONE;
        x_pointer <= x_address + x_bytes;
        y_pointer <= y_address + y_bytes;
        if (!running) begin
            tile_open <= 1; tile_left <= 0; tile_in <= 0; stream_left <= 0;
        end else begin
            tile_in <= tile_last || (tile_in && !stream_begins);
            if (stream_begins) begin
                tile_open <= !(tile_begins && opens_now);
                tile_left <= s_tile == 0 ? 0 : s_tile - ONE;
                stream_left <= s_stream - ONE;
            end else begin
                if (tile_begins) tile_open <= 0;
                if (tile_left != 0) tile_left <= tile_left - ONE;
                if (stream_left != 0) stream_left <= stream_left - ONE;
            end
        end
    end

    // ---- os: places for a fold's sums follow its last operands
    reg place_starts, place_active, place_half;
    reg [COUNT_BITS-1:0] place_index, place_rows, place_extent, place_cols_reg, place_entry;
    assign place_begins = place_starts;
    assign place = place_starts || place_active;
    wire [COUNT_BITS-1:0] place_now = place_active ? place_index : 0;
    assign place_last = place && place_now + ONE == place_extent;
    assign place_used = place && place_now < place_rows;
    assign place_cols = place_cols_reg;
    assign entry = os ? place_entry + place_now : s_entry + step_now;
    assign entry_half = os ? place_half : s_half;
    assign entry_adds = !os && s_adds;
    always @(posedge clk) begin
        place_starts <= running && os && stream_last && s_last;
        place_active <= running && place && !place_last;
        place_index <= place_now + ONE;
        if (stream_last && s_last) begin
            place_rows <= s_rows;
            place_extent <= s_extent;
            place_cols_reg <= s_cols;
            place_entry <= s_entry;
            place_half <= s_half;
        end
    end
    initial begin
        tile_active = 0; stream_active = 0; place_starts = 0; place_active = 0; tile_index = 0; stream_index = 0;
    end
endmodule
`default_nettype wire
