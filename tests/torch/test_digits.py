"""The images of the recorded co-search: three parts that share none, and the model that fits them."""

import numpy as np
import pytest

import pivotsim as ps
from tests.torch.small import REASON

torch = pytest.importorskip("torch", reason=REASON)
pytest.importorskip("sklearn", reason="scikit-learn is not installed; make test-torch brings it")
from tests.recordings.digits import MODEL, SIZES, split_digits, start


def test_the_parts_share_no_image_and_leave_none_out():
    parts = split_digits(0)
    assert {name: len(part.images) for name, part in parts.items()} == SIZES and sum(SIZES.values()) == 1797
    seen = np.concatenate([part.images.reshape(len(part.images), -1).numpy() for part in parts.values()])
    assert len(np.unique(seen, axis=0)) == 1797  # no digit stands twice in the collection
    assert abs(seen.mean()) < 0.01 and abs(seen.std() - 1) < 0.01
    assert sorted(torch.cat([part.labels for part in parts.values()]).unique().tolist()) == list(range(10))


def test_a_seed_is_a_split():
    one, again, other = (split_digits(seed)["test"].images for seed in (1, 1, 2))
    assert torch.equal(one, again) and not torch.equal(one, other)


def test_the_model_takes_the_images():
    vit, images = start(0), split_digits(0)["test"].images[:2]
    assert vit.model == ps.load_model(MODEL) and vit(images).shape == (2, 10)
    assert not torch.equal(start(1).head.weight, vit.head.weight)
