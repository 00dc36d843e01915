"""A netlist that yosys mapped for AMD's cells, read from BLIF: how many of each resource, and how many levels of logic.

A level is a LUT, a CARRY4, a wide multiplexer or the read of a distributed RAM, on the longest way between registers,
block RAMs, slices and ports. A CARRY4 is passed bit by bit, as hardware does: a sum's bit depends on lower bits alone.
"""

import re
from collections.abc import Iterable, Iterator, Mapping

# cell -> what it counts as. Shift registers and distributed RAM are LUTs; a RAMB18 is half a block RAM.
STORES: dict[str, int] = {
    **dict.fromkeys(("SRL16E", "SRLC32E"), 1),
    **dict.fromkeys(("RAM32X1D", "RAM64X1D"), 2),
    **dict.fromkeys(("RAM32M", "RAM64M", "RAM128X1D"), 4),
    **dict.fromkeys(("RAM32M16", "RAM64M8", "RAM256X1D"), 8),
}
CELLS: dict[str, tuple[str, float]] = {
    "DSP48E2": ("dsp48e2", 1),
    **{f"LUT{inputs}": ("lut", 1) for inputs in range(1, 7)},
    "INV": ("lut", 1),
    **dict.fromkeys(("FDRE", "FDSE", "FDCE", "FDPE"), ("ff", 1)),
    "RAMB36E2": ("bram36", 1),
    "RAMB18E2": ("bram36", 0.5),
    "URAM288": ("uram", 1),
    "CARRY4": ("carry4", 1),
}
FREE = {"MUXF7", "MUXF8", "MUXF9"}  # beside the LUTs of a slice
COUNTS = ("dsp48e2", "lut", "memory_lut", "ff", "bram36", "uram", "carry4")

Cell = tuple[str, dict[str, str]]  # its name, and pin -> net


def read_blif(lines: Iterable[str]) -> tuple[list[Cell], dict[str, str]]:
    """Return the cells, and the nets that are another name of one (net -> that one)."""
    cells, aliases = [], {}
    for line in _joined(lines):
        words = line.split()
        if words[0] == ".subckt":
            cells.append((words[1].removeprefix("\\"), dict(word.split("=", 1) for word in _pins(words[2:]))))
        elif words[0] == ".names" and len(words) == 3:
            aliases[words[2]] = words[1]
    return cells, aliases


def _joined(lines: Iterable[str]) -> Iterator[str]:
    """Yield statements: lines without comments, joined where a backslash continues one."""
    held = ""
    for line in lines:
        held += line.rstrip("\n")
        if held.endswith("\\"):
            held = held[:-1] + " "
            continue
        if held.strip() and not held.lstrip().startswith("#"):
            yield held
        held = ""


def _pins(words: list[str]) -> Iterator[str]:
    """Yield pin=net; names of nets may hold spaces nowhere, but signs of equality."""
    yield from (word for word in words if re.match(r"\w+(\[\d+\])?=", word))


def counted(cells: Iterable[Cell], outside: tuple[str, ...] = ()) -> dict[str, float]:
    """Return the resources of cells; ``outside`` are modules that stayed black boxes.

    ``lut`` has those of ``memory_lut``, LUTs that store, in it.

    Raises
    ------
    KeyError
        There is a cell of which nothing says what it counts as.
    """
    found = dict.fromkeys(COUNTS, 0.0)
    for name, _ in cells:
        if name in FREE or _is_outside(name, outside):
            continue
        if name in STORES:
            found["lut"] += STORES[name]
            found["memory_lut"] += STORES[name]
        else:
            resource, each = CELLS[name]
            found[resource] += each
    return found


def _is_outside(name: str, outside: tuple[str, ...]) -> bool:
    return any(name == module or name.endswith(f"\\{module}") or f"\\{module}\\" in name for module in outside)


def levels(cells: Iterable[Cell], aliases: Mapping[str, str]) -> int:
    """Return the most levels of logic on a way; a loop of logic alone raises RecursionError."""
    drivers = {output: inputs for name, pins in cells for output, inputs in _arcs(name, pins)}
    depth: dict[str, int] = {}
    for start in drivers:
        way = [start]
        while way:
            net = way[-1]
            inputs = [at for at in (_name(net, aliases) for net in drivers[net]) if at in drivers]
            later = [at for at in inputs if at not in depth]
            if later:
                if len(way) > len(drivers):
                    raise RecursionError(f"a loop of logic through {net}")
                way.append(later[0])
            else:
                depth[net] = 1 + max((depth[at] for at in inputs), default=0)
                way.pop()
    return max(depth.values(), default=0)


def _name(net: str, aliases: Mapping[str, str]) -> str:
    while net in aliases:
        net = aliases[net]
    return net


def _arcs(name: str, pins: dict[str, str]) -> Iterator[tuple[str, list[str]]]:
    """Yield an output and the inputs that it depends on without a clock, for each output of a cell."""
    if name.startswith(("LUT", "INV", "MUXF")):
        yield pins["O"], [net for pin, net in pins.items() if pin != "O"]
    elif name == "CARRY4":
        into = [pins[pin] for pin in ("CI", "CYINIT") if pin in pins]
        for bit in range(4):
            below = [pins[f"{pin}[{i}]"] for pin in ("S", "DI") for i in range(bit) if f"{pin}[{i}]" in pins]
            own = {pin: pins.get(f"{pin}[{bit}]") for pin in ("S", "DI")}
            for output, last in (("O", ["S"]), ("CO", ["S", "DI"])):
                if f"{output}[{bit}]" in pins:
                    yield pins[f"{output}[{bit}]"], [*into, *below, *(net for pin in last if (net := own[pin]))]
    elif name in STORES and name.startswith("RAM"):
        for pin, net in pins.items():
            port = re.fullmatch(r"(DO(\w)|DPO|SPO)(\[\d+\])?", pin)
            if port:
                address = f"ADDR{port[2]}" if port[2] else {"DPO": "DPRA", "SPO": "A"}[port[1]]
                yield net, [other for at, other in pins.items() if re.fullmatch(rf"{address}\d*(\[\d+\])?", at)]
