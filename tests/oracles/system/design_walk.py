"""A space walked design by design: nested loops, rules as Python functions, and one public call per effort."""

import itertools

import pivotsim as ps

OPTIONS = ("engine", "memory", "profile", "energy", "scope")


def stated(text):
    """Return {name: number} of `name=number,name=number`."""
    entries = (entry.split("=") for entry in text.split(","))
    return {name: int(value) if value.isdigit() else float(value) for name, value in entries}


TRANSFORMS = {
    "heads": lambda plan, value: ps.prune_heads(plan, value),
    "neurons": lambda plan, value: ps.prune_neurons(plan, keep_rate=value),
    "tokens": lambda plan, text: ps.prune_tokens(plan, text.split(":")[0], **stated(text.split(":")[1])),
    "blocks": lambda plan, text: ps.prune_blocks(plan, **stated(text)),
    "attention": lambda plan, text: ps.mask_attention(plan, **stated(text)),
    "split": lambda plan, value: ps.split_attention(plan, value),
}


def all_points(axes):
    """Yield every combination, the last axis fastest."""
    for values in itertools.product(*axes.values()):
        yield dict(zip(axes, values, strict=True))


def active_of(value):
    return list(range(1, value + 1)) if isinstance(value, int) else list(value)


def costs(point, hw="zcu102", model="deit_s", gate="entropy", **options):
    """Return {column: value} of one design, or the message of the error that it raises."""
    try:
        on_board = {p: v for p, v in point.items() if p.partition(".")[0] not in ("model", "effort", "active")}
        of_model = {p.removeprefix("model."): v for p, v in point.items() if p.startswith("model.")}
        on_board = {p: v for p, v in on_board.items() if p not in ("qkv", "score_bits", *TRANSFORMS)}
        board = ps.load_hardware(hw).replace(on_board)
        spec = ps.load_model(point.get("model", model)).replace(of_model)
        whole = ps.plan(spec, qkv=point.get("qkv", "fused"), score_bits=point.get("score_bits", 8))
        for name, apply in TRANSFORMS.items():
            if point.get(name, "none") != "none":
                whole = apply(whole, point[name])
            if name == "neurons" and "active" in point:
                whole = ps.skip_attention(whole, active=active_of(point["active"]))
        if "effort.low" not in point:
            report = ps.simulate(whole, board, **options)
            return {"pl_cycles": report.pl_cycles, "delay_ms": report.delay_ms, "energy_j": report.energy_j,
                    "edp_j_ms": report.edp_j_ms}  # fmt: skip
        low, high = (
            ps.simulate(ps.skip_attention(whole, active=active_of(point[name])), board, **options)
            for name in ("effort.low", "effort.high")
        )
        exits = [point["effort.low_frac"], 1 - point["effort.low_frac"]]
        mix = ps.combine([low, high], exits, gate=gate)
        return {"mean_pl_cycles": mix.mean_pl_cycles, "delay_ms": mix.delay_ms, "energy_j": mix.energy_j,
                "edp_j_ms": mix.edp_j_ms}  # fmt: skip
    except ps.InputError as error:
        return str(error)
