"""Section 4.3's saving at the first layer, whose baseline the paper does not print."""

from pivotsim.hardware.kinds.gpu import GpuSpec
from pivotsim.published.tokens.claims import MODELS, Table, TokenClaim
from pivotsim.published.tokens.latency import latency_ms
from pivotsim.workload.plans import plan

DEVICE, BATCH = "AGX Orin", 1  # [inferred] of Table 5's first rows


def first_layer_saving(
    claim: TokenClaim, table: Table, gpus: dict[str, GpuSpec], predicted_ms: float | None
) -> tuple[float | None, str]:
    """Return the wave model's saving in percent, and which baseline the claim implies beside those of the wave model.

    ``predicted_ms`` is the wave model's latency of the row. The saving is against a whole model that does not score, as
    every printed baseline is.
    """
    row = table.one("latency", where="table5", batch=BATCH, encoder=1)
    assert row is not None and row.number and claim.number  # Table 5 has it
    whole, gpu = plan(MODELS[row.model]), gpus[DEVICE]
    plain, scored = (latency_ms(whole, BATCH, gpu, flag) for flag in (False, True))
    implied = row.number / (1 - claim.number / 100)
    reason = (
        f"no baseline at batch 1 is printed; {row.text} ms imply one of {implied:.1f} ms; the wave model has "
        f"{plain:.1f} ms ({100 * (plain / implied - 1):+.1f} %), and {scored:.1f} ms "
        f"({100 * (scored / implied - 1):+.1f} %) if every block of the whole model scored, which is the case of no "
        "baseline that is printed"
    )
    return None if predicted_ms is None else 100 * (1 - predicted_ms / plain), reason
