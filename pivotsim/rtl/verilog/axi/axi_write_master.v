// Writes what the streams of write_stream.v bring through AXI4: one ID, INCR bursts. Bytes are gathered into beats of
// W, from the place of the command's first byte on; WSTRB leaves out what lies before it and after the last one. A
// burst's beats follow its address; as many as 2**BURST_BITS bursts wait for their answer, and the command's status for
// all of them.
//
// A command's first address goes out the clock after it is taken, bytes at least a clock after they came.
`default_nettype none
module axi_write_master #(
    parameter LANES = 8, // bytes of the stream
    parameter DATA_BYTES = 8,
    parameter BURST_BEATS = 256,
    parameter BURST_BITS = 3, // 2**BURST_BITS bursts wait for their answer
    parameter COUNT_BITS = 20,
    parameter ADDRESS_BITS = 32
) (
    input wire clk,
    input wire reset,
    // streams of write_stream.v
    input wire s_axis_command_tvalid,
    output wire s_axis_command_tready,
    input wire [COUNT_BITS+ADDRESS_BITS-1:0] s_axis_command_tdata, // size, address
    input wire s_axis_tvalid,
    output wire s_axis_tready,
    input wire [8*LANES-1:0] s_axis_tdata,
    input wire [LANES-1:0] s_axis_tkeep, // without gaps
    input wire s_axis_tlast, // not read: the command states how many come
    output wire m_axis_status_tvalid,
    input wire m_axis_status_tready,
    // AXI4
    output wire [0:0] m_axi_awid,
    output wire [ADDRESS_BITS-1:0] m_axi_awaddr,
    output wire [7:0] m_axi_awlen,
    output wire [2:0] m_axi_awsize,
    output wire [1:0] m_axi_awburst,
    output wire [3:0] m_axi_awcache,
    output wire [2:0] m_axi_awprot,
    output wire m_axi_awvalid,
    input wire m_axi_awready,
    output wire [8*DATA_BYTES-1:0] m_axi_wdata,
    output wire [DATA_BYTES-1:0] m_axi_wstrb,
    output wire m_axi_wlast,
    output wire m_axi_wvalid,
    input wire m_axi_wready,
    input wire [0:0] m_axi_bid, // one ID: not read
    input wire [1:0] m_axi_bresp,
    input wire m_axi_bvalid,
    output wire m_axi_bready,
    output reg error // an answer was no OKAY: stays until reset
);
    localparam SHIFT = $clog2(DATA_BYTES);
    localparam ROOM = DATA_BYTES + LANES; // bytes that may wait here
    localparam FILL_BITS = $clog2(ROOM) + 1;
    localparam [FILL_BITS-1:0] WIDTH = DATA_BYTES[FILL_BITS-1:0];
    wire [ADDRESS_BITS-1:0] address = s_axis_command_tdata[ADDRESS_BITS-1:0];
    wire [COUNT_BITS-1:0] size = s_axis_command_tdata[ADDRESS_BITS +: COUNT_BITS];

    reg active; // a command runs
    initial active = 0;
    wire takes = s_axis_command_tvalid && s_axis_command_tready;
    wire ends = m_axis_status_tvalid && m_axis_status_tready;
    assign s_axis_command_tready = !active;
    always @(posedge clk) active <= !reset && (takes || (active && !ends));

    // ---- addresses, and the lengths of bursts whose beats are to come
    wire is_idle, is_left;
    wire sends = m_axi_awvalid && m_axi_awready;
    burst_splitter #(.DATA_BYTES(DATA_BYTES), .BURST_BEATS(BURST_BEATS), .COUNT_BITS(COUNT_BITS),
                     .ADDRESS_BITS(ADDRESS_BITS)) bursts (
        .clk(clk), .reset(reset), .start(takes), .address(address), .size(size), .idle(is_idle), .is_left(is_left),
        .taken(sends), .burst_address(m_axi_awaddr), .burst_length(m_axi_awlen));
    reg [BURST_BITS:0] sent, begun, answered; // bursts: their address, their beats, their answer
    initial begin sent = 0; begun = 0; answered = 0; end
    wire [BURST_BITS:0] in_flight = sent - answered;
    assign m_axi_awvalid = is_left && !in_flight[BURST_BITS];
    assign m_axi_awid = 1'b0;
    assign m_axi_awsize = SHIFT[2:0];
    assign m_axi_awburst = 2'b01;
    assign m_axi_awcache = 4'b0011;
    assign m_axi_awprot = 3'b000;
    reg [7:0] lengths [0:(1<<BURST_BITS)-1];
    wire goes = m_axi_wvalid && m_axi_wready;
    wire comes = m_axi_bvalid && m_axi_bready;
    always @(posedge clk) begin
        if (sends) lengths[sent[BURST_BITS-1:0]] <= m_axi_awlen;
        sent <= reset ? 0 : sent + {{BURST_BITS{1'b0}}, sends};
        begun <= reset ? 0 : begun + {{BURST_BITS{1'b0}}, goes && m_axi_wlast};
        answered <= reset ? 0 : answered + {{BURST_BITS{1'b0}}, comes};
        error <= !reset && (error || (comes && m_axi_bresp != 0));
    end
    initial error = 0;
    assign m_axi_bready = 1'b1;
    assign m_axis_status_tvalid = active && !is_left && in_flight == 0;

    // ---- bytes that wait, and the beat in front
    reg [8*ROOM-1:0] waiting;
    reg [FILL_BITS-1:0] fill; // bytes in front of the next one, those before the first included
    reg [SHIFT-1:0] first; // bytes of the beat in front that lie before the command's first one
    localparam LEFT_BITS = COUNT_BITS > FILL_BITS ? COUNT_BITS : FILL_BITS;
    reg [LEFT_BITS-1:0] to_come;
    reg [7:0] beat; // of its burst
    initial begin fill = 0; to_come = 0; beat = 0; end
    reg [FILL_BITS-1:0] comes_now; // bytes of the stream's beat
    integer k;
    always @* begin
        comes_now = 0;
        for (k = 0; k < LANES; k = k + 1) comes_now = comes_now + {{(FILL_BITS-1){1'b0}}, s_axis_tkeep[k]};
    end
    assign m_axi_wvalid = begun != sent && (fill >= WIDTH || (to_come == 0 && fill != 0));
    assign m_axi_wlast = beat == lengths[begun[BURST_BITS-1:0]];
    assign m_axi_wdata = waiting[8*DATA_BYTES-1:0];
    wire [DATA_BYTES-1:0] from_first = {DATA_BYTES{1'b1}} << first;
    wire [ROOM-1:0] from_fill = {ROOM{1'b1}} << fill;
    assign m_axi_wstrb = from_first & ~from_fill[DATA_BYTES-1:0];
    assign s_axis_tready = active && to_come != 0 && (fill < WIDTH || (goes && fill < 2 * WIDTH));
    wire gathers = s_axis_tvalid && s_axis_tready;
    wire [FILL_BITS-1:0] fill_after = !goes ? fill : fill > WIDTH ? fill - WIDTH : 0;
    wire [8*LANES-1:0] comes_bytes; // what tkeep leaves out is 0, so that a beat that waits does not change
    genvar i;
    generate
        for (i = 0; i < LANES; i = i + 1) begin : lane
            assign comes_bytes[8*i +: 8] = gathers && s_axis_tkeep[i] ? s_axis_tdata[8*i +: 8] : 8'd0;
        end
    endgenerate
    wire [8*ROOM-1:0] stay = goes ? waiting >> (8 * DATA_BYTES) : waiting;
    wire [8*ROOM-1:0] places = ~({(8*ROOM){1'b1}} << {fill_after, 3'b000});
    always @(posedge clk) begin
        if (takes) begin
            fill <= {{(FILL_BITS-SHIFT){1'b0}}, address[SHIFT-1:0]};
            first <= address[SHIFT-1:0];
            to_come <= {{(LEFT_BITS-COUNT_BITS){1'b0}}, size};
        end else begin
            fill <= fill_after + (gathers ? comes_now : 0);
            if (goes) first <= 0;
            if (gathers) to_come <= to_come - {{(LEFT_BITS-FILL_BITS){1'b0}}, comes_now};
        end
        waiting <= takes ? 0 : (stay & places) | ({{(8*DATA_BYTES){1'b0}}, comes_bytes} << {fill_after, 3'b000});
        beat <= reset ? 8'd0 : !goes ? beat : m_axi_wlast ? 8'd0 : beat + 8'd1;
    end
    wire unused = &{1'b0, is_idle, from_fill, s_axis_tlast, m_axi_bid};
endmodule
`default_nettype wire
