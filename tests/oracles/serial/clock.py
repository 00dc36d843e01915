"""The serial tile machine once more, the slow way: loops over tiles, heads, bursts and beats."""


def beats(address, size, beat_bytes):
    """Count the aligned beats that hold any of the bytes."""
    found, at = 0, address - address % beat_bytes
    while at < address + size:
        found, at = found + 1, at + beat_bytes
    return found


def clocks(work, spec):
    """Walk through all tiles and return a dict of clocks by part, with bursts and beats."""
    port, width = spec["port"], -(-spec["operand_bits"] // 8)
    found = dict.fromkeys(
        ("tiles", "read_bursts", "read_beats", "write_bursts", "write_beats", "a", "b", "bias", "multiply", "post",
         "write_back", "control"), 0,
    )  # fmt: skip
    m, k, n, heads = work["m"], work["k"], work["n"], work["heads"]
    out = spec["sum_bytes"] if work["is_sum"] else width

    def read(part, address, size):
        length = beats(address, size, port["beat_bytes"])
        found["read_bursts"] += 1
        found["read_beats"] += length
        found[part] += port["read_burst_clocks"] + length * port["read_beat_clocks"]

    def write(address, size):
        length = beats(address, size, port["beat_bytes"])
        found["write_bursts"] += 1
        found["write_beats"] += length
        found["write_back"] += port["write_burst_clocks"] + length * port["write_beat_clocks"]

    def tile(rows, blocks):
        """One tile: its rows, and (head, columns) of each bank, None where a bank has nothing."""
        found["tiles"] += 1
        for head in dict.fromkeys(block[0] for block in blocks if block):
            for row in rows:
                read("a", (head * m + row) * k * width, k * width)
        phases = spec["tile_phases"]
        for block in blocks:
            if block is None:
                phases += 1
                continue
            head, cols = block
            if work["transposed"]:
                for col in cols:
                    read("b", (head * n + col) * k * width, k * width)
            else:
                for step in range(k):
                    read("b", ((head * k + step) * n + cols[0]) * width, len(cols) * width)
        if work["has_bias"]:
            phases += 1
            for block in blocks:
                if block is None:
                    phases += 1
                else:
                    head, cols = block
                    read("bias", (head * n + cols[0]) * spec["sum_bytes"], len(cols) * spec["sum_bytes"])
        for _ in range(k):
            found["multiply"] += 1
        found["control"] += spec["mac_fill_clocks"] + phases * spec["control_clocks"]
        if work["post"]:
            found["post"] += spec[work["post"]]["tile_clocks"]
        for block in filter(None, blocks):
            head, cols = block
            for row in rows:
                write(((head * m + row) * n + cols[0]) * out, len(cols) * out)
                for _ in cols if work["post"] else ():
                    found["post"] += spec[work["post"]]["element_clocks"]

    def cut(size, step):
        return [range(start, min(start + step, size)) for start in range(0, size, step)]

    def filled(blocks):
        return blocks + [None] * (spec["banks"] - len(blocks))

    for rows in cut(m, spec["tile_rows"]):
        cols = cut(n, spec["bank_cols"])
        if heads == 1:
            for group in cut(len(cols), spec["banks"]):
                tile(rows, filled([(0, cols[i]) for i in group]))
        else:
            for group in cut(heads, spec["banks"]):
                for each in cols:
                    tile(rows, filled([(head, each) for head in group]))
    found["descriptor"] = spec["descriptor_clocks"]
    return found
