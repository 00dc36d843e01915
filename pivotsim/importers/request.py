"""What a user asks of an import: layers to leave out, tokens of each expert; and operators that nobody here knows."""

from collections.abc import Iterable

from pivotsim.errors import InputError, check_integer

SHOWN = 10
_REASONS = {  # part of an operator's name -> what it is
    "lstm": ", a recurrent layer,",
    "gru": ", a recurrent layer,", "rnn": ", a recurrent layer,",
}  # fmt: skip


class Request:
    """What ``skip`` names and ``experts`` states, and what was met that is unknown.

    A name covers the layer and all below it: ``blocks.3`` covers ``blocks.3.attn``. ``experts`` are the tokens of each
    expert of a mixture; left out, they are spread evenly.
    """

    def __init__(self, layers: Iterable[str] = (), experts: Iterable[int] = ()) -> None:
        self.layers = tuple(layers)
        self.experts = tuple(check_integer("experts", tokens, 0) for tokens in experts)
        self.met: dict[str, None] = {}  # of the names, those that were found
        self.refused: dict[tuple[str, str], int] = {}  # (layer, operator) -> how often

    def leaves_out(self, layer: str) -> bool:
        """Whether a layer is one of those to leave out."""
        for name in self.layers:
            if layer == name or layer.startswith(name + "."):
                self.met[name] = None
                return True
        return False

    def unknown(self, layer: str, origin: str) -> str:
        """Note an operator that is unknown; return what stands for it, which costs nothing."""
        if not self.leaves_out(layer):
            self.refused[layer, origin] = self.refused.get((layer, origin), 0) + 1
        return "free"

    def check(self, name: str) -> None:
        """Raise InputError where operators were unknown, or where nothing of a name to skip was found."""
        lines = [
            f"{name}: layer '{layer}': operator {origin}{_reason(origin)} is not known here, so its work "
            f"would be missing; skip it by name where that is right (skip '{layer}')"
            for layer, origin in list(self.refused)[:SHOWN]
        ]
        if len(self.refused) > SHOWN:
            lines.append(f"{name}: {len(self.refused) - SHOWN} more layers hold operators that are not known here")
        lines += [
            f"{name}: skip: no layer has this name, nor starts with it (got {x})"
            for x in self.layers
            if x not in self.met
        ]
        if lines:
            raise InputError(lines)


def _reason(origin: str) -> str:
    return next((reason for part, reason in _REASONS.items() if part in origin.lower()), "")
