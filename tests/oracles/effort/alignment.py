"""CKA and unbiased HSIC the slow way: plain loops over images and features, no matrix in sight."""

from itertools import permutations

Rows = list[list[float]]


def gram(rows: Rows) -> Rows:
    return [[sum(a * b for a, b in zip(x, y, strict=True)) for y in rows] for x in rows]


def centred(rows: Rows) -> Rows:
    means = [sum(column) / len(rows) for column in zip(*rows, strict=True)]
    return [[value - mean for value, mean in zip(row, means, strict=True)] for row in rows]


def hsic(x: Rows, y: Rows) -> float:
    k, g = gram(centred(x)), gram(centred(y))
    total = 0.0
    for i in range(len(k)):
        for j in range(len(k)):
            total += k[i][j] * g[i][j]
    return total


def cka(x: Rows, y: Rows) -> float:
    return hsic(x, y) / (hsic(x, x) * hsic(y, y)) ** 0.5


def unbiased_hsic(x: Rows, y: Rows) -> float:
    """HSIC_1 as the mean that it is: over all ordered choices of four different images (Song et al., 2012)."""
    k, g = gram(x), gram(y)
    total, count = 0.0, 0
    for i, j, q, r in permutations(range(len(k)), 4):
        total += k[i][j] * (g[i][j] + g[q][r] - 2 * g[i][q])
        count += 1
    return total / count


def minibatch_cka(xs: list[Rows], ys: list[Rows]) -> float:
    def mean(a: list[Rows], b: list[Rows]) -> float:
        return sum(unbiased_hsic(x, y) for x, y in zip(a, b, strict=True)) / len(a)

    return mean(xs, ys) / (mean(xs, xs) * mean(ys, ys)) ** 0.5
