"""`make layers` in a written folder: the whole network by the driver that ships, or why it cannot run."""

import json
import os
import re
import shutil

import numpy as np
import pytest

import pivotsim as ps
from pivotsim.integer.inference import patches_of, run
from tests.rtl import verilated
from tests.rtl.layers.networks import board, digits_board, model, plan, with_units
from tests.rtl.made import made

MISSING = verilated.missing() or ("" if shutil.which("make") else "no make on this machine")
runs = pytest.mark.skipif(bool(MISSING) and not os.environ.get("CI"), reason=MISSING or "never")


def patches_in(folder):
    """Read the image as a user would: its bytes, and where each element of `patches` lies."""
    held = np.frombuffer((folder / "layers" / "image.bin").read_bytes(), np.int8)
    with np.load(folder / "layers" / "offsets.npz") as offsets:
        at = offsets["patches"]
    assert at.min() >= 0
    return held[at]


def flip(path, place):
    content = bytearray(path.read_bytes())
    content[place] ^= 0x40
    path.write_bytes(content)


@runs
def test_a_written_network_runs_from_patches_to_logits(tmp_path):
    """Logits are the integer reference's of the image that lies there; of the clocks, all are as predicted."""
    folder = ps.write_rtl(with_units(board()), plan("whole"), tmp_path / "design", integer=model()).folder
    patches = patches_in(folder)
    order = patches_of(model().model, np.arange(16, dtype=np.int64).reshape(1, 1, 4, 4))[0]
    image = np.zeros(16, dtype=np.int8)
    image[order] = patches
    assert len(set(image.tolist())) > 8
    logits = run(model(), image.reshape(1, 1, 4, 4)).logits[0].tolist()
    entries = json.loads((folder / "layers" / "map.json").read_text())["entries"]
    gemms, passes = ([one["cycles"] for one in entries if one["kind"] == kind] for kind in ("product", "pass"))
    code, said = made(folder, "layers")
    assert code == 0, said
    found = re.findall(r"^(\d+) +(-?\d+) +(-?\d+)  equal$", said, re.M)
    assert found == [(str(place), str(value), str(value)) for place, value in enumerate(logits)]
    for count, title in ((gemms, "GEMMs"), (passes, "passes of units")):
        assert re.search(rf"^{len(count)} {title} +{sum(count)} +{sum(count)}  as predicted$", said, re.M), said
    code, said = made(folder, "layers", STALLS=1)  # streams that hesitate: later, the same logits
    late = re.search(r"GEMMs +(\d+) +(\d+)  with stalls", said)
    assert code == 0 and late and int(late[1]) > int(late[2]) and said.count("equal") == len(logits), said
    listed, wanted = folder / "layers" / "entries.txt", folder / "layers" / "logits.txt"
    right = listed.read_text(), wanted.read_text()
    listed.write_text(re.sub(r"(\d+)$", lambda clocks: str(int(clocks[1]) + 1), right[0], count=1, flags=re.M))
    code, said = made(folder, "layers")  # a prediction that is wrong is told, and so is a logit
    assert code == 2 and "1 differ\n" in said and said.count("equal") == len(logits), said
    listed.write_text(right[0])
    wanted.write_text(right[1].replace(f" {logits[1]}\n", f" {logits[1] + 1}\n"))
    code, said = made(folder, "layers")
    assert code == 2 and said.count("differs") == 1 and f"{logits[1]} {logits[1] + 1:14}  differs" in said, said
    wanted.write_text(right[1])
    flip(folder / "layers" / "image.bin", 0)  # another image has other logits
    code, said = made(folder, "layers")
    assert code == 2 and "  differs" in said and said.count("as predicted") == 2, said
    listed.write_text("".join(right[0].splitlines(keepends=True)[:-1]))
    code, said = made(folder, "layers")
    assert code == 2 and "is not in layers/entries.txt" in said, said


@runs
def test_stops_of_the_host_are_named_where_make_layers_cannot_run(tmp_path):
    most = with_units(board(), **{"placement.gelu": "ps"})
    for name, of, integer, line in (
        ("without", board(), model(), "host must compute: add, norm, transpose, softmax, relayout, gelu; make layers"),
        ("one", most, model(), "the layer program has stops at which the host must compute: gelu; make layers runs"),
        ("none", most, None, "there is no layer program here: pivotsim rtl --integer writes one"),
    ):
        folder = ps.write_rtl(of, plan("whole"), tmp_path / name, integer=integer).folder
        code, said = made(folder, "layers")
        assert code == 2 and line in said.splitlines()[0], said
        assert not (folder / "layers" / "logits.txt").exists() and not (folder / "bench" / "layers").exists()


def test_the_image_is_a_digit_where_the_sample_fits(tmp_path):
    of = with_units(digits_board(), lanes=8, memory_bytes=8192)
    folder = ps.write_rtl(of, ps.plan("digits_vit"), tmp_path / "design", integer="digits").folder
    one = ps.integer.read_integer_model("digits")
    images, labels = ps.integer.read_images("digits")
    inference = run(one, images[:1])
    assert np.array_equal(patches_in(folder), inference.tensors["patches"][0])
    wanted = [int(line.split()[1]) for line in (folder / "layers" / "logits.txt").read_text().splitlines()]
    assert wanted == inference.logits[0].tolist() and int(np.argmax(wanted)) == labels[0]
