"""The token-dropping module: average, sort, shuffle, normalise (after Parikh et al., FCCM 2024).

    C_avg  = h * ceil(n / score_lanes)                          mean over heads of the class token's row
    C_sort = sum over the network's stages of ceil(comparators of the stage / comparators)
    C_shuf = ceil(d / channels_per_port) * ceil(N / ports)      each token read once: kept ones to their place,
                                                                dropped ones multiply-accumulated into the fused one
    C_norm = ceil(d / channels_per_port) + divide_cycles        the fused token over the sum of its weights; 0 where
                                                                ``fused_token`` is `sum`: nothing is left to do

N tokens arrive, n of them patches, sorted on P = 2^q >= n wires. The paper publishes that the module exists, not how it
works: the phases, their widths and that one follows the other are this model's choice, [assumed]. A public training
repository of the method fuses tokens by a sum without division; other methods take the mean, the default.
"""

from collections.abc import Callable, Iterator
from typing import NamedTuple

from pivotsim.errors import check_choice, check_integer
from pivotsim.hardware.pl_units import TokenDropSpec


class Dropping(NamedTuple):
    """Clocks of the four phases."""

    average_cycles: int
    sort_cycles: int
    shuffle_cycles: int
    normalise_cycles: int

    @property
    def cycles(self) -> int:
        """Clocks of all four, one after the other."""
        return sum(self)


def wire_bits(n: int) -> int:
    """Return q: n values are sorted on 2^q wires."""
    return (n - 1).bit_length()


Stages = Iterator[tuple[int, int]]  # (stages, comparators of each)


def _bitonic(q: int) -> Stages:
    """Yield Batcher's bitonic sorter: q(q+1)/2 stages of P/2 (Batcher, AFIPS 1968)."""
    yield q * (q + 1) // 2, 2**q // 2


def _odd_even_merge(q: int) -> Stages:
    """Yield Batcher's odd-even merges of 2, 4, ... P wires: (q^2 - q + 4) 2^(q-2) - 1 comparators in all."""
    for level in range(1, q + 1):
        merges, half = 2 ** (q - level), 2 ** (level - 1)
        yield 1, merges * half
        for step in range(level - 1):
            yield 1, merges * (half - 2**step)


def _odd_even_transposition(q: int) -> Stages:
    """Yield P stages of neighbours, P/2 comparators and P/2 - 1 in turn."""
    half = 2**q // 2
    yield half, half
    yield half, half - 1


NETWORKS: dict[str, Callable[[int], Stages]] = {
    "bitonic": _bitonic,
    "odd_even_merge": _odd_even_merge,
    "odd_even_transposition": _odd_even_transposition,
}


def network_stages(network: str, n: int) -> int:
    """Return the stages of a network that sorts n values: its depth, and its latency fully unrolled.

    Examples
    --------
    196 values take 2^8 wires and 8 * 9 / 2 stages.

    >>> network_stages("bitonic", 196)
    36
    """
    return sum(stages for stages, _ in _network(network, n))


def network_comparators(network: str, n: int) -> int:
    """Return the comparators of a network that sorts n values, each stage with its own.

    Examples
    --------
    36 stages of 128; (8 * 8 - 8 + 4) * 2^6 - 1.

    >>> network_comparators("bitonic", 196), network_comparators("odd_even_merge", 196)
    (4608, 3839)
    """
    return sum(stages * each for stages, each in _network(network, n))


def sort_cycles(network: str, n: int, comparators: int) -> int:
    """Return the clocks that sort n values with so many comparators, which work stage after stage.

    Parameters
    ----------
    network : {'bitonic', 'odd_even_merge', 'odd_even_transposition'}
    n, comparators : int
        Values and physical comparators, at least 1.

    Examples
    --------
    36 stages of 128 comparisons on 64 comparators; 256 stages of 128 or 127.

    >>> sort_cycles("bitonic", 196, 64), sort_cycles("odd_even_transposition", 196, 64)
    (72, 512)
    """
    check_integer("comparators", comparators, 1)
    return sum(stages * -(-each // comparators) for stages, each in _network(network, n))


def _network(network: str, n: int) -> Stages:
    return NETWORKS[check_choice("network", network, NETWORKS)](wire_bits(check_integer("n", n, 1)))


def average_cycles(unit: TokenDropSpec, rows: int, n: int) -> int:
    """Return C_avg of ``rows`` rows (heads) of n scores, hidden or not."""
    return rows * -(-n // unit.score_lanes)


def shuffle_cycles(unit: TokenDropSpec, tokens: int, width: int) -> int:
    """Return C_shuf of all tokens that arrive, kept and dropped."""
    return -(-width // unit.channels_per_port) * -(-tokens // unit.ports)


def normalise_cycles(unit: TokenDropSpec, width: int) -> int:
    """Return C_norm of one fused token: 0 for a sum."""
    return -(-width // unit.channels_per_port) + unit.divide_cycles if unit.fused_token == "mean" else 0


def dropping(unit: TokenDropSpec, tokens: int, width: int, heads: int, prefix: int = 1) -> Dropping:
    """Return the clocks of dropping tokens once, with the others fused.

    How many are kept does not matter: every token is read once.

    Parameters
    ----------
    unit : TokenDropSpec
    tokens, width, heads, prefix : int
        Tokens that arrive (prefix counted), their channels, attention heads, prefix tokens that are not sorted.

    Raises
    ------
    InputError
        A size is too small: at least one token beside the prefix.

    Examples
    --------
    6 * ceil(196/16), 36 * ceil(128/64), ceil(384/16) * ceil(197/12), ceil(384/16) + 20:

    >>> import pivotsim as ps
    >>> found = dropping(ps.load_hardware("zcu102").units.token_drop, tokens=197, width=384, heads=6)
    >>> found, found.cycles
    (Dropping(average_cycles=78, sort_cycles=72, shuffle_cycles=408, normalise_cycles=44), 602)
    """
    n = check_integer("tokens", tokens, check_integer("prefix", prefix, 0) + 1) - prefix
    width, heads = check_integer("width", width, 1), check_integer("heads", heads, 1)
    return Dropping(
        0 if unit.averaging_hidden else average_cycles(unit, heads, n),
        sort_cycles(unit.sort_network, n, unit.comparators),
        shuffle_cycles(unit, tokens, width),
        normalise_cycles(unit, width),
    )
