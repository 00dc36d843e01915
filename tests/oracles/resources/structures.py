"""What a design takes of LUTs, flip-flops and half block RAMs: bit by bit, column by column, in exact fractions.

It reads synthesis.csv by itself and shares no code with the package.
"""

import csv
from fractions import Fraction
from functools import cache
from math import ceil
from pathlib import Path

import pivotsim

TABLE = Path(pivotsim.__file__).parent / "hardware" / "resources" / "synthesis.csv"


@cache
def table():
    with TABLE.open(encoding="utf-8") as file:
        return [(row, dict(word.split("=") for word in row["parameters"].split())) for row in csv.DictReader(file)]


def rows(part, **settings):
    found = []
    for row, own in table():
        if row["part"] == part and all(own.get(name) == str(value) for name, value in settings.items()):
            found.append({**row, **{name: int(value) for name, value in own.items()}})
    return found


def chain(depth):
    """One bit that waits: LUTs and flip-flops, clock after clock."""
    if depth < 3:
        return 0, depth
    luts = ffs = 0
    while depth:
        held = min(depth, 32)
        if held == 1:
            ffs += 1
        elif held == 17:
            luts, ffs = luts + 1, ffs + 1
        else:
            luts += 1
        depth -= held
    return luts, ffs


def line(points, at):
    """A straight line between neighbours, the outer ones going on, never below 0 or the least of them."""
    points = sorted((Fraction(size), Fraction(count)) for size, count in points)
    left = 0
    while left < len(points) - 2 and at > points[left + 1][0]:
        left += 1
    (x0, y0), (x1, y1) = points[left], points[left + 1]
    return max(min(Fraction(0), *(count for _, count in points)), y0 + (at - x0) * (y1 - y0) / (x1 - x0))


def bits(count):
    found = 1
    while 2**found < count:
        found += 1
    return found


def in_slices(design):
    return design["dataflow"] != "os" and design["fold_overlap"] in ("none", "settled")


def bits_of_sum(products):
    """Bits of a sum of so many products of int8, the largest of which is 2**14: at least those of a chain."""
    found = 18
    while products * 2**14 > 2 ** (found - 1) - 1:
        found += 1
    return found


def pair(height):
    """Two columns that share slices, row by row and chain by chain."""
    luts, ffs = 1, 17 * height  # each row passes an operand and its mark, and holds the right column's next operand
    for _ in range(3):  # tags
        lut, ff = chain(height)
        luts, ffs = luts + lut, ffs + ff
    done = 0
    while done < height:
        length = min(7, height - done)
        if done:
            for column in range(2):  # the sums from above wait, and are added to; the right one has a carry more
                for _ in range(bits_of_sum(done)):
                    lut, ff = chain(length)
                    luts, ffs = luts + lut + 1, ffs + ff
                luts += column
        done += length
    return luts, ffs + 2 * bits_of_sum(height)


def columns(design):
    luts = ffs = 0
    if in_slices(design) and design["mac_packing"] == 2:
        for _ in range(0, design["cols"], 2):
            lut, ff = pair(design["rows"])
            luts, ffs = luts + lut, ffs + ff
        return luts, ffs, 0
    for _ in range(design["cols"]):
        if in_slices(design):
            for _ in range(design["rows"]):
                ffs += 9
            for _ in range(2):
                lut, ff = chain(design["rows"])
                luts, ffs = luts + lut, ffs + ff
        else:
            overlap = design["fold_overlap"]
            kind = {"DOUBLE": int(overlap in ("preload", "pipelined", "settled")), "CHAIN": int(overlap == "settled"),
                    "os": int(design["dataflow"] == "os")}  # fmt: skip
            for name in ("lut", "ff"):
                plain, more = (
                    [int(rows("generic column", R=rows_, MREG=mreg, **kind)[0][name]) for rows_ in (4, 8)]
                    for mreg in (0, 1)
                )
                four, eight = (a + (design["mac_latency"] - 1) * (b - a) for a, b in zip(plain, more, strict=True))
                count = four + (design["rows"] - 4) * (eight - four) // 4
                if name == "lut":
                    luts += count
                else:
                    ffs += count
    return luts, ffs, 0


def skew(design):
    sliced, os = in_slices(design), design["dataflow"] == "os"
    registers = 1 if sliced else design["mac_latency"] - 1
    waits = []
    if design["mac_packing"] == 2:
        for row in range(design["rows"]):
            waits += [row] * 9
        for col in range(design["cols"]):
            waits += [col // 2] * 8 + [col // 2 + 3]
        waits += [3]  # the last sum of a pass, before pairs tap it
        luts, ffs = (sum(amounts) for amounts in zip(*map(chain, waits), strict=True))
        return luts + 1, ffs + 2 * ((design["cols"] + 1) // 2 - 1), 0
    for row in range(design["rows"]):
        waits += [row] * (9 if sliced else 10)
    for col in range(design["cols"]):
        waits += [col] * 8 + [col + registers]
    luts, ffs = (sum(amounts) for amounts in zip(*map(chain, waits), strict=True))
    taps = design["cols"] - 1
    ffs += taps + registers  # the last sum of a pass
    if os:
        ffs += taps + registers  # places for sums
    elif sliced or design["fold_overlap"] == "settled":
        ffs += taps  # a load moves
    else:
        ffs += 2 * taps  # its token, its last row
    return luts + int(os or sliced), ffs, 0


def rotator(items, width):
    """Bit by bit: two stages of two-way multiplexers in a LUT of six inputs, a last one in a LUT of three."""
    luts, stages = 0, bits(items)
    while stages > 0:
        luts, stages = luts + items * width, stages - 2
    return luts


def chooser(inputs):
    """One bit of several: a LUT for every four, then for every four of those."""
    luts = 0
    while inputs > 1:
        inputs = -(-inputs // 4)
        luts += inputs
    return luts


def turns(banks, lanes, width, words):
    """What turns bytes to and from their banks, with whether each is written, and the words that banks take."""
    written, read = 2 ** bits(lanes), 2 ** bits(width)
    luts = rotator(written, 9) + rotator(read, 8) - 8 * (read - width) + 8 * read * chooser(banks // read)
    for bank in range(banks):
        luts += bits(words) if bank < banks - 1 else 0  # this word or the one after, for a read
        luts += bits(words) if bank % written < written - 1 else 0
        luts += int(written < banks)  # whether its group is written
    return luts


def memory(size, banks, lanes, width, part="two banks"):
    if size == 0:
        return 0, 0, 0, 0
    words = 2 ** bits(-(-size // banks))
    found = []
    for name in ("lut", "ff"):

        def exact(*own):
            return turns(*own) if name == "lut" else bits(own[0])  # noqa: B023

        bank = [
            (row["BYTES"] // 2, Fraction(int(row[name]) - exact(2, 1, 1, row["BYTES"] // 2), 2)) for row in rows(part)
        ]
        small = [
            (row["BYTES"] // 2, Fraction(int(row[name]) - exact(2, 1, 1, row["BYTES"] // 2), 2))
            for row in rows("two banks")
        ]
        left = []
        for row in rows("memory"):
            own = 2 ** row["BANK_BITS"]
            alone = Fraction(row[name]) - own * line(small, row["BYTES"] // own)
            left.append((own, alone - exact(own, row["LANES"], row["READ_LANES"], row["BYTES"] // own)))
        count = line(left, banks) + banks * line(bank, words)
        found.append(ceil(count + exact(banks, lanes, width, words)))
    halves, urams = (
        [(row["BYTES"] // 2, Fraction(row[name]) / 2) for row in rows(part)] for name in ("bram36", "uram")
    )
    return (*found, banks * ceil(2 * line(halves, words)), banks * ceil(line(urams, words)))


def waiting_words(lanes, cols):
    """Words of the write mover: the first byte last in its word, all but one asked for wait, then a row comes."""
    banks, words, room = 2 ** bits(lanes), 0, 0
    while room < (2 ** bits(lanes) - 1) + (2 * lanes - 1) + 4 * cols:
        words, room = words + 1, room + banks
    return words, banks


def write_mover(lanes, cols):
    found = []
    for name in ("lut", "ff"):

        def turned(own_lanes, own_cols):
            banks = 2 ** bits(own_lanes)
            return (-(-4 * own_cols // banks) + 1) * rotator(banks, 8) if name == "lut" else 0  # noqa: B023

        points = []
        for row in rows("write mover"):
            words, banks = waiting_words(row["LANES"], row["C"])
            points.append((words * banks, Fraction(row[name]) - turned(row["LANES"], row["C"])))
        words, banks = waiting_words(lanes, cols)
        of_column = int(rows("requantise")[0][name])
        found.append(ceil(line(points, words * banks)) + turned(lanes, cols) + cols * of_column)
    return (*found, 0)


def opmem(design):
    halves, depth = design["opmem_halves"], bits(design["opmem_words"])
    depth = max(depth, 4)
    words = 2**depth
    more = design["mac_packing"] - 1
    edge = design["rows"] + (1 + 2 * more if in_slices(design) else design["mac_latency"] - 1 + more)
    found = []
    for place, name in enumerate(("lut", "ff", "bram36")):
        eight, sixteen = {}, {}
        for row in rows("sums", HALVES=halves):
            waiting = (bits(row["DEPTH"]) + halves) * (*chain(row["EDGE"]), 0)[place]
            (eight if row["C"] == 8 else sixteen)[row["DEPTH"]] = Fraction(row[name]) - waiting
        first = 64 if words <= 64 else 512
        shared = 2 * eight[first] - sixteen[first]
        found.append(shared + design["cols"] * (line(eight.items(), words) - shared) / 8)
    luts, ffs = (ceil(found[place]) + (depth + halves) * chain(edge)[place] for place in (0, 1))
    return luts, ffs, ceil(2 * found[2]), 0


def on_line(part, of, at):
    return tuple(ceil(line([(of(row), row[name]) for row in rows(part)], at)) for name in ("lut", "ff"))


def structures(design):
    """Return part -> (LUTs, flip-flops, half block RAMs, UltraRAM) of one array and what is around it."""
    lanes, width = design["lanes"], max(design["rows"], design["cols"])
    banks = 2 ** bits(max(lanes, width))
    of_word = 4 if design["dataflow"] == "is" else 4 * design["cols"]  # biases that a word of sums takes
    stored = 4 * design["cols"] if design["bias"] else 0
    (transfer,) = rows("transfer sequencer")
    settled, os = int(design["fold_overlap"] == "settled"), int(design["dataflow"] == "os")
    (passes,) = rows("pass sequencer", os=os, SETTLED=settled)
    kind = {name: "two large banks" if name in design["ultra"] else "two banks" for name in ("ipmem", "wtmem", "gb")}
    return {
        "columns": (*columns(design), 0),
        "skew registers": (*skew(design), 0),
        "ipmem": memory(design["ipmem_bytes"], banks, lanes, width, kind["ipmem"]),
        "wtmem": memory(design["wtmem_bytes"], banks, lanes, width, kind["wtmem"]),
        "gb": memory(design["gb_bytes"], banks, lanes, lanes, kind["gb"]),
        "biases": memory(stored, 2 ** bits(max(lanes, of_word)), lanes, of_word),
        "opmem": opmem(design),
        "read mover": (*on_line("read mover", lambda row: row["LANES"], lanes), 0, 0),
        "write mover": (*write_mover(lanes, design["cols"]), 0),
        "sequencers": (*(2 * int(transfer[name]) + int(passes[name]) for name in ("lut", "ff")), 0, 0),
        "masks, counters": (
            *on_line("top", lambda row: int(row["rows"]) + int(row["cols"]), design["rows"] + design["cols"]), 0, 0
        ),
    }  # fmt: skip
