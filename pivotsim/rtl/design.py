"""What a written design is: its GEMMs with their predicted clocks, its parameters, and what is to be said of it."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class WrittenGemm:
    """One distinct GEMM of a design: its name in the folder, sizes, repeats, the engine's clocks of one run."""

    name: str
    m: int
    k: int
    n: int
    out_bits: int
    repeats: int
    loop_order: str
    chunk: int
    cycles: int


@dataclass(frozen=True)
class WrittenDesign:
    """What ``write_rtl`` wrote.

    Attributes
    ----------
    folder : Path
    gemms : tuple of WrittenGemm
    parameters : mapping
        Of verilog/accelerator.v.
    cycles : int
        All GEMMs with their repeats.
    notes : tuple of str
        What hardware has otherwise than the board file says.
    """

    folder: Path
    gemms: tuple[WrittenGemm, ...]
    parameters: Mapping[str, int]
    cycles: int
    notes: tuple[str, ...]

    def to_dict(self) -> dict[str, Any]:
        """Return plain values."""
        return {
            "folder": str(self.folder),
            "cycles": self.cycles,
            "gemms": [asdict(gemm) for gemm in self.gemms],
            "parameters": dict(self.parameters),
            "notes": list(self.notes),
        }
