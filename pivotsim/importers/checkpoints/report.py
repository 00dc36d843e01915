"""What a checkpoint leaves out of a workload: matrices with the zeros found in them, and the report of all."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple

from pivotsim.importers.checkpoints.zeros import Zeros, common_block, find_zeros
from pivotsim.importers.imported import SHOWN, numbered
from pivotsim.tables import Printable, Table, percent
from pivotsim.workload.masks.masks import Flags, Mask
from pivotsim.workload.ops import Trace
from pivotsim.workload.plans import Plan

NO_GAIN = "gains nothing here"
LEAST_FRAC = 0.0005  # zeros of a share below it are printed as 0.0 %: by chance, and not worth a line


class Weights(NamedTuple):
    """One matrix of a workload: whose it is, and what reads where it is zero, bool (copies, K, N)."""

    key: Any
    name: str
    module: str
    height: int
    width: int
    zeros: Callable[[], Flags]


@dataclass(frozen=True)
class Matrix:
    """A weight matrix with its zeros, and the mask that they make, None where they make none."""

    key: Any
    name: str
    module: str
    zeros: Zeros
    mask: Mask | None

    @property
    def structure(self) -> str:
        """What its zeros are, in words."""
        if self.mask is not None:
            return f"blocks of {self.mask.block}"
        if self.zeros.pattern is not None:
            return "{}:{} along the inputs".format(*self.zeros.pattern)
        if self.zeros.zeros == self.zeros.elements:
            return "zero throughout, kept whole"
        return "unstructured" if self.zeros.zeros >= LEAST_FRAC * self.zeros.elements else "none"


def matrices_of(weights: Iterable[Weights], source: str) -> list[Matrix]:
    """Return each matrix with its mask, in blocks of one size for all where one fits all."""
    found = [(each, find_zeros(each.zeros())) for each in weights]
    common = common_block(zeros for _, zeros in found)
    matrices = []
    for each, zeros in found:
        mask = None
        if zeros.kept:
            block = common or max(zeros.kept)
            mask = Mask("b", each.height, each.width, block, zeros.kept[block], source)
        matrices.append(Matrix(each.key, each.name, each.module, zeros, mask))
    return matrices


class Row(NamedTuple):
    """Matrices of one kind with zeros of one structure, together."""

    module: str
    structure: str
    matrices: int
    elements: int
    zeros: int
    kept: int


@dataclass(frozen=True)
class Checkpoint(Printable):
    """A workload with what a checkpoint leaves out of it; ``print`` shows the report.

    Attributes
    ----------
    workload : Plan or Trace
        With heads, neurons and blocks left out.
    source : str
        The file.
    matrices : tuple of Matrix
    heads, neurons : dict
        Encoder -> (kept, before), where the checkpoint has fewer.
    unread : tuple of str
        Tensors of two dimensions and more that belong to no matrix of the workload.
    missing : tuple of str
        Matrices of the workload that the checkpoint lacks; they stay whole.
    """

    workload: Plan | Trace
    source: str
    matrices: tuple[Matrix, ...]
    heads: dict[int, tuple[int, int]]
    neurons: dict[int, tuple[int, int]]
    unread: tuple[str, ...]
    missing: tuple[str, ...]

    @property
    def rows(self) -> list[Row]:
        """Matrices by kind and structure, in the order of the workload."""
        found: dict[tuple[str, str], Row] = {}
        for matrix in self.matrices:
            size, zeros = matrix.zeros.elements, matrix.zeros.zeros
            kept = size if matrix.mask is None else sum(matrix.mask.kept_elements)
            key = matrix.module, matrix.structure
            _, _, *sums = found.get(key, Row(*key, 0, 0, 0, 0))
            found[key] = Row(*key, *(a + b for a, b in zip(sums, (1, size, zeros, kept), strict=True)))
        return list(found.values())

    def notes(self) -> Iterator[str]:
        """Yield what must be said beside the table."""
        for noun, counts in (("heads", self.heads), ("neurons", self.neurons)):
            removed: dict[tuple[int, int], list[int]] = {}
            for encoder, pair in counts.items():
                removed.setdefault(pair, []).append(encoder)
            for (kept, before), encoders in removed.items():
                yield f"{noun}: {kept:,} of {before:,} in encoders {', '.join(map(str, encoders))}"
        lost = sum(row.zeros - (row.elements - row.kept) for row in self.rows)
        share = lost / sum(row.elements for row in self.rows)
        if share >= LEAST_FRAC:
            yield f"zeros outside blocks: {percent(share)} of the weights; the arrays multiply by them all the same"
        if self.missing:
            yield f"not in the checkpoint, kept whole: {_listed(self.missing)}"
        if self.unread:
            yield f"weights of the checkpoint that belong to no matrix above: {_listed(self.unread)}"

    def to_dict(self) -> dict[str, Any]:
        """Return the report for JSON, shares as fractions."""
        rows = [
            {
                "module": row.module, "matrices": row.matrices, "structure": row.structure,
                "zeros_frac": row.zeros / row.elements, "kept_frac": row.kept / row.elements,
            }
            for row in self.rows
        ]  # fmt: skip
        removed = {
            name: [{"encoder": i, "kept": kept, "before": before} for i, (kept, before) in counts.items()]
            for name, counts in (("heads", self.heads), ("neurons", self.neurons))
        }
        blocks = sorted({matrix.mask.block for matrix in self.matrices if matrix.mask is not None})
        return {
            "source": self.source, "blocks": blocks, "weights": rows, **removed, "missing": list(self.missing),
            "unread": list(self.unread), "notes": list(self.notes()),
        }  # fmt: skip

    def _tables(self) -> tuple[Table]:
        rows = [
            (
                row.module, row.matrices, row.structure, percent(row.zeros / row.elements),
                percent(row.kept / row.elements),
                NO_GAIN if row.structure != "none" and row.kept == row.elements else "",
            )
            for row in self.rows
        ]  # fmt: skip
        columns = ("weights", "matrices", "zeros lie in", "zeros", "kept", "")
        return (Table(f"checkpoint {self.source}", columns, rows, (1, 3, 4), tuple(self.notes())),)


def _listed(names: Iterable[str]) -> str:
    texts = [name if count == 1 else f"{name} ({count})" for name, count in numbered(names).items()]
    return ", ".join(texts[:SHOWN]) + (f" and {len(texts) - SHOWN} more" if len(texts) > SHOWN else "")
