"""Recordings behind figures that no simulation gives: what ``make cosearch`` writes, read from a folder.

They lie in the repository's notebooks/recorded and are no part of the package. All are of scikit-learn's digits, a
small ViT and one processor: never of ImageNet, and never of the paper's own models on its own machines.
"""

import csv
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from pivotsim.effort.gating import EffortOutputs, effort_outputs
from pivotsim.effort.search.path_scoring import checked_cka
from pivotsim.errors import InputError
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


class Rows(NamedTuple):
    """A recorded table: its header's lines by name, and a dict of texts per row."""

    header: dict[str, str]
    rows: list[dict[str, str]]


@dataclass(frozen=True)
class Recordings:
    """A folder of recordings; nothing is read before it is asked for."""

    folder: Path

    def missing(self, names: tuple[str, ...]) -> list[str]:
        """Return which of the files are not there."""
        return [name for name in names if not (self.folder / name).is_file()]

    def table(self, name: str) -> Rows:
        """Return a recorded CSV.

        Raises
        ------
        InputError
            The file is missing or cannot be read, or holds no row.
        """
        path = self.folder / name
        lines = read_text(path, MAX_BYTES).splitlines()
        pairs = (line.lstrip("# ").partition(":") for line in lines if line.startswith("#"))
        rows = list(csv.DictReader(line for line in lines if not line.startswith("#")))
        if not rows:
            raise InputError(f"{path}: holds no recorded row")
        return Rows({key.strip(): value.strip() for key, _, value in pairs}, rows)

    def cka(self, seed: int) -> FloatArray:
        """Return the CKA matrix of a seed's teacher, float64 (D, D): MLP i before attention j."""
        return checked_cka(self.folder / CKA[SEEDS.index(seed)])

    def outputs(self, seed: int, part: str) -> EffortOutputs:
        """Return what a seed's efforts say of the ``calibration`` or the ``test`` images."""
        names = {"calibration": CALIBRATION, "test": TEST}[part]
        return effort_outputs(self.folder / names[SEEDS.index(seed)])


def recordings_in(folder: Path) -> Recordings:
    """Return the recordings of a folder, or raise InputError where it holds none."""
    if not folder.is_dir():
        raise InputError(f"--recorded: {folder}: no such folder")
    found = Recordings(folder)
    if len(found.missing(ALL)) == len(ALL):
        raise InputError(f"--recorded: {folder}: holds no recording, such as {EFFORTS}; `make cosearch` writes them")
    return found
