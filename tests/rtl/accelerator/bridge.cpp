// The clock of the accelerator, and nothing of its logic: writes its tables, notes in which clock each event is seen.
#include <cstdint>
#include <cstring>
#include <vector>

#include "Vbench.h"
#include "Vbench___024root.h"
#include "verilated.h"

namespace {

template <typename T> bool bit(const T& signal, int i) { return (signal >> i) & 1; }
template <std::size_t N> bool bit(const VlWide<N>& signal, int i) { return (signal[i / 32] >> (i % 32)) & 1; }

struct Bench {
    VerilatedContext context;
    Vbench top{&context};

    void rise() {
        top.clk = 1;
        top.eval();
        top.clk = 0;
        top.eval();
    }
};

// What a run is: in this order.
enum Setting {
    OUTPUT_STATIONARY, WEIGHT_STATIONARY, LOADS, PASSES, DRAINS, TILE_DESCRIPTORS, STREAM_DESCRIPTORS, NARROW_COLUMN,
    BIASED, WIDE, MULTIPLIER, SHIFT, RATE_BYTES, RATE_CLOCKS, READ_LATENCY, WRITE_LATENCY, DRAM_BYTES, TABLE_WORDS, RESET_CLOCKS, LIMIT
};

struct Noted {
    int64_t* clocks;
    int64_t count = 0, most;
    void note(int64_t clock) {
        if (count < most) clocks[count] = clock;
        ++count;
    }
};

}  // namespace

extern "C" {

void* bench_new() { return new Bench; }
void bench_delete(void* bench) { delete static_cast<Bench*>(bench); }

// Runs one program and returns its clocks (-1: limit hit, -2: more events than descriptors).
// tables: loads, tiles, streams, drains, TABLE_WORDS words of 32 bits each. events: starts and ends of loads, tiles,
// streams and drains. ends: [COLUMNS][PASSES], the clock in which a column's last sums are seen. moved: bytes from and
// to DRAM, into the global buffer, IPMEM, WTMEM, and sums into OPMEM.
int64_t bench_run(void* handle, const int64_t* settings, const uint32_t* const* tables, uint8_t* dram,
                  int64_t* const* events, int64_t* ends, int64_t* moved) {
    Bench& bench = *static_cast<Bench*>(handle);
    Vbench& top = bench.top;
    const int64_t words[4] = {settings[LOADS], settings[TILE_DESCRIPTORS], settings[STREAM_DESCRIPTORS], settings[DRAINS]};
    const int64_t tiles = settings[OUTPUT_STATIONARY] ? 0 : settings[PASSES];
    const int64_t counts[4] = {settings[LOADS], tiles, settings[PASSES], settings[DRAINS]};  // of events
    top.output_stationary = settings[OUTPUT_STATIONARY];
    top.weight_stationary = settings[WEIGHT_STATIONARY];
    top.loads = settings[LOADS];
    top.passes = settings[PASSES];
    top.drains = settings[DRAINS];
    top.narrow_column = settings[NARROW_COLUMN];
    top.biased = settings[BIASED];
    top.wide = settings[WIDE];
    top.multiplier = settings[MULTIPLIER];
    top.shift = settings[SHIFT];
    top.rate_bytes = settings[RATE_BYTES];
    top.rate_clocks = settings[RATE_CLOCKS];
    top.read_latency = settings[READ_LATENCY];
    top.write_latency = settings[WRITE_LATENCY];
    top.start = 0;
    top.reset = 1;
    for (int64_t i = 0; i < settings[RESET_CLOCKS]; ++i) bench.rise();
    top.reset = 0;
    for (int select = 0; select < 4; ++select)
        for (int64_t i = 0; i < words[select]; ++i) {
            top.table_write = 1;
            top.table_select = select;
            top.table_index = i;
            std::memcpy(&top.table_data, tables[select] + i * settings[TABLE_WORDS], 4 * settings[TABLE_WORDS]);
            bench.rise();
        }
    top.table_write = 0;
    auto& memory = top.rootp->bench__DOT__dram__DOT__bytes;
    for (int64_t i = 0; i < settings[DRAM_BYTES]; ++i) memory[i] = dram[i];
    top.start = 1;
    bench.rise();
    top.start = 0;

    std::vector<Noted> notes;
    for (int event = 0; event < 8; ++event) notes.push_back({events[event], 0, counts[event / 2]});
    std::vector<int64_t> column_count(COLUMNS, 0);
    int64_t clock = 0;
    for (; clock < settings[LIMIT]; ++clock) {
        top.eval();
        if (top.done) break;
        const bool seen[8] = {top.load_begins != 0, top.load_ends != 0, top.tile_begins != 0, top.tile_ends != 0,
                              top.stream_begins != 0, top.stream_ends != 0, top.drain_begins != 0, top.drain_ends != 0};
        for (int event = 0; event < 8; ++event)
            if (seen[event]) notes[event].note(clock + event % 2);  // an end is the clock after the last one
        for (int c = 0; c < COLUMNS; ++c)
            if (bit(top.column_ends, c) && column_count[c] < settings[PASSES])
                ends[c * settings[PASSES] + column_count[c]++] = clock;
        moved[0] += top.dram_read_bytes;
        moved[1] += top.dram_written_bytes;
        moved[2] += top.buffer_written_bytes;
        moved[3] += top.ipmem_written_bytes;
        moved[4] += top.wtmem_written_bytes;
        for (int c = 0; c < COLUMNS; ++c) moved[5] += bit(top.sums_written, c);
        bench.rise();
    }
    for (int64_t i = 0; i < settings[DRAM_BYTES]; ++i) dram[i] = memory[i];
    for (const Noted& note : notes)
        if (note.count != note.most) return clock == settings[LIMIT] ? -1 : -2;
    return clock == settings[LIMIT] ? -1 : clock;
}
}
