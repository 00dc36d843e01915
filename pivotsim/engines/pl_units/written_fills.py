"""Fill of the units in Verilog: clocks from a beat to its answer, which are ``fill_cycles`` of a unit's model."""

from collections.abc import Callable

from pivotsim.errors import check_choice, check_integer

DIVIDE_CYCLES = 14  # of token dropping, from the last read to the fused token's first channels


def _softmax(lanes: int, longest: int) -> int:
    span = (longest + lanes - 2) // lanes + 1  # beats that a row may touch
    return 2 * span + 13


# unit -> clocks, from its lanes and the elements of the longest row that it is built for
FILLS: dict[str, Callable[[int, int], int]] = {
    "softmax": _softmax,
    "activation": lambda lanes, longest: 1,
    "layer_norm": lambda lanes, longest: -(-longest // lanes) + 29,
    "residual_add": lambda lanes, longest: 3,
}


def written_fill_cycles(unit: str, lanes: int, longest: int = 1) -> int:
    """Return the fill of a written unit.

    Softmax and LayerNorm hold a row until they know its maximum and sum, its mean and deviation: for as many clocks as
    the longest row takes, whichever row comes.

    Parameters
    ----------
    unit : {'softmax', 'activation', 'layer_norm', 'residual_add'}
    lanes : int
        Elements a clock.
    longest : int
        Elements of the longest row that it is built for.

    Examples
    --------
    197 scores touch at most 14 beats of 16; 384 channels are 24.

    >>> written_fill_cycles("softmax", 16, 197), written_fill_cycles("layer_norm", 16, 384)
    (41, 53)
    """
    fill = FILLS[check_choice("unit", unit, FILLS)]
    return fill(check_integer("lanes", lanes, 1), check_integer("longest", longest, 1))
