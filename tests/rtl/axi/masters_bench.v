// Both masters on one memory, with a checker beside them. The bridge drives their streams.
`default_nettype none
module masters_bench #(
    parameter LANES = 8,
    parameter DATA_BYTES = 8,
    parameter BURST_BEATS = 256,
    parameter OUTSTANDING = 8,
    parameter BURST_BITS = 3,
    parameter COUNT_BITS = 20,
    parameter ADDRESS_BITS = 32
) (
    input wire clk,
    input wire reset,
    input wire stalls,
    input wire [31:0] seed,
    input wire [31:0] read_latency,
    input wire read_valid,
    output wire read_ready,
    input wire [COUNT_BITS-1:0] read_size,
    input wire [ADDRESS_BITS-1:0] read_address,
    output wire out_valid,
    input wire out_ready,
    output wire [8*LANES-1:0] out_data,
    output wire [LANES-1:0] out_keep,
    output wire out_last,
    input wire write_valid,
    output wire write_ready,
    input wire [COUNT_BITS-1:0] write_size,
    input wire [ADDRESS_BITS-1:0] write_address,
    input wire in_valid,
    output wire in_ready,
    input wire [8*LANES-1:0] in_data,
    input wire [LANES-1:0] in_keep,
    input wire in_last,
    output wire status_valid,
    output wire error,
    output wire [14:0] broken,
    output wire [31:0] bursts
);
    wire [ADDRESS_BITS-1:0] araddr, awaddr;
    wire [7:0] arlen, awlen;
    wire [2:0] arsize, awsize, arprot, awprot;
    wire [1:0] arburst, awburst;
    wire [3:0] arcache, awcache;
    wire arvalid, arready, rlast, rvalid, rready, awvalid, awready, wlast, wvalid, wready, bvalid, bready, arid, awid;
    wire [8*DATA_BYTES-1:0] rdata, wdata;
    wire [DATA_BYTES-1:0] wstrb;
    wire read_error, write_error;
    assign error = read_error || write_error;
    axi_read_master #(.LANES(LANES), .DATA_BYTES(DATA_BYTES), .BURST_BEATS(BURST_BEATS), .OUTSTANDING(OUTSTANDING),
                      .COUNT_BITS(COUNT_BITS), .ADDRESS_BITS(ADDRESS_BITS)) reads (
        .clk(clk), .reset(reset), .s_axis_command_tvalid(read_valid), .s_axis_command_tready(read_ready),
        .s_axis_command_tdata({{COUNT_BITS{1'b0}}, read_size, read_address}), .m_axis_tvalid(out_valid),
        .m_axis_tready(out_ready), .m_axis_tdata(out_data), .m_axis_tkeep(out_keep), .m_axis_tlast(out_last),
        .m_axi_arid(arid), .m_axi_araddr(araddr), .m_axi_arlen(arlen), .m_axi_arsize(arsize), .m_axi_arburst(arburst),
        .m_axi_arcache(arcache), .m_axi_arprot(arprot), .m_axi_arvalid(arvalid), .m_axi_arready(arready),
        .m_axi_rid(1'b0), .m_axi_rdata(rdata), .m_axi_rresp(2'b00), .m_axi_rlast(rlast), .m_axi_rvalid(rvalid),
        .m_axi_rready(rready), .error(read_error));
    axi_write_master #(.LANES(LANES), .DATA_BYTES(DATA_BYTES), .BURST_BEATS(BURST_BEATS), .BURST_BITS(BURST_BITS),
                       .COUNT_BITS(COUNT_BITS), .ADDRESS_BITS(ADDRESS_BITS)) writes (
        .clk(clk), .reset(reset), .s_axis_command_tvalid(write_valid), .s_axis_command_tready(write_ready),
        .s_axis_command_tdata({write_size, write_address}), .s_axis_tvalid(in_valid), .s_axis_tready(in_ready),
        .s_axis_tdata(in_data), .s_axis_tkeep(in_keep), .s_axis_tlast(in_last), .m_axis_status_tvalid(status_valid),
        .m_axis_status_tready(1'b1), .m_axi_awid(awid), .m_axi_awaddr(awaddr), .m_axi_awlen(awlen),
        .m_axi_awsize(awsize), .m_axi_awburst(awburst), .m_axi_awcache(awcache), .m_axi_awprot(awprot),
        .m_axi_awvalid(awvalid), .m_axi_awready(awready), .m_axi_wdata(wdata), .m_axi_wstrb(wstrb),
        .m_axi_wlast(wlast), .m_axi_wvalid(wvalid), .m_axi_wready(wready), .m_axi_bid(1'b0), .m_axi_bresp(2'b00),
        .m_axi_bvalid(bvalid), .m_axi_bready(bready), .error(write_error));
    axi_memory #(.DATA_BYTES(DATA_BYTES), .ADDRESS_BITS(ADDRESS_BITS)) memory (
        .clk(clk), .reset(reset), .stalls(stalls), .seed(seed), .read_latency(read_latency), .araddr(araddr),
        .arlen(arlen), .arvalid(arvalid), .arready(arready), .rdata(rdata), .rlast(rlast), .rvalid(rvalid),
        .rready(rready), .awaddr(awaddr), .awlen(awlen), .awvalid(awvalid), .awready(awready), .wdata(wdata),
        .wstrb(wstrb), .wvalid(wvalid), .wready(wready), .bvalid(bvalid), .bready(bready));
    axi_checker #(.DATA_BYTES(DATA_BYTES), .ADDRESS_BITS(ADDRESS_BITS), .BURST_BEATS(BURST_BEATS), .READS(OUTSTANDING),
                  .WRITES(1 << BURST_BITS)) rules (
        .clk(clk), .reset(reset), .araddr(araddr), .arlen(arlen), .arsize(arsize), .arburst(arburst),
        .arvalid(arvalid), .arready(arready), .rlast(rlast), .rvalid(rvalid), .rready(rready), .awaddr(awaddr),
        .awlen(awlen), .awsize(awsize), .awburst(awburst), .awvalid(awvalid), .awready(awready), .wdata(wdata),
        .wstrb(wstrb), .wlast(wlast), .wvalid(wvalid), .wready(wready), .bvalid(bvalid), .bready(bready),
        .broken(broken), .bursts(bursts));
    wire unused = &{1'b0, arid, awid, arcache, awcache, arprot, awprot};
endmodule
`default_nettype wire
