"""Recordings behind figures that no simulation gives: what ``make cosearch`` writes, read from a folder.

They lie in the repository's notebooks/recorded and are no part of the package. All are of scikit-learn's digits, a
small ViT and one processor: never of ImageNet, and never of the paper's own models on its own machines.
"""

import csv
import math
import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from pivotsim.effort.outputs import EffortOutputs, effort_outputs
from pivotsim.effort.search.path_scoring import checked_cka
from pivotsim.errors import InputError, got
from pivotsim.io.text_files import read_text
from pivotsim.units import FloatArray

IMAGES = "digits, 8x8 images, not ImageNet"
EFFORTS, PATHS, PROCESSOR = "cosearch_digits_efforts.csv", "cosearch_digits_paths.csv", "effort_overhead_cpu.csv"
SEEDS = (0, 1, 2)
CKA = tuple(f"cosearch_digits_seed{seed}_cka.npz" for seed in SEEDS)
CALIBRATION = tuple(f"cosearch_digits_seed{seed}_calibration.npz" for seed in SEEDS)
TEST = tuple(f"cosearch_digits_seed{seed}_test.npz" for seed in SEEDS)
ALL = (EFFORTS, PATHS, PROCESSOR, *CKA, *CALIBRATION, *TEST)
MAX_BYTES = 2**22
TEXTS = ("method", "part")
COLUMNS = {
    EFFORTS: ("seed", "effort", "active"),
    PATHS: ("seed", "score", "accuracy_untuned_frac", "accuracy_frac"),
    PROCESSOR: ("method", "part", "latency_ms"),
}


class Rows(NamedTuple):
    """A recorded table: its header's lines by name, and a dict of texts per row."""

    header: dict[str, str]
    rows: list[dict[str, str]]
    path: Path = Path("recording")


@dataclass(frozen=True)
class Recordings:
    """A folder of recordings; nothing is read before it is asked for."""

    folder: Path

    def missing(self, names: tuple[str, ...]) -> list[str]:
        """Return which of the files are not there."""
        return [name for name in names if not os.path.isfile(self.folder / name)]  # noqa: PTH113 - odd names raise there

    def table(self, name: str) -> Rows:
        """Return a recorded CSV.

        Raises
        ------
        InputError
            The file is missing or cannot be read, holds no row, lacks a column or a seed, or a cell is no number.
        """
        path = self.folder / name
        lines = read_text(path, MAX_BYTES).splitlines()
        pairs = (line.lstrip("# ").partition(":") for line in lines if line.startswith("#"))
        rows = list(csv.DictReader(line for line in lines if not line.startswith("#")))
        if not rows:
            raise InputError(f"{path}: holds no recorded row")
        for number, row in enumerate(rows, start=1):
            _check_row(f"{path}: row {number}", row, COLUMNS[name])
        seeds = {row["seed"] for row in rows} if "seed" in COLUMNS[name] else set(map(str, SEEDS))
        if seeds != set(map(str, SEEDS)):
            raise InputError(f"{path}: seed: must be {', '.join(map(str, SEEDS))} {got(', '.join(sorted(seeds)))}")
        return Rows({key.strip(): value.strip() for key, _, value in pairs}, rows, path)

    def cka(self, seed: int) -> FloatArray:
        """Return the CKA matrix of a seed's teacher, float64 (D, D): MLP i before attention j."""
        return checked_cka(self.folder / CKA[SEEDS.index(seed)])

    def outputs(self, seed: int, part: str, efforts: Iterable[int] = ()) -> EffortOutputs:
        """Return what a seed's efforts, ``efforts`` among them, say of the ``calibration`` or the ``test`` images."""
        path = self.folder / {"calibration": CALIBRATION, "test": TEST}[part][SEEDS.index(seed)]
        found = effort_outputs(path)
        if found.right is None:
            raise InputError(f"{path}: holds no labels")
        absent = [effort for effort in efforts if effort not in found.entropies]
        if absent:
            raise InputError(f"{path}: holds no effort {absent[0]} {got(', '.join(map(str, found.efforts)))}")
        return found


def recordings_in(folder: Path) -> Recordings:
    """Return the recordings of a folder, or raise InputError where it holds none."""
    if not os.path.isdir(folder):  # noqa: PTH112 - Path.is_dir raises on names that are too long
        raise InputError(f"--recorded: {folder}: no such folder")
    found = Recordings(folder)
    if len(found.missing(ALL)) == len(ALL):
        raise InputError(f"--recorded: {folder}: holds no recording, such as {EFFORTS}; `make cosearch` writes them")
    return found


def _check_row(place: str, row: Mapping[str, str | None], columns: tuple[str, ...]) -> None:
    for column in columns:
        cell = row.get(column)
        if cell is None:
            raise InputError(f"{place}: has no column {column} {got(', '.join(map(str, row)))}")
        for text in () if column in TEXTS else cell.split() if column == "active" else [cell]:
            if not _is_number(text, whole=column in ("seed", "effort", "active")):
                raise InputError(f"{place}: {column}: must be a number {got(cell)}")


def _is_number(text: str, *, whole: bool) -> bool:
    if whole:
        return text.isdecimal() and len(text) < 10
    try:
        return math.isfinite(float(text))
    except ValueError:
        return False
