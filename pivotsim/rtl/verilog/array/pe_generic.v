// One processing element: three passing operands, one multiply-accumulate, one token.
//
//   x   moves right, one PE per clock        y   moves down, one PE per clock
//   p   moves down: the partial sum that grows on its way (is, ws), or a finished one that leaves (os)
//   s   the held operand (is, ws)            a   the held sum (os)
//
// A token walks down each column at half the speed of everything else, so it meets the r-th value of a train
// that started together with it in row r, and nowhere else. Loading (is, ws): the train is y, and s takes the
// value that the token meets. Draining (os): the train is a row of empty places on p, and the token puts the
// row's own sum there. The token stops at the last value of its train.
//
// DOUBLE adds the second stationary register of `preload` and `pipelined`: b is loaded while s is in use and
// becomes s with the first operand of the next fold; h keeps a finished sum while a starts the next one.
// CHAIN makes b the way in (`settled`; is, ws): in each clock of a load all b of a column move down by one row. It
// needs neither y nor the token, which stay 0.
// MREG registers follow the multiplier (0 is one clock a MAC, 1 a DSP48 with MREG).
`default_nettype none
module pe_generic #(
    parameter DOUBLE = 0,
    parameter CHAIN = 0,
    parameter MREG = 0,
    parameter TAG_BITS = 2 // {..., last of the column's train, a result}
) (
    input wire clk,
    input wire reset,
    input wire os, // output stationary

    input wire signed [7:0] x_in,
    input wire x_first_in, // the fold's first operand
    input wire x_last_in,
    output reg signed [7:0] x,
    output reg x_first,
    output reg x_last,

    input wire signed [7:0] y_in,
    input wire y_last_in, // the last value of a load
    output reg signed [7:0] y,
    output reg y_last,

    input wire move, // CHAIN: the column's loaded operands move on
    input wire signed [7:0] b_in, // CHAIN: of the row above, or what enters
    output reg signed [7:0] b,

    input wire token_in,
    output reg token, // two clocks after token_in

    input wire signed [31:0] p_in,
    input wire [TAG_BITS-1:0] p_tag_in,
    output wire signed [31:0] p_next,
    output reg signed [31:0] p,
    output reg [TAG_BITS-1:0] p_tag
);
    localparam LAST = 1;

    reg signed [7:0] s;
    reg signed [31:0] a;
    reg signed [31:0] h;
    reg token_half;

    // ---- multiply
    wire signed [7:0] held = (DOUBLE != 0 && x_first_in) ? b : s;
    wire signed [7:0] factor = os ? y_in : held;
    wire signed [15:0] product = x_in * factor;

    wire signed [15:0] addend; // the product, MREG clocks later, with its tags
    wire first;
    wire last;
    generate
        if (MREG == 0) begin : direct
            assign addend = product;
            assign first = x_first_in;
            assign last = x_last_in;
        end else begin : registered
            reg signed [15:0] addend_q [0:MREG-1];
            reg first_q [0:MREG-1];
            reg last_q [0:MREG-1];
            integer i;
            always @(posedge clk) begin
                for (i = 0; i < MREG; i = i + 1) begin
                    addend_q[i] <= reset ? 16'sd0 : (i == 0) ? product : addend_q[i-1];
                    first_q[i] <= reset ? 1'b0 : (i == 0) ? x_first_in : first_q[i-1];
                    last_q[i] <= reset ? 1'b0 : (i == 0) ? x_last_in : last_q[i-1];
                end
            end
            assign addend = addend_q[MREG-1];
            assign first = first_q[MREG-1];
            assign last = last_q[MREG-1];
        end
    endgenerate

    // ---- accumulate: on the way down, or in place
    wire signed [31:0] sum = (first ? 32'sd0 : a) + {{16{addend[15]}}, addend};
    wire signed [31:0] finished = (DOUBLE != 0) ? h : a;
    assign p_next = os ? (token_in ? finished : p_in) : p_in + {{16{addend[15]}}, addend};

    wire train_ends = os ? p_tag_in[LAST] : y_last_in;

    always @(posedge clk) begin
        x <= x_in;
        x_first <= x_first_in;
        x_last <= x_last_in;
        y <= y_in;
        y_last <= y_last_in;
        token_half <= token_in && !train_ends;
        token <= token_half;
        p <= p_next;
        p_tag <= p_tag_in;
        if (os) begin
            a <= sum;
            if (DOUBLE != 0 && last) h <= sum;
        end else begin
            if (DOUBLE != 0 && x_first_in) s <= b;
            if (CHAIN != 0) begin
                if (move) b <= b_in;
            end else if (token_in) begin
                if (DOUBLE != 0) b <= y_in;
                else s <= y_in;
            end
        end
        if (reset) begin
            x <= 0; x_first <= 0; x_last <= 0;
            y <= 0; y_last <= 0;
            token_half <= 0; token <= 0;
            p <= 0; p_tag <= 0;
            s <= 0; b <= 0; a <= 0; h <= 0;
        end
    end
endmodule
`default_nettype wire
