// The clock of the compute array, and nothing of its logic: writes its memories, notes when sums leave.
#include <cstdint>

#include "Vbench.h"
#include "Vbench___024root.h"
#include "verilated.h"

namespace {

struct Bench {
    VerilatedContext context;
    Vbench top{&context};

    void rise() {
        top.eval();
        top.clk = 1;
        top.eval();
        top.clk = 0;
        top.eval();
    }
};

enum Setting { LOCKSTEP, HEADER_CLOCKS, BLOCK, GROUPS, GROUP_DEPTH, GROUP_COLUMNS, LIMIT };
enum Memory { LIST, ROW, WEIGHT, TOKEN };

constexpr int AFTER = 64;  // clocks after the end in which nothing may leave any more

}  // namespace

extern "C" {

void* mpca_new() {
    Bench* bench = new Bench;
    bench->top.reset = 1;
    bench->rise();
    bench->top.reset = 0;
    return bench;
}
void mpca_delete(void* handle) { delete static_cast<Bench*>(handle); }

// Writes `count` words from address 0 into a memory of a lane, or of a head module's tile: entries, or `width` bytes.
void mpca_write(void* handle, int memory, int place, int64_t count, const uint32_t* entries, const int8_t* operands,
                int width) {
    Bench& bench = *static_cast<Bench*>(handle);
    Vbench& top = bench.top;
    const uint64_t here = 1ull << place;
    top.list_write = memory == LIST ? here : 0;
    top.row_write = memory == ROW ? here : 0;
    top.weight_write = memory == WEIGHT ? here : 0;
    top.token_write = memory == TOKEN ? here : 0;
    for (int64_t i = 0; i < count; ++i) {
        top.write_address = static_cast<uint16_t>(i);
        if (entries) top.write_entry = entries[i];
        if (operands) {
            uint64_t word = 0;
            for (int b = 0; b < width; ++b) word |= static_cast<uint64_t>(static_cast<uint8_t>(operands[i * width + b])) << (8 * b);
            top.write_operands = word;
        }
        bench.rise();
    }
    top.list_write = top.row_write = top.weight_write = top.token_write = 0;
}

// Runs to the end of `busy` and returns its clocks (-1: limit hit). noted: the clock in which the last sum was
// registered, and how many sums left. results: all places of all rows; those that nothing is written to keep `before`.
int64_t mpca_run(void* handle, const int64_t* settings, int32_t before, int64_t places, int32_t* results,
                 int64_t* noted) {
    Bench& bench = *static_cast<Bench*>(handle);
    Vbench& top = bench.top;
    auto& memory = top.rootp->bench__DOT__results;
    for (int64_t i = 0; i < places; ++i) memory[i] = static_cast<uint32_t>(before);
    top.lockstep = settings[LOCKSTEP];
    top.header_clocks = settings[HEADER_CLOCKS];
    top.block = settings[BLOCK];
    top.groups = settings[GROUPS];
    top.group_depth = settings[GROUP_DEPTH];
    top.group_columns = settings[GROUP_COLUMNS];
    top.start = 1;
    bench.rise();
    top.start = 0;
    noted[0] = noted[1] = 0;
    int64_t cycles = -1;
    for (int64_t clock = 0, after = 0; clock < settings[LIMIT] && after < AFTER; ++clock) {
        if (!top.busy) {
            if (!after) cycles = clock;
            ++after;
        }
        if (top.leaving) {
            noted[0] = clock - 1;
            noted[1] += top.leaving;
        }
        bench.rise();
    }
    for (int64_t i = 0; i < places; ++i) results[i] = static_cast<int32_t>(memory[i]);
    return cycles;
}
}
