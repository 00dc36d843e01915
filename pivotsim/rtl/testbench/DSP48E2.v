// The DSP48E2 slice as far as pe_dsp48e2 uses it, for simulation only: written after AMD's user guide UG579, chapters on
// the dual B register, INMODE, the multiplier, OPMODE and the cascades. What else it is asked for ends the simulation.
//
//   B        two registers in a row, each with an enable; BCOUT is the first one's; INMODE[4] gives the multiplier the
//            first (1) or the second (0)
//   A        no register, the lowest 27 bits, signed; INMODE[3:0] 0: straight to the multiplier, without the pre-adder
//   M        the product of 27 and 18 bits, signed, 45 bits in a register
//   P        W + X + Y + Z in 48 bits in a register: M (X and Y together), and 0 or PCIN (Z); PCOUT is P
//   resets   synchronous, before the enable
`default_nettype none
module DSP48E2 #(
    parameter ACASCREG = 1, parameter AREG = 1, parameter BCASCREG = 1, parameter BREG = 1,
    parameter B_INPUT = "DIRECT", parameter INMODEREG = 1, parameter OPMODEREG = 1, parameter ALUMODEREG = 1,
    parameter CARRYINREG = 1, parameter CARRYINSELREG = 1, parameter MREG = 1, parameter PREG = 1
) (
    input wire CLK,
    input wire [29:0] A,
    input wire [17:0] B,
    input wire [47:0] C,
    input wire [26:0] D,
    input wire CARRYIN,
    input wire [29:0] ACIN,
    input wire [17:0] BCIN,
    input wire [47:0] PCIN,
    input wire CARRYCASCIN, MULTSIGNIN,
    input wire [4:0] INMODE,
    input wire [8:0] OPMODE,
    input wire [3:0] ALUMODE,
    input wire [2:0] CARRYINSEL,
    input wire CEA1, CEA2, CEAD, CEALUMODE, CEB1, CEB2, CEC, CECARRYIN, CECTRL, CED, CEINMODE, CEM, CEP,
    input wire RSTA, RSTALLCARRYIN, RSTALUMODE, RSTB, RSTC, RSTCTRL, RSTD, RSTINMODE, RSTM, RSTP,
    output wire [29:0] ACOUT,
    output wire [17:0] BCOUT,
    output wire [47:0] P,
    output wire [47:0] PCOUT,
    output wire CARRYCASCOUT, MULTSIGNOUT, OVERFLOW, PATTERNBDETECT, PATTERNDETECT, UNDERFLOW,
    output wire [3:0] CARRYOUT,
    output wire [7:0] XOROUT
);
    localparam IS_MODELLED = AREG == 0 && ACASCREG == 0 && BREG == 2 && BCASCREG == 1 && MREG == 1 && PREG == 1
        && INMODEREG + OPMODEREG + ALUMODEREG + CARRYINREG + CARRYINSELREG == 0;

    reg signed [17:0] B1, B2;
    reg signed [44:0] M;
    reg [47:0] sum;
    initial begin B1 = 0; B2 = 0; M = 0; sum = 0; end
    wire signed [17:0] factor = INMODE[4] ? B1 : B2;
    wire signed [26:0] a = A[26:0];
    wire signed [44:0] product = a * factor;
    wire [47:0] z = OPMODE[6:4] == 3'b001 ? PCIN : 48'd0;
    always @(posedge CLK) begin
        if (RSTB) begin B1 <= 0; B2 <= 0; end
        else begin
            if (CEB1) B1 <= B_INPUT == "CASCADE" ? BCIN : B;
            if (CEB2) B2 <= B1;
        end
        if (RSTM) M <= 0; else if (CEM) M <= product;
        if (RSTP) sum <= 0; else if (CEP) sum <= z + {{3{M[44]}}, M};
        if (!IS_MODELLED || OPMODE[8:7] != 0 || OPMODE[6:5] != 0 || OPMODE[3:0] != 4'b0101 || INMODE[3:0] != 0
            || ALUMODE != 0 || CARRYINSEL != 0 || CARRYIN) begin
            $display("DSP48E2: a mode that this model does not have");
            $finish;
        end
    end
    assign BCOUT = B1;
    assign P = sum;
    assign PCOUT = sum;
    assign {ACOUT, CARRYCASCOUT, MULTSIGNOUT, OVERFLOW, PATTERNBDETECT, PATTERNDETECT, UNDERFLOW, CARRYOUT, XOROUT} = 0;
    wire unused = &{1'b0, A[29:27], C, D, ACIN, CARRYCASCIN, MULTSIGNIN, CEA1, CEA2, CEAD, CEALUMODE, CEC, CECARRYIN,
                    CECTRL, CED, CEINMODE, RSTA, RSTALLCARRYIN, RSTALUMODE, RSTC, RSTCTRL, RSTD, RSTINMODE};
endmodule
`default_nettype wire
