"""The streaming pipeline: a stage of its own for each operation, rows streaming from stage to stage.

Weights stay on the chip. The values of ``hwconfigs/truth/hgpipe_vck190.yaml`` are those of HG-PIPE (ICCAD 2024); how
clocks follow from them is in engines/pipeline/stages.py and schedule.py.
"""

from typing import ClassVar, Literal, Self

from pydantic import ConfigDict

from pivotsim.errors import InputError, got
from pivotsim.hardware.array import MAX_CLOCK_MHZ, MIN_CLOCK_MHZ
from pivotsim.hardware.kinds.hardware_alone import HardwareAlone
from pivotsim.hardware.memory import UNLIMITED, Size
from pivotsim.hardware.spec import Hardware
from pivotsim.io.specs import Spec, quantity

MAX_PARALLEL = 65_536
MATRIX_STAGES = ("patch_embed", "qkv", "qkt", "sv", "proj", "fc1", "fc2", "head")
OUTSIDE = ("patch_embed", "head")  # of the encoders
VECTOR_STAGES = ("norm", "softmax", "gelu", "add")
BUFFERS = ("q", "residual1", "residual2")


class MatrixStageSpec(Spec):
    """A stage that multiplies: of each row in work it takes in_parallel inputs times out_parallel outputs a clock."""

    in_parallel: int = quantity("", "Inputs of a row that are multiplied in a clock.", ge=1, le=MAX_PARALLEL)
    out_parallel: int = quantity("", "Outputs of a row that are summed in a clock.", ge=1, le=MAX_PARALLEL)
    heads_parallel: int = quantity("", "Heads side by side, each with such multipliers.", ge=1, le=1024, default=1)

    @property
    def macs_per_row(self) -> int:
        """Multiply-accumulates in a clock for each row in work."""
        return self.in_parallel * self.out_parallel * self.heads_parallel


class VectorStageSpec(Spec):
    """A stage that works element by element, in one or several passes over a row."""

    lanes: int = quantity("", "Elements of a row in a clock.", ge=1, le=MAX_PARALLEL)
    passes: int = quantity("", "Passes over a row, one after the other.", ge=1, le=16, default=1)
    heads_parallel: int = quantity("", "Heads side by side, each with such lanes.", ge=1, le=1024, default=1)


class StagesSpec(Spec):
    """The parallelism of each stage; every encoder in the pipeline has the same."""

    patch_embed: MatrixStageSpec
    norm: VectorStageSpec
    qkv: MatrixStageSpec
    qkt: MatrixStageSpec
    softmax: VectorStageSpec
    sv: MatrixStageSpec
    proj: MatrixStageSpec
    add: VectorStageSpec
    fc1: MatrixStageSpec
    gelu: VectorStageSpec
    fc2: MatrixStageSpec
    head: MatrixStageSpec

    model_config = ConfigDict(protected_namespaces=())

    def matrix(self, name: str) -> MatrixStageSpec:
        """Return a stage of ``MATRIX_STAGES``."""
        found: MatrixStageSpec = getattr(self, name)
        return found

    def vector(self, name: str) -> VectorStageSpec:
        """Return a stage of ``VECTOR_STAGES``."""
        found: VectorStageSpec = getattr(self, name)
        return found


class BuffersSpec(Spec):
    """Buffers deeper than a FIFO, where a row waits for what takes another way."""

    q: Size = quantity("groups", "Q rows that wait for the whole of K.")
    residual1: Size = quantity("groups", "Rows beside the attention.")
    residual2: Size = quantity("groups", "Rows beside the MLP.")
    operand_images: Size = quantity("images", "Images whose K, or V, are held: the one in use, and those that follow.")

    def depth(self, name: str) -> int:
        """Return a buffer's depth, -1 where it is unlimited."""
        size = getattr(self, name)
        return -1 if size == UNLIMITED else int(size)


class PipelineSpec(Spec):
    """The pipeline: its stages, and what stands between them."""

    encoders: int = quantity("", "Encoders with stages of their own; deeper models pass them again.", ge=1, le=1024)
    rows_parallel: int = quantity("", "Rows in work at once, in each stage: a group.", ge=1, le=1024)
    clock_mhz: float = quantity("MHz", "Clock of the programmable logic.", ge=MIN_CLOCK_MHZ, le=MAX_CLOCK_MHZ)
    operand_bits: int = quantity("bit", "Widest operand that is multiplied.", ge=1, le=64)
    head_order: Literal["rows", "heads"] = quantity(
        "", "All heads of a row before the next row, or all rows of a head before the next head.", default="rows"
    )
    image_clocks: int = quantity("clocks", "Between an image and the next one, in each stage.", ge=0, le=10**6)
    fifo: Size = quantity("groups", "Depth of a FIFO between two stages.")
    stages: StagesSpec
    buffers: BuffersSpec

    @property
    def fifo_depth(self) -> int:
        """Depth of a FIFO in groups, -1 where it is unlimited."""
        return -1 if self.fifo == UNLIMITED else int(self.fifo)


class PipelineHardware(HardwareAlone):
    """A board with one streaming pipeline and no processor side."""

    compute: ClassVar[str] = "pipeline"
    assumptions: ClassVar[tuple[str, ...]] = (
        "pipeline",
        *(f"pipeline.{name}" for name in ("clock_mhz", "operand_bits", "head_order", "image_clocks", "fifo")),
        *(f"pipeline.buffers.{name}" for name in BuffersSpec.model_fields),
    )

    kind: Literal["pipeline"] = quantity("", "Selects this schema.")
    pipeline: PipelineSpec

    @property
    def clock_mhz(self) -> float:
        """Clock of the pipeline."""
        return self.pipeline.clock_mhz

    @property
    def pes(self) -> int:
        """Multiply-accumulates in a clock, of all stages of all its encoders, patch embedding and head together."""
        spec = self.pipeline
        of_a_row = sum(
            spec.stages.matrix(name).macs_per_row * (1 if name in OUTSIDE else spec.encoders) for name in MATRIX_STAGES
        )
        return spec.rows_parallel * of_a_row

    @property
    def operand_bits(self) -> int:
        """Widest operand that it multiplies."""
        return self.pipeline.operand_bits

    @property
    def ps_pl_overlap(self) -> str:
        """Images of a batch follow each other through the stages, side by side."""
        return "images"

    def without_memory_limits(self) -> Self:
        """Return a copy whose FIFOs and buffers are unlimited; sources stay those of the board."""
        spec = self.pipeline
        buffers = spec.buffers.model_copy(update=dict.fromkeys(BuffersSpec.model_fields, UNLIMITED))
        return self.model_copy(update={"pipeline": spec.model_copy(update={"fifo": UNLIMITED, "buffers": buffers})})


def as_pipeline(hw: Hardware, what: str) -> PipelineHardware:
    """Return a board that has a streaming pipeline, or raise InputError for one that has none."""
    if not isinstance(hw, PipelineHardware):
        raise InputError(f"{what}: needs hardware of kind 'pipeline', '{hw.name}' is another {got(hw.kind)}")
    return hw
