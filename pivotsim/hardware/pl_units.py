"""Units of the programmable logic beside the array, at rest unless ``placement`` says pl."""

from collections import Counter
from collections.abc import Collection
from typing import TYPE_CHECKING, Literal

from pydantic import create_model

from pivotsim.errors import got
from pivotsim.hardware.power import COSTS_UP_TO_PJ
from pivotsim.io.specs import Spec, quantity
from pivotsim.operations import OPERATIONS, UNIT_OF

FusedToken = Literal["mean", "sum"]
SortNetwork = Literal["bitonic", "odd_even_merge", "odd_even_transposition"]


class UnitSpec(Spec):
    """A unit of the programmable logic for one kind of operation."""

    elements_per_clock: int = quantity("", "Elements that leave it in an array clock.", ge=1, le=65_536)
    fill_cycles: int = quantity("clocks", "Clocks on top, per block of rows (a head).", ge=0, le=10**6)
    bytes_per_element: int = quantity(
        "B", "Bytes that an element moves at on-chip memories, read and written together; 0: none are counted.",
        ge=0, le=65_536, default=0,
    )  # fmt: skip
    pj_per_element: float = quantity(
        "pJ", "Arithmetic of an element, beside its bytes; 0: none is charged.", ge=0, le=COSTS_UP_TO_PJ, default=0.0
    )


class TokenDropSpec(Spec):
    """The token-dropping module (Parikh et al.): averages scores, sorts them, shuffles tokens, fuses the dropped."""

    score_lanes: int = quantity("", "Scores that it reads and averages in a clock.", ge=1, le=65_536)
    averaging_hidden: bool = quantity(
        "", "Operations of module score take no time: scores are averaged as softmax makes them."
    )
    sort_network: SortNetwork = quantity("", "Network whose stages the comparators work through.")
    comparators: int = quantity("", "Comparators that there are; one comparison each a clock.", ge=1, le=2**20)
    ports: int = quantity("", "Tokens that pass the shuffle side by side.", ge=1, le=65_536)
    channels_per_port: int = quantity("", "Channels of a token that a port moves in a clock.", ge=1, le=65_536)
    fused_token: FusedToken = quantity(
        "", "Dropped tokens become their weighted mean, which is scaled, or their weighted sum, which is not.",
        default="mean",
    )  # fmt: skip
    divide_cycles: int = quantity("clocks", "Reciprocal of the weights' sum, of a mean.", ge=0, le=10**6)
    score_bytes_per_element: int = quantity(
        "B", "Bytes of a score, read once unless softmax hands it over; 0: none are counted.",
        ge=0, le=65_536, default=0,
    )  # fmt: skip
    token_bytes_per_element: int = quantity(
        "B", "Bytes of a token's channel, read once as it arrives and written once as it leaves; 0: none are counted.",
        ge=0, le=65_536, default=0,
    )  # fmt: skip
    pj_per_element: float = quantity(
        "pJ", "Arithmetic of a score read, a value sorted, a channel moved or fused; 0: none is charged.",
        ge=0, le=COSTS_UP_TO_PJ, default=0.0,
    )  # fmt: skip


if TYPE_CHECKING:  # what each kind of operation adds is read by `of`
    UnitOfEachKind = Spec
else:
    UnitOfEachKind = create_model(
        "UnitOfEachKind",
        __base__=Spec,
        **{row.unit: (UnitSpec, ...) for row in OPERATIONS.values() if row.unit_size},
    )


class UnitsSpec(UnitOfEachKind):
    """The units of the programmable logic beside the array: one per kind of operation, and that for tokens."""

    token_drop: TokenDropSpec
    memory_bytes: int = quantity(
        "B", "Each of the two memories that units work in; 0: none, units wait for no memory.",
        ge=0, le=2**31, default=0,
    )  # fmt: skip

    def of(self, kind: str) -> UnitSpec:
        """Return the unit of a kind of operation that has one of its own."""
        unit: UnitSpec = getattr(self, OPERATIONS[kind].unit)
        return unit

    def shared_width(self, kinds: Collection[str]) -> tuple[int, list[str]]:
        """Return the elements a clock of units that stand between the same memories, and a line for each other width.

        It is what most units of the given kinds have, where two widths have as many the first one's, 0 where there is
        no unit. A line names the unit that has another width, and those whose width it should have.

        >>> import pivotsim as ps
        >>> units = ps.load_hardware("zcu102").replace({"units.norm.elements_per_clock": 8}).units
        >>> units.shared_width(["norm", "softmax", "add"])
        (16, ['units.norm.elements_per_clock: behind memories all units are as wide, 16 as softmax, add (got 8)'])
        """
        ordered = [kind for kind in OPERATIONS if kind in kinds]
        widths = {UNIT_OF[kind]: self.of(kind).elements_per_clock for kind in ordered}
        if not widths:
            return 0, []
        shared = Counter(widths.values()).most_common(1)[0][0]
        those = ", ".join(unit for unit, width in widths.items() if width == shared)
        wanted = f"behind memories all units are as wide, {shared} as {those}"
        others = {unit: width for unit, width in widths.items() if width != shared}
        return shared, [f"units.{unit}.elements_per_clock: {wanted} {got(width)}" for unit, width in others.items()]

    def built_bytes(self, lanes: int, word_bytes: int) -> int:
        """Return the bytes of a memory as it is built: whole beats of ``lanes`` words, no more than stated."""
        beat_bytes = lanes * word_bytes
        return self.memory_bytes // beat_bytes * beat_bytes
