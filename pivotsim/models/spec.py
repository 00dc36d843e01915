"""The Vision Transformer: sizes, switches, and the parameters that follow from them."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from pivotsim.io.documents import load_document
from pivotsim.io.spec_values import leaves, replaced, value_at
from pivotsim.io.specs import validate
from pivotsim.models.parameters import (
    attention_parameters,
    embedding_parameters,
    head_parameters,
    mlp_parameters,
    pooling_parameters,
)
from pivotsim.models.vit_sizes import VitSizes
from pivotsim.tables import Printable, Table

# left out of what hashes are made of where they have their default, so that hashes from before them stay
_LATER = (
    "patch_edge", "register_tokens", "positions", "prefix_positions", "norm", "qk_norm", "mlp_norm", "pool", "k_bias",
)  # fmt: skip


class VitModel(Printable, VitSizes):
    """A Vision Transformer as timm describes it; see ``pivotsim show model NAME``."""

    def _tables(self) -> tuple[Table]:
        rows = [(path, value_at(self, path), unit) for path, unit, _ in leaves(type(self))][3:]
        rows += [("tokens", self.tokens, "tokens"), ("parameters", f"{self.parameters:,}", "")]
        return (Table(f"{self.name}: {self.description}", ("size", "", "unit"), rows, (1,)),)

    def described(self) -> dict[str, Any]:
        """Return every value for hashes; what models of version 0.1 had not, only where it is not the default."""
        values = self.model_dump()
        usual = {name: type(self).model_fields[name].default for name in _LATER}
        usual["head_size"] = self.width // self.heads
        return {name: value for name, value in values.items() if name not in usual or value != usual[name]}

    @property
    def encoder_parameters(self) -> int:
        """Weights and biases of one encoder, norms included."""
        return attention_parameters(self) + mlp_parameters(self, self.mlp_hidden)

    @property
    def parameters(self) -> int:
        """Weights and biases of the whole model: stem, tokens, positions, encoders, pooling, final norm, heads."""
        ends = embedding_parameters(self) + pooling_parameters(self)
        return ends + self.depth * self.encoder_parameters + head_parameters(self)

    def replace(self, changes: Mapping[str, object], *, label: str = "replace") -> "VitModel":
        """Return a copy with values changed and validated, as in ``{"depth": 17}``.

        Raises
        ------
        InputError
            A name is unknown (the nearest valid one is given) or a value does not fit.

        Examples
        --------
        >>> load_model("lvvit_s").replace({"depth": 17}).depth
        17
        """
        return replaced(self, changes, label)


def load_model(source: "str | Path | Mapping[str, object] | VitModel") -> VitModel:
    """Return a validated model from a name, a path or a dict of the YAML file's form.

    Parameters
    ----------
    source : str, Path, mapping or VitModel
        A name (``"deit_s"``) is looked up in $PIVOTSIM_PATH, then among the package's own.

    Returns
    -------
    VitModel

    Raises
    ------
    InputError
        One line per problem: ``file:line: key: problem (got X), nearest valid name``.

    Examples
    --------
    >>> model = load_model("deit_s")
    >>> model.tokens, model.width, model.parameters
    (197, 384, 22050664)
    """
    if isinstance(source, VitModel):
        return source
    document = load_document("workloads", "model", source)
    own_name = document.places.get(("name",), "").startswith(f"{document.name}:")
    if document.places and not own_name:  # a base's name is not that of what builds on it
        document = replace(document, data={**document.data, "name": Path(document.name).stem})
    return validate(VitModel, document)
