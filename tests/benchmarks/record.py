"""Take the twelve numbers once and keep them: `make bench-numbers`; appends a record and writes the page of all.

python -m tests.benchmarks.record [--machine WORDS] [--date YYYY-MM-DD]
"""

import argparse
import importlib.metadata
import json
import os
import platform
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import pivotsim as ps
from docs.generators.speed_over_time import RECORDS, write_page

ROOT = Path(__file__).parents[2]
LIMIT_S = 1800


def record_of(measured: dict[str, Any], about: dict[str, str]) -> dict[str, Any]:
    """Return a record of what pytest-benchmark has measured: of each number its ratio and its figure."""
    numbers = {}
    for each in measured["benchmarks"]:
        info = each["extra_info"]
        ratios = [min(info["ratios"]), statistics.median(info["ratios"]), max(info["ratios"])]
        numbers[each["name"].removeprefix("test_")] = {
            "what": info["what"], "limit": info["limit"], "ratio": [float(f"{ratio:.4g}") for ratio in ratios],
            "rounds": len(info["ratios"]), "figure": float(f"{info['figure']:.4g}"), "unit": info["unit"],
        }  # fmt: skip
    return {**about, "numbers": numbers}


def this_machine() -> str:
    """Return the machine in words, without any name of its own."""
    cpu_info = Path("/proc/cpuinfo")
    lines = cpu_info.read_text(encoding="utf-8").splitlines() if cpu_info.exists() else []
    cpu = next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), platform.machine())
    return f"{os.cpu_count()} cores, {cpu}, {os.getloadavg()[0]:.0f} processes waiting or running at the start"


def about(machine: str | None, date: str | None) -> dict[str, str]:
    """Return what a record says of itself: versions, the machine, and the date of the last commit unless given."""
    last = ["git", "log", "-1", "--format=%cs"]
    date = date or subprocess.run(last, cwd=ROOT, check=True, capture_output=True, text=True).stdout.strip()
    versions = {name: importlib.metadata.version(name) for name in ("numpy", "numba")}
    return {"version": ps.__version__, "date": date, "machine": machine or this_machine(),
            "python": platform.python_version(), **versions}  # fmt: skip


def options(description: str | None) -> argparse.ArgumentParser:
    """Return a parser of what a record says of itself."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--machine", help="the machine in words [its processor and load]")
    parser.add_argument("--date", help="of the state that is measured [that of the last commit]")
    return parser


def measure() -> dict[str, Any]:
    """Return pytest-benchmark's results of the twelve."""
    with tempfile.TemporaryDirectory() as folder:
        found = Path(folder) / "found.json"
        command = [sys.executable, "-m", "pytest", "-q", "-p", "benchmark", "-p", "no:cacheprovider",
                   f"--benchmark-json={found}", str(Path(__file__).with_name("twelve.py"))]  # fmt: skip
        subprocess.run(command, check=True, cwd=ROOT, timeout=LIMIT_S)
        return json.loads(found.read_text(encoding="utf-8"))


def main() -> None:
    given = options(__doc__).parse_args()
    of_this = about(given.machine, given.date)  # before the machine is busy with it
    record = record_of(measure(), of_this)
    with RECORDS.open("a", encoding="utf-8") as file:
        file.write(json.dumps(record) + "\n")
    write_page()
    print(f"{RECORDS.relative_to(ROOT)}: one record more, and the page of all is written")


if __name__ == "__main__":
    main()
