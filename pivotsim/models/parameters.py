"""Parameters of a Vision Transformer by part: weights, biases, norms, tokens and positions."""

from pivotsim.models.stems import LVVIT_STEM, LVVIT_STEM_STRIDE, LVVIT_STEM_WIDTH
from pivotsim.models.vit_sizes import VitSizes


def norm_parameters(model: VitSizes, features: int) -> int:
    """Return those of one norm: LayerNorm has a factor and an offset per feature, RMSNorm the factor alone."""
    return features * (2 if model.norm == "layernorm" else 1)


def bias_of(model: VitSizes, label: str, n: int) -> int:
    """Return the biases of an encoder's weight matrix of ``n`` outputs, by its label."""
    if label not in ("qkv", "q", "k", "v"):
        return n
    if not model.qkv_bias:
        return 0
    return n if model.k_bias else {"qkv": n - n // 3, "k": 0}.get(label, n)


def embedding_parameters(model: VitSizes) -> int:
    """Return those of stem, patch projection, prefix and register tokens, and positions."""
    d, inputs, stem = model.width, model.channels, 0
    height, width = model.patch_sides
    if model.stem == "lvvit_4_2":
        stem = sum(kernel * kernel * i * o + 2 * o for kernel, _, i, o in LVVIT_STEM)
        inputs, height, width = LVVIT_STEM_WIDTH, height // LVVIT_STEM_STRIDE, width // LVVIT_STEM_STRIDE
    return stem + height * width * inputs * d + d + (model.leading_tokens + model.positioned_tokens) * d


def attention_parameters(model: VitSizes) -> int:
    """Return those of an encoder's attention: its norms, projections and LayerScale."""
    d, inner = model.width, model.heads * model.head_size
    projections = d * 3 * inner + bias_of(model, "qkv", 3 * inner) + inner * d + d
    norms = norm_parameters(model, d) + (2 * norm_parameters(model, model.head_size) if model.qk_norm else 0)
    return norms + projections + (d if model.layer_scale else 0)


def mlp_parameters(model: VitSizes, hidden: int) -> int:
    """Return those of an encoder's MLP of ``hidden`` neurons: its norms, layers and LayerScale."""
    d, branches = model.width, 2 if model.gated_mlp else 1
    norms = norm_parameters(model, d) + (norm_parameters(model, hidden) if model.mlp_norm else 0)
    return norms + branches * (d * hidden + hidden) + hidden * d + d + (d if model.layer_scale else 0)


def pooling_weights(model: VitSizes) -> int:
    """Return the elements of attention pooling's weight matrices: Q, K, V, projection and MLP; 0 for other pooling."""
    return 4 * model.width**2 + 2 * model.width * model.mlp_hidden if model.pool == "attention" else 0


def pooling_parameters(model: VitSizes) -> int:
    """Return those of attention pooling: the latent query, weights and biases, a norm; 0 for other pooling."""
    if model.pool != "attention":
        return 0
    biases = 4 * model.width + model.mlp_hidden + model.width
    return model.width + pooling_weights(model) + biases + norm_parameters(model, model.width)


def head_parameters(model: VitSizes) -> int:
    """Return those of the final norm, the head and the second head; without classes there is the norm alone."""
    norm = norm_parameters(model, model.width)
    head = (model.head_features + 1) * model.classes
    return norm + head + ((model.width + 1) * model.classes if model.aux_head else 0)
