"""Softmax and LayerNorm on tensors of the digits: exact arithmetic rounded to the same steps, but for a few results."""

import numpy as np

import pivotsim as ps

IMAGES = 20


def exact_softmax(scores, table):
    """Return 127 softmax in float64; the scale of the scores is read off the table."""
    places = np.arange(256)[table > 1000]
    scale = float(-(np.log(table[places] / 65535) * places).sum() / (places**2).sum())
    e = np.exp(scores.astype(np.float64) * scale)
    return 127 * e / e.sum(axis=-1, keepdims=True)


def exact_norm(x, constants):
    """Return the normalised rows in float64."""
    n, wide = x.shape[-1], x.astype(np.float64)
    variance = wide.var(axis=-1, keepdims=True) + constants.epsilon / n**2
    z = (wide - wide.mean(axis=-1, keepdims=True)) / np.sqrt(variance)
    return (z * 2.0 ** (constants.bits + 12) / n * constants.multiplier + constants.addend) / 2**constants.shift


def test_a_step_in_some_hundreds_differs():
    model, (images, _) = ps.integer.read_integer_model("digits"), ps.integer.read_images("digits")
    tensors = ps.integer.run(model, images[:IMAGES]).tensors
    off = {"softmax": [], "norm": []}
    for step in ps.integer.steps_of(model):
        if step.kind in off:
            read, made = tensors[step.inputs[0]], tensors[step.output]
            if step.kind == "softmax":
                read, made = (t.reshape(*t.shape[:-1], step.copies, step.n) for t in (read, made))
            real = (exact_softmax if step.kind == "softmax" else exact_norm)(read, step.constants)
            off[step.kind].append((made != np.clip(np.floor(real + 0.5), -128, 127)).ravel())
            assert np.abs(made - np.clip(real, -128, 127)).max() < 0.52
    shares = {kind: np.concatenate(found).mean() for kind, found in off.items()}
    assert 0 < shares["softmax"] < 0.001 and 0 < shares["norm"] < 0.003
