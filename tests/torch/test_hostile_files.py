"""Checkpoints and images that are damaged, forged or endless: a value or a clear line, in bounded time."""

import io
import struct
import zlib

import numpy as np
import pytest

import pivotsim as ps
from tests.fuzz.driver import cases
from tests.fuzz.kind import Kind, outcome
from tests.fuzz.mutation import mutated
from tests.torch.small import PLAIN, REASON

torch = pytest.importorskip("torch", reason=REASON)
Image = pytest.importorskip("PIL.Image", reason="Pillow is not installed")
from pivotsim.importers.checkpoints.torch_files import MAX_WRAPPERS
from pivotsim.vit_torch.model.checkpoints import load_checkpoint
from pivotsim.vit_torch.model.transformer import build_vit
from pivotsim.vit_torch.training.image_folder import ImageFolder

VIT = build_vit(PLAIN)
CASES = 300
FORMATS = ("PNG", "JPEG", "BMP", "PPM", "WEBP")


def stored(content, **options):
    file = io.BytesIO()
    torch.save(content, file, **options)
    return file.getvalue()


def drawn(seeds):
    return lambda rng: mutated(rng, rng.choice(seeds))


def of_checkpoint(content, folder):
    (folder / "vit.pth").write_bytes(content)
    return outcome(lambda: load_checkpoint(VIT, folder / "vit.pth"))


def of_image(content, folder):
    path = folder / "class" / "1.png"
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(content)
    return outcome(lambda: ImageFolder(folder, 16)[0])


def test_damaged_checkpoints():
    state = VIT.state_dict()
    seeds = [
        stored({"model": state}),
        stored(state, _use_new_zipfile_serialization=False),
        stored({"a": torch.zeros(2)}),
    ]
    assert [fault for fault in cases(Kind("checkpoint", drawn(seeds), of_checkpoint), range(CASES)) if fault] == []


def test_damaged_images():
    seeds = []
    for name in FORMATS:
        file = io.BytesIO()
        Image.fromarray(np.arange(20 * 30 * 3, dtype=np.uint8).reshape(20, 30, 3)).save(file, format=name)
        seeds.append(file.getvalue())
    assert [fault for fault in cases(Kind("image", drawn(seeds), of_image), range(CASES)) if fault] == []


def endless():
    found = {"epoch": 3}
    found["model"] = {"state_dict": found}
    return found


def nested(depth):
    found = VIT.state_dict()
    for _ in range(depth):
        found = {"model": found}
    return found


@pytest.mark.parametrize("content", [endless(), nested(MAX_WRAPPERS + 1)], ids=["in itself", "too deep"])
def test_wrappers_end(content, tmp_path):
    (tmp_path / "vit.pth").write_bytes(stored(content))
    with pytest.raises(ps.InputError, match="must hold a state dict"):
        load_checkpoint(VIT, tmp_path / "vit.pth")


def test_as_many_wrappers_as_allowed_are_read(tmp_path):
    (tmp_path / "vit.pth").write_bytes(stored(nested(MAX_WRAPPERS)))
    load_checkpoint(build_vit(PLAIN, seed=5), tmp_path / "vit.pth")


@pytest.mark.parametrize(
    ("turn", "word"),
    [(lambda v: v.to_sparse(), "sparse"), (lambda v: v.to("meta"), "without data"), (lambda v: v + 1j, "complex")],
    ids=["sparse", "meta", "complex"],
)
def test_tensors_that_hold_no_weights_are_told(turn, word, tmp_path):
    vit = build_vit(PLAIN)
    before, state = vit.head.weight.clone(), vit.state_dict()
    (tmp_path / "vit.pth").write_bytes(stored({**state, "head.bias": turn(state["head.bias"])}))
    with pytest.raises(ps.InputError, match=rf"head\.bias: must be a dense tensor of real numbers \(got '{word}'\)"):
        load_checkpoint(vit, tmp_path / "vit.pth")
    assert torch.equal(vit.head.weight, before)


def test_a_weight_stated_twice_is_told(tmp_path):
    state = VIT.state_dict()
    (tmp_path / "vit.pth").write_bytes(stored({**state, "module.head.bias": torch.zeros(5)}))
    with pytest.raises(ps.InputError, match="holds a weight twice"):
        load_checkpoint(VIT, tmp_path / "vit.pth")


def forged_png(width, height):
    """The header of a PNG of that size, and no pixels."""
    header = b"IHDR" + struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    parts = (header, b"IDAT" + zlib.compress(b"\0" * 100), b"IEND")
    chunks = (struct.pack(">I", len(part) - 4) + part + struct.pack(">I", zlib.crc32(part)) for part in parts)
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunks)


@pytest.mark.parametrize("size", [(9_000, 9_000), (10_000, 10_000), (60_000, 60_000)])
def test_images_that_unfold_are_refused_before_they_do(size, tmp_path):
    """The last two make Pillow warn and refuse, the first does not."""
    (tmp_path / "class").mkdir()
    (tmp_path / "class" / "1.png").write_bytes(forged_png(*size))
    with pytest.raises(ps.InputError, match=r"1\.png: (is of \d+ x \d+ pixels, more than|cannot be read as an image)"):
        ImageFolder(tmp_path, 16)[0]


def test_a_line_of_pixels_is_not_resized_into_a_giant(tmp_path):
    (tmp_path / "class").mkdir()
    Image.new("RGB", (1, 9_000)).save(tmp_path / "class" / "1.png")
    with pytest.raises(
        ps.InputError, match=r"1 x 9000 would be resized to 256 x 2304000 pixels, more than 67,108,864$"
    ):
        ImageFolder(tmp_path)[0]
    Image.new("RGB", (1, 900)).save(tmp_path / "class" / "1.png")
    assert ImageFolder(tmp_path)[0][0].shape == (3, 224, 224)
