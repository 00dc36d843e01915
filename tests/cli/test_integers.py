"""Commands on integers: classes of images, their JSON, and lines for what does not fit."""

import json
import sys

import numpy as np
import pytest

import pivotsim as ps
from pivotsim.io.array_files import write_arrays
from pivotsim.io.samples import find_sample

SAMPLE = str(find_sample("integer", "integers", "digits").path)
PAIR = ("--rung", "low=--active 1,2,4,6", "--rung", "whole", "--thresholds", "0.05")


@pytest.fixture
def ten(tmp_path):
    images, labels = ps.integer.read_images("digits")
    write_arrays(tmp_path / "ten.npz", {"images": images[:10], "labels": labels[:10]})
    write_arrays(tmp_path / "unlabelled.npz", {"images": images[:10]})
    return tmp_path


def test_classify(pivotsim, ten):
    data = json.loads(pivotsim("classify", "digits", ten / "ten.npz", *PAIR, "--json").out)
    _, labels = ps.integer.read_images("digits")
    model, (images, _) = ps.integer.read_integer_model("digits"), ps.integer.read_images(ten / "ten.npz")
    whole = ps.plan("digits_vit")
    same = ps.integer.classify(model, images, [ps.skip_attention(whole, active=[1, 2, 4, 6]), whole], [0.05])
    assert data["classes"] == same.classes.tolist() and data["rung_of_image"] == same.efforts.tolist()
    assert data["accuracy_frac"] == (same.classes == labels[:10]).mean()
    assert [row["images"] for row in data["rungs"]] == np.bincount(same.efforts).tolist()
    text = pivotsim("classify", "digits", ten / "ten.npz", *PAIR).out
    assert "leaves below" in text and "of 10 images right" in text


def test_classify_without_labels(pivotsim, ten):
    ran = pivotsim("classify", "digits", ten / "unlabelled.npz")
    assert ran.code == 0 and "whole" in ran.out and "right" not in ran.out


def test_rungs_from_high_to_low_are_noted(pivotsim, ten):
    note = "order: rung low takes fewer multiplications than whole, the one before it"
    odd = pivotsim("classify", "digits", ten / "ten.npz", *PAIR[2:4], *PAIR[:2], *PAIR[4:], "--json")
    usual = pivotsim("classify", "digits", ten / "ten.npz", *PAIR, "--json")
    assert note in json.loads(odd.out)["notes"]
    assert not any(said.startswith("order: ") for said in json.loads(usual.out)["notes"])


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        (("digit", "digits"), "integers: no such file, and no sample"),
        (("digits", "nothing"), "images: no such file, and no sample of that name"),
        (("digits", "digits", "--thresholds", "0.1"), "--thresholds: expected 0, one per rung but the last (got 1)"),
        (("digits", "digits", *PAIR[:4]), "--thresholds: expected 1, one per rung but the last (got 0)"),
        (("digits", SAMPLE), f"{SAMPLE}: is a model of integers, expected images"),
        (("digits", "digits", "--thresholds", "low", *PAIR[:4]), "--thresholds: must be a number (got 'low')"),
        (("digits", "digits", "--thresholds", "1.5", *PAIR[:4]),
         "--thresholds: must be within 0 to 1, as normalised entropies are (got 1.5)"),
        (("digits", "digits", "--rung", "a=--tokens tome:r=2,encoders=3"),
         "encoder 3: tome(r=2): has no integer form; top_k, top_k_rate and evit(fuse=false) have"),
    ],
)  # fmt: skip
def test_what_does_not_fit(pivotsim, arguments, problem):
    ran = pivotsim("classify", *arguments)
    assert (ran.code, ran.out) == (2, "") and ran.err.startswith(problem) and ran.err.count("\n") == 1


@pytest.mark.parametrize(
    ("images", "checkpoint", "problem"),
    [
        ("no.npz", "no.pth", "no.npz: no such file"),
        ("shown.npz", "no.pth", "no.pth: no such file"),
        ("int8.npz", "is.pth", "--images: must be normalised, in decimal numbers (got integers)"),
    ],
)
def test_quantise_says_what_is_missing_before_torch_is_asked_for(
    pivotsim, tmp_path, monkeypatch, images, checkpoint, problem
):
    for name in [name for name in sys.modules if name.partition(".")[0] == "torch"]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "torch", None)
    monkeypatch.chdir(tmp_path)
    (tmp_path / "is.pth").write_bytes(b"")
    for name, kind in (("shown", np.float32), ("int8", np.int8)):
        write_arrays(tmp_path / f"{name}.npz", {"images": np.zeros((1, 1, 8, 8), kind)})
    ran = pivotsim("quantise", "digits_vit", "--images", images, "--checkpoint", checkpoint, "--out", "out.npz")
    assert (ran.code, ran.err.strip()) == (2, problem)
    assert not (tmp_path / "out.npz").exists()


def test_samples_are_named_behind_the_numbers(pivotsim, ten):
    text = " ".join(pivotsim("classify", "digits", "digits").out.split())
    assert "integers digits: trained by this project on" in text and "images digits: 500 test images" in text
    assert json.loads(pivotsim("classify", "digits", ten / "ten.npz", "--json").out)["notes"] == [
        "integers digits: trained by this project on scikit-learn's digits, not on ImageNet, and put in integers; "
        "make integer-accuracy, seed 0"
    ]
