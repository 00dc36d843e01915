"""Recorded results with what they were made by: command, machine, versions."""

import csv
import os
import platform
from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np
import torch

import pivotsim as ps

ROOT = Path(__file__).parents[2]
OUT = ROOT / "notebooks" / "recorded"
SAMPLES = ROOT / "samples"


def write(
    path: Path, command: str, notes: Iterable[str], columns: Sequence[str], rows: Iterable[Sequence[str]]
) -> None:
    """Write rows under a header of comment lines."""
    load = ", ".join(f"{value:.2f}" for value in os.getloadavg())
    lines = [
        f"command: {command}",
        f"machine: {cpu_model()}, {os.cpu_count()} cores, shared with other work",
        f"versions: Python {platform.python_version()}, torch {torch.__version__}, numpy {np.__version__}, "
        f"pivotsim {ps.__version__}",
        *notes,
        f"load average when done (1, 5, 15 minutes): {load}",
    ]
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", newline="") as file:
        file.writelines(f"# {line}\n" for line in lines)
        csv.writer(file, lineterminator="\n").writerows([columns, *rows])


def cpu_model() -> str:
    """Return the CPU's own name, where the system tells it."""
    info = Path("/proc/cpuinfo")
    names = [line for line in info.read_text().splitlines() if line.startswith("model name")] if info.exists() else []
    return names[0].partition(":")[2].strip() if names else platform.machine()
