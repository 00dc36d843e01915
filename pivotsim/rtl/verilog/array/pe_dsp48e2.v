// One processing element in a DSP48E2 slice, for held operands (is, ws): 8 flip-flops pass the streamed operand on and
// one its mark; all else is in the slice.
//
//   B1  the next fold's operand; in each clock of a load all of a column move down by one row, through BCIN and BCOUT
//   B2  the held operand; takes over B1 with the first operand of a fold, for which the multiplier already reads B1
//   M   the product, so a MAC takes two clocks
//   P   the sum on its way down the column, through PCIN and PCOUT; its lowest 32 bits are the array's
//
// It does what pe_generic does with DOUBLE, CHAIN and MREG 1 where sums move down.
`default_nettype none
module pe_dsp48e2 #(
    parameter TOP = 0 // the column's first: operands come from b_in, and no sum from above
) (
    input wire clk,
    input wire reset,

    input wire signed [7:0] x_in,
    input wire x_first_in, // the fold's first operand
    output reg signed [7:0] x,
    output reg x_first,

    input wire move, // the column's loaded operands move on
    input wire signed [7:0] b_in,
    input wire [17:0] b_above, // cascades: to be joined to the element above or below, and to nothing else
    output wire [17:0] b_below,
    input wire [47:0] p_above,
    output wire [47:0] p_below,

    output wire [31:0] p
);
    localparam [8:0] PRODUCT = 9'b00_000_0101, PRODUCT_AND_CASCADE = 9'b00_001_0101; // W, Z, Y and X

    always @(posedge clk) begin
        x <= reset ? 8'sd0 : x_in;
        x_first <= reset ? 1'b0 : x_first_in;
    end

    wire [47:0] p_wide;
    assign p = p_wide[31:0];
    wire [29:0] a_below;
    wire [17:0] left_open;
    wire unused = &{1'b0, p_wide[47:32], a_below, left_open};
    DSP48E2 #(
        .AREG(0), .ACASCREG(0), .BREG(2), .BCASCREG(1), .B_INPUT(TOP != 0 ? "DIRECT" : "CASCADE"),
        .INMODEREG(0), .OPMODEREG(0), .ALUMODEREG(0), .CARRYINREG(0), .CARRYINSELREG(0), .MREG(1), .PREG(1)
    ) slice (
        .CLK(clk),
        .A({{22{x_in[7]}}, x_in}), .B({{10{b_in[7]}}, b_in}), .C(48'd0), .D(27'd0), .CARRYIN(1'b0),
        .ACIN(30'd0), .BCIN(b_above), .PCIN(p_above), .CARRYCASCIN(1'b0), .MULTSIGNIN(1'b0),
        .INMODE({x_first_in, 4'b0000}), // the multiplier reads B1 where set, B2 else
        .OPMODE(TOP != 0 ? PRODUCT : PRODUCT_AND_CASCADE), .ALUMODE(4'b0000), .CARRYINSEL(3'b000),
        .CEA1(1'b0), .CEA2(1'b0), .CEAD(1'b0), .CEALUMODE(1'b0), .CEB1(move), .CEB2(x_first_in), .CEC(1'b0),
        .CECARRYIN(1'b0), .CECTRL(1'b0), .CED(1'b0), .CEINMODE(1'b0), .CEM(1'b1), .CEP(1'b1),
        .RSTA(1'b0), .RSTALLCARRYIN(1'b0), .RSTALUMODE(1'b0), .RSTB(reset), .RSTC(1'b0), .RSTCTRL(1'b0), .RSTD(1'b0),
        .RSTINMODE(1'b0), .RSTM(reset), .RSTP(reset),
        .P(p_wide), .BCOUT(b_below), .PCOUT(p_below),
        .ACOUT(a_below), .CARRYCASCOUT(left_open[0]), .CARRYOUT(left_open[4:1]), .MULTSIGNOUT(left_open[5]),
        .OVERFLOW(left_open[6]), .PATTERNBDETECT(left_open[7]), .PATTERNDETECT(left_open[8]),
        .UNDERFLOW(left_open[9]), .XOROUT(left_open[17:10]));
endmodule
`default_nettype wire
