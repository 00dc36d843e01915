// Puts bytes that lie without gaps back into their lanes: the first byte into the lowest lane that is valid, and so on.
// Lanes that are not valid are 0.
`default_nettype none
module lane_expander #(
    parameter LANES = 4
) (
    input wire [LANES-1:0] valid,
    input wire [8*LANES-1:0] packed_bytes,
    output wire [8*LANES-1:0] bytes
);
    localparam BITS = $clog2(LANES + 1);
    wire [BITS-1:0] below [0:LANES]; // valid lanes lower than this one
    assign below[0] = 0;
    genvar i;
    generate
        for (i = 0; i < LANES; i = i + 1) begin : lane
            assign below[i+1] = below[i] + {{(BITS-1){1'b0}}, valid[i]};
            assign bytes[8*i +: 8] = valid[i] ? packed_bytes[8*below[i] +: 8] : 8'd0;
        end
    endgenerate
    wire unused = &{1'b0, below[LANES]};
endmodule
`default_nettype wire
