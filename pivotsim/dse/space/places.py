"""Places of a space file's lines: a problem that starts with a dotted path gets its ``file:line``."""

import re
from collections.abc import Mapping

from pivotsim.io.yaml_reader import Document

RULE = re.compile(r"constraints, number (\d+)")


def places_of(document: Document) -> dict[str, str]:
    """Return dotted path -> ``file:line``; of what is no file nothing."""
    return {".".join(map(str, path)): place for path, place in document.places.items()}


def located(problem: str, places: Mapping[str, str]) -> str:
    """Return a problem behind the place of the path that it starts with, or as it is where no line is its.

    Examples
    --------
    >>> places = {"axes": "s.yaml:3", "axes.array.rows": "s.yaml:4", "constraints.1": "s.yaml:7"}
    >>> located("axes.array.rows: has no values", places), located("constraints, number 2: unknown name", places)
    ('s.yaml:4: axes.array.rows: has no values', 's.yaml:7: constraints, number 2: unknown name')
    """
    path = RULE.sub(lambda match: f"constraints.{int(match[1]) - 1}", problem, count=1)
    for text in (path.replace(": ", ".", 1), path):  # 'fixed.set: array.rows: ...' is of the value's own line
        known = [
            key for key in places if text.startswith(key) and text[len(key) : len(key) + 1] in (":", ".", ",", " ")
        ]
        if known:
            return f"{places[max(known, key=len)]}: {problem}"
    return problem
