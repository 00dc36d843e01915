"""One DeiT-S encoder here and on SCALE-Sim 3.0.0, in one run: `make bench-peers` (about two minutes).

SCALE-Sim is installed in an environment of its own, with a numpy that it does not crash on, traces off.
"""

import csv
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pivotsim as ps

FOLDER = Path(__file__).parents[2] / ".venv-peers"
PACKAGES = ["scalesim==3.0.0", "numpy<2.4"]
CONFIG = """[general]
run_name = encoder
[architecture_presets]
ArrayHeight = 64
ArrayWidth = 36
IfmapSramSzkB = 4096
FilterSramSzkB = 4096
OfmapSramSzkB = 4096
IfmapOffset = 0
FilterOffset = 10000000
OfmapOffset = 20000000
Bandwidth = 64
Dataflow = is
MemoryBanks = 1
ReadRequestBuffer = 64
WriteRequestBuffer = 64
[layout]
IfmapCustomLayout = False
IfmapSRAMBankBandwidth = 10
IfmapSRAMBankNum = 10
IfmapSRAMBankPort = 2
FilterCustomLayout = False
FilterSRAMBankBandwidth = 10
FilterSRAMBankNum = 10
FilterSRAMBankPort = 2
[sparsity]
SparsitySupport = false
SparseRep = ellpack_block
OptimizedMapping = false
BlockSize = 8
RandomNumberGeneratorSeed = 40
[run_presets]
InterfaceBandwidth = CALC
UseRamulatorTrace = False
"""
RUNNER = """
import sys, time
from scalesim.scale_sim import scalesim
start = time.perf_counter()
files = dict(config="c.cfg", topology="t.csv", layout="l.csv")
peer = scalesim(save_disk_space=True, verbose=False, input_type_gemm=True, **files)
peer.run_scale(top_path="out")
print("seconds", time.perf_counter() - start)
"""


def install() -> Path:
    python = FOLDER / "bin" / "python"
    if not (FOLDER / "installed").exists():
        subprocess.run([sys.executable, "-m", "venv", FOLDER], check=True, timeout=120)
        subprocess.run([python, "-m", "pip", "install", "--quiet", *PACKAGES], check=True, timeout=900)
        (FOLDER / "installed").touch()
    return python


def run_peer(python: Path, gemms: list[tuple[int, int, int]]) -> tuple[float, int]:
    """Return (seconds, cycles) of the peer on a list of (m, k, n)."""
    with tempfile.TemporaryDirectory() as folder:
        work = Path(folder)
        (work / "c.cfg").write_text(CONFIG)
        lines = [f"layer{i},{m},{n},{k}," for i, (m, k, n) in enumerate(gemms)]  # its order is M, N, K
        (work / "t.csv").write_text("Layer,M,N,K,\n" + "\n".join(lines) + "\n")
        (work / "l.csv").write_text("Layer\n" + "".join(f"layer{i}{',1' * 18},\n" for i in range(len(gemms))))
        ran = subprocess.run(
            [python, "-c", RUNNER], cwd=work, check=False, capture_output=True, text=True, timeout=1800
        )
        if ran.returncode:
            raise SystemExit(f"SCALE-Sim failed:\n{ran.stderr[-2000:]}")
        seconds = float(next(line.split()[1] for line in ran.stdout.splitlines() if line.startswith("seconds")))
        with (work / "out" / "encoder" / "COMPUTE_REPORT.csv").open() as file:
            rows = list(csv.DictReader(file, skipinitialspace=True))
        return seconds, sum(int(float(row["Total Cycles"])) - int(float(row["Stall Cycles"])) for row in rows)


def main() -> None:
    python = install()
    plan = ps.plan(ps.load_model("deit_s").replace({"depth": 1}))
    rows = ps.lower(plan).within("encoders").gemms.tolist()
    gemms = [(m, k, n) for m, k, n, repeats in rows for _ in range(repeats)]
    print(f"one DeiT-S encoder, {len(gemms)} GEMMs, 64x36, input stationary; SCALE-Sim is running ...", flush=True)
    theirs_s, theirs = run_peer(python, gemms)
    hw = ps.load_hardware("zcu102")
    ours = ps.simulate(plan, hw)
    times = []
    for _ in range(50):
        start = time.perf_counter()
        ps.simulate(plan, hw)
        times.append(time.perf_counter() - start)
    start = time.perf_counter()
    subprocess.run([sys.executable, "-m", "pivotsim", "run", "deit_s"], check=True, capture_output=True, timeout=60)
    cold_s = time.perf_counter() - start
    print(f"SCALE-Sim 3.0.0      {theirs_s:10.2f} s    {theirs:,} cycles")
    print(f"pivotsim, warm       {1e3 * min(times):10.3f} ms   {ours.pl_cycles:,} cycles")
    print(f"difference           {ours.pl_cycles - theirs} cycles, one for each of {len(gemms)} GEMMs")
    print(f"ratio, warm          {theirs_s / min(times):10,.0f} times faster")
    print(
        f"ratio, cold process  {theirs_s / cold_s:10,.0f} times faster (whole command, all 12 encoders, PS and energy)"
    )


if __name__ == "__main__":
    main()
