// The accelerator with DRAM behind AXI streams: tvalid, tready, tdata, tkeep, tlast; a command stream for each direction
// says what comes or goes. What the streams say stands in read_stream.v and write_stream.v; tables and settings are as in
// accelerator.v. No register slice stands between: a run takes the clocks that it takes without streams.
`default_nettype none
module stream_accelerator #(
    parameter R = 4,
    parameter C = 4,
    parameter OVERLAP = 0,
    parameter MREG = 0,
    parameter MAC_PACKING = 1,
    parameter SLICES = 0,
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
    parameter MULTIPLIES = 0, // outputs are scaled by a multiplier, not shifted alone
    parameter OUTSTANDING = 1,
    parameter ULTRA = 0,
    parameter GEARBOX = 1, // some loads take fewer bytes a clock than the stream has lanes
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

    output wire m_axis_read_command_tvalid,
    input wire m_axis_read_command_tready,
    output wire [2*COUNT_BITS+ADDRESS_BITS-1:0] m_axis_read_command_tdata,
    input wire s_axis_read_tvalid,
    output wire s_axis_read_tready,
    input wire [8*LANES-1:0] s_axis_read_tdata,
    input wire [LANES-1:0] s_axis_read_tkeep,
    input wire s_axis_read_tlast, // not read: the command states how many come

    output wire m_axis_write_command_tvalid,
    input wire m_axis_write_command_tready,
    output wire [COUNT_BITS+ADDRESS_BITS-1:0] m_axis_write_command_tdata,
    output wire m_axis_write_tvalid,
    input wire m_axis_write_tready,
    output wire [8*LANES-1:0] m_axis_write_tdata,
    output wire [LANES-1:0] m_axis_write_tkeep,
    output wire m_axis_write_tlast,
    input wire s_axis_write_status_tvalid,
    output wire s_axis_write_status_tready
);
    wire read_starts, write_starts, write_response;
    wire [ADDRESS_BITS-1:0] read_address, write_address;
    wire [COUNT_BITS-1:0] read_size, read_lanes, read_takes, read_count, write_size, write_offers, write_accepts;
    wire [8*LANES-1:0] read_data, write_data;
    unit_accelerator #(
        .R(R), .C(C), .OVERLAP(OVERLAP), .MREG(MREG), .SLICES(SLICES), .MAC_PACKING(MAC_PACKING), .OS_EDGE_REGISTER(OS_EDGE_REGISTER),
        .READ_CYCLES(READ_CYCLES), .LANES(LANES), .IPMEM_BYTES(IPMEM_BYTES), .WTMEM_BYTES(WTMEM_BYTES),
        .OPMEM_DEPTH(OPMEM_DEPTH), .OPMEM_HALVES(OPMEM_HALVES), .BUFFER_BYTES(BUFFER_BYTES), .BIAS_BYTES(BIAS_BYTES),
        .BIAS_LANES(BIAS_LANES), .BANK_BITS(BANK_BITS), .BIAS_BANK_BITS(BIAS_BANK_BITS), .TABLE_BITS(TABLE_BITS),
        .COUNT_BITS(COUNT_BITS), .ADDRESS_BITS(ADDRESS_BITS), .MASKED(MASKED), .MULTIPLIES(MULTIPLIES), .OUTSTANDING(OUTSTANDING), .ULTRA(ULTRA),
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
        .read_starts(read_starts), .read_accepts(m_axis_read_command_tready), .read_address(read_address),
        .read_size(read_size), .read_lanes(read_lanes), .read_takes(read_takes),
        .read_count(read_count), .read_data(read_data), .write_starts(write_starts), .write_address(write_address),
        .write_size(write_size), .write_offers(write_offers), .write_data(write_data), .write_accepts(write_accepts),
        .write_response(write_response));
    read_stream #(.LANES(LANES), .COUNT_BITS(COUNT_BITS), .ADDRESS_BITS(ADDRESS_BITS), .GEARBOX(GEARBOX)) reads (
        .clk(clk), .reset(reset), .starts(read_starts), .address(read_address), .size(read_size), .lanes(read_lanes),
        .takes(read_takes), .count(read_count), .data(read_data), .command_tvalid(m_axis_read_command_tvalid),
        .command_tready(m_axis_read_command_tready), .command_tdata(m_axis_read_command_tdata),
        .tvalid(s_axis_read_tvalid), .tready(s_axis_read_tready), .tdata(s_axis_read_tdata),
        .tkeep(s_axis_read_tkeep));
    write_stream #(.LANES(LANES), .COUNT_BITS(COUNT_BITS), .ADDRESS_BITS(ADDRESS_BITS)) writes (
        .clk(clk), .reset(reset), .starts(write_starts), .address(write_address), .size(write_size),
        .offers(write_offers), .data(write_data), .accepts(write_accepts), .response(write_response),
        .command_tvalid(m_axis_write_command_tvalid), .command_tready(m_axis_write_command_tready),
        .command_tdata(m_axis_write_command_tdata), .tvalid(m_axis_write_tvalid), .tready(m_axis_write_tready),
        .tdata(m_axis_write_tdata), .tkeep(m_axis_write_tkeep), .tlast(m_axis_write_tlast),
        .status_tvalid(s_axis_write_status_tvalid), .status_tready(s_axis_write_status_tready));
    wire unused = &{1'b0, s_axis_read_tlast};
endmodule
`default_nettype wire
