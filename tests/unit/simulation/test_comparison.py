"""compare(): the options that differ are said before the numbers."""

import json

import pivotsim as ps

WHOLE = ps.plan("deit_t")


def differing(a, b):
    return {name: (first, second) for name, first, second in ps.compare(a, b)["options"]}


def test_equal_options_are_not_told():
    low = ps.simulate(ps.skip_attention(WHOLE, active=[1, 2]))
    assert differing(ps.simulate(WHOLE), low) == {}


def test_options_that_differ_are_told():
    paper, other = ps.simulate(WHOLE), ps.simulate(WHOLE, "zcu102_ws", memory="hw", profile="full", scope="all")
    found = differing(paper, other)
    alone = found.pop("modules in one alone")
    assert found == {"hardware": ("zcu102", "zcu102_ws"), "engine": ("analytic", "memory"), "memory": ("paper", "hw"),
                     "profile": ("paper", "full"), "scope": ("encoders", "all")}  # fmt: skip
    assert alone[0] is None and {"norm1", "gelu", "patch_embed", "head", "transfer"} <= set(alone[1].split(", "))


def test_what_the_command_line_changed_is_told():
    data = json.loads(ps.simulate(WHOLE).to_json())
    assert differing({**data, "set": {"array.rows": 32}}, {**data, "set": {}}) == {"set": ('{"array.rows": 32}', None)}
    mix = ps.combine([ps.simulate(WHOLE)], [1.0])
    assert differing(data, mix) == {"gate": (None, "entropy")}
