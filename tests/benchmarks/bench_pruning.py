"""Speed of latency staircases, printed and never tested: `make bench`."""

import pivotsim as ps
from pivotsim.pruning.devices.gpu_wave import GpuWave
from pivotsim.pruning.devices.simulated import Simulated
from pivotsim.pruning.token_plans import at_tokens
from tests.benchmarks.bench import best_s

GOALS_MS = {"deit_s": 20, "dinov2_g": 100}  # warm, profile paper


def measure(name: str, device: GpuWave | Simulated, label: str) -> None:
    plan = ps.plan(name)
    counts = range(1, plan.model.tokens + 1)
    fast_ms = 1e3 * best_s(lambda: device.latencies_ms(plan, counts))
    slow_ms = 1e3 * best_s(lambda: [device.latency_ms(at_tokens(plan, n)) for n in counts], 2)
    case = f"{name}, n = 1 to {len(counts)}, {label}"
    print(f"{case:42} {fast_ms:8.1f} ms   goal {GOALS_MS[name]} ms   {slow_ms / fast_ms:5.1f}x one by one")


def main() -> None:
    for name in GOALS_MS:
        measure(name, Simulated("zcu102"), "zcu102")
        measure(name, Simulated("zcu102", profile="full"), "profile full")
        measure(name, GpuWave("gpu/a100"), "gpu/a100")


if __name__ == "__main__":
    main()
