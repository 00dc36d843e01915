"""What all results share: the first entries of their JSON, and the hash over their inputs."""

from typing import Any

from pivotsim._version import __version__

SCHEMA_VERSION = 1


def hash_of(inputs: Any) -> str:
    """Return 16 hex digits over anything that prints itself in full."""
    import hashlib  # brings OpenSSL, which printed tables do without

    return hashlib.sha256(str(inputs).encode()).hexdigest()[:16]


def header(kind: str, input_hash: str) -> dict[str, Any]:
    """Return the first entries of every JSON result."""
    return {
        "schema_version": SCHEMA_VERSION,
        "result": kind,
        "pivotsim_version": __version__,
        "input_hash": input_hash,
    }
