"""A ViT's forward pass of one image in numpy, from its state dict: loops over patches and heads, float64."""

import math

import numpy as np

LVVIT = [("conv1", "bn1", 2), ("conv2", "bn2", 1), ("conv3", "bn3", 1)]


def norm(x, weight, bias, eps=1e-6):
    return (x - x.mean(-1, keepdims=True)) / np.sqrt(x.var(-1, keepdims=True) + eps) * weight + bias


def softmax(x):
    e = np.exp(x - x.max(-1, keepdims=True))
    return e / e.sum(-1, keepdims=True)


def gelu(x):
    return np.vectorize(lambda v: 0.5 * v * (1 + math.erf(v / math.sqrt(2))))(x)


def convolved(image, weight, stride, padding, bias=0.0):
    """(C, H, W) to (O, H', W')."""
    image = np.pad(image, ((0, 0), (padding, padding), (padding, padding)))
    height, width = weight.shape[2:]
    down, right = stride
    rows, cols = (image.shape[1] - height) // down + 1, (image.shape[2] - width) // right + 1
    out = np.zeros((len(weight), rows, cols))
    for row in range(rows):
        for col in range(cols):
            window = image[:, row * down : row * down + height, col * right : col * right + width]
            out[:, row, col] = (weight * window).sum((1, 2, 3)) + bias
    return out


def embedded(w, image):
    if "patch_embed.conv1.weight" in w:
        for conv, bn, stride in LVVIT:
            weight = w[f"patch_embed.{conv}.weight"]
            image = convolved(image, weight, (stride, stride), weight.shape[2] // 2)
            mean, var, gain, shift = (
                w[f"patch_embed.{bn}.{k}"][:, None, None] for k in ("running_mean", "running_var", "weight", "bias")
            )
            image = np.maximum((image - mean) / np.sqrt(var + 1e-5) * gain + shift, 0)
    patch = w["patch_embed.proj.weight"]
    grid = convolved(image, patch, patch.shape[2:], 0, w["patch_embed.proj.bias"])
    return np.array([grid[:, r, c] for r in range(grid.shape[1]) for c in range(grid.shape[2])])


def attended(w, x, heads):
    """Return the attention's output, and Q, K, V (H, N, d)."""
    width = x.shape[1]
    d = width // heads
    qkv = x @ w["attn.qkv.weight"].T + w.get("attn.qkv.bias", 0.0)
    q, k, v = (
        np.array([qkv[:, part * width + h * d : part * width + (h + 1) * d] for h in range(heads)]) for part in range(3)
    )
    outputs = [softmax(q[h] @ k[h].T / math.sqrt(d)) @ v[h] for h in range(heads)]
    return np.concatenate(outputs, axis=1) @ w["attn.proj.weight"].T + w["attn.proj.bias"], (q, k, v)


def fed(w, x, activation=gelu):
    if "mlp.w12.weight" in w:
        y = x @ w["mlp.w12.weight"].T + w["mlp.w12.bias"]
        hidden = y.shape[1] // 2
        gate = y[:, :hidden]
        return (gate / (1 + np.exp(-gate)) * y[:, hidden:]) @ w["mlp.w3.weight"].T + w["mlp.w3.bias"]
    return activation(x @ w["mlp.fc1.weight"].T + w["mlp.fc1.bias"]) @ w["mlp.fc2.weight"].T + w["mlp.fc2.bias"]


def logits(state, model, image, active=None, cut=lambda encoder, place, x, qkv: x):
    """Logits of one image (C, px, px); ``cut(encoder, 'before' | 'between', tokens, qkv)`` reduces tokens."""
    w = {name: np.asarray(values, dtype=np.float64) for name, values in state.items()}
    p = model.prefix_tokens
    prefix = [w[name][0] for name in ("cls_token", "dist_token", "reg_token") if name in w]
    x = np.concatenate([*prefix, embedded(w, image)]) + w["pos_embed"][0]
    activation = {"gelu": gelu, "relu": lambda v: np.maximum(v, 0)}[model.activation]
    branch = 0.5 if model.stem == "lvvit_4_2" else 1.0
    for i in range(model.depth):
        b = {name.removeprefix(f"blocks.{i}."): v for name, v in w.items() if name.startswith(f"blocks.{i}.")}
        qkv = None
        x = cut(i + 1, "before", x, qkv)
        if active is None or i + 1 in active:
            y, qkv = attended(b, norm(x, b["norm1.weight"], b["norm1.bias"]), model.heads)
            x = x + branch * y * b.get("ls1.gamma", 1.0)
        x = cut(i + 1, "between", x, qkv)
        x = x + branch * fed(b, norm(x, b["norm2.weight"], b["norm2.bias"]), activation) * b.get("ls2.gamma", 1.0)
    x = norm(x, w["norm.weight"], w["norm.bias"])
    features = x[0] if p else x.mean(0)
    if model.head_features == 2 * model.width:
        features = np.concatenate([features, x[p:].mean(0)])
    out = w["head.weight"] @ features + w["head.bias"]
    if "head_dist.weight" in w:
        return (out + w["head_dist.weight"] @ x[1] + w["head_dist.bias"]) / 2
    if "aux_head.weight" in w:
        out = out + 0.5 * (x[p:] @ w["aux_head.weight"].T + w["aux_head.bias"]).max(0)
    return out
