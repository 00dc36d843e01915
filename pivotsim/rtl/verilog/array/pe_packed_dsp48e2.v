// Two neighbouring processing elements of a row in one DSP48E2 slice, for held int8 operands (is, ws): 8 flip-flops pass
// the streamed operand on, one its mark, and 8 hold the right element's next operand; all else is in the slice.
//
//   A   the left element's next operand, and the fabric's b1 the right one's; in each clock of a load all of a column
//       move down by one row, A through ACIN and ACOUT
//   AD  the held operands, b1 * 2**18 + b0; takes over the next ones with the first operand of a fold, so that the
//       multiplier sees the streamed operand a clock late, from B, and a MAC takes three clocks
//   M   both products, 18 bits apart
//   P   both sums on their way down, 18 bits apart: exact in a chain of 7 elements (8 without a held -128), because
//       7 * 128 * 128 < 2**17. The upper one is too small by one where the lower one is negative.
`default_nettype none
module pe_packed_dsp48e2 #(
    parameter TOP = 0, // the column's first: operands come from b_in
    parameter FIRST = 0 // of a chain: no sum from above
) (
    input wire clk,
    input wire reset,

    input wire signed [7:0] x_in,
    input wire x_first_in, // the fold's first operand
    output reg signed [7:0] x,
    output reg x_first,

    input wire move, // the columns' loaded operands move on
    input wire signed [7:0] b_in, // left column, where TOP
    input wire [29:0] b_above, // cascades: to be joined to the element above or below, and to nothing else
    output wire [29:0] b_below,
    input wire signed [7:0] b1_in, // right column
    output reg signed [7:0] b1,
    input wire [47:0] p_above,
    output wire [47:0] p_below,

    output wire [35:0] p // {upper sum, lower sum}, 18 bits each
);
    localparam [8:0] PRODUCT = 9'b00_000_0101, PRODUCT_AND_CASCADE = 9'b00_001_0101; // W, Z, Y and X

    always @(posedge clk) begin
        x <= reset ? 8'sd0 : x_in;
        x_first <= reset ? 1'b0 : x_first_in;
        if (reset) b1 <= 8'sd0;
        else if (move) b1 <= b1_in;
    end

    wire [47:0] p_wide;
    assign p = p_wide[35:0];
    wire [17:0] x_below;
    wire [17:0] left_open;
    wire unused = &{1'b0, p_wide[47:36], x_below, left_open};
    DSP48E2 #(
        .AREG(1), .ACASCREG(1), .A_INPUT(TOP != 0 ? "DIRECT" : "CASCADE"), .DREG(0), .ADREG(1), .AMULTSEL("AD"),
        .BREG(1), .BCASCREG(1), .INMODEREG(0), .OPMODEREG(0), .ALUMODEREG(0), .CARRYINREG(0), .CARRYINSELREG(0),
        .MREG(1), .PREG(1)
    ) slice (
        .CLK(clk),
        .A({{22{b_in[7]}}, b_in}), .B({{10{x_in[7]}}, x_in}), .C(48'd0), .D({b1[7], b1, 18'd0}), .CARRYIN(1'b0),
        .ACIN(b_above), .BCIN(18'd0), .PCIN(p_above), .CARRYCASCIN(1'b0), .MULTSIGNIN(1'b0),
        .INMODE(5'b00100), // the pre-adder adds D and A
        .OPMODE(FIRST != 0 ? PRODUCT : PRODUCT_AND_CASCADE), .ALUMODE(4'b0000), .CARRYINSEL(3'b000),
        .CEA1(1'b0), .CEA2(move), .CEAD(x_first_in), .CEALUMODE(1'b0), .CEB1(1'b0), .CEB2(1'b1), .CEC(1'b0),
        .CECARRYIN(1'b0), .CECTRL(1'b0), .CED(1'b0), .CEINMODE(1'b0), .CEM(1'b1), .CEP(1'b1),
        .RSTA(reset), .RSTALLCARRYIN(1'b0), .RSTALUMODE(1'b0), .RSTB(reset), .RSTC(1'b0), .RSTCTRL(1'b0), .RSTD(reset),
        .RSTINMODE(1'b0), .RSTM(reset), .RSTP(reset),
        .P(p_wide), .ACOUT(b_below), .PCOUT(p_below),
        .BCOUT(x_below), .CARRYCASCOUT(left_open[0]), .CARRYOUT(left_open[4:1]), .MULTSIGNOUT(left_open[5]),
        .OVERFLOW(left_open[6]), .PATTERNBDETECT(left_open[7]), .PATTERNDETECT(left_open[8]),
        .UNDERFLOW(left_open[9]), .XOROUT(left_open[17:10]));
endmodule
`default_nettype wire
