// Test bench of a written layer program: driven_top behind a modelled DRAM. layers.cpp is the processor at its registers.
`default_nettype none
module layers_bench #(
    parameter LANES = 8,
    parameter COUNT_BITS = 20,
    parameter ADDRESS_BITS = 32,
    parameter DRAM_BYTES = 4096
) (
    input wire clk,
    input wire reset,
    input wire awvalid,
    output wire awready,
    input wire [7:0] awaddr,
    input wire wvalid,
    output wire wready,
    input wire [31:0] wdata,
    output wire bvalid,
    input wire bready,
    output wire [1:0] bresp,
    input wire arvalid,
    output wire arready,
    input wire [7:0] araddr,
    output wire rvalid,
    input wire rready,
    output wire [31:0] rdata,
    output wire [1:0] rresp,
    input wire stalls,
    input wire [63:0] rate_bytes,
    input wire [63:0] rate_clocks,
    input wire [31:0] read_latency,
    input wire [31:0] write_latency,
    output wire broken // a stream does not keep to the rules of AXI
);
    wire read_command_tvalid, read_command_tready, read_tvalid, read_tready, read_tlast;
    wire write_command_tvalid, write_command_tready, write_tvalid, write_tready, write_tlast;
    wire write_status_tvalid, write_status_tready;
    wire [2*COUNT_BITS+ADDRESS_BITS-1:0] read_command_tdata;
    wire [COUNT_BITS+ADDRESS_BITS-1:0] write_command_tdata;
    wire [8*LANES-1:0] read_tdata, write_tdata;
    wire [LANES-1:0] read_tkeep, write_tkeep;
    driven_top dut (
        .clk(clk), .reset(reset),
        .s_axil_awvalid(awvalid), .s_axil_awready(awready), .s_axil_awaddr(awaddr), .s_axil_wvalid(wvalid),
        .s_axil_wready(wready), .s_axil_wdata(wdata), .s_axil_bvalid(bvalid), .s_axil_bready(bready),
        .s_axil_bresp(bresp), .s_axil_arvalid(arvalid), .s_axil_arready(arready), .s_axil_araddr(araddr),
        .s_axil_rvalid(rvalid), .s_axil_rready(rready), .s_axil_rdata(rdata), .s_axil_rresp(rresp),
        .m_axis_read_command_tvalid(read_command_tvalid), .m_axis_read_command_tready(read_command_tready),
        .m_axis_read_command_tdata(read_command_tdata), .s_axis_read_tvalid(read_tvalid),
        .s_axis_read_tready(read_tready), .s_axis_read_tdata(read_tdata), .s_axis_read_tkeep(read_tkeep),
        .s_axis_read_tlast(read_tlast), .m_axis_write_command_tvalid(write_command_tvalid),
        .m_axis_write_command_tready(write_command_tready), .m_axis_write_command_tdata(write_command_tdata),
        .m_axis_write_tvalid(write_tvalid), .m_axis_write_tready(write_tready), .m_axis_write_tdata(write_tdata),
        .m_axis_write_tkeep(write_tkeep), .m_axis_write_tlast(write_tlast),
        .s_axis_write_status_tvalid(write_status_tvalid), .s_axis_write_status_tready(write_status_tready));
    stream_dram #(.LANES(LANES), .COUNT_BITS(COUNT_BITS), .ADDRESS_BITS(ADDRESS_BITS), .BYTES(DRAM_BYTES)) dram (
        .clk(clk), .reset(reset), .stalls(stalls), .rate_bytes(rate_bytes), .rate_clocks(rate_clocks),
        .read_latency(read_latency), .write_latency(write_latency), .read_command_tvalid(read_command_tvalid),
        .read_command_tready(read_command_tready), .read_command_tdata(read_command_tdata), .read_tvalid(read_tvalid),
        .read_tready(read_tready), .read_tdata(read_tdata), .read_tkeep(read_tkeep), .read_tlast(read_tlast),
        .read_wanted(dut.core.core.read_takes != 0),
        .write_command_tvalid(write_command_tvalid), .write_command_tready(write_command_tready),
        .write_command_tdata(write_command_tdata), .write_tvalid(write_tvalid), .write_tready(write_tready),
        .write_tdata(write_tdata), .write_tkeep(write_tkeep), .write_tlast(write_tlast),
        .write_status_tvalid(write_status_tvalid), .write_status_tready(write_status_tready),
        .broken(broken));
endmodule
`default_nettype wire
