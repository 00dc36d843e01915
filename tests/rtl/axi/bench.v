// Test bench: the accelerator with its AXI masters on a memory that hesitates at random, and the ports of ../bench/bench.v. A
// run in which a rule of AXI is broken does not end.
`default_nettype none
module bench #(
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
    parameter PROGRAM_BITS = 11 * COUNT_BITS + 4 + (MASKED != 0 ? 2 * COUNT_BITS + R + C + 2 : 0),
    parameter DRAM_BYTES = 4096
) (
    input wire clk,
    input wire reset,
    input wire table_write,
    input wire [1:0] table_select,
    input wire [TABLE_BITS-1:0] table_index,
    input wire [PROGRAM_BITS-1:0] table_data,
    input wire start,
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
    input wire [63:0] rate_bytes,
    input wire [63:0] rate_clocks,
    input wire [31:0] read_latency,
    input wire [31:0] write_latency,

    // events of this clock
    output wire load_begins,
    output wire load_ends, // its last clock
    output wire tile_begins, // rows and steps as they reach the array
    output wire tile_ends,
    output wire stream_begins,
    output wire stream_ends,
    output wire [C-1:0] column_ends, // the last sum of a pass is at the edge of a column
    output wire drain_begins,
    output wire drain_ends,
    // bytes of this clock
    output wire [COUNT_BITS-1:0] dram_read_bytes,
    output wire [COUNT_BITS-1:0] dram_written_bytes,
    output wire [COUNT_BITS-1:0] buffer_written_bytes,
    output wire [COUNT_BITS-1:0] ipmem_written_bytes,
    output wire [COUNT_BITS-1:0] wtmem_written_bytes,
    output wire [C-1:0] sums_written
);
    wire [ADDRESS_BITS-1:0] araddr, awaddr;
    wire [7:0] arlen, awlen;
    wire [2:0] arsize, awsize, arprot, awprot;
    wire [1:0] arburst, awburst;
    wire [3:0] arcache, awcache;
    wire arid, awid, arvalid, arready, rlast, rvalid, rready, awvalid, awready, wlast, wvalid, wready, bvalid, bready;
    wire [63:0] rdata, wdata;
    wire [7:0] wstrb;
    wire error, is_done;
    wire [14:0] broken;
    wire [31:0] bursts;
    assign done = is_done && broken == 0 && !error;
    axi_accelerator #(
        .R(R), .C(C), .OVERLAP(OVERLAP), .MREG(MREG), .SLICES(SLICES), .MAC_PACKING(MAC_PACKING),
        .OS_EDGE_REGISTER(OS_EDGE_REGISTER), .READ_CYCLES(READ_CYCLES), .LANES(LANES), .IPMEM_BYTES(IPMEM_BYTES), .WTMEM_BYTES(WTMEM_BYTES),
        .OPMEM_DEPTH(OPMEM_DEPTH), .OPMEM_HALVES(OPMEM_HALVES), .BUFFER_BYTES(BUFFER_BYTES), .BIAS_BYTES(BIAS_BYTES),
        .BIAS_LANES(BIAS_LANES), .BANK_BITS(BANK_BITS), .BIAS_BANK_BITS(BIAS_BANK_BITS), .TABLE_BITS(TABLE_BITS), .COUNT_BITS(COUNT_BITS),
        .ADDRESS_BITS(ADDRESS_BITS), .MASKED(MASKED), .MULTIPLIES(MULTIPLIES), .OUTSTANDING(OUTSTANDING), .BURST_BEATS(16)
    ) dut (
        .clk(clk), .reset(reset), .table_write(table_write), .table_select({1'b0, table_select}), .table_index(table_index),
        .table_data(table_data), .start(start), .start_pass(1'b0), .operations({COUNT_BITS{1'b0}}), .done(is_done), .output_stationary(output_stationary),
        .weight_stationary(weight_stationary), .loads(loads), .passes(passes), .drains(drains),
        .narrow_column(narrow_column), .biased(biased), .wide(wide), .multiplier(multiplier), .shift(shift),
        .m_axi_arid(arid), .m_axi_araddr(araddr), .m_axi_arlen(arlen), .m_axi_arsize(arsize), .m_axi_arburst(arburst),
        .m_axi_arcache(arcache), .m_axi_arprot(arprot), .m_axi_arvalid(arvalid), .m_axi_arready(arready),
        .m_axi_rid(1'b0), .m_axi_rdata(rdata), .m_axi_rresp(2'b00), .m_axi_rlast(rlast), .m_axi_rvalid(rvalid),
        .m_axi_rready(rready), .m_axi_awid(awid), .m_axi_awaddr(awaddr), .m_axi_awlen(awlen), .m_axi_awsize(awsize),
        .m_axi_awburst(awburst), .m_axi_awcache(awcache), .m_axi_awprot(awprot), .m_axi_awvalid(awvalid),
        .m_axi_awready(awready), .m_axi_wdata(wdata), .m_axi_wstrb(wstrb), .m_axi_wlast(wlast), .m_axi_wvalid(wvalid),
        .m_axi_wready(wready), .m_axi_bid(1'b0), .m_axi_bresp(2'b00), .m_axi_bvalid(bvalid), .m_axi_bready(bready),
        .error(error));
    axi_memory #(.DATA_BYTES(8), .ADDRESS_BITS(ADDRESS_BITS), .BYTES(DRAM_BYTES)) dram (
        .clk(clk), .reset(reset), .stalls(1'b1), .seed(rate_clocks[31:0]), .read_latency(read_latency),
        .araddr(araddr), .arlen(arlen), .arvalid(arvalid), .arready(arready), .rdata(rdata), .rlast(rlast),
        .rvalid(rvalid), .rready(rready), .awaddr(awaddr), .awlen(awlen), .awvalid(awvalid), .awready(awready),
        .wdata(wdata), .wstrb(wstrb), .wvalid(wvalid), .wready(wready), .bvalid(bvalid), .bready(bready));
    axi_checker #(.DATA_BYTES(8), .ADDRESS_BITS(ADDRESS_BITS), .BURST_BEATS(16)) rules (
        .clk(clk), .reset(reset), .araddr(araddr), .arlen(arlen), .arsize(arsize), .arburst(arburst),
        .arvalid(arvalid), .arready(arready), .rlast(rlast), .rvalid(rvalid), .rready(rready), .awaddr(awaddr),
        .awlen(awlen), .awsize(awsize), .awburst(awburst), .awvalid(awvalid), .awready(awready), .wdata(wdata),
        .wstrb(wstrb), .wlast(wlast), .wvalid(wvalid), .wready(wready), .bvalid(bvalid), .bready(bready),
        .broken(broken), .bursts(bursts));

    assign load_begins = dut.core.core.core.load_begins;
    assign load_ends = dut.core.core.core.load_moves && dut.core.core.core.load_last;
    assign tile_begins = dut.core.core.core.tile_first;
    assign tile_ends = dut.core.core.core.tile_ends;
    skew #(.WIDTH(1), .DEPTH(READ_CYCLES)) streams (.clk(clk), .in(dut.core.core.core.stream_begins), .out(stream_begins));
    assign stream_ends = dut.core.core.core.stream_ends;
    assign column_ends = dut.core.core.core.ends;
    assign drain_begins = dut.core.core.core.drain_begins;
    assign drain_ends = dut.core.core.core.drain_moves && dut.core.core.core.drain_last;
    assign dram_read_bytes = dut.core.read_count;
    assign dram_written_bytes = dut.core.write_accepts;
    assign buffer_written_bytes = dut.core.core.core.buffer_write_count;
    assign ipmem_written_bytes = dut.core.core.core.load_to == 2'd0 ? dut.core.core.core.fill_count : 0;
    assign wtmem_written_bytes = dut.core.core.core.load_to == 2'd1 ? dut.core.core.core.fill_count : 0;
    assign sums_written = dut.core.core.core.arrives;
endmodule
`default_nettype wire
