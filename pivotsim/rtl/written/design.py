"""What a written design is: its GEMMs with their predicted clocks, its parameters, and what is to be said of it."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from pivotsim.rtl.written.latencies import Raised


@dataclass(frozen=True)
class WrittenGemm:
    """One distinct GEMM of a design: its name in the folder, sizes, repeats, and the engine's clocks of one run."""

    name: str
    m: int
    k: int
    n: int
    out_bits: int
    repeats: int
    loop_order: str
    chunk: int
    cycles: int
    cycles_as_stated: int


@dataclass(frozen=True)
class WrittenDesign:
    """What ``write_rtl`` wrote.

    Attributes
    ----------
    folder : Path
    gemms : tuple of WrittenGemm
    parameters : mapping
        Of verilog/stream_accelerator.v.
    cycles, cycles_as_stated : int
        All GEMMs with their repeats, as built, and as the board file states its latencies.
    raised : tuple of Raised
        Latencies that are built otherwise than the board file says.
    weights : tuple of str
        Operations whose weights were given; the bench runs each GEMM with the first of them, or with seeded ones.
    notes : tuple of str
        What hardware has otherwise than the board file says.
    has_layers : bool
        Whether the folder has a layer program.
    has_stops : bool
        Whether the host computes steps of the layer program: then `make layers` does not run it.
    """

    folder: Path
    gemms: tuple[WrittenGemm, ...]
    parameters: Mapping[str, int]
    cycles: int
    cycles_as_stated: int
    raised: tuple[Raised, ...]
    weights: tuple[str, ...]
    notes: tuple[str, ...]
    has_layers: bool = False
    has_stops: bool = False

    def to_dict(self) -> dict[str, Any]:
        """Return plain values."""
        return {
            "folder": str(self.folder),
            "cycles": self.cycles,
            "cycles_as_stated": self.cycles_as_stated,
            "raised": [each._asdict() for each in self.raised],
            "weights": list(self.weights),
            "gemms": [asdict(gemm) for gemm in self.gemms],
            "parameters": dict(self.parameters),
            "notes": list(self.notes),
        }
