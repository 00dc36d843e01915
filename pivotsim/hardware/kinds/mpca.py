"""The board with a multi-level parallelism compute array (MPCA): Parikh et al., FCCM 2024.

The paper's abstract names the MPCA, load balancing for irregular block sparsity and hardware for token dropping. The
levels, their sizes and the clock are the defaults of a public latency estimator of the method. Two sets of rules say
what they take: this simulator's own (engines/mpca/lanes.py) and that estimator's (engines/mpca/estimator.py).
"""

from typing import ClassVar, Literal, Self

from pivotsim.errors import InputError, got
from pivotsim.hardware.array import MAX_CLOCK_MHZ, MIN_CLOCK_MHZ
from pivotsim.hardware.kinds.hardware_alone import HardwareAlone
from pivotsim.hardware.memory import UNLIMITED, Buffers, Size
from pivotsim.hardware.spec import Hardware
from pivotsim.io.specs import Spec, quantity

Rules = Literal["pivotsim", "authors"]
OWN, AUTHORS = "pivotsim", "authors"
Balance = Literal["lockstep", "rr", "greedy", "lpt"]
BALANCES: tuple[str, ...] = ("lockstep", "rr", "greedy", "lpt")  # in the order of the kernel's codes
OF_AUTHORS = ("rules", "p_h", "p_t", "p_c", "p_pe", "clock_mhz", "operand_bits", "dense_block")  # what those rules read
MARKED = ("operand_bits", "dense_block", "balance", "dma_bytes_per_cycle")  # what has a source of its own
MAX_LEVEL = 1024
MAX_BLOCK = 65_536


class MpcaSpec(Spec):
    """The compute array: p_h head modules of p_t x p_c processing elements (PEs), p_pe x p_pe multipliers each."""

    rules: Rules = quantity(
        "", "What clocks follow: this simulator's schedule, or the authors' latency estimator.", default="pivotsim"
    )
    p_h: int = quantity("", "Head modules; a weight matrix is spread over all of them.", ge=1, le=MAX_LEVEL)
    p_t: int = quantity("", "PEs of a head module that take row tiles of p_pe tokens side by side.", ge=1, le=MAX_LEVEL)
    p_c: int = quantity("", "Column lanes of a head module.", ge=1, le=MAX_LEVEL)
    p_pe: int = quantity("", "Tokens, and output columns, that a PE multiplies in a clock.", ge=1, le=MAX_LEVEL)
    clock_mhz: float = quantity("MHz", "Clock of the programmable logic.", ge=MIN_CLOCK_MHZ, le=MAX_CLOCK_MHZ)
    operand_bits: int = quantity("bit", "Widest operand that a PE multiplies.", ge=1, le=64)
    dense_block: int = quantity("elements", "Block that a matrix without a mask is cut into.", ge=1, le=MAX_BLOCK)
    balance: Balance = quantity("", "How a mask's block columns are handed to the lanes, offline.")
    header_cycles: int = quantity(
        "clocks", "Header of a stored block column; an empty column has none.", ge=0, le=10**6
    )
    fill: bool = quantity("", "Charge 2 * p_pe + p_t clocks once per matrix multiplication, to fill and drain.")
    weight_bytes: int = quantity("B", "A stored weight.", ge=1, le=8)
    index_bytes: int = quantity("B", "Row index of a kept block; 0 takes the whole bytes of its bits.", ge=0, le=8)
    pointer_bytes: int = quantity("B", "Pointer to a block column.", ge=0, le=8)
    dma_bytes_per_cycle: Size = quantity("B per clock", "Weights that DRAM delivers.")
    dma_buffers: Buffers = quantity("", "Weights arrive before a multiplication (single) or during it (ping_pong).")

    @property
    def lanes(self) -> int:
        """Column lanes of all head modules together."""
        return self.p_h * self.p_c

    @property
    def pe_count(self) -> int:
        """Processing elements of all head modules together."""
        return self.lanes * self.p_t

    @property
    def fill_cycles(self) -> int:
        """Clocks to fill and drain, once per matrix multiplication."""
        return 2 * self.p_pe + self.p_t if self.fill else 0


class MpcaHardware(HardwareAlone):
    """A board with one MPCA and no processor side: every operation runs in the programmable logic."""

    compute: ClassVar[str] = "mpca"
    kind: Literal["mpca"] = quantity("", "Selects this schema.")
    mpca: MpcaSpec

    @property
    def assumptions(self) -> tuple[str, ...]:
        """Values and groups whose sources are printed with every run."""
        if self.mpca.rules == AUTHORS:
            return tuple(f"mpca.{name}" for name in OF_AUTHORS)
        return ("mpca", *(f"mpca.{name}" for name in MARKED))

    @property
    def clock_mhz(self) -> float:
        """Clock of the compute array."""
        return self.mpca.clock_mhz

    @property
    def pes(self) -> int:
        """Multiply-accumulates in a clock: p_h * p_t * p_c * p_pe ** 2."""
        return self.mpca.lanes * self.mpca.p_t * self.mpca.p_pe**2

    @property
    def operand_bits(self) -> int:
        """Widest operand that a PE multiplies."""
        return self.mpca.operand_bits

    def without_memory_limits(self) -> Self:
        """Return a copy whose weights are there when they are asked for, what `memory: paper` means."""
        return self.model_copy(update={"mpca": self.mpca.model_copy(update={"dma_bytes_per_cycle": UNLIMITED})})

    @property
    def derived(self) -> dict[str, tuple[float, str, str]]:
        """Peaks that follow from the values: name -> (value, unit, formula)."""
        mpca = self.mpca
        peaks = {
            "pes": (self.pes, "MACs per clock", "p_h * p_t * p_c * p_pe ** 2"),
            **super().derived,
            "lanes": (mpca.lanes, "column lanes", "p_h * p_c"),
            "tokens_per_group": (mpca.p_t * mpca.p_pe, "tokens", "p_t * p_pe"),
        }
        if isinstance(mpca.dma_bytes_per_cycle, int):
            gb_per_s = mpca.dma_bytes_per_cycle * self.clock_mhz * 1e-3
            peaks["dma_gb_per_s"] = (gb_per_s, "GB/s", "dma_bytes_per_cycle * clock_mhz")
        return peaks


def as_mpca(hw: Hardware, what: str) -> MpcaHardware:
    """Return a board that has an MPCA, or raise InputError for one that has none."""
    if not isinstance(hw, MpcaHardware):
        raise InputError(f"{what}: needs hardware of kind 'mpca', '{hw.name}' has no such array {got(hw.kind)}")
    return hw
