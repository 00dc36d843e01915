// The accelerator with DRAM behind AXI4: stream_accelerator.v and a master for each direction. Tables and settings are
// as in accelerator.v. A load's request leaves a clock later than without masters, a drain's bytes as well, and each
// waits for the port's answers: what a run takes depends on the memory.
`default_nettype none
module axi_accelerator #(
    parameter R = 4,
    parameter C = 4,
    parameter OVERLAP = 0,
    parameter MREG = 0,
    parameter SLICES = 0,
    parameter MAC_PACKING = 1,
    parameter OS_EDGE_REGISTER = 1,
    parameter READ_CYCLES = 0,
    parameter LANES = 8,
    parameter IPMEM_BYTES = 256,
    parameter WTMEM_BYTES = 256,
    parameter OPMEM_DEPTH = 64,
    parameter OPMEM_HALVES = 2,
    parameter BUFFER_BYTES = 256,
    parameter BIAS_BYTES = 64,
    parameter BIAS_LANES = 4 * C,
    parameter BANK_BITS = 3,
    parameter BIAS_BANK_BITS = 4,
    parameter TABLE_BITS = 8,
    parameter COUNT_BITS = 20,
    parameter ADDRESS_BITS = 32,
    parameter MASKED = 0,
    parameter MULTIPLIES = 0,
    parameter OUTSTANDING = 1,
    parameter ULTRA = 0,
    parameter GEARBOX = 1, // some loads take fewer bytes a clock than the stream has lanes
    parameter DATA_BYTES = 8, // of AXI: a power of two, 8 to 64
    parameter BURST_BEATS = 256, // of a burst at most: 16 to 256
    parameter READ_BURSTS = OUTSTANDING > 8 ? OUTSTANDING : 8, // that are asked for and not there yet: one a load
    parameter COMMAND_BITS = OUTSTANDING > 8 ? $clog2(OUTSTANDING) : 3, // 2**COMMAND_BITS loads: OUTSTANDING at least
    parameter BURST_BITS = 3, // 2**BURST_BITS bursts that are written and not answered yet
    parameter UNITS = 0, // behind memories of their own: 1 softmax, 2 activation, 4 LayerNorm, 8 addition, 16 tokens
    parameter UNIT_LANES = 8, // elements a clock of each, a power of two
    parameter UNIT_PORT_BYTES = LANES, // bytes a clock that they move to and from DRAM at most
    parameter UNIT_WORDS = 1024, // of 16 bits, of each of their two memories
    parameter UNIT_TABLE_BITS = 8, // 2**UNIT_TABLE_BITS operations of a pass; 8 to 12, see unit_station.v
    parameter MAX_ELEMENTS = 256,
    parameter MAX_CHANNELS = 384,
    parameter TOKEN_BITS = 4,
    parameter COMPARATORS = 4,
    parameter PREFIX = 1,
    parameter PROGRAM_BITS = 11 * COUNT_BITS + 4 + (MASKED != 0 ? 2 * COUNT_BITS + R + C + 2 : 0),
    parameter DATA_BITS = PROGRAM_BITS, // of the widest table's word, and of the longest table's index, with units
    parameter INDEX_BITS = TABLE_BITS
) (
    input wire clk,
    input wire reset,

    input wire table_write,
    input wire [2:0] table_select,
    input wire [INDEX_BITS-1:0] table_index,
    input wire [DATA_BITS-1:0] table_data,

    input wire start,
    input wire start_pass,
    input wire [COUNT_BITS-1:0] operations,
    output wire done,
    input wire output_stationary,
    input wire weight_stationary,
    input wire [COUNT_BITS-1:0] loads,
    input wire [COUNT_BITS-1:0] passes,
    input wire [COUNT_BITS-1:0] drains,
    input wire [COUNT_BITS-1:0] narrow_column,
    input wire biased,
    input wire wide,
    input wire [15:0] multiplier,
    input wire [5:0] shift,

    output wire [0:0] m_axi_arid,
    output wire [ADDRESS_BITS-1:0] m_axi_araddr,
    output wire [7:0] m_axi_arlen,
    output wire [2:0] m_axi_arsize,
    output wire [1:0] m_axi_arburst,
    output wire [3:0] m_axi_arcache,
    output wire [2:0] m_axi_arprot,
    output wire m_axi_arvalid,
    input wire m_axi_arready,
    input wire [0:0] m_axi_rid,
    input wire [8*DATA_BYTES-1:0] m_axi_rdata,
    input wire [1:0] m_axi_rresp,
    input wire m_axi_rlast,
    input wire m_axi_rvalid,
    output wire m_axi_rready,
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
    input wire [0:0] m_axi_bid,
    input wire [1:0] m_axi_bresp,
    input wire m_axi_bvalid,
    output wire m_axi_bready,
    output wire error // an answer was no OKAY: stays until reset
);
    wire read_command_tvalid, read_command_tready, read_tvalid, read_tready, read_tlast, write_command_tvalid,
        write_command_tready, write_tvalid, write_tready, write_tlast, status_tvalid, status_tready, read_error,
        write_error;
    wire [2*COUNT_BITS+ADDRESS_BITS-1:0] read_command_tdata;
    wire [COUNT_BITS+ADDRESS_BITS-1:0] write_command_tdata;
    wire [8*LANES-1:0] read_tdata, write_tdata;
    wire [LANES-1:0] read_tkeep, write_tkeep;
    assign error = read_error || write_error;
    generate
        if ((1 << COMMAND_BITS) < OUTSTANDING) begin : refused // there is no such module
            COMMAND_BITS_hold_fewer_loads_than_OUTSTANDING few ();
        end
    endgenerate
    stream_accelerator #(
        .R(R), .C(C), .OVERLAP(OVERLAP), .MREG(MREG), .SLICES(SLICES), .MAC_PACKING(MAC_PACKING),
        .OS_EDGE_REGISTER(OS_EDGE_REGISTER), .READ_CYCLES(READ_CYCLES), .LANES(LANES),
        .IPMEM_BYTES(IPMEM_BYTES), .WTMEM_BYTES(WTMEM_BYTES),
        .OPMEM_DEPTH(OPMEM_DEPTH), .OPMEM_HALVES(OPMEM_HALVES), .BUFFER_BYTES(BUFFER_BYTES), .BIAS_BYTES(BIAS_BYTES),
        .BIAS_LANES(BIAS_LANES), .BANK_BITS(BANK_BITS), .BIAS_BANK_BITS(BIAS_BANK_BITS), .TABLE_BITS(TABLE_BITS),
        .COUNT_BITS(COUNT_BITS), .ADDRESS_BITS(ADDRESS_BITS), .MASKED(MASKED), .MULTIPLIES(MULTIPLIES),
        .OUTSTANDING(OUTSTANDING), .ULTRA(ULTRA), .GEARBOX(GEARBOX),
        .UNITS(UNITS), .UNIT_LANES(UNIT_LANES), .UNIT_PORT_BYTES(UNIT_PORT_BYTES), .UNIT_WORDS(UNIT_WORDS),
        .UNIT_TABLE_BITS(UNIT_TABLE_BITS), .MAX_ELEMENTS(MAX_ELEMENTS), .MAX_CHANNELS(MAX_CHANNELS),
        .TOKEN_BITS(TOKEN_BITS), .COMPARATORS(COMPARATORS), .PREFIX(PREFIX), .PROGRAM_BITS(PROGRAM_BITS),
        .DATA_BITS(DATA_BITS), .INDEX_BITS(INDEX_BITS)
    ) core (
        .clk(clk), .reset(reset), .table_write(table_write), .table_select(table_select), .table_index(table_index),
        .table_data(table_data), .start(start),
        .start_pass(start_pass), .operations(operations), .done(done), .output_stationary(output_stationary),
        .weight_stationary(weight_stationary), .loads(loads), .passes(passes), .drains(drains),
        .narrow_column(narrow_column), .biased(biased), .wide(wide), .multiplier(multiplier), .shift(shift),
        .m_axis_read_command_tvalid(read_command_tvalid), .m_axis_read_command_tready(read_command_tready),
        .m_axis_read_command_tdata(read_command_tdata), .s_axis_read_tvalid(read_tvalid),
        .s_axis_read_tready(read_tready), .s_axis_read_tdata(read_tdata), .s_axis_read_tkeep(read_tkeep),
        .s_axis_read_tlast(read_tlast), .m_axis_write_command_tvalid(write_command_tvalid),
        .m_axis_write_command_tready(write_command_tready), .m_axis_write_command_tdata(write_command_tdata),
        .m_axis_write_tvalid(write_tvalid), .m_axis_write_tready(write_tready), .m_axis_write_tdata(write_tdata),
        .m_axis_write_tkeep(write_tkeep), .m_axis_write_tlast(write_tlast),
        .s_axis_write_status_tvalid(status_tvalid), .s_axis_write_status_tready(status_tready));
    axi_read_master #(
        .LANES(LANES), .DATA_BYTES(DATA_BYTES), .BURST_BEATS(BURST_BEATS), .OUTSTANDING(READ_BURSTS),
        .COMMAND_BITS(COMMAND_BITS), .COUNT_BITS(COUNT_BITS), .ADDRESS_BITS(ADDRESS_BITS)
    ) reads (
        .clk(clk), .reset(reset), .s_axis_command_tvalid(read_command_tvalid),
        .s_axis_command_tready(read_command_tready), .s_axis_command_tdata(read_command_tdata),
        .m_axis_tvalid(read_tvalid), .m_axis_tready(read_tready), .m_axis_tdata(read_tdata),
        .m_axis_tkeep(read_tkeep), .m_axis_tlast(read_tlast),
        .m_axi_arid(m_axi_arid), .m_axi_araddr(m_axi_araddr), .m_axi_arlen(m_axi_arlen), .m_axi_arsize(m_axi_arsize),
        .m_axi_arburst(m_axi_arburst), .m_axi_arcache(m_axi_arcache), .m_axi_arprot(m_axi_arprot),
        .m_axi_arvalid(m_axi_arvalid), .m_axi_arready(m_axi_arready), .m_axi_rid(m_axi_rid),
        .m_axi_rdata(m_axi_rdata), .m_axi_rresp(m_axi_rresp), .m_axi_rlast(m_axi_rlast), .m_axi_rvalid(m_axi_rvalid),
        .m_axi_rready(m_axi_rready),
        .error(read_error));
    axi_write_master #(
        .LANES(LANES), .DATA_BYTES(DATA_BYTES), .BURST_BEATS(BURST_BEATS), .BURST_BITS(BURST_BITS),
        .COUNT_BITS(COUNT_BITS), .ADDRESS_BITS(ADDRESS_BITS)
    ) writes (
        .clk(clk), .reset(reset), .s_axis_command_tvalid(write_command_tvalid),
        .s_axis_command_tready(write_command_tready), .s_axis_command_tdata(write_command_tdata),
        .s_axis_tvalid(write_tvalid), .s_axis_tready(write_tready), .s_axis_tdata(write_tdata),
        .s_axis_tkeep(write_tkeep), .s_axis_tlast(write_tlast), .m_axis_status_tvalid(status_tvalid),
        .m_axis_status_tready(status_tready),
        .m_axi_awid(m_axi_awid), .m_axi_awaddr(m_axi_awaddr), .m_axi_awlen(m_axi_awlen), .m_axi_awsize(m_axi_awsize),
        .m_axi_awburst(m_axi_awburst), .m_axi_awcache(m_axi_awcache), .m_axi_awprot(m_axi_awprot),
        .m_axi_awvalid(m_axi_awvalid), .m_axi_awready(m_axi_awready), .m_axi_wdata(m_axi_wdata),
        .m_axi_wstrb(m_axi_wstrb), .m_axi_wlast(m_axi_wlast), .m_axi_wvalid(m_axi_wvalid),
        .m_axi_wready(m_axi_wready), .m_axi_bid(m_axi_bid), .m_axi_bresp(m_axi_bresp), .m_axi_bvalid(m_axi_bvalid),
        .m_axi_bready(m_axi_bready),
        .error(write_error));
endmodule
`default_nettype wire
