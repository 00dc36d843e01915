"""A DRAM channel by itself: its timing, streams of bursts through it, and transfers one after the other."""

from typing import TYPE_CHECKING

from pivotsim._lazy import lazy

_HOMES = {
    "Command": "pivotsim.engines.dram.channel",
    "DramChannel": "pivotsim.engines.dram.channel",
    "Served": "pivotsim.engines.dram.channel",
    "earliest_clock": "pivotsim.engines.dram.channel",
    "serve": "pivotsim.engines.dram.channel",
    "DramSpec": "pivotsim.hardware.dram.spec",
    "load_dram": "pivotsim.hardware.dram.spec",
}
__all__ = ["Command", "DramChannel", "DramSpec", "Served", "earliest_clock", "load_dram", "serve"]
__getattr__, __dir__ = lazy(__name__, _HOMES)

if TYPE_CHECKING:
    from pivotsim.engines.dram.channel import Command, DramChannel, Served, earliest_clock, serve
    from pivotsim.hardware.dram.spec import DramSpec, load_dram
