"""Traces for Perfetto: form, tracks without overlap, the report's delay, and the bound on events."""

import itertools
import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import pivotsim as ps
from pivotsim.export import perfetto
from pivotsim.export.perfetto import chrome_trace
from pivotsim.hardware.array import EDGES
from pivotsim.hardware.dataflows import DATAFLOWS
from pivotsim.hardware.fold_overlaps import FOLD_OVERLAPS
from pivotsim.hardware.host import PS_PL_OVERLAPS
from tests.proofs.masked_campaign import masked_heads

HW = ps.load_hardware("zcu102")


def tracks_of(trace):
    """{(process, track): [(start us, end us, event)]} of a trace, by the names in its metadata."""
    trace = json.loads(json.dumps(trace, allow_nan=False))
    processes, threads, tracks = {}, {}, {}
    for event in trace["traceEvents"]:
        if event["name"] == "process_name":
            processes[event["pid"]] = event["args"]["name"]
        if event["name"] == "thread_name":
            threads[event["pid"], event["tid"]] = event["args"]["name"]
    assert len(set(processes.values())) == len(processes)
    for event in trace["traceEvents"]:
        assert event["ph"] in ("X", "M")
        if event["ph"] == "X":
            assert {"name", "ph", "ts", "dur", "pid", "tid", "args"} == event.keys()
            assert event["ts"] >= 0 and event["dur"] > 0
            key = processes[event["pid"]], threads[event["pid"], event["tid"]]
            tracks.setdefault(key, []).append((event["ts"], event["ts"] + event["dur"], event))
    assert len(tracks) == len(threads)
    for pid in processes:  # 0 is the idle process and thread
        assert {tid for at, tid in threads if at == pid} == set(range(1, 1 + sum(at == pid for at, _ in threads)))
    assert set(processes) <= {1, 2}
    return {key: sorted(own, key=lambda e: e[:2]) for key, own in tracks.items()}


def check(report):
    trace = chrome_trace(report)
    tracks = tracks_of(trace)
    for key, own in tracks.items():
        assert all(a[1] <= b[0] for a, b in itertools.pairwise(own)), key
    end_us = max(own[-1][1] for own in tracks.values())
    assert end_us / 1e3 == pytest.approx(report.delay_ms, abs=1e-9, rel=1e-15)
    assert min(own[0][0] for own in tracks.values()) == 0
    assert sum(e["ph"] == "X" for e in trace["traceEvents"]) <= perfetto.MAX_EVENTS
    return tracks, trace["otherData"]


@given(
    mode=st.sampled_from(PS_PL_OVERLAPS),
    profile=st.sampled_from(["paper", "full"]),
    active=st.sets(st.integers(1, 3)),
    batch=st.integers(1, 3),
    units=st.sets(st.sampled_from(["softmax", "gelu", "norm"])),
    cores=st.sampled_from([1, 4]),
    dataflow=st.sampled_from(DATAFLOWS),
    fold_overlap=st.sampled_from(FOLD_OVERLAPS),
    edge=st.sampled_from(EDGES),
    clock_mhz=st.sampled_from([125, 133.3, 299.97]),
)
@settings(max_examples=40)
def test_random_plans(mode, profile, active, batch, units, cores, dataflow, fold_overlap, edge, clock_mhz):
    changes = {f"placement.{unit}": "pl" for unit in units}
    changes |= {"host.cores": cores, "array.dataflow": dataflow, "array.fold_overlap": fold_overlap}
    changes |= {"array.edge": edge, "array.clock_mhz": clock_mhz}
    plan = ps.skip_attention(ps.plan(ps.load_model("deit_t").replace({"depth": 3})), active=active)
    report = ps.simulate(plan, HW.replace(changes), ps_pl_overlap=mode, profile=profile, batch=batch)
    tracks, about = check(report)
    assert about["detail"] == "phases of the array fold by fold"
    assert about["delay_ms"] == report.delay_ms
    per_cycle_us = 1 / clock_mhz
    busy = sum(end - start for start, end, _ in tracks["PL", "array"])
    assert busy == pytest.approx((report.pl_cycles - report.unit_cycles) * per_cycle_us, rel=1e-9)
    assert sum(e["args"]["cycles"] for _, _, e in tracks["PL", "array"]) == report.pl_cycles - report.unit_cycles
    of_cores = [[e[:2] for e in own] for (process, _), own in tracks.items() if process == "PS"]
    assert len(of_cores) in (0, cores) and all(own == of_cores[0] for own in of_cores)
    for unit in ("softmax", "gelu", "norm"):
        used = any(row.kind == unit and row.resource == "pl" for row in report.rows)
        assert (("PL", f"{unit} unit") in tracks) == used


def test_phases_of_the_array_lie_within_its_events():
    tracks, _ = check(ps.simulate(ps.plan("deit_s"), ps_pl_overlap="heads"))
    spans = [e[:2] for e in tracks["PL", "array"]]
    for phase in ("load", "stream", "drain"):
        index = 0
        for start, end, _ in tracks["PL", f"array {phase}"]:
            while spans[index][1] < end - 1e-9:
                index += 1
            assert spans[index][0] - 1e-9 <= start
    names = {e["name"] for _, _, e in tracks["PL", "array stream"]}
    assert {"qkt 1 stream", "sv 6 stream", "fc1 stream"} <= names
    folds = sum(e["name"] == "fc1 stream" for _, _, e in tracks["PL", "array stream"])
    assert folds == 12 * ps.simulate_gemm(197, 384, 1536).folds


@pytest.mark.parametrize(
    ("bound", "detail"),
    [
        (20_000, "phases of the array fold by fold"),
        (1_000, "one event per phase and GEMM: fold by fold there would be more than 1,000"),
        (200, "no phases of the array: there would be more than 200 events"),
        (
            50,
            "no phases of the array: there would be more than 50 events; up to 2 neighbours on a track are one event,"
            " busy_frac of it",
        ),
    ],
)
def test_beyond_the_bound_traces_are_thinned_and_say_so(monkeypatch, bound, detail):
    monkeypatch.setattr(perfetto, "MAX_EVENTS", bound)
    _, about = check(ps.simulate(ps.plan("deit_s")))
    assert about["detail"] == detail


def test_passes_are_shown_of_the_first_encoder_alone_where_nobody_knows_their_number():
    plan = ps.plan(ps.load_model("deit_t").replace({"depth": 2}))
    tracks, about = check(ps.simulate(plan, HW, engine="memory", memory="hw"))
    assert about["detail"].startswith("pass by pass in encoder 1; in the others one event per GEMM and track")
    for phase in ("load", "stream", "drain"):
        names = [[e["name"] for *_, e in tracks["PL", f"array {phase}"] if e["args"]["encoder"] == n] for n in (1, 2)]
        heads = {"qkt": 3, "sv": 3}  # one after the other
        blocks = sorted(f"{gemm} {phase}" for gemm in heads for _ in range(3))
        blocks += [f"{gemm} {phase}" for gemm in ("fc1", "fc2", "proj", "qkv")]
        assert sorted(names[1]) == sorted(blocks) and len(names[0]) > 10 * len(names[1])


@pytest.mark.parametrize(("short", "long"), [(3, 77), (1, 41), (0, 401)])
def test_neighbours_that_become_one_event_stay_within_the_bound(short, long):
    """One track is long, the others hold one event each, which stays as it is."""
    one = [perfetto.Event("PL", f"unit {i}", "softmax", 0, 5, {"head": i}) for i in range(short)]
    many = [perfetto.Event("PL", "array", f"gemm {i}", 4 * i, 4 * i + 1, {"head": i}) for i in range(long)]
    merged, detail = perfetto._thinned([*many, *one], "all", 40)
    assert len(merged) <= 40 and [e for e in merged if e.track != "array"] == one
    run = merged[0].args["events"]
    assert detail == f"all; up to {run} neighbours on a track are one event, busy_frac of it"
    for number, event in enumerate(e for e in merged if e.track == "array"):
        first, last = number * run, min((number + 1) * run, long) - 1
        assert (event.start, event.end) == (4 * first, 4 * last + 1)
        if first == last:
            assert event == many[first]
        else:
            assert event.name == f"gemm {first} ... gemm {last}"
            some = last - first + 1
            assert event.args == {"events": some, "busy_frac": some / (4 * some - 3)}


def test_many_cores_and_images_stay_within_the_bound(monkeypatch):
    monkeypatch.setattr(perfetto, "MAX_EVENTS", 3_000)
    report = ps.simulate(ps.plan("deit_t"), HW.replace({"host.cores": 64}), ps_pl_overlap="images", batch=20)
    _, about = check(report)
    assert "neighbours on a track" in about["detail"]


def test_written_files(tmp_path):
    report = ps.simulate(ps.plan("deit_t"))
    path = ps.export.write_timeline(report, tmp_path / "t.json")
    assert json.loads(path.read_text()) == json.loads(json.dumps(chrome_trace(report)))
    for wrong, message in (((5, path), "needs the Report"), ((report, 5), "must be a path")):
        with pytest.raises(ps.InputError, match=message):
            ps.export.write_timeline(*wrong)
    mix = ps.combine([report], [1])
    with pytest.raises(ps.InputError, match="needs the Report of a single run"):
        ps.export.write_timeline(mix, path)
    with pytest.raises(ps.InputError, match="cannot be written"):
        ps.export.write_timeline(report, tmp_path / "no" / "t.json")


@pytest.mark.parametrize("mode", ["serial", "heads"])
@pytest.mark.parametrize("copies", [1, 2, 4])
def test_copies_of_a_mask_have_phases_of_their_own(mode, copies):
    hw = HW.replace({"array.rows": 8, "array.cols": 6})
    report = ps.simulate(masked_heads(copies), hw, ps_pl_overlap=mode)
    tracks, _ = check(report)
    own, to_us = tracks["PL", "array"], 1e3 / 125e3
    for phase in ("load", "stream", "drain"):
        for start, end, event in tracks["PL", f"array {phase}"]:
            (inside,) = [e for e in own if e[0] <= start + 1e-9 and end <= e[1] + 1e-9]
            assert event["args"]["cycles"] * to_us == pytest.approx(end - start)
            assert event["name"].startswith(inside[2]["name"].split()[0])
    ends = {round(e[1], 6) for phase in ("load", "stream", "drain") for e in tracks["PL", f"array {phase}"]}
    assert {round(e[1], 6) for e in own} <= ends  # the last phase of a GEMM ends with it


@pytest.mark.parametrize("mode", ["serial", "heads"])
def test_masked_runs_behind_memories_show_their_own_passes(mode):
    plan = ps.plan(ps.load_model("deit_t").replace({"depth": 1}))
    plan = ps.mask_attention(ps.prune_blocks(plan, block=64, density=0.2), density=0.3)
    report = ps.simulate(plan, HW, memory="hw", ps_pl_overlap=mode)
    tracks, _ = check(report)  # no event overlaps another of its track
    ends = [event[1] for spans in tracks.values() for event in spans]
    assert max(ends) == pytest.approx(1e3 * report.delay_ms)


def test_images_and_heads_count_from_one():
    plan = ps.plan(ps.load_model("deit_t").replace({"depth": 2}))
    tracks, _ = check(ps.simulate(plan, ps_pl_overlap="images", batch=3))
    for track in (("PL", "array"), ("PL", "array stream"), ("PS", "core 1")):
        of_images = [e["args"]["image"] for _, _, e in tracks[track]]
        assert {image: of_images.count(image) for image in of_images} == dict.fromkeys((1, 2, 3), len(of_images) // 3)
        first = [e["args"]["image"] for _, _, e in tracks[track] if e["args"]["encoder"] == 1]
        assert first[0] == 1  # the first image goes first
    one, _ = check(ps.simulate(plan))
    assert all("image" not in e["args"] for own in one.values() for _, _, e in own)
    heads, _ = check(ps.simulate(plan, ps_pl_overlap="heads"))
    of_heads = [(e["name"], e["args"]["head"]) for _, _, e in heads["PS", "core 1"] if e["args"]["kind"] == "softmax"]
    assert sorted(set(of_heads)) == [("softmax 1", 1), ("softmax 2", 2), ("softmax 3", 3)]


@pytest.mark.parametrize("batch", [1, 2])
@pytest.mark.parametrize("short", [0, 1])
def test_phases_are_shown_as_finely_as_there_is_room_for(monkeypatch, batch, short):
    """Three phases of every fold where there is exactly room for them, three of every GEMM where one event is missing;
    and so on to none."""
    report = ps.simulate(ps.plan(ps.load_model("deit_t").replace({"depth": 1})), ps_pl_overlap="images", batch=batch)
    gemms = [("qkv", 192, 576, 1), ("qkt", 64, 197, 3), ("sv", 197, 64, 3), ("proj", 192, 192, 1)]
    gemms += [("fc1", 192, 768, 1), ("fc2", 768, 192, 1)]
    folds = batch * sum(heads * ps.simulate_gemm(197, k, n).folds for _, k, n, heads in gemms)
    runs = batch * sum(heads for *_, heads in gemms)
    pieces = batch * 7  # six GEMMs and softmax on one core
    finest, finer, none = "phases of the array fold by fold", "one event per phase and GEMM", "no phases of the array"
    for count, here, below in ((3 * folds, finest, finer), (3 * runs, finer, none)):
        monkeypatch.setattr(perfetto, "MAX_EVENTS", pieces + count - short)
        _, about = check(report)
        assert about["detail"].startswith(below if short else here)
