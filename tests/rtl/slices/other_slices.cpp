// Drives the columns of other_slices with random bits: operands at their extremes every other time, loads, first
// operands, and now and then a reset. Counts the clocks in which one of them differs from ours.
#include <cstdint>

#include "Vother_slices.h"
#include "verilated.h"

extern "C" int64_t other_slices_run(uint64_t seed, int64_t clocks, int64_t* differing) {
    VerilatedContext context;
    Vother_slices top{&context};
    uint64_t state = seed * 2654435761u + 88172645463325252ull;
    auto draw = [&] {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        return state;
    };
    const uint32_t extremes[] = {0x80, 0x7f, 0xff, 0x00};
    int64_t moved = 0;
    differing[0] = differing[1] = differing[2] = 0;
    for (int64_t clock = 0; clock < clocks; ++clock) {
        uint32_t x = 0;
        for (int row = 0; row < 4; ++row) x |= (draw() & 1 ? draw() & 0xff : extremes[draw() & 3]) << (8 * row);
        top.x_in = x;
        top.x_first_in = draw() & draw() & 0xf;
        top.b_in = draw() & 1 ? draw() & 0xff : extremes[draw() & 3];
        top.move = draw() & 1;
        top.reset = clock < 4 || draw() % 200 == 0;
        moved += top.move;
        top.clk = 0;
        top.eval();
        top.clk = 1;
        top.eval();
        if (clock < 4) continue;
        differing[0] += top.sum != top.sum_of_e1;
        differing[1] += top.sum != top.sum_of_mapped;
        differing[2] += top.b_differs;
    }
    return moved;
}
