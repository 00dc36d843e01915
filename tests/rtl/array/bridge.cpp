// The clock of the array, and nothing of its logic: drives Vsystolic, notes in which clock each tag is seen.
#include <cstdint>
#include <vector>

#include "Vsystolic.h"
#include "Vsystolic___024root.h"
#include "verilated.h"

namespace {

constexpr int RESET_CLOCKS = 24;  // the rows of the largest array of slices, and more

template <typename T> bool bit(const T& signal, int i) { return (signal >> i) & 1; }
template <std::size_t N> bool bit(const VlWide<N>& signal, int i) { return (signal[i / 32] >> (i % 32)) & 1; }

struct Array {
    VerilatedContext context;
    Vsystolic top{&context};

    void settle() { top.eval(); }
    void rise() {
        top.clk = 1;
        top.eval();
        top.clk = 0;
    }
};

}  // namespace

extern "C" {

void* array_new() { return new Array; }
void array_delete(void* array) { delete static_cast<Array*>(array); }

// Runs one GEMM to its last fold end, at most `limit` clocks, and returns the clocks that passed (-1: limit hit).
// loads, starts, ends: the clock of each fold's first loaded operand, first streamed operand and last registered
// output. digests: one value a clock after its rising edge, or null.
int64_t array_run(void* handle, const int8_t* a, const int8_t* b, int32_t* result, int64_t m, int64_t k, int64_t n,
                  int dataflow, int aware, int64_t folds, int64_t limit, int64_t* loads, int64_t* starts,
                  int64_t* ends, uint64_t* digests) {
    Array& array = *static_cast<Array*>(handle);
    Vsystolic& top = array.top;
    top.start = 0;
    top.reset = 1;
    for (int i = 0; i < RESET_CLOCKS; ++i) {  // shift registers have no reset: they run empty
        array.settle();
        array.rise();
    }
    top.m = static_cast<uint32_t>(m);
    top.k = static_cast<uint32_t>(k);
    top.n = static_cast<uint32_t>(n);
    top.dataflow = static_cast<uint8_t>(dataflow);
    top.aware = static_cast<uint8_t>(aware);
    top.reset = 0;
    auto& memories = *top.rootp;
    for (int64_t i = 0; i < m * k; ++i) memories.systolic__DOT__a_memory[i] = static_cast<uint8_t>(a[i]);
    for (int64_t i = 0; i < k * n; ++i) memories.systolic__DOT__b_memory[i] = static_cast<uint8_t>(b[i]);

    std::vector<int64_t> fold_of_column(COLUMNS, 0);
    int64_t loaded = 0, started = 0, ended = 0, clock = 0;
    for (; clock < limit && ended < folds; ++clock) {
        top.start = clock == 0;
        array.settle();
        if (top.load_begins && loaded < folds) loads[loaded++] = clock;
        if (top.stream_begins && started < folds) starts[started++] = clock;
        for (int c = 0; c < COLUMNS; ++c) {
            if (!bit(top.column_last, c)) continue;
            // a tag seen at the edge was registered at the end of the clock before
            if (bit(top.column_end, c) && fold_of_column[c] < folds) {
                ends[fold_of_column[c]] = clock - 1;
                ++ended;
            }
            ++fold_of_column[c];
        }
        array.rise();
        if (digests) {
            array.settle();
            digests[clock] = top.digest;
        }
    }
    for (int64_t i = 0; i < m * n; ++i) result[i] = static_cast<int32_t>(memories.systolic__DOT__result_memory[i]);
    return ended == folds ? clock : -1;
}
}
