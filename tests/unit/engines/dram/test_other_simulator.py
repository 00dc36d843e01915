"""Engine `ddr4` against the clocks of an independent DRAM simulator: 53 streams of reads and writes, to the clock.

``tests/data/dram_streams.csv`` has a line a stream: ``runs`` runs of ``run_bytes`` from ``start`` on, one each
``pitch_bytes``, or as many 64-byte lines drawn from 256 MiB (``random``). Whole lines of 64 bytes are moved, burst by
burst, all there from the beginning. Look-ahead is 32; that simulator rounds nREFI and the nRFC of 8 Gb otherwise.
"""

import csv
from pathlib import Path

import numpy as np
import pytest

from pivotsim.engines.dram.channel import serve
from pivotsim.hardware.dram.spec import load_dram

with (Path(__file__).parents[3] / "data" / "dram_streams.csv").open() as file:
    STREAMS = list(csv.DictReader(file))
LINE = 64
X16 = {"bank_groups": 2, "nRRD_S": 7, "nRRD_L": 8, "nFAW": 36}
DEVICES = {
    "2400_x8": ("dram/ddr4_2400", {"rows": 65_536, "nRFC": 433, "nREFI": 9364}),
    "2400_x16": ("dram/ddr4_2400", {"rows": 65_536, "nRFC": 433, "nREFI": 9364, **X16}),
    "2133_x8": ("dram/ddr4_2133", {"rows": 65_536, "nRFC": 385, "nREFI": 8325}),
    "zcu102_ps": ("dram/ddr4_2133_zcu102_ps", {"nRTW": 7}),
    "zcu102_pl": ("dram/ddr4_2400_zcu102_pl", {"nRFC": 313, "nREFI": 9364}),
}


def addresses_of(stream, burst_bytes):
    """The bursts of a stream, in order."""
    runs = int(stream["runs"])
    if stream["pitch_bytes"] == "random":
        lines = np.random.default_rng(12345).choice(2**28 // LINE, size=runs, replace=False)
    else:
        starts = int(stream["start"]) + np.arange(runs) * int(stream["pitch_bytes"])
        ends = starts + int(stream["run_bytes"])
        lines = np.concatenate([np.arange(a // LINE, -(-b // LINE)) for a, b in zip(starts, ends, strict=True)])
    return (lines[:, None] * LINE + np.arange(0, LINE, burst_bytes)).ravel()


@pytest.mark.parametrize("stream", STREAMS, ids=lambda stream: "-".join(stream.values()))
def test_a_stream_takes_the_other_simulators_clocks(stream):
    preset, changes = DEVICES[stream["device"]]
    refresh = {"true": True, "false": False}[stream["refresh"]]
    controller = {"mapping": stream["mapping"], "scheduler": stream["scheduler"], "refresh": refresh, "look_ahead": 32}
    spec = load_dram(preset).replace(changes | controller)
    served = serve(spec, addresses_of(stream, spec.burst_bytes), stream["access"] == "write")
    assert served.total_clocks == int(stream["clocks"])


def test_the_drawn_lines_are_the_recorded_ones():
    """Another random generator would show here first."""
    drawn = addresses_of({"runs": "64", "pitch_bytes": "random"}, LINE) // LINE
    assert (drawn[0], drawn[-1], drawn.sum()) == (3_979_858, 1_041_207, 128_918_675)
