"""Numbers in measured tables, as people and tools write them: not all that Python would read."""

MAX_PROBLEMS = 20  # a file that is not of the form at all is not listed to its end
MAX_COUNT = 10**9
MAX_DIGITS = 18


def count_of(text: str) -> int:
    """Return an integer of 1 to 10^9, in plain digits or as spreadsheets write it; raise ValueError for anything else.

    >>> count_of("197"), count_of("197.0")
    (197, 197)
    """
    whole, point, zeros = text.partition(".")
    text = whole if point and not zeros.strip("0") else text
    if not (text.isascii() and text.isdigit() and len(text) <= MAX_DIGITS and 1 <= int(text) <= MAX_COUNT):
        raise ValueError("must be an integer of at least 1")
    return int(text)


def number_of(text: str) -> float:
    """Return a number; raise ValueError for what is none, and for 7_9.8, which Python takes for 79.8.

    >>> number_of("79.8")
    79.8
    """
    if "_" in text or not text.isascii():
        raise ValueError("must be a number")
    return float(text)
