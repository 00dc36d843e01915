"""The dataflows as systolic.v states them, against the rows of the table; needs no Verilator."""

import re
from pathlib import Path

import pytest

from pivotsim.hardware.dataflows import DATAFLOW, DATAFLOWS, OPERAND_DIMENSIONS, Dataflow

VERILOG = Path(__file__).with_name("systolic.v").read_text()
SIZES = {"m": 101, "k": 103, "n": 107}


def stated(name: str, code: int) -> int:
    """Return the value of one of the file's wires under a dataflow."""
    (expression,) = re.findall(rf"wire (?:\[31:0\] )?{name} = ([^;]*);", VERILOG)
    return value(expression, code)


def value(expression: str, code: int) -> int:
    """Return what names, numbers, ``==`` and ``?:`` (to the right) come to."""
    condition, question, choices = expression.partition("?")
    if question:
        yes, _, no = choices.partition(":")
        return value(yes if value(condition, code) else no, code)
    left, equals, right = expression.partition("==")
    if equals:
        return int(value(left, code) == value(right, code))
    word = expression.strip()
    known = {**SIZES, **codes(), "dataflow": code, "os": int(code == codes()["OS"])}
    return known[word] if word in known else int(word)


def codes() -> dict[str, int]:
    """Return the names and codes of the file's dataflows."""
    (line,) = re.findall(r"localparam (IS = [^;]*);", VERILOG)
    return {name.strip(): int(code) for name, code in (entry.split("=") for entry in line.split(","))}


def stride(operand: str, letter: str) -> int:
    """Return how far apart neighbours along a dimension lie in an operand's row-major memory."""
    _, columns = OPERAND_DIMENSIONS[operand]
    return 1 if letter == columns else SIZES[columns]


def of_row(flow: Dataflow) -> dict[str, int]:
    """Return what the Verilog's wires must come to under a dataflow."""
    from_above = flow.from_above or flow.stationary
    row_size, col_size, length = flow.sizes(**SIZES)
    return {
        "os": flow.drains,
        "row_size": row_size,
        "col_size": col_size,
        "length": length,
        "x_is_b": flow.from_left == "b",
        "x_row": stride(flow.from_left, flow.rows),
        "x_t": stride(flow.from_left, flow.stream),
        "y_row": stride(from_above, flow.rows if flow.from_above is None else flow.stream),
        "y_col": stride(from_above, flow.cols),
        "out_col": stride("out", flow.cols),
        "out_t": stride("out", flow.rows if flow.drains else flow.stream),
    }


def test_codes_are_places_in_the_table():
    assert codes() == {name.upper(): code for code, name in enumerate(DATAFLOWS)}


@pytest.mark.parametrize("name", DATAFLOWS)
def test_wires_come_to_the_row(name):
    expected = of_row(DATAFLOW[name])
    assert {wire: stated(wire, DATAFLOWS.index(name)) for wire in expected} == expected


def test_every_wire_that_depends_on_the_dataflow_is_compared():
    block = VERILOG[VERILOG.index("// ---- the three dataflows") : VERILOG.index("// ---- sequencer")]
    assert set(re.findall(r"wire (?:\[31:0\] )?(\w+) =", block)) == set(of_row(DATAFLOW["is"]))
    assert VERILOG.count("dataflow ==") == block.count("dataflow ==")
