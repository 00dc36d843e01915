"""GPU waves the slow way: hand out tiles one by one, start a wave whenever all places are taken."""


def wave_count(m, n, repeats, tile_rows, tile_cols, places):
    """Waves of one GEMM: every tile of every matrix takes one place of the current wave."""
    waves, free = 0, 0
    for _ in range(repeats):
        for _ in range(0, m, tile_rows):
            for _ in range(0, n, tile_cols):
                if free == 0:
                    waves, free = waves + 1, places
                free -= 1
    return waves


def gemm_ms(m, k, n, repeats, tile_rows, tile_cols, gpu):
    """Milliseconds of one GEMM: each wave costs as much as a full one."""
    sm, kernel = gpu["sm"], gpu["kernel"]
    waves = wave_count(m, n, repeats, tile_rows, tile_cols, sm["count"] * kernel["tiles_per_sm"])
    macs_of_sm = kernel["tiles_per_sm"] * tile_rows * tile_cols * k
    macs_per_ms = sm["macs_per_clock"] * sm["clock_mhz"] * 1000 * sm["efficiency_frac"]
    total = 0.0
    for _ in range(waves):
        total += kernel["wave_us"] / 1000 + macs_of_sm / macs_per_ms
    return total


def gemm_of_shapes_ms(m, k, n, repeats, shapes, choice, gpu):
    """Milliseconds with one shape (rows, columns, share) of several: try each, keep the first of the least judged."""
    best = None
    for rows, cols, share in shapes:
        sm = {**gpu["sm"], "efficiency_frac": gpu["sm"]["efficiency_frac"] * share}
        own = gemm_ms(m, k, n, repeats, rows, cols, {**gpu, "sm": sm})
        places = gpu["sm"]["count"] * gpu["kernel"]["tiles_per_sm"]
        judged = own if choice == "fastest" else rows * cols * wave_count(m, n, repeats, rows, cols, places)
        if best is None or judged < best[0]:
            best = judged, own
    return best[1]


def encoder_ms(model, attention_tokens, mlp_tokens, batch, gpu):
    """Milliseconds of one encoder with fused Q, K, V and, where the MLP is gated, fused gate and value."""
    d, heads, kernel = model["width"], model["heads"], gpu["kernel"]
    width, rows, late = d // heads, batch * attention_tokens, batch * mlp_tokens
    branches = 2 if model["gated_mlp"] else 1
    linear = [(rows, d, 3 * d), (rows, d, d)]
    linear += [(late, d, branches * model["mlp_hidden"]), (late, model["mlp_hidden"], d)]
    a = kernel["attention_tile"]
    total = sum(gemm_ms(*sizes, 1, kernel["tile_rows"], kernel["tile_cols"], gpu) for sizes in linear)
    total += gemm_ms(attention_tokens, width, attention_tokens, batch * heads, a, a, gpu)
    total += gemm_ms(attention_tokens, attention_tokens, width, batch * heads, a, a, gpu)
    return max(total, gpu["overhead"]["encoder_floor_us"] / 1000)
