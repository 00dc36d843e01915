"""Part of `make rtl-designs`: hardware behind AXI streams takes the predicted clocks behind drawn DRAMs, too.

One build for each dataflow; rates from a tenth of a byte to 26 bytes a clock, latencies from 0 to 50 clocks each way,
outputs of 8 and 32 bits. A count of DRAMs makes a quick try: python -m tests.proofs.rtl_streams 10.
"""

import subprocess
import sys
import tempfile
from pathlib import Path

import pivotsim as ps
from pivotsim.workload.ops import Op, Trace
from tests.rtl import verilated
from tests.rtl.test_written_design import SMALL, drawn_dram, made, rows_of

DRAMS = 200
LOOP_ORDERS = {"is": "chunk-column-row", "ws": "column-chunk-row", "os": "row-outer"}
READS = {"is": 1, "ws": 4, "os": 2}  # in flight
PORTS = {"is": 8, "ws": 5, "os": 3}  # of IPMEM
TRACE = Trace(tuple(Op(1, "qkt", "gemm", 9, 14, 10, 1, out_bits=bits) for bits in (8, 32)))


def campaign(folder: Path, dataflow: str, drams: int) -> tuple[int, int, int]:
    """Return (runs, clocks, runs that differ) of one dataflow's hardware behind that many DRAMs."""
    program = {"memories.chunk": 4, "memories.loop_order": LOOP_ORDERS[dataflow], "array.dataflow": dataflow}
    board = ps.load_hardware("zcu102").replace(
        {
            **SMALL,
            **program,
            "memories.ipmem_port_bytes_per_clock": PORTS[dataflow],
            "memories.outstanding_reads": READS[dataflow],
        }
    )
    built = ps.write_rtl(board, TRACE, folder / dataflow)
    made(built.folder)
    runs = clocks = differ = 0
    for number in range(drams):
        slower = {f"memories.{name}": choice for name, choice in drawn_dram(number).items()}
        other = ps.write_rtl(board.replace(slower), TRACE, folder / f"{dataflow}-{number}")
        if (other.folder / "rtl" / "top.v").read_text() != (built.folder / "rtl" / "top.v").read_text():
            raise RuntimeError("the DRAM has changed the hardware")
        done = subprocess.run(
            [built.folder / "build" / "run"], cwd=other.folder, capture_output=True, text=True, timeout=600
        )
        rows = rows_of(done.stdout)[:-1]
        runs += len(rows)
        clocks += sum(int(taken) for _, taken, *_ in rows)
        wrong = sum(taken != predicted or said != "equal" for _, taken, predicted, said in rows)
        differ += wrong
        if wrong or len(rows) != len(TRACE.ops):
            print(dataflow, slower, done.stdout, flush=True)
    return runs, clocks, differ


def main() -> int:
    if verilated.missing():
        raise SystemExit(f"make rtl-designs: {verilated.missing()}")
    drams, differ = int(sys.argv[1]) if len(sys.argv) > 1 else DRAMS, 0
    for dataflow in LOOP_ORDERS:
        with tempfile.TemporaryDirectory() as folder:
            runs, clocks, wrong = campaign(Path(folder), dataflow, drams)
        differ += wrong
        print(f"{dataflow}: {runs} runs behind {drams} DRAMs, {clocks:,} clocks, {wrong} differ", flush=True)
    return int(bool(differ))


if __name__ == "__main__":
    sys.exit(main())
