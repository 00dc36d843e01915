// The root of a number of 32 bits, rounded down, a root a clock: 16 bits by restoring steps, STEPS of them a clock. The
// answer comes after ceil(16 / STEPS) clocks.
`default_nettype none
module square_root #(
    parameter STEPS = 2
) (
    input wire clk,
    input wire advance,
    input wire [31:0] radicand,
    output wire [15:0] root
);
    localparam STAGES = (16 + STEPS - 1) / STEPS;
    wire [32*(STAGES+1)-1:0] rests; // of the radicand, the next bits highest
    wire [18*(STAGES+1)-1:0] remainders;
    wire [16*(STAGES+1)-1:0] roots;
    assign rests[31:0] = radicand;
    assign remainders[17:0] = 0;
    assign roots[15:0] = 0;
    assign root = roots[16*STAGES +: 16];
    genvar s;
    generate
        for (s = 0; s < STAGES; s = s + 1) begin : stage
            localparam NOW = (s + 1) * STEPS > 16 ? 16 - s * STEPS : STEPS;
            reg [31:0] rest, rest_reg;
            reg [17:0] remainder, remainder_reg, trial;
            reg [15:0] found, found_reg;
            integer i;
            always @* begin
                rest = rests[32*s +: 32];
                remainder = remainders[18*s +: 18];
                found = roots[16*s +: 16];
                trial = 0;
                for (i = 0; i < NOW; i = i + 1) begin
                    remainder = {remainder[15:0], rest[31:30]};
                    rest = {rest[29:0], 2'b00};
                    trial = {found, 2'b01};
                    found = {found[14:0], remainder >= trial};
                    if (found[0]) remainder = remainder - trial;
                end
            end
            always @(posedge clk) if (advance) {rest_reg, remainder_reg, found_reg} <= {rest, remainder, found};
            assign rests[32*(s+1) +: 32] = rest_reg;
            assign remainders[18*(s+1) +: 18] = remainder_reg;
            assign roots[16*(s+1) +: 16] = found_reg;
        end
    endgenerate
    wire unused = &{1'b0, rests[32*STAGES +: 32], remainders[18*STAGES +: 18]};
endmodule
`default_nettype wire
