"""Integer inference against loops over Python's integers: every bit, for plans of every kind."""

import numpy as np
import pytest

import pivotsim as ps
from pivotsim.integer.weights.random_weights import random_model
from tests.integer_cases import THRESHOLD, digits_plans
from tests.oracles.integer.transformer import Oracle

RIGHT = {"whole": 487, "low": 481, "tokens": 484, "blocks": 463}  # of the sample's 500 test images
SMALL = {
    "name": "small", "depth": 2, "image_px": 6, "patch_px": 2, "channels": 2, "width": 8, "heads": 2, "mlp_hidden": 12,
    "classes": 3,
}  # fmt: skip


def said_by_the_oracle(model, images, plan):
    """Return logits and tensors of images one by one."""
    m, heads = model.model, {plan.heads_of(e) for e in plan.encoders}
    assert heads == {m.heads}  # the oracle has all of them
    oracle = Oracle(model.constants, m.depth, m.heads, m.patch_px, m.activation)
    removed = {e.encoder: e.attention_tokens - e.mlp_tokens for e in plan.encoders if e.attention_active}
    masks = {f"{e.encoder}.{label}": mask for e in plan.encoders for label, mask in e.weight_masks.items()}
    kept = {name: mask.elements().tolist() for name, mask in masks.items()}
    for image in images:
        yield oracle.logits(image.tolist(), plan.active, removed, kept), oracle.tensors


def assert_every_bit(model, images, plan):
    found = ps.integer.run(model, images, plan)
    for place, (logits, tensors) in enumerate(said_by_the_oracle(model, images, plan)):
        for name, rows in tensors.items():
            assert found.tensors[name][place].tolist() == rows, name
        assert found.logits[place].tolist() == logits


@pytest.mark.parametrize("name", ["low", "tokens", "blocks"])
def test_digits_are_the_oracles(name):
    model, (images, _) = ps.integer.read_integer_model("digits"), ps.integer.read_images("digits")
    quantised = np.clip(np.floor(images[:1].astype(np.float64) / model.image_scale + 0.5), -127, 127).astype(np.int8)
    assert_every_bit(model, quantised, digits_plans()[name])


@pytest.mark.parametrize("seed", range(12))
def test_random_models_are_the_oracles(seed):
    draw = np.random.default_rng(seed)
    heads = int(draw.integers(1, 4))
    sizes = {"heads": heads, "width": heads * int(draw.integers(1, 6)), "mlp_hidden": int(draw.integers(1, 17))}
    model = random_model({**SMALL, **sizes, "activation": ["gelu", "relu"][seed % 2]}, seed=seed)
    whole = ps.plan(model.model)
    plan = [
        whole,
        ps.skip_attention(whole, active=[2]),
        ps.prune_tokens(whole, "top_k", r=int(draw.integers(1, 5)), encoders=[1]),
        ps.prune_blocks(whole, block=1, density=0.6, seed=seed),
    ][seed % 4]
    assert_every_bit(model, draw.integers(-128, 128, (2, 2, 6, 6), dtype=np.int8), plan)


def test_all_test_images_are_classified():
    model, (images, labels) = ps.integer.read_integer_model("digits"), ps.integer.read_images("digits")
    plans = digits_plans()
    found = {name: ps.integer.run(model, images, plan).logits.argmax(axis=1) for name, plan in plans.items()}
    assert {name: int((classes == labels).sum()) for name, classes in found.items()} == RIGHT
    pair = ps.integer.classify(model, images, [plans["low"], plans["whole"]], [THRESHOLD])
    assert (int((pair.classes == labels).sum()), int((pair.efforts == 0).sum())) == (487, 394)
    assert (pair.classes == np.where(pair.efforts == 0, found["low"], found["whole"])).all()


@pytest.mark.parametrize("qkv", ["fused", "separate"])
def test_fewer_heads_and_neurons_take_their_columns_along(qkv):
    """What stays is what a model of these heads and neurons alone computes."""
    model = random_model(SMALL, seed=5)
    plan = ps.prune_neurons(ps.prune_heads(ps.plan(model.model, qkv=qkv), 1), keep_rate=0.5)
    images = np.random.default_rng(5).integers(-128, 128, (3, 2, 6, 6), dtype=np.int8)
    found = ps.integer.run(model, images, plan)
    constants = dict(model.constants)
    for i in (1, 2):  # the second head's columns of V, and the last neurons, say nothing
        for label, lines in (("proj", slice(4, None)), ("fc2", slice(6, None))):
            weights = constants[f"{i}.{label}.weights"].copy()
            weights[lines] = 0
            constants[f"{i}.{label}.weights"] = weights
    silenced = ps.integer.IntegerModel(model.model, constants, model.image_scale, model.logit_scale)
    assert (found.logits == ps.integer.run(silenced, images).logits).all()
    assert found.tensors["1.sv"].shape == (3, 10, 4) and found.tensors["1.gelu"].shape == (3, 10, 6)


def test_images_one_by_one_are_the_batch():
    model = random_model(SMALL, seed=2)
    plan = ps.prune_tokens(ps.plan(model.model), "evit", keep_rate=0.5, fuse=False, encoders=[1])
    images = np.random.default_rng(2).integers(-128, 128, (4, 2, 6, 6), dtype=np.int8)
    batch = ps.integer.run(model, images, plan).logits
    assert [ps.integer.run(model, image[None], plan).logits[0].tolist() for image in images] == batch.tolist()


def test_no_image_makes_no_logits():
    model = random_model("digits_vit")
    assert ps.integer.run(model, np.zeros((0, 1, 8, 8)), ps.plan("digits_vit")).logits.shape == (0, 10)


def test_images_are_rounded_half_up_and_cut_off():
    model = random_model(SMALL)  # a step is 1/32
    images = np.zeros((1, 2, 6, 6))
    images[0, 0, 0, :4] = 0.5 / 32, -0.5 / 32, 100.0, -100.0
    tensors = ps.integer.run(model, images).tensors
    assert tensors["patches"][0, :2].tolist() == [[1, 0, 0, 0, 0, 0, 0, 0], [127, -127, 0, 0, 0, 0, 0, 0]]


def test_a_full_size_encoder_runs():
    model = random_model(ps.load_model("deit_t").replace({"depth": 1}))
    images = np.random.default_rng(0).integers(-128, 128, (1, 3, 224, 224), dtype=np.int8)
    tensors = ps.integer.run(model, images).tensors
    for name in ("1.qkv", "1.qkt", "1.sv", "1.proj", "1.fc1", "1.fc2"):  # the range of int8 is used, not exceeded much
        assert 12 < tensors[name].astype(float).std() < 64 and (np.abs(tensors[name].astype(int)) >= 127).mean() < 0.02


@pytest.mark.parametrize(
    ("images", "problem"),
    [
        (np.zeros((1, 2, 6)), "images: must be any number of 2x6x6 (got 1x2x6)"),
        (np.zeros((1, 1, 6, 6)), "images: must be any number of 2x6x6 (got 1x1x6x6)"),
        (np.zeros((1, 2, 6, 6), int), "images: must be decimal numbers, or int8 in steps of the model (got integers)"),
        (np.full((1, 2, 6, 6), np.nan), "images: must be finite (got one that is not)"),
    ],
)  # fmt: skip
def test_images_that_do_not_fit(images, problem):
    with pytest.raises(ps.InputError) as error:
        ps.integer.run(random_model(SMALL), images)
    assert str(error.value) == problem
