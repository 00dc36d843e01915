// Runs every program of this folder on the accelerator, and prints its clocks beside the predicted ones.
//
// Reads gemms.txt: per line a name, the file of its second operand, and the settings in the order of Setting. Tables, the
// operands and the outputs lie in programs/NAME/, all as $readmemh reads them. Exit code 1 if a clock or a byte differs.
// $GEMM names the only one to run, and code 2 says that none is named so; with $STALLS the streams hesitate at random, and only bytes count.
#include <cinttypes>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include "Vbench.h"
#include "Vbench___024root.h"
#include "verilated.h"

enum Setting {
    LOADS, PASSES, DRAINS, NARROW_COLUMN, BIASED, WIDE, MULTIPLIER, SHIFT, RATE_BYTES, RATE_CLOCKS, READ_LATENCY,
    WRITE_LATENCY, DRAM_BYTES, PREDICTED, SETTINGS
};
const char* const TABLES[4] = {"loads", "tiles", "streams", "drains"};

static std::ifstream opened(const std::string& path) {
    std::ifstream file(path);
    if (!file) {
        std::fprintf(stderr, "%s: cannot be read\n", path.c_str());
        std::exit(2);
    }
    return file;
}

// An image of bytes: numbers in hexadecimal, and @address before those that lie elsewhere.
template <class Each>
static void read_image(const std::string& path, Each each) {
    std::ifstream file = opened(path);
    std::string word;
    int64_t address = 0;
    while (file >> word) {
        if (word[0] == '@') address = std::stoll(word.substr(1), nullptr, 16);
        else each(address++, static_cast<uint8_t>(std::stoi(word, nullptr, 16)));
    }
}

static std::string name_in(const std::string& line) {
    std::string name;
    std::istringstream(line) >> name;
    return name;
}

static void rise(Vbench& top) {
    top.clk = 1;
    top.eval();
    top.clk = 0;
    top.eval();
}

// One table, a word per line, as hexadecimal digits.
static void write_table(Vbench& top, int select, const std::string& path) {
    std::ifstream file = opened(path);
    std::string digits;
    for (int index = 0; std::getline(file, digits); ++index) {
        std::memset(&top.table_data, 0, sizeof top.table_data);
        uint8_t* word = reinterpret_cast<uint8_t*>(&top.table_data);
        for (std::size_t i = 0; i < digits.size(); ++i) {
            const int value = std::stoi(digits.substr(digits.size() - 1 - i, 1), nullptr, 16);
            word[i / 2] |= static_cast<uint8_t>(value << (4 * (i % 2)));
        }
        top.table_write = 1;
        top.table_select = static_cast<uint8_t>(select);
        top.table_index = index;
        rise(top);
    }
    top.table_write = 0;
}

int main() {
    VerilatedContext context;
    Vbench top{&context};
    std::ifstream list = opened("gemms.txt");
    std::vector<std::string> lines;
    std::string there;
    const char* const asked = std::getenv("GEMM");
    const std::string only = asked == nullptr ? "" : asked;
    for (std::string line; std::getline(list, line);) {
        const std::string name = name_in(line);
        there += (there.empty() ? "" : ", ") + name;
        if (only.empty() || name == only) lines.push_back(line);
    }
    if (lines.empty()) {
        std::fprintf(stderr, "GEMM: must be one of %s (got %s)\n", there.empty() ? "none" : there.c_str(), only.c_str());
        return 2;
    }
    const char* const stalls = std::getenv("STALLS");
    top.stalls = stalls != nullptr && *stalls != 0;
    int64_t wrong = 0, clocks = 0, predicted = 0;
    std::printf("%-22s %14s %14s  %s\n", "gemm", "clocks", "predicted", "outputs");
    for (const std::string& line : lines) {
        std::istringstream fields(line);
        std::string name, second;
        int64_t is[SETTINGS];
        fields >> name >> second;
        for (int i = 0; i < SETTINGS; ++i) fields >> is[i];
        top.loads = is[LOADS];
        top.passes = is[PASSES];
        top.drains = is[DRAINS];
        top.narrow_column = is[NARROW_COLUMN];
        top.biased = is[BIASED];
        top.wide = is[WIDE];
        top.multiplier = is[MULTIPLIER];
        top.shift = is[SHIFT];
        top.rate_bytes = is[RATE_BYTES];
        top.rate_clocks = is[RATE_CLOCKS];
        top.read_latency = is[READ_LATENCY];
        top.write_latency = is[WRITE_LATENCY];
        top.start = 0;
        top.reset = 1;
        for (int i = 0; i < 1024; ++i) rise(top);
        top.reset = 0;
        const std::string folder = "programs/" + name + "/";
        for (int select = 0; select < 4; ++select)
            write_table(top, select, folder + TABLES[select] + ".hex");
        auto& memory = top.rootp->bench__DOT__dram__DOT__bytes;
        for (int64_t i = 0; i < is[DRAM_BYTES]; ++i) memory[i] = 0;
        for (const std::string& operand : {std::string("a.hex"), second})
            read_image(folder + operand, [&](int64_t address, uint8_t byte) { memory[address] = byte; });
        top.start = 1;
        rise(top);
        top.start = 0;
        int64_t clock = 0;
        for (; clock < (top.stalls ? 20 : 2) * is[PREDICTED] + 1000 && !top.done; ++clock) rise(top);
        int64_t unequal = 0;
        read_image(folder + "outputs.hex", [&](int64_t address, uint8_t byte) { unequal += memory[address] != byte; });
        std::printf("%-22s %14" PRId64 " %14" PRId64 "  %s\n", name.c_str(), clock, is[PREDICTED],
                    top.broken ? "a stream broke its rules"
                    : unequal ? (std::to_string(unequal) + " bytes differ").c_str() : "equal");
        std::fflush(stdout);
        wrong += unequal != 0 || top.broken || !top.done || (!top.stalls && clock != is[PREDICTED]);
        clocks += clock;
        predicted += is[PREDICTED];
    }
    std::printf("%-22s %14" PRId64 " %14" PRId64 "  %s\n", "together", clocks, predicted,
                wrong ? (std::to_string(wrong) + " differ").c_str() : top.stalls ? "with stalls" : "as predicted");
    return wrong != 0;
}
