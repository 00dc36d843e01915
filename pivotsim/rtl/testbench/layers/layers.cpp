// Runs the layer program of this folder by its own driver: a sample image from patches to logits, on the accelerator.
//
// An access to a register is a transfer of AXI4-Lite, clock by clock. Reads layers/: program.bin, dram.bin and image.bin
// as they lie in memory; settings.txt: bytes and clocks of DRAM's rate, latencies of reads and of writes, the address of the
// image; entries.txt: of each entry that takes clocks its number, kind, name and predicted clocks; logits.txt: where each
// logit lies and the integer reference's. Exit code 1 if a logit or a clock differs; with $STALLS the streams hesitate at
// random, and only logits count.
#include <cinttypes>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <iterator>
#include <map>
#include <string>
#include <vector>

#include "Vlayers_bench.h"
#include "Vlayers_bench___024root.h"
#include "verilated.h"

[[noreturn]] static void fail(const std::string& said) {
    std::fprintf(stderr, "%s\n", said.c_str());
    std::exit(2);
}

struct Bench {
    VerilatedContext context;
    Vlayers_bench top{&context};
    int64_t clocks = 0;

    void rise() {
        top.clk = 1;
        top.eval();
        top.clk = 0;
        top.eval();
        ++clocks;
    }
    template <class Answer>
    void wait(Answer answer) {
        top.eval();
        for (int i = 0; !answer(); ++i) {
            if (i == 1000) fail("the registers do not answer");
            rise();
        }
    }
    void write(uint32_t offset, uint32_t value) {
        top.awaddr = static_cast<uint8_t>(offset);
        top.wdata = value;
        top.awvalid = top.wvalid = 1;
        wait([&] { return top.awready && top.wready; });
        rise();
        top.awvalid = top.wvalid = 0;
        wait([&] { return top.bvalid; });
        top.bready = 1;
        rise();
        top.bready = 0;
    }
    uint32_t read(uint32_t offset) {
        top.araddr = static_cast<uint8_t>(offset);
        top.arvalid = 1;
        wait([&] { return top.arready; });
        rise();
        top.arvalid = 0;
        wait([&] { return top.rvalid; });
        const uint32_t value = top.rdata;
        top.rready = 1;
        rise();
        top.rready = 0;
        return value;
    }
};

static Bench& bench_of(uintptr_t base) { return *reinterpret_cast<Bench*>(base); }

#define PIVOT_WRITE(base, offset, value) bench_of(base).write(offset, value)
#define PIVOT_READ(base, offset) bench_of(base).read(offset)
extern "C" {
#include "../../driver/pivot_driver.c"
}

struct Entry {
    std::string kind, name;
    int64_t predicted = 0, clocks = -1;  // -1: it has not run
};
struct Run {
    std::map<uint32_t, Entry> entries;
    bool has_stalls = false;
    int64_t differ = 0;
};

static std::ifstream opened(const std::string& name, std::ios::openmode mode = std::ios::in) {
    std::ifstream file("layers/" + name, mode);
    if (!file) fail("layers/" + name + ": cannot be read");
    return file;
}

static std::string bytes_of(const std::string& name) {
    std::ifstream file = opened(name, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

static void after(void* context, uint32_t number, uint32_t clocks) {
    Run& run = *static_cast<Run*>(context);
    const auto found = run.entries.find(number);
    if (found == run.entries.end()) fail("entry " + std::to_string(number) + " is not in layers/entries.txt");
    found->second.clocks = clocks;
}

// Prints the clocks of all entries of a kind, and each that differs; returns those of the kind.
static int64_t print_clocks(Run& run, const std::string& kind, const char* title) {
    int64_t count = 0, clocks = 0, predicted = 0, differ = 0;
    for (const auto& [number, entry] : run.entries) {
        if (entry.kind != kind) continue;
        ++count;
        clocks += entry.clocks;
        predicted += entry.predicted;
        if (entry.clocks >= 0 && (run.has_stalls || entry.clocks == entry.predicted)) continue;
        ++differ;
        std::printf("%-22s %14" PRId64 " %14" PRId64 "  differs\n", entry.name.c_str(), entry.clocks, entry.predicted);
    }
    if (count == 0) return 0;
    const std::string named = std::to_string(count) + " " + title;
    std::printf("%-22s %14" PRId64 " %14" PRId64 "  %s\n", named.c_str(), clocks, predicted,
                differ ? (std::to_string(differ) + " differ").c_str() : run.has_stalls ? "with stalls" : "as predicted");
    run.differ += differ;
    return clocks;
}

int main() {
    static Bench bench;
    Run run;
    const char* const stalls = std::getenv("STALLS");
    run.has_stalls = stalls != nullptr && *stalls != 0;
    int64_t rate_bytes = 0, rate_clocks = 0, read_latency = 0, write_latency = 0, image_address = 0, most = 0;
    std::ifstream settings = opened("settings.txt");
    if (!(settings >> rate_bytes >> rate_clocks >> read_latency >> write_latency >> image_address))
        fail("layers/settings.txt: needs five numbers");
    std::ifstream list = opened("entries.txt");
    uint32_t number = 0;
    for (Entry entry; list >> number >> entry.kind >> entry.name >> entry.predicted; run.entries[number] = entry)
        if (entry.predicted > most) most = entry.predicted;

    bench.top.rate_bytes = rate_bytes;
    bench.top.rate_clocks = rate_clocks;
    bench.top.read_latency = static_cast<uint32_t>(read_latency);
    bench.top.write_latency = static_cast<uint32_t>(write_latency);
    bench.top.stalls = run.has_stalls;
    bench.top.reset = 1;
    for (int i = 0; i < 1024; ++i) bench.rise();
    bench.top.reset = 0;

    auto& memory = bench.top.rootp->layers_bench__DOT__dram__DOT__bytes;
    const std::string dram = bytes_of("dram.bin"), patches = bytes_of("image.bin"), program = bytes_of("program.bin");
    for (std::size_t i = 0; i < dram.size(); ++i) memory[i] = static_cast<uint8_t>(dram[i]);
    for (std::size_t i = 0; i < patches.size(); ++i) memory[image_address + i] = static_cast<uint8_t>(patches[i]);
    std::vector<uint32_t> image(program.size() / sizeof(uint32_t));
    std::memcpy(image.data(), program.data(), sizeof(uint32_t) * image.size());

    const auto polls = static_cast<uint32_t>((run.has_stalls ? 20 : 1) * most + 1000);  // each takes clocks
    pivot_driver driver = {image.data(), reinterpret_cast<uintptr_t>(&bench), 0, polls, &run, nullptr, after, 0, 0};
    const int64_t begin = bench.clocks;
    const int32_t ended = pivot_run(&driver, 0);
    if (ended < 0) fail("the driver ended with error " + std::to_string(ended) + " of pivot_driver.h");

    std::printf("%-22s %14s %14s\n", "entries", "clocks", "predicted");
    const int64_t products = print_clocks(run, "product", "GEMMs"), passes = print_clocks(run, "pass", "passes of units");
    std::printf("%-22s %14" PRId64 " %14s  over a bus that answers at once\n", "driver",
                bench.clocks - begin - products - passes, "-");
    std::printf("%-22s %14s %14s\n", "logit", "hardware", "reference");
    std::ifstream logits = opened("logits.txt");
    int64_t place = 0, address = 0, wanted = 0, unequal = 0;
    for (; logits >> address >> wanted; ++place) {
        int32_t found = 0;
        for (int i = 0; i < 4; ++i) found |= static_cast<int32_t>(static_cast<uint32_t>(memory[address + i]) << (8 * i));
        unequal += found != wanted;
        std::printf("%-22" PRId64 " %14" PRId32 " %14" PRId64 "  %s\n", place, found, wanted,
                    found == wanted ? "equal" : "differs");
    }
    if (place == 0) fail("layers/logits.txt: has no logits");
    if (bench.top.broken) std::printf("a stream broke its rules\n");
    return unequal != 0 || run.differ != 0 || bench.top.broken;
}
