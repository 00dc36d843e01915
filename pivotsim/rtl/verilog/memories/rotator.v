// Turns ITEMS items by any number of places, in a stage of two-way multiplexers for each bit of that number.
//
// It stays a module of its own in synthesis: mapped with what is around it, yosys takes several times as many LUTs.
`default_nettype none
(* keep_hierarchy = "yes" *)
module rotator #(
    parameter BITS = 3, // 2**BITS items, at least 2
    parameter WIDTH = 8 // bits of an item
) (
    input wire [(WIDTH<<BITS)-1:0] in,
    input wire [BITS-1:0] places,
    output wire [(WIDTH<<BITS)-1:0] out // item (j + places) mod 2**BITS of in, in item j
);
    localparam ALL = WIDTH << BITS;
    wire [ALL-1:0] turned [0:BITS]; // by the lowest bits of places
    assign turned[0] = in;
    assign out = turned[BITS];
    genvar s;
    generate
        for (s = 0; s < BITS; s = s + 1) begin : stage
            localparam STEP = WIDTH << s;
            assign turned[s+1] = places[s] ? {turned[s][STEP-1:0], turned[s][ALL-1:STEP]} : turned[s];
        end
    endgenerate
endmodule
`default_nettype wire
