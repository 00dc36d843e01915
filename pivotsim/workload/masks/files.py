"""Files of masks: .npz with an array per mask, or CSV with one line per kept block."""

import csv
import io
import re
from array import array
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from pivotsim.errors import InputError, got, got_shape, nearest
from pivotsim.io.array_files import MAX_ARRAY_BYTES, read_arrays, write_arrays
from pivotsim.io.csv_files.separators import separator_of
from pivotsim.io.text_files import read_text
from pivotsim.workload.masks.masks import OPERANDS, Flags, Mask, as_flags

COLUMNS = ("key", "row", "col")
MAX_CSV_BYTES = 64 * 2**20
MAX_PROBLEMS = 20
FIELDS = (".block", ".operand")  # what stands beside a mask's flags in a file that says all of it
MAX_KEYS = 65_536  # of a CSV file
_INTEGER = re.compile(r"[0-9]{1,9}")
_STRIDE = 10**9  # beyond every row and column
_WHOSE = {"b": "weights", "out": "scores"}


class KeptBlocks(NamedTuple):
    """Kept blocks of one mask as a CSV file lists them, int64 vectors, sorted by line."""

    file: str
    lines: Any
    rows: Any
    cols: Any

    def flags(self, rows: int, cols: int) -> Flags:
        """Return the mask on a grid of blocks; raise InputError with a line per block outside it."""
        outside = np.flatnonzero((self.rows >= rows) | (self.cols >= cols))[: MAX_PROBLEMS + 1]
        if len(outside):
            problems = [
                f"{self.file}:{self.lines[i]}: block ({self.rows[i]}, {self.cols[i]}) lies outside the "
                f"{rows}x{cols} blocks"
                for i in outside
            ]
            raise InputError(cut(problems, self.file))
        kept = np.zeros((rows, cols), dtype=np.bool_)
        kept[self.rows, self.cols] = True
        return kept


class StoredMask(NamedTuple):
    """A mask as a file holds it: all but the size, which its operation says."""

    operand: str
    block: int
    kept: Flags
    origin: str

    def sized(self, m: int, k: int, n: int) -> Mask:
        """Return the mask for an m x k x n GEMM."""
        height, width = {"a": (m, k), "b": (k, n), "out": (m, n)}[self.operand]
        return Mask(self.operand, height, width, self.block, self.kept, self.origin)  # type: ignore[arg-type]


def cut(problems: list[str], file: str) -> list[str]:
    """Return at most MAX_PROBLEMS lines, and one that says so."""
    more = [f"{file}: more than {MAX_PROBLEMS} problems; the rest is not listed"]
    return problems if len(problems) <= MAX_PROBLEMS else problems[:MAX_PROBLEMS] + more


def read_flags(path: str | Path, operand: str) -> dict[str, Any]:
    """Return {key: mask} of a mask file; the ending .csv says that it is a list of kept blocks.

    A mask is a bool array or KeptBlocks, or a StoredMask where ``key.block`` or ``key.operand`` stands beside it, as
    ``write_masks`` has it; of those, masks of other operands are passed over.

    Raises
    ------
    InputError
        One line per problem, or there is no mask of the operand.
    """
    if not isinstance(path, (str, Path)) or not str(path).strip():
        raise InputError(f"masks: must be a path {got(path)}")
    if str(path).lower().endswith(".csv"):
        return dict(_read_csv(str(path)))
    arrays = _read_npz(path)
    stated = {key for key in arrays for field in FIELDS if key + field in arrays}
    stored = _stored(path, {key: v for key, v in arrays.items() if key in stated or key.endswith(FIELDS)})
    found = {key: v for key, v in arrays.items() if key not in stated and not key.endswith(FIELDS)}
    found |= {key: mask for key, mask in stored.items() if mask.operand == operand}
    if not found:
        raise InputError(f"{path}: holds no mask of operand {operand}, which {_WHOSE[operand]} are")
    return found


def _read_csv(name: str) -> dict[str, KeptBlocks]:
    text = read_text(Path(name), MAX_CSV_BYTES)
    separator = separator_of(text.partition("\n")[0], COLUMNS)
    rows = csv.reader(io.StringIO(text, newline=""), strict=True, delimiter=separator)
    listed: dict[str, tuple[Any, Any]] = {}
    problems: list[str] = []
    try:
        header = tuple(cell.strip().lower() for cell in next(rows))
        if header != COLUMNS:
            raise InputError(f"{name}:1: the columns must be {','.join(COLUMNS)} {got(','.join(header))}")
        for row in rows:
            if row:
                problems += _note(f"{name}:{rows.line_num}", row, rows.line_num, listed)
            if len(problems) > MAX_PROBLEMS:
                break
    except csv.Error as error:
        problems.append(f"{name}:{rows.line_num}: is not valid CSV: {error}")
    found = {key: _kept(name, *pair) for key, pair in listed.items()} if not problems else {}
    problems += [problem for key, blocks in found.items() for problem in _twice(key, blocks)]
    if problems:
        raise InputError(cut(problems, name))
    if not found:
        raise InputError(f"{name}: has a header and no blocks")
    return found


def _note(place: str, row: list[str], line: int, listed: dict[str, tuple[Any, Any]]) -> list[str]:
    """Note the line and the block of a row with its key, or return what is wrong with it."""
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
    if key not in listed and len(listed) == MAX_KEYS:
        raise InputError(f"{place}: key: more than {MAX_KEYS:,} masks stand in one file {got(key)}")
    lines, blocks = listed.setdefault(key, (array("i"), array("q")))
    lines.append(line)
    blocks.append(int(cells[0]) * _STRIDE + int(cells[1]))
    return []


def _kept(name: str, lines: Any, blocks: Any) -> KeptBlocks:
    rows, cols = np.divmod(np.frombuffer(blocks, dtype=np.int64), _STRIDE)
    return KeptBlocks(name, np.frombuffer(lines, dtype=np.intc), rows, cols)


def _twice(key: str, blocks: KeptBlocks) -> list[str]:
    """Return a line for each of the first blocks that stand twice."""
    order = np.lexsort((blocks.cols, blocks.rows))  # stable: of equal blocks the first line comes first
    rows, cols, lines = blocks.rows[order], blocks.cols[order], blocks.lines[order]
    again = np.flatnonzero((rows[1:] == rows[:-1]) & (cols[1:] == cols[:-1]))[: MAX_PROBLEMS + 1]
    return [
        f"{blocks.file}:{lines[i + 1]}: block ({rows[i]}, {cols[i]}) of '{key}' stands twice, before on line {lines[i]}"
        for i in again
    ]


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


def read_masks(path: str | Path) -> dict[str, StoredMask]:
    """Return the masks of a file that ``write_masks`` wrote, or a user in its form.

    ``key.block`` is 1 where it is missing, ``key.operand`` is ``b``.

    Raises
    ------
    InputError
        One line per problem.
    """
    arrays = _read_npz(path)
    if "" in arrays:
        raise InputError(f"{path}: must be an .npz file, whose masks have names")
    return _stored(path, arrays)


def _read_npz(path: str | Path) -> dict[str, Any]:
    """Return the arrays of a file, masks among them as true and false."""
    arrays = read_arrays(path, _kinds)
    for key in _named(arrays):
        arrays[key] = as_flags(f"{path}: {key}" if key else str(path), arrays[key])
    return arrays


def _named(arrays: Iterable[str]) -> list[str]:
    """Return the names of masks among those of a file's arrays."""
    return [key for key in arrays if not key.endswith(FIELDS)]


def _kinds(key: str) -> str:
    return "biuU" if key.endswith(FIELDS) else "biu"


def _stored(path: str | Path, arrays: Mapping[str, Any]) -> dict[str, StoredMask]:
    """Return masks with what stands beside them."""
    masks: dict[str, StoredMask] = {}
    problems = []
    for key, flags in arrays.items():
        owner, dot, field = key.rpartition(".")
        if dot + field in FIELDS:
            problems += [] if owner in arrays else [f"{path}: {key}: goes with no mask{nearest(owner, _named(arrays))}"]
            continue
        block, operand = (arrays.get(key + field) for field in FIELDS)
        if flags.ndim not in (2, 3):
            problems.append(f"{path}: {key}: must have 2 or 3 dimensions {got(flags.ndim)}")
        elif block is not None and (block.ndim or block.dtype.kind not in "iu" or block < 1):
            found = got_shape(block.shape) if block.ndim else got(block.item())
            problems.append(f"{path}: {key}.block: must be one integer of at least 1 {found}")
        elif operand is not None and (operand.ndim or str(operand) not in OPERANDS):
            problems.append(f"{path}: {key}.operand: must be one of {', '.join(OPERANDS)} {got(str(operand))}")
        else:
            masks[key] = StoredMask("b" if operand is None else str(operand), int(block or 1), flags, str(path))
    if problems:
        raise InputError(cut(problems, str(path)))
    return masks
