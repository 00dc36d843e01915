"""Random removal in front of the first encoder: what the recorded accuracies of the digits rest on."""

import numpy as np
import pytest

from tests.torch.small import REASON

torch = pytest.importorskip("torch", reason=REASON)
pytest.importorskip("sklearn", reason="scikit-learn is not installed; make test-torch brings it")
from tests.recordings.digits import Part, split_digits, start
from tests.recordings.token_accuracy import right_of


def part_of(count):
    images, labels = split_digits(0)["test"]
    return Part(images[:count], labels[:count])


def test_all_tokens_are_the_whole_model():
    vit, part = start(0), part_of(40)
    with torch.no_grad():
        right = int((vit(part.images).argmax(dim=1) == part.labels).sum())
    assert right_of(vit, part, np.arange(17)) == (right, 40)


def test_the_first_encoder_gets_the_kept_tokens_alone():
    vit, part, kept = start(0), part_of(3), np.array([0, 2, 3, 11])
    shapes = []
    hook = vit.blocks[0].attn.register_forward_pre_hook(lambda _, given: shapes.append(tuple(given[0].shape)))
    right_of(vit, part, kept)
    hook.remove()
    assert shapes == [(3, 4, 32)]
    assert not vit.blocks[0]._forward_pre_hooks  # a later call sees all tokens again
