"""The papers that can be audited, a row each: a further paper is a folder beside this file and a row here."""

import importlib
from typing import TYPE_CHECKING, NamedTuple

from pivotsim.errors import InputError, check_choice, got

if TYPE_CHECKING:
    from pivotsim.published.base.audit import Findings


class Paper(NamedTuple):
    """What is known of a paper before its audit is loaded.

    ``audit`` names the function, ``module:function``; ``takes`` what may be chosen: ``hw``, a keyword of that
    function; ``plots``, pictures by ``plot_audit`` of ``pivotsim.plots.papers.NAME``, which takes the audit and a
    folder and returns paths and notes; ``recorded``, a keyword of that, a folder of recordings.
    """

    title: str
    help: str
    audit: str
    takes: tuple[str, ...] = ()


PAPERS = {
    "pivot": Paper(
        "PIVOT (DAC'24)",
        "Audit every number of PIVOT (DAC'24); exit status 1 if a verdict is not the expected one. Another board than "
        "the paper's is set beside the numbers, without verdicts.",
        "pivotsim.published.pivot.audit:audit_pivot",
        takes=("hw", "plots", "recorded"),
    ),
    "static": Paper(
        "Pruned and sparse ViTs",
        "Audit pruned and sparse ViTs (Parikh et al., EViT, DynamicViT, ViTCoD, HeatViT); exit status as for pivot.",
        "pivotsim.published.static.audit:audit_static",
        takes=("plots",),
    ),
    "tokens": Paper(
        "Token pruning by the tail effect (arXiv 2407.05941)",
        "Audit every number of the token-pruning paper (arXiv 2407.05941); exit status as for pivot.",
        "pivotsim.published.tokens.audit:audit_tokens",
        takes=("plots",),
    ),
}


def reproduce(paper: str, **options: object) -> "Findings":
    """Audit the published numbers of a paper: every claim beside what is simulated, with a verdict and a reason.

    Parameters
    ----------
    paper : str
        A name in ``pivotsim.published.PAPERS``: ``pivot``, ``static`` or ``tokens``.
    **options
        What the paper takes: ``pivot`` takes ``hw``, a Hardware or its name. Another board than the paper's is set
        beside the published numbers, without verdicts.

    Returns
    -------
    Findings
        ``findings`` (one per claim), ``counts()`` of verdicts, ``unexpected`` (empty when every verdict is the expected
        one), ``judged`` (False where another board than the paper's has no verdicts), ``tables()``, and what this
        paper's audit adds.

    Raises
    ------
    InputError
        The paper is unknown, or does not take an option.

    Examples
    --------
    >>> audit = reproduce("static")
    >>> audit.unexpected
    []
    """
    row = PAPERS[check_choice("paper", paper, PAPERS)]
    unknown = [name for name in options if name not in row.takes or name in ("plots", "recorded")]
    if unknown:
        raise InputError(f"reproduce: '{paper}' takes no such option {got(unknown[0])}")
    module, _, function = row.audit.partition(":")
    audit: Findings = getattr(importlib.import_module(module), function)(**options)
    return audit
