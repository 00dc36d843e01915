// Scores of tokens, summed over heads, and their order: a bitonic sorter (Batcher, 1968) whose stages COMPARATORS
// comparators work through, in place. The higher score comes first, of equal ones the lower index: keys differ, so that
// any network gives this order.
`default_nettype none
module token_ranks #(
    parameter TOKEN_BITS = 4, // 2**TOKEN_BITS wires
    parameter SCORE_BITS = 12, // of a sum over heads
    parameter SCORE_LANES = 4,
    parameter COMPARATORS = 4, // a power of two
    parameter LEVEL_BITS = 4,
    parameter STEP_BITS = 8,
    parameter KEY_BITS = 1 + SCORE_BITS + TOKEN_BITS
) (
    input wire clk,
    input wire [TOKEN_BITS:0] patches, // tokens that are ordered
    // a beat of scores, one head's from group * SCORE_LANES on
    input wire score_valid,
    input wire score_first, // of the block
    input wire score_adds, // not the first head's
    input wire [TOKEN_BITS-1:0] score_group,
    input wire [8*SCORE_LANES-1:0] score_data,
    // a clock of the sorter
    input wire sort_valid,
    input wire [LEVEL_BITS-1:0] level, // runs of 2**level wires are being merged
    input wire [LEVEL_BITS-1:0] distance, // wires 2**distance apart are compared
    input wire [STEP_BITS-1:0] step, // of the stage, where there are fewer comparators than pairs
    output wire [KEY_BITS*(1<<TOKEN_BITS)-1:0] keys // {is a token, score, ~index}, by rank
);
    localparam WIRES = 1 << TOKEN_BITS;
    localparam ACTIVE = COMPARATORS < WIRES / 2 ? COMPARATORS : WIRES / 2;
    localparam STEPS = WIRES / 2 / ACTIVE;
    wire [KEY_BITS*ACTIVE-1:0] high, low; // of each comparator: what goes to its lower wire, and to its upper one
    genvar i, x;
    generate
        if (COMPARATORS < 1 || (COMPARATORS & (COMPARATORS - 1)) != 0) begin : refused // there is no such module
            COMPARATORS_is_no_power_of_two none ();
        end
        for (x = 0; x < ACTIVE; x = x + 1) begin : comparator
            reg [KEY_BITS-1:0] first, second;
            reg rises;
            always @* begin : choose
                integer d, s, at;
                first = 0;
                second = 0;
                rises = 0;
                for (d = 0; d < TOKEN_BITS; d = d + 1)
                    for (s = 0; s < STEPS; s = s + 1) begin
                        at = (((s * ACTIVE + x) >> d) << (d + 1)) | ((s * ACTIVE + x) & ((1 << d) - 1));
                        if (distance == d[LEVEL_BITS-1:0] && step == s[STEP_BITS-1:0]) begin
                            first = keys[KEY_BITS*at +: KEY_BITS];
                            second = keys[KEY_BITS*(at + (1 << d)) +: KEY_BITS];
                            rises = (at >> level) % 2 == 1;
                        end
                    end
            end
            wire swaps = (second > first) ^ rises;
            assign high[KEY_BITS*x +: KEY_BITS] = swaps ? second : first;
            assign low[KEY_BITS*x +: KEY_BITS] = swaps ? first : second;
        end
        for (i = 0; i < WIRES; i = i + 1) begin : wires
            localparam WIRE = i;
            localparam BEAT = i / SCORE_LANES;
            localparam [TOKEN_BITS:0] INDEX = WIRE[TOKEN_BITS:0];
            localparam [TOKEN_BITS-1:0] GROUP = BEAT[TOKEN_BITS-1:0];
            reg [KEY_BITS-1:0] key, moved;
            always @* begin : place
                integer d, pair;
                moved = key;
                for (d = 0; d < TOKEN_BITS; d = d + 1) begin
                    pair = ((i >> (d + 1)) << d) | (i & ((1 << d) - 1));
                    if (distance == d[LEVEL_BITS-1:0] && {{(32-STEP_BITS){1'b0}}, step} == pair / ACTIVE)
                        moved = (i >> d) % 2 == 1 ? low[KEY_BITS*(pair%ACTIVE) +: KEY_BITS]
                            : high[KEY_BITS*(pair%ACTIVE) +: KEY_BITS];
                end
            end
            wire [SCORE_BITS-1:0] so_far = score_adds ? key[TOKEN_BITS +: SCORE_BITS] : {SCORE_BITS{1'b0}};
            wire [SCORE_BITS-1:0] score = so_far + {{(SCORE_BITS-8){1'b0}}, score_data[8*(i%SCORE_LANES) +: 8]};
            always @(posedge clk)
                if (score_valid) begin
                    if (score_group == GROUP) key <= {INDEX < patches, score, ~INDEX[TOKEN_BITS-1:0]};
                    else if (score_first) key <= {{(1+SCORE_BITS){1'b0}}, ~INDEX[TOKEN_BITS-1:0]};
                end else if (sort_valid) key <= moved;
            assign keys[KEY_BITS*i +: KEY_BITS] = key;
        end
    endgenerate
endmodule
`default_nettype wire
