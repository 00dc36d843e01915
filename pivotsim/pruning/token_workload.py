"""Workload size (Eliopoulos et al., Eq. 1): what the paper's Fig. 1 has on its axis.

The equation's printed form is not in the text that we have. The words are "proportional to the number of input tokens,
embedding dimension, and batch size", and name the complexity of self-attention beside them. Hence two readings:

    linear       B * N * D        the words as they stand; the default
    quadratic    B * N^2 * D      the complexity of self-attention

No schedule depends on it: latencies are taken per token count.
"""

from pivotsim.errors import check_choice, check_integer
from pivotsim.models.spec import VitModel, load_model

POWERS = {"linear": 1, "quadratic": 2}  # reading -> power of N


def workload_size(model: VitModel | str, tokens: int | None = None, batch: int = 1, *, reading: str = "linear") -> int:
    """Return the workload size of a ViT.

    Parameters
    ----------
    model : VitModel or str
        A model or its name; D is its width.
    tokens : int, optional
        N, at least 1. Default: all of the model's.
    batch : int
        B, at least 1.
    reading : {'linear', 'quadratic'}
        B * N * D, or B * N^2 * D.

    Returns
    -------
    int
        Without a unit: proportional to the work, by the paper's words.

    Raises
    ------
    InputError
        A number or the reading is not valid.

    Examples
    --------
    >>> workload_size("deit_s"), workload_size("deit_s", 128, batch=2), workload_size("deit_s", reading="quadratic")
    (75648, 98304, 14902656)
    """
    spec = load_model(model)
    count = spec.tokens if tokens is None else check_integer("tokens", tokens, 1)
    images = check_integer("batch", batch, 1)
    return int(images * count ** POWERS[check_choice("reading", reading, POWERS)] * spec.width)
