// A step times 0, 1 .. LANES, by additions and shifts alone.
`default_nettype none
module step_multiples #(
    parameter LANES = 8,
    parameter BITS = 12
) (
    input wire [BITS-1:0] step,
    output wire [BITS*(LANES+1)-1:0] multiples // modulo 2**BITS
);
    assign multiples[BITS-1:0] = 0;
    assign multiples[BITS +: BITS] = step;
    genvar k;
    generate
        for (k = 2; k <= LANES; k = k + 1) begin : multiple
            wire [BITS-1:0] half = multiples[BITS*(k/2) +: BITS];
            assign multiples[BITS*k +: BITS] = {half[BITS-2:0], 1'b0} + (k % 2 == 1 ? step : {BITS{1'b0}});
            wire unused = &{1'b0, half[BITS-1]};
        end
    endgenerate
endmodule
`default_nettype wire
