"""The token-pruning method the slow way: loops over heads, queries and tokens; schedules by trying every count."""

import math


def softmax(row):
    largest = max(row)
    powers = [math.exp(x - largest) for x in row]
    return [p / math.fsum(powers) for p in powers]


REDUCE = {"max": max, "mean": lambda xs: math.fsum(xs) / len(xs), "sum": math.fsum}


def attention_received(q, k, prefix, reduction="max"):
    """Attention that each patch receives from patches: heads reduced, summed over queries; one image."""
    heads, tokens, channels = len(q), len(q[0]), len(q[0][0])
    rows = [
        [
            softmax(
                [sum(q[h][i][c] * k[h][j][c] for c in range(channels)) / math.sqrt(channels) for j in range(tokens)]
            )
            for i in range(tokens)
        ]
        for h in range(heads)
    ]
    return [
        math.fsum(REDUCE[reduction]([rows[h][i][j] for h in range(heads)]) for i in range(prefix, tokens))
        for j in range(prefix, tokens)
    ]


def value_term(v, prefix, reduction="max"):
    """Softmax over all tokens of the channel sum of the heads' values reduced; prefix entries dropped at the end."""
    heads, tokens, channels = len(v), len(v[0]), len(v[0][0])
    reduce = REDUCE[reduction]
    sums = [math.fsum(reduce([v[h][i][c] for h in range(heads)]) for c in range(channels)) for i in range(tokens)]
    return softmax(sums)[prefix:]


def importance(q, k, v, prefix, divisor=None, feature="v", reduction="max"):
    received = attention_received(q, k, prefix, reduction)
    divisor = divisor or max(received)
    term = value_term({"q": q, "k": k, "v": v}[feature], prefix, reduction)
    return [a / divisor + s for a, s in zip(received, term, strict=True)]


def merged(tokens, scores, removed, prefix):
    """Prefix, the most important patches in falling order, and the mean of the rest; unchanged where it cannot."""
    kept_count = len(tokens) - removed - 1 - prefix
    if removed == 0 or kept_count <= prefix:
        return tokens
    order = sorted(range(len(scores)), key=lambda j: (-scores[j], j))
    kept, rest = order[:kept_count], order[kept_count:]
    width = len(tokens[0])
    mean = [math.fsum(tokens[prefix + j][c] for j in rest) / len(rest) for c in range(width)]
    return tokens[:prefix] + [tokens[prefix + j] for j in kept] + [mean]


def best_count(counts, latency, accuracy, alpha):
    """The count of the greatest utility, of equals the greatest count, by trying each."""
    slowest, highest = max(latency), max(accuracy)
    best = None
    for n, ms, percent in zip(counts, latency, accuracy, strict=True):
        of_latency = 1 - ms / slowest if slowest else 0.0
        of_accuracy = percent / highest if highest else 0.0
        utility = alpha * of_latency + (1 - alpha) * of_accuracy
        if best is None or utility > best[0] or (utility == best[0] and n > best[1]):
            best = (utility, n)
    return best[1]
