"""Token reductions written out one token at a time: no sorting kernel, no gather, no batch."""

import math

import numpy as np


def attention_of(query, key):
    """(H, N, d) twice to (H, N, N), a row per query."""
    heads, tokens, channels = query.shape
    attention = np.zeros((heads, tokens, tokens))
    for h in range(heads):
        for i in range(tokens):
            scores = [math.fsum(query[h, i] * key[h, j]) / math.sqrt(channels) for j in range(tokens)]
            weights = [math.exp(s - max(scores)) for s in scores]
            attention[h, i] = [w / math.fsum(weights) for w in weights]
    return attention


def attention_received(attention, prefix):
    """Largest over heads of each pair, summed over patch queries; of each patch, not divided."""
    patches = range(prefix, attention.shape[1])
    return [math.fsum(max(head[i, j] for head in attention) for i in patches) for j in patches]


def value_term(value, prefix):
    """Softmax over all tokens of the sum over channels of the largest V over heads; of each patch."""
    heads, tokens, channels = value.shape
    sums = [math.fsum(max(value[h, i, c] for h in range(heads)) for c in range(channels)) for i in range(tokens)]
    weights = [math.exp(s - max(sums)) for s in sums]
    return [w / math.fsum(weights) for w in weights][prefix:]


def importance(attentions, values, prefix, batch_max=False):
    """Scores of every image of a batch; lists of one float per patch."""
    received = [attention_received(a, prefix) for a in attentions]
    scores = []
    for image, value in zip(received, values, strict=True):
        largest = max(max(r) for r in received) if batch_max else max(image)
        scores.append([r / largest + v for r, v in zip(image, value_term(value, prefix), strict=True)])
    return scores


def ranked(scores):
    """Places in descending order of score, earlier ones first among equals."""
    return sorted(range(len(scores)), key=lambda place: (-scores[place], place))


def single_layer(x, scores, prefix, removed):
    """One image's tokens (N, D) after the removal of R."""
    kept = len(x) - removed - 1 - prefix
    if removed == 0 or kept <= prefix:
        return x
    order = ranked(scores)
    inattentive = sum(x[prefix + j] for j in order[kept:]) / (removed + 1)
    return np.array([*x[:prefix], *(x[prefix + j] for j in order[:kept]), inattentive])


def class_row(attention, prefix):
    """Attention of the class token to each patch, mean over heads."""
    return [sum(head[0, j] for head in attention) / len(attention) for j in range(prefix, attention.shape[1])]


def top_k(x, scores, prefix, removed):
    kept = len(x) - removed - prefix
    if removed == 0 or kept <= prefix:
        return x
    return np.array([*x[:prefix], *(x[prefix + j] for j in ranked(scores)[:kept])])


def evit(x, scores, prefix, keep_rate, fuse):
    patches = len(x) - prefix
    kept = math.ceil(keep_rate * patches)
    if kept >= patches:
        return x
    order = ranked(scores)
    fused = [sum(scores[j] * x[prefix + j] for j in order[kept:])] if fuse else []
    return np.array([*x[:prefix], *(x[prefix + j] for j in order[:kept]), *fused])


def merge_pairs(x, sizes, key, prefix, removed):
    """ToMe on one image: tokens (N, D), sizes (N,), keys (H, N, d); returns tokens and sizes."""
    tokens = len(x)
    removed = min(removed, (tokens - prefix) // 2)
    directions = []
    for i in range(tokens):
        mean = sum(head[i] for head in key) / len(key)
        directions.append(mean / math.sqrt(float(mean @ mean)))
    edges = []
    for a in range(prefix, tokens):
        if a % 2 == 0:
            options = [(float(directions[a] @ directions[b]), -b) for b in range(prefix, tokens) if b % 2 == 1]
            if options:
                strength, minus_b = max(options)
                edges.append((strength, a, -minus_b))
    strongest = sorted(edges, key=lambda edge: (-edge[0], edge[1]))[:removed]
    groups = {i: [i] for i in range(tokens)}
    for _, a, b in strongest:
        del groups[a]
        groups[b].append(a)
    order = [*range(prefix)]
    order += [i for i in range(prefix, tokens) if i % 2 == 0 and i in groups]
    order += [i for i in range(prefix, tokens) if i % 2 == 1]
    if removed == 0:
        order = [*range(tokens)]
    totals = [sum(sizes[i] for i in groups[g]) for g in order]
    merged = [sum(sizes[i] * x[i] for i in groups[g]) / t for g, t in zip(order, totals, strict=True)]
    return np.array(merged), np.array(totals)
