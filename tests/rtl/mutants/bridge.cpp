// The bench of a netlist with faults in it, of which one acts: 0 is none.
#include "../accelerator/bridge.cpp"

extern "C" void bench_choose(void* bench, int64_t number) {
    static_cast<Bench*>(bench)->top.rootp->bench__DOT__fault = number;
}
