"""Integer models: files, constants that do not fit, what has no integer form, and the scales of the calibration."""

import json

import numpy as np
import pytest

import pivotsim as ps
from pivotsim.integer.weights.constants import layout_of
from pivotsim.integer.weights.random_weights import random_model
from pivotsim.io.array_files import read_arrays, write_arrays
from tests.integer_cases import digits_plans

SMALL = {
    "name": "small", "depth": 2, "image_px": 4, "patch_px": 2, "channels": 1, "width": 4, "heads": 2, "mlp_hidden": 6,
    "classes": 3,
}  # fmt: skip


def problems_of(call, *arguments, **options):
    with pytest.raises(ps.InputError) as error:
        call(*arguments, **options)
    return list(error.value.problems)


def test_a_model_is_read_as_it_was_written(tmp_path):
    model, images = random_model(SMALL, seed=3), np.random.default_rng(0).normal(size=(2, 1, 4, 4))
    model.save(tmp_path / "a.npz")
    again = ps.integer.read_integer_model(tmp_path / "a.npz")
    again.save(tmp_path / "b.npz")
    assert (tmp_path / "a.npz").read_bytes() == (tmp_path / "b.npz").read_bytes()
    assert again.model == model.model and (again.image_scale, again.logit_scale) == (1 / 32, 1.0)
    assert (ps.integer.run(again, images).logits == ps.integer.run(model, images).logits).all()


def test_a_model_prints_its_constants():
    text = str(random_model(SMALL))
    assert "1.qkv.weights" in text and "int8" in text and "4x12" in text


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"1.qkv.bias": None}, "1.qkv.bias: is missing"),
        ({"head.bias": None}, "head.bias: is missing"),
        ({"3.fc1.bias": np.zeros(6, np.int32)}, "3.fc1.bias: is no constant of small"),
        ({"1.fc1.bias": np.zeros(5, np.int32)}, "1.fc1.bias: must be int32, 6 (got integers, a vector of 5)"),
        ({"1.fc1.bias": np.zeros(6, np.int64)}, "1.fc1.bias: must be int32, 6 (got integers, a vector of 6)"),
        ({"1.fc1.scale": np.array([32767, 3])},
         "1.fc1.scale: must be a multiplier of 0 or 32768 to 65535, and a shift of 0 to 62"),
        ({"1.fc1.scale": np.array([32768, 63])},
         "1.fc1.scale: must be a multiplier of 0 or 32768 to 65535, and a shift of 0 to 62"),
        ({"1.fc1.weights": np.full((4, 6), -128, np.int8)}, "1.fc1.weights: must lie in -127 to 127"),
        ({"1.norm1.sizes": np.array([3, 2**24, 1, 0])},
         "1.norm1.sizes: must be bits and inverse of the width, an epsilon of 1 or more, a shift of 0 to 31"),
        ({"1.norm1.multiplier": np.full(4, 2**15, np.int32)}, "1.norm1.multiplier: must lie in -32768 to 32767"),
        ({"norm.addend": np.full(4, -(2**31) - 1)}, "norm.addend: must lie in -2147483648 to 2147483647"),
        ({"head.bias": np.full(3, 2**31 - 128 * 127 * 4, np.int32)},
         "head.bias: must leave room for the sums of int8 products in 32 bits"),
        ({"2.softmax.table": np.zeros(256, np.uint16)}, "2.softmax.table: must begin with 65535"),
        ({"header": np.array('{"version": 1, "model": "digits_vit"}')},
         "is no integer model: it needs header, image_scale and logit_scale"),
        ({"header": np.array("{}")}, "is no integer model: it needs header, image_scale and logit_scale"),
        ({"image_scale": None}, "is no integer model: it needs header, image_scale and logit_scale"),
        ({"image_scale": np.float64(0)}, "image_scale: must be finite and above 0 (got 0)"),
        ({"header": np.array(json.dumps({"version": 2, "model": SMALL}))}, "version: is read up to 1 (got 2)"),
        ({"header": np.array(json.dumps({"version": 1, "model": {**SMALL, "layer_scale": True}}))},
         "small: layer_scale: has no integer form but with false (got true)"),
        ({"1.fc1.bias": np.array(["x"] * 6)}, "1.fc1.bias: holds a type that does not belong there (got text)"),
    ],
)  # fmt: skip
def test_files_that_are_wrong(tmp_path, changes, problem):
    path = tmp_path / "model.npz"
    random_model(SMALL).save(path)
    arrays = {"header": np.array(""), **read_arrays(path, "Uiuf"), **changes}
    write_arrays(path, {name: array for name, array in arrays.items() if array is not None})
    assert problems_of(ps.integer.read_integer_model, path) == [f"{path}: {problem}"]


def test_an_attention_may_be_left_out_as_a_whole(tmp_path):
    whole = random_model(SMALL)
    left = {name: a for name, a in whole.constants.items() if not name.startswith("2.") or "fc" in name}
    left |= {name: a for name, a in whole.constants.items() if name.startswith(("2.norm2", "2.gelu", "2.residual2"))}
    model = ps.integer.IntegerModel(whole.model, left, 1.0, 1.0)
    model.save(tmp_path / "a.npz")
    model = ps.integer.read_integer_model(tmp_path / "a.npz")
    plan = ps.plan(model.model)
    images = np.ones((1, 1, 4, 4), np.int8)
    skipped = ps.skip_attention(plan, active=[1])
    assert (ps.integer.run(model, images, skipped).logits == ps.integer.run(whole, images, skipped).logits).all()
    (problem,) = problems_of(ps.integer.steps_of, model)
    assert problem.startswith("encoder 2: its attention was never observed when the model was quantised; quantise")


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"gated_mlp": True}, "gated_mlp: has no integer form but with false (got true)"),
        ({"stem": "lvvit_4_2"}, "stem: has no integer form but with patch (got 'lvvit_4_2')"),
        ({"head_features": 8}, "head: must read the class token alone"),
        ({"prefix_tokens": 0}, "head: must read the class token alone"),
        ({"head_size": 3}, "head_size: must be width / heads (got 3)"),
        ({"norm": "rmsnorm"}, "norm: has no integer form but with layernorm (got 'rmsnorm')"),
    ],
)
def test_models_without_an_integer_form(changes, problem):
    assert f"small: {problem}" in problems_of(random_model, {**SMALL, **changes})


@pytest.mark.parametrize(
    ("pruned", "problem"),
    [
        (lambda plan: ps.prune_tokens(plan, "tome", r=1, encoders=[1]), "encoder 1: tome(r=1): has no integer form"),
        (lambda plan: ps.prune_tokens(plan, "evit", keep_rate=0.5, encoders=[1]),
         "encoder 1: evit(keep_rate=0.5, fuse=true): has no integer form"),
        (lambda plan: ps.prune_tokens(plan, "random", tokens=3), "encoder 1: random(tokens=3): has no integer form"),
        (lambda plan: ps.mask_attention(plan, density=0.5), "encoders 1-2: a mask of attention scores has no integer"),
        (lambda plan: ps.plan(plan.model, score_bits=32), "score_bits: softmax reads 8 bits (got 32)"),
        (lambda plan: ps.plan("digits_vit"), "plan: is of another model than the integers (got 'digits_vit')"),
    ],
)  # fmt: skip
def test_plans_without_an_integer_form(pruned, problem):
    model = random_model(SMALL)
    found = problems_of(ps.integer.steps_of, model, pruned(ps.plan(model.model)))
    assert found[0].startswith(problem)


@pytest.mark.parametrize("name", ["whole", "low", "tokens", "blocks", "heads", "separate"])
def test_steps_are_the_rows_of_the_trace(name):
    """But for the head, whose sums are not requantised."""
    whole = ps.plan("digits_vit")
    plans = {
        **digits_plans(), "heads": ps.prune_neurons(ps.prune_heads(whole, 1), keep_rate=0.5),
        "separate": ps.plan("digits_vit", qkv="separate"),
    }  # fmt: skip
    found = [op for step in ps.integer.steps_of(random_model("digits_vit"), plans[name]) for op in step.ops]
    *trace, head, _ = ps.lower(plans[name])
    assert found == [*trace, head._replace(out_bits=32)]


def test_every_constant_is_read():
    """A model with one constant changed says something else: no constant is carried along for nothing."""
    model = random_model({**SMALL, "width": 8}, seed=1)
    images = np.random.default_rng(1).integers(-128, 128, (16, 1, 4, 4), dtype=np.int8)
    right = ps.integer.run(model, images).logits
    for name in layout_of(model.model):
        changed = model.constants[name].copy()
        if name.endswith(".scale"):
            changed[1] -= 4
        elif name.endswith(".table"):
            changed[1:] = np.roll(changed[1:], 40)
        elif name.endswith(".sizes"):
            changed[3] -= 2
        else:
            changed = np.asarray(changed // 2 - 3, changed.dtype)
        other = ps.integer.IntegerModel(model.model, {**model.constants, name: changed}, 1.0, 1.0)
        assert (ps.integer.run(other, images).logits != right).any(), name


def test_images_of_a_file(tmp_path):
    path = tmp_path / "images.npz"
    for arrays, problem in (
        ({"labels": np.zeros(2, int)}, "images: are missing"),
        ({"images": np.zeros((2, 4, 4))}, "images: must be n x channels x height x width (got 2x4x4)"),
        ({"images": np.zeros((2, 1, 4, 4)), "labels": np.zeros(3, int)},
         "labels: must be one per image (got integers, a vector of 3)"),
        ({"images": np.zeros((2, 1, 4, 4)), "names": np.zeros(2)}, "names: is neither images nor labels"),
    ):  # fmt: skip
        write_arrays(path, arrays)
        assert problems_of(ps.integer.read_images, path) == [f"{path}: {problem}"]


def test_the_gate_takes_a_threshold_for_each_effort_but_the_last():
    model, plan, images = random_model(SMALL), ps.plan(random_model(SMALL).model), np.zeros((2, 1, 4, 4))
    assert problems_of(ps.integer.classify, model, images, [plan, plan]) == [
        "thresholds: expected 1, one per effort but the last (got 0)"
    ]
    assert problems_of(ps.integer.classify, model, images[:0], [plan]) == ["images: at least one is needed (got none)"]
    for cut in (float("nan"), 1.1, -0.1, float("inf")):
        assert problems_of(ps.integer.classify, model, images, [plan, plan], [cut]) == [
            f"thresholds: must be within 0 to 1, as normalised entropies are (got {cut})"
        ]
    for cut in (1.0, ps.effort.exit_threshold([1.0], lec=1)):
        assert ps.integer.classify(model, images, [plan, plan], [cut]).efforts.tolist() == [0, 0]
    assert ps.integer.classify(model, images, [plan, plan], [0.0]).efforts.tolist() == [1, 1]
