// Registers of the accelerator behind an AXI4-Lite slave, 32 bits wide: a processor writes tables and settings, starts
// a GEMM or a pass of the units, and reads whether it is done and how many clocks it took. pivot_driver.h has the same
// map.
//
//   0x00  CONTROL        w  bit 0: start a GEMM, bit 1: start a pass of the units
//   0x04  STATUS         r  bit 0: done
//   0x08  CLOCKS         r  clocks of the last GEMM or pass, from the one after its start to done
//   0x0c  TABLE_SELECT   w  0 loads, 1 tiles, 2 streams, 3 drains; 4 operations of the units, 5 exponentials,
//                           6 activation, 7 LayerNorm's constants
//   0x10  TABLE_INDEX    w  puts the word in TABLE_DATA there
//   0x14  LOADS, 0x18 PASSES, 0x1c DRAINS, 0x20 NARROW_COLUMN   w
//   0x24  FORM           w  bit 0: biased, bit 1: outputs of 4 bytes
//   0x28  SCALE          w  bits 15..0: multiplier, bits 21..16: shift
//   0x2c  UNIT_OPERATIONS  w  of a pass
//   0x80  TABLE_DATA     w  a descriptor, its lowest 32 bits first
//
// Writes are of whole words (wstrb is not read). A write is taken when its address and its data are there, answered
// with OKAY, and so is any address that names no register; it reads as 0.
`default_nettype none
module control_registers #(
    parameter TABLE_BITS = 8,
    parameter COUNT_BITS = 20,
    parameter PROGRAM_BITS = 224 // 1,024 at most, which TABLE_DATA has
) (
    input wire clk,
    input wire reset,

    input wire s_axil_awvalid,
    output wire s_axil_awready,
    input wire [7:0] s_axil_awaddr,
    input wire s_axil_wvalid,
    output wire s_axil_wready,
    input wire [31:0] s_axil_wdata,
    output wire s_axil_bvalid,
    input wire s_axil_bready,
    output wire [1:0] s_axil_bresp,
    input wire s_axil_arvalid,
    output wire s_axil_arready,
    input wire [7:0] s_axil_araddr,
    output wire s_axil_rvalid,
    input wire s_axil_rready,
    output wire [31:0] s_axil_rdata,
    output wire [1:0] s_axil_rresp,

    output wire table_write,
    output wire [2:0] table_select,
    output wire [TABLE_BITS-1:0] table_index,
    output wire [PROGRAM_BITS-1:0] table_data,
    output wire start,
    output wire start_pass,
    output wire [COUNT_BITS-1:0] operations,
    input wire done, // of either
    output wire [COUNT_BITS-1:0] loads,
    output wire [COUNT_BITS-1:0] passes,
    output wire [COUNT_BITS-1:0] drains,
    output wire [COUNT_BITS-1:0] narrow_column,
    output wire biased,
    output wire wide,
    output wire [15:0] multiplier,
    output wire [5:0] shift
);
    localparam WORDS = (PROGRAM_BITS + 31) / 32;
    generate
        if (WORDS > 32) begin : refused // there is no such module
            PROGRAM_BITS_are_more_than_TABLE_DATA_has wide ();
        end
    endgenerate
    localparam [4:0] CONTROL = 0, STATUS = 1, CLOCKS = 2, TABLE_SELECT = 3, TABLE_INDEX = 4, LOADS = 5, PASSES = 6,
        DRAINS = 7, NARROW_COLUMN = 8, FORM = 9, SCALE = 10, UNIT_OPERATIONS = 11; // places of words below 0x80

    // ---- writes: address and data together
    reg answer_reg;
    wire writes = s_axil_awvalid && s_axil_wvalid && !answer_reg;
    assign s_axil_awready = writes;
    assign s_axil_wready = writes;
    assign s_axil_bvalid = answer_reg;
    assign s_axil_bresp = 2'b00;
    always @(posedge clk) answer_reg <= !reset && (writes || (answer_reg && !s_axil_bready));
    wire [4:0] place = s_axil_awaddr[6:2];
    wire writes_setting = writes && !s_axil_awaddr[7];

    wire [1:0] starts = !reset && writes_setting && place == CONTROL ? s_axil_wdata[1:0] : 2'd0;
    reg table_write_reg;
    reg [1:0] start_reg, form_reg;
    reg [2:0] select_reg;
    reg [TABLE_BITS-1:0] index_reg;
    reg [COUNT_BITS-1:0] loads_reg, passes_reg, drains_reg, narrow_reg, operations_reg;
    reg [21:0] scale_reg;
    always @(posedge clk) begin
        start_reg <= starts;
        table_write_reg <= !reset && writes_setting && place == TABLE_INDEX;
        if (writes_setting && place == TABLE_SELECT) select_reg <= s_axil_wdata[2:0];
        if (writes_setting && place == TABLE_INDEX) index_reg <= s_axil_wdata[TABLE_BITS-1:0];
        if (writes_setting && place == LOADS) loads_reg <= s_axil_wdata[COUNT_BITS-1:0];
        if (writes_setting && place == PASSES) passes_reg <= s_axil_wdata[COUNT_BITS-1:0];
        if (writes_setting && place == DRAINS) drains_reg <= s_axil_wdata[COUNT_BITS-1:0];
        if (writes_setting && place == NARROW_COLUMN) narrow_reg <= s_axil_wdata[COUNT_BITS-1:0];
        if (writes_setting && place == UNIT_OPERATIONS) operations_reg <= s_axil_wdata[COUNT_BITS-1:0];
        if (writes_setting && place == FORM) form_reg <= s_axil_wdata[1:0];
        if (writes_setting && place == SCALE) scale_reg <= s_axil_wdata[21:0];
    end
    assign {start_pass, start} = start_reg;
    assign operations = operations_reg;
    assign table_write = table_write_reg;
    assign table_select = select_reg;
    assign table_index = index_reg;
    assign loads = loads_reg;
    assign passes = passes_reg;
    assign drains = drains_reg;
    assign narrow_column = narrow_reg;
    assign {wide, biased} = form_reg;
    assign {shift, multiplier} = scale_reg;

    wire [32*WORDS-1:0] words;
    assign table_data = words[PROGRAM_BITS-1:0];
    wire unused = &{1'b0, words, s_axil_awaddr[1:0], s_axil_araddr[1:0]};
    genvar i;
    generate
        for (i = 0; i < WORDS; i = i + 1) begin : data
            localparam [4:0] PLACE = i;
            reg [31:0] word_reg;
            assign words[32*i +: 32] = word_reg;
            always @(posedge clk) if (writes && s_axil_awaddr[7] && place == PLACE) word_reg <= s_axil_wdata;
        end
    endgenerate

    // ---- a GEMM or a pass: the clocks after its start, until it is done, which the accelerator says for a clock
    reg runs_reg, done_reg;
    reg [31:0] clocks_reg;
    wire runs = runs_reg && !done;
    always @(posedge clk) begin
        runs_reg <= !reset && (start_reg != 0 || runs);
        done_reg <= !reset && start_reg == 0 && starts == 0 && (done_reg || done);
        clocks_reg <= start_reg != 0 ? 32'd0 : clocks_reg + {31'd0, runs};
    end

    // ---- reads
    reg read_reg;
    reg [31:0] value_reg;
    wire reads = s_axil_arvalid && !read_reg;
    wire [31:0] value = s_axil_araddr[7] ? 32'd0 : s_axil_araddr[6:2] == STATUS ? {31'd0, done_reg}
        : s_axil_araddr[6:2] == CLOCKS ? clocks_reg : 32'd0;
    assign s_axil_arready = reads;
    assign s_axil_rvalid = read_reg;
    assign s_axil_rdata = value_reg;
    assign s_axil_rresp = 2'b00;
    always @(posedge clk) begin
        read_reg <= !reset && (reads || (read_reg && !s_axil_rready));
        if (reads) value_reg <= value;
    end
endmodule
`default_nettype wire
