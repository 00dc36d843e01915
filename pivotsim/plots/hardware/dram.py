"""Pictures of DRAM: what the address mapping does to a stream of reads."""

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from pivotsim.engines.dram.channel import serve
from pivotsim.errors import check_integer
from pivotsim.hardware.dram.spec import DramSpec
from pivotsim.plots.style import plain_axes

if TYPE_CHECKING:
    from matplotlib.axes import Axes

MAPPINGS = ("row:bank:bank_group:column", "row:bank:column:bank_group")
REFRESHES = {False: ("without refresh", "#0072B2", ""), True: ("with refresh", "#E69F00", "//")}


class StreamRate(NamedTuple):
    """One sequential stream of reads: DRAM clocks and the share of the channel's peak that it reaches."""

    mapping: str
    refresh: bool
    clocks: int
    peak_frac: float


def mapping_data(spec: DramSpec, stream_bytes: int, mappings: tuple[str, ...] = MAPPINGS) -> list[StreamRate]:
    """Return the rate of a sequential read of ``stream_bytes`` from closed banks for each mapping, refresh off and on.

    Parameters
    ----------
    spec : DramSpec
        The channel and its controller.
    stream_bytes : int
        From address 0; a last burst that is read in part counts whole.
    mappings : tuple of str
        Address bits, most significant first.
    """
    check_integer("stream_bytes", stream_bytes, 1, spec.capacity_bytes)
    addresses = np.arange(0, stream_bytes, spec.burst_bytes, dtype=np.int64)
    rates = []
    for mapping in mappings:
        for refresh in REFRESHES:
            clocks = serve(spec.replace({"mapping": mapping, "refresh": refresh}), addresses).total_clocks
            rates.append(StreamRate(mapping, refresh, clocks, len(addresses) * spec.timing.nBL / clocks))
    return rates


def draw_mapping(data: list[StreamRate], axes: "Axes", title: str = "") -> "Axes":
    """Draw the share of peak bandwidth by mapping, refresh by colour and hatch."""
    mappings = list(dict.fromkeys(rate.mapping for rate in data))
    for rate in data:
        label, colour, hatch = REFRESHES[rate.refresh]
        place = mappings.index(rate.mapping) + (0.19 if rate.refresh else -0.19)
        axes.barh(
            place, 100 * rate.peak_frac, height=0.36, color=colour, hatch=hatch, edgecolor="white",
            label=label if rate.mapping == mappings[0] else None,
        )  # fmt: skip
        axes.text(100 * rate.peak_frac, place, f" {100 * rate.peak_frac:.1f} %", va="center", fontsize=8)
    axes.set_yticks(range(len(mappings)), mappings, fontsize=8)
    axes.invert_yaxis()
    axes.set_xlim(0, 112)
    axes.set_xlabel("bandwidth of the stream, % of the channel's peak")
    axes.set_ylabel("address bits, highest first")
    axes.set_title(title, fontsize=10)
    axes.legend(fontsize=8, frameon=False, loc="lower center", bbox_to_anchor=(0.5, -0.55), ncols=2)
    return plain_axes(axes)
