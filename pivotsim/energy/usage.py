"""What an energy rule sees of a run: times and counts, never how they came about."""

from typing import NamedTuple


class Usage(NamedTuple):
    """Times and counts of one run, or of one entropy gate; rules charge what they know of."""

    delay_ms: float
    pl_ms: float
    ps_ms: float
    macs: int
