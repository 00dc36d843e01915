// Model of the DRAM for test benches: a memory of bytes, a rate and a latency for each direction. Not for synthesis.
//
// A read may move floor((t + 1) * rate_bytes / rate_clocks) bytes by the end of clock t after its latency and after the
// accelerator turned to it, a write by the end of clock t after its first byte is offered; rate_bytes 0 is no limit.
`default_nettype none
module dram_model #(
    parameter LANES = 8,
    parameter COUNT_BITS = 20,
    parameter ADDRESS_BITS = 32,
    parameter BYTES = 4096
) (
    input wire clk,
    input wire reset,
    input wire [63:0] rate_bytes,
    input wire [63:0] rate_clocks,
    input wire [31:0] read_latency,
    input wire [31:0] write_latency,

    input wire read_starts,
    input wire [ADDRESS_BITS-1:0] read_address,
    input wire [COUNT_BITS-1:0] read_size,
    input wire [COUNT_BITS-1:0] read_takes,
    output wire [COUNT_BITS-1:0] read_count,
    output wire [8*LANES-1:0] read_data,

    input wire write_starts,
    input wire [ADDRESS_BITS-1:0] write_address,
    input wire [COUNT_BITS-1:0] write_size,
    input wire [COUNT_BITS-1:0] write_offers,
    input wire [8*LANES-1:0] write_data,
    output wire [COUNT_BITS-1:0] write_accepts,
    output wire write_response
);
    reg [7:0] bytes [0:BYTES-1] /* verilator public_flat_rw */;

    function [COUNT_BITS-1:0] least(input [COUNT_BITS-1:0] wanted, input [63:0] allowed);
        least = allowed < {{(64-COUNT_BITS){1'b0}}, wanted} ? allowed[COUNT_BITS-1:0] : wanted;
    endfunction

    // ---- reads: requests wait in order, each for its latency from the clock in which it came
    reg [ADDRESS_BITS-1:0] waiting_address [0:15];
    reg [COUNT_BITS-1:0] waiting_size [0:15];
    reg [31:0] waiting_due [0:15], now;
    reg [4:0] come, gone; // requests
    wire is_empty = come == gone;
    wire [ADDRESS_BITS-1:0] front_address = is_empty ? read_address : waiting_address[gone[3:0]];
    wire [COUNT_BITS-1:0] front_size = is_empty ? read_size : waiting_size[gone[3:0]];
    wire [31:0] front_due = is_empty ? now + read_latency : waiting_due[gone[3:0]];
    wire flows = (!is_empty || read_starts) && now >= front_due && read_takes != 0; // and the rate counts
    reg [63:0] read_credit, given;
    wire [63:0] credit = read_credit + rate_bytes;
    assign read_count = !flows ? 0 : rate_bytes == 0 ? read_takes : least(read_takes, credit / rate_clocks - given);
    wire [63:0] given_now = given + {{(64-COUNT_BITS){1'b0}}, read_count};
    wire ends = flows && given_now == {{(64-COUNT_BITS){1'b0}}, front_size};
    always @(posedge clk) begin
        now <= reset ? 0 : now + 1;
        if (read_starts) begin
            waiting_address[come[3:0]] <= read_address;
            waiting_size[come[3:0]] <= read_size;
            waiting_due[come[3:0]] <= now + read_latency;
        end
        come <= reset ? 0 : come + {4'd0, read_starts};
        gone <= reset ? 0 : gone + {4'd0, ends};
        if (reset || ends) begin
            read_credit <= 0;
            given <= 0;
        end else if (flows) begin
            read_credit <= credit;
            given <= given_now;
        end
    end

    // ---- writes
    reg [63:0] write_credit, taken;
    reg write_goes; // its first byte has been offered
    wire goes = (!write_starts && write_goes) || write_offers != 0;
    reg [31:0] answer_waits;
    wire [63:0] write_credit_now = (write_starts ? 64'd0 : write_credit) + (goes ? rate_bytes : 64'd0);
    wire [63:0] taken_before = write_starts ? 64'd0 : taken;
    wire [63:0] taken_now = taken_before + {{(64-COUNT_BITS){1'b0}}, write_accepts};
    assign write_accepts = rate_bytes == 0 ? write_offers
        : least(write_offers, write_credit_now / rate_clocks - taken_before);
    wire all_taken = taken_now == {{(64-COUNT_BITS){1'b0}}, write_size};
    wire [31:0] answer_wait = write_starts || taken_before != taken_now ? write_latency : answer_waits;
    assign write_response = all_taken && answer_wait == 0;
    always @(posedge clk) begin
        write_credit <= write_credit_now;
        write_goes <= goes;
        taken <= taken_now;
        answer_waits <= all_taken && answer_wait != 0 ? answer_wait - 1 : answer_wait;
    end

    integer j;
    always @(posedge clk)
        for (j = 0; j < LANES; j = j + 1)
            if (j[COUNT_BITS-1:0] < write_accepts)
                bytes[write_address + taken_before[ADDRESS_BITS-1:0] + j[ADDRESS_BITS-1:0]] <= write_data[8*j +: 8];
    genvar i;
    generate
        for (i = 0; i < LANES; i = i + 1) begin : lane
            localparam [ADDRESS_BITS-1:0] NUMBER = i;
            assign read_data[8*i +: 8] = bytes[front_address + given[ADDRESS_BITS-1:0] + NUMBER];
        end
    endgenerate
endmodule
`default_nettype wire
