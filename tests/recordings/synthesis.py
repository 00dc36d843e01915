"""Resources and levels of logic of the Verilog that ships, part by part, by yosys before place and route: `make synth`.

Parts are mapped for UltraScale+ (``synth_xilinx -family xcup -nowidelut``), one at a time. What stands side by side is
mapped once, the rest around it as black boxes (``outside``), and multiplied where the table is read: columns of an
array, one column's requantisation, a bank of a memory. Left in one piece those took hours, for yosys' pass `share`
asks a SAT solver of every pair of like shifters in all columns. A rotator is mapped by itself wherever it is
(``keep_hierarchy`` in its Verilog), and joined to the rest before cells are counted. Without -nowidelut a function of
nine inputs takes eight LUTs and their multiplexers: more LUTs, fewer levels. Ports that a design fixes are tied
(``tied``), so that what serves another dataflow goes. Rows go, with the tool's version, to
pivotsim/hardware/resources/synthesis.csv.

    make synth                          all parts, some ten minutes
    python -m tests.recordings.synthesis opmem skew     these parts again; the other rows stay
"""

import csv
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from pivotsim.hardware.resources.recorded import TABLE
from pivotsim.rtl.sizes import bits
from pivotsim.rtl.sources import PARTS, module, modules
from tests.recordings.netlist import COUNTS, counted, levels, read_blif

ROOT = Path(__file__).parents[2]
VERILOG = modules(*dict.fromkeys((*PARTS, "units", "station")))
LIMIT_S = 1500
SIZES = ((8, 8), (16, 16), (32, 32), (64, 36))
LARGEST = (96, 120)  # of a shipped board: what does not lie in banks, twenty minutes
FLAT = SIZES[:2]  # also counted in one piece, to check the sum of the parts
VERSION = "Yosys 0.23"  # that counted what is recorded
MISSING = "no yosys on this machine: apt-get install yosys (0.23 counted what is recorded)"
COLUMNS = ("part", "module", "rows", "cols", "parameters", *COUNTS, "levels", "tool")
ONE_CLOCK = {"READ_CYCLES": 1, "COUNT_BITS": 20}  # memories that answer in a clock, and counts of 20 bits


@dataclass(frozen=True)
class Part:
    """What is mapped in one run: a module with its parameters.

    ``outside`` are modules that stay black boxes, ``tied`` inputs that hold a constant.
    """

    name: str
    top: str
    rows: int = 0
    cols: int = 0
    parameters: dict[str, int] = field(default_factory=dict)
    outside: tuple[str, ...] = ()
    tied: dict[str, int] = field(default_factory=dict)

    @property
    def settings(self) -> str:
        """Its parameters and tied inputs as one text."""
        return " ".join(f"{name}={value}" for name, value in {**self.parameters, **self.tied}.items())


def parts() -> Iterator[Part]:
    """Yield all parts: elements, columns and arrays, then what feeds and empties an array of each size."""
    yield Part("element", "pe_dsp48e2", 1, 1)
    for rows in (2, 8, 16, 17, 32, 33, 64):
        yield Part("column", "array_column_dsp48e2", rows, 1, {"R": rows})
    for rows in (1, 8, 10, 16, 32, 64):
        yield Part("packed column", "array_pair_dsp48e2", rows, 2, {"R": rows})
    yield from _generic_columns()
    columns = ("array_column_dsp48e2", "array_column", "array_pair_dsp48e2")
    for rows, cols in ((8, 8), (9, 5), (64, 36)):
        yield Part("packed skew", "array", rows, cols, _array(rows, cols) | {"MREG": 3, "MAC_PACKING": 2}, columns)
    for rows, cols in SIZES:
        yield Part("skew", "array", rows, cols, _array(rows, cols), columns)
    for rows, cols in FLAT:
        for overlap in (2, 4):  # loads follow a token, or a chain
            for os in (0, 1):
                sizes = _array(rows, cols) | {"OVERLAP": overlap, "SLICES": 0}
                yield Part("generic skew", "array", rows, cols, sizes, columns, {"os": os})
    for rows, cols in FLAT:
        yield Part("array", "array", rows, cols, _array(rows, cols))
    yield Part("transfer sequencer", "transfer_sequencer", parameters={"COUNT_BITS": 20})
    for settled in (0, 1):
        for os in (0, 1):
            yield Part("pass sequencer", "pass_sequencer", parameters={"COUNT_BITS": 20, "SETTLED": settled},
                       tied={"os": os})  # fmt: skip
    yield from _memories()
    yield from _movers()
    for rows, cols in (*SIZES, LARGEST):
        yield _top(rows, cols)
    yield from _units()


def _units() -> Iterator[Part]:
    """Yield the units beside the array, for the rows of DeiT-S: 197 scores, 384 channels."""
    for lanes in (1, 8, 16):
        yield Part("softmax", "softmax", parameters={"LANES": lanes, "MAX_ELEMENTS": 197})
    for lanes in (1, 8, 16):
        yield Part("layer norm", "layer_norm", parameters={"LANES": lanes, "MAX_CHANNELS": 384})
    for lanes in (1, 8, 16):
        yield Part("activation", "activation", parameters={"LANES": lanes})
    for lanes in (1, 8, 16):
        yield Part("residual addition", "residual_add", parameters={"LANES": lanes, "X_BITS": 8})
    for token_bits, comparators, ports, channels in ((4, 4, 2, 2), (5, 8, 2, 4)):
        sizes = {"TOKEN_BITS": token_bits, "SCORE_LANES": 4, "COMPARATORS": comparators, "PORTS": ports,
                 "CHANNELS": channels, "BLOCKS": 384 // channels}  # fmt: skip
        yield Part("token dropping", "token_dropping", parameters=sizes)
    units = ("softmax", "activation", "layer_norm", "residual_add", "token_dropping")
    for lanes in (8, 16):  # what stands around the units, which are counted above
        sizes = {"LANES": lanes, "PORT_BYTES": 16, "WORDS": 16_384, "MAX_ELEMENTS": 197, "MAX_CHANNELS": 384,
                 "TOKEN_BITS": 8, "TABLE_BITS": 8, "COUNT_BITS": 20}  # fmt: skip
        yield Part("station", "unit_station", parameters=sizes, outside=units)


def _array(rows: int, cols: int) -> dict[str, int]:
    return {"R": rows, "C": cols, "OVERLAP": 4, "MREG": 1, "SLICES": 1}


def _generic_columns() -> Iterator[Part]:
    for rows in (4, 8, 16):
        for double, chain in ((0, 0), (1, 0), (1, 1)):
            for registers in (0, 1):
                for os in (0, 1):
                    sizes = {"R": rows, "DOUBLE": double, "CHAIN": chain, "MREG": registers}
                    if rows < 16 or registers:
                        yield Part("generic column", "array_column", rows, 1, sizes, tied={"os": os})


def _memories() -> Iterator[Part]:
    """Yield rotators, memories of bytes, banks of bytes and of sums by their words; then memories of PIVOT's sizes."""
    for places in (1, 2, 3, 4, 5, 6, 7):
        for width in (8, 9) if places < 7 else (8,):  # a byte, and whether it is written
            yield Part("rotator", "rotator", parameters={"BITS": places, "WIDTH": width})
    for banks in (8, 16, 32, 64, 128, 256):
        sizes = {"BYTES": 1024 * banks, "LANES": banks, "READ_LANES": banks, "BANK_BITS": bits(banks)}
        yield Part("memory", "packed_memory", parameters=sizes | ONE_CLOCK)
    for power in range(1, 15):
        sizes = {"BYTES": 2 << power, "LANES": 1, "READ_LANES": 1, "BANK_BITS": 1}
        yield Part("two banks", "packed_memory", parameters=sizes | ONE_CLOCK)
    for halves in (1, 2):
        for power in range(4, 14):
            sizes = {"C": 8, "DEPTH": 1 << power, "HALVES": halves, "EDGE": 2}
            yield Part("sums", "opmem", 2, 8, sizes | ONE_CLOCK, tied={"os": 0})
        for power in (6, 9):
            sizes = {"C": 16, "DEPTH": 1 << power, "HALVES": halves, "EDGE": 2}
            yield Part("sums", "opmem", 2, 16, sizes | ONE_CLOCK, tied={"os": 0})
    yield from _large_memories()
    for rows, cols in SIZES:
        width = max(rows, cols)
        lanes = {"LANES": rows, "READ_LANES": width, "BANK_BITS": bits(width)}
        yield Part("ipmem whole", "packed_memory", rows, cols, {"BYTES": 8192, **lanes, **ONE_CLOCK})
        for one in (1, cols):  # biases of a word of sums: one under is, one a column else
            sizes = {"BYTES": 4 * cols, "LANES": rows, "READ_LANES": 4 * one, "BANK_BITS": bits(max(rows, 4 * one))}
            yield Part("biases whole", "packed_memory", rows, cols, {**sizes, **ONE_CLOCK})
    sizes = {"C": 8, "DEPTH": 256, "HALVES": 1, "EDGE": 9, **ONE_CLOCK}
    yield Part("opmem whole", "opmem", 8, 8, sizes, tied={"os": 0})


def _large_memories() -> Iterator[Part]:
    """Yield banks of bytes in UltraRAM by their words; then two memories whole."""
    for power in range(1, 19):
        sizes = {"BYTES": 2 << power, "LANES": 1, "READ_LANES": 1, "BANK_BITS": 1, "ULTRA": 1}
        yield Part("two large banks", "packed_memory", parameters=sizes | ONE_CLOCK)
    for banks, words in ((16, 16384), (64, 2048)):
        sizes = {"BYTES": words * banks, "LANES": banks, "READ_LANES": banks, "BANK_BITS": bits(banks), "ULTRA": 1}
        yield Part("large gb whole", "packed_memory", parameters=sizes | ONE_CLOCK)


def _movers() -> Iterator[Part]:
    yield Part("requantise", "requantise", 1, 1)
    yield Part("requantise by a multiplier", "requantise", 1, 1, {"MULTIPLIES": 1})
    for rows, cols in (*SIZES, LARGEST):
        yield Part("read mover", "read_mover", rows, cols, {"LANES": rows, **ONE_CLOCK})
        sizes = {"C": cols, "LANES": rows, **ONE_CLOCK}
        yield Part("write mover", "write_mover", rows, cols, sizes, ("requantise",))


def _top(rows: int, cols: int) -> Part:
    """Return what the top has beside its parts, every one of which is a black box."""
    sizes = {"R": rows, "C": cols, "LANES": rows, "OVERLAP": 4, "MREG": 1, "SLICES": 1, "READ_CYCLES": 1,
             "COUNT_BITS": 20, "BIAS_LANES": 4}  # fmt: skip
    outside = tuple(path.stem for path in modules(*PARTS) if path.stem not in ("accelerator", "skew"))
    return Part("top", "accelerator", rows, cols, sizes, outside, {"output_stationary": 0, "weight_stationary": 0})


def synthesised(part: Part) -> tuple[dict[str, float], int]:
    """Return what yosys counts of a part, and its levels of logic."""
    inside = [path for path in VERILOG if path.stem not in part.outside]
    setting = " ".join(f"-set {name} {value}" for name, value in part.parameters.items())
    large = " -uram" if part.parameters.get("ULTRA") else ""
    with tempfile.TemporaryDirectory() as folder:
        script = [
            *(f"read_verilog -lib {module(name)}" for name in part.outside),
            "read_verilog " + " ".join(map(str, inside)),
            *([f"chparam {setting} {part.top}"] if setting else []),
            f"hierarchy -top {part.top}",
            "rename -top design_top",
            "proc",
            *(f"delete -port design_top/w:{name}" for name in part.tied),
            "cd design_top",
            *(f"connect -set {name} 1'b{value}" for name, value in part.tied.items()),
            "cd ..",
            f"synth_xilinx -family xcup{large} -nowidelut -flatten -noiopad -noclkbuf -top design_top",
            "clean -purge",
            "setattr -mod -unset keep_hierarchy *",  # rotators, mapped by themselves
            "flatten",
            "clean -purge",
            f"write_blif {folder}/mapped.blif",
        ]
        command = ["yosys", "-q", "-p", "; ".join(script)]
        done = subprocess.run(command, capture_output=True, text=True, timeout=LIMIT_S)
        if done.returncode:
            raise RuntimeError(f"{part.name} {part.settings}: {done.stderr[-2000:]}")
        with (Path(folder) / "mapped.blif").open(encoding="utf-8") as file:
            cells, aliases = read_blif(file)
    return counted(cells, part.outside), levels(cells, aliases)


def version() -> str:
    """Return yosys' name and version."""
    told = subprocess.run(["yosys", "-V"], capture_output=True, text=True, timeout=60).stdout
    return " ".join(told.split()[:2])


def main() -> None:
    """Count all parts, or those of the names given, and write the table; rows of other parts stay."""
    if not shutil.which("yosys"):
        sys.exit(MISSING)
    if (tool := version()) != VERSION:
        sys.exit(f"{tool} on this machine; {VERSION} counted what is recorded, and another version counts otherwise")
    wanted = [part for part in parts() if len(sys.argv) < 2 or part.name in sys.argv[1:]]
    with TABLE.open(newline="", encoding="utf-8") as file:
        kept = list(csv.reader(file))[1:] if len(sys.argv) > 1 else []
    names = {part.name for part in wanted}
    rows = [row for row in kept if row[0] not in names]
    for part in wanted:
        found, deep = synthesised(part)
        numbers = [f"{found[name]:g}" for name in COUNTS]
        rows.append([part.name, part.top, str(part.rows), str(part.cols), part.settings, *numbers, str(deep), tool])
        sys.stdout.write(" ".join(rows[-1]) + "\n")
        sys.stdout.flush()
        _write(rows)


def _write(rows: list[list[str]]) -> None:
    order = list(dict.fromkeys(part.name for part in parts()))
    rows = [row for row in rows if row[0] in order]
    with TABLE.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(COLUMNS)
        writer.writerows(sorted(rows, key=lambda row: order.index(row[0])))


if __name__ == "__main__":
    main()
