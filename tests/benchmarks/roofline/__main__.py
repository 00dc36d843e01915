"""Measure every row of the roofline and write record, page and picture: `make bench-roofline`.

python -m tests.benchmarks.roofline [--machine WORDS] [--date YYYY-MM-DD]; each row runs in a process of its own, which
is this module again with --row MODULE NAME.
"""

import importlib
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

from docs.generators import speed_limits
from tests.benchmarks.record import about, options
from tests.benchmarks.roofline.work import ROWS

ROOT = Path(__file__).parents[3]
MODULES = ("array_rows", "memory_rows", "other_rows", "gemm_rows")
PEAKS = ("peaks", "all")
LIMIT_S = 600  # of a row, whose kernels may have to be compiled on a busy machine


def alone(module: str, name: str) -> dict[str, Any]:
    """Return what a process of its own measures; it runs again where kernels were compiled, which takes memory."""
    command = [sys.executable, "-m", "tests.benchmarks.roofline", "--row", module, name]
    while True:
        ran = subprocess.run(command, check=True, cwd=ROOT, stdout=subprocess.PIPE, text=True, timeout=LIMIT_S)
        found: dict[str, Any] = json.loads(ran.stdout)
        if not found.pop("compiled"):
            return found


def print_row(module: str, name: str) -> None:
    """Measure one row, or the machine's peaks, and print it."""
    from pivotsim.kernels._jit import KERNELS
    from tests.benchmarks.roofline.measure import measured, measured_peaks

    importlib.import_module(f"tests.benchmarks.roofline.{module}")
    found = measured_peaks() if (module, name) == PEAKS else measured(name, ROWS[name])
    print(json.dumps({**found, "compiled": sum(kernel.was_compiled for kernel in KERNELS)}))


def main() -> None:
    parser = options(__doc__)
    parser.add_argument("--row", nargs=2, help="module and name of one row, which is printed and not kept")
    given = parser.parse_args()
    if given.row:
        print_row(*given.row)
        return
    record: dict[str, Any] = {**about(given.machine, given.date), "peaks": alone(*PEAKS), "rows": []}
    for module in MODULES:
        before = set(ROWS)
        importlib.import_module(f"tests.benchmarks.roofline.{module}")
        for name in [name for name in ROWS if name not in before]:
            row = alone(module, name)
            record["rows"].append(row)
            least, median, most = row["ratio"]
            print(f"{row['what']:80} {row['ns'][1]:12,.1f} ns, {least:.2f} {median:.2f} {most:.2f} times its limit, "
                  f"{row['peak_mb']} MB", flush=True)  # fmt: skip
    speed_limits.keep(record)
    print(f"{speed_limits.RECORD.name}, {speed_limits.PAGE.name} and {speed_limits.PICTURE.name} are written")


if __name__ == "__main__":
    main()
