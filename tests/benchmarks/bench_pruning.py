"""Speed of latency staircases, printed and never tested: `make bench`."""

import pivotsim as ps
from pivotsim.pruning.devices.gpu_wave import GpuWave
from pivotsim.pruning.devices.simulated import Simulated
from pivotsim.pruning.token_plans import at_tokens
from tests.benchmarks.bench import best_s

GOALS_MS = {"deit_s": 20, "dinov2_g": 100}


def main() -> None:
    for name, goal_ms in GOALS_MS.items():
        plan = ps.plan(name)
        counts = range(1, plan.model.tokens + 1)
        for device in (Simulated("zcu102"), Simulated("zcu102", profile="full"), GpuWave("gpu/a100")):
            profile = f", profile {device.profile}" if isinstance(device, Simulated) else ""
            fast = 1e3 * best_s(lambda device=device: device.latencies_ms(plan, counts))
            slow = 1e3 * best_s(lambda device=device: [device.latency_ms(at_tokens(plan, n)) for n in counts], 2)
            label = f"{name}, n = 1 to {len(counts)}, {device.name}{profile}"
            print(f"{label:54} {fast:8.1f} ms   goal {goal_ms} ms   {slow / fast:5.1f}x one by one")


if __name__ == "__main__":
    main()
