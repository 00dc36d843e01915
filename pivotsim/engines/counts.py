"""Counts of a run: MACs, and bytes at each level of the memories."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Counts:
    """MACs, and bytes written plus bytes read, of one run.

    Attributes
    ----------
    macs : int
        Multiply-accumulates on the array.
    local_bytes : int
        At IPMEM, WTMEM and OPMEM.
    gb_bytes : int
        At the global buffer.
    dram_bytes : int
        At the external memory.
    """

    macs: int = 0
    local_bytes: int = 0
    gb_bytes: int = 0
    dram_bytes: int = 0

    @property
    def sram_bytes(self) -> int:
        """Bytes at all on-chip memories."""
        return self.local_bytes + self.gb_bytes

    def plus(self, other: "Counts") -> "Counts":
        """Return what both runs move together."""
        return Counts(
            self.macs + other.macs,
            self.local_bytes + other.local_bytes,
            self.gb_bytes + other.gb_bytes,
            self.dram_bytes + other.dram_bytes,
        )

    def times(self, images: int) -> "Counts":
        """Return what that many runs move together."""
        return Counts(*(images * count for count in (self.macs, self.local_bytes, self.gb_bytes, self.dram_bytes)))

    def to_dict(self) -> dict[str, int]:
        """Return the counts by name."""
        return {
            "macs": self.macs,
            "local_bytes": self.local_bytes,
            "gb_bytes": self.gb_bytes,
            "sram_bytes": self.sram_bytes,
            "dram_bytes": self.dram_bytes,
        }


def counts_by_level(macs: int, moved_bytes: Mapping[str, int]) -> Counts:
    """Return the counts of an engine that names each level and direction, as in ``dram_read`` or ``ipmem_write``.

    >>> counts_by_level(1, {"dram_read": 2, "gb_output_write": 3, "opmem_read": 4})
    Counts(macs=1, local_bytes=4, gb_bytes=3, dram_bytes=2)
    """
    sums = dict.fromkeys(("dram", "gb", "local"), 0)
    for name, size in moved_bytes.items():
        level = name.partition("_")[0]
        sums[level if level in sums else "local"] += size
    return Counts(macs, sums["local"], sums["gb"], sums["dram"])
