// Random commands for both AXI masters, the reads' consumer and the writes' source, and what memory must hold after them.
#include <cstdint>
#include <cstring>
#include <deque>
#include <random>
#include <vector>

#include "Vmasters_bench.h"
#include "Vmasters_bench___024root.h"
#include "verilated.h"

namespace {
constexpr int64_t BYTES = 65536, HALF = BYTES / 2;  // reads from the lower half, writes to the upper one

struct Command {
    int64_t address, size;
};

struct Draw {
    std::mt19937 engine;
    int64_t between(int64_t least, int64_t most) { return least + engine() % (most - least + 1); }
    // Sizes of a few bytes, of a few beats, of several bursts; half of them begin near a page's end.
    Command command(int64_t base, int64_t longest) {
        const int64_t kind = between(0, 9);
        const int64_t most = kind < 4 ? 12 : kind < 8 ? 300 : longest;
        Command made{0, between(1, most)};
        made.address = base + (between(0, 1) ? between(0, HALF - 1) : 4096 * between(1, HALF / 4096) - between(0, 200));
        if (made.address + made.size > base + HALF) made.address = base + HALF - made.size;
        return made;
    }
};
}  // namespace

extern "C" {

// found: bursts, clocks, bytes read, bytes written, wrong bytes, rules broken (bits), clocks without `stalls` that no byte
// of a read came after its first one. Returns 0, or -1 where the limit was hit.
int64_t masters_run(int64_t lanes, int64_t seed, int64_t commands, int64_t longest, int64_t stalls, int64_t latency,
                    int64_t limit, int64_t* found) {
    VerilatedContext context;
    Vmasters_bench top{&context};
    Draw draw{std::mt19937(static_cast<uint32_t>(seed))};
    auto& memory = top.rootp->masters_bench__DOT__memory__DOT__bytes;
    std::vector<uint8_t> expected(BYTES);
    for (int64_t i = 0; i < BYTES; ++i) memory[i] = expected[i] = draw.engine();
    std::deque<Command> asked;
    int64_t to_read = commands, to_write = commands, got = 0, sent = 0, beat = 0;
    bool has_write = false, is_taken = false;
    Command writing{0, 0};
    std::vector<uint8_t> payload;
    top.stalls = stalls;
    top.seed = static_cast<uint32_t>(seed * 2654435761u + 1);
    top.read_latency = latency;
    top.reset = 1;
    top.read_valid = top.write_valid = top.in_valid = 0;
    const auto rise = [&] {
        top.clk = 1;
        top.eval();
        top.clk = 0;
        top.eval();
    };
    for (int i = 0; i < 4; ++i) rise();
    top.reset = 0;
    for (int i = 0; i < 6; ++i) found[i] = 0;
    for (found[1] = 0; found[1] < limit; ++found[1]) {
        if (!to_read && asked.empty() && !to_write && !has_write && !top.read_valid) break;
        if (!top.read_valid && to_read && (!stalls || draw.between(0, 2))) {
            const Command made = draw.command(0, longest);
            top.read_valid = 1;
            top.read_address = made.address;
            top.read_size = made.size;
            --to_read;
        }
        if (!has_write && to_write && (!stalls || draw.between(0, 2))) {
            writing = draw.command(HALF, longest);
            payload.resize(writing.size);
            for (auto& byte : payload) byte = draw.engine();
            has_write = true;
            is_taken = false;
            sent = beat = 0;
            --to_write;
            top.write_valid = 1;
            top.write_address = writing.address;
            top.write_size = writing.size;
        }
        if (!top.in_valid && has_write && sent < writing.size && (!stalls || draw.between(0, 3))) {
            const int64_t most = std::min<int64_t>(lanes, writing.size - sent);
            beat = stalls ? draw.between(1, most) : most;
            uint8_t data[64];
            for (auto& byte : data) byte = draw.engine();  // what tkeep leaves out is no one's
            std::memcpy(data, payload.data() + sent, beat);
            std::memcpy(&top.in_data, data, sizeof top.in_data < 64 ? sizeof top.in_data : 64);
            const uint64_t keep = beat == 64 ? ~0ull : (1ull << beat) - 1;
            std::memcpy(&top.in_keep, &keep, sizeof top.in_keep);
            top.in_valid = 1;
            top.in_last = sent + beat == writing.size;
        }
        top.out_ready = !stalls || draw.between(0, 2) != 0;
        top.eval();
        if (top.read_valid && top.read_ready) asked.push_back({static_cast<int64_t>(top.read_address), static_cast<int64_t>(top.read_size)});
        const bool read_taken = top.read_valid && top.read_ready, write_taken = top.write_valid && top.write_ready;
        const bool in_taken = top.in_valid && top.in_ready;
        if (in_taken && !is_taken) ++found[4];  // bytes before their command
        if (top.out_valid && top.out_ready) {
            uint8_t data[64] = {};
            uint64_t keep = 0;
            std::memcpy(data, &top.out_data, sizeof top.out_data < 64 ? sizeof top.out_data : 64);
            std::memcpy(&keep, &top.out_keep, sizeof top.out_keep);
            if (asked.empty()) ++found[4];
            else {
                const Command front = asked.front();
                int64_t count = 0;
                while (count < lanes && keep >> count & 1) ++count;
                if (count == 0 || (count < 64 && keep >> count) || got + count > front.size) ++found[4];
                for (int64_t i = 0; i < count && got + i < front.size; ++i)
                    found[4] += data[i] != expected[front.address + got + i];
                got += count;
                found[2] += count;
                if (top.out_last != (got == front.size)) ++found[4];
                if (got >= front.size) {
                    asked.pop_front();
                    got = 0;
                }
            }
        }
        const bool is_written = top.status_valid;
        rise();
        if (read_taken) top.read_valid = 0;
        if (write_taken) {
            top.write_valid = 0;
            is_taken = true;
        }
        if (in_taken) {
            top.in_valid = 0;
            sent += beat;
        }
        if (is_written) {
            if (!has_write || sent != writing.size) ++found[4];
            for (int64_t i = 0; i < writing.size; ++i) expected[writing.address + i] = payload[i];
            for (int64_t i = writing.address - 64; i < writing.address + writing.size + 64; ++i)
                if (i >= 0 && i < BYTES) found[4] += memory[i] != expected[i];
            found[3] += writing.size;
            has_write = false;
        }
    }
    for (int64_t i = 0; i < BYTES; ++i) found[4] += memory[i] != expected[i];
    found[0] = top.bursts;
    found[5] = top.broken | (top.error ? 1 << 15 : 0);
    return found[1] == limit ? -1 : 0;
}
}
