"""Random unit passes: stations, tables, bytes of DRAM and operations of every kind, legal ones."""

import random
from typing import NamedTuple

import numpy as np

from pivotsim.engines.pl_units.operations import (
    A,
    Activation,
    Addition,
    B,
    Drain,
    Fill,
    Norm,
    Score,
    Shuffle,
    Softmax,
    Station,
    UnitOperation,
    Walk,
    most_per_clock,
)
from pivotsim.engines.pl_units.passes import DramPort
from pivotsim.integer import activation, layer_norm, softmax

DRAM_BYTES = 8192


class Pass(NamedTuple):
    """A pass, with the tables that it needs."""

    operations: list[UnitOperation]
    exponentials: np.ndarray
    activation: np.ndarray
    norm: layer_norm.LayerNorm


def random_port(draw: random.Random, station: Station) -> DramPort:
    """Return a DRAM faster or slower than the port, or without a limit, with latencies."""
    clock_hz = draw.choice([1, 7, 125, 1000])
    rate = draw.choice([None, draw.randint(1, 3 * station.port_bytes * clock_hz)])
    if rate is not None and draw.random() < 0.5:  # near the port's own
        rate = max(1, clock_hz * station.port_bytes + draw.randint(-clock_hz, clock_hz))
    return DramPort(rate, clock_hz, draw.choice([0, 0, 1, 2, 9, 30]), draw.choice([0, 0, 1, 2, 9, 30]))


def random_walk(draw: random.Random, station: Station) -> Walk:
    """Return a walk inside a memory, of few runs or many, along rows or across them."""
    lanes = station.lanes
    while True:
        step = draw.choice([1, 1, draw.randint(1, 2 * lanes + 3), draw.randint(1, 9)])
        length, runs = draw.choice([1, draw.randint(1, 5 * lanes)]), draw.choice([1, 2, draw.randint(1, 12)])
        run_step = draw.choice([step * length, 1, draw.randint(0, 40)]) * draw.choice([1, 1, -1])
        step *= draw.choice([1, 1, -1])
        lowest, highest = Walk(0, step, run_step, length, runs, 1).ends
        if highest - lowest < station.words:
            most = most_per_clock(step, lanes)
            per_clock = draw.choice([most, draw.randint(1, most)])
            base = draw.randint(-lowest, station.words - 1 - highest)
            return Walk(base, step, run_step, length, runs, per_clock)


def random_transfer(draw: random.Random, station: Station, kind: type) -> Fill | Drain:
    """Return a fill or a drain of either memory, of either width, anywhere in DRAM."""
    wide = draw.randint(0, 1)
    while True:
        walk = random_walk(draw, station)
        one = kind(draw.choice([A, B]), wide, 0, walk)
        if one.size_bytes <= DRAM_BYTES:
            return one._replace(dram_address=draw.randint(0, DRAM_BYTES - one.size_bytes))


def random_rows(draw: random.Random, station: Station, unit: type, constants: layer_norm.LayerNorm) -> UnitOperation:
    """Return an operation on rows that fit."""
    lanes, words = station.lanes, station.words
    if unit is Softmax:
        n = draw.randint(lanes, station.max_elements)
    elif unit is Norm:
        n = constants.multiplier.size
    else:
        n = draw.choice([draw.randint(1, 4 * lanes), lanes * draw.randint(1, 4)])
    gap = draw.choice([0, 1, draw.randint(0, 5)]) if unit is not Softmax else 0
    rows = draw.randint(1, max(1, min(9, words // (n + gap))))
    base = draw.randint(0, words - rows * (n + gap)) if rows * (n + gap) <= words else 0
    if unit is Softmax:
        return Softmax(base, rows, n)
    if unit is Activation:
        return Activation(base, rows, n, n + gap)
    if unit is Norm:
        c = constants
        return Norm(base, rows, n, n + gap, c.bits, c.inverse, c.epsilon, c.shift)
    pitch = n + draw.randint(0, 2)
    if rows * pitch > words:
        rows = words // pitch
    multiplier, shift = draw.choice([0, 65535, draw.randint(32768, 65535)]), draw.choice([0, 62, draw.randint(0, 40)])
    return Addition(base, rows, n, n + gap, draw.randint(0, words - rows * pitch), pitch, multiplier, shift)


def random_tokens(draw: random.Random, station: Station) -> list[UnitOperation]:
    """Return what drops tokens: probabilities head by head, transfers between, the tokens, then the shuffle."""
    lanes, prefix, words = station.lanes, station.prefix, station.words
    while True:
        patches = draw.randint(1, 1 << station.token_bits)
        n = prefix + patches
        channels = draw.choice([draw.randint(1, 3 * lanes), lanes * draw.randint(1, 3)])
        pitch, to_pitch = channels + draw.randint(0, 2), channels + draw.randint(0, 2)
        kept = draw.randint(0, patches)
        room, to_room = words - n * pitch, words - (prefix + kept + 1) * to_pitch
        if room >= 0 and to_room >= 0 and n >= lanes and n <= station.max_elements:
            break
    heads, found = draw.randint(1, 5), []
    for _ in range(heads):
        base = draw.randint(0, words - n)
        found.append(Softmax(base, 1, n))
        found.append(Score(base + prefix, patches, heads))
        if draw.random() < 0.3:
            found.append(random_transfer(draw, station, draw.choice([Fill, Drain])))
    to_base = draw.randint(0, to_room)
    fused = draw.choice([-1, to_base + (prefix + kept) * to_pitch])
    found.append(
        Fill(
            A,
            1,
            0,
            Walk(base := draw.randint(0, room), 1, pitch, channels, min(n, DRAM_BYTES // (2 * channels)), lanes),
        )
    )
    return [*found, Shuffle(base, pitch, channels, patches, kept, to_base, to_pitch, fused)]


def random_pass(draw: random.Random, station: Station, operations: int = 8) -> Pass:
    """Return a pass: both memories are filled first, and drained at the end."""
    lanes = station.lanes
    n = lanes * draw.randint(1, station.max_channels // lanes)
    generator = np.random.default_rng(draw.getrandbits(32))
    norm = layer_norm.layer_norm_constants(
        generator.normal(1, 0.3, n),
        generator.normal(0, 1, n),
        draw.choice([1e-6, 10.0]),
        draw.choice([1e-4, 1.0]),
        1 / 24,
    )
    found = [whole_memory(Fill, memory, station, generator) for memory in (A, B)]
    for _ in range(operations):
        kind = draw.choice([Fill, Drain, Softmax, Activation, Norm, Addition, Shuffle])
        if kind in (Fill, Drain):
            found.append(random_transfer(draw, station, kind))
        elif kind is Shuffle:
            found += random_tokens(draw, station)
        else:
            found.append(random_rows(draw, station, kind, norm))
    found += [whole_memory(Drain, memory, station, generator) for memory in (A, B)]
    table = activation.activation_table(draw.choice(["gelu", "silu", "relu"]), 1 / 16, 1 / 20)
    return Pass(found, softmax.softmax_table(draw.choice([0.003, 0.02, 0.1, 1.0])), table, norm)


def whole_memory(kind: type, memory: int, station: Station, generator: np.random.Generator) -> Fill | Drain:
    """Return the fill or drain of all of a memory."""
    room = DRAM_BYTES - 2 * station.words
    assert room >= 0
    return kind(memory, 1, int(generator.integers(0, room + 1)), Walk(0, 1, 0, station.words, 1, station.lanes))


def random_station(draw: random.Random) -> Station:
    """Return a small station of any width."""
    lanes = draw.choice([2, 4, 8])
    return Station(
        lanes, draw.choice([2, 3, 4, 5, 8, 13, 16]), lanes * draw.randint(30, 120), 4 * lanes + draw.randint(0, 20),
        4 * lanes, 3, draw.choice([1, 2, 4]), draw.choice([1, 2]),
    )  # fmt: skip
