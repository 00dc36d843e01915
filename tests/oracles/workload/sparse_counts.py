"""What masks leave, counted one by one: multiply-accumulates, elements, stored bytes, ViTCoD's split."""


def macs(kept, operand: str, m: int, k: int, n: int) -> int:
    """Visit every product (m, k, n) and ask whether the element that decides it is kept; rows of booleans."""
    left = 0
    for row in range(m):
        for inner in range(k):
            for col in range(n):
                place = {"a": (row, inner), "b": (inner, col), "out": (row, col)}[operand]
                left += bool(kept[place[0]][place[1]])
    return left


def elements_of_blocks(blocks, block: int, height: int, width: int) -> list:
    """Spell a block mask out element by element."""
    return [[bool(blocks[row // block][col // block]) for col in range(width)] for row in range(height)]


def stored_bytes(blocks, block: int, weight_bytes: int) -> tuple[int, int, int]:
    """Walk block-sparse columns: a pointer where each starts and one at the end, an index and a block per entry."""
    rows, cols = len(blocks), len(blocks[0])
    index_bytes = 0
    while 256**index_bytes < rows:  # bytes that can tell all block rows apart
        index_bytes += 1
    payload = index = 0
    pointers = 4
    for col in range(cols):
        pointers += 4
        for row in range(rows):
            if blocks[row][col]:
                index += index_bytes
                for _ in range(block * block):
                    payload += weight_bytes
    return payload, index, pointers


def split(kept, threshold: int) -> tuple[list[int], int]:
    """Return the global keys of one head and the kept entries of the others."""
    tokens = len(kept)
    dense, rest = [], 0
    for key in range(tokens):
        entries = sum(bool(kept[query][key]) for query in range(tokens))
        if entries > threshold:
            dense.append(key)
        else:
            rest += entries
    return dense, rest
