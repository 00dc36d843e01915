// Where the elements of a walk lie: element j of run r at base + r * run_step + j * step. In each clock as many elements as
// are taken go, none beyond the end of a run. No multiplier: sums of steps.
`default_nettype none
module strided_walk #(
    parameter LANES = 8,
    parameter LANE_BITS = 3, // 2**LANE_BITS is LANES
    parameter BITS = 12 // of an index
) (
    input wire clk,
    input wire begins, // the next five are held from here to the end
    input wire [BITS-1:0] base,
    input wire [BITS-1:0] run_step,
    input wire [BITS:0] length, // of a run, at least 1
    input wire [BITS:0] runs, // at least 1
    input wire [LANE_BITS:0] per_clock,
    input wire [BITS*(LANES+1)-1:0] multiples, // of the step from element to element
    input wire [LANE_BITS:0] taken, // in this clock, at most `most`
    output wire [BITS-1:0] index, // of the first that may be taken
    output wire [LANE_BITS:0] most,
    output wire ends // the last ones are taken
);
    reg [BITS-1:0] index_reg, run_reg;
    reg [BITS:0] left_reg, runs_reg; // elements of the run, runs
    wire [BITS-1:0] run = begins ? base : run_reg;
    wire [BITS:0] left = begins ? length : left_reg;
    wire [BITS:0] runs_left = begins ? runs : runs_reg;
    wire [BITS:0] taken_wide = {{(BITS-LANE_BITS){1'b0}}, taken};
    wire run_ends = left == taken_wide;
    wire [BITS-1:0] next_run = run + run_step;
    assign index = begins ? base : index_reg;
    assign most = left < {{(BITS-LANE_BITS){1'b0}}, per_clock} ? left[LANE_BITS:0] : per_clock;
    assign ends = run_ends && runs_left == 1;
    always @(posedge clk) begin
        index_reg <= run_ends ? next_run : index + multiples[BITS*taken +: BITS];
        run_reg <= run_ends ? next_run : run;
        left_reg <= run_ends ? length : left - taken_wide;
        runs_reg <= runs_left - {{BITS{1'b0}}, run_ends};
    end
endmodule
`default_nettype wire
