// The driver that ships, beside a processor's bus: an access to a register is a transfer of AXI4-Lite, clock by clock.
#include <cstdint>

#include "Vlayer_bench.h"
#include "Vlayer_bench___024root.h"
#include "verilated.h"

namespace {

struct Bench {
    VerilatedContext context;
    Vlayer_bench top{&context};
    int64_t clocks = 0;
    uint32_t noise = 0;  // 0: no channel of the bus ever waits

    // A few clocks, at random.
    void wait() {
        if (!noise) return;
        noise ^= noise << 13, noise ^= noise >> 17, noise ^= noise << 5;  // xorshift
        for (uint32_t i = noise % 4; i > 0; --i) rise();
    }
    void rise() {
        top.clk = 1;
        top.eval();
        top.clk = 0;
        top.eval();
        ++clocks;
    }
    void write(uint32_t offset, uint32_t value) {
        top.awaddr = static_cast<uint8_t>(offset);
        top.wdata = value;
        if (noise & 1) top.awvalid = 1, wait(), top.wvalid = 1;  // address or data first
        else top.wvalid = 1, wait(), top.awvalid = 1;
        top.eval();
        while (!(top.awready && top.wready)) rise();
        rise();
        top.awvalid = top.wvalid = 0;
        top.eval();
        while (!top.bvalid) rise();
        wait();
        top.bready = 1;
        rise();
        top.bready = 0;
    }
    uint32_t read(uint32_t offset) {
        wait();
        top.arvalid = 1;
        top.araddr = static_cast<uint8_t>(offset);
        top.eval();
        while (!top.arready) rise();
        rise();
        top.arvalid = 0;
        top.eval();
        while (!top.rvalid) rise();
        wait();
        const uint32_t value = top.rdata;
        top.rready = 1;
        rise();
        top.rready = 0;
        return value;
    }
};

Bench* bench_of(uintptr_t base) { return reinterpret_cast<Bench*>(base); }

}  // namespace

#define PIVOT_WRITE(base, offset, value) bench_of(base)->write(offset, value)
#define PIVOT_READ(base, offset) bench_of(base)->read(offset)
extern "C" {
#include "../../../pivotsim/rtl/driver/pivot_driver.c"

void* bench_new() { return new Bench; }
void bench_delete(void* bench) { delete static_cast<Bench*>(bench); }
int64_t bench_clocks(void* bench) { return static_cast<Bench*>(bench)->clocks; }
uint8_t* bench_dram(void* bench) {
    return reinterpret_cast<uint8_t*>(&static_cast<Bench*>(bench)->top.rootp->layer_bench__DOT__dram__DOT__bytes[0]);
}

// settings: bytes and clocks of DRAM's rate, latencies of reads and writes, clocks of the reset, seed of the bus's waits.
void bench_reset(void* handle, const int64_t* settings) {
    Bench& bench = *static_cast<Bench*>(handle);
    bench.top.rate_bytes = settings[0];
    bench.top.rate_clocks = settings[1];
    bench.top.read_latency = settings[2];
    bench.top.write_latency = settings[3];
    bench.top.awvalid = bench.top.wvalid = bench.top.arvalid = bench.top.bready = bench.top.rready = 0;
    bench.top.reset = 1;
    for (int64_t i = 0; i < settings[4]; ++i) bench.rise();
    bench.top.reset = 0;
    bench.noise = static_cast<uint32_t>(settings[5]);
}

// Returns what pivot_run does; *words: those written into tables.
int32_t bench_run(void* bench, const uint32_t* image, uint32_t dram_address, uint32_t first, uint32_t polls,
                  int (*at_stop)(void*, uint32_t), void (*after)(void*, uint32_t, uint32_t), int64_t* words) {
    const uintptr_t registers = reinterpret_cast<uintptr_t>(bench);
    pivot_driver driver = {image, registers, dram_address, polls, nullptr, at_stop, after, 0, 0};
    const int32_t ended = pivot_run(&driver, first);
    *words = driver.words;
    return ended;
}
}
