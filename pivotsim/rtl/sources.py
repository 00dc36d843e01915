"""Where the Verilog that ships lies: a folder for each part of the hardware, a module a file."""

from pathlib import Path

VERILOG = Path(__file__).with_name("verilog")
PARTS = (
    "accelerator",
    "array",
    "axi",
    "memories",
    "movers",
    "sequencers",
    "registers",
    "streams",
)  # of the accelerator of a written design
UNIT_PARTS = ("station", "units")  # of one with units, beside the others


def modules(*parts: str) -> tuple[Path, ...]:
    """Return the files of some parts, in the order of their names.

    >>> [path.name for path in modules("streams")]
    ['read_stream.v', 'write_stream.v']
    """
    return tuple(sorted((path for part in parts for path in (VERILOG / part).glob("*.v")), key=lambda path: path.name))


def module(name: str) -> Path:
    """Return the file of a module.

    >>> module("skew").parent.name
    'array'
    """
    (found,) = VERILOG.glob(f"*/{name}.v")
    return found
