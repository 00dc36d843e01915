// One column's bank of OPMEM: one read and one write of a 32-bit sum per clock. A read sees what is written in its clock.
//
// A sum that is to be added to is read at least a clock ahead: in the clock in which a region's last sum comes in, the
// port already reads for the drain.
`default_nettype none
module opmem_bank #(
    parameter DEPTH = 64,
    parameter COUNT_BITS = 20,
    parameter READ_CYCLES = 0
) (
    input wire clk,
    input wire write,
    input wire [COUNT_BITS-1:0] write_address,
    input wire [31:0] write_data,
    input wire [COUNT_BITS-1:0] read_address,
    output wire [31:0] sum, // to be added to: 1 clock later, or READ_CYCLES if that is more
    output wire [31:0] drained // to be drained: READ_CYCLES clocks later
);
    localparam BITS = DEPTH > 1 ? $clog2(DEPTH) : 1;
    reg [31:0] words [0:(1<<BITS)-1];
    reg [31:0] word_reg, written_reg;
    reg meets_reg;
    wire [31:0] word = words[read_address[BITS-1:0]];
    wire meets = write && write_address[BITS-1:0] == read_address[BITS-1:0];
    always @(posedge clk) begin
        if (write) words[write_address[BITS-1:0]] <= write_data;
        word_reg <= word;
        written_reg <= write_data;
        meets_reg <= meets;
    end
    skew #(.WIDTH(32), .DEPTH(READ_CYCLES > 1 ? READ_CYCLES - 1 : 0)) answer (
        .clk(clk), .in(meets_reg ? written_reg : word_reg), .out(sum));
    generate
        if (READ_CYCLES == 0) begin : at_once
            assign drained = meets ? write_data : word;
        end else begin : registered
            assign drained = sum;
        end
    endgenerate
    wire unused = &{1'b0, write_address, read_address};
endmodule
`default_nettype wire
