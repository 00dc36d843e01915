"""Whole networks from SCALE-Sim's topologies: MACs beside those of the publications, and those of their tables."""

import itertools

import pytest

import pivotsim as ps
from tests.unit.workload.networks import mobilenet_v1, resnet50


def read(tmp_path, lines):
    (tmp_path / "net.csv").write_text("\n".join(lines) + "\n")
    return ps.read_trace(tmp_path / "net.csv")


def resnet_macs(in_first):
    """Table 1 of He et al. by output sizes: what each block multiplies at the sizes that it leaves."""
    macs = 112 * 112 * 7 * 7 * 3 * 64 + 2048 * 1000
    before = 64
    for out, width, blocks in ((56, 64, 3), (28, 128, 4), (14, 256, 6), (7, 512, 3)):
        for block in range(blocks):
            reduced = out if block or out == 56 or in_first else 2 * out  # where the first 1x1 works
            for positions, taps, channels, filters in (
                (reduced, 1, before, width), (out, 3, width, width), (out, 1, width, 4 * width),
                *([(out, 1, before, 4 * width)] if block == 0 else []),
            ):  # fmt: skip
                macs += positions**2 * taps**2 * channels * filters
            before = 4 * width
    return macs


def mobilenet_macs():
    """Table 1 of Howard et al.: the input size of each depthwise layer, channels in and out, stride."""
    table = [(112, 32, 64, 1), (112, 64, 128, 2), (56, 128, 128, 1), (56, 128, 256, 2), (28, 256, 256, 1)]
    table += [(28, 256, 512, 2), *[(14, 512, 512, 1)] * 5, (14, 512, 1024, 2), (7, 1024, 1024, 1)]
    macs = 112 * 112 * 27 * 32 + 1024 * 1000
    for size, channels, filters, stride in table:
        for _ in itertools.product(range(0, size, stride), repeat=2):
            macs += 9 * channels + channels * filters
    return macs


@pytest.mark.parametrize(("in_first", "published"), [(True, 3.8e9), (False, 4.09e9)])
def test_resnet_50(tmp_path, in_first, published):
    trace = read(tmp_path, resnet50(in_first))
    assert len(trace) == 1 + 3 * 16 + 4 + 1 and trace.macs == resnet_macs(in_first)
    assert trace.macs == pytest.approx(published, rel=0.02)
    report = ps.simulate(trace, "zcu102")
    layers = report.breakdown("layer")
    assert list(layers) == [op.layer for op in trace]
    assert sum(entry["delay_ms"] for entry in layers.values()) == pytest.approx(report.delay_ms)


def test_mobilenet_v1(tmp_path):
    trace = read(tmp_path, mobilenet_v1())
    assert len(trace) == 28 and trace.macs == mobilenet_macs()
    assert trace.macs == pytest.approx(569e6, rel=0.001)
    depthwise = [op for op in trace if op.repeats > 1]
    assert len(depthwise) == 13 and {(op.k, op.n) for op in depthwise} == {(9, 1)}
    weights = sum(op.k * op.n * op.repeats for op in trace)
    assert weights == pytest.approx(4.2e6, rel=0.01)
