"""A folder of class folders: order, crops and colours of tiny images drawn here."""

import numpy as np
import pytest

import pivotsim as ps
from tests.torch.small import PLAIN, REASON

torch = pytest.importorskip("torch", reason=REASON)
Image = pytest.importorskip("PIL.Image", reason="Pillow is not installed")
from pivotsim.vit_torch.measuring.extraction import logits_of
from pivotsim.vit_torch.model.transformer import build_vit
from pivotsim.vit_torch.training import image_folder
from pivotsim.vit_torch.training.image_folder import MEAN, STD, ImageFolder
from pivotsim.vit_torch.training.loop import train
from pivotsim.vit_torch.training.recipes import Recipe

SHADES = {"b_class/1.png": 0, "a_class/2.PNG": 255, "a_class/1.png": 51}


@pytest.fixture
def folder(tmp_path):
    for name, shade in SHADES.items():
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        Image.fromarray(np.full((20, 31), shade, dtype=np.uint8)).save(path)
    (tmp_path / "a_class" / "notes.txt").write_text("no image")
    (tmp_path / "readme.txt").write_text("no class")
    return tmp_path


def test_classes_and_images_in_order_of_their_names(folder):
    images = ImageFolder(folder, 16)
    assert images.classes == ["a_class", "b_class"] and images.labels.tolist() == [0, 0, 1] and len(images) == 3
    (seen,) = images.images()
    assert seen.shape == (3, 3, 16, 16) and seen.dtype == torch.float32
    for image, share in zip(seen, (0.2, 1.0, 0.0), strict=True):
        for channel, mean, std in zip(image, MEAN, STD, strict=True):
            assert channel.numpy() == pytest.approx((share - mean) / std, abs=1e-5)
    assert [len(part) for part in images.images(batch=2)] == [2, 1]
    image, label = images[2]
    assert torch.equal(image, seen[2]) and label == 1


@pytest.mark.parametrize(("crop_frac", "inner_px"), [(1.0, 32), (0.5, 16)])
def test_the_middle_is_cut_out(tmp_path, crop_frac, inner_px):
    """A picture twice as wide as high, white in its middle square of 32 px: how much of the cut is white."""
    pixels = np.zeros((32, 64), dtype=np.uint8)
    pixels[:, 16:48] = 255
    pixels[:4] = 128
    (tmp_path / "only").mkdir()
    Image.fromarray(pixels).save(tmp_path / "only" / "1.png")
    image, _ = ImageFolder(tmp_path, 16, crop_frac=crop_frac)[0]
    shares = image[0] * STD[0] + MEAN[0]
    assert (shares[8] > 0.9).all()  # the whole width of the cut lies in the middle square
    assert (shares[0] < 0.7).all() == (inner_px == 32)  # the grey edge is cut off where only half is kept


def test_a_vit_takes_it_for_inference_and_training(folder):
    vit = build_vit(PLAIN.replace({"channels": 3}))
    images = ImageFolder(folder, 16)
    assert logits_of(vit, images.images(batch=2)).shape == (3, 5)
    assert len(train(vit, torch.utils.data.DataLoader(images, batch_size=2), Recipe(2, loss="labels"))) == 2


def test_bad_folders_are_one_clear_line(folder):
    with pytest.raises(ps.InputError, match=r"absent: no such folder$"):
        ImageFolder(folder / "absent")
    with pytest.raises(ps.InputError, match=r"a_class: holds no class folder$"):
        ImageFolder(folder / "a_class")
    (folder / "empty").mkdir()
    with pytest.raises(ps.InputError, match=r"empty: holds no image \("):
        ImageFolder(folder)
    (folder / "empty" / "x.png").write_bytes(b"no picture")
    with pytest.raises(ps.InputError, match=r"x\.png: cannot be read as an image"):
        ImageFolder(folder, 16)[3]
    for crop_frac in (0, 1.01):
        with pytest.raises(ps.InputError, match="crop_frac: must lie above 0 and be at most 1"):
            ImageFolder(folder, crop_frac=crop_frac)


def test_without_pillow_the_message_names_it(folder, monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "PIL", None)
    with pytest.raises(ps.errors.MissingExtraError, match="reading images needs Pillow"):
        image_folder.ImageFolder(folder)
