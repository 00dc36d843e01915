// Simple dual-port memory of 16-bit words in LANES banks: element i lies in bank i mod LANES. A clock writes up to LANES
// elements and reads as many, a step apart from each other, so that each lies in another bank. Reads answer a clock later,
// and the answer stays where nothing is read.
`default_nettype none
module banked_memory #(
    parameter LANES = 8,
    parameter LANE_BITS = 3, // 2**LANE_BITS is LANES
    parameter WORDS = 4096, // a multiple of LANES, at least two
    parameter BITS = 12 // of an index
) (
    input wire clk,
    input wire [BITS*(LANES+1)-1:0] multiples, // of the step
    input wire [LANE_BITS:0] write_count,
    input wire [BITS-1:0] write_index,
    input wire [16*LANES-1:0] write_data, // the first element lowest
    input wire [LANE_BITS:0] read_count,
    input wire [BITS-1:0] read_index,
    output wire [16*LANES-1:0] read_data
);
    localparam ADDRESS_BITS = BITS - LANE_BITS;
    wire [BITS*LANES-1:0] written, reads; // index of each lane's element
    wire [LANES-1:0] writes_lane, reads_lane;
    wire [16*LANES-1:0] words_found; // of each bank
    wire unused = &{1'b0, multiples[BITS*LANES +: BITS]};
    genvar k, b;
    generate
        for (k = 0; k < LANES; k = k + 1) begin : lane
            localparam [LANE_BITS:0] NUMBER = k;
            assign written[BITS*k +: BITS] = write_index + multiples[BITS*k +: BITS];
            assign reads[BITS*k +: BITS] = read_index + multiples[BITS*k +: BITS];
            assign writes_lane[k] = NUMBER < write_count;
            assign reads_lane[k] = NUMBER < read_count;
            reg [LANE_BITS-1:0] bank_reg; // that answers
            always @(posedge clk) if (reads_lane[k]) bank_reg <= reads[BITS*k +: LANE_BITS];
            assign read_data[16*k +: 16] = words_found[16*bank_reg +: 16];
        end
        for (b = 0; b < LANES; b = b + 1) begin : bank
            localparam [LANE_BITS-1:0] NUMBER = b;
            reg write, read;
            reg [ADDRESS_BITS-1:0] write_address, read_address;
            reg [15:0] data;
            integer i;
            always @* begin
                {write, read, write_address, read_address, data} = 0;
                for (i = 0; i < LANES; i = i + 1) begin // one of them at most
                    if (writes_lane[i] && written[BITS*i +: LANE_BITS] == NUMBER) begin
                        write = 1;
                        write_address = write_address | written[BITS*i+LANE_BITS +: ADDRESS_BITS];
                        data = data | write_data[16*i +: 16];
                    end
                    if (reads_lane[i] && reads[BITS*i +: LANE_BITS] == NUMBER) begin
                        read = 1;
                        read_address = read_address | reads[BITS*i+LANE_BITS +: ADDRESS_BITS];
                    end
                end
            end
            reg [15:0] words [0:WORDS/LANES-1];
            reg [15:0] word_reg;
            always @(posedge clk) begin
                if (write) words[write_address] <= data;
                if (read) word_reg <= words[read_address];
            end
            assign words_found[16*b +: 16] = word_reg;
        end
    endgenerate
endmodule
`default_nettype wire
