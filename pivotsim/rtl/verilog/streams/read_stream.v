// The read side of DRAM as AXI streams: a command goes out for each load, its bytes come in. No register is in the way.
//
//   command   tdata {lanes, size, address}: `size` bytes from `address` on are wanted, at most `lanes` of them a clock
//   bytes     tdata in order, from lane 0 on; tkeep has no gaps; a beat holds bytes of one command
// A beat may hold fewer bytes than it has lanes. GEARBOX takes one that holds more than `lanes` in several clocks; without
// it every load has LANES.
`default_nettype none
module read_stream #(
    parameter LANES = 8,
    parameter COUNT_BITS = 20,
    parameter ADDRESS_BITS = 32,
    parameter GEARBOX = 1
) (
    input wire clk,
    input wire reset,
    // accelerator
    input wire starts,
    input wire [ADDRESS_BITS-1:0] address, // these three are held until the command is taken
    input wire [COUNT_BITS-1:0] size,
    input wire [COUNT_BITS-1:0] lanes,
    input wire [COUNT_BITS-1:0] takes,
    output wire [COUNT_BITS-1:0] count,
    output wire [8*LANES-1:0] data,
    // streams
    output wire command_tvalid,
    input wire command_tready,
    output wire [2*COUNT_BITS+ADDRESS_BITS-1:0] command_tdata,
    input wire tvalid,
    output wire tready,
    input wire [8*LANES-1:0] tdata,
    input wire [LANES-1:0] tkeep
);
    reg waits; // the command is not taken yet
    initial waits = 0;
    assign command_tvalid = starts || waits;
    assign command_tdata = {lanes, size, address};
    always @(posedge clk) waits <= !reset && command_tvalid && !command_tready;

    reg [COUNT_BITS-1:0] held; // bytes of the beat
    integer i;
    always @* begin
        held = 0;
        for (i = 0; i < LANES; i = i + 1) held = held + {{(COUNT_BITS-1){1'b0}}, tkeep[i]};
    end
    generate
        if (GEARBOX == 0) begin : whole
            assign count = tvalid && takes != 0 ? held : 0;
            assign tready = takes != 0;
            assign data = tdata;
        end else begin : parts
            reg [COUNT_BITS-1:0] used; // bytes of the beat that went before
            initial used = 0;
            wire [COUNT_BITS-1:0] rest = held - used;
            assign count = !tvalid ? 0 : rest < takes ? rest : takes;
            assign tready = takes != 0 && rest <= takes;
            assign data = tdata >> (8 * used);
            always @(posedge clk) used <= reset || (tvalid && tready) ? 0 : used + count;
        end
    endgenerate
endmodule
`default_nettype wire
