// Starts the loads, streams and drains of all folds, columns outer, rows inner.
//
// It counts what it sends (operands of a load, of a stream, places of a drain). When the next fold may begin it
// never counts: it sees a tag that came through the array, or what it sends itself in this clock.
//
//   OVERLAP          is, ws: load begins         is, ws: stream begins, once loaded    os: stream begins
//   0 none           end of the fold seen        at once                               end of the fold seen
//   1 preload        with the stream             end of the fold seen                  last operand left the last PE
//   2 chained        with the last operand       at once                               last operand left column 0
//   3 pipelined      with the stream             the stream before is out              first operand left column 0,
//                                                                                      the stream before is out
//   4 settled        the first operand enters    the stream before is out              (as pipelined)
//                    the fold's last row
//
// A load of `settled` moves through the rows' second registers: the last row's operand goes first.
module sequencer #(
    parameter R = 4,
    parameter C = 4,
    parameter OVERLAP = 0,
    parameter MREG = 0
) (
    input wire clk,
    input wire reset,
    input wire start, // one clock; the first operand enters in it
    input wire os,
    input wire aware, // folds at the edge take the rows and columns that they use
    input wire [31:0] row_size, // of the GEMM's dimension that the rows hold
    input wire [31:0] col_size,
    input wire [31:0] length, // of a stream

    // tags as they come out of the array
    input wire fold_end, // the fold's last output is at the edge
    input wire [R*C-1:0] x_first, // registers of all PEs
    input wire [R*C-1:0] x_last,
    input wire [R-1:0] enters_first, // what enters column 0

    // what enters the array in this clock
    output wire load, // a row of held operands
    output wire load_begins,
    output wire [31:0] load_row, // its number in the GEMM
    output wire [31:0] load_col, // the first column's
    output wire [31:0] load_cols, // columns with an operand; 0 in rows that only pad
    output wire load_last,
    output wire stream, // a column of streamed operands
    output wire stream_begins,
    output wire [31:0] stream_t,
    output wire [31:0] stream_row,
    output wire [31:0] stream_col,
    output wire [31:0] stream_rows, // rows with an operand
    output wire [31:0] stream_cols,
    output wire [31:0] stream_extent, // rows of the fold, padding included: only these get tags
    output wire stream_last,
    output wire token, // os: drain
    output wire [C-1:0] tag_result,
    output wire tag_last,
    output wire [C-1:0] tag_end
);
    localparam NONE = 0, PRELOAD = 1, CHAINED = 2, PIPELINED = 3, SETTLED = 4;

    function [31:0] least(input [31:0] a, input [31:0] b);
        least = a < b ? a : b;
    endfunction

    // ---- load (is, ws)
    reg load_active;
    reg [31:0] load_i, load_row_q, load_col_q;
    wire load_trigger = start ? 1'b1 : (OVERLAP == NONE) ? fold_end
                      : (OVERLAP == CHAINED) ? stream_last
                      : (OVERLAP == SETTLED) ? enters_first[last_row] : stream_begins;
    wire load_left = load_col_q < col_size;
    assign load_begins = !os && load_trigger && load_left;
    assign load = load_begins || load_active;
    wire [31:0] load_used = least(row_size - load_row_q, R);
    wire [31:0] load_count = aware ? load_used : R;
    wire [31:0] load_place = (OVERLAP == SETTLED) ? load_count - 1 - load_i : load_i;
    assign load_row = load_row_q + load_place;
    assign load_col = load_col_q;
    assign load_cols = load_place < load_used ? least(col_size - load_col_q, C) : 0;
    assign load_last = load && load_i == load_count - 1;

    always @(posedge clk)
        if (reset) begin
            load_active <= 0; load_i <= 0; load_row_q <= 0; load_col_q <= 0;
        end else if (load) begin
            load_active <= !load_last;
            load_i <= load_last ? 0 : load_i + 1;
            if (load_last) begin
                load_row_q <= load_row_q + R < row_size ? load_row_q + R : 0;
                load_col_q <= load_row_q + R < row_size ? load_col_q : load_col_q + C;
            end
        end

    // ---- stream
    reg loaded, idle, passed, stream_active;
    reg [31:0] t, row_q, col_q;
    wire [31:0] row_next = row_q + R < row_size ? row_q + R : 0;
    wire [31:0] col_next = row_q + R < row_size ? col_q : col_q + C;
    wire [31:0] rows_used = least(row_size - row_q, R);
    wire [31:0] cols_used = least(col_size - col_q, C);
    // extent of the fold whose operands were sent last: it moves on when the next fold begins
    reg [31:0] sent_rows, sent_cols;
    wire [31:0] last_row = (stream ? stream_extent : sent_rows) - 1;
    wire [31:0] row_foot = (sent_rows - 1) * C;
    wire last_pe_done;
    delay #(.WIDTH(1), .DEPTH(MREG)) last_mac (
        .clk(clk), .reset(reset), .in(x_last[row_foot+sent_cols-1]), .out(last_pe_done));
    wire left_column_0 = (OVERLAP == PIPELINED || OVERLAP == SETTLED) ? x_first[row_foot] : x_last[row_foot];

    wire os_trigger = start ? 1'b1 : (OVERLAP == NONE) ? fold_end
                    : (OVERLAP == PRELOAD) ? last_pe_done
                    : (OVERLAP == CHAINED) ? left_column_0 : (passed || left_column_0);
    wire held_trigger = loaded && (OVERLAP != PRELOAD || idle || fold_end);
    wire stream_left = col_q < col_size;
    assign stream_begins = !stream_active && stream_left && (os ? os_trigger : held_trigger);
    assign stream = stream_begins || stream_active;
    assign stream_t = t;
    assign stream_row = row_q;
    assign stream_col = col_q;
    assign stream_rows = rows_used;
    assign stream_cols = cols_used;
    assign stream_extent = aware ? rows_used : R;
    assign stream_last = stream && t == length - 1;

    always @(posedge clk)
        if (reset) begin
            loaded <= 0; idle <= 1; passed <= 0; stream_active <= 0;
            t <= 0; row_q <= 0; col_q <= 0; sent_rows <= 1; sent_cols <= 1;
        end else begin
            loaded <= load_last || (loaded && !stream_begins);
            idle <= (idle || fold_end) && !stream_begins;
            passed <= (passed || left_column_0) && !stream_begins;
            if (stream) begin
                stream_active <= !stream_last;
                t <= stream_last ? 0 : t + 1;
                sent_rows <= stream_extent;
                sent_cols <= aware ? cols_used : C;
                if (stream_last) begin
                    row_q <= row_next;
                    col_q <= col_next;
                end
            end
        end

    // ---- drain (os): places for the sums follow the last operand
    reg drain_begins, drain_active;
    reg [31:0] drain_i, drain_rows, drain_count, drain_cols, drain_width;
    wire drain = os && (drain_begins || drain_active);
    wire drain_last = drain && drain_i == drain_count - 1;
    always @(posedge clk)
        if (reset) begin
            drain_begins <= 0; drain_active <= 0; drain_i <= 0;
            drain_rows <= 0; drain_count <= 0; drain_cols <= 0; drain_width <= 0;
        end else begin
            drain_begins <= stream_last;
            drain_active <= drain && !drain_last;
            drain_i <= drain && !drain_last ? drain_i + 1 : 0;
            if (stream_last) begin
                drain_rows <= rows_used;
                drain_count <= stream_extent;
                drain_cols <= cols_used;
                drain_width <= aware ? cols_used : C;
            end
        end

    // ---- tags travel with the sums: one per streamed operand (is, ws), one per place of a drain (os)
    wire last = os ? drain_last : stream_last;
    wire [31:0] cols_here = os ? (drain && drain_i < drain_rows ? drain_cols : 0) : (stream ? cols_used : 0);
    wire [31:0] width = os ? drain_width : aware ? cols_used : C;
    wire [C-1:0] result, fold_ends;
    genvar c;
    generate
        for (c = 0; c < C; c = c + 1) begin : column
            assign result[c] = c < cols_here;
            assign fold_ends[c] = last && c == width - 1;
        end
    endgenerate
    delay #(.WIDTH(2 * C + 2), .DEPTH(MREG)) tags (
        .clk(clk), .reset(reset),
        .in({drain && drain_i == 0, last, fold_ends, result}),
        .out({token, tag_last, tag_end, tag_result}));
endmodule
