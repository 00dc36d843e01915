// Test bench: the accelerator with a DRAM, and the events of a run as wires. Nothing in the accelerator serves them.
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
    parameter BANK_BITS = 3,
    parameter BIAS_LANES = 4 * C,
    parameter BIAS_BANK_BITS = 4,
    parameter TABLE_BITS = 8,
    parameter COUNT_BITS = 20,
    parameter ADDRESS_BITS = 32,
    parameter MASKED = 0,
    parameter MULTIPLIES = 0,
    parameter OUTSTANDING = 1,
    parameter ULTRA = 0,
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
    wire read_starts, write_starts, write_response;
    wire [ADDRESS_BITS-1:0] read_address, write_address;
    wire [COUNT_BITS-1:0] read_lanes, read_takes, read_count, read_size, write_size, write_offers, write_accepts;
    wire [8*LANES-1:0] read_data, write_data;
    accelerator #(
        .R(R), .C(C), .OVERLAP(OVERLAP), .MREG(MREG), .SLICES(SLICES), .MAC_PACKING(MAC_PACKING), .OS_EDGE_REGISTER(OS_EDGE_REGISTER),
        .READ_CYCLES(READ_CYCLES), .LANES(LANES), .IPMEM_BYTES(IPMEM_BYTES), .WTMEM_BYTES(WTMEM_BYTES), .OPMEM_DEPTH(OPMEM_DEPTH),
        .OPMEM_HALVES(OPMEM_HALVES), .BUFFER_BYTES(BUFFER_BYTES), .BIAS_BYTES(BIAS_BYTES),
        .BIAS_LANES(BIAS_LANES), .BANK_BITS(BANK_BITS),
        .BIAS_BANK_BITS(BIAS_BANK_BITS), .TABLE_BITS(TABLE_BITS), .COUNT_BITS(COUNT_BITS), .ADDRESS_BITS(ADDRESS_BITS),
        .MASKED(MASKED), .MULTIPLIES(MULTIPLIES), .OUTSTANDING(OUTSTANDING), .ULTRA(ULTRA)
    ) dut (
        .clk(clk), .reset(reset), .table_write(table_write), .table_select(table_select), .table_index(table_index),
        .table_data(table_data), .start(start), .done(done), .output_stationary(output_stationary),
        .weight_stationary(weight_stationary), .loads(loads), .passes(passes), .drains(drains),
        .narrow_column(narrow_column), .biased(biased), .wide(wide), .multiplier(multiplier), .shift(shift),
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

    assign load_begins = dut.load_begins;
    assign load_ends = dut.load_moves && dut.load_last;
    assign tile_begins = dut.tile_first;
    assign tile_ends = dut.tile_ends;
    skew #(.WIDTH(1), .DEPTH(READ_CYCLES)) streams (.clk(clk), .in(dut.stream_begins), .out(stream_begins));
    assign stream_ends = dut.stream_ends;
    assign column_ends = dut.ends;
    assign drain_begins = dut.drain_begins;
    assign drain_ends = dut.drain_moves && dut.drain_last;
    assign dram_read_bytes = read_count;
    assign dram_written_bytes = write_accepts;
    assign buffer_written_bytes = dut.buffer_write_count;
    assign ipmem_written_bytes = dut.load_to == 2'd0 ? dut.fill_count : 0;
    assign wtmem_written_bytes = dut.load_to == 2'd1 ? dut.fill_count : 0;
    assign sums_written = dut.arrives;
endmodule
`default_nettype wire
