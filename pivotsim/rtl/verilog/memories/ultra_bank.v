// A bank in UltraRAM: one write and one read of a word a clock, which answers a clock later with what the word held before.
`default_nettype none
module ultra_bank #(
    parameter WIDTH = 8,
    parameter WORD_BITS = 12 // 2**WORD_BITS words
) (
    input wire clk,
    input wire write,
    input wire [WORD_BITS-1:0] write_word,
    input wire [WIDTH-1:0] write_data,
    input wire [WORD_BITS-1:0] read_word,
    output wire [WIDTH-1:0] read_data // 1 clock later
);
    (* ram_style = "ultra" *) reg [WIDTH-1:0] words [0:(1<<WORD_BITS)-1];
    reg [WIDTH-1:0] word_reg;
    always @(posedge clk) begin
        if (write) words[write_word] <= write_data;
        word_reg <= words[read_word];
    end
    assign read_data = word_reg;
endmodule
`default_nettype wire
