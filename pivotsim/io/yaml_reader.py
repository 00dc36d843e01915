"""YAML in, plain Python out, with the line of every key, and none of YAML 1.1's surprises.

Scalars follow YAML 1.2's core schema: ``on``, ``12:30`` and ``010`` stay text (a number or true/false field
then refuses them by name), ``1e-3`` is a number. Duplicate keys, anchors, tags and deep nesting are errors.
"""

import re
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

import yaml

from pivotsim.errors import InputError, got
from pivotsim.io.text_files import read_text

MAX_BYTES = 2**20
MAX_DEPTH = 32
KeyPath = tuple[str | int, ...]

_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_INTEGER = re.compile(r"[-+]?(0|[1-9][0-9]{0,999})")
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|(0|[1-9][0-9]*)(\.[0-9]*)?)([eE][-+]?[0-9]+)?")
_WORDS: dict[str, object] = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL"), None),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
    **dict.fromkeys((".nan", ".NaN", ".NAN"), float("nan")),
    **dict.fromkeys((".inf", ".Inf", ".INF", "+.inf"), float("inf")),
    "-.inf": float("-inf"),
}


@dataclass(frozen=True)
class Document:
    """A mapping read from one file: ``data``, and ``places``, from key path to ``file:line``."""

    data: dict[str, Any]
    places: dict[KeyPath, str]
    name: str


def parse_scalar(text: str) -> object:
    """Return the value of a plain scalar under YAML 1.2's core schema.

    >>> [parse_scalar(t) for t in ("12", "1e-3", "on", "12:30", "010", "true")]
    [12, 0.001, 'on', '12:30', '010', True]
    """
    if text in _WORDS:
        return _WORDS[text]
    if _INTEGER.fullmatch(text):
        return int(text)
    if _FLOAT.fullmatch(text):
        return float(text)
    return text


EXACT_DIGITS = 15  # a decimal number of so many digits is the only one of them that a float stands for


def exact_integer(value: object) -> int | None:
    """Return the integer that a float such as 12.8e9 or 64.0 states, None where it states none exactly.

    >>> [exact_integer(v) for v in (12.8e9, 64.0, 1.5, 1e23, True, 64)]
    [12800000000, 64, None, None, None, None]
    """
    if type(value) is not float or not value.is_integer():
        return None
    stated = Decimal(repr(value)).normalize()
    return int(value) if len(stated.as_tuple().digits) <= EXACT_DIGITS and stated == int(value) else None


def read_yaml(path: Path) -> Document:
    """Return the mapping in a YAML file with the place of every key; nothing in the file can execute."""
    text = read_text(path, MAX_BYTES)
    builder = _built(str(path), text)
    root = builder.root
    if not isinstance(root, dict):
        raise InputError(f"{path}:1: expected 'key: value' lines {got(root)}")
    return Document(root, builder.places, str(path))


def parse_flow(label: str, text: str) -> object:
    """Return the value of one line of YAML: a scalar, or a list or mapping in brackets.

    >>> parse_flow("--vary", "[8, 16]"), parse_flow("--vary", "{start: 1, stop: 3, step: 1}")
    ([8, 16], {'start': 1, 'stop': 3, 'step': 1})

    Raises
    ------
    InputError
        It is not valid YAML; ``label`` starts the message.
    """
    try:
        return _built(label, text).root
    except InputError as error:
        raise InputError(re.sub(rf"^{re.escape(label)}:\d+: ", f"{label}: ", p) for p in error.problems) from None


def _built(name: str, text: str) -> "_Builder":
    """Return what was built from a text."""
    builder = _Builder(name)
    try:
        for event in yaml.parse(text, Loader=_LOADER):
            builder.take(event)
    except yaml.MarkedYAMLError as error:
        # a key without its colon is missed on a later line, or behind the last
        is_key = error.context == "while scanning a simple key"
        mark = error.context_mark if is_key and error.context_mark else error.problem_mark
        line = min(mark.line + 1, text.rstrip().count("\n") + 1) if mark else 1
        if error.problem_mark and _stands_at_a_tab(text, error.problem_mark):
            raise InputError(f"{name}:{line}: a tab; YAML indents with spaces") from None
        problem = f"{error.context}: {error.problem}" if error.context else str(error.problem)
        raise InputError(f"{name}:{line}: is not valid YAML: {problem}") from None
    except yaml.YAMLError as error:
        raise InputError(f"{name}: is not valid YAML: {' '.join(str(error).split())}") from None
    return builder


def _stands_at_a_tab(text: str, mark: Any) -> bool:
    """Tell whether the parser stopped at a tab, or in a line that a tab indents."""
    lines = text.split("\n")
    line = lines[mark.line] if mark.line < len(lines) else ""
    indent = line[: len(line) - len(line.lstrip())]
    return "\t" in indent or line[mark.column : mark.column + 1] == "\t"


class _Builder:
    """Builds plain Python objects from YAML events, on an explicit stack."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.root: object = None
        self.documents = 0
        self.places: dict[KeyPath, str] = {}
        self.stack: list[tuple[Any, KeyPath]] = []
        self.key: str | None = None
        self.key_line = 0

    def fail(self, event: Any, problem: str) -> InputError:
        return InputError(f"{self.name}:{event.start_mark.line + 1}: {problem}")

    def take(self, event: Any) -> None:
        if isinstance(event, yaml.DocumentStartEvent):
            self.documents += 1
            if self.documents > 1:
                raise self.fail(event, "a second YAML document starts here; one file holds one")
        elif isinstance(event, yaml.AliasEvent):
            raise self.fail(event, f"aliases are not supported {got(f'*{event.anchor}')}; write the value out")
        elif isinstance(event, (yaml.MappingStartEvent, yaml.SequenceStartEvent)):
            container: Any = {} if isinstance(event, yaml.MappingStartEvent) else []
            self.check_plain(event)
            if len(self.stack) >= MAX_DEPTH:
                raise self.fail(event, f"nested deeper than {MAX_DEPTH} levels")
            path = self.add(event, container)
            self.stack.append((container, path))
        elif isinstance(event, (yaml.MappingEndEvent, yaml.SequenceEndEvent)):
            self.stack.pop()
        elif isinstance(event, yaml.ScalarEvent):
            self.check_plain(event)
            self.take_scalar(event)

    def check_plain(self, event: Any) -> None:
        if event.anchor:
            raise self.fail(event, f"anchors are not supported {got(f'&{event.anchor}')}")
        if event.tag and event.tag != "!":
            raise self.fail(event, f"tags are not supported {got(event.tag)}")

    def take_scalar(self, event: Any) -> None:
        if self.stack and isinstance(self.stack[-1][0], dict) and self.key is None:
            container, path = self.stack[-1]
            if event.value in container:
                first = self.places[(*path, event.value)].rpartition(":")[2]
                dotted = ".".join(map(str, (*path, event.value)))
                raise self.fail(event, f"{dotted}: duplicate key, first seen on line {first}")
            self.key, self.key_line = event.value, event.start_mark.line + 1
        else:
            self.add(event, parse_scalar(event.value) if event.implicit[0] else event.value)

    def add(self, event: Any, value: Any) -> KeyPath:
        """Put a value where the parser stands and return its path."""
        if not self.stack:
            self.root = value
            return ()
        container, parent = self.stack[-1]
        if isinstance(container, list):
            path: KeyPath = (*parent, len(container))
            container.append(value)
            line = event.start_mark.line + 1
        elif self.key is None:
            raise self.fail(event, "a key must be plain text")
        else:
            path = (*parent, self.key)
            container[self.key] = value
            self.key, line = None, self.key_line
        self.places[path] = f"{self.name}:{line}"
        return path
