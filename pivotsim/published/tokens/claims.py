"""The claims of Eliopoulos et al. (arXiv 2407.05941) as data: each number with the row that it stands in.

What a table does not state and another one implies is marked: ``inferred`` names those columns of the row.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from pivotsim.published.base.claims import Claim, load_table

OURS, BASELINE = "Ours", "baseline"
MODELS = {"DeiT-S": "deit_s", "DeiT-B": "deit_b", "DinoV2-G": "dinov2_g"}
GPUS = {"TX2": "gpu/tx2", "AGX Orin": "gpu/agx_orin", "A100": "gpu/a100"}

# Accuracy of the whole models, which the paper does not print: DeiT and DINOv2 (ViT-g/14, linear), their repositories.
WHOLE_TOP1_PCT = {"DeiT-S": 79.8, "DeiT-B": 81.8, "DinoV2-G": 86.5}


@dataclass(frozen=True)
class TokenClaim(Claim):
    """One number of the paper with its row: device, batch, method, hyperparameter, and the encoder that prunes."""

    device: str
    batch: int | None
    method: str
    parameter: str
    encoder: int | None
    inferred: tuple[str, ...]

    @property
    def setting(self) -> tuple[object, ...]:
        """What decides a latency: device, batch, model, method, hyperparameter, encoder."""
        return (self.device, self.batch, *self.accuracy_setting)

    @property
    def accuracy_setting(self) -> tuple[object, ...]:
        """What decides an accuracy; neither device nor batch does."""
        return (self.model, self.method, self.parameter, self.encoder)

    @property
    def removed(self) -> int | None:
        """R of a row of the paper's own method; None for others."""
        name, _, value = self.parameter.partition("=")
        return int(value) if name == "R" else None

    @property
    def marks(self) -> str:
        """`` (... inferred)`` where the row's place is not printed, or nothing."""
        return f" ({' and '.join(self.inferred)} inferred)" if self.inferred else ""


def load_token_claims() -> list[TokenClaim]:
    """Return the claims in the file's order: tables first, then prose."""
    return [
        TokenClaim(
            r["id"], r["where"], r["model"], r["quantity"], r["value"], r["unit"], r["note"], r["device"],
            _count(r["batch"]), r["method"], r["parameter"], _count(r["encoder"]), tuple(r["inferred"].split()),
        )
        for r in load_table("tokens/claims.csv")
    ]  # fmt: skip


def _count(text: str) -> int | None:
    return int(text) if text else None


class Table:
    """The claims, found by what they say."""

    def __init__(self, claims: list[TokenClaim]) -> None:
        self.claims = claims

    def of(self, quantity: str, **fields: object) -> Iterator[TokenClaim]:
        """Yield the claims of a quantity whose fields have the given values."""
        for claim in self.claims:
            if claim.quantity == quantity and all(getattr(claim, name) == v for name, v in fields.items()):
                yield claim

    def one(self, quantity: str, **fields: object) -> TokenClaim | None:
        """Return the first such claim, None where there is none."""
        return next(self.of(quantity, **fields), None)

    def number(self, quantity: str, **fields: object) -> float:
        """Return the number of the first such claim."""
        found = self.one(quantity, **fields)
        if found is None or found.number is None:
            raise LookupError(f"no {quantity} with {fields}")
        return found.number

    def baseline(self, claim: TokenClaim) -> TokenClaim | None:
        """Return the latency of the whole model that a row is compared with: its own table's, or the first one's."""
        same = {"device": claim.device, "batch": claim.batch, "model": claim.model, "method": BASELINE}
        return self.one("latency", where=claim.where, **same) or self.one("latency", **same)
