// Reads what the command stream of read_stream.v asks for through AXI4: one ID, INCR bursts, and answers in their
// order. Bytes before the first and after the last one of a command are dropped; a beat of the stream holds what a beat
// of R brings, or LANES of it. As many as OUTSTANDING bursts, of up to 2**COMMAND_BITS commands, are asked for and not
// there yet.
//
// A command's first burst goes out the clock after it is taken; no register stands between R and the stream. RREADY
// waits for the stream, which asks for a load only where it has a place for it.
`default_nettype none
module axi_read_master #(
    parameter LANES = 8, // bytes of the stream
    parameter DATA_BYTES = 8,
    parameter BURST_BEATS = 256,
    parameter OUTSTANDING = 8, // bursts, 1 to 255
    parameter COMMAND_BITS = 3, // 2**COMMAND_BITS commands
    parameter COUNT_BITS = 20,
    parameter ADDRESS_BITS = 32
) (
    input wire clk,
    input wire reset,
    // streams of read_stream.v
    input wire s_axis_command_tvalid,
    output wire s_axis_command_tready,
    input wire [2*COUNT_BITS+ADDRESS_BITS-1:0] s_axis_command_tdata, // lanes, size, address
    output wire m_axis_tvalid,
    input wire m_axis_tready,
    output wire [8*LANES-1:0] m_axis_tdata,
    output wire [LANES-1:0] m_axis_tkeep,
    output wire m_axis_tlast, // with a command's last bytes
    // AXI4
    output wire [0:0] m_axi_arid,
    output wire [ADDRESS_BITS-1:0] m_axi_araddr,
    output wire [7:0] m_axi_arlen,
    output wire [2:0] m_axi_arsize,
    output wire [1:0] m_axi_arburst,
    output wire [3:0] m_axi_arcache,
    output wire [2:0] m_axi_arprot,
    output wire m_axi_arvalid,
    input wire m_axi_arready,
    input wire [0:0] m_axi_rid, // one ID: not read
    input wire [8*DATA_BYTES-1:0] m_axi_rdata,
    input wire [1:0] m_axi_rresp,
    input wire m_axi_rlast,
    input wire m_axi_rvalid,
    output wire m_axi_rready,
    output reg error // an answer was no OKAY: stays until reset
);
    localparam SHIFT = $clog2(DATA_BYTES);
    localparam [SHIFT:0] WIDTH = DATA_BYTES[SHIFT:0];
    wire [ADDRESS_BITS-1:0] address = s_axis_command_tdata[ADDRESS_BITS-1:0];
    wire [COUNT_BITS-1:0] size = s_axis_command_tdata[ADDRESS_BITS +: COUNT_BITS];

    // ---- requests
    wire sends = m_axi_arvalid && m_axi_arready;
    wire is_idle, is_left, has_room;
    wire takes = s_axis_command_tvalid && s_axis_command_tready;
    assign s_axis_command_tready = is_idle && has_room;
    burst_splitter #(.DATA_BYTES(DATA_BYTES), .BURST_BEATS(BURST_BEATS), .COUNT_BITS(COUNT_BITS),
                     .ADDRESS_BITS(ADDRESS_BITS)) bursts (
        .clk(clk), .reset(reset), .start(takes), .address(address), .size(size), .idle(is_idle), .is_left(is_left),
        .taken(sends), .burst_address(m_axi_araddr), .burst_length(m_axi_arlen));
    wire comes = m_axi_rvalid && m_axi_rready;
    reg [7:0] in_flight; // bursts
    initial in_flight = 0;
    assign m_axi_arvalid = is_left && in_flight < OUTSTANDING[7:0];
    always @(posedge clk)
        in_flight <= reset ? 8'd0 : in_flight + {7'd0, sends} - {7'd0, comes && m_axi_rlast};
    assign m_axi_arid = 1'b0;
    assign m_axi_arsize = SHIFT[2:0];
    assign m_axi_arburst = 2'b01;
    assign m_axi_arcache = 4'b0011;
    assign m_axi_arprot = 3'b000;

    // ---- what has been asked for, in order: the first byte's place in its beat, and bytes
    reg [SHIFT+COUNT_BITS-1:0] asked [0:(1<<COMMAND_BITS)-1];
    reg [COMMAND_BITS:0] written, read;
    initial begin written = 0; read = 0; end
    wire [COMMAND_BITS:0] waiting = written - read;
    assign has_room = !waiting[COMMAND_BITS];
    wire [SHIFT-1:0] first_place;
    wire [COUNT_BITS-1:0] first_size;
    assign {first_place, first_size} = asked[read[COMMAND_BITS-1:0]];
    wire ends; // the front command's last bytes go
    always @(posedge clk) begin
        if (takes) asked[written[COMMAND_BITS-1:0]] <= {address[SHIFT-1:0], size};
        written <= reset ? 0 : written + {{COMMAND_BITS{1'b0}}, takes};
        read <= reset ? 0 : read + {{COMMAND_BITS{1'b0}}, ends};
    end

    // ---- bytes
    reg started; // the front command's first bytes have gone
    initial started = 0;
    reg [COUNT_BITS-1:0] left_reg;
    reg [SHIFT-1:0] place_reg; // of the next byte in the beat of R
    wire [COUNT_BITS-1:0] left = started ? left_reg : first_size;
    wire [SHIFT-1:0] place = started ? place_reg : first_place;
    wire [SHIFT:0] to_beat_end = WIDTH - {1'b0, place};
    wire [COUNT_BITS-1:0] in_beat = {{(COUNT_BITS-SHIFT-1){1'b0}}, to_beat_end};
    wire [COUNT_BITS-1:0] here = left < in_beat ? left : in_beat;
    wire [COUNT_BITS-1:0] count;
    generate
        if (LANES < DATA_BYTES) begin : narrow
            assign count = here < LANES[COUNT_BITS-1:0] ? here : LANES[COUNT_BITS-1:0];
        end else begin : whole
            assign count = here;
        end
    endgenerate
    localparam WIDE = LANES > DATA_BYTES ? LANES : DATA_BYTES;
    wire [8*WIDE-1:0] moved;
    generate
        if (LANES > DATA_BYTES) begin : widened
            assign moved = {{(8*(LANES-DATA_BYTES)){1'b0}}, m_axi_rdata >> {place, 3'b000}};
        end else begin : as_wide
            assign moved = m_axi_rdata >> {place, 3'b000};
        end
    endgenerate
    wire unused = &{1'b0, moved, m_axi_rid, s_axis_command_tdata[ADDRESS_BITS+COUNT_BITS +: COUNT_BITS]};
    assign m_axis_tdata = moved[8*LANES-1:0];
    assign m_axis_tvalid = m_axi_rvalid;
    assign m_axis_tlast = count == left;
    assign m_axi_rready = m_axis_tready && count == here; // else the beat stays for its next bytes
    genvar i;
    generate
        for (i = 0; i < LANES; i = i + 1) begin : lane
            assign m_axis_tkeep[i] = i < count;
        end
    endgenerate
    wire goes = m_axis_tvalid && m_axis_tready;
    assign ends = goes && m_axis_tlast;
    always @(posedge clk) begin
        started <= !reset && (goes ? !m_axis_tlast : started);
        if (goes) begin
            left_reg <= left - count;
            place_reg <= place + count[SHIFT-1:0];
        end
        error <= !reset && (error || (comes && m_axi_rresp != 0));
    end
    initial error = 0;
endmodule
`default_nettype wire
