"""SCALE-Sim 3.0.0 in an environment of its own, with a numpy that it does not crash on, traces off.

Its clocks of ten convolutions are written to ``tests/data/scalesim_convolutions.csv``, which tests compare with.
"""

import csv
import json
import tempfile
from collections.abc import Sequence
from pathlib import Path

from tests.benchmarks.peers.environments import Peer, Ran, ran_in

MAX_ROWS = 64  # of a topology, once its depthwise layers are taken apart
RECORD = Path(__file__).parents[2] / "data" / "scalesim_convolutions.csv"
SCALE_SIM = Peer("SCALE-Sim 3.0.0", ("scalesim==3.0.0", "numpy<2.4"), "scalesim")
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
import json, resource, time
from scalesim.scale_sim import scalesim
start = time.process_time()
files = dict(config="c.cfg", topology="t.csv", layout="l.csv")
peer = scalesim(save_disk_space=True, verbose=False, input_type_gemm={is_gemm}, **files)
peer.run_scale(top_path="out")
peak_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
print(json.dumps(dict(cpu_s=time.process_time() - start, process_s=time.process_time(), peak_mb=peak_mb)))
"""
COLUMNS = "Layer name,IFMAP Height,IFMAP Width,Filter Height,Filter Width,Channels,Num Filter,Strides"
CONVOLUTIONS = (  # one whose last window reaches beyond the input, and one that is depthwise, by its name
    "plain,16,16,3,3,3,32,1", "stride2,17,17,3,3,8,16,2", "pointwise,12,12,1,1,32,64,1", "five,20,20,5,5,4,8,1",
    "seven,29,29,7,7,3,16,2", "oblong,9,12,3,2,4,8,1", "stride3,16,16,4,4,6,12,3", "whole,4,4,4,4,16,40,1",
    "rest,30,30,3,3,3,32,2", "depthwiseDP,14,14,3,3,8,1,1",
)  # fmt: skip
DESIGNS = [(dataflow, rows, cols) for dataflow in ("is", "ws", "os") for rows, cols in ((32, 32), (8, 4))]


def run(python: Path, header: str, layers: Sequence[str], *, is_gemm: bool, dataflow: str, rows: int, cols: int) -> Ran:
    """Return what the peer took for a topology, and the clocks of each row of its report."""
    with tempfile.TemporaryDirectory() as folder:
        work = Path(folder)
        (work / "c.cfg").write_text(CONFIG.format(rows=rows, cols=cols, dataflow=dataflow))
        (work / "t.csv").write_text(f"{header},\n" + "".join(f"{layer},\n" for layer in layers))
        (work / "l.csv").write_text("Layer\n" + "".join(f"layer{i}{',1' * 18},\n" for i in range(MAX_ROWS)))
        took = json.loads(ran_in(python, ["-c", RUNNER.format(is_gemm=is_gemm)], work).splitlines()[-1])
        with (work / "out" / "encoder" / "COMPUTE_REPORT.csv").open() as file:
            report = list(csv.DictReader(file, skipinitialspace=True))
        cycles = [int(float(row["Total Cycles"])) - int(float(row["Stall Cycles"])) for row in report]
        return Ran(cycles, **took)


def run_gemms(python: Path, gemms: Sequence[tuple[int, int, int]], rows: int, cols: int) -> Ran:
    """Return what the peer took for (m, k, n) multiplications, input stationary."""
    layers = [f"layer{i},{m},{n},{k}" for i, (m, k, n) in enumerate(gemms)]  # its order is M, N, K
    parts = [layers[i : i + MAX_ROWS] for i in range(0, len(layers), MAX_ROWS)]
    ran = [run(python, "Layer,M,N,K", part, is_gemm=True, dataflow="is", rows=rows, cols=cols) for part in parts]
    return Ran(
        [cycle for one in ran for cycle in one.cycles], sum(one.cpu_s for one in ran),
        sum(one.process_s for one in ran), max(one.peak_mb for one in ran),
    )  # fmt: skip


def record_convolutions(python: Path) -> int:
    """Write the peer's clocks of the convolutions on each design, those of a depthwise one added up; return rows."""
    counts = [int(layer.split(",")[5]) if "DP" in layer else 1 for layer in CONVOLUTIONS]
    lines = [f"dataflow,rows,cols,{COLUMNS},scalesim_compute_cycles"]
    for dataflow, rows, cols in DESIGNS:
        found = run(python, COLUMNS, CONVOLUTIONS, is_gemm=False, dataflow=dataflow, rows=rows, cols=cols).cycles
        assert len(found) == sum(counts)
        for layer, count in zip(CONVOLUTIONS, counts, strict=True):
            own, found = found[:count], found[count:]
            lines.append(f"{dataflow},{rows},{cols},{layer},{sum(own)}")
    RECORD.write_text("\n".join(lines) + "\n")
    return len(lines) - 1
