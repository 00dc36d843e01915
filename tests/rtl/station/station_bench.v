// Test bench: the unit station with a DRAM.
`default_nettype none
module station_bench #(
    parameter UNITS = 31,
    parameter LANES = 8,
    parameter PORT_BYTES = 8,
    parameter WORDS = 4096,
    parameter MAX_ELEMENTS = 256,
    parameter MAX_CHANNELS = 384,
    parameter TOKEN_BITS = 4,
    parameter COMPARATORS = 4,
    parameter PREFIX = 1,
    parameter TABLE_BITS = 8,
    parameter COUNT_BITS = 20,
    parameter TABLE_WIDTH = 48 * LANES > 256 ? 48 * LANES : 256,
    parameter DRAM_BYTES = 8192
) (
    input wire clk,
    input wire reset,
    input wire table_write,
    input wire [1:0] table_select,
    input wire [TABLE_BITS-1:0] table_index,
    input wire [TABLE_WIDTH-1:0] table_data,
    input wire start,
    input wire [TABLE_BITS:0] operations,
    output wire done,
    output wire operation_ends, // with this clock
    input wire [63:0] rate_bytes,
    input wire [63:0] rate_clocks,
    input wire [31:0] read_latency,
    input wire [31:0] write_latency
);
    wire read_starts, write_starts, write_response;
    wire [31:0] read_address, write_address;
    wire [COUNT_BITS-1:0] read_lanes, read_takes, read_count, read_size, write_size, write_offers, write_accepts;
    wire [8*PORT_BYTES-1:0] read_data, write_data;
    unit_station #(
        .UNITS(UNITS), .LANES(LANES), .PORT_BYTES(PORT_BYTES), .WORDS(WORDS), .MAX_ELEMENTS(MAX_ELEMENTS),
        .MAX_CHANNELS(MAX_CHANNELS), .TOKEN_BITS(TOKEN_BITS), .COMPARATORS(COMPARATORS), .PREFIX(PREFIX),
        .TABLE_BITS(TABLE_BITS), .COUNT_BITS(COUNT_BITS), .TABLE_WIDTH(TABLE_WIDTH)
    ) station (
        .clk(clk), .reset(reset), .table_write(table_write), .table_select(table_select), .table_index(table_index),
        .table_data(table_data), .start(start), .operations(operations), .done(done), .read_starts(read_starts),
        .read_address(read_address), .read_size(read_size), .read_lanes(read_lanes), .read_takes(read_takes),
        .read_count(read_count), .read_data(read_data), .write_starts(write_starts), .write_address(write_address),
        .write_size(write_size), .write_offers(write_offers), .write_data(write_data), .write_accepts(write_accepts),
        .write_response(write_response));
    dram_model #(.LANES(PORT_BYTES), .COUNT_BITS(COUNT_BITS), .BYTES(DRAM_BYTES)) dram (
        .clk(clk), .reset(reset), .rate_bytes(rate_bytes), .rate_clocks(rate_clocks), .read_latency(read_latency),
        .write_latency(write_latency), .read_starts(read_starts), .read_address(read_address), .read_size(read_size),
        .read_takes(read_takes), .read_count(read_count), .read_data(read_data), .write_starts(write_starts),
        .write_address(write_address), .write_size(write_size), .write_offers(write_offers), .write_data(write_data),
        .write_accepts(write_accepts), .write_response(write_response));
    assign operation_ends = station.moves && station.last;
    wire unused = &{1'b0, read_lanes};
endmodule
`default_nettype wire
