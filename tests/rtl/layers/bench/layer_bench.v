// Test bench of layer programs: the accelerator behind its registers, with a DRAM. A processor is at the AXI4-Lite side.
`default_nettype none
module layer_bench #(
    parameter OS = 0,
    parameter WS = 0,
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
    parameter MULTIPLIES = 1,
    parameter OUTSTANDING = 1,
    parameter PROGRAM_BITS = 11 * COUNT_BITS + 4 + (MASKED != 0 ? 2 * COUNT_BITS + R + C + 2 : 0),
    parameter UNITS = 0,
    parameter UNIT_LANES = 8,
    parameter UNIT_PORT_BYTES = LANES,
    parameter UNIT_WORDS = 1024,
    parameter UNIT_TABLE_BITS = 4,
    parameter MAX_ELEMENTS = 256,
    parameter MAX_CHANNELS = 384,
    parameter TOKEN_BITS = 4,
    parameter COMPARATORS = 4,
    parameter PREFIX = 1,
    parameter DATA_BITS = PROGRAM_BITS,
    parameter INDEX_BITS = TABLE_BITS,
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
    input wire [63:0] rate_bytes,
    input wire [63:0] rate_clocks,
    input wire [31:0] read_latency,
    input wire [31:0] write_latency
);
    wire table_write, start, start_pass, done, biased, wide;
    wire [2:0] table_select;
    wire [INDEX_BITS-1:0] table_index;
    wire [DATA_BITS-1:0] table_data;
    wire [COUNT_BITS-1:0] loads, passes, drains, narrow_column, operations;
    wire [15:0] multiplier;
    wire [5:0] shift;
    control_registers #(.TABLE_BITS(INDEX_BITS), .COUNT_BITS(COUNT_BITS), .PROGRAM_BITS(DATA_BITS)) registers (
        .clk(clk), .reset(reset), .s_axil_awvalid(awvalid), .s_axil_awready(awready), .s_axil_awaddr(awaddr),
        .s_axil_wvalid(wvalid), .s_axil_wready(wready), .s_axil_wdata(wdata), .s_axil_bvalid(bvalid),
        .s_axil_bready(bready), .s_axil_bresp(bresp), .s_axil_arvalid(arvalid), .s_axil_arready(arready),
        .s_axil_araddr(araddr), .s_axil_rvalid(rvalid), .s_axil_rready(rready), .s_axil_rdata(rdata),
        .s_axil_rresp(rresp), .table_write(table_write), .table_select(table_select), .table_index(table_index),
        .table_data(table_data), .start(start), .start_pass(start_pass),
        .operations(operations), .done(done), .loads(loads), .passes(passes), .drains(drains),
        .narrow_column(narrow_column), .biased(biased), .wide(wide), .multiplier(multiplier), .shift(shift));

    wire read_starts, write_starts, write_response;
    wire [ADDRESS_BITS-1:0] read_address, write_address;
    wire [COUNT_BITS-1:0] read_lanes, read_takes, read_count, read_size, write_size, write_offers, write_accepts;
    wire [8*LANES-1:0] read_data, write_data;
    unit_accelerator #(
        .R(R), .C(C), .OVERLAP(OVERLAP), .MREG(MREG), .SLICES(SLICES), .MAC_PACKING(MAC_PACKING),
        .OS_EDGE_REGISTER(OS_EDGE_REGISTER), .READ_CYCLES(READ_CYCLES), .LANES(LANES), .IPMEM_BYTES(IPMEM_BYTES), .WTMEM_BYTES(WTMEM_BYTES),
        .OPMEM_DEPTH(OPMEM_DEPTH), .OPMEM_HALVES(OPMEM_HALVES), .BUFFER_BYTES(BUFFER_BYTES), .BIAS_BYTES(BIAS_BYTES),
        .BIAS_LANES(BIAS_LANES), .BANK_BITS(BANK_BITS), .BIAS_BANK_BITS(BIAS_BANK_BITS), .TABLE_BITS(TABLE_BITS), .COUNT_BITS(COUNT_BITS),
        .ADDRESS_BITS(ADDRESS_BITS), .MASKED(MASKED), .MULTIPLIES(MULTIPLIES), .OUTSTANDING(OUTSTANDING),
        .UNITS(UNITS), .UNIT_LANES(UNIT_LANES), .UNIT_PORT_BYTES(UNIT_PORT_BYTES), .UNIT_WORDS(UNIT_WORDS), .UNIT_TABLE_BITS(UNIT_TABLE_BITS), .MAX_ELEMENTS(MAX_ELEMENTS),
        .MAX_CHANNELS(MAX_CHANNELS), .TOKEN_BITS(TOKEN_BITS), .COMPARATORS(COMPARATORS), .PREFIX(PREFIX), .PROGRAM_BITS(PROGRAM_BITS), .DATA_BITS(DATA_BITS), .INDEX_BITS(INDEX_BITS)
    ) dut (
        .clk(clk), .reset(reset), .table_write(table_write), .table_select(table_select), .table_index(table_index),
        .table_data(table_data), .start(start), .start_pass(start_pass),
        .operations(operations), .done(done), .output_stationary(OS != 0), .weight_stationary(WS != 0),
        .loads(loads), .passes(passes), .drains(drains), .narrow_column(narrow_column), .biased(biased), .wide(wide),
        .multiplier(multiplier), .shift(shift),
        .read_starts(read_starts), .read_accepts(1'b1), .read_address(read_address), .read_size(read_size),
        .read_lanes(read_lanes), .read_takes(read_takes),
        .read_count(read_count), .read_data(read_data), .write_starts(write_starts), .write_address(write_address),
        .write_size(write_size), .write_offers(write_offers), .write_data(write_data), .write_accepts(write_accepts),
        .write_response(write_response));
    dram_model #(.LANES(LANES), .COUNT_BITS(COUNT_BITS), .ADDRESS_BITS(ADDRESS_BITS), .BYTES(DRAM_BYTES)) dram (
        .clk(clk), .reset(reset), .rate_bytes(rate_bytes), .rate_clocks(rate_clocks), .read_latency(read_latency),
        .write_latency(write_latency), .read_starts(read_starts), .read_address(read_address),
        .read_size(read_size), .read_takes(read_takes), .read_count(read_count), .read_data(read_data), .write_starts(write_starts),
        .write_address(write_address), .write_size(write_size), .write_offers(write_offers),
        .write_data(write_data), .write_accepts(write_accepts), .write_response(write_response));
    wire unused = &{1'b0, read_lanes};
endmodule
`default_nettype wire
