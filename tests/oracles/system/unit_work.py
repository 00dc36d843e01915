"""What units of the logic read, write and work out, by walking rows and tokens one after the other."""

OWN = {"softmax": "softmax", "gelu": "gelu", "silu": "silu", "relu": "relu", "norm": "norm", "add": "add",
       "mul": "mul", "pool": "pool"}  # fmt: skip


def walk(trace, hw):
    """Return (bytes, pJ) of the operations of a dense trace that units run."""
    memory, energy_pj = 0, 0.0
    values = hw.model_dump()
    units, places = values["units"], values["placement"]
    ops = list(trace.ops)
    for place, op in enumerate(ops):
        if op.kind == "gemm" or places[op.kind] != "pl":
            continue
        token = units["token_drop"]
        for _ in range(op.repeats):
            if op.kind in OWN:
                for _ in range(op.m):
                    memory += op.n * units[OWN[op.kind]]["bytes_per_element"]
                    energy_pj += op.n * units[OWN[op.kind]]["pj_per_element"]
            elif op.kind == "score":
                for _ in range(op.m):
                    if not (token["averaging_hidden"] and op.module == "score"):
                        memory += op.n * token["score_bytes_per_element"]
                    energy_pj += op.n * token["pj_per_element"]
            elif op.kind == "sort":
                energy_pj += op.m * op.n * token["pj_per_element"]
            elif op.kind == "gather":
                arriving = ["kept"] * op.m
                if place + 1 < len(ops) and ops[place + 1].kind == "merge":
                    arriving += ["dropped"] * ops[place + 1].m
                for fate in arriving:
                    memory += op.n * token["token_bytes_per_element"]  # read
                    if fate == "kept":
                        memory += op.n * token["token_bytes_per_element"]  # written to its place
                        energy_pj += op.n * token["pj_per_element"]
            elif op.kind == "merge":
                memory += op.n * token["token_bytes_per_element"]  # the fused token, written
                energy_pj += op.m * op.n * token["pj_per_element"]
    return memory, energy_pj
