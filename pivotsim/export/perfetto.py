"""A run as a trace that https://ui.perfetto.dev and chrome://tracing open (Chrome's Trace Event Format, JSON).

One process for the PL and one for the PS; one track per resource, on which no two events overlap: the array, its load,
stream and drain phases and what else the engine's ``Details.spans`` names, each PL unit, each core. Times
are microseconds.
"""

import json
import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

from pivotsim.engines.base import Span
from pivotsim.errors import InputError, got
from pivotsim.io.text_files import write_atomic
from pivotsim.operations import ARRAY, PS
from pivotsim.simulation.report import Report
from pivotsim.simulation.reporting.rows import Row
from pivotsim.simulation.timeline import Piece
from pivotsim.workload.masks.masks import Mask

MAX_EVENTS = 100_000  # about 20 MB; Perfetto shows it at once
PACKETS = ".pftrace"
PHASES = 3  # tracks of an array, for the estimate of how many events a run has
PL_PROCESS, PS_PROCESS = "PL", "PS"


class Event(NamedTuple):
    """Something on a track from tick ``start`` to before ``end``."""

    process: str
    track: str
    name: str
    start: int
    end: int
    args: dict[str, Any]


def chrome_trace(report: Report) -> dict[str, Any]:
    """Return a run as Chrome's trace events, at most 100,000.

    Fold by fold where that stays within the bound; else one event per phase and GEMM; else no phases. Where even the
    resources' own events are too many, neighbours on a track become one. ``otherData.detail`` says what was done.

    Parameters
    ----------
    report : Report
        Of ``simulate``.

    Raises
    ------
    InputError
        It is no Report.

    Examples
    --------
    >>> import pivotsim as ps
    >>> trace = chrome_trace(ps.simulate(ps.plan("deit_s")))
    >>> [e["args"]["name"] for e in trace["traceEvents"] if e["name"] == "thread_name"]
    ['array', 'array load', 'array stream', 'array drain', 'core 1']
    """
    if not isinstance(report, Report):
        raise InputError(f"timeline: needs the Report of a single run {got(report)}")
    events, detail = timeline_events(report, MAX_EVENTS)
    ids: dict[str, dict[str, tuple[int, int]]] = {PL_PROCESS: {}, PS_PROCESS: {}}
    for process, track in sorted({(e.process, e.track) for e in events}, key=track_order):
        tracks = ids.setdefault(process, {})
        tracks[track] = (list(ids).index(process) + 1, len(tracks) + 1)
    listed = [entry for process, tracks in ids.items() for entry in _names(process, tracks)]
    to_us = report.timeline.ticks.to_us
    for event in events:
        pid, tid = ids[event.process][event.track]
        ts, end_us = to_us(event.start), to_us(event.end)
        dur = end_us - ts
        while ts + dur > end_us:  # the last bit of a float must not reach into the next event
            dur = math.nextafter(dur, 0)
        listed.append({"name": event.name, "ph": "X", "ts": ts, "dur": dur, "pid": pid, "tid": tid, "args": event.args})
    about = {"workload": report.workload, "hardware": report.hardware, "delay_ms": report.delay_ms, "detail": detail}
    return {"displayTimeUnit": "ms", "otherData": {**about, **report.options}, "traceEvents": listed}


def write_timeline(report: Report, path: str | Path) -> Path:
    """Write a run for Perfetto, whole or not at all, and return the path.

    Parameters
    ----------
    report : Report
        Of one run.
    path : str or Path
        A JSON file, of ``chrome_trace``; with the ending ``.pftrace`` Perfetto's own packets, ten times as many events,
        which needs the extra ``perfetto``.

    Returns
    -------
    Path
        The file written.

    Raises
    ------
    InputError
        It is no Report, or the file cannot be written.

    Examples
    --------
    >>> import tempfile, pivotsim as ps
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     write_timeline(ps.simulate(ps.plan("deit_s")), f"{folder}/t.json").name
    't.json'
    """
    if not isinstance(path, (str, Path)):
        raise InputError(f"timeline: must be a path {got(path)}")
    if str(path).endswith(PACKETS):
        from pivotsim.export.perfetto_packets import packed

        write_atomic(Path(path), packed(report))
        return Path(path)
    text = json.dumps(chrome_trace(report), allow_nan=False)
    write_atomic(Path(path), text)
    return Path(path)


def timeline_events(report: Report, most: int) -> tuple[list[Event], str]:
    """Return the events of a run, no more than so many, and in what detail they stand."""
    return _thinned(*_events(report, most), most)


def track_order(key: tuple[str, str]) -> tuple[int, int, int, str]:
    """Sort (process, track): PL before PS; the array, its phases in their order, then by number and name."""
    process, track = key
    known = [ARRAY, "array load", "array stream", "array drain"]
    number = int(track.rpartition(" ")[2]) if track.rpartition(" ")[2].isdigit() else 0
    return (process != PL_PROCESS, known.index(track) if track in known else len(known), number, track)


def _names(process: str, tracks: dict[str, tuple[int, int]]) -> Iterator[dict[str, Any]]:
    """Yield the metadata events that name a process and its tracks and keep their order."""
    for number, (track, (pid, tid)) in enumerate(tracks.items()):
        if not number:
            yield {"name": "process_name", "ph": "M", "pid": pid, "args": {"name": process}}
            yield {"name": "process_sort_index", "ph": "M", "pid": pid, "args": {"sort_index": pid}}
        yield {"name": "thread_name", "ph": "M", "pid": pid, "tid": tid, "args": {"name": track}}
        yield {"name": "thread_sort_index", "ph": "M", "pid": pid, "tid": tid, "args": {"sort_index": tid}}


# -- events of a run ----------------------------------------------------------------------------------------
def _events(report: Report, most: int) -> tuple[list[Event], str]:
    """Return the events of all resources, with the phases of GEMMs where those are not too many, and the detail."""
    events = [event for piece in report.timeline.pieces for event in _of_piece(piece, report)]
    details = report.details
    if not details.step:
        why = details.without_steps or f"engine '{report.options['engine']}' tells of no phases"
        return events, f"one event per operation: {why}"
    gemms = [op for op in report.inputs.trace if op.kind == "gemm"]
    blocks = report.images * sum(op.repeats for op in gemms)
    counts = [details.count_steps(op.m, op.k, op.n) for op in gemms]
    known = [op.repeats * count for op, count in zip(gemms, counts, strict=True) if count is not None]
    room = most - len(events)
    if len(known) < len(gemms):  # nobody knows how many there will be: all of one encoder
        first = min(row.encoder for row in report.rows if row.kind == "gemm")
        return events + list(_phases(report, per_step=False, detailed=first)), (
            f"{details.step} by {details.step} in encoder {first}; in the others one event per GEMM and track, from"
            " its first clock to its last, not all of them busy"
        )
    if PHASES * report.images * sum(known) <= room:
        return events + list(_phases(report, per_step=True)), f"phases of the array {details.step} by {details.step}"
    if PHASES * blocks <= room:
        return events + list(_phases(report, per_step=False)), (
            f"one event per phase and GEMM: {details.step} by {details.step} there would be more than {most:,}"
        )
    return events, f"no phases of the array: there would be more than {most:,} events"


def _of_piece(piece: Piece, report: Report) -> Iterator[Event]:
    """Yield a piece's event on its resource; on the PS all cores share the work."""
    row = report.rows[piece.row]
    name, args = _label(row, piece, report)
    if piece.resource != PS:
        yield Event(PL_PROCESS, piece.resource, name, piece.start, piece.end, args)
        return
    for core in range(1, report.inputs.hw.ps_cores + 1):
        yield Event(PS_PROCESS, f"core {core}", name, piece.start, piece.end, args)


def _label(row: Row, piece: Piece, report: Report) -> tuple[str, dict[str, Any]]:
    name = row.label if piece.block < 0 else f"{row.label} {piece.block + 1}"
    args: dict[str, Any] = {"encoder": row.encoder, "kind": row.kind}
    if row.layer:
        args["module"] = row.module
    if piece.block >= 0:
        args["head"] = piece.block + 1
    if report.images > 1:
        args["image"] = piece.row * report.images // len(report.rows) + 1
    if row.cycles:
        ticks = report.timeline.ticks
        args["start_ms"], args["cycles"] = ticks.to_ms(piece.start), (piece.end - piece.start) // ticks.per_cycle
    return name, args


def _phases(report: Report, per_step: bool, detailed: int | None = None) -> Iterator[Event]:
    """Yield the spans of every GEMM that the array runs, its heads one after the other; all of one encoder's."""
    inputs, per_cycle = report.inputs, report.timeline.ticks.per_cycle
    ops = [op for op in inputs.trace if op.kind == "gemm"]
    gemm_rows = [number for number, row in enumerate(report.rows) if row.kind == "gemm"]
    op_of = {row: ops[i % len(ops)] for i, row in enumerate(gemm_rows)}
    known: dict[tuple[int, int, int, bool, Mask | None, int, tuple[int, int, int]], list[Span]] = {}
    for piece in report.timeline.pieces:
        if piece.resource != ARRAY:
            continue
        op = op_of[piece.row]
        mask = inputs.trace.mask_of(op)
        repeats = range(op.repeats) if piece.block < 0 else range(piece.block, piece.block + 1)
        one, begin = (piece.end - piece.start) // len(repeats), piece.start
        name, args = _label(report.rows[piece.row], piece, report)
        for repeat in repeats:
            copy, bits = repeat % mask.count if mask else 0, (op.a_bits, op.w_bits, op.out_bits)
            gemm = (op.m, op.k, op.n, per_step or op.encoder == detailed, mask, copy, bits)
            if gemm not in known:
                known[gemm] = list(report.details.spans(*gemm))
            spans = known[gemm]
            for s in spans:
                folds = f"fold {s.first}" if s.first == s.last else f"folds {s.first}-{s.last}"
                start, end = begin + s.start_cycle * per_cycle, begin + s.end_cycle * per_cycle
                about = {**args, "cycles": s.end_cycle - s.start_cycle, "folds": folds}
                yield Event(PL_PROCESS, _track(s), f"{name} {s.track}", start, end, about)
            # copies of a mask differ in clocks, and something happens in a GEMM's last one
            begin += max((s.end_cycle for s in spans), default=0) * per_cycle if mask else one


def _track(span: Span) -> str:
    """The array's phases are written small; DMA directions and buffers have names of their own."""
    return f"{ARRAY} {span.track}" if span.track.islower() else span.track


def _thinned(events: list[Event], detail: str, most: int) -> tuple[list[Event], str]:
    """Return at most so many events: where there are more, runs of neighbours on a track become one event each."""
    if len(events) <= most:
        return events, detail
    tracks: dict[tuple[str, str], list[Event]] = {}
    for event in sorted(events, key=lambda e: e.start):
        tracks.setdefault((event.process, event.track), []).append(event)
    few = most // (10 * len(tracks))  # tracks this short stay whole
    run = -(-len(events) // max(most - (few + 1) * len(tracks), 1))
    merged = []
    for own in tracks.values():
        if len(own) <= few:
            merged += own
            continue
        for i in range(0, len(own), run):
            some = own[i : i + run]
            name = some[0].name if len(some) == 1 else f"{some[0].name} ... {some[-1].name}"
            busy = sum(event.end - event.start for event in some) / (some[-1].end - some[0].start)
            args = some[0].args if len(some) == 1 else {"events": len(some), "busy_frac": busy}
            merged.append(Event(*some[0][:2], name, some[0].start, some[-1].end, args))
    return merged, f"{detail}; up to {run} neighbours on a track are one event, busy_frac of it"
