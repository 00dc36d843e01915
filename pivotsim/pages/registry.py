"""Kinds of results that have a page, a row each: a further kind is a file of ``results`` and a row here."""

import importlib
from collections.abc import Callable
from typing import Any

from pivotsim.errors import InputError
from pivotsim.pages.page import Page

# class -> the function that makes its page; by name, so that none is loaded before it is needed
PAGES = {
    "pivotsim.simulation.report.Report": "run:run_page",
    "pivotsim.effort.mixed_report.MixedReport": "combine:combine_page",
    "pivotsim.pruning.schedule_report.Schedule": "schedule:schedule_page",
    "pivotsim.pruning.sweeps.table.SweepTable": "schedule:sweep_page",
    "pivotsim.pages.results.cosearch.SearchResult": "cosearch:cosearch_page",
    "pivotsim.pages.results.front.SweepFront": "front:front_page",
    "pivotsim.published.base.audit.Findings": "reproduce:reproduce_page",
    "builtins.list": "compare:compare_page",
    "builtins.tuple": "compare:compare_page",
}


def page_of(result: Any) -> Page:
    """Return the page of a result, by its class or one that it derives from.

    Raises
    ------
    InputError
        There is no page of such a result.
    """
    for kind in type(result).__mro__:
        found = PAGES.get(f"{kind.__module__}.{kind.__qualname__}")
        if found is not None:
            module, _, name = found.partition(":")
            make: Callable[[Any], Page] = getattr(importlib.import_module(f"pivotsim.pages.results.{module}"), name)
            return make(result)
    known = ", ".join(sorted(name.rpartition(".")[2] for name in PAGES))
    raise InputError(f"result: has no page (got {type(result).__name__}); those of {known} have one")
