// Model of the DRAM behind AXI streams, for the bench: a memory of bytes, a rate and a latency for each direction. Not for
// synthesis. The streams are those of read_stream.v and write_stream.v.
//
// A read may move floor((t + 1) * rate_bytes / rate_clocks) bytes by the end of clock t after its latency and after the
// accelerator turned to it, a write by the end of clock t after its first byte comes; rate_bytes 0 is no limit. Bytes to write wait
// in a queue of a few beats, as they do in front of a memory's controller. With `stalls` it hesitates at random, in every
// stream, and sends full beats to a gearbox: that takes more clocks and must change no byte.
`default_nettype none
module stream_dram #(
    parameter LANES = 8,
    parameter COUNT_BITS = 20,
    parameter ADDRESS_BITS = 32,
    parameter BYTES = 4096
) (
    input wire clk,
    input wire reset,
    input wire stalls,
    input wire [63:0] rate_bytes,
    input wire [63:0] rate_clocks,
    input wire [31:0] read_latency,
    input wire [31:0] write_latency,

    input wire read_command_tvalid,
    output wire read_command_tready,
    input wire [2*COUNT_BITS+ADDRESS_BITS-1:0] read_command_tdata,
    output wire read_tvalid,
    input wire read_tready,
    output wire [8*LANES-1:0] read_tdata,
    output wire [LANES-1:0] read_tkeep,
    output wire read_tlast,
    input wire read_wanted, // the accelerator has turned to the read in front

    input wire write_command_tvalid,
    output wire write_command_tready,
    input wire [COUNT_BITS+ADDRESS_BITS-1:0] write_command_tdata,
    input wire write_tvalid,
    output wire write_tready,
    input wire [8*LANES-1:0] write_tdata,
    input wire [LANES-1:0] write_tkeep,
    input wire write_tlast,
    output wire write_status_tvalid,
    input wire write_status_tready,
    output reg broken // a stream of the accelerator has not kept to the rules of AXI
);
    localparam [31:0] WIDTH = LANES;
    localparam INDEX_BITS = BYTES > 1 ? $clog2(BYTES) : 1; // at most ADDRESS_BITS: what lies beyond is not there
    localparam [63:0] BEAT = {32'd0, WIDTH}, QUEUE = {30'd0, WIDTH, 2'd0};
    reg [7:0] bytes [0:BYTES-1] /* verilator public_flat_rw */;

    function [63:0] least(input [63:0] one, input [63:0] other);
        least = one < other ? one : other;
    endfunction

    reg [31:0] noise; // xorshift
    wire [31:0] once = noise ^ (noise << 13);
    wire [31:0] twice = once ^ (once >> 17);
    always @(posedge clk) noise <= reset ? 32'd2463534242 : twice ^ (twice << 5);
    wire [4:0] waits_now = stalls ? noise[4:0] : 5'd0; // read command, read beat, write command, write beat, status

    // ---- reads: commands wait in order, each for its latency from the clock in which it came
    reg [2*COUNT_BITS+ADDRESS_BITS-1:0] waiting [0:15];
    reg [31:0] waiting_due [0:15], now;
    reg [4:0] commands_in, commands_out;
    wire is_empty = commands_in == commands_out;
    wire read_begins = read_command_tvalid && read_command_tready;
    assign read_command_tready = commands_in - commands_out != 5'd16 && !waits_now[0];
    wire [COUNT_BITS-1:0] lanes, read_size;
    wire [ADDRESS_BITS-1:0] read_first;
    assign {lanes, read_size, read_first} = is_empty ? read_command_tdata : waiting[commands_out[3:0]];
    wire [31:0] due = is_empty ? now + read_latency : waiting_due[commands_out[3:0]];
    wire flows = (!is_empty || read_begins) && now >= due && read_wanted; // and the rate counts
    reg [63:0] read_credit, given;
    wire [63:0] credit = read_credit + rate_bytes;
    wire [63:0] left = {{(64-COUNT_BITS){1'b0}}, read_size} - given;
    wire [63:0] wanted = least(left, stalls ? BEAT : {{(64-COUNT_BITS){1'b0}}, lanes});
    wire [ADDRESS_BITS-1:0] read_address = read_first + given[ADDRESS_BITS-1:0];
    reg read_stays; // a beat that is not taken does not change
    reg [63:0] beat_reg;
    wire [63:0] beat = read_stays ? beat_reg : !flows || waits_now[1] ? 0
        : rate_bytes == 0 ? wanted : least(wanted, credit / rate_clocks - given);
    assign read_tvalid = beat != 0;
    assign read_tlast = beat == left;
    wire [63:0] moved = read_tready ? beat : 64'd0;
    wire read_ends = moved != 0 && moved == left;
    always @(posedge clk) begin
        now <= reset ? 0 : now + 1;
        if (read_begins) begin
            waiting[commands_in[3:0]] <= read_command_tdata;
            waiting_due[commands_in[3:0]] <= now + read_latency;
        end
        commands_in <= reset ? 0 : commands_in + {4'd0, read_begins};
        commands_out <= reset ? 0 : commands_out + {4'd0, read_ends};
        read_stays <= !reset && read_tvalid && !read_tready;
        beat_reg <= beat;
        if (reset || read_ends) begin
            read_credit <= 0;
            given <= 0;
        end else if (flows) begin
            read_credit <= credit;
            given <= given + moved;
        end
    end
    genvar i;
    generate
        for (i = 0; i < LANES; i = i + 1) begin : lane
            localparam [ADDRESS_BITS-1:0] NUMBER = i;
            wire [ADDRESS_BITS-1:0] at = read_address + NUMBER;
            wire unused = &{1'b0, at};
            assign read_tdata[8*i +: 8] = bytes[at[INDEX_BITS-1:0]];
            assign read_tkeep[i] = i < beat;
        end
    endgenerate

    // ---- writes
    reg write_active, write_goes; // goes: its first byte has come
    reg [COUNT_BITS-1:0] size_reg;
    reg [ADDRESS_BITS-1:0] write_address_reg;
    reg [63:0] write_credit, come_reg, taken_reg;
    reg [31:0] answer_waits;
    wire write_begins = write_command_tvalid && write_command_tready;
    assign write_command_tready = !write_active && !waits_now[2];
    wire [COUNT_BITS-1:0] size;
    wire [ADDRESS_BITS-1:0] write_address;
    assign {size, write_address} = write_begins ? write_command_tdata : {size_reg, write_address_reg};
    wire [63:0] come_before = write_begins ? 64'd0 : come_reg;
    wire [63:0] taken_before = write_begins ? 64'd0 : taken_reg;
    assign write_tready = (write_begins || write_active) && !waits_now[3] && come_before - taken_before <= QUEUE - BEAT;
    reg [63:0] comes;
    integer k;
    always @* begin
        comes = 0;
        for (k = 0; k < LANES; k = k + 1) comes = comes + {63'd0, write_tvalid && write_tready && write_tkeep[k]};
    end
    wire [63:0] come = come_before + comes;
    wire goes = (!write_begins && write_goes) || comes != 0;
    wire [63:0] write_credit_now = (write_begins ? 64'd0 : write_credit) + (goes ? rate_bytes : 64'd0);
    wire [63:0] allowed = rate_bytes == 0 ? come : least(come, write_credit_now / rate_clocks);
    wire [63:0] taken = least(allowed, taken_before + BEAT);
    wire all_taken = (write_begins || write_active) && taken == {{(64-COUNT_BITS){1'b0}}, size};
    wire [31:0] answer_wait = write_begins || taken_before != taken ? write_latency : answer_waits;
    assign write_status_tvalid = all_taken && answer_wait == 0 && !waits_now[4];
    always @(posedge clk) begin
        write_active <= !reset && (write_begins || write_active) && !(write_status_tvalid && write_status_tready);
        size_reg <= size;
        write_address_reg <= write_address;
        write_credit <= write_credit_now;
        write_goes <= goes;
        come_reg <= come;
        taken_reg <= taken;
        answer_waits <= all_taken && answer_wait != 0 ? answer_wait - 1 : answer_wait;
    end
    wire [ADDRESS_BITS-1:0] next = write_address + come_before[ADDRESS_BITS-1:0];
    wire unused_next = &{1'b0, next};
    integer j;
    always @(posedge clk)
        for (j = 0; j < LANES; j = j + 1)
            if (write_tvalid && write_tready && write_tkeep[j])
                bytes[next[INDEX_BITS-1:0] + j[INDEX_BITS-1:0]] <= write_tdata[8*j +: 8];

    // what a beat must keep to: tlast with the last byte, and nothing changes in one that is not taken
    reg beat_waits, read_command_waits, write_command_waits;
    reg [8*LANES-1:0] waiting_data;
    reg [LANES-1:0] waiting_keep;
    reg [2*COUNT_BITS+ADDRESS_BITS-1:0] waiting_read;
    reg [COUNT_BITS+ADDRESS_BITS-1:0] waiting_write;
    reg changed;
    integer n;
    always @* begin
        changed = !write_tvalid || write_tkeep != waiting_keep;
        for (n = 0; n < LANES; n = n + 1)
            if (waiting_keep[n] && write_tdata[8*n +: 8] != waiting_data[8*n +: 8]) changed = 1;
    end
    always @(posedge clk) begin
        beat_waits <= !reset && write_tvalid && !write_tready;
        waiting_data <= write_tdata;
        waiting_keep <= write_tkeep;
        read_command_waits <= !reset && read_command_tvalid && !read_command_tready;
        waiting_read <= read_command_tdata;
        write_command_waits <= !reset && write_command_tvalid && !write_command_tready;
        waiting_write <= write_command_tdata;
        if (reset) broken <= 0;
        else if ((beat_waits && changed)
            || (read_command_waits && (!read_command_tvalid || read_command_tdata != waiting_read))
            || (write_command_waits && (!write_command_tvalid || write_command_tdata != waiting_write))
            || (write_tvalid && write_tready && write_tlast != (come == {{(64-COUNT_BITS){1'b0}}, size}))) broken <= 1;
    end
endmodule
`default_nettype wire
