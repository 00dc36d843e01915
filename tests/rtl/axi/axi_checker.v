// Watches an AXI4 port and notes every rule that is broken, a bit of `broken` each; nothing is undone until reset.
//   0-2  AR, AW, W: what waits for READY changes or goes away    3-4  AR, AW: a burst crosses 4 KiB
//   5-6  AR, AW: not INCR, not whole beats, unaligned, too long  7    WLAST not with the burst's last beat
//   8    W before its address                                     9-10 too many bursts wait: R, B
//   11   WSTRB empty or with a gap                                12   B before WLAST
//   13   VALID during reset                                       14   R that no one asked for, or RLAST out of place
`default_nettype none
module axi_checker #(
    parameter DATA_BYTES = 8,
    parameter ADDRESS_BITS = 32,
    parameter BURST_BEATS = 256,
    parameter READS = 8,
    parameter WRITES = 8
) (
    input wire clk,
    input wire reset,
    input wire [ADDRESS_BITS-1:0] araddr,
    input wire [7:0] arlen,
    input wire [2:0] arsize,
    input wire [1:0] arburst,
    input wire arvalid,
    input wire arready,
    input wire rlast,
    input wire rvalid,
    input wire rready,
    input wire [ADDRESS_BITS-1:0] awaddr,
    input wire [7:0] awlen,
    input wire [2:0] awsize,
    input wire [1:0] awburst,
    input wire awvalid,
    input wire awready,
    input wire [8*DATA_BYTES-1:0] wdata,
    input wire [DATA_BYTES-1:0] wstrb,
    input wire wlast,
    input wire wvalid,
    input wire wready,
    input wire bvalid,
    input wire bready,
    output reg [14:0] broken,
    output reg [31:0] bursts
);
    localparam SHIFT = $clog2(DATA_BYTES);
    localparam A = ADDRESS_BITS + 13;
    wire [A-1:0] ar = {araddr, arlen, arsize, arburst}, aw = {awaddr, awlen, awsize, awburst};
    wire [9*DATA_BYTES:0] w = {wdata, wstrb, wlast};
    reg [A-1:0] ar_before, aw_before;
    reg [9*DATA_BYTES:0] w_before;
    reg ar_waits, aw_waits, w_waits;

    function crosses(input [11:0] address, input [7:0] length); // the last byte lies behind the page
        crosses = {4'd0, address} + ({8'd0, length} + 1) * DATA_BYTES > 16'd4096;
    endfunction
    function malformed(input [11:0] address, input [7:0] length, input [2:0] size, input [1:0] burst);
        malformed = burst != 2'b01 || size != SHIFT[2:0] || address % DATA_BYTES != 0 || length >= BURST_BEATS;
    endfunction

    reg [7:0] ar_length [0:255], aw_length [0:255];
    reg [8:0] ar_in, ar_out, aw_in, aw_out, b_out; // bursts: asked for, there; addresses, last beats, answers
    reg [7:0] r_beat, w_beat;
    wire ar_goes = arvalid && arready, aw_goes = awvalid && awready, w_goes = wvalid && wready;
    wire r_goes = rvalid && rready, b_goes = bvalid && bready;
    wire [8:0] reads_wait = ar_in - ar_out, writes_wait = aw_in - b_out;
    wire [DATA_BYTES:0] strobe = {1'b0, wstrb};
    wire [DATA_BYTES:0] lowest = strobe & -strobe, filled = strobe + lowest; // one bit only where no gap is
    always @(posedge clk) begin
        ar_before <= ar; aw_before <= aw; w_before <= w;
        ar_waits <= !reset && arvalid && !arready;
        aw_waits <= !reset && awvalid && !awready;
        w_waits <= !reset && wvalid && !wready;
        if (ar_goes) ar_length[ar_in[7:0]] <= arlen;
        if (aw_goes) aw_length[aw_in[7:0]] <= awlen;
        ar_in <= reset ? 0 : ar_in + {8'd0, ar_goes};
        aw_in <= reset ? 0 : aw_in + {8'd0, aw_goes};
        ar_out <= reset ? 0 : ar_out + {8'd0, r_goes && rlast};
        aw_out <= reset ? 0 : aw_out + {8'd0, w_goes && wlast};
        b_out <= reset ? 0 : b_out + {8'd0, b_goes};
        r_beat <= reset || (r_goes && rlast) ? 0 : r_beat + {7'd0, r_goes};
        w_beat <= reset || (w_goes && wlast) ? 0 : w_beat + {7'd0, w_goes};
        bursts <= reset ? 0 : bursts + {31'd0, ar_goes} + {31'd0, aw_goes};
        if (reset) broken <= (arvalid || awvalid || wvalid) && bursts != 0 ? 15'd1 << 13 : 0;
        else begin
            if (ar_waits && (!arvalid || ar != ar_before)) broken[0] <= 1;
            if (aw_waits && (!awvalid || aw != aw_before)) broken[1] <= 1;
            if (w_waits && (!wvalid || w != w_before)) broken[2] <= 1;
            if (arvalid && crosses(araddr[11:0], arlen)) broken[3] <= 1;
            if (awvalid && crosses(awaddr[11:0], awlen)) broken[4] <= 1;
            if (arvalid && malformed(araddr[11:0], arlen, arsize, arburst)) broken[5] <= 1;
            if (awvalid && malformed(awaddr[11:0], awlen, awsize, awburst)) broken[6] <= 1;
            if (w_goes && aw_in != aw_out && wlast != (w_beat == aw_length[aw_out[7:0]])) broken[7] <= 1;
            if (w_goes && aw_in == aw_out) broken[8] <= 1;
            if (reads_wait > READS) broken[9] <= 1;
            if (writes_wait > WRITES) broken[10] <= 1;
            if (wvalid && (wstrb == 0 || (filled & (filled - 1)) != 0)) broken[11] <= 1;
            if (b_goes && b_out == aw_out) broken[12] <= 1;
            if (r_goes && (ar_in == ar_out || rlast != (r_beat == ar_length[ar_out[7:0]]))) broken[14] <= 1;
        end
    end
endmodule
`default_nettype wire
