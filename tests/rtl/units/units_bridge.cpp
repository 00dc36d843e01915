// The clock of the units, and nothing of their logic: gives beats, collects answers, counts clocks.
#include <algorithm>
#include <cstdint>
#include <cstring>
#include <vector>

#include "Vunits_bench.h"
#include "verilated.h"

namespace {

struct Bench {
    VerilatedContext context;
    Vunits_bench top{&context};

    Bench() { top.eval(); }  // with the clock low, or the first rise is none

    void rise() {
        top.clk = 1;
        top.eval();
        top.clk = 0;
        top.eval();
    }
};

enum Setting { UNIT, ROW_ELEMENTS, ROW_BEATS, BITS, INVERSE, EPSILON, MULTIPLIER, SHIFT };

}  // namespace

extern "C" {

void* bench_new() { return new Bench; }
void bench_delete(void* bench) { delete static_cast<Bench*>(bench); }

void bench_set(void* handle, const int64_t* settings) {
    Vunits_bench& top = static_cast<Bench*>(handle)->top;
    top.unit = settings[UNIT];
    top.row_elements = settings[ROW_ELEMENTS];
    top.row_beats = settings[ROW_BEATS];
    top.bits = settings[BITS];
    top.inverse = settings[INVERSE];
    top.epsilon = settings[EPSILON];
    top.multiplier = settings[MULTIPLIER];
    top.shift = settings[SHIFT];
}

// A table of `words` words of `size` bytes each.
void bench_table(void* handle, int64_t words, int64_t size, const uint8_t* bytes) {
    Bench& bench = *static_cast<Bench*>(handle);
    bench.top.table_write = 1;
    for (int64_t i = 0; i < words; ++i) {
        bench.top.table_index = i;
        std::memcpy(&bench.top.table_data, bytes + i * size, std::min<std::size_t>(size, sizeof bench.top.table_data));
        bench.rise();
    }
    bench.top.table_write = 0;
}

// Gives `beats` beats, holds[clock % hold_count] != 0 where all holds, and returns the clocks from the first beat to the
// last answer, without those in which all held; -1 where answers do not come.
int64_t bench_run(void* handle, int64_t beats, const uint64_t* in, const uint8_t* firsts, const uint8_t* holds,
                  int64_t hold_count, int16_t* out) {
    Bench& bench = *static_cast<Bench*>(handle);
    Vunits_bench& top = bench.top;
    int64_t given = 0, got = 0, clocks = 0;
    for (int64_t clock = 0; got < beats && clock < 8 * beats + 8192; ++clock) {
        top.advance = holds[clock % hold_count] == 0;
        top.in_valid = given < beats;
        top.in_first = given < beats && firsts[given];
        if (given < beats) std::memcpy(&top.in_data, in + given * COLUMNS, 8 * COLUMNS);
        top.eval();
        if (top.advance) {
            ++clocks;
            ++given;
            if (top.out_valid) std::memcpy(out + COLUMNS * got++, &top.out_data, 2 * COLUMNS);
        }
        bench.rise();
    }
    top.advance = 1;
    top.in_valid = 0;
    for (int i = 0; i < 4096; ++i) bench.rise();  // whatever else is inside leaves
    return got < beats ? -1 : clocks;
}

enum Sizes { PATCHES, KEPT, HEADS, SCORE_BEATS, WIRE_BITS, BLOCKS, GROUPS, PORTS, CHANNELS, ROWS, SIZES };

// Drops tokens once. scores: [HEADS * SCORE_BEATS][COLUMNS]. tokens: [ROWS][BLOCKS * CHANNELS]. out gets what stays, row by
// row, fused the one token; phases the clocks of scores, sort, shuffle and division. Returns all clocks, -1 where it does not end.
int64_t bench_drop(void* handle, const int64_t* sizes, const int8_t* scores, const int16_t* tokens, int16_t* out,
                   int16_t* fused, int64_t* phases) {
    Bench& bench = *static_cast<Bench*>(handle);
    Vunits_bench& top = bench.top;
    const int64_t beats = sizes[HEADS] * sizes[SCORE_BEATS], ports = sizes[PORTS], channels = sizes[CHANNELS];
    const int64_t width = sizes[BLOCKS] * channels;
    top.patches = sizes[PATCHES];
    top.kept = sizes[KEPT];
    top.heads = sizes[HEADS];
    top.score_beats = sizes[SCORE_BEATS];
    top.wire_bits = sizes[WIRE_BITS];
    top.blocks = sizes[BLOCKS];
    top.groups = sizes[GROUPS];
    top.reset = 1;
    bench.rise();
    top.reset = 0;
    int64_t given = 0, clock = 0;
    bool is_done = false, was_read = false;
    std::vector<int16_t> answer(ports * channels);
    for (; !is_done && clock < 1000000; ++clock) {
        top.score_valid = given < beats;
        if (given < beats) std::memcpy(&top.score_data, scores + given * COLUMNS, COLUMNS);
        std::memcpy(&top.read_data, answer.data(), 2 * answer.size());
        top.eval();
        given += top.score_valid && top.score_ready;
        const bool reads = top.read_valid != 0;
        ++phases[top.score_ready ? 0 : reads ? 2 : was_read ? 3 : 1];
        was_read = was_read || reads;
        const int16_t* token = reinterpret_cast<const int16_t*>(&top.read_token);
        std::fill(answer.begin(), answer.end(), 21845);  // what no one asked for is no zero
        for (int64_t p = 0; p < ports; ++p) {
            if (top.read_valid >> p & 1) {
                if (token[p] >= sizes[ROWS]) return -2;
                std::memcpy(&answer[p * channels], tokens + token[p] * width + top.read_block * channels, 2 * channels);
            }
            if (top.write_valid >> p & 1)
                std::memcpy(out + (top.write_group * ports + p) * width + top.write_block * channels,
                            reinterpret_cast<const int16_t*>(&top.write_data) + p * channels, 2 * channels);
        }
        if (top.fused_valid) std::memcpy(fused + top.fused_block * channels, &top.fused_data, 2 * channels);
        is_done = top.done;
        bench.rise();
    }
    return is_done ? clock : -1;
}
}
