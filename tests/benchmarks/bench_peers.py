"""One DeiT-S encoder and a hundred shapes, here and on other tools, each installed apart: `make bench-peers`.

Some fifteen minutes, most of them SCALE-Sim's. Processor seconds, so that a busy machine matters little.
"""

import json
import random
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

import pivotsim as ps
from tests.benchmarks.peers import scalesim, zigzag
from tests.benchmarks.peers.environments import Peer, Ran, install
from tests.benchmarks.peers.scalesim import SCALE_SIM
from tests.benchmarks.peers.zigzag import ZIGZAG

ROWS, COLS = 64, 36
RTL_CYCLES = 252_180  # of the encoder, input stationary, without stalls: Verilog under Verilator
MOST = 96  # rows, columns and depth of the hundred shapes
STREAM = Peer(
    "stream-dse 0.0.8", ("stream-dse==0.0.8",), "stream",
    why_not_run="it schedules layers over several cores; what a core takes is ZigZag's estimate",
)  # fmt: skip
ACCELFORGE = Peer(
    "accelforge 1.0.467", ("accelforge==1.0.467",), "accelforge", "python3.12",
    why_not_run="its memories ask CACTI, built for a glibc that Debian 12 does not have; it counts MACs / PEs",
)  # fmt: skip
Runner = Callable[[Path, Sequence[tuple[int, int, int]], int, int], Ran]
PEERS: tuple[tuple[Peer, Runner | None], ...] = (
    (SCALE_SIM, scalesim.run_gemms), (ZIGZAG, zigzag.run_gemms), (STREAM, None), (ACCELFORGE, None),
)  # fmt: skip
OURS = """
import json, resource, sys, time
import pivotsim as ps
gemms = json.loads(sys.argv[1])
array = dict(rows=64, cols=36, dataflow="is")
cycles = [ps.simulate_gemm(m, k, n, **array).cycles for m, k, n in gemms]
start = time.process_time()
for _ in range(20):
    for m, k, n in gemms:
        ps.simulate_gemm(m, k, n, **array)
warm = (time.process_time() - start) / 20
peak_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
print(json.dumps(dict(cycles=cycles, cpu_s=warm, process_s=time.process_time() - 20 * warm, peak_mb=peak_mb)))
"""


def ours(gemms: Sequence[tuple[int, int, int]]) -> Ran:
    """Return what this package takes for the same, in a process of its own."""
    ran = subprocess.run(
        [sys.executable, "-c", OURS, json.dumps(gemms)], check=True, capture_output=True, text=True, timeout=300
    )
    return Ran(**json.loads(ran.stdout))


def encoder() -> list[tuple[int, int, int]]:
    """Return the multiplications of one encoder of DeiT-S, a head each."""
    plan = ps.plan(ps.load_model("deit_s").replace({"depth": 1}))
    rows = ps.lower(plan).within("encoders").gemms.tolist()
    return [(m, k, n) for m, k, n, repeats in rows for _ in range(repeats)]


def shapes(number: int = 100) -> list[tuple[int, int, int]]:
    """Return shapes drawn with a seed."""
    draw = random.Random(100)
    return [(draw.randint(1, MOST), draw.randint(1, MOST), draw.randint(1, MOST)) for _ in range(number)]


def row(name: str, ran: Ran, own: Ran, reference: float) -> str:
    """Return a line of the table."""
    total = sum(ran.cycles)
    return (
        f"{name:20} {ran.cpu_s:11.4f} {ran.process_s:11.2f} {ran.peak_mb:8.0f} {total:12,.0f} {total / reference:8.3f}"
        f" {ran.cpu_s / own.cpu_s:12,.0f}"
    )


def main() -> None:
    works = {"one DeiT-S encoder": (encoder(), RTL_CYCLES), "a hundred shapes": (shapes(), None)}
    lines = []
    installed = [(peer, run, *install(peer)) for peer, run in PEERS]
    for what, (gemms, reference) in works.items():
        own = ours(gemms)
        clocks = reference or sum(own.cycles)
        lines += [
            f"{what}: {len(gemms)} multiplications, {ROWS}x{COLS}, inputs held; ratio of cycles to"
            f" {'the RTL' if reference else 'pivotsim'}'s {clocks:,}",
            f"{'':20} {'CPU s':>11} {'with start':>11} {'peak MB':>8} {'cycles':>12} {'ratio':>8} {'times slower':>12}",
            row("pivotsim, warm", own, own, clocks),
        ]
        for peer, run, python, why in installed:
            if python is None or run is None:
                lines.append(f"{peer.name:20} {'not run' if python else 'not installed'}: {why}")
                continue
            print(f"{peer.name} runs {what} ...", flush=True)
            try:
                lines.append(row(peer.name, run(python, gemms, ROWS, COLS), own, clocks))
            except (RuntimeError, subprocess.TimeoutExpired) as error:
                lines.append(f"{peer.name:20} failed: {str(error).strip().splitlines()[-1][:90]}")
    python = installed[0][2]
    if python:
        print(f"wrote {scalesim.record_convolutions(python)} rows of SCALE-Sim's convolutions", flush=True)
    print("\n".join(lines))


if __name__ == "__main__":
    main()
