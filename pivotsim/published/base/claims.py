"""Published claims as data: every number as printed, with the interval that its digits stand for."""

import csv
import importlib.resources
import re
from dataclasses import dataclass
from functools import cached_property

_NUMBER = re.compile(r"-?[0-9]+(?:\.([0-9]+))?")


@dataclass(frozen=True)
class Interval:
    """All values that a printed number, or what follows from several, may stand for."""

    value: float
    low: float
    high: float

    def overlaps(self, other: "Interval") -> bool:
        """Tell whether some value lies in both."""
        return self.low <= other.high and other.low <= self.high


def printed(text: str, *, cut: bool = False) -> Interval:
    """Return the interval of a printed number: rounded, or else (``cut``) rounded or cut after its last digit.

    With u one unit of the last place: [value - u/2, value + u/2], or up to value + u.

    >>> printed("1.73")
    Interval(value=1.73, low=1.725, high=1.735)
    >>> printed("1.73", cut=True)
    Interval(value=1.73, low=1.725, high=1.74)
    """
    match = _NUMBER.fullmatch(text)
    if match is None:
        raise ValueError(f"not a plain number: {text}")
    unit = 10.0 ** -len(match[1] or "")
    value = float(text)
    return Interval(value, round(value - unit / 2, 12), round(value + unit * (1 if cut else 0.5), 12))


@dataclass(frozen=True)
class Claim:
    """One published statement; ``text`` is its value as printed."""

    id: str
    where: str
    model: str
    quantity: str
    text: str
    unit: str
    note: str

    @cached_property
    def number(self) -> float | None:
        """The value as a number; None for words and ranges."""
        return float(self.text) if _NUMBER.fullmatch(self.text) else None

    @property
    def places(self) -> int:
        """Decimals printed."""
        match = _NUMBER.fullmatch(self.text)
        return len((match[1] if match else None) or "")

    @property
    def resolution(self) -> float:
        """One unit of the last printed place."""
        return float(10.0**-self.places)


def load_table(name: str) -> list[dict[str, str]]:
    """Return the rows of one of the package's tables, column -> text."""
    text = importlib.resources.files("pivotsim.published").joinpath(name).read_text(encoding="utf-8")
    return list(csv.DictReader(text.splitlines()))


def load_claims(name: str = "pivot/claims.csv") -> list[Claim]:
    """Return the claims of one paper, in the file's order."""
    rows = load_table(name)
    return [Claim(r["id"], r["where"], r["model"], r["quantity"], r["value"], r["unit"], r["note"]) for r in rows]


def published_resources() -> dict[str, int]:
    """Return the FPGA resources of PIVOT's design as published: dsp, bram36, lut, ff."""
    names = {"dsp": "dsp", "bram": "bram36", "lut": "lut", "registers": "ff"}
    return {names[c.quantity]: int(c.number or 0) for c in load_claims() if c.quantity in names}


def load_expected(name: str = "pivot/expected.csv") -> dict[str, str]:
    """Return id -> expected verdict; read for the exit status only, never to decide a verdict."""
    return {r["id"]: r["verdict"] for r in load_table(name)}
