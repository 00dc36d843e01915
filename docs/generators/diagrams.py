"""Block diagram of a board, drawn from its description; `python -m docs.generators.diagrams` writes the README's."""

from html import escape
from pathlib import Path

import pivotsim as ps
from pivotsim.hardware.dataflows import DATAFLOW
from pivotsim.tables import counted

FIGURES = Path(__file__).parents[1] / "figures"
WIDTH, HEIGHT = 780, 330
INK, MUTED, PS_FILL, PL_FILL, MEMORY_FILL, ARRAY_FILL = "#1b2733", "#5a6876", "#fdf0e3", "#eef4fa", "#d5e3f0", "#0072b2"
STAYS = {"a": "inputs stay", "b": "weights stay", "out": "sums stay"}


def board_svg(hw: ps.Hardware) -> str:
    """Return the picture of a board with a systolic array, its memories as they are stated, and a processor."""
    array, memories = hw.array, hw.memories
    on_processor = [kind for kind, place in hw.placement if place == "ps" and hw.host.paper.of(kind).cycles_per_element]
    from_left = DATAFLOW[array.dataflow].from_left
    beside = {
        "a": ("IPMEM", f"inputs, {_size(memories.ipmem_bytes)}"),
        "b": ("WTMEM", f"weights, {_size(memories.wtmem_bytes)}"),
    }
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}"',
        ' font-family="sans-serif" font-size="12">',
        '<defs><marker id="tip" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7"'
        ' orient="auto-start-reverse">'
        f'<path d="M0 0 8 4 0 8z" fill="{INK}"/></marker></defs>',
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="#fff"/>',
        _box(10, 120, 105, 90, "#f1f1f1", "DRAM", _rate(memories.dram_bytes_per_s)),
        f'<rect x="185" y="12" width="410" height="306" rx="8" fill="{PL_FILL}" stroke="{MUTED}"/>',
        _text(197, 32, f"Programmable logic (PL), {array.clock_mhz:g} MHz", bold=True, anchor="start"),
        _box(195, 120, 105, 90, MEMORY_FILL, "global buffer", _size(memories.gb_bytes)),
        _box(330, 126, 80, 78, MEMORY_FILL, *beside[from_left]),
        _box(440, 42, 140, 54, MEMORY_FILL, *beside["b" if from_left == "a" else "a"]),
        _box(440, 252, 140, 54, MEMORY_FILL, "OPMEM", f"partial sums, {_size(memories.opmem_bytes)}"),
        *_array(440, 120, 140, 106, hw),
        _box(650, 12, 120, 306, PS_FILL, "Processor (PS)", ""),
        *(_text(710, y, text) for y, text in _processor_lines(hw, on_processor)),
        _arrow("M115 165 H195", both=True), _text(150, 112, f"{memories.axi_ports} AXI"), _text(150, 126, "ports"),
        _arrow("M300 165 H330"), _arrow("M410 165 H440"), _arrow("M510 96 V120"), _arrow("M510 226 V252"),
        _arrow("M247 120 V72 H440"), _arrow("M440 278 H247 V210"),
        _arrow("M595 165 H650", both=True), _text(622, 155, "scores"),
        "</svg>",
    ]  # fmt: skip
    return "\n".join(parts) + "\n"


def _array(x: int, y: int, width: int, height: int, hw: ps.Hardware) -> list[str]:
    """Return the array's grid, a few of its elements, and what stays in it."""
    array, across, down = hw.array, 14, 8
    wide, high = width / across, height / down
    cells = [
        f'<rect x="{x + i * wide + 0.5:g}" y="{y + j * high + 0.5:g}" width="{wide - 1:g}" height="{high - 1:g}"'
        f' fill="{ARRAY_FILL}" opacity="{0.22 + 0.04 * ((across - i + down - j) % 7):.2f}"/>'
        for i in range(across)
        for j in range(down)
    ]
    middle = x + width / 2
    return [
        *cells,
        f'<rect x="{x}" y="{y}" width="{width}" height="{height}" fill="none" stroke="{ARRAY_FILL}"/>',
        f'<rect x="{x + 8}" y="{y + 27}" width="{width - 16}" height="52" rx="4" fill="#fff" opacity="0.92"/>',
        _text(middle, y + 48, f"{array.rows} x {array.cols} array", bold=True),
        _text(middle, y + 66, STAYS[DATAFLOW[array.dataflow].stationary]),
    ]


def _processor_lines(hw: ps.Hardware, kinds: list[str]) -> list[tuple[int, str]]:
    lines = [hw.host.name, counted(hw.host.cores, "core"), f"{hw.host.clock_mhz:g} MHz", "", "charged here:", *kinds]
    return [(130 + 18 * i, line) for i, line in enumerate(lines)]


def _box(x: int, y: int, width: int, height: int, fill: str, title: str, below: str) -> str:
    lines = [line for line in below.split(", ") if line]
    top = y + 24 if not below else y + height / 2 - 7 * len(lines) + 4
    texts = [_text(x + width / 2, top, title, bold=True)]
    texts += [_text(x + width / 2, top + 15 * (i + 1), line) for i, line in enumerate(lines)]
    return f'<rect x="{x}" y="{y}" width="{width}" height="{height}" rx="6" fill="{fill}" stroke="{MUTED}"/>' + "".join(
        texts
    )


def _text(x: float, y: float, text: str, *, bold: bool = False, anchor: str = "middle") -> str:
    weight = ' font-weight="bold"' if bold else ""
    return f'<text x="{x:g}" y="{y:g}" text-anchor="{anchor}" fill="{INK}"{weight}>{escape(text)}</text>'


def _arrow(path: str, *, both: bool = False) -> str:
    start = ' marker-start="url(#tip)"' if both else ""
    return f'<path d="{path}" fill="none" stroke="{INK}" stroke-width="1.5" marker-end="url(#tip)"{start}/>'


def _size(count: int | str) -> str:
    return f"{count / 1024:g} KiB" if isinstance(count, int) else count


def _rate(bytes_per_s: int | str) -> str:
    return f"{bytes_per_s / 1e9:g} GB/s" if isinstance(bytes_per_s, int) else bytes_per_s


if __name__ == "__main__":
    (FIGURES / "zcu102.svg").write_text(board_svg(ps.load_hardware("zcu102")), encoding="utf-8")
