// Cuts a command of bytes into INCR bursts of AXI4: whole beats from the one that holds the first byte on, none across
// 4 KiB, at most BURST_BEATS in one. Address and length stay as they are until the burst is taken.
`default_nettype none
module burst_splitter #(
    parameter DATA_BYTES = 8, // of a beat: a power of two, 8 to 64
    parameter BURST_BEATS = 256, // 16 to 256
    parameter COUNT_BITS = 20,
    parameter ADDRESS_BITS = 32 // log2(DATA_BYTES) + 10 at least: those of 1,024 beats
) (
    input wire clk,
    input wire reset,
    input wire start, // a command is taken: only while `idle`
    input wire [ADDRESS_BITS-1:0] address,
    input wire [COUNT_BITS-1:0] size, // bytes, at least 1
    output wire idle, // no burst is left once the one that is taken in this clock is
    output wire is_left, // a burst is to be sent
    input wire taken, // the burst goes with this clock
    output wire [ADDRESS_BITS-1:0] burst_address,
    output wire [7:0] burst_length // beats after the first
);
    localparam SHIFT = $clog2(DATA_BYTES);
    localparam PAGE_BITS = 12 - SHIFT; // beats in 4 KiB are 2**PAGE_BITS
    localparam BEAT_BITS = COUNT_BITS > 10 ? COUNT_BITS + 1 : 11;
    generate
        if (ADDRESS_BITS < SHIFT + 10) begin : refused // there is no such module
            ADDRESS_BITS_are_fewer_than_those_of_1024_beats narrow ();
        end
    endgenerate
    reg [ADDRESS_BITS-SHIFT-1:0] beat_address;
    reg [BEAT_BITS-1:0] left;
    initial left = 0;
    wire [PAGE_BITS:0] to_page = {1'b1, {PAGE_BITS{1'b0}}} - {1'b0, beat_address[PAGE_BITS-1:0]};
    wire [9:0] page = {{(9-PAGE_BITS){1'b0}}, to_page};
    wire [9:0] most = page < BURST_BEATS[9:0] ? page : BURST_BEATS[9:0];
    wire [9:0] beats = left < {{(BEAT_BITS-10){1'b0}}, most} ? left[9:0] : most;
    wire [9:0] after_first = beats - 10'd1;
    wire unused = &{1'b0, after_first[9:8]};
    assign is_left = left != 0;
    assign burst_address = {beat_address, {SHIFT{1'b0}}};
    assign burst_length = after_first[7:0];
    wire [BEAT_BITS-1:0] left_now = taken ? left - {{(BEAT_BITS-10){1'b0}}, beats} : left;
    assign idle = left_now == 0;
    wire [BEAT_BITS-1:0] last_byte =
        {{(BEAT_BITS-COUNT_BITS){1'b0}}, size} + {{(BEAT_BITS-SHIFT){1'b0}}, address[SHIFT-1:0]} - 1;
    always @(posedge clk) begin
        left <= reset ? 0 : start ? (last_byte >> SHIFT) + 1 : left_now;
        if (start) beat_address <= address[ADDRESS_BITS-1:SHIFT];
        else if (taken) beat_address <= beat_address + {{(ADDRESS_BITS-SHIFT-10){1'b0}}, beats};
    end
endmodule
`default_nettype wire
