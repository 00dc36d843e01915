// Test bench of a written design: its top behind a modelled DRAM. main.cpp drives what is left of the ports.
`default_nettype none
module bench #(
    parameter LANES = 8,
    parameter TABLE_BITS = 8,
    parameter COUNT_BITS = 20,
    parameter ADDRESS_BITS = 32,
    parameter PROGRAM_BITS = 224,
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
    input wire [COUNT_BITS-1:0] loads,
    input wire [COUNT_BITS-1:0] passes,
    input wire [COUNT_BITS-1:0] drains,
    input wire [COUNT_BITS-1:0] narrow_column,
    input wire biased,
    input wire wide,
    input wire [15:0] multiplier,
    input wire [5:0] shift,
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
    top dut (
`ifdef UNITS
        .table_select({1'b0, table_select}), .start_pass(1'b0), .operations({COUNT_BITS{1'b0}}),
`else
        .table_select(table_select),
`endif
        .clk(clk), .reset(reset), .table_write(table_write), .table_index(table_index),
        .table_data(table_data), .start(start), .done(done), .loads(loads), .passes(passes), .drains(drains),
        .narrow_column(narrow_column), .biased(biased), .wide(wide), .multiplier(multiplier), .shift(shift),
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
        .read_wanted(dut.core.read_takes != 0),
        .write_command_tvalid(write_command_tvalid), .write_command_tready(write_command_tready),
        .write_command_tdata(write_command_tdata), .write_tvalid(write_tvalid), .write_tready(write_tready),
        .write_tdata(write_tdata), .write_tkeep(write_tkeep), .write_tlast(write_tlast),
        .write_status_tvalid(write_status_tvalid), .write_status_tready(write_status_tready),
        .broken(broken));
endmodule
`default_nettype wire
