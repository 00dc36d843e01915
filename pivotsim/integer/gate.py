"""Several efforts in integers behind the entropy gate: an image that a low effort is sure of goes no further.

The gate is a stop at which the host computes, as PIVOT's runs on the processor: ``pivotsim.effort.normalized_entropy``,
in float64, of logits times ``logit_scale``. It is the only operation whose last bit another machine's exp and log may
change, and changes a result only where an entropy lies within 1e-12 of the threshold.
"""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from pivotsim.effort.entropy import above, normalized_entropy
from pivotsim.errors import InputError, check_list, check_real, got
from pivotsim.integer.inference import quantised_images, run
from pivotsim.integer.steps import Array
from pivotsim.integer.weights.model import IntegerModel
from pivotsim.workload.plans import Plan


class Classified(NamedTuple):
    """What several efforts say of n images.

    ``classes`` int64 (n,), the largest logit's, of equal ones the first; ``efforts`` int64 (n,), from 0, which effort
    classified each image; ``logits`` int32 (n, classes) of that effort; ``entropies`` float64 (n,) of them.
    """

    classes: Array
    efforts: Array
    logits: Array
    entropies: Array


def classify(model: IntegerModel, images: Any, plans: Sequence[Plan], thresholds: Sequence[float] = ()) -> Classified:
    """Return the classes of images by one effort after another.

    Parameters
    ----------
    model : IntegerModel
    images : array, (n, channels, height, width)
        As for ``run``.
    plans : sequence of Plan
        One per effort, the lowest first.
    thresholds : sequence of float
        One per effort but the last, within 0 to 1: an image leaves where its normalised entropy is below it.

    Returns
    -------
    Classified
        Class, effort, logits and entropy of each image.

    Raises
    ------
    InputError
        Numbers of plans and thresholds do not fit, a threshold lies outside 0 to 1, there is no image, or as for
        ``run``.

    Examples
    --------
    >>> import pivotsim as ps
    >>> whole = ps.plan("digits_vit")
    >>> low = ps.skip_attention(whole, active=[1, 2, 4, 6])
    >>> images, labels = ps.integer.read_images("digits")
    >>> found = classify(ps.integer.read_integer_model("digits"), images[:100], [low, whole], [0.1])
    >>> int((found.efforts == 0).sum()), int((found.classes == labels[:100]).sum())
    (85, 99)
    """
    efforts = check_list("plans", plans, "Plans", "one per effort, the lowest first")
    cuts = [check_real("thresholds", cut) for cut in check_list("thresholds", thresholds, "numbers", "one per gate")]
    for cut in cuts:
        if not 0 <= cut <= above(1.0):  # what `exit_threshold` returns where the least certain image has to leave
            raise InputError(f"thresholds: must be within 0 to 1, as normalised entropies are {got(cut)}")
    if not efforts or len(cuts) != len(efforts) - 1:
        raise InputError(
            f"thresholds: expected {max(0, len(efforts) - 1)}, one per effort but the last {got(len(cuts))}"
        )
    steps = quantised_images(model, images)
    if not len(steps):
        raise InputError("images: at least one is needed (got none)")
    left = np.arange(len(steps))
    at = np.zeros(len(steps), dtype=np.int64)
    logits = np.zeros((len(steps), model.model.classes), dtype=np.int32)
    entropies = np.zeros(len(steps))
    for place, plan in enumerate(efforts):
        logits[left] = run(model, steps[left], plan).logits
        at[left], entropies[left] = place, normalized_entropy(logits[left] * model.logit_scale)
        if place < len(cuts):
            left = left[entropies[left] >= cuts[place]]
        if not len(left):
            break
    return Classified(logits.argmax(axis=1), at, logits, entropies)
