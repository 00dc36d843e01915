"""Timelines as packets: read back by Perfetto's own schema, they hold the events of the JSON, and more of them."""

import pytest

import pivotsim as ps
from pivotsim.export import perfetto, perfetto_packets
from pivotsim.export.perfetto import timeline_events, write_timeline
from pivotsim.export.perfetto_packets import packed

UnknownFieldSet = pytest.importorskip("google.protobuf.unknown_fields").UnknownFieldSet
pb2 = pytest.importorskip("perfetto.protos.perfetto.trace.perfetto_trace_pb2")
REPORT = ps.simulate(ps.plan("deit_t"), ps_pl_overlap="heads", profile="full")


def read(content):
    """Return {(process, track): [(start ns, end ns, name, annotations)]} of a trace, every packet known."""
    trace = pb2.Trace()
    assert trace.ParseFromString(content) == len(content)
    names, parents, tracks, open_ = {}, {}, {}, {}
    for packet in trace.packet:
        assert not len(UnknownFieldSet(packet))
        if packet.HasField("track_descriptor"):
            own = packet.track_descriptor
            assert own.uuid not in names
            names[own.uuid], parents[own.uuid] = own.name, own.parent_uuid
            continue
        event = packet.track_event
        assert packet.trusted_packet_sequence_id and event.track_uuid in names
        if event.type == pb2.TrackEvent.TYPE_SLICE_BEGIN:
            assert event.track_uuid not in open_
            notes = {
                a.name: a.WhichOneof("value") and getattr(a, a.WhichOneof("value")) for a in event.debug_annotations
            }
            open_[event.track_uuid] = (packet.timestamp, event.name, notes)
        else:
            start, name, notes = open_.pop(event.track_uuid)
            key = names[parents[event.track_uuid]].partition(":")[0], names[event.track_uuid]
            tracks.setdefault(key, []).append((start, packet.timestamp, name, notes))
    assert not open_
    return tracks


def test_packets_hold_the_events_of_the_run():
    tracks = read(packed(REPORT))
    events, _ = timeline_events(REPORT, perfetto.MAX_EVENTS)
    to_us = REPORT.timeline.ticks.to_us
    wanted = {}
    for event in sorted(events, key=lambda e: e.start):
        row = (round(to_us(event.start) * 1e3), round(to_us(event.end) * 1e3), event.name, event.args)
        wanted.setdefault((event.process, event.track), []).append(row)
    assert {key: [row[:3] for row in rows] for key, rows in tracks.items()} == {
        key: [row[:3] for row in rows] for key, rows in wanted.items()
    }
    first = next(iter(wanted))
    assert [row[3] for row in tracks[first]] == [row[3] for row in wanted[first]]
    assert max(rows[-1][1] for rows in tracks.values()) == pytest.approx(REPORT.delay_ms * 1e6, abs=1)


def test_there_is_room_for_what_json_leaves_out(monkeypatch, tmp_path):
    monkeypatch.setattr(perfetto, "MAX_EVENTS", 300)
    monkeypatch.setattr(perfetto_packets, "MAX_PACKED_EVENTS", 100_000)
    few = sum(event["ph"] == "X" for event in perfetto.chrome_trace(REPORT)["traceEvents"])
    path = write_timeline(REPORT, tmp_path / "t.pftrace")
    many = sum(map(len, read(path.read_bytes()).values()))
    assert few <= 300 < 10 * few < many


def test_the_extra_is_named_where_it_is_missing(monkeypatch, tmp_path):
    monkeypatch.setitem(__import__("sys").modules, "perfetto.trace_builder.proto_builder", None)
    with pytest.raises(ps.PivotsimError, match=r"--timeline OUT.pftrace needs perfetto; .*pivotsim\[perfetto\]"):
        write_timeline(REPORT, tmp_path / "t.pftrace")
    assert not list(tmp_path.iterdir())
    with pytest.raises(ps.InputError, match="needs the Report of a single run"):
        write_timeline("no report", tmp_path / "t.pftrace")
