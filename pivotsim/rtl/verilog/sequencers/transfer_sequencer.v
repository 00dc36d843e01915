// Walks through a table of transfers, loads or drains, one at a time and in order. A transfer begins in the clock in
// which what it waits for is there, and the next one at the earliest in the clock after its last.
`default_nettype none
module transfer_sequencer #(
    parameter COUNT_BITS = 20
) (
    input wire clk,
    input wire running, // 0 sets it back to the first transfer
    input wire [COUNT_BITS-1:0] count, // transfers of the table
    input wire ready, // what the transfer in front waits for is there
    input wire last, // the transfer that runs ends with this clock
    output wire begins,
    output wire moves, // a transfer runs in this clock
    output wire [COUNT_BITS-1:0] done, // transfers that have ended before this clock
    output wire [COUNT_BITS-1:0] next_index // in front in the next clock: the table's address
);
    reg active;
    reg [COUNT_BITS-1:0] index;
    initial active = 0;
    initial index = 0;
    assign begins = running && !active && index != count && ready;
    assign moves = begins || active;
    assign done = index;
    assign next_index = !running ? 0 : index + {{(COUNT_BITS-1){1'b0}}, moves && last};
    always @(posedge clk) begin
        active <= running && moves && !last;
        index <= next_index;
    end
endmodule
`default_nettype wire
