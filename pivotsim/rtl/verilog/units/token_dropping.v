// Token dropping: the scores of all heads come in, are sorted, then tokens are read once: kept ones go out by rank, the
// others become one. Phases follow each other, as the model's (engines/pl_units/token_dropping.py) do:
//     heads * row_beats,  stages * steps,  blocks * groups,  blocks + 14   clocks
`default_nettype none
module token_dropping #(
    parameter TOKEN_BITS = 4, // at most 2**TOKEN_BITS tokens beside the prefix
    parameter SCORE_LANES = 4,
    parameter COMPARATORS = 4, // a power of two
    parameter PORTS = 2,
    parameter CHANNELS = 2, // of a port
    parameter BLOCKS = 4, // of CHANNELS channels, at most
    parameter PREFIX = 1,
    parameter SCORE_BITS = 12 // of a sum over heads
) (
    input wire clk,
    input wire reset,
    // held from the first score to done
    input wire [TOKEN_BITS:0] patches,
    input wire [TOKEN_BITS:0] kept,
    input wire [7:0] heads,
    input wire [TOKEN_BITS:0] row_beats, // ceil(patches / SCORE_LANES)
    input wire [3:0] wire_bits, // 2**wire_bits is the least that is at least patches
    input wire [15:0] blocks, // of CHANNELS channels
    input wire [TOKEN_BITS:0] groups, // ceil((PREFIX + patches) / PORTS)

    input wire score_valid,
    input wire [8*SCORE_LANES-1:0] score_data,
    output wire score_ready,
    input wire proceeds, // sort and shuffle wait for it; it stays until done

    output wire [PORTS-1:0] read_valid,
    output wire [(TOKEN_BITS+1)*PORTS-1:0] read_token,
    output wire [15:0] read_block,
    input wire [16*CHANNELS*PORTS-1:0] read_data, // a clock later, the first port lowest
    output wire [PORTS-1:0] write_valid, // tokens write_group * PORTS on
    output wire [TOKEN_BITS:0] write_group,
    output wire [15:0] write_block,
    output wire [16*CHANNELS*PORTS-1:0] write_data,
    output wire fused_valid,
    output wire [15:0] fused_block,
    output wire [16*CHANNELS-1:0] fused_data,
    output wire done // the last of the fused token is out
);
    localparam [1:0] AVERAGE = 0, SORT = 1, SHUFFLE = 2, NORMALISE = 3;
    localparam WAIT = 11; // for the division
    localparam LATE = 3; // from a clock of it to its answer
    localparam STEP_BITS = TOKEN_BITS;
    localparam KEY_BITS = 1 + SCORE_BITS + TOKEN_BITS;
    localparam COMPARATOR_BITS = $clog2(COMPARATORS);

    reg [1:0] phase;
    reg [7:0] head;
    reg [TOKEN_BITS:0] group;
    reg [15:0] block;
    reg [3:0] level, distance;
    reg [STEP_BITS-1:0] step;
    initial begin
        phase = AVERAGE;
        {head, group, block} = 0;
    end

    // ---- ends of the loops
    wire last_beat = group == row_beats - 1'b1;
    wire last_head = head == heads - 1'b1;
    wire [3:0] step_bits = wire_bits > COMPARATOR_BITS[3:0] + 4'd1 ? wire_bits - COMPARATOR_BITS[3:0] - 4'd1 : 4'd0;
    wire [15:0] steps = 16'd1 << step_bits;
    wire last_step = {{(16-STEP_BITS){1'b0}}, step} == steps - 1'b1;
    wire last_group = group == groups - 1'b1;
    wire last_block = block == blocks - 1'b1;
    wire waited = block >= WAIT;
    wire divided = block == blocks + WAIT + LATE - 1'b1;
    assign score_ready = phase == AVERAGE;
    assign read_block = block;
    assign done = phase == NORMALISE && divided;

    always @(posedge clk)
        if (reset) begin
            phase <= AVERAGE;
            {head, group, block} <= 0;
        end else case (phase)
            AVERAGE: if (score_valid) begin
                group <= last_beat ? 0 : group + 1'b1;
                if (last_beat) head <= last_head ? 8'd0 : head + 1'b1;
                if (last_beat && last_head) phase <= wire_bits == 0 ? SHUFFLE : SORT;
                {level, distance, step} <= {4'd1, 4'd0, {STEP_BITS{1'b0}}};
            end
            SORT: if (proceeds) begin
                step <= last_step ? 0 : step + 1'b1;
                if (last_step) begin
                    distance <= distance == 0 ? level : distance - 1'b1;
                    if (distance == 0) level <= level + 1'b1;
                    if (distance == 0 && level == wire_bits) phase <= SHUFFLE;
                end
            end
            SHUFFLE: if (proceeds) begin
                group <= last_group ? 0 : group + 1'b1;
                if (last_group) block <= last_block ? 16'd0 : block + 1'b1;
                if (last_group && last_block) phase <= NORMALISE;
            end
            NORMALISE: begin
                block <= divided ? 16'd0 : block + 1'b1;
                if (divided) phase <= AVERAGE;
            end
        endcase

    // where the sorter waits it compares its first pairs again and again, which leaves them as they are
    wire [KEY_BITS*(1<<TOKEN_BITS)-1:0] keys;
    token_ranks #(.TOKEN_BITS(TOKEN_BITS), .SCORE_BITS(SCORE_BITS), .SCORE_LANES(SCORE_LANES),
                  .COMPARATORS(COMPARATORS), .LEVEL_BITS(4), .STEP_BITS(STEP_BITS)) ranks (
        .clk(clk), .patches(patches), .score_valid(score_ready && score_valid), .score_first(head == 0 && group == 0),
        .score_adds(head != 0), .score_group(group[TOKEN_BITS-1:0]), .score_data(score_data),
        .sort_valid(phase == SORT), .level(level), .distance(distance), .step(step), .keys(keys));
    token_shuffle #(.TOKEN_BITS(TOKEN_BITS), .SCORE_BITS(SCORE_BITS), .PORTS(PORTS), .CHANNELS(CHANNELS),
                    .BLOCKS(BLOCKS), .PREFIX(PREFIX)) shuffle (
        .clk(clk), .keys(keys), .patches(patches), .kept(kept), .issues(phase == SHUFFLE && proceeds), .group(group),
        .last_group(last_group), .block(block), .read_valid(read_valid), .read_token(read_token),
        .read_data(read_data), .write_valid(write_valid), .write_group(write_group), .write_block(write_block),
        .write_data(write_data), .divides(phase == NORMALISE && waited && block < blocks + WAIT),
        .divide_block(block - WAIT), .fused_valid(fused_valid), .fused_block(fused_block), .fused_data(fused_data));
endmodule
`default_nettype wire
