// The DSP48E2 slice as far as pe_dsp48e2 and pe_packed_dsp48e2 use it, for simulation only: written after AMD's user guide
// UG579, chapters on the dual A, D and pre-adder, the dual B register, INMODE, the multiplier, OPMODE and the cascades.
// What else it is asked for ends the simulation. There are two settings of the operands:
//
//   AMULTSEL "A"   B: two registers in a row, each with an enable; BCOUT is the first one's; INMODE[4] gives the
//                  multiplier the first (1) or the second (0). A: no register, the lowest 27 bits, signed, straight to
//                  the multiplier
//   AMULTSEL "AD"  A: one register (CEA2), from A or ACIN; ACOUT is its. D: no register. AD: a register (CEAD) of
//                  D + A, 27 bits, where INMODE[2] is 1, for the multiplier. B: one register (CEB2)
//   M        the product of 27 and 18 bits, signed, 45 bits in a register
//   P        W + X + Y + Z in 48 bits in a register: M (X and Y together), and 0 or PCIN (Z); PCOUT is P
//   resets   synchronous, before the enable
`default_nettype none
module DSP48E2 #(
    parameter ACASCREG = 1, parameter AREG = 1, parameter BCASCREG = 1, parameter BREG = 1,
    parameter ADREG = 1, parameter DREG = 1, parameter AMULTSEL = "A",
    parameter A_INPUT = "DIRECT", parameter B_INPUT = "DIRECT", parameter INMODEREG = 1, parameter OPMODEREG = 1, parameter ALUMODEREG = 1,
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
    /* verilator lint_off WIDTHEXPAND */ // texts of other lengths
    localparam IS_PACKED = AMULTSEL == "AD", A_FROM_ABOVE = A_INPUT == "CASCADE", B_FROM_ABOVE = B_INPUT == "CASCADE";
    /* verilator lint_on WIDTHEXPAND */
    localparam IS_MODELLED = (IS_PACKED ? AREG == 1 && ACASCREG == 1 && ADREG == 1 && DREG == 0 && BREG == 1
                                        : AMULTSEL == "A" && AREG == 0 && ACASCREG == 0 && BREG == 2)
        && BCASCREG == 1 && MREG == 1 && PREG == 1
        && INMODEREG + OPMODEREG + ALUMODEREG + CARRYINREG + CARRYINSELREG == 0;

    reg [29:0] A2;
    reg signed [26:0] AD;
    reg signed [17:0] B1, B2;
    reg signed [44:0] M;
    reg [47:0] sum;
    initial begin A2 = 0; AD = 0; B1 = 0; B2 = 0; M = 0; sum = 0; end
    wire signed [17:0] factor = INMODE[4] ? B1 : B2;
    wire signed [26:0] a = IS_PACKED ? AD : A[26:0];
    wire [17:0] b_next = B_FROM_ABOVE ? BCIN : B;
    wire signed [44:0] product = a * factor;
    wire [47:0] z = OPMODE[6:4] == 3'b001 ? PCIN : 48'd0;
    always @(posedge CLK) begin
        if (RSTB) begin B1 <= 0; B2 <= 0; end
        else begin
            if (CEB1) B1 <= b_next;
            if (CEB2) B2 <= BREG == 1 ? b_next : B1;
        end
        if (RSTA) A2 <= 0; else if (CEA2) A2 <= A_FROM_ABOVE ? ACIN : A;
        if (RSTD) AD <= 0; else if (CEAD) AD <= D + A2[26:0];
        if (RSTM) M <= 0; else if (CEM) M <= product;
        if (RSTP) sum <= 0; else if (CEP) sum <= z + {{3{M[44]}}, M};
        if (!IS_MODELLED || OPMODE[8:7] != 0 || OPMODE[6:5] != 0 || OPMODE[3:0] != 4'b0101 || INMODE[3:0] != (IS_PACKED ? 4'b0100 : 4'b0000) || (IS_PACKED && INMODE[4])
            || ALUMODE != 0 || CARRYINSEL != 0 || CARRYIN) begin
            $display("DSP48E2: a mode that this model does not have");
            $finish;
        end
    end
    assign BCOUT = BREG == 1 ? B2 : B1;
    assign ACOUT = IS_PACKED ? A2 : 30'd0;
    assign P = sum;
    assign PCOUT = sum;
    assign {CARRYCASCOUT, MULTSIGNOUT, OVERFLOW, PATTERNBDETECT, PATTERNDETECT, UNDERFLOW, CARRYOUT, XOROUT} = 0;
    wire unused = &{1'b0, A[29:27], A2[29:27], C, CARRYCASCIN, MULTSIGNIN, CEA1, CEALUMODE, CEC, CECARRYIN, CECTRL,
                    CED, CEINMODE, RSTALLCARRYIN, RSTALUMODE, RSTC, RSTCTRL, RSTINMODE};
endmodule
`default_nettype wire
