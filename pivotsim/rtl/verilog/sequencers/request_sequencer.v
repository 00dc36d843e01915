// Walks through the table of loads ahead of the loads themselves and asks DRAM for them, in order and one in a clock. A load
// is asked for once its half is free and fewer than OUTSTANDING loads before it have not ended; one from the global buffer
// asks for nothing and takes its turn. A request stays as it is until it is taken.
`default_nettype none
module request_sequencer #(
    parameter COUNT_BITS = 20,
    parameter OUTSTANDING = 2
) (
    input wire clk,
    input wire running, // 0 sets it back to the first load
    input wire [COUNT_BITS-1:0] count, // loads of the table
    input wire ready, // the half of the load in front is free
    input wire from_dram,
    input wire [COUNT_BITS-1:0] loads_done,
    input wire accepts, // DRAM takes a request in this clock
    output wire asks,
    output wire [COUNT_BITS-1:0] requested, // loads that may come, the one of this clock among them
    output wire [COUNT_BITS-1:0] next_index // in front in the next clock: the table's address
);
    reg [COUNT_BITS-1:0] index;
    initial index = 0;
    wire may = running && index != count && ready && index - loads_done < OUTSTANDING[COUNT_BITS-1:0];
    assign asks = may && from_dram;
    assign requested = index + {{(COUNT_BITS-1){1'b0}}, may && (!from_dram || accepts)};
    assign next_index = running ? requested : 0;
    always @(posedge clk) index <= next_index;
endmodule
`default_nettype wire
