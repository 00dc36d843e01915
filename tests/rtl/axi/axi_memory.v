// A memory behind AXI4 for benches: answers in order, `read_latency` clocks after the request at the earliest. With `stalls`
// every channel hesitates at random. Not for synthesis.
`default_nettype none
module axi_memory #(
    parameter DATA_BYTES = 8,
    parameter ADDRESS_BITS = 32,
    parameter BYTES = 65536
) (
    input wire clk,
    input wire reset,
    input wire stalls,
    input wire [31:0] seed,
    input wire [31:0] read_latency,
    input wire [ADDRESS_BITS-1:0] araddr,
    input wire [7:0] arlen,
    input wire arvalid,
    output wire arready,
    output reg [8*DATA_BYTES-1:0] rdata,
    output reg rlast,
    output reg rvalid,
    input wire rready,
    input wire [ADDRESS_BITS-1:0] awaddr,
    input wire [7:0] awlen,
    input wire awvalid,
    output wire awready,
    input wire [8*DATA_BYTES-1:0] wdata,
    input wire [DATA_BYTES-1:0] wstrb,
    input wire wvalid,
    output wire wready,
    output reg bvalid,
    input wire bready
);
    reg [7:0] bytes [0:BYTES-1] /* verilator public_flat_rw */;
    localparam SPAN = $clog2(BYTES);

    reg [31:0] noise; // xorshift
    wire [31:0] once = noise ^ (noise << 13);
    wire [31:0] twice = once ^ (once >> 17);
    always @(posedge clk) noise <= reset ? seed | 32'd1 : twice ^ (twice << 5);
    wire mood = noise[31] && noise[30]; // a quarter of the time it hardly answers
    wire [4:0] waits = !stalls ? 5'd0 : mood ? noise[4:0] | noise[9:5] : noise[4:0];

    reg [31:0] now;
    always @(posedge clk) now <= reset ? 0 : now + 1;

    // ---- reads
    reg [ADDRESS_BITS-1:0] ar_address [0:255];
    reg [7:0] ar_length [0:255];
    reg [31:0] ar_clock [0:255];
    reg [8:0] ar_in, ar_out;
    reg [7:0] r_beat;
    assign arready = !waits[0] && ar_in - ar_out != 9'd256;
    wire [7:0] front = ar_out[7:0];
    wire is_due = ar_in != ar_out && now - ar_clock[front] >= read_latency && !waits[1];
    wire gives = (!rvalid || rready) && is_due;
    wire ends = gives && r_beat == ar_length[front];
    wire [ADDRESS_BITS-1:0] r_address = ar_address[front] + r_beat * DATA_BYTES;
    integer i;
    always @(posedge clk) begin
        if (arvalid && arready) begin
            ar_address[ar_in[7:0]] <= araddr;
            ar_length[ar_in[7:0]] <= arlen;
            ar_clock[ar_in[7:0]] <= now;
        end
        ar_in <= reset ? 0 : ar_in + {8'd0, arvalid && arready};
        ar_out <= reset ? 0 : ar_out + {8'd0, ends};
        r_beat <= reset || ends ? 0 : r_beat + {7'd0, gives};
        rvalid <= !reset && (gives || (rvalid && !rready));
        if (gives) begin
            rlast <= ends;
            for (i = 0; i < DATA_BYTES; i = i + 1) rdata[8*i +: 8] <= bytes[r_address[SPAN-1:0] + i[SPAN-1:0]];
        end
    end

    // ---- writes
    reg [ADDRESS_BITS-1:0] aw_address [0:255];
    reg [7:0] aw_length [0:255];
    reg [8:0] aw_in, aw_out;
    reg [7:0] w_beat, answers;
    assign awready = !waits[2] && aw_in - aw_out != 9'd256;
    assign wready = !waits[3] && aw_in != aw_out;
    wire takes = wvalid && wready;
    wire fills = takes && w_beat == aw_length[aw_out[7:0]];
    wire [ADDRESS_BITS-1:0] w_address = aw_address[aw_out[7:0]] + w_beat * DATA_BYTES;
    wire answered = bvalid && bready;
    integer k;
    always @(posedge clk) begin
        if (awvalid && awready) begin
            aw_address[aw_in[7:0]] <= awaddr;
            aw_length[aw_in[7:0]] <= awlen;
        end
        aw_in <= reset ? 0 : aw_in + {8'd0, awvalid && awready};
        aw_out <= reset ? 0 : aw_out + {8'd0, fills};
        w_beat <= reset || fills ? 0 : w_beat + {7'd0, takes};
        for (k = 0; k < DATA_BYTES; k = k + 1)
            if (takes && wstrb[k]) bytes[w_address[SPAN-1:0] + k[SPAN-1:0]] <= wdata[8*k +: 8];
        answers <= reset ? 0 : answers + {7'd0, fills} - {7'd0, answered};
        bvalid <= !reset && (answers != {7'd0, answered}) && (bvalid && !bready || !waits[4]);
    end
endmodule
`default_nettype wire
