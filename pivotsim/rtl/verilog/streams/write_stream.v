// The write side of DRAM as AXI streams: a command and its bytes go out for each drain, a status comes in. No register is
// in the way.
//
//   command   tdata {size, address}: `size` bytes from `address` on
//   bytes     tdata in order, from lane 0 on; tkeep has no gaps; a beat is as many bytes as are there, tlast the last ones
//   status    a beat when all bytes of the command are written; nothing is said with it
`default_nettype none
module write_stream #(
    parameter LANES = 8,
    parameter COUNT_BITS = 20,
    parameter ADDRESS_BITS = 32
) (
    input wire clk,
    input wire reset,
    // accelerator
    input wire starts,
    input wire [ADDRESS_BITS-1:0] address, // these two are held while the drain runs
    input wire [COUNT_BITS-1:0] size,
    input wire [COUNT_BITS-1:0] offers,
    input wire [8*LANES-1:0] data,
    output wire [COUNT_BITS-1:0] accepts,
    output wire response,
    // streams
    output wire command_tvalid,
    input wire command_tready,
    output wire [COUNT_BITS+ADDRESS_BITS-1:0] command_tdata,
    output wire tvalid,
    input wire tready,
    output wire [8*LANES-1:0] tdata,
    output wire [LANES-1:0] tkeep,
    output wire tlast,
    input wire status_tvalid,
    output wire status_tready
);
    reg waits; // the command is not taken yet
    initial waits = 0;
    assign command_tvalid = starts || waits;
    assign command_tdata = {size, address};
    always @(posedge clk) waits <= !reset && command_tvalid && !command_tready;

    // a beat that is not taken stays as it is, also where more bytes have come
    reg stays;
    initial stays = 0;
    reg [COUNT_BITS-1:0] beat_reg, sent_reg;
    wire [COUNT_BITS-1:0] beat = stays ? beat_reg : offers;
    wire [COUNT_BITS-1:0] sent = (starts ? 0 : sent_reg) + beat;
    assign tvalid = beat != 0;
    assign tdata = data;
    assign tlast = sent == size;
    assign accepts = tready ? beat : 0;
    genvar i;
    generate
        for (i = 0; i < LANES; i = i + 1) begin : lane
            assign tkeep[i] = i < beat;
        end
    endgenerate
    assign response = status_tvalid;
    assign status_tready = 1'b1;
    always @(posedge clk) begin
        stays <= !reset && tvalid && !tready;
        beat_reg <= beat;
        sent_reg <= tready ? sent : sent - beat;
    end
endmodule
`default_nettype wire
