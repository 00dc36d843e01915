"""Speed of latency staircases, printed and never tested: `make bench`."""

import pivotsim as ps
from pivotsim.pruning.devices.gpu_wave import GpuWave
from pivotsim.pruning.devices.simulated import Simulated
from pivotsim.pruning.token_plans import at_tokens
from tests.benchmarks.timing import timed

MODELS = ("deit_s", "dinov2_g")


def measure(name: str, device: GpuWave | Simulated, label: str, goal: str = "") -> None:
    plan = ps.plan(name)
    counts = range(1, plan.model.tokens + 1)
    fast_ms = timed(lambda: device.latencies_ms(plan, counts)).times(1e3)
    slow_ms = timed(lambda: [device.latency_ms(at_tokens(plan, n)) for n in counts]).times(1e3)
    case = f"{name}, n = 1 to {len(counts)}, {label}"
    print(f"{case:42} {fast_ms:ms}   {goal:10}   {slow_ms.median / fast_ms.median:5.1f}x one by one")


def main() -> None:
    for name in MODELS:
        paper, full = ("goal 5 ms", "goal 15 ms") if name == "deit_s" else ("", "")
        measure(name, Simulated("zcu102"), "zcu102", paper)
        measure(name, Simulated("zcu102", profile="full"), "profile full", full)
        measure(name, GpuWave("gpu/a100"), "gpu/a100")


if __name__ == "__main__":
    main()
