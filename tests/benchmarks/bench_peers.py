"""One DeiT-S encoder, and ten convolutions, here and on SCALE-Sim 3.0.0: `make bench-peers` (about five minutes).

SCALE-Sim is installed in an environment of its own, with a numpy that it does not crash on, traces off. Its clocks of
the convolutions are written to ``tests/data/scalesim_convolutions.csv``, which tests compare with.
"""

import csv
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pivotsim as ps

MAX_ROWS = 64  # of a topology, once its depthwise layers are taken apart
FOLDER = Path(__file__).parents[2] / ".venv-peers"
RECORD = Path(__file__).parents[1] / "data" / "scalesim_convolutions.csv"
PACKAGES = ["scalesim==3.0.0", "numpy<2.4"]
CONFIG = """[general]
run_name = encoder
[architecture_presets]
ArrayHeight = {rows}
ArrayWidth = {cols}
IfmapSramSzkB = 4096
FilterSramSzkB = 4096
OfmapSramSzkB = 4096
IfmapOffset = 0
FilterOffset = 10000000
OfmapOffset = 20000000
Bandwidth = 64
Dataflow = {dataflow}
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
import time
from scalesim.scale_sim import scalesim
start = time.perf_counter()
files = dict(config="c.cfg", topology="t.csv", layout="l.csv")
peer = scalesim(save_disk_space=True, verbose=False, input_type_gemm={is_gemm}, **files)
peer.run_scale(top_path="out")
print("seconds", time.perf_counter() - start)
"""
COLUMNS = "Layer name,IFMAP Height,IFMAP Width,Filter Height,Filter Width,Channels,Num Filter,Strides"
CONVOLUTIONS = (  # one whose last window reaches beyond the input, and one that is depthwise, by its name
    "plain,16,16,3,3,3,32,1", "stride2,17,17,3,3,8,16,2", "pointwise,12,12,1,1,32,64,1", "five,20,20,5,5,4,8,1",
    "seven,29,29,7,7,3,16,2", "oblong,9,12,3,2,4,8,1", "stride3,16,16,4,4,6,12,3", "whole,4,4,4,4,16,40,1",
    "rest,30,30,3,3,3,32,2", "depthwiseDP,14,14,3,3,8,1,1",
)  # fmt: skip
DESIGNS = [(dataflow, rows, cols) for dataflow in ("is", "ws", "os") for rows, cols in ((32, 32), (8, 4))]


def install() -> Path:
    python = FOLDER / "bin" / "python"
    if not (FOLDER / "installed").exists():
        subprocess.run([sys.executable, "-m", "venv", FOLDER], check=True, timeout=120)
        subprocess.run([python, "-m", "pip", "install", "--quiet", *PACKAGES], check=True, timeout=900)
        (FOLDER / "installed").touch()
    return python


def run_peer(
    python: Path, header: str, layers: list[str], *, is_gemm: bool, dataflow: str, rows: int, cols: int
) -> tuple[float, list[int]]:
    """Return the peer's seconds on a topology, and the clocks of each row of its report."""
    with tempfile.TemporaryDirectory() as folder:
        work = Path(folder)
        (work / "c.cfg").write_text(CONFIG.format(rows=rows, cols=cols, dataflow=dataflow))
        (work / "t.csv").write_text(f"{header},\n" + "".join(f"{layer},\n" for layer in layers))
        (work / "l.csv").write_text("Layer\n" + "".join(f"layer{i}{',1' * 18},\n" for i in range(MAX_ROWS)))
        code = RUNNER.format(is_gemm=is_gemm)
        ran = subprocess.run([python, "-c", code], cwd=work, check=False, capture_output=True, text=True, timeout=1800)
        if ran.returncode:
            raise SystemExit(f"SCALE-Sim failed:\n{ran.stderr[-2000:]}")
        seconds = float(next(line.split()[1] for line in ran.stdout.splitlines() if line.startswith("seconds")))
        with (work / "out" / "encoder" / "COMPUTE_REPORT.csv").open() as file:
            report = list(csv.DictReader(file, skipinitialspace=True))
        return seconds, [int(float(row["Total Cycles"])) - int(float(row["Stall Cycles"])) for row in report]


def record_convolutions(python: Path) -> int:
    """Write the peer's clocks of the convolutions on each design, those of a depthwise one added up; return rows."""
    counts = [int(layer.split(",")[5]) if "DP" in layer else 1 for layer in CONVOLUTIONS]
    lines = [f"dataflow,rows,cols,{COLUMNS},scalesim_compute_cycles"]
    for dataflow, rows, cols in DESIGNS:
        _, found = run_peer(python, COLUMNS, [*CONVOLUTIONS], is_gemm=False, dataflow=dataflow, rows=rows, cols=cols)
        assert len(found) == sum(counts)
        for layer, count in zip(CONVOLUTIONS, counts, strict=True):
            own, found = found[:count], found[count:]
            lines.append(f"{dataflow},{rows},{cols},{layer},{sum(own)}")
    RECORD.write_text("\n".join(lines) + "\n")
    return len(lines) - 1


def main() -> None:
    python = install()
    print(f"SCALE-Sim's clocks of ten convolutions on {len(DESIGNS)} designs ...", flush=True)
    print(f"wrote {RECORD}: {record_convolutions(python)} rows", flush=True)
    plan = ps.plan(ps.load_model("deit_s").replace({"depth": 1}))
    rows = ps.lower(plan).within("encoders").gemms.tolist()
    gemms = [(m, k, n) for m, k, n, repeats in rows for _ in range(repeats)]
    print(f"one DeiT-S encoder, {len(gemms)} GEMMs, 64x36, input stationary; SCALE-Sim is running ...", flush=True)
    layers = [f"layer{i},{m},{n},{k}" for i, (m, k, n) in enumerate(gemms)]  # its order is M, N, K
    theirs_s, each = run_peer(python, "Layer,M,N,K", layers, is_gemm=True, dataflow="is", rows=64, cols=36)
    theirs = sum(each)
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
