"""Methods at matched MACs: the nearest setting, against every setting tried."""

import pytest

import pivotsim as ps
from pivotsim.workload.matching import METHODS, matched_plans

PLAN = ps.plan("deit_t")
DENSE = ps.lower(PLAN).macs


@pytest.mark.parametrize("method", METHODS, ids=lambda m: m.name)
def test_the_nearest_of_all_settings(method):
    target = int(0.7 * DENSE)
    (found,) = matched_plans(PLAN, target, [method])
    values = list(method.values(PLAN))
    tried = {value: ps.lower(method.apply(PLAN, value)).macs for value in values[:: max(1, len(values) // 25)]}
    assert abs(found.macs - target) <= min(abs(macs - target) for macs in tried.values())
    assert found.macs == ps.lower(found.plan).macs and found.setting.startswith(method.knob)
    counts = list(tried.values())
    assert counts == sorted(counts)  # what bisection needs


def test_targets_beyond_the_ends():
    for target, setting in ((1, "effort 0"), (10 * DENSE, "effort 12")):
        assert matched_plans(PLAN, target, METHODS[:1])[0].setting == setting
    with pytest.raises(ps.InputError, match="target_macs: must be at least 1"):
        matched_plans(PLAN, 0)
