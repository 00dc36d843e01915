"""Two int8 products in one multiplication, and chains of them in one 48-bit register, in Python's integers.

A slice multiplies s1 * 2**18 + s0 by x, and adds what the slice above has. The lower 18 bits of the register are the
first sum as long as that fits them; the rest is the second one, less one where the first is negative.
"""

LOWER, REGISTER = 18, 48


def signed(value, bits):
    """The lowest bits of a value, the highest of them its sign."""
    value %= 2**bits
    return value - 2**bits if value >= 2 ** (bits - 1) else value


def chain(left, right, streamed):
    """Both sums of a chain of slices, as they are parted below it, of two held operands and a streamed one in each."""
    register = 0
    for s0, s1, x in zip(left, right, streamed, strict=True):
        held = signed(s1 * 2**LOWER + s0, 27)
        product = held * signed(x, 18)
        register = signed(register + product, REGISTER)
    lower = signed(register, LOWER)
    upper = signed((register >> LOWER) + (1 if lower < 0 else 0), LOWER)
    return lower, upper


def columns(left, right, streamed, longest):
    """Both sums of columns whose chains are broken, so that none has more than ``longest`` slices."""
    lower = upper = 0
    for first in range(0, len(left), longest):
        past = first + longest
        one, other = chain(left[first:past], right[first:past], streamed[first:past])
        lower, upper = lower + one, upper + other
    return lower, upper
