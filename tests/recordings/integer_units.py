"""Tables of docs/integer_units.md: errors of the integer operations against float64, and what their units cost.

`python -m tests.recordings.integer_units` writes them there.
"""

from collections.abc import Iterator
from pathlib import Path

import numpy as np

import pivotsim as ps
from pivotsim.engines.pl_units.written_fills import written_fill_cycles
from pivotsim.hardware.resources.recorded import rows_of
from pivotsim.integer import activation, layer_norm, softmax
from pivotsim.integer.scaling import Integers

PAGE = Path(__file__).parents[2] / "docs" / "integer_units.md"
SEED = 20240623
ROWS = 200
TOKENS, CHANNELS = 197, 384  # of DeiT-S
STREAM_SCALE = 1 / 2048  # of the residual stream: 16 to either side
# part of synthesis.csv -> unit, and the parameter that its longest row is
UNITS = {
    "softmax": ("softmax", "MAX_ELEMENTS"),
    "layer norm": ("layer_norm", "MAX_CHANNELS"),
    "activation": ("activation", ""),
    "residual addition": ("residual_add", ""),
}
I_BERT = {"exponential": "i-exp: 1.9e-3", "GELU": "i-GELU: 0.018, L2 0.0082"}


def softmax_errors(score_scale: float) -> Integers:
    """Return |p / 127 - softmax| of random scores: (ROWS, TOKENS)."""
    scores = np.random.default_rng(SEED).integers(-128, 128, (ROWS, TOKENS)).astype(np.int8)
    real = np.exp(score_scale * (scores - scores.max(axis=-1, keepdims=True).astype(np.float64)))
    ours = softmax.probabilities(scores, softmax.softmax_table(score_scale)) / softmax.ONE
    return np.abs(ours - real / real.sum(axis=-1, keepdims=True))


def activation_errors(kind: str, scale: float) -> Integers:
    """Return |table - function| of all bytes, in and out by the same steps."""
    inputs = np.arange(-128, 128).astype(np.int8)
    ours = activation.activate(inputs, activation.activation_table(kind, scale, scale)) * scale
    return np.abs(ours - np.array([activation.ACTIVATIONS[kind](scale * q) for q in inputs.tolist()]))


def layer_norm_errors(spread: float, out_scale: float) -> Integers:
    """Return the errors of random rows with random gamma and beta, where nothing is saturated."""
    generator = np.random.default_rng(SEED)
    x = generator.normal(generator.normal(0, spread, (ROWS, 1)), spread, (ROWS, CHANNELS))
    q = np.clip(np.round(x / STREAM_SCALE), -32768, 32767).astype(np.int16)
    gamma, beta = generator.normal(1, 0.3, CHANNELS), generator.normal(0, 0.3, CHANNELS)
    constants = layer_norm.layer_norm_constants(gamma, beta, 1e-6, STREAM_SCALE, out_scale)
    given = q * STREAM_SCALE
    centred = given - given.mean(axis=-1, keepdims=True)
    real = centred / np.sqrt(given.var(axis=-1, keepdims=True) + 1e-6) * gamma + beta
    return np.abs(layer_norm.normalised(q, constants) * out_scale - real)[np.abs(real) < 127 * out_scale]


def measured() -> Iterator[tuple[str, str, float, Integers, str]]:
    """Yield (operation, of what, step of its output, errors, what I-BERT publishes)."""
    table = softmax.softmax_table(1 / 16) / softmax.MOST
    exact = np.exp(-np.arange(256) / 16)
    yield "exponential", "all 256, scores by 1/16", 1 / softmax.MOST, np.abs(table - exact), I_BERT["exponential"]
    for scale in (1 / 64, 1 / 16):
        label = f"{ROWS} rows of {TOKENS}, scores by 1/{round(1 / scale)}"
        yield "softmax", label, 1 / softmax.ONE, softmax_errors(scale), "not given"
    for kind, name in (("gelu", "GELU"), ("silu", "SiLU")):
        yield name, "all 256, within 4", 4 / 127, activation_errors(kind, 4 / 127), I_BERT.get(name, "not given")
    for spread in (0.01, 1.0):
        label = f"{ROWS} rows of {CHANNELS}, deviation {spread:g}"
        yield "LayerNorm", label, 1 / 24, layer_norm_errors(spread, 1 / 24), "not given"


def errors_table() -> str:
    """Return the errors, a row an operation."""
    rows = [
        "| operation | of | largest | mean | largest, steps | a step | I-BERT, published, largest |",
        "|---|---|--:|--:|--:|--:|---|",
    ]
    for name, what, step, errors, published in measured():
        largest, mean = float(errors.max()), float(errors.mean())
        rows.append(
            f"| {name} | {what} | {largest:.2g} | {mean:.2g} | {largest / step:.3f} | {step:.2g} | {published} |"
        )
    return "\n".join(rows)


def resources_table() -> str:
    """Return what yosys counted of each unit, before place and route, and its fill."""
    rows = ["| unit | lanes | built for | LUT | of them memory | FF | DSP48E2 | BRAM36 | levels | fill, clocks |",
            "|---|--:|---|--:|--:|--:|--:|--:|--:|--:|"]  # fmt: skip
    for part, (unit, size) in UNITS.items():
        for row in rows_of(part):
            lanes, longest = row.parameters["LANES"], row.parameters.get(size, 1)
            built = f"{longest} {size.split('_')[1].lower()}" if size else "bytes"
            rows.append(
                f"| {part} | {lanes} | {built} | {row.lut:,} | {row.memory_lut:,} | {row.ff:,} | {row.dsp48e2} |"
                f" {row.bram36:g} | {row.levels} | {written_fill_cycles(unit, lanes, longest)} |"
            )
    return "\n".join(rows)


def dropping_table() -> str:
    """Return what yosys counted of token dropping."""
    rows = ["| patches | score lanes | comparators | ports | channels a port | LUT | FF | DSP48E2 | BRAM36 | levels |",
            "|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|"]  # fmt: skip
    for row in rows_of("token dropping"):
        sizes = row.parameters
        rows.append(
            f"| {1 << sizes['TOKEN_BITS']} | {sizes['SCORE_LANES']} | {sizes['COMPARATORS']} | {sizes['PORTS']} |"
            f" {sizes['CHANNELS']} | {row.lut:,} | {row.ff:,} | {row.dsp48e2} | {row.bram36:g} | {row.levels} |"
        )
    return "\n".join(rows)


def station_table() -> str:
    """Return what yosys counted around the units of a station: memories, walks, movers, the list of operations."""
    rows = ["| lanes | port, bytes a clock | words of a memory | LUT | FF | DSP48E2 | BRAM36 | levels |",
            "|--:|--:|--:|--:|--:|--:|--:|--:|"]  # fmt: skip
    for row in rows_of("station"):
        sizes = row.parameters
        rows.append(
            f"| {sizes['LANES']} | {sizes['PORT_BYTES']} | {sizes['WORDS']:,} | {row.lut:,} | {row.ff:,} |"
            f" {row.dsp48e2} | {row.bram36:g} | {row.levels} |"
        )
    return "\n".join(rows)


def price_table() -> str:
    """Return what softmax on the processor and in units of three widths gives for DeiT-S, and what it takes."""
    plan, board = ps.plan(ps.load_model("deit_s")), ps.load_hardware("zcu102")
    accuracy = -np.log2(softmax_errors(1 / 64).max())
    rows = [
        "| softmax | delay, ms | faster | LUT | FF | DSP48E2 | BRAM36 | bits |",
        "|---|--:|--:|--:|--:|--:|--:|--:|",
    ]
    base = ps.simulate(plan, board).delay_ms
    rows.append(f"| on the processor | {base:.2f} | 1.00x | - | - | - | - | float |")
    for row in rows_of("softmax"):
        lanes = row.parameters["LANES"]
        fill = written_fill_cycles("softmax", lanes, row.parameters["MAX_ELEMENTS"])
        unit = {"units.softmax.elements_per_clock": lanes, "units.softmax.fill_cycles": fill}
        delay = ps.simulate(plan, board.replace({"placement.softmax": "pl", **unit})).delay_ms
        rows.append(
            f"| a unit of {lanes}, fill {fill} | {delay:.2f} | {base / delay:.2f}x | {row.lut:,} | {row.ff:,} |"
            f" {row.dsp48e2} | {row.bram36:g} | {accuracy:.1f} |"
        )
    return "\n".join(rows)


SECTIONS = {
    "errors": errors_table,
    "resources": resources_table,
    "dropping": dropping_table,
    "station": station_table,
    "price": price_table,
}


def section(name: str) -> str:
    """Return a section with its marks."""
    begin, end = f"<!-- {name}: written by tests.recordings.integer_units -->", f"<!-- end of {name} -->"
    return f"{begin}\n\n{SECTIONS[name]()}\n\n{end}"


def main() -> None:
    """Write the tables into the page."""
    page = PAGE.read_text(encoding="utf-8")
    for name in SECTIONS:
        own = section(name)
        begin, end = own.splitlines()[0], own.splitlines()[-1]
        before, mark, rest = page.partition(begin)
        if not mark:
            raise SystemExit(f"{PAGE.name}: the marks of the section {name!r} are missing")
        page = before + own + rest.partition(end)[2]
    PAGE.write_text(page, encoding="utf-8")


if __name__ == "__main__":
    main()
