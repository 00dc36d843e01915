"""The HeatViT re-implementation: its eight classes of multiplications, and its passes over rows."""

from collections.abc import Sequence

from pivotsim.engines.serial.tiles import Descriptor, tile_clocks
from pivotsim.hardware.kinds.serial import SerialHardware, SerialSpec, as_serial
from pivotsim.hardware.spec import Hardware
from pivotsim.truth.measured import Measured, package_table

TOKENS = (197, 100, 55, 28)  # each of three encoders; a selector stands between
ENCODERS_OF_EACH = 3
WIDTH, HEADS = 192, 3
LAYERS = {"norm": 2, "add": 2}  # of an encoder


def predict_class(name: str, hw: SerialHardware) -> int:
    """Return the clocks of all multiplications of a class, over the whole network."""
    times = {"patch": ((197, 1),), "logits": ((28, 1),), "selector": tuple((n, 1) for n in TOKENS[:-1])}
    times["block"] = tuple((n, ENCODERS_OF_EACH) for n in TOKENS)
    total = 0
    for row in package_table("heatvit_multiplications"):
        if row["class"] == name:
            total += sum(count * tile_clocks(_descriptor(row, n), hw.serial).total for n, count in times[row["where"]])
    return total


def _descriptor(row: dict[str, str], tokens: int) -> Descriptor:
    sizes = {"tokens": tokens, "patches": tokens - 1}
    m, k, n = (sizes.get(row[size]) or int(row[size]) for size in ("m", "k", "n"))
    flags = (row[flag] == "1" for flag in ("transposed", "bias", "sum"))
    return Descriptor(m, k, n, int(row["heads"]), row["post"], *flags)


def predict_passes(group: str, tokens: int, spec: SerialSpec) -> float:
    """Return the clocks of what is no multiplication: passes over rows, an element at a time."""
    passes, row = spec.passes, tokens * WIDTH
    if group == "block":
        rows = LAYERS["norm"] * passes.norm + LAYERS["add"] * passes.add
        return row * rows + HEADS * tokens * tokens * passes.softmax
    return row * {"selector": passes.selector, "patch": passes.add, "final_norm": passes.norm}[group]


def predicted(rows: Sequence[Measured], hw: Hardware) -> list[float]:
    """Return the clocks of each row."""
    board = as_serial(hw, "machine")
    return [
        float(predict_class(row.case, board)) if row.group == "class"
        else predict_passes(row.group, row.m, board.serial)
        for row in rows
    ]  # fmt: skip


def is_fitted(row: Measured, _: int) -> bool:
    """Tell the rows on which ``serial.passes`` was fitted."""
    return (row.group, row.m) in (("block", 197), ("block", 28), ("selector", 197))
