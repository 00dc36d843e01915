"""The plans that the sample of the digits is trained for, and the threshold of its gate."""

import pivotsim as ps

LOW_ACTIVE = (1, 2, 4, 6)  # the best path of four attentions, by CKA
THRESHOLD = 0.05  # of normalised entropy


def digits_plans():
    """Return {name: plan}: what was trained together."""
    whole = ps.plan("digits_vit")
    return {
        "whole": whole,
        "low": ps.skip_attention(whole, active=LOW_ACTIVE),
        "tokens": ps.prune_tokens(whole, "top_k", r=4, encoders=(2, 5)),
        "blocks": ps.prune_blocks(whole, block=8, density=0.5),
    }
