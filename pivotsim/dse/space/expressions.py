"""Expressions of constraints and conditions: a small arithmetic over named columns, and nothing else.

Names with dots, numbers, words in quotes, + - * / // %, comparisons, and, or, not, min() and max(). Numbers are
float64, so that integers are exact below 2**53 and nothing wraps. The syntax tree is checked against a closed list
before anything is computed; no name of Python's can be reached.
"""

import ast
import operator
import re
import sys
import warnings
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import reduce
from typing import Any

import numpy as np

from pivotsim.errors import InputError, got

MAX_CHARACTERS = 500
MAX_NUMBER = sys.float_info.max
# runs of spaces, and words in quotes, whose spaces count
_SPACES = re.compile(r"""('(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*")|\s+""")
_BINARY: dict[type[ast.AST], Callable[[Any, Any], Any]] = {
    ast.Add: operator.add, ast.Sub: operator.sub, ast.Mult: operator.mul, ast.Div: np.divide,
    ast.FloorDiv: np.floor_divide, ast.Mod: np.mod, ast.Eq: operator.eq, ast.NotEq: operator.ne, ast.Lt: operator.lt,
    ast.LtE: operator.le, ast.Gt: operator.gt, ast.GtE: operator.ge,
}  # fmt: skip
_UNARY: dict[type[ast.AST], Callable[[Any], Any]] = {
    ast.USub: operator.neg, ast.UAdd: operator.pos, ast.Not: np.logical_not,
}  # fmt: skip
_JOINED: dict[type[ast.AST], Callable[[Any, Any], Any]] = {ast.And: np.logical_and, ast.Or: np.logical_or}
_FUNCTIONS: dict[str, Callable[[Any, Any], Any]] = {"min": np.minimum, "max": np.maximum}
_ORDERS = (ast.Lt, ast.LtE, ast.Gt, ast.GtE)
_WORDS = {"true": True, "false": False}


@dataclass(frozen=True)
class Expression:
    """A checked expression: its text, and the names that it reads."""

    text: str
    names: frozenset[str]

    def __call__(self, values: Mapping[str, Any]) -> Any:
        """Return its value, a vector where a name is one; ``values`` holds every name."""
        with np.errstate(all="ignore"):
            return _value(ast.parse(self.text, mode="eval").body, values)

    def holds(self, values: Mapping[str, Any], count: int) -> Any:
        """Return where it is true, bool (count,)."""
        return np.broadcast_to(np.asarray(self(values)), (count,)).astype(np.bool_)


def parse_expression(path: str, text: object) -> Expression:
    """Return a checked expression.

    Raises
    ------
    InputError
        It is no text, too long, or holds anything beside the arithmetic above.

    Examples
    --------
    >>> rule = parse_expression("constraint", "array.rows * array.cols <= 2520")
    >>> sorted(rule.names), rule({"array.rows": np.array([64, 65]), "array.cols": 39}).tolist()
    (['array.cols', 'array.rows'], [True, False])
    """
    if not isinstance(text, str) or not text.strip():
        raise InputError(f"{path}: must be an expression such as delay_ms <= 50 {got(text)}")
    text = _SPACES.sub(lambda match: match[1] or " ", text.strip())
    if len(text) > MAX_CHARACTERS:
        raise InputError(f"{path}: is longer than {MAX_CHARACTERS} characters")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")  # what Python reads with a warning, such as 1or 2, is refused
            body = ast.parse(text, mode="eval").body
        return Expression(text, frozenset(_names(path, body)))
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        if isinstance(error, InputError):
            raise
        equal = "; equal is ==" if re.search(r"[^<>=!]=[^=]", text) else ""
        raise InputError(f"{path}: is no expression such as delay_ms <= 50 {got(text)}{equal}") from None


def _names(path: str, node: ast.AST) -> Iterator[str]:
    """Yield the names of a tree, or raise InputError at the first part that is not allowed."""
    if isinstance(node, (ast.Name, ast.Attribute)):
        name = _dotted(node)
        if name is not None and not any(part.startswith("_") for part in name.split(".")):
            if name not in _WORDS:
                yield name
            return
    elif isinstance(node, ast.Constant):
        if isinstance(node.value, (bool, str)):
            return
        if isinstance(node.value, (int, float)):
            if not -MAX_NUMBER <= node.value <= MAX_NUMBER:
                raise InputError(f"{path}: a number is beyond {MAX_NUMBER:.2g}, the most of float64 {got(node.value)}")
            return
    elif isinstance(node, ast.BinOp) and type(node.op) in _BINARY:
        yield from _names(path, node.left)
        yield from _names(path, node.right)
        return
    elif isinstance(node, ast.UnaryOp) and type(node.op) in _UNARY:
        yield from _names(path, node.operand)
        return
    elif isinstance(node, ast.BoolOp):
        for value in node.values:
            yield from _names(path, value)
        return
    elif isinstance(node, ast.Compare) and all(type(op) in _BINARY for op in node.ops):
        for value in (node.left, *node.comparators):
            yield from _names(path, value)
        return
    elif isinstance(node, ast.Call) and _is_known_call(node):
        for value in node.args:
            yield from _names(path, value)
        return
    raise InputError(
        f"{path}: only names, numbers, words in quotes, + - * / // %, comparisons, and, or, not, min, max are allowed"
        f" {got(ast.unparse(node))}"
    )


def _is_known_call(node: ast.Call) -> bool:
    is_known = isinstance(node.func, ast.Name) and node.func.id in _FUNCTIONS
    return is_known and bool(node.args) and not node.keywords


def _dotted(node: ast.AST) -> str | None:
    """Return ``a.b.c`` of nested attributes, None where the innermost is no name."""
    if isinstance(node, ast.Name):
        return node.id
    if isinstance(node, ast.Attribute):
        inner = _dotted(node.value)
        return None if inner is None else f"{inner}.{node.attr}"
    return None


def _value(node: Any, values: Mapping[str, Any]) -> Any:
    if isinstance(node, (ast.Name, ast.Attribute)):
        name = str(_dotted(node))
        return _WORDS[name] if name in _WORDS else _as_operand(values[name])
    if isinstance(node, ast.Constant):
        return _as_operand(node.value)
    if isinstance(node, ast.BinOp):
        left, right = (_as_number(_value(side, values)) for side in (node.left, node.right))
        return _BINARY[type(node.op)](left, right)
    if isinstance(node, ast.UnaryOp):
        operand = _value(node.operand, values)
        is_not = isinstance(node.op, ast.Not)
        return _UNARY[type(node.op)](_as_flag(operand) if is_not else _as_number(operand))
    if isinstance(node, ast.BoolOp):
        return reduce(_JOINED[type(node.op)], (_as_flag(_value(value, values)) for value in node.values))
    if isinstance(node, ast.Call):
        return reduce(_FUNCTIONS[str(_dotted(node.func))], (_as_number(_value(value, values)) for value in node.args))
    sides = [_value(side, values) for side in (node.left, *node.comparators)]
    pairs = zip(sides, node.ops, sides[1:], strict=False)
    return reduce(np.logical_and, (_compared(left, op, right) for left, op, right in pairs))


def _compared(left: Any, op: ast.AST, right: Any) -> Any:
    texts = [_is_text(side) for side in (left, right)]
    if any(texts) and (not all(texts) or isinstance(op, _ORDERS)):
        raise InputError("words compare by == and != with words alone")
    return _BINARY[type(op)](left, right)


def _as_operand(value: Any) -> Any:
    """Return numbers as float64; words, true and false as they are."""
    array = np.asarray(float(value) if type(value) is int else value)
    return array.astype(np.float64) if array.dtype.kind in "iu" else array


def _is_text(value: Any) -> bool:
    return np.asarray(value).dtype.kind == "U"


def _as_number(value: Any) -> Any:
    if _is_text(value):
        raise InputError("words cannot be calculated with")
    return np.asarray(value, dtype=np.float64)


def _as_flag(value: Any) -> Any:
    if np.asarray(value).dtype.kind != "b":
        raise InputError("and, or and not join comparisons alone")
    return value
