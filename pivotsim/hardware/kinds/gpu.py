"""GPUs as the wave model sees them: streaming multiprocessors, tiles, clocks, and what was fitted to few points."""

from collections.abc import Mapping
from pathlib import Path
from typing import Literal

from pivotsim.hardware.kinds.tiles import TileShape, TileTexts, tile_shape
from pivotsim.hardware.sourced import SourcedSpec
from pivotsim.io.documents import load_document
from pivotsim.io.spec_values import leaves
from pivotsim.io.specs import ONE_LINE, Spec, load_spec, quantity

KIND = "gpu_wave"


class SmSpec(Spec):
    """The streaming multiprocessors (SMs)."""

    count: int = quantity("SMs", "Streaming multiprocessors.", ge=1, le=65_536)
    clock_mhz: float = quantity("MHz", "Clock of the SMs.", ge=0.001, le=100_000)
    cores: int = quantity("", "fp32 cores (CUDA cores) of one SM: MACs a clock without tensor cores.", ge=1, le=65_536)
    macs_per_clock: int = quantity("MAC", "Peak of one SM in the precision assumed.", ge=1, le=2**20)
    efficiency_frac: float = quantity("", "Share of the peak that a full wave reaches.", ge=1e-6, le=1)


class KernelSpec(Spec):
    """How kernels cut a GEMM into tiles."""

    tile_rows: int = quantity("", "Rows of a tile of the result, linear layers.", ge=1, le=65_536)
    tile_cols: int = quantity("", "Columns of a tile of the result, linear layers.", ge=1, le=65_536)
    attention_tile: int = quantity("", "Rows and columns of a tile of QK^T and of SV.", ge=1, le=65_536)
    tiles_per_sm: int = quantity("", "Tiles that one SM holds at a time (occupancy).", ge=1, le=1024)
    wave_us: float = quantity("us", "Fixed cost of a wave.", ge=0, le=1e6)
    tiles: TileTexts = quantity(
        "", "Shapes to choose from for each product, in place of tile_rows by tile_cols.", default=()
    )
    tile_choice: Literal["fastest", "least_work"] = quantity(
        "", "Which of them a product gets: the fastest, or the one of least padded work.", default="fastest"
    )

    @property
    def shapes(self) -> list[TileShape]:
        """The shapes to choose from for linear layers: those listed, or the one of ``tile_rows`` and ``tile_cols``."""
        return [tile_shape(text) for text in self.tiles] or [TileShape(self.tile_rows, self.tile_cols)]


class OverheadSpec(Spec):
    """Time that no wave explains."""

    encoder_floor_us: float = quantity("us", "Least time of an encoder: its kernels' launches.", ge=0, le=1e6)
    scoring_frac: float = quantity("", "A block that scores its tokens takes this share longer.", ge=0, le=10)


class GpuSpec(SourcedSpec):
    """A GPU for the wave model; see ``hwconfigs/gpu``."""

    kind: Literal["gpu_wave"] = quantity("", "Selects this schema.")
    name: str = quantity("", "Short name.", min_length=1, pattern=ONE_LINE)
    description: str = quantity("", "One sentence.", min_length=1, pattern=ONE_LINE)
    sm: SmSpec
    kernel: KernelSpec
    overhead: OverheadSpec

    @property
    def tile_slots(self) -> int:
        """Tiles that one wave holds."""
        return self.sm.count * self.kernel.tiles_per_sm

    @property
    def macs_per_ms_of_sm(self) -> float:
        """MACs that one SM does in a millisecond of a full wave."""
        return self.sm.macs_per_clock * self.sm.clock_mhz * 1e3 * self.sm.efficiency_frac

    @property
    def fp32_tflops(self) -> float:
        """Peak of the fp32 cores in TFLOP/s, two operations per MAC."""
        return 2 * self.sm.count * self.sm.cores * self.sm.clock_mhz * 1e-6

    @property
    def derived(self) -> dict[str, tuple[float, str, str]]:
        """What follows from the values: name -> (value, unit, formula)."""
        return {
            "tile_slots": (float(self.tile_slots), "tiles", "sm.count * kernel.tiles_per_sm"),
            "fp32_tflops": (self.fp32_tflops, "TFLOP/s", "2 * sm.count * sm.cores * sm.clock_mhz"),
        }

    @property
    def notes(self) -> tuple[str, ...]:
        """Values that are assumed, estimated or fitted, each with what its source says; and those without effect."""
        paths = [path for path, _, _ in leaves(GpuSpec) if path not in self.not_used]
        marked = (f"{path}: {self.source(path)}" for path in paths if self.source(path).startswith("["))
        return (*marked, *(f"{path}: not used: {why}" for path, why in self.not_used.items() if self._is_stated(path)))

    @property
    def not_used(self) -> dict[str, str]:
        """Values that no latency depends on as the others are, each with the reason."""
        if self.kernel.tiles:
            listed = "kernel.tiles lists the shapes"
            choice = {} if len(self.kernel.tiles) > 1 else {"kernel.tile_choice": "kernel.tiles lists one shape"}
            return {"kernel.tile_rows": listed, "kernel.tile_cols": listed, **choice}
        return {"kernel.tiles": "it is empty", "kernel.tile_choice": "needs kernel.tiles"}

    def _is_stated(self, path: str) -> bool:
        """Tell whether a value without effect would look as if it had one: not a default that nobody stated."""
        return path in ("kernel.tile_rows", "kernel.tile_cols") or (
            path == "kernel.tile_choice" and self.kernel.tile_choice != "fastest"
        )


def load_gpu(source: "str | Path | Mapping[str, object] | GpuSpec") -> GpuSpec:
    """Return a validated GPU from a name, a path or a dict of the YAML file's form.

    Raises
    ------
    InputError
        One line per problem: ``file:line: dotted.path: problem (got X), nearest valid name``.

    Examples
    --------
    >>> gpu = load_gpu("gpu/a100")
    >>> gpu.sm.count, gpu.sm.count * gpu.sm.cores
    (108, 6912)
    """
    return load_spec(GpuSpec, "hwconfigs", "gpu", source)


def is_gpu(name: str) -> bool:
    """Tell whether a hardware's file says ``kind: gpu_wave``, itself or in a file that it builds on."""
    return load_document("hwconfigs", "hardware", name, groups=("gpu",)).data.get("kind") == KIND
