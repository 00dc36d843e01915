"""Energy-delay products of a cascade of efforts: three, which differ.

    of the mean image        E[energy] * E[delay]
    mean over the images     E[energy * delay], an image having run all efforts up to its exit
    sum over the efforts     sum_i P_i * energy_i * delay_i, the one that PIVOT's Table 2 prints

P_i is the fraction of the images that reaches effort i (PIVOT, sections 3.1 and 3.4).
"""

from collections.abc import Iterable
from typing import Any

from pivotsim.units import Number


def edp_mean_of_images(exits: Iterable[Number], energies: Iterable[Number], delays: Iterable[Number]) -> Any:
    """Return sum_i exit_i * (energy of efforts 1..i) * (delay of efforts 1..i); numbers or arrays."""
    total: Any = 0.0
    energy: Any = 0.0
    delay: Any = 0.0
    for exit_frac, effort_energy, effort_delay in zip(exits, energies, delays, strict=True):
        energy, delay = energy + effort_energy, delay + effort_delay
        total = total + exit_frac * energy * delay
    return total
