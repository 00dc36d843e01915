"""The unit station clock by clock: two memories as lists of words, a DRAM that counts its bytes, units as delay lines.

Values come from pivotsim.integer; what takes a clock is walked in a loop, one clock after the other.
"""

from dataclasses import dataclass, field

import numpy as np

from pivotsim.integer import activation, layer_norm, residual, softmax, tokens
from pivotsim.integer.scaling import Scale
from tests.oracles.mpca import token_module

LIMIT = 1_000_000  # clocks of an operation


@dataclass
class Dram:
    """Bytes, a rate of ``bytes_per_s`` (0: no limit) at ``clock_hz``, and a latency in each direction."""

    data: bytearray
    bytes_per_s: int = 0
    clock_hz: int = 1
    read_latency: int = 0
    write_latency: int = 0

    def allowed(self, clocks):
        """Return the bytes that may have come or gone by the end of so many clocks."""
        return clocks * self.bytes_per_s // self.clock_hz if self.bytes_per_s else 1 << 60


@dataclass
class Tables:
    """What the driver writes before a pass."""

    exponentials: object = None
    activation: object = None
    multiplier: object = None
    addend: object = None


@dataclass
class StationModel:
    """A station, its memories and the scores that it has summed so far."""

    sizes: object
    dram: Dram
    tables: Tables = field(default_factory=Tables)
    scores: list = field(default_factory=list)

    def __post_init__(self):
        self.memories = [[0] * self.sizes.words, [0] * self.sizes.words]

    def run(self, operations):
        """Do a pass; return the clocks of each operation."""
        steps = {"Fill": self.fill, "Drain": self.drain, "Score": self.score, "Shuffle": self.shuffle}
        return [steps.get(type(one).__name__, self.rows)(one) for one in operations]

    # ---- transfers

    def fill(self, one):
        """Bytes come as DRAM gives them; half an element waits for its other half."""
        memory, width = self.memories[one.memory], 2 if one.wide else 1
        places = indices(one.walk)
        come, clocks, total = 0, self.dram.read_latency, len(places) * width
        first = clocks
        while come < total:
            clocks += 1
            assert clocks < LIMIT
            left_in_run = one.walk.length - come // width % one.walk.length
            whole = min(one.walk.per_clock, left_in_run)
            takes = min(self.sizes.port_bytes, whole * width - come % width)
            come += min(takes, self.dram.allowed(clocks - first) - come)
        at = one.dram_address
        for number, place in enumerate(places):
            data = self.dram.data[at + number * width : at + (number + 1) * width]
            memory[place] = int.from_bytes(data, "little", signed=True)
        return clocks

    def drain(self, one):
        """Groups of elements are read a clock ahead; the next one is offered when DRAM has taken all of one."""
        memory, width = self.memories[one.memory], 2 if one.wide else 1
        group = min(one.walk.per_clock, self.sizes.port_bytes // width)
        groups = [min(group, one.walk.length - begin) * width
                  for _ in range(one.walk.runs) for begin in range(0, one.walk.length, group)]  # fmt: skip
        clocks, gone = 1, 0
        for size in groups:
            taken = 0
            while taken < size:
                clocks += 1
                assert clocks < LIMIT
                now = min(size - taken, self.dram.allowed(clocks - 1) - gone)
                taken, gone = taken + now, gone + now
        for number, place in enumerate(indices(one.walk)):
            at = one.dram_address + number * width
            self.dram.data[at : at + width] = (memory[place] % (1 << 8 * width)).to_bytes(width, "little")
        return clocks + self.dram.write_latency

    # ---- rows

    def rows(self, one):
        """Beat after beat enters; a beat's answer is written as many clocks later as the unit takes."""
        name, lanes, sizes = type(one).__name__, self.sizes.lanes, self.sizes
        a, b = self.memories
        pitch = one.row_elements if name == "Softmax" else one.pitch
        starts = [one.base + row * pitch for row in range(one.rows)]
        given = np.array([a[start : start + one.row_elements] for start in starts])
        if name == "Softmax":
            out = softmax.probabilities(given.astype(np.int8), self.tables.exponentials)
            fill = 2 * most_beats(sizes.max_elements, lanes) + 13
            beats = len(range(0, one.rows * one.row_elements, lanes))
        else:
            beats = one.rows * len(range(0, one.row_elements, lanes))
        if name == "Activation":
            out, fill = activation.activate(given.astype(np.int8), self.tables.activation), 1
        elif name == "Norm":
            n = one.row_elements
            constants = layer_norm.LayerNorm(
                one.bits, one.inverse, one.epsilon, self.tables.multiplier[:n], self.tables.addend[:n], one.shift
            )
            out = layer_norm.normalised(given.astype(np.int16), constants)
            fill = len(range(0, sizes.max_channels, lanes)) + 29
        elif name == "Addition":
            branch = np.array([b[one.branch_base + row * one.branch_pitch :][: one.row_elements]
                               for row in range(one.rows)])  # fmt: skip
            scale = Scale(one.multiplier, one.shift)
            out, fill = residual.add(given.astype(np.int16), branch.astype(np.int8), scale), 3
        for start, row in zip(starts, out.tolist(), strict=True):
            a[start : start + one.row_elements] = row
        # the memory answers a clock after its address; the unit's line moves a place a clock
        line, clocks, entered, left = [False] * (1 + fill), 0, 0, 0
        while left < beats:
            clocks += 1
            assert clocks < LIMIT
            left += line.pop()
            line.insert(0, entered < beats)
            entered += entered < beats
        return clocks

    # ---- tokens

    def score(self, one):
        """One head's probabilities of the patches are remembered."""
        self.scores.append(self.memories[0][one.base : one.base + one.patches])
        return token_module.average(1, one.patches, self.sizes.lanes) + 1

    def shuffle(self, one):
        """The scores of all heads are summed, ranked, and the tokens moved."""
        prefix, (a, b) = self.sizes.prefix, self.memories
        x = np.array(
            [a[one.base + t * one.pitch :][: one.channels] for t in range(prefix + one.patches)], dtype=np.int16
        )
        score = tokens.scores(np.array(self.scores, dtype=np.int8))
        self.scores = []
        out = tokens.gather(x, tokens.top_k(score, one.kept), prefix)
        for place, token in enumerate(out.tolist()):
            b[one.to_base + place * one.to_pitch : one.to_base + place * one.to_pitch + one.channels] = token
        if one.fused_base >= 0:
            dropped = tokens.ranked(score)[one.kept :]
            b[one.fused_base : one.fused_base + one.channels] = tokens.fuse(
                x[prefix:][dropped], score[dropped]
            ).tolist()
        return (
            token_module.sort("bitonic", one.patches, self.sizes.comparators)
            + token_module.shuffle(prefix + one.patches, one.channels, 1, self.sizes.lanes)
            + token_module.normalise(one.channels, self.sizes.lanes, 14)
        )


def indices(walk):
    """Return the indices of a walk's elements, one after the other.

    >>> from pivotsim.engines.pl_units.operations import Walk
    >>> indices(Walk(base=5, element_step=3, run_step=1, length=2, runs=2, per_clock=1))
    [5, 8, 6, 9]
    """
    return [walk.base + r * walk.run_step + j * walk.element_step for r in range(walk.runs) for j in range(walk.length)]


def most_beats(n, lanes):
    """Return how many beats a row of n elements touches at most, wherever it begins.

    >>> most_beats(197, 16), most_beats(16, 16), most_beats(17, 16)
    (14, 2, 2)
    """
    return max(len({(start + i) // lanes for i in range(n)}) for start in range(lanes))
