// The whole array: operand memories, sequencer, skew registers, R x C processing elements, collectors.
//
// Memories at the edge are ideal: any number of words in any clock. The operands of row r are delayed by r clocks,
// those of column c by c clocks, or, where two columns share slices, by as many as there are pairs to their left. Nothing
// here counts clocks.
module systolic #(
    parameter R = 4,
    parameter C = 4,
    parameter OVERLAP = 0, // 0 none, 1 preload, 2 chained, 3 pipelined, 4 settled
    parameter OS_EDGE_REGISTER = 1,
    parameter MREG = 0,
    parameter DIGEST = 0,
    parameter SLICES = 0, // columns of slices beside those of pe_generic: OVERLAP 4, MREG 1 (3 where they pack)
    parameter PACKING = 1, // columns that see a streamed operand in the same clock
    parameter ADDRESS_BITS = 12 // of each of the three memories
) (
    input wire clk,
    input wire reset,
    input wire start,
    input wire [31:0] m,
    input wire [31:0] k,
    input wire [31:0] n,
    input wire [1:0] dataflow, // 0 is, 1 ws, 2 os
    input wire aware,

    output wire load_begins,
    output wire stream_begins,
    output wire [C-1:0] column_last, // tags as they are seen at the edge
    output wire [C-1:0] column_end,
    output wire [63:0] digest
);
    localparam IS = 0, WS = 1, OS = 2;
    localparam OPERANDS = 1 << ADDRESS_BITS;

    // row-major; filled and read from outside
    reg signed [7:0] a_memory [0:OPERANDS-1] /* verilator public_flat_rw */;
    reg signed [7:0] b_memory [0:OPERANDS-1] /* verilator public_flat_rw */;
    reg signed [31:0] result_memory [0:OPERANDS-1] /* verilator public_flat_rw */;

    // ---- the three dataflows: which size lies where, and the distance of neighbours in the row-major memories
    wire os = dataflow == OS;
    wire [31:0] row_size = os ? m : k;
    wire [31:0] col_size = dataflow == IS ? m : n;
    wire [31:0] length = os ? k : dataflow == WS ? m : n;
    wire x_is_b = dataflow == IS;
    wire [31:0] x_row = dataflow == IS ? n : os ? k : 1; // x: of two rows of the array, of two streamed operands
    wire [31:0] x_t = dataflow == WS ? k : 1;
    wire [31:0] y_row = dataflow == IS ? 1 : n; // y: of two loaded rows or streamed operands, of two columns
    wire [31:0] y_col = dataflow == IS ? k : 1;
    wire [31:0] out_col = dataflow == IS ? n : 1;
    wire [31:0] out_t = dataflow == IS ? 1 : n;

    // ---- sequencer
    wire load, load_last, stream, stream_last, drain_token, tag_last, fold_end;
    wire [31:0] load_row, load_col, load_cols, stream_t, stream_row, stream_col, stream_rows, stream_cols, stream_extent;
    wire [C-1:0] tag_result, tag_end;
    wire [R*C-1:0] x_first_registers, x_last_registers;
    wire [R-1:0] enters_first;
    sequencer #(.R(R), .C(C), .OVERLAP(OVERLAP), .MREG(MREG)) sequence_folds (
        .clk(clk), .reset(reset), .start(start), .os(os), .aware(aware),
        .row_size(row_size), .col_size(col_size), .length(length),
        .fold_end(fold_end), .x_first(x_first_registers), .x_last(x_last_registers),
        .enters_first(enters_first),
        .load(load), .load_begins(load_begins), .load_row(load_row), .load_col(load_col),
        .load_cols(load_cols), .load_last(load_last),
        .stream(stream), .stream_begins(stream_begins), .stream_t(stream_t), .stream_row(stream_row),
        .stream_col(stream_col), .stream_rows(stream_rows), .stream_cols(stream_cols), .stream_extent(stream_extent),
        .stream_last(stream_last),
        .token(drain_token), .tag_result(tag_result), .tag_last(tag_last), .tag_end(tag_end));
    // `settled`: loads go through the second registers, and no token goes with them
    localparam CHAIN = OVERLAP == 4;
    wire moves = CHAIN && !os;
    wire token = os ? drain_token : load_begins && !moves;

    // ---- between the PEs: index [r*(C+1)+c] is what enters PE (r, c) from the left, [r*C+c] from above
    wire signed [7:0] x [0:R*(C+1)-1];
    wire x_first [0:R*(C+1)-1];
    wire x_last [0:R*(C+1)-1];
    wire signed [7:0] y [0:(R+1)*C-1];
    wire y_last [0:(R+1)*C-1];
    wire tokens [0:(R+1)*C-1];
    wire move [0:C-1];
    wire signed [7:0] b [0:(R+1)*C-1];
    wire signed [31:0] p [0:(R+1)*C-1];
    wire [2:0] p_tag [0:(R+1)*C-1];
    wire signed [31:0] p_next [0:R*C-1];
    wire [63:0] pe_digest [0:R*C-1];

    genvar r, c;
    generate
        for (r = 0; r < R; r = r + 1) begin : left
            wire [31:0] at = (stream_row + r) * x_row + stream_t * x_t;
            wire [ADDRESS_BITS-1:0] word = at[ADDRESS_BITS-1:0];
            wire signed [7:0] operand_x = stream && r < stream_rows ? (x_is_b ? b_memory[word] : a_memory[word]) : 8'sd0;
            delay #(.WIDTH(10), .DEPTH(r)) skew (
                .clk(clk), .reset(reset),
                .in({stream_begins && r < stream_extent, stream_last && r < stream_extent, operand_x}),
                .out({x_first[r*(C+1)], x_last[r*(C+1)], x[r*(C+1)]}));
            assign enters_first[r] = x_first[r*(C+1)];
        end
        for (c = 0; c < C; c = c + 1) begin : top
            wire sends = os ? stream && c < stream_cols : load && c < load_cols;
            wire [31:0] at = os ? stream_t * y_row + (stream_col + c) * y_col
                                : load_row * y_row + (load_col + c) * y_col;
            wire [ADDRESS_BITS-1:0] word = at[ADDRESS_BITS-1:0];
            wire signed [7:0] operand_y = sends ? (x_is_b ? a_memory[word] : b_memory[word]) : 8'sd0;
            wire signed [7:0] enters;
            delay #(.WIDTH(14), .DEPTH(c / PACKING)) skew (
                .clk(clk), .reset(reset),
                .in({tag_end[c], tag_last, tag_result[c], token, moves && load, !os && !moves && load_last, operand_y}),
                .out({p_tag[c], tokens[c], move[c], y_last[c], enters}));
            assign y[c] = moves ? 8'sd0 : enters;
            assign b[c] = enters;
            assign p[c] = 32'sd0;
        end
        for (r = 0; r < R; r = r + 1) begin : row
            for (c = 0; c < C; c = c + 1) begin : col
                pe_generic #(.DOUBLE(OVERLAP == 1 || OVERLAP == 3 || OVERLAP == 4), .CHAIN(CHAIN), .MREG(MREG), .TAG_BITS(3))
                element (
                    .clk(clk), .reset(reset), .os(os),
                    .x_in(x[r*(C+1)+c-c%PACKING]), .x_first_in(x_first[r*(C+1)+c-c%PACKING]),
                    .x_last_in(x_last[r*(C+1)+c-c%PACKING]),
                    .x(x[r*(C+1)+c+1]), .x_first(x_first[r*(C+1)+c+1]), .x_last(x_last[r*(C+1)+c+1]),
                    .y_in(y[r*C+c]), .y_last_in(y_last[r*C+c]), .y(y[(r+1)*C+c]), .y_last(y_last[(r+1)*C+c]),
                    .move(move[c]), .b_in(b[r*C+c]), .b(b[(r+1)*C+c]),
                    .token_in(tokens[r*C+c]), .token(tokens[(r+1)*C+c]),
                    .p_in(p[r*C+c]), .p_tag_in(p_tag[r*C+c]), .p_next(p_next[r*C+c]),
                    .p(p[(r+1)*C+c]), .p_tag(p_tag[(r+1)*C+c]));
                wire [63:0] mreg_state;
                if (MREG == 0) begin : without_product
                    assign mreg_state = 64'd0;
                end else begin : with_product
                    assign mreg_state = {46'd0, element.first, element.last, element.addend};
                end
                pe_digest seen (
                    .x(element.x), .x_first(element.x_first), .x_last(element.x_last), .y(element.y),
                    .y_last(element.y_last), .s(element.s), .b(element.b), .a(element.a), .h(element.h),
                    .token_half(element.token_half), .token(element.token), .p(element.p), .p_tag(element.p_tag),
                    .mreg_state(mreg_state), .digest(pe_digest[r*C+c]));
                assign x_first_registers[r*C+c] = x_first[r*(C+1)+c+1];
                assign x_last_registers[r*C+c] = x_last[r*(C+1)+c+1];
            end
        end
    endgenerate

    // ---- the same columns in DSP48E2 slices, compared register by register
    wire [C-1:0] differs;
    wire [31:0] slice_sum [0:C-1];
    wire [8*R-1:0] slice_x [0:C];
    wire [R-1:0] slice_first [0:C];
    generate
        if (SLICES != 0 && PACKING == 2) begin : packed_slices
            for (r = 0; r < R; r = r + 1) begin : enter
                assign slice_x[0][8*r +: 8] = x[r*(C+1)];
                assign slice_first[0][r] = x_first[r*(C+1)];
            end
            for (c = 0; c < C; c = c + 2) begin : pair
                localparam RIGHT = c + 1 < C ? c + 1 : c; // the last column of an odd number has slices of its own
                wire [2:0] tag;
                wire [R-1:0] unequal;
                wire [31:0] left_sum, right_sum;
                array_pair_dsp48e2 #(.R(R)) columns (
                    .clk(clk), .reset(reset), .x_in(slice_x[c/2]), .x_first_in(slice_first[c/2]),
                    .x(slice_x[c/2+1]), .x_first(slice_first[c/2+1]), .b0_in(b[c]), .b1_in(b[RIGHT]), .move(move[c]),
                    .tag_in({p_tag[c][1], p_tag[RIGHT][0], p_tag[c][0]}),
                    .sum0(left_sum), .sum1(right_sum), .tag(tag));
                for (r = 0; r < R; r = r + 1) begin : pe
                    // both held operands and both products, 18 bits apart
                    wire [7:0] left_s = row[r].col[c].element.s, right_s = row[r].col[RIGHT].element.s;
                    wire [15:0] left_m = row[r].col[c].element.registered.addend_q[1];
                    wire [15:0] right_m = row[r].col[RIGHT].element.registered.addend_q[1];
                    wire [26:0] held = {right_s[7], right_s, 18'd0} + {{19{left_s[7]}}, left_s};
                    wire [44:0] products = {{11{right_m[15]}}, right_m, 18'd0} + {{29{left_m[15]}}, left_m};
                    assign unequal[r] =
                        columns.row[r].element.x != row[r].col[c].element.x
                        || columns.row[r].element.x_first != row[r].col[c].element.x_first
                        || columns.row[r].element.slice.A2[7:0] != row[r].col[c].element.b
                        || columns.row[r].element.b1 != row[r].col[RIGHT].element.b
                        || columns.row[r].element.slice.B2[7:0] != row[r].col[c].element.x
                        || columns.row[r].element.slice.AD != held
                        || columns.row[r].element.slice.M != products;
                end
                assign slice_sum[c] = left_sum;
                assign differs[c] = |unequal || left_sum != p[R*C+c] || tag[0] != p_tag[R*C+c][0]
                    || tag[2] != p_tag[R*C+c][1];
                if (c + 1 < C) begin : right
                    assign slice_sum[c+1] = right_sum;
                    assign differs[c+1] = right_sum != p[R*C+c+1] || tag[1] != p_tag[R*C+c+1][0];
                end
            end
        end else if (SLICES != 0) begin : sliced
            for (r = 0; r < R; r = r + 1) begin : enter
                assign slice_x[0][8*r +: 8] = x[r*(C+1)];
                assign slice_first[0][r] = x_first[r*(C+1)];
            end
            for (c = 0; c < C; c = c + 1) begin : col
                wire [1:0] tag;
                wire [R-1:0] unequal;
                array_column_dsp48e2 #(.R(R)) column (
                    .clk(clk), .reset(reset), .x_in(slice_x[c]), .x_first_in(slice_first[c]),
                    .x(slice_x[c+1]), .x_first(slice_first[c+1]), .b_in(b[c]), .move(move[c]), .tag_in(p_tag[c][1:0]),
                    .sum(slice_sum[c]), .tag(tag));
                for (r = 0; r < R; r = r + 1) begin : pe
                    assign unequal[r] =
                        column.row[r].element.x != row[r].col[c].element.x
                        || column.row[r].element.x_first != row[r].col[c].element.x_first
                        || column.row[r].element.slice.B1[7:0] != row[r].col[c].element.b
                        || column.row[r].element.slice.B2[7:0] != row[r].col[c].element.s
                        || column.row[r].element.slice.M[15:0] != row[r].col[c].element.addend
                        || column.row[r].element.slice.P[31:0] != row[r].col[c].element.p;
                end
                assign differs[c] = |unequal || tag != p_tag[R*C+c][1:0];
            end
        end else begin : not_sliced
            assign differs = 0;
            for (c = 0; c < C; c = c + 1) begin : no_sum
                assign slice_sum[c] = 32'd0;
            end
        end
    endgenerate

    // ---- the edge: a register below the last row, or (os without it) what the last row hands over itself
    wire bare = os && OS_EDGE_REGISTER == 0;
    wire [C-1:0] result_here, add;
    wire [31:0] result_address [0:C-1];
    wire signed [31:0] result_value [0:C-1];
    generate
        for (c = 0; c < C; c = c + 1) begin : bottom
            wire [2:0] tag = bare ? p_tag[(R-1)*C+c] : p_tag[R*C+c];
            assign result_value[c] = SLICES != 0 ? slice_sum[c] : bare ? p_next[(R-1)*C+c] : p[R*C+c];
            assign column_last[c] = tag[1];
            assign column_end[c] = tag[2];
            collector #(.R(R), .C(C), .COLUMN(c)) collect (
                .clk(clk), .reset(reset), .os(os), .row_size(row_size),
                .row_stride(n), .col_stride(out_col), .step(out_t),
                .result(tag[0]), .last(tag[1]),
                .write(result_here[c]), .add(add[c]), .address(result_address[c]));
        end
    endgenerate
    assign fold_end = |column_end;

    integer i;
    always @(posedge clk)
        for (i = 0; i < C; i = i + 1)
            if (result_here[i])
                result_memory[result_address[i][ADDRESS_BITS-1:0]] <=
                    result_value[i] + (add[i] ? result_memory[result_address[i][ADDRESS_BITS-1:0]] : 32'sd0);

    // ---- digest of all PEs; the place of a register counts
    generate
        if (DIGEST != 0) begin : digests
            reg [63:0] total;
            reg [63:0] z;
            integer j;
            always @* begin
                total = 0;
                for (j = 0; j < R * C; j = j + 1) begin
                    z = (pe_digest[j] + {32'd0, j[31:0]}) * 64'h9E3779B97F4A7C15;
                    total = total + (z ^ (z >> 29));
                end
            end
            assign digest = |differs ? ~total : total; // a slice that differs differs from the engine, too
        end else begin : no_digest
            assign digest = 64'd0;
        end
    endgenerate
endmodule
