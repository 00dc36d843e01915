"""Marks of constants: what stands behind a number is told apart by one word, as a note's bracket says it."""

import re
from collections.abc import Iterable
from typing import NamedTuple

MARKED = re.compile(r"(?P<where>.*?): \[(?P<mark>[^\]]*)\]\s*(?P<text>.*)", re.DOTALL)


class Mark(NamedTuple):
    """A constant, or what else a note is of; its mark, '' where the note has none; and the note's text."""

    where: str
    mark: str
    text: str

    @property
    def word(self) -> str:
        """The kind of mark, by which marks are coloured and counted: calibrated, inferred, assumed, estimate, ..."""
        return self.mark.partition(":")[0].partition(" from ")[0] if self.mark else "note"


def mark_of(note: str) -> Mark:
    """Return a note taken apart.

    >>> mark_of("host.cores: [inferred] one core")
    Mark(where='host.cores', mark='inferred', text='one core')
    >>> mark_of("a.b: [inherited from zcu102] [assumed] x").mark, mark_of("scope: leaves out head").mark
    ('inherited from zcu102', '')
    """
    found = MARKED.fullmatch(note)
    if found is None:
        where, _, text = note.partition(": ")
        return Mark(where, "", text) if text else Mark("", "", note)
    return Mark(found["where"], found["mark"], found["text"])


def marks_of(notes: Iterable[str]) -> list[Mark]:
    """Return the notes taken apart, in their order."""
    return [mark_of(note) for note in notes]
