"""One-line faults in the engine and in the Verilog, each with a process of its own, which may end as it likes.

One in Python is made in a copied tree with a kernel cache of its own, one in Verilog in a copy of the sources alone. A
fault is caught if a small campaign (all dataflows and edges on a few arrays) finds a difference. The first difference
found is what the proof lists.
"""

import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.rtl.array.bridge import MODEL, Build
from tests.rtl.verilated import SHARED, Model, cache_folder, faulty

ROOT = Path(__file__).parents[2]
LIMIT_S = 300


# overlaps with nothing beside the held operand, with all that can be beside it, and with loads that settle; columns that
# share slices, in chains of 7 and 2
SMALL_BUILDS = (
    Build(4, 3, "none", digest=True),
    Build(3, 4, "pipelined", mac_latency=2, digest=True),
    Build(3, 4, "settled", digest=True),
    Build(4, 3, "settled", mac_latency=2, digest=True, slices=True),
    Build(9, 3, "settled", mac_latency=3, mac_packing=2, digest=True, slices=True),
)


@dataclass(frozen=True)
class Fault:
    """A text edit, found exactly once in its file."""

    name: str
    file: str
    old: str
    new: str


def in_module(module: str, name: str, old: str, new: str) -> Fault:
    """Return a fault in a module of the Verilog that ships, by the module's name."""
    return Fault(f"{module}: {name}", module, old, new)


def missed(faults: Sequence[Fault], caught: Callable[[Fault, Path], str]) -> list[str]:
    """Make every fault, and print what catches it; return the names of those that nothing catches."""
    found = []
    for fault in faults:
        with tempfile.TemporaryDirectory() as folder:
            first = caught(fault, Path(folder))
        print(f"{fault.name}: {first or 'NOT CAUGHT'}", flush=True)
        if not first:
            found.append(fault.name)
    return found


KERNEL, SEQUENCER, WALKS = (f"pivotsim/kernels/pe/{name}.py" for name in ("clock", "sequencer", "tag_walks"))
FAULTS = [
    Fault("pe: a load ends one row early", SEQUENCER, "last = i == extent - 1\n    is_moved", "last = i == max(extent - 2, 0)\n    is_moved"),
    Fault("pe: skew of rows off by one", KERNEL, "x_source[_u(lines[X_FROM, at + r]) + r]", "x_source[_u(lines[X_FROM, at + r + 1]) + r]"),
    Fault("pe: skew of columns off by one", KERNEL, "y_source[_u(lines[Y_FROM, at + (c >> shift)]) + c]", "y_source[_u(lines[Y_FROM, at + (c >> shift) + 1]) + c]"),
    Fault("pe: product of the wrong sign", KERNEL, "sums[to + i] += np.int32(np.int16", "sums[to + i] -= np.int32(np.int16"),
    Fault("pe: partial sums lost between folds", KERNEL, "out[_u(lines[P_PLACE, depth + (c >> shift)]) + c] += p", "out[_u(lines[P_PLACE, depth + (c >> shift)]) + c] = p"),
    Fault("pe: a token moves at full speed", WALKS, "first = (d - 2 * r) * packing", "first = (d - 2 * r) * packing if r == 0 else 0"),
    Fault("pe: sums leave one clock late", WALKS, "d = ago - lag\n        for r in range(max(0, (d - cols + 2)", "d = ago - lag - 1\n        for r in range(max(0, (d - cols + 2)"),
    Fault("pe: a walk ends with the newest token", WALKS, "d += lines[TOKEN_GAP, at + d]", "d = cols + 2 * config.rows"),
    Fault("pe: the next sum does not begin again", WALKS, "a[r * cols + d - r] = 0", "a[r * cols + d - r] = a[r * cols + d - r]"),
    Fault("pe: fold end seen one column early", SEQUENCER, "slices_across(state[SENT_COLS], config.packing) - 1 + config", "max(slices_across(state[SENT_COLS], config.packing) - 2, 0) + config"),
    Fault("pe: product register skipped", KERNEL, "product_of_before = products[row, i]", "product_of_before = np.int16(x[left + i]) * np.int16(factors[right + i])"),
    Fault("pe: doubled operand taken too late", WALKS, "s[i] = b[i]", "s[i] = s[i]"),
    Fault("pe: a settled load is sent upside down", SEQUENCER, "of_row = extent - 1 - i if is_moved else i", "of_row = i"),
    Fault("pe: a settled load waits for all rows of the array", SEQUENCER, "at + state[SENT_ROWS] - 1] & FIRST", "at + config.rows - 1] & FIRST"),
    Fault("analytic: a fold one clock short", "pivotsim/engines/array/folds.py", "taken = t + rows + sc - 2", "taken = t + rows + sc - 3"),
    Fault("rtl: operands swapped", "pivotsim/rtl/verilog/array/pe_generic.v", "wire signed [7:0] factor = os ? y_in : held;", "wire signed [7:0] factor = os ? y_in : x_in;"),
    Fault("rtl: unsigned operand", "pivotsim/rtl/verilog/array/pe_generic.v", "wire signed [15:0] product = x_in * factor;", "wire signed [15:0] product = $signed({1'b0, x_in}) * factor;"),
    Fault("rtl: a register of the token missing", "pivotsim/rtl/verilog/array/pe_generic.v", "token <= token_half;", "token <= token_in && !train_ends;"),
    Fault("rtl: partial sum lost on the way down", "pivotsim/rtl/verilog/array/pe_generic.v", ": p_in + {{16{addend[15]}}, addend};", ": {{16{addend[15]}}, addend};"),
    Fault("rtl: skew of rows off by one", "tests/rtl/array/systolic.v", "delay #(.WIDTH(10), .DEPTH(r)) skew", "delay #(.WIDTH(10), .DEPTH(r + 1)) skew"),
    Fault("rtl: the drain does not wait for the last operand", "tests/rtl/array/sequencer.v", "drain_begins <= stream_last;", "drain_begins <= stream_begins;"),
    Fault("rtl: a settled load does not wait for the last row", "tests/rtl/array/sequencer.v", "enters_first[last_row]", "stream_begins"),
    Fault("rtl: a load moves past the rows before", "tests/rtl/array/systolic.v", ".b_in(b[r*C+c])", ".b_in(b[c])"),
    Fault("slices: the held operand changes in every clock", "pivotsim/rtl/verilog/array/pe_dsp48e2.v", ".CEB2(x_first_in)", ".CEB2(1'b1)"),
    Fault("slices: tags a clock early", "pivotsim/rtl/verilog/array/array_column_dsp48e2.v", ".WIDTH(2), .DEPTH(R)", ".WIDTH(2), .DEPTH(R - 1)"),
    Fault("pe: columns that share slices see an operand one after the other", KERNEL, "state[X_AT] -= config.packing", "state[X_AT] -= 1"),
    Fault("packed: a chain of eight slices", "pivotsim/rtl/verilog/array/array_pair_dsp48e2.v", "localparam CHAIN = 7,", "localparam CHAIN = 8,"),
    Fault("packed: the upper sum stays one too small", "pivotsim/rtl/verilog/array/packed_sums.v", "{right_above, p[17]}", "{right_above, 1'b0}"),
    Fault("packed: sums from above come a clock early", "pivotsim/rtl/verilog/array/packed_sums.v", ".DEPTH(ROWS - 1)", ".DEPTH(ROWS > 1 ? ROWS - 2 : 0)"),
    Fault("packed: held operands change in every clock", "pivotsim/rtl/verilog/array/pe_packed_dsp48e2.v", ".CEAD(x_first_in)", ".CEAD(1'b1)"),
    Fault("slices: a fold's first operand meets the one before it", "pivotsim/rtl/verilog/array/pe_dsp48e2.v", ".INMODE({x_first_in, 4'b0000})", ".INMODE(5'b00000)"),
]  # fmt: skip


def edited(fault: Fault, folder: Path) -> Path:
    """Return a copy of what the campaign needs, with the fault in it."""
    tree = folder / "tree"
    for name in ("pivotsim", "hwconfigs", "workloads", "tests"):
        shutil.copytree(ROOT / name, tree / name, ignore=shutil.ignore_patterns("__pycache__"))
    path = tree / fault.file
    text = path.read_text()
    assert text.count(fault.old) == 1, (
        f"{fault.name}: {fault.old!r} stands {text.count(fault.old)} times in {fault.file}"
    )
    path.write_text(text.replace(fault.old, fault.new))
    return tree


def caught_by(fault: Fault, folder: Path, campaign: str = "tests.rtl.faults") -> str:
    """Return the first difference that a small campaign, a module that runs, finds under a fault, '' if none."""
    if fault.file.endswith(".v"):
        tree, own, arguments = ROOT, {"PIVOTSIM_RTL_CACHE": str(_rtl_cache(folder))}, [fault.name, str(folder)]
    else:
        tree, own, arguments = edited(fault, folder), {"NUMBA_CACHE_DIR": str(folder / "kernels")}, []
        own["PIVOTSIM_RTL_CACHE"] = str(cache_folder())
    done = subprocess.run(
        [sys.executable, "-m", campaign, *arguments],
        cwd=tree,
        env={**os.environ, **own, "PYTHONPATH": str(tree)},
        capture_output=True,
        text=True,
        timeout=LIMIT_S,
    )
    if done.returncode not in (0, 1):
        raise RuntimeError(done.stderr[-2000:])
    return done.stdout.strip()


def _rtl_cache(folder: Path) -> Path:
    """Return a folder for libraries of faulty Verilog, with what all share."""
    for shared in cache_folder().glob(f"{SHARED}*"):
        shutil.copytree(shared, folder / "rtl" / shared.name)
    return folder / "rtl"


def model_under(faults: Sequence[Fault], model: Model, arguments: Sequence[str]) -> Model:
    """Return a model, with the fault in it that a campaign's arguments name: its name, and a folder for the sources."""
    if not arguments:
        return model
    name, folder = arguments
    (fault,) = (one for one in faults if one.name == name)
    return faulty(model, Path(fault.file).stem, fault.old, fault.new, Path(folder))


def small_campaign(model: Model) -> str:
    """Return the first difference on the small arrays, as 'what (where)', or ''."""
    import random

    from tests.rtl.array.agreement import Tally, differences, draw_point
    from tests.rtl.array.bridge import VerilatedArray

    draw = random.Random(7)
    for build in SMALL_BUILDS:
        array = VerilatedArray(build, model=model)
        for seed in range(60):
            point = draw_point(draw, build)
            try:
                found = differences(point, array, seed, Tally())
            except RuntimeError as error:
                found = [re.sub(r"[0-9]+", "N", str(error))]
            if found:
                return f"{found[0]} ({point.dataflow}, {build.fold_overlap}, {point.edge})"
    return ""


if __name__ == "__main__":
    first = small_campaign(model_under(FAULTS, MODEL, sys.argv[1:]))
    print(first)
    sys.exit(bool(first))
