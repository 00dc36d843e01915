// The clock of the station, and nothing of its logic: writes tables, runs a pass, notes when operations end.
#include <cstdint>
#include <cstring>

#include "Vstation_bench.h"
#include "Vstation_bench___024root.h"
#include "verilated.h"

namespace {

struct Bench {
    VerilatedContext context;
    Vstation_bench top{&context};

    Bench() { top.eval(); }  // with the clock low, or the first rise is none

    void rise() {
        top.clk = 1;
        top.eval();
        top.clk = 0;
        top.eval();
    }
};

}  // namespace

extern "C" {

void* bench_new() { return new Bench; }
void bench_delete(void* bench) { delete static_cast<Bench*>(bench); }

uint8_t* bench_dram(void* bench) {
    return reinterpret_cast<uint8_t*>(&static_cast<Bench*>(bench)->top.rootp->station_bench__DOT__dram__DOT__bytes);
}

void bench_rate(void* handle, uint64_t bytes, uint64_t clocks, uint32_t read_latency, uint32_t write_latency) {
    Vstation_bench& top = static_cast<Bench*>(handle)->top;
    top.rate_bytes = bytes;
    top.rate_clocks = clocks;
    top.read_latency = read_latency;
    top.write_latency = write_latency;
}

// A table of `words` words of `size` bytes each.
void bench_table(void* handle, int64_t table, int64_t words, int64_t size, const uint8_t* bytes) {
    Bench& bench = *static_cast<Bench*>(handle);
    bench.top.table_write = 1;
    bench.top.table_select = table;
    for (int64_t i = 0; i < words; ++i) {
        bench.top.table_index = i;
        std::memcpy(&bench.top.table_data, bytes + i * size, size);
        bench.rise();
    }
    bench.top.table_write = 0;
}

// Runs a pass; ends[i] is the clock, counted from 1 at the one after its start, with which operation i ends. Returns the
// clocks until it is done, -1 where that does not come within `limit`.
int64_t bench_run(void* handle, int64_t operations, int64_t* ends, int64_t limit) {
    Bench& bench = *static_cast<Bench*>(handle);
    Vstation_bench& top = bench.top;
    top.reset = 1;
    for (int i = 0; i < 3; ++i) bench.rise();
    top.reset = 0;
    top.operations = operations;
    top.start = 1;
    bench.rise();
    top.start = 0;
    int64_t ended = 0;
    for (int64_t clock = 0; clock <= limit; ++clock) {
        top.eval();
        if (top.done) return ended == operations ? clock : -2;
        if (top.operation_ends && ended < operations) ends[ended++] = clock + 1;
        bench.rise();
    }
    return -1;
}
}
