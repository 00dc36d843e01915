"""The block diagram of a written design, as SVG."""

from collections.abc import Mapping

from pivotsim.hardware.systolic import SystolicHardware
from pivotsim.rtl.sizes import opmem_bytes_built

DIAGRAM = """<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 760 300" font-family="sans-serif" font-size="13">
<g fill="#f4f4f4" stroke="#333">{boxes}</g>
<g fill="none" stroke="#333" stroke-width="1.5" marker-end="url(#a)">{arrows}</g>
<g text-anchor="middle" fill="#111">{words}</g>
<defs><marker id="a" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" orient="auto">
<path d="M0 0 8 4 0 8z"/></marker></defs></svg>
"""


def diagram(parameters: Mapping[str, int], board: SystolicHardware) -> str:
    """Return the block diagram as SVG."""
    p, memories = parameters, board.memories
    lanes = f"{p['LANES']} B/clock"
    boxes = {
        "DRAM": (10, 110, 90, 60, ("DRAM", lanes)),
        "reader": (140, 60, 110, 50, ("read_mover", lanes)),
        "buffer": (140, 130, 110, 50, ("global buffer", f"{p['BUFFER_BYTES']:,} B")),
        "writer": (140, 200, 110, 50, ("write_mover", "bias, requantise")),
        "ipmem": (300, 30, 140, 50, (f"IPMEM, {memories.ipmem_buffers}", f"{p['IPMEM_BYTES']:,} B")),
        "wtmem": (300, 100, 140, 50, (f"WTMEM, {memories.wtmem_buffers}", f"{p['WTMEM_BYTES']:,} B")),
        "array": (480, 50, 130, 90, ("array", f"{p['R']} x {p['C']} PEs, {board.array.dataflow}")),
        "opmem": (480, 200, 130, 50, (f"OPMEM, {memories.opmem_buffers}", f"{opmem_bytes_built(p):,} B")),
        "control": (640, 110, 110, 80, ("3 sequencers", "loads, passes,", "drains")),
    }  # fmt: skip
    rects = "".join(f'<rect x="{x}" y="{y}" width="{w}" height="{h}" rx="4"/>' for x, y, w, h, _ in boxes.values())
    words = "".join(
        f'<text x="{x + w / 2:g}" y="{y + h / 2 + 5 + 16 * (i - (len(lines) - 1) / 2):g}">{line}</text>'
        for x, y, w, h, lines in boxes.values()
        for i, line in enumerate(lines)
    )
    paths = (
        "M100 130 L140 90", "M195 130 L195 111", "M175 110 L175 129", "M250 80 L300 60", "M250 90 L300 120",
        "M440 55 L480 80", "M440 125 L480 110", "M545 140 L545 199", "M480 225 L251 225", "M140 225 L60 171",
        "M640 130 L611 100", "M640 170 L611 215",
    )  # fmt: skip
    arrows = "".join(f'<path d="{path}"/>' for path in paths)
    return DIAGRAM.format(boxes=rects, arrows=arrows, words=words)
