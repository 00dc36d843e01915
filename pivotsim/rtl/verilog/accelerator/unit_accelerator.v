// The accelerator and its units behind one port of DRAM: a GEMM runs, or a pass of the units, never both. UNITS 0 is the
// accelerator alone. Ports are those of accelerator.v and of unit_station.v; tables from 4 on are the units'.
// Both see what DRAM answers: a mover that does not move counts nothing, and begins anew.
`default_nettype none
module unit_accelerator #(
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
    parameter ULTRA = 0, // memories in UltraRAM, see accelerator.v
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
    input wire reset, // held for R + C + 2 * MREG + READ_CYCLES clocks

    // tables
    input wire table_write,
    input wire [2:0] table_select,
    input wire [INDEX_BITS-1:0] table_index,
    input wire [DATA_BITS-1:0] table_data,

    // the GEMM: held from start to done
    input wire start,
    input wire start_pass,
    input wire [COUNT_BITS-1:0] operations, // of the pass
    output wire done,
    input wire output_stationary,
    input wire weight_stationary, // neither: input stationary
    input wire [COUNT_BITS-1:0] loads,
    input wire [COUNT_BITS-1:0] passes,
    input wire [COUNT_BITS-1:0] drains,
    input wire [COUNT_BITS-1:0] narrow_column, // where a pass with fewer columns ends
    input wire biased,
    input wire wide, // outputs of 4 bytes
    input wire [15:0] multiplier,
    input wire [5:0] shift,

    // DRAM, read side: a request, then bytes in order, 0 .. read_takes a clock
    output wire read_starts, // one clock for each request; with OUTSTANDING above 1 until it is accepted
    input wire read_accepts, // read with OUTSTANDING above 1
    output wire [ADDRESS_BITS-1:0] read_address,
    output wire [COUNT_BITS-1:0] read_size,
    output wire [COUNT_BITS-1:0] read_lanes, // bytes a clock at most
    output wire [COUNT_BITS-1:0] read_takes,
    input wire [COUNT_BITS-1:0] read_count,
    input wire [8*LANES-1:0] read_data,
    // DRAM, write side: the same, then a response
    output wire write_starts,
    output wire [ADDRESS_BITS-1:0] write_address,
    output wire [COUNT_BITS-1:0] write_size,
    output wire [COUNT_BITS-1:0] write_offers,
    output wire [8*LANES-1:0] write_data,
    input wire [COUNT_BITS-1:0] write_accepts,
    input wire write_response
);
    wire core_starts, core_write_starts, core_done;
    wire [ADDRESS_BITS-1:0] core_read_address, core_write_address;
    wire [COUNT_BITS-1:0] core_read_size, core_read_lanes, core_takes, core_write_size, core_offers;
    wire [8*LANES-1:0] core_write_data;
    accelerator #(
        .R(R), .C(C), .OVERLAP(OVERLAP), .MREG(MREG), .SLICES(SLICES), .MAC_PACKING(MAC_PACKING),
        .OS_EDGE_REGISTER(OS_EDGE_REGISTER), .READ_CYCLES(READ_CYCLES), .LANES(LANES), .IPMEM_BYTES(IPMEM_BYTES),
        .WTMEM_BYTES(WTMEM_BYTES), .OPMEM_DEPTH(OPMEM_DEPTH), .OPMEM_HALVES(OPMEM_HALVES),
        .BUFFER_BYTES(BUFFER_BYTES), .BIAS_BYTES(BIAS_BYTES), .BANK_BITS(BANK_BITS), .BIAS_LANES(BIAS_LANES),
        .BIAS_BANK_BITS(BIAS_BANK_BITS), .TABLE_BITS(TABLE_BITS), .COUNT_BITS(COUNT_BITS),
        .ADDRESS_BITS(ADDRESS_BITS), .MASKED(MASKED), .MULTIPLIES(MULTIPLIES), .OUTSTANDING(OUTSTANDING), .ULTRA(ULTRA)
    ) core (
        .clk(clk), .reset(reset), .table_write(table_write && !table_select[2]), .table_select(table_select[1:0]),
        .table_index(table_index[TABLE_BITS-1:0]), .table_data(table_data[PROGRAM_BITS-1:0]), .start(start), .done(core_done),
        .output_stationary(output_stationary), .weight_stationary(weight_stationary), .loads(loads), .passes(passes),
        .drains(drains), .narrow_column(narrow_column), .biased(biased), .wide(wide), .multiplier(multiplier),
        .shift(shift), .read_starts(core_starts), .read_accepts(read_accepts), .read_address(core_read_address),
        .read_size(core_read_size), .read_lanes(core_read_lanes), .read_takes(core_takes),
        .read_count(read_count), .read_data(read_data), .write_starts(core_write_starts),
        .write_address(core_write_address), .write_size(core_write_size), .write_offers(core_offers),
        .write_data(core_write_data), .write_accepts(write_accepts),
        .write_response(write_response));
    generate
        if (UNITS == 0) begin : alone
            assign done = core_done;
            assign {read_starts, read_address, read_size, read_lanes, read_takes}
                = {core_starts, core_read_address, core_read_size, core_read_lanes, core_takes};
            assign {write_starts, write_address, write_size, write_offers, write_data}
                = {core_write_starts, core_write_address, core_write_size, core_offers, core_write_data};
            wire unused = &{1'b0, start_pass, operations, table_data, table_index, UNIT_LANES[0], UNIT_PORT_BYTES[0],
                UNIT_WORDS[0], UNIT_TABLE_BITS[0], MAX_ELEMENTS[0], MAX_CHANNELS[0], TOKEN_BITS[0], COMPARATORS[0],
                PREFIX[0]};
        end else begin : with_units
            wire unit_starts, unit_write_starts, unit_done;
            wire [ADDRESS_BITS-1:0] unit_read_address, unit_write_address;
            wire [COUNT_BITS-1:0] unit_read_size, unit_takes, unit_write_size, unit_offers;
            wire [8*LANES-1:0] unit_write_data;
            reg pass_reg; // DRAM is the units'
            initial pass_reg = 0;
            always @(posedge clk) pass_reg <= !reset && (start_pass || (pass_reg && !unit_done));
            wire [COUNT_BITS-1:0] unit_lanes;
            if (LANES > UNIT_PORT_BYTES) begin : narrow
                assign unit_write_data[8*LANES-1:8*UNIT_PORT_BYTES] = 0;
            end
            unit_station #(
                .UNITS(UNITS), .LANES(UNIT_LANES), .PORT_BYTES(UNIT_PORT_BYTES), .WORDS(UNIT_WORDS),
                .MAX_ELEMENTS(MAX_ELEMENTS), .MAX_CHANNELS(MAX_CHANNELS), .TOKEN_BITS(TOKEN_BITS),
                .COMPARATORS(COMPARATORS), .PREFIX(PREFIX), .TABLE_BITS(UNIT_TABLE_BITS), .COUNT_BITS(COUNT_BITS),
                .ADDRESS_BITS(ADDRESS_BITS), .TABLE_WIDTH(DATA_BITS)
            ) units (
                .clk(clk), .reset(reset), .table_write(table_write && table_select[2]),
                .table_select(table_select[1:0]), .table_index(table_index[UNIT_TABLE_BITS-1:0]),
                .table_data(table_data), .start(start_pass), .operations(operations[UNIT_TABLE_BITS:0]),
                .done(unit_done), .read_starts(unit_starts), .read_address(unit_read_address),
                .read_size(unit_read_size), .read_lanes(unit_lanes), .read_takes(unit_takes),
                .read_count(read_count), .read_data(read_data[8*UNIT_PORT_BYTES-1:0]),
                .write_starts(unit_write_starts), .write_address(unit_write_address), .write_size(unit_write_size),
                .write_offers(unit_offers), .write_data(unit_write_data[8*UNIT_PORT_BYTES-1:0]),
                .write_accepts(write_accepts),
                .write_response(write_response));
            wire unused = &{1'b0, operations, table_index};
            assign done = core_done || unit_done;
            assign {read_starts, read_address, read_size, read_lanes, read_takes} = pass_reg
                ? {unit_starts, unit_read_address, unit_read_size, unit_lanes, unit_takes}
                : {core_starts, core_read_address, core_read_size, core_read_lanes, core_takes};
            assign {write_starts, write_address, write_size, write_offers, write_data} = pass_reg
                ? {unit_write_starts, unit_write_address, unit_write_size, unit_offers, unit_write_data}
                : {core_write_starts, core_write_address, core_write_size, core_offers, core_write_data};
        end
    endgenerate
endmodule
`default_nettype wire
