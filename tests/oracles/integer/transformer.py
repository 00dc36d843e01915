"""A Vision Transformer of integers, one image, one number at a time: loops over lists, no step, no view, no batch.

It reads the constants of an integer model by name, and of a plan which attentions run, the patches that go, and the
weights that masks leave.
"""

from tests.oracles.integer.arithmetic import activated, best_first, cut, norm_row, rescaled, softmax_row

Rows = list[list[int]]


class Oracle:
    """``numbers`` are the constants as lists by name; ``tensors`` what the last image computed, by the steps' names."""

    def __init__(self, constants, depth: int, heads: int, patch: int, activation: str = "gelu") -> None:
        self.numbers = {name: array.tolist() for name, array in constants.items()}
        self.depth, self.heads, self.patch, self.activation = depth, heads, patch, activation
        self.tensors: dict[str, Rows] = {}

    def logits(self, image, active, removed, kept) -> list[int]:
        """Return the logits of one image.

        ``image`` (channels, height, width) of integers; ``active`` encoders whose attention runs; ``removed`` encoder
        -> patches that go after its attention; ``kept`` "encoder.label" -> 1 where a weight stays, as rows.
        """
        self.tensors, self.kept = {}, kept
        x = self.embedded(image)
        for i in range(1, self.depth + 1):
            if i in active:
                x = self.attended(i, x)
            if removed.get(i):
                x = self.best(i, x, removed[i])
            x = self.fed_forward(i, x)
        self.tensors["norm"] = self.normed("norm", x)
        return self.sums("head", self.tensors["norm"][0])

    def embedded(self, image) -> Rows:
        channels, height, width = len(image), len(image[0]), len(image[0][0])
        rows = [list(row) for row in self.numbers["position.positions"]]
        scale, place = self.numbers["position.scale"], 1
        self.tensors["patch_embed"] = []
        for top in range(0, height, self.patch):
            for left in range(0, width, self.patch):
                pixels = [
                    image[c][top + dy][left + dx]
                    for c in range(channels)
                    for dy in range(self.patch)
                    for dx in range(self.patch)
                ]
                products = self.bytes("patch_embed", pixels)
                self.tensors["patch_embed"].append(products)
                for d, product in enumerate(products):
                    rows[place][d] = cut(rows[place][d] + rescaled(product, scale, 16), 16)
                place += 1
        self.tensors["position"] = rows
        return rows

    def attended(self, i: int, x: Rows) -> Rows:
        qkv = [self.bytes(f"{i}.qkv", row) for row in self.normed(f"{i}.norm1", x)]
        d = len(qkv[0]) // 3
        size = d // self.heads
        joined: Rows = [[] for _ in x]
        self.probabilities = []
        for head in range(self.heads):
            first = head * size
            query = [row[first : first + size] for row in qkv]
            key = [row[d + first : d + first + size] for row in qkv]
            value = [row[2 * d + first : 2 * d + first + size] for row in qkv]
            weights = []
            for q in query:
                scores = [rescaled(dot(q, k), self.numbers[f"{i}.qkt.scale"], 8) for k in key]
                weights.append(softmax_row(scores, self.numbers[f"{i}.softmax.table"]))
            self.probabilities.append(weights)
            for token, row in enumerate(weights):
                for channel in range(size):
                    total = dot(row, [v[channel] for v in value])
                    joined[token].append(rescaled(total, self.numbers[f"{i}.sv.scale"], 8))
        self.tensors |= {f"{i}.qkv": qkv, f"{i}.sv": joined}
        return self.added(f"{i}.residual1", x, [self.bytes(f"{i}.proj", row) for row in joined])

    def best(self, i: int, x: Rows, removed: int) -> Rows:
        patches = len(x) - 1
        scores = [sum(weights[0][1 + patch] for weights in self.probabilities) for patch in range(patches)]
        order = best_first(scores)[: patches - removed]
        self.tensors[f"{i}.gather"] = [x[0], *(x[1 + patch] for patch in order)]
        return self.tensors[f"{i}.gather"]

    def fed_forward(self, i: int, x: Rows) -> Rows:
        table = self.numbers[f"{i}.{self.activation}.table"]
        made = []
        for row in self.normed(f"{i}.norm2", x):
            hidden = [activated(v, table) for v in self.bytes(f"{i}.fc1", row)]
            made.append(self.bytes(f"{i}.fc2", hidden))
        return self.added(f"{i}.residual2", x, made)

    def added(self, name: str, x: Rows, branch: Rows) -> Rows:
        scale = self.numbers[f"{name}.scale"]
        self.tensors[name] = [
            [cut(a + rescaled(b, scale, 16), 16) for a, b in zip(one, other, strict=True)]
            for one, other in zip(x, branch, strict=True)
        ]
        return self.tensors[name]

    def normed(self, name: str, x: Rows) -> Rows:
        parts = [self.numbers[f"{name}.{part}"] for part in ("sizes", "multiplier", "addend")]
        return [norm_row(row, *parts) for row in x]

    def bytes(self, name: str, row: list[int]) -> list[int]:
        return [rescaled(total, self.numbers[f"{name}.scale"], 8) for total in self.sums(name, row)]

    def sums(self, name: str, row: list[int]) -> list[int]:
        weights, bias, kept = self.numbers[f"{name}.weights"], self.numbers[f"{name}.bias"], self.kept.get(name)
        result = []
        for column in range(len(bias)):
            total = bias[column]
            for k, value in enumerate(row):
                if kept is None or kept[k][column]:
                    total += value * weights[k][column]
            result.append(total)
        return result


def dot(a: list[int], b: list[int]) -> int:
    return sum(x * y for x, y in zip(a, b, strict=True))
