"""Files of masks: .npz with an array per mask, or CSV with one line per kept block."""

import csv
import io
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from pivotsim.array_files import MAX_ARRAY_BYTES, read_arrays, write_arrays
from pivotsim.errors import InputError, got, nearest
from pivotsim.files import read_text
from pivotsim.workload.masks import OPERANDS, Flags, Mask

COLUMNS = ("key", "row", "col")
MAX_CSV_BYTES = 64 * 2**20
MAX_PROBLEMS = 20
FIELDS = (".block", ".operand")  # what stands beside a mask's flags in a file that says all of it
_INTEGER = re.compile(r"[0-9]{1,9}")


class KeptBlocks(NamedTuple):
    """Kept blocks of one mask as a CSV file lists them: (line, row, column)."""

    file: str
    listed: tuple[tuple[int, int, int], ...]

    def flags(self, rows: int, cols: int) -> Flags:
        """Return the mask on a grid of blocks; raise InputError with a line per block outside it."""
        problems = [
            f"{self.file}:{line}: block ({row}, {col}) lies outside the {rows}x{cols} blocks"
            for line, row, col in self.listed
            if row >= rows or col >= cols
        ]
        if problems:
            raise InputError(cut(problems, self.file))
        kept = np.zeros((rows, cols), dtype=np.bool_)
        kept[[row for _, row, _ in self.listed], [col for _, _, col in self.listed]] = True
        return kept


def cut(problems: list[str], file: str) -> list[str]:
    """Return at most MAX_PROBLEMS lines, and one that says so."""
    more = [f"{file}: more than {MAX_PROBLEMS} problems; the rest is not listed"]
    return problems if len(problems) <= MAX_PROBLEMS else problems[:MAX_PROBLEMS] + more


def read_flags(path: str | Path) -> dict[str, Any]:
    """Return {key: bool array, or KeptBlocks} of a mask file; the ending .csv says that it is a list of kept blocks.

    Raises
    ------
    InputError
        One line per problem.
    """
    if not isinstance(path, (str, Path)) or not str(path).strip():
        raise InputError(f"masks: must be a path {got(path)}")
    if str(path).lower().endswith(".csv"):
        return dict(_read_csv(str(path)))
    return read_arrays(path, "b")


def _read_csv(name: str) -> dict[str, KeptBlocks]:
    rows = csv.reader(io.StringIO(read_text(Path(name), MAX_CSV_BYTES), newline=""), strict=True)
    listed: dict[str, dict[tuple[int, int], int]] = {}
    problems: list[str] = []
    try:
        header = tuple(cell.strip() for cell in next(rows))
        if header != COLUMNS:
            raise InputError(f"{name}:1: the columns must be {','.join(COLUMNS)} {got(','.join(header))}")
        for row in rows:
            if row and len(problems) <= MAX_PROBLEMS:
                problems += _note(f"{name}:{rows.line_num}", row, rows.line_num, listed)
    except csv.Error as error:
        problems.append(f"{name}:{rows.line_num}: is not valid CSV: {error}")
    if problems:
        raise InputError(cut(problems, name))
    if not listed:
        raise InputError(f"{name}: has a header and no blocks")
    return {
        key: KeptBlocks(name, tuple((line, *place) for place, line in blocks.items())) for key, blocks in listed.items()
    }


def _note(place: str, row: list[str], line: int, listed: dict[str, dict[tuple[int, int], int]]) -> list[str]:
    """Note one kept block, or return what is wrong with its line."""
    if len(row) != len(COLUMNS):
        return [f"{place}: expected {len(COLUMNS)} cells {got(len(row))}"]
    key, *cells = (cell.strip() for cell in row)
    problems = [
        f"{place}: {column}: must be a whole number from 0 on {got(cell)}"
        for column, cell in zip(COLUMNS[1:], cells, strict=True)
        if not _INTEGER.fullmatch(cell)
    ]
    if not key:
        problems.append(f"{place}: key: is empty")
    if problems:
        return problems
    block = (int(cells[0]), int(cells[1]))
    first = listed.setdefault(key, {}).setdefault(block, line)
    return [] if first == line else [f"{place}: block {block} of '{key}' stands twice, first on line {first}"]


def write_masks(path: str | Path, masks: Mapping[str, Mask]) -> None:
    """Write masks as .npz: per key its flags (count, block rows, block columns), ``key.block``, ``key.operand``.

    Raises
    ------
    InputError
        A key ends like one of these fields, the masks are more than is read back, or the file cannot be written.
    """
    odd = [key for key in masks if key.endswith(FIELDS) or not key or "\0" in key]
    if odd:
        raise InputError(f"{path}: a mask's key must not be empty or end in {' or '.join(FIELDS)} {got(odd[0])}")
    total = sum(mask.kept.nbytes for mask in masks.values())
    if total > MAX_ARRAY_BYTES // 2:
        raise InputError(f"{path}: masks of more than {MAX_ARRAY_BYTES // 2**21} MiB are not written {got(total)}")
    arrays: dict[str, Any] = {}
    for key, mask in masks.items():
        arrays |= {key: mask.kept, f"{key}.block": np.int64(mask.block), f"{key}.operand": np.str_(mask.operand)}
    write_arrays(path, arrays)


class StoredMask(NamedTuple):
    """A mask as a file holds it: all but the size, which its operation says."""

    operand: str
    block: int
    flags: Flags
    origin: str

    def sized(self, m: int, k: int, n: int) -> Mask:
        """Return the mask for an m x k x n GEMM."""
        height, width = {"a": (m, k), "b": (k, n), "out": (m, n)}[self.operand]
        return Mask(self.operand, height, width, self.block, self.flags, self.origin)  # type: ignore[arg-type]


def read_masks(path: str | Path) -> dict[str, StoredMask]:
    """Return the masks of a file that ``write_masks`` wrote, or a user in its form.

    ``key.block`` is 1 where it is missing, ``key.operand`` is ``b``.

    Raises
    ------
    InputError
        One line per problem.
    """
    arrays = read_arrays(path, "biuU")
    if "" in arrays:
        raise InputError(f"{path}: must be an .npz file, whose masks have names")
    masks: dict[str, StoredMask] = {}
    problems = []
    for key, flags in arrays.items():
        owner, dot, field = key.rpartition(".")
        if dot + field in FIELDS:
            problems += [] if owner in arrays else [f"{path}: {key}: goes with no mask{nearest(owner, arrays)}"]
            continue
        block, operand = (arrays.get(key + field) for field in FIELDS)
        if flags.dtype.kind != "b" or flags.ndim not in (2, 3):
            shape = f"{flags.dtype}, {flags.ndim} dimensions"
            problems.append(f"{path}: {key}: must hold true and false in 2 or 3 dimensions {got(shape)}")
        elif block is not None and (block.ndim or block.dtype.kind not in "iu" or block < 1):
            problems.append(
                f"{path}: {key}.block: must be one integer of at least 1 {got(block.shape or block.item())}"
            )
        elif operand is not None and (operand.ndim or str(operand) not in OPERANDS):
            problems.append(f"{path}: {key}.operand: must be one of {', '.join(OPERANDS)} {got(str(operand))}")
        else:
            masks[key] = StoredMask("b" if operand is None else str(operand), int(block or 1), flags, f"{path}, {key}")
    if problems:
        raise InputError(cut(problems, str(path)))
    return masks
