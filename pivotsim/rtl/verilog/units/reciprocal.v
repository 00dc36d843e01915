// A constant over a divisor, rounded down, a division a clock: QUOTIENT_BITS bits by restoring steps, STEPS of them a
// clock. The constant is START followed by QUOTIENT_BITS bits that are all NEXT; a divisor is larger than START. The answer comes
// after ceil(QUOTIENT_BITS / STEPS) clocks.
`default_nettype none
module reciprocal #(
    parameter WIDTH = 24, // of a divisor
    parameter QUOTIENT_BITS = 15,
    parameter START = 65024,
    parameter NEXT = 0,
    parameter STEPS = 2
) (
    input wire clk,
    input wire advance,
    input wire valid,
    input wire [WIDTH-1:0] divisor,
    output wire out_valid,
    output wire [QUOTIENT_BITS-1:0] quotient
);
    localparam STAGES = (QUOTIENT_BITS + STEPS - 1) / STEPS;
    localparam [WIDTH-1:0] FIRST = START[WIDTH-1:0];
    localparam [0:0] BIT = NEXT[0];
    wire [STAGES:0] valids;
    wire [WIDTH*(STAGES+1)-1:0] remainders, divisors;
    wire [QUOTIENT_BITS*(STAGES+1)-1:0] quotients;
    assign valids[0] = valid;
    assign remainders[WIDTH-1:0] = FIRST;
    assign divisors[WIDTH-1:0] = divisor;
    assign quotients[QUOTIENT_BITS-1:0] = 0;
    assign out_valid = valids[STAGES];
    assign quotient = quotients[QUOTIENT_BITS*STAGES +: QUOTIENT_BITS];
    genvar s;
    generate
        for (s = 0; s < STAGES; s = s + 1) begin : stage
            localparam DONE = s * STEPS;
            localparam NOW = DONE + STEPS > QUOTIENT_BITS ? QUOTIENT_BITS - DONE : STEPS;
            reg valid_reg;
            initial valid_reg = 0;
            reg [WIDTH-1:0] remainder, kept;
            reg [QUOTIENT_BITS-1:0] found;
            reg [WIDTH:0] rest;
            reg [QUOTIENT_BITS-1:0] bits;
            integer i;
            always @* begin
                rest = {1'b0, remainders[WIDTH*s +: WIDTH]};
                bits = quotients[QUOTIENT_BITS*s +: QUOTIENT_BITS];
                for (i = 0; i < NOW; i = i + 1) begin
                    rest = {rest[WIDTH-1:0], BIT};
                    bits = {bits[QUOTIENT_BITS-2:0], rest >= {1'b0, divisors[WIDTH*s +: WIDTH]}};
                    if (bits[0]) rest = rest - {1'b0, divisors[WIDTH*s +: WIDTH]};
                end
            end
            always @(posedge clk)
                if (advance) begin
                    valid_reg <= valids[s];
                    remainder <= rest[WIDTH-1:0];
                    kept <= divisors[WIDTH*s +: WIDTH];
                    found <= bits;
                end
            assign valids[s+1] = valid_reg;
            assign remainders[WIDTH*(s+1) +: WIDTH] = remainder;
            assign divisors[WIDTH*(s+1) +: WIDTH] = kept;
            assign quotients[QUOTIENT_BITS*(s+1) +: QUOTIENT_BITS] = found;
        end
    endgenerate
    wire unused = &{1'b0, remainders[WIDTH*STAGES +: WIDTH], divisors[WIDTH*STAGES +: WIDTH]};
endmodule
`default_nettype wire
