"""What a line that a stranger reads must not hold: Python's ways to write a value, names of functions, words twice."""

import re

import pivotsim

FUNCTIONS = "|".join(name for name in pivotsim.__all__ if re.fullmatch(r"[a-z]+_[a-z_]+", name))
PATTERNS = {
    "a value as Python writes it": r"\bNone\b|\bTrue\b|\bFalse\b|PosixPath|np\.|\barray\(|<[a-z_.]+ object",
    "a list as Python writes it": r"\[['\"0-9]|\(got [\[(]",
    "a number in quotes": r"got '-?[0-9.]+'",
    "a float as Python writes it": r"(?<![=<\d.])\b\d{2,}\.0\b(?!\.)(?= *[);,]|$)|\d[eE]\+",
    "a type of numpy": r"'(float|u?int|complex)\d+'|[<>|=][USifb]\d+\b|\bdtype\b",
    "a kind of pydantic": r"is not valid: [a-z]+ (type|parsing)",
    "a function": rf"(?<!pivotsim )\b({FUNCTIONS})\b(?!\.)",
    "a name twice": r"--([a-z_]+): \1:|--set [a-z]+: ",
    "one of several": r"\b1 (designs|problems|encoders|operations)\b",
}


def not_plain(text: str, *allowed: str) -> list[str]:
    """Return what of these a text holds, but for what is allowed."""
    found = {what: re.search(pattern, text, re.M) for what, pattern in PATTERNS.items() if what not in allowed}
    return [f"{what}: {match[0]}" for what, match in found.items() if match]
