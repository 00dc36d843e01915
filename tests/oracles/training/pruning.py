"""Pruning by scores in the slowest obvious way: one block, one neuron, one head after the other."""

import math

import numpy as np


def kept_blocks(scores, density):
    """Which of a matrix's blocks stay: again and again the best that is left, the first among equals."""
    rows, columns = scores.shape
    kept = np.zeros((rows, columns), dtype=bool)
    for _ in range(math.ceil(density * rows * columns)):
        best = None
        for row in range(rows):
            for column in range(columns):
                if not kept[row, column] and (best is None or scores[row, column] > scores[best]):
                    best = row, column
        kept[best] = True
    return kept


def masked(weight, kept, height, width):
    """The weights, 0 in the blocks of height x width that do not stay."""
    out = weight.copy()
    for row in range(weight.shape[0]):
        for column in range(weight.shape[1]):
            if not kept[row // height, column // width]:
                out[row, column] = 0
    return out


def score_gradients(weight, gradient, height, width):
    """Gradient of each block's score, from that of the masked weights: as if the mask were the score."""
    out = np.zeros((weight.shape[0] // height, weight.shape[1] // width))
    for row in range(weight.shape[0]):
        for column in range(weight.shape[1]):
            out[row // height, column // width] += gradient[row, column] * weight[row, column]
    return out


def density(step, steps, final, initial_frac, final_frac):
    """Density by the schedule's text: the steps of each part counted one by one."""
    at_one = sum(1 for s in range(steps) if s + 1 <= initial_frac * steps)
    at_final = max(1, sum(1 for s in range(steps) if s + 1 <= final_frac * steps))
    if step >= steps - at_final:
        return final
    if step < at_one:
        return 1.0
    between = steps - at_one - at_final
    return final + (1 - final) * (1 - (step - at_one) / between) ** 3


def dead_heads(qkv, proj, heads):
    """Heads whose part of W_q, W_k, W_v (one above the other) or W_proj is 0; the first stays if all are."""
    width = proj.shape[0]
    d = width // heads
    dead = []
    for head in range(heads):
        own = [qkv[part * width + head * d : part * width + (head + 1) * d] for part in range(3)]
        own.append(proj[:, head * d : (head + 1) * d])
        if any(all(value == 0 for value in part.flatten()) for part in own):
            dead.append(head)
    return dead[1:] if len(dead) == heads else dead


def dropped(x, attention, keep_rate):
    """Parikh et al.'s token dropping of one image: x (N, D), attention (H, N, N) to ceil(r (N - 1)) + 2 tokens."""
    heads, tokens, _ = attention.shape
    scores = [sum(attention[head][0][token] for head in range(heads)) / heads for token in range(1, tokens)]
    order = sorted(range(tokens - 1), key=lambda token: -scores[token])
    stay = math.ceil(keep_rate * (tokens - 1))
    if stay >= tokens - 1:
        return x
    fused = np.zeros(x.shape[1])
    for token in order[stay:]:
        fused = fused + scores[token] * x[1 + token]
    return np.array([x[0], *(x[1 + token] for token in order[:stay]), fused])
