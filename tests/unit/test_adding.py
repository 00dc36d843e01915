"""docs/adding.md: all its examples are put into a copy of the package, which then knows each of them."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parents[2]
BLOCK = re.compile(r"```(\w+)\n# ([\w/.]+)(?:, (in|from) ([\w/.]+))?\n(.*?)```", re.S)

CHECK = """
import pivotsim as ps
ps.__path__.append(ORIGINAL)  # where the kernels are, compiled already
import pivotsim.dram
from pivotsim.cli.entry import main
from pivotsim.engines.registry import ENGINES

turned = dict(rows=5, cols=3, dataflow="os_turned", fold_overlap="pipelined", edge="aware")
plain = {**turned, "dataflow": "os"}
assert ps.simulate_gemm(7, 20, 11, **turned).cycles == ps.simulate_gemm(11, 20, 7, **plain).cycles
board = ps.load_hardware("zcu102").replace({"array.dataflow": "os_turned"})
assert ps.simulate(ps.plan("deit_t"), board).pl_cycles > 0

trace = ps.Trace((ps.workload.Op(1, "fc1", "gemm", 8, 8, 8), ps.workload.Op(1, "tanh", "tanh", 8, 1, 8)))
report = ps.simulate(trace, profile="full")
assert report.ps_ms > 0 and any(note.startswith("host.full.tanh: [assumed]") for note in report.notes)

halved = ps.prune_tokens(ps.plan("deit_t"), "halve")
assert ps.simulate(halved).pl_cycles < ps.simulate(ps.plan("deit_t")).pl_cycles

ideal = ps.simulate(ps.plan("deit_t"), engine="ideal")
assert ideal.pl_cycles < ps.simulate(ps.plan("deit_t")).pl_cycles and main(["run", "deit_t", "--engine", "ideal"]) == 0

small = ps.load_hardware("small_board")
assert (small.pes, small.memories.dram_channel().timing.nCL) == (144, 22)
assert ps.dram.serve(ps.dram.load_dram("dram/gddr9"), [0, 64]).finish_clocks.tolist() == [27, 33]

wide = ps.load_model("my_wide_vit")
assert (wide.name, wide.tokens, wide.mlp_hidden, wide.head_size) == ("my_wide_vit", 30 * 40 + 1 + 4, 4 * 576, 96)
assert ps.load_model("my_vit").parameters == ps.load_model("deit_s").parameters

space = {"name": "a", "fixed": {"engine": "ideal", "model": "deit_t"}, "axes": {"only_first": [0, 1]}}
all_run, one_runs = ps.explore(space)["pl_cycles"]
assert one_runs < all_run

audit = ps.reproduce("example")
assert not audit.unexpected and main(["reproduce", "example"]) == 0
"""


def put(folder, language, name, how, where, body):
    """Add one example: a row at the end of a table, a new file, or a file made of another with other values."""
    path = folder / name
    if how == "in" and body.lstrip().startswith("from "):  # statements of a module
        path.write_text(path.read_text() + "\n" + body)
    elif how == "in":
        text = path.read_text()
        start = re.search(rf"^{where}\b.*=", text, re.M).start()
        end = re.compile(r"^(\}|    \)\n\})", re.M).search(text, start).start()
        path.write_text(text[:end] + body + text[end:])
    elif how == "from":
        data = yaml.safe_load((folder / where).read_text())
        for key, value in yaml.safe_load(body).items():
            *groups, last = key.split(".")
            inside = data
            for group in groups:
                inside = inside[group]
            inside[last] = value
        path.write_text(yaml.safe_dump(data))
    else:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(body)


def test_every_example_of_the_page_works(tmp_path):
    left_out = shutil.ignore_patterns("__pycache__", "kernels")  # no example adds one
    for name in ("pivotsim", "hwconfigs", "workloads"):
        shutil.copytree(ROOT / name, tmp_path / name, ignore=left_out)
    blocks = BLOCK.findall((ROOT / "docs" / "adding.md").read_text())
    assert len(blocks) == 17
    for block in blocks:
        put(tmp_path, *block)
    environment = {**os.environ, "PYTHONPATH": str(tmp_path)}
    done = subprocess.run(
        [sys.executable, "-c", CHECK.replace("ORIGINAL", repr(str(ROOT / "pivotsim")))],
        capture_output=True, text=True, timeout=300, cwd=tmp_path, env=environment,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize(
    "heading",
    ["dataflow", "operation", "token", "engine", "board", "model", "axis", "DRAM channel", "DRAM standard", "paper"],
)
def test_the_page_has_all_of_them(heading):
    headings = re.findall(r"^## (.+)$", (ROOT / "docs" / "adding.md").read_text(), re.M)
    assert sum(heading in line for line in headings) == 1
