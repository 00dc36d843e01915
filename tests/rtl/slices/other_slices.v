// One column three times, driven alike: our model of the DSP48E2, a DSP48E1 a row with the same settings, and what a
// tool mapped. `column_mapped` and DSP48E1 come from the tool.
`default_nettype none
module other_slices #(
    parameter R = 4
) (
    input wire clk,
    input wire reset,
    input wire [8*R-1:0] x_in,
    input wire [R-1:0] x_first_in,
    input wire signed [7:0] b_in,
    input wire move,
    output wire [31:0] sum,
    output wire [31:0] sum_of_e1,
    output wire [31:0] sum_of_mapped,
    output wire b_differs // any row's B1
);
    wire [8*R-1:0] x;
    wire [R-1:0] x_first;
    wire [1:0] tag;
    array_column_dsp48e2 #(.R(R)) ours (
        .clk(clk), .reset(reset), .x_in(x_in), .x_first_in(x_first_in), .x(x), .x_first(x_first),
        .b_in(b_in), .move(move), .tag_in(2'd0), .sum(sum), .tag(tag));
    column_mapped mapped (
        .clk(clk), .reset(reset), .x_in(x_in), .x_first_in(x_first_in), .b_in(b_in), .move(move), .sum(sum_of_mapped));

    wire [17:0] b [0:R];
    wire [47:0] p [0:R];
    wire [R-1:0] unequal;
    assign b[0] = 18'd0;
    assign p[0] = 48'd0;
    assign sum_of_e1 = p[R][31:0];
    assign b_differs = |unequal;
    genvar r;
    generate
        for (r = 0; r < R; r = r + 1) begin : row
            wire signed [7:0] x_here = x_in[8*r +: 8];
            DSP48E1 #(
                .AREG(0), .ACASCREG(0), .BREG(2), .BCASCREG(1), .B_INPUT(r == 0 ? "DIRECT" : "CASCADE"), .CREG(0),
                .DREG(0), .ADREG(0), .INMODEREG(0), .OPMODEREG(0), .ALUMODEREG(0), .CARRYINREG(0), .CARRYINSELREG(0)
            ) slice (
                .CLK(clk), .A({{22{x_here[7]}}, x_here}), .B({{10{b_in[7]}}, b_in}), .C(48'd0), .D(25'd0),
                .CARRYIN(1'b0), .ACIN(30'd0), .BCIN(b[r]), .PCIN(p[r]), .CARRYCASCIN(1'b0), .MULTSIGNIN(1'b0),
                .INMODE({x_first_in[r], 4'b0000}), .OPMODE(r == 0 ? 7'b000_0101 : 7'b001_0101), .ALUMODE(4'b0000),
                .CARRYINSEL(3'b000), .CEA1(1'b0), .CEA2(1'b0), .CEAD(1'b0), .CEALUMODE(1'b0), .CEB1(move),
                .CEB2(x_first_in[r]), .CEC(1'b0), .CECARRYIN(1'b0), .CECTRL(1'b0), .CED(1'b0), .CEINMODE(1'b0),
                .CEM(1'b1), .CEP(1'b1), .RSTA(1'b0), .RSTALLCARRYIN(1'b0), .RSTALUMODE(1'b0), .RSTB(reset), .RSTC(1'b0),
                .RSTCTRL(1'b0), .RSTD(1'b0), .RSTINMODE(1'b0), .RSTM(reset), .RSTP(reset),
                .BCOUT(b[r+1]), .PCOUT(p[r+1]));
            assign unequal[r] = b[r+1] != ours.b[r+1];
        end
    endgenerate
endmodule
`default_nettype wire
