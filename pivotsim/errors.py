"""The package's exceptions, one tree, and the wording that all messages share."""

import difflib
import math
import re
from collections.abc import Iterable
from pathlib import PurePath
from typing import Any

from pivotsim.units import INT64_MAX

SHOWN_CHARACTERS = 60
LINE_CHARACTERS = 1000  # of one problem; names that a file makes up may be as long as the file
SHOWN_BITS = 2000  # Python refuses to write integers of more than some thousand digits
_NUMBER = re.compile(r"[-+]?(\d+\.?\d*|\.\d+)([eE][-+]?\d+)?")


class PivotsimError(Exception):
    """Base of everything that pivotsim raises on purpose."""


class InputError(PivotsimError, ValueError):
    """The user's input is wrong. ``problems`` holds one finished line per problem."""

    def __init__(self, problems: str | Iterable[str]) -> None:
        self.problems: tuple[str, ...] = tuple(map(one_line, (problems,) if isinstance(problems, str) else problems))
        super().__init__("\n".join(self.problems))


class MissingExtraError(PivotsimError, ImportError):
    """An optional dependency is not installed; the message holds the command that installs it."""

    def __init__(self, package: str, extra: str, purpose: str) -> None:
        commands = f"pip install 'pivotsim[{extra}]', or in a clone pip install -e '.[{extra}]'"
        super().__init__(f"{purpose} needs {package}; install it with: {commands}")


def one_line(text: str) -> str:
    r"""Return a message as one line that a terminal shows as it stands: escaped where it cannot be printed, and cut.

    >>> one_line("a\rb: unknown key"), len(one_line("x" * 5000))
    ('a\\rb: unknown key', 1000)
    """
    if not text.isprintable():
        text = "".join(c if c.isprintable() else repr(c)[1:-1] for c in text)
    if len(text) > LINE_CHARACTERS:
        half = (LINE_CHARACTERS - 3) // 2
        text = f"{text[: half + 1]}...{text[-half:]}"
    return text


def got(value: object) -> str:
    """Return ``(got ...)`` with the value on one line and cut to a readable length.

    >>> got(None), got(True), got("64 MHz"), got([1, None]), got(["a"]), got(1e30)
    ('(got nothing)', '(got true)', "(got '64 MHz')", '(got 1, nothing)', '(got a list of one: a)', '(got 1e30)')
    """
    text = _text(value)
    if len(text) > SHOWN_CHARACTERS:
        text = text[: SHOWN_CHARACTERS - 3] + "..."
    return f"(got {text})"


def got_elements(array: Any) -> str:
    """Return ``(got ...)`` of what a numpy array, or one of such a dtype, holds, in words; of an array its shape too.

    >>> import numpy
    >>> got_elements(numpy.dtype("<U2")), got_elements(numpy.zeros((2, 3)))
    ('(got text)', '(got decimal numbers, 2x3)')
    """
    words = {"b": "true and false", "i": "integers", "u": "integers", "f": "decimal numbers", "c": "complex numbers",
             "U": "text", "S": "bytes", "V": "records", "M": "dates", "m": "durations"}  # fmt: skip
    shape = getattr(array, "shape", ())
    text = words.get(getattr(array, "dtype", array).kind, "other things than numbers")
    return f"(got {text}{', ' + shape_text(shape) if shape else ''})"


def got_instead_of_integer(value: object) -> str:
    """Return ``(got ...)`` of what is no integer, a float such as 6.0 with its point.

    >>> got_instead_of_integer(6.0), got_instead_of_integer("six")
    ('(got 6.0)', "(got 'six')")
    """
    text = number_text(value) if isinstance(value, float) else ""
    return f"(got {text}.0)" if text.lstrip("-").isdecimal() else got(value)


def got_shape(shape: Iterable[int]) -> str:
    """Return ``(got 2x3)`` of an array's shape."""
    return f"(got {shape_text(shape)})"


def shape_text(shape: Iterable[int]) -> str:
    """Return an array's shape as text, such as 2x3.

    >>> shape_text((2, 3)), shape_text((5,)), shape_text(())
    ('2x3', 'a vector of 5', 'a single value')
    """
    sizes = [str(size) for size in shape]
    return "x".join(sizes) if len(sizes) > 1 else f"a vector of {sizes[0]}" if sizes else "a single value"


def got_typed(text: str) -> str:
    """Return ``(got ...)`` of what was typed where a number is expected: numbers stand without quotes.

    >>> got_typed("1.5"), got_typed("many")
    ('(got 1.5)', "(got 'many')")
    """
    return f"(got {text.strip()})" if _NUMBER.fullmatch(text.strip()) else got(text)


def _text(value: object) -> str:
    """Return a value as a user would write it in a file, not as Python does."""
    if value is None:
        return "nothing"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int) and value.bit_length() > SHOWN_BITS:
        return f"an integer of about {round(value.bit_length() * math.log10(2)):,} digits"
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key}: {_text(inner)}" for key, inner in value.items()) + "}"
    if isinstance(value, float):
        return number_text(value)
    if isinstance(value, (list, tuple)):
        return _list_text(value)
    if isinstance(value, PurePath):
        return repr(str(value))
    item = getattr(value, "item", None)  # of numpy's scalars
    if getattr(value, "ndim", None) == 0 and callable(item):
        inner = item()
        return repr(inner) if type(inner) is type(value) else _text(inner)
    if isinstance(value, (str, bytes)):
        return repr(value)
    try:
        return " ".join(repr(value).split())  # arrays are written on several lines
    except ValueError:  # such an integer somewhere inside
        return f"a {type(value).__name__}"


def _list_text(values: "list[object] | tuple[object, ...]") -> str:
    """Return a list as a user would write it, ``1, 2``, and lists in it with a semicolon between them."""
    is_nested = any(isinstance(value, (list, tuple)) for value in values)
    texts = [value if isinstance(value, str) and value else _text(value) for value in values]
    text = ("; " if is_nested else ", ").join(texts)
    return text if len(values) > 1 else f"a list of one: {text}" if values else "an empty list"


def number_text(value: float) -> str:
    """Return a number as a user would write it: integers without a point, exponents without a plus.

    >>> number_text(100000.0), number_text(1e30), number_text(0.25), number_text(8)
    ('100000', '1e30', '0.25', '8')
    """
    text = repr(float(value)) if isinstance(value, float) else repr(value)  # numpy's floats say their type
    return text.removesuffix(".0").replace("e+", "e")


NEAR_RATIO = 0.65  # of difflib: two of three letters, three of four; what shares less is not what was meant
NEAR_LAST_RATIO = 0.75  # where one of the names has no group in front
MAX_LISTED = 12
MAX_NEAREST = 2
MAX_OF_GROUP = 32


def nearest(name: object, valid: Iterable[str], *, list_all: bool = True, how: str = "", most: int = MAX_LISTED) -> str:
    """Return ``, nearest valid name: 'x'``, or the valid names where none is near and they are few.

    Upper and lower case count as equal, and the last parts of dotted names are compared too: ``rows`` finds
    ``array.rows``. ``how`` says how to see the names where they are more than ``most``.

    >>> nearest("row", ["array.rows", "array.cols"]), nearest("foo", ["gb", "rows"])
    (", nearest valid name: 'array.rows'", ', valid names: gb, rows')
    """
    names = sorted(set(valid), key=lambda valid_name: ("/" in valid_name, valid_name))  # those in folders come last
    text = name if isinstance(name, str) else _text(name)
    of_text = [candidate for candidate in names if candidate.startswith(f"{text}.")]  # the text is a group of names
    if not of_text:
        ratios = [(_nearness(text, candidate), -len(candidate), candidate) for candidate in names]
        best, _, match = max(ratios, default=(0.0, 0, ""))
        last = match.rpartition(".")[2]
        same = [n for ratio, _, n in ratios if ratio == best and n.rpartition(".")[2] == last]  # of several groups
        if last in same:  # the name alone is valid too, and says the same
            same = [last]
        if best and 1 < len(same) <= MAX_NEAREST:
            return f", nearest valid names: {', '.join(map(repr, same))}"
        if best:
            return f", nearest valid name: '{match}'"
    if len(of_text) > most:  # the names below it, and the groups
        depth = text.count(".") + 2
        of_text = sorted({".".join(name.split(".")[:depth]) + ".*" * (name.count(".") >= depth) for name in of_text})
        most = MAX_OF_GROUP
    group = text.rpartition(".")[0]
    beside = [candidate for candidate in names if group and candidate.rpartition(".")[0] == group]
    for listed in (of_text or names, beside):
        if list_all and 0 < len(listed) <= most:
            return ", valid names: " + ", ".join(listed)
    return how


def _nearness(text: str, name: str) -> float:
    """Return how near a name is to a text, 0 where it is not near.

    Of dotted names the last parts must be near each other; what stands before them only decides between equals.
    """
    text, name = text.lower(), name.lower()
    group, _, last = text.rpartition(".")
    own_group, _, own_last = name.rpartition(".")
    begins = own_last.startswith(f"{last}_")  # a name without its unit
    if not group and not own_group:
        return max(_ratio(text, name, NEAR_RATIO), begins * NEAR_LAST_RATIO) / 2
    near = NEAR_LAST_RATIO if begins else _ratio(last, own_last, NEAR_RATIO if group and own_group else NEAR_LAST_RATIO)
    return near and (near + _ratio(group, own_group, 0.0) / 10) / 2


def _ratio(text: str, name: str, least: float) -> float:
    """Return difflib's ratio, 0 below ``least``."""
    matcher = difflib.SequenceMatcher(a=text, b=name)
    if matcher.real_quick_ratio() < least or matcher.quick_ratio() < least:
        return 0.0
    ratio = matcher.ratio()
    return ratio if ratio >= least else 0.0


def one_of(path: str, value: object, valid: Iterable[str]) -> str:
    """Return the message for a value outside a closed list."""
    names = list(valid)
    return f"{path}: must be one of {', '.join(names)} {got(value)}{nearest(value, names, list_all=False)}"


def check_real(path: str, value: object) -> float:
    """Return ``value`` as float, or raise InputError; numpy's numbers count, booleans and text do not."""
    is_flag = isinstance(value, bool) or type(value).__name__ == "bool"
    if is_flag or not hasattr(value, "__float__") or isinstance(value, str) or hasattr(value, "__complex__"):
        raise InputError(f"{path}: must be a number {got(value)}")
    try:
        return float(value)
    except (TypeError, ValueError, OverflowError):
        raise InputError(f"{path}: must be a number {got(value)}") from None


def check_flag(path: str, value: object) -> bool:
    """Return ``value`` as bool, or raise InputError; only True and False, numpy's too, are flags."""
    if not isinstance(value, bool) and type(value).__name__ != "bool":
        raise InputError(f"{path}: must be true or false {got(value)}")
    return bool(value)


def check_choice(path: str, value: object, valid: Iterable[str]) -> str:
    """Return ``value``, or raise InputError unless it is one of the names in a closed list."""
    names = list(valid)
    if not isinstance(value, str) or value not in names:
        raise InputError(one_of(path, value, names))
    return value


def check_list(path: str, value: Any, of: str, remedy: str) -> list[Any]:
    """Return ``value`` as a list, or raise InputError; a text is no list of its letters, an array of no axis none."""
    try:
        if isinstance(value, (str, bytes)):
            raise TypeError
        return list(value)
    except TypeError:
        raise InputError(f"{path}: must be a list of {of} {got(value)}; {remedy}") from None


def check_integer(path: str, value: object, minimum: int, maximum: int | None = None) -> int:
    """Return ``value`` as int, or raise InputError that names ``path`` and the bounds; no ``maximum`` is int64's."""
    index = getattr(value, "__index__", None)
    if index is None or isinstance(value, bool):
        raise InputError(f"{path}: must be an integer {got_instead_of_integer(value)}")
    try:
        number = int(index())
    except TypeError:  # an array of several
        raise InputError(f"{path}: must be an integer {got(value)}") from None
    if number < minimum:
        raise InputError(f"{path}: must be at least {minimum} {got(number)}")
    if maximum is None:
        if number.bit_length() < 64:
            return number
        maximum = INT64_MAX
    if number > maximum:
        raise InputError(f"{path}: must be at most {maximum} {got(number)}")
    return number
