"""A sweep's folder, damaged: its manifest with and without a fitting SHA-256, its Parquet chunk with a fitting one."""

import functools
import hashlib
import json
import random
import tempfile
from pathlib import Path

from pivotsim.dse.dataset import open_dataset
from pivotsim.dse.fronts import front_rows
from pivotsim.dse.sweep.manifest import MANIFEST, chunk_name, manifest_text
from pivotsim.dse.sweep.run import run_sweep
from tests.fuzz.kind import Kind, outcome
from tests.fuzz.mutation import WORDS, mutated

SPACE = {"name": "s", "axes": {"array.rows": [16, 32, 64], "array.dataflow": ["is", "os"]}}
CHUNK = chunk_name(0)
NASTY = [None, True, -1, 0, 1, 2**63, 10**400, 1.5, 1e308, "", "is", [], [1], {}, {"": 0}, "\0", [[[]]]]


@functools.cache
def _files() -> dict[str, bytes]:
    with tempfile.TemporaryDirectory() as folder:
        run_sweep(SPACE, Path(folder))
        return {name: (Path(folder) / name).read_bytes() for name in (MANIFEST, CHUNK)}


def _sealed(rng: random.Random) -> bytes:
    """Return a manifest with some values replaced at any depth, and a hash that fits."""
    found = json.loads(_files()[MANIFEST])
    del found["sha256"]
    for _ in range(rng.randint(1, 3)):
        place = found
        while True:
            keys = list(place) if isinstance(place, dict) else list(range(len(place)))
            if not keys:
                break
            key = rng.choice(keys)
            if isinstance(place[key], (dict, list)) and rng.random() < 0.7:
                place = place[key]
                continue
            if rng.random() < 0.2:
                del place[key]
            elif rng.random() < 0.2 and isinstance(place, dict):
                place[rng.choice(WORDS)] = place.pop(key)
            else:
                place[key] = rng.choice((rng.choice(NASTY), rng.choice(WORDS)))
            break
    return manifest_text(found).encode("utf-8", "surrogatepass")


def _manifest(rng: random.Random) -> bytes:
    return _sealed(rng) if rng.random() < 0.6 else mutated(rng, _files()[MANIFEST])


def _judge_manifest(content: bytes, folder: Path) -> str:
    (folder / MANIFEST).write_bytes(content)
    (folder / CHUNK).write_bytes(_files()[CHUNK])
    return outcome(lambda: list(open_dataset(folder).tables()))


def _judge_chunk(content: bytes, folder: Path) -> str:
    """Read a chunk whose hash the manifest lists: what a sweep wrote on a broken machine, or a stranger forged."""
    (folder / CHUNK).write_bytes(content)
    found = json.loads(_files()[MANIFEST])
    del found["sha256"]
    found["chunks"]["0"][1] = hashlib.sha256(content).hexdigest()
    (folder / MANIFEST).write_text(manifest_text(found))
    return outcome(lambda: front_rows(open_dataset(folder), ["delay_ms", "dsp"]))


KINDS = [
    Kind("manifest", _manifest, _judge_manifest),
    Kind("Parquet chunk", lambda rng: mutated(rng, _files()[CHUNK]), _judge_chunk),
]
