"""Mutations of small inputs: damaged bytes, and words that a parser may trip over. All draws are the caller's."""

import random
import re

MOST = 4  # mutations of one input
WORDS = [
    "", "0", "-0", "-1", "1", "2", "3.5", "1e3", "1e-3", "1e999", "-1e999", "9" * 400, "-" + "9" * 400, "9" * 19,
    str(2**31), str(2**63), str(2**64), "1e18", "1e19", "0x10", "010", "1_000", "1,000", "+1", ".5", "5.", "1e", "--1",
    ".nan", "nan", "NaN", ".inf", "inf", "-inf", "Infinity", "true", "True", "on", "null", "~", "None", "12:30",
    "2026-01-01", "\u0663", "\u0661\u0662", "\u00b2", "\uff11", "\u2460", "\u2212" "1", "\u00a0", "\u200b1",
    "\u202e", "\u0000", "\ufeff", "\U0001f600",
    "\u2028", "\r", "\t", "\n", "\x0b", "\x1b[31m", "é", "'", '"', '"""', "\\", "`", "$HOME", "%s", "%n", "{}",
    "{0}", "{a: 1}",
    "[]", "[1]", "[1, 2", "[" * 40, "{" * 40, "(" * 300, "[" * 3000, "- " * 60, "&a", "*a",
    "!!python/object:os.system", "!!int 3",
    "<<: *a", "---", "...", "#", "|", ">", "? ", ": ", "a: b: c", "is", "ws", "os", "paper", "hw", "zcu102", "deit_s",
    "../../etc/passwd", "/dev/zero", "/dev/null", "/dev/full", "/", ".", "..", "~root", "-", "--", "a" * 300,
    "a" * 70_000,
    "__import__('os')", "array.rows", "array.__class__", "delay_ms", "1/0", "1 if 1 else 2", "lambda: 0",
]  # fmt: skip
_WORD = re.compile(r"[^\s,;:=\[\]{}()]+")
_NUMBER = re.compile(r"[-+]?\d+(\.\d*)?([eE][-+]?\d+)?")


def mutated(rng: random.Random, seed: bytes) -> bytes:
    """Return bytes with one mutation or a few; half of those of text are of words and lines."""
    content = seed
    for _ in range(rng.randint(1, MOST)):
        if rng.random() < 0.5 and b"\0" not in content:
            content = mutated_text(rng, content.decode("utf-8", "surrogateescape")).encode("utf-8", "surrogateescape")
        else:
            content = _damaged(rng, content)
    return content


def mutated_text(rng: random.Random, text: str) -> str:
    """Return a text with one word or line replaced, repeated, left out or moved."""
    return rng.choice((_word, _word, _number, _number, _lines))(rng, text)


def _word(rng: random.Random, text: str) -> str:
    return _replaced(rng, text, list(_WORD.finditer(text)))


def _number(rng: random.Random, text: str) -> str:
    return _replaced(rng, text, list(_NUMBER.finditer(text)))


def _replaced(rng: random.Random, text: str, places: list[re.Match[str]]) -> str:
    word = rng.choice((rng.choice(WORDS), str(rng.randint(-100, 100_000)), f"{rng.uniform(-10, 10) ** 9:g}"))
    if not places:
        return text + word
    start, end = rng.choice(places).span()
    return text[:start] + rng.choice((word, word, word + text[start:end], text[start:end] + word)) + text[end:]


def _lines(rng: random.Random, text: str) -> str:
    lines = text.splitlines(keepends=True) or [""]
    here, there = rng.randrange(len(lines)), rng.randrange(len(lines))
    match rng.randrange(5):
        case 0:
            lines.insert(there, lines[here])
        case 1:
            del lines[here]
        case 2:
            lines[here], lines[there] = lines[there], lines[here]
        case 3:
            lines[here] = rng.choice((" ", "\t", "- ", "  ")) + lines[here]
        case _:
            lines[here] = lines[here] * rng.choice((2, 30))
    return "".join(lines)


def _damaged(rng: random.Random, content: bytes) -> bytes:
    here = rng.randrange(len(content) + 1)
    there = min(len(content), here + rng.choice((1, 2, 4, 8, 64)))
    match rng.randrange(8):
        case 0 if here < there:
            return content[:here] + bytes([content[here] ^ (1 << rng.randrange(8))]) + content[here + 1 :]
        case 1:
            return content[:here] + rng.randbytes(there - here) + content[there:]
        case 2:
            return content[:here]
        case 3:
            return content[:here] + content[there:]
        case 4:
            return content[:there] + content[here:]
        case 5:
            return content[:here] + rng.randbytes(rng.randint(1, 8)) + content[here:]
        case 6:
            return (
                content[:here]
                + rng.choice((b"\0", b"\xff", b"\xef\xbb\xbf", b"\r", b"\xff\xff\xff\x7f"))
                + content[here:]
            )
        case _:
            return (
                rng.choice((b"", content, content[::-1], rng.randbytes(16))) if rng.random() < 0.1 else content[:there]
            )
