"""The package's exceptions, one tree, and the wording that all messages share."""

import difflib
from collections.abc import Iterable

SHOWN_CHARACTERS = 60


class PivotsimError(Exception):
    """Base of everything that pivotsim raises on purpose."""


class InputError(PivotsimError, ValueError):
    """The user's input is wrong. ``problems`` holds one finished line per problem."""

    def __init__(self, problems: str | Iterable[str]) -> None:
        self.problems: tuple[str, ...] = (problems,) if isinstance(problems, str) else tuple(problems)
        super().__init__("\n".join(self.problems))


class MissingExtraError(PivotsimError, ImportError):
    """An optional dependency is not installed; the message holds the command that installs it."""

    def __init__(self, package: str, extra: str, purpose: str) -> None:
        commands = f"pip install 'pivotsim[{extra}]', or in a clone pip install -e '.[{extra}]'"
        super().__init__(f"{purpose} needs {package}; install it with: {commands}")


def got(value: object) -> str:
    """Return ``(got ...)`` with the value on one line and cut to a readable length."""
    text = repr(value)
    if len(text) > SHOWN_CHARACTERS:
        text = text[: SHOWN_CHARACTERS - 3] + "..."
    return f"(got {text})"


def nearest(name: object, valid: Iterable[str], *, list_all: bool = True) -> str:
    """Return ``, nearest valid name: 'x'`` or, where nothing is near, the valid names themselves."""
    names = sorted(set(valid))
    text = str(name)
    match = difflib.get_close_matches(text, names, n=1, cutoff=0.5)
    if not match:  # 'rows' should find 'array.rows'
        match = [n for n in names if n.rpartition(".")[2] == text.rpartition(".")[2]][:1]
    if match:
        return f", nearest valid name: '{match[0]}'"
    if list_all and 0 < len(names) <= 12:
        return ", valid names: " + ", ".join(names)
    return ""


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


def check_integer(path: str, value: object, minimum: int, maximum: int | None = None) -> int:
    """Return ``value`` as int, or raise InputError that names ``path`` and the bounds; no ``maximum`` is int64's."""
    index = getattr(value, "__index__", None)
    if index is None or isinstance(value, bool):
        raise InputError(f"{path}: must be an integer {got(value)}")
    try:
        number = int(index())
    except TypeError:  # an array of several
        raise InputError(f"{path}: must be an integer {got(value)}") from None
    if number < minimum:
        raise InputError(f"{path}: must be at least {minimum} {got(number)}")
    if maximum is None:
        if number.bit_length() < 64:
            return number
        from pivotsim.units import INT64_MAX  # here, because it brings numpy, which most messages do without

        maximum = INT64_MAX
    if number > maximum:
        raise InputError(f"{path}: must be at most {maximum} {got(number)}")
    return number
