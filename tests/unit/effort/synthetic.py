"""Images of known difficulty: seeded logits that grow surer, and righter, with effort."""

import numpy as np


def outputs(efforts, images=64, classes=5, seed=0, depth=12, round_to=None):
    """logits.npz as a mapping: labels lead by log(classes) * (4 (e + 3) / (depth + 3) - 3 difficulty), and by noise."""
    draw = np.random.default_rng(seed)
    labels = draw.integers(0, classes, images)
    difficulty = draw.random(images)
    noise = draw.normal(size=(images, classes))  # the same at every effort, as for one image
    arrays = {"labels": labels}
    for effort in efforts:
        logits = noise + 0.3 * draw.normal(size=(images, classes))
        logits[np.arange(images), labels] += np.log(classes) * (4 * (effort + 3) / (depth + 3) - 3 * difficulty)
        arrays[f"effort{effort}"] = logits if round_to is None else np.round(logits / round_to) * round_to
    return arrays


def cka(depth=12, seed=0):
    """A CKA matrix whose deep attentions are the more redundant ones, as in the paper's Fig. 3a."""
    i, j = np.mgrid[1 : depth + 1, 1 : depth + 1]
    draw = np.random.default_rng(seed)
    return np.clip(0.9 * j / depth - 0.05 * np.abs(j - i) + 0.05 * draw.random((depth, depth)), 0, 1)
