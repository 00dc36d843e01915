"""The block diagram of a written design, as SVG."""

from collections.abc import Mapping

from pivotsim.hardware.kinds.systolic import SystolicHardware
from pivotsim.rtl.sizes import opmem_bytes_built

DIAGRAM = """<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 770 {height}" font-family="sans-serif" font-size="13">
<rect width="770" height="{height}" fill="#fff"/>
<rect x="125" y="10" width="635" height="{inner}" rx="6" fill="none" stroke="#888" stroke-dasharray="5 4"/>
<text x="752" y="28" text-anchor="end" fill="#555">top</text>
<g fill="#f4f4f4" stroke="#333">{boxes}</g>
<g fill="none" stroke="#333" stroke-width="1.5" marker-end="url(#a)">{arrows}</g>
<g text-anchor="middle" fill="#111">{words}</g>
<defs><marker id="a" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" orient="auto">
<path d="M0 0 8 4 0 8z"/></marker></defs></svg>
"""
PATHS = (
    "M100 133 L140 85", "M140 225 L100 177", "M250 75 L279 75", "M280 235 L251 235", "M320 100 L320 129",
    "M350 130 L350 101", "M390 65 L439 55", "M390 80 L439 115", "M390 95 L439 172", "M590 55 L629 80",
    "M590 125 L629 105", "M690 140 L690 209", "M630 235 L391 235", "M515 200 L391 222",
)  # fmt: skip


def diagram(parameters: Mapping[str, int], board: SystolicHardware) -> str:
    """Return the block diagram as SVG; parameters are those of verilog/stream_accelerator.v."""
    p, memories = parameters, board.memories
    lanes = f"{p['LANES']} B a clock"
    ways = {name: "two halves" if way == "ping_pong" else "single" for name, way in memories.model_dump().items()
            if name.endswith("_buffers")}  # fmt: skip
    shared = ", shared" if p["MAC_PACKING"] > 1 else ""
    elements = f"DSP48E2 slices{shared}" if p["SLICES"] else "pe_generic"
    boxes: tuple[tuple[int, int, int, int, tuple[str, ...]], ...] = (
        (10, 120, 90, 70, ("DRAM", "AXI streams")),
        (140, 50, 110, 50, ("read_stream", lanes)),
        (140, 210, 110, 50, ("write_stream", lanes)),
        (280, 50, 110, 50, ("read_mover",)),
        (280, 130, 110, 50, ("global buffer", f"{p['BUFFER_BYTES']:,} B")),
        (280, 210, 110, 50, ("write_mover", "bias, requantise")),
        (440, 30, 150, 50, (f"IPMEM, {ways['ipmem_buffers']}", f"{p['IPMEM_BYTES']:,} B")),
        (440, 100, 150, 50, (f"WTMEM, {ways['wtmem_buffers']}", f"{p['WTMEM_BYTES']:,} B")),
        (440, 170, 150, 30, (f"biases, {p['BIAS_BYTES']:,} B",)),
        (630, 45, 120, 95, ("array", f"{p['R']} x {p['C']}, {board.array.dataflow}", elements)),
        (630, 210, 120, 50, (f"OPMEM, {ways['opmem_buffers']}", f"{opmem_bytes_built(p):,} B")),
        (140, 280, 610, 30, ("tables of descriptors, and three sequencers that run them: loads, passes, drains",)),
    )
    if p.get("UNITS"):
        units = f"unit_station: {p['UNIT_LANES']} elements a clock, two memories of {2 * p['UNIT_WORDS']:,} B"
        boxes += ((140, 320, 610, 30, (f"{units}; DRAM is theirs in a pass",)),)
    height = 370 if p.get("UNITS") else 330
    rects = "".join(f'<rect x="{x}" y="{y}" width="{w}" height="{h}" rx="4"/>' for x, y, w, h, _ in boxes)
    words = "".join(
        f'<text x="{x + w / 2:g}" y="{y + h / 2 + 5 + 16 * (i - (len(lines) - 1) / 2):g}">{line}</text>'
        for x, y, w, h, lines in boxes
        for i, line in enumerate(lines)
    )
    arrows = "".join(f'<path d="{path}"/>' for path in PATHS)
    return DIAGRAM.format(height=height, inner=height - 20, boxes=rects, arrows=arrows, words=words)
