"""Names of Dask beyond its documented interface that a sweep cannot do without; they stand here alone.

Dask says in no documented way whether a client still has its scheduler, nor whether workers answer the client's own
machine; and it logs what becomes of connections under loggers whose names it does not promise.
"""

import asyncio
import contextlib
import logging
from collections.abc import Iterator
from typing import Any

PROBE_S, PROBED = 2.0, 4  # how long workers may take to answer, and how many are asked
LOGGERS = tuple(f"distributed.{name}" for name in ("batched", "client", "comm", "core", "utils"))


async def are_in_reach(client: Any) -> bool:
    """Tell whether the workers answer this machine, so that chunks need not pass through the scheduler."""
    try:
        addresses = list((await client.scheduler.identity())["workers"])[:PROBED]
        await asyncio.wait_for(asyncio.gather(*(client.rpc(a).identity() for a in addresses)), PROBE_S)
    except Exception:  # whatever answered was no worker: the way through the scheduler always works
        return False
    return bool(addresses)


def send_directly(client: Any, is_direct: bool) -> None:
    """Have results come straight from workers, or through the scheduler; documented only as an option at the start."""
    client.direct_to_workers = is_direct


def is_lost(client: Any) -> bool:
    """Tell whether a client's scheduler is gone."""
    comm = client.scheduler_comm
    return client.status != "running" or comm is None or comm.comm.closed()


@contextlib.contextmanager
def quiet() -> Iterator[None]:
    """Keep Dask from logging what becomes of its connections: what matters is said in one line."""
    loggers = [logging.getLogger(name) for name in LOGGERS]
    levels = [logger.level for logger in loggers]
    try:
        for logger in loggers:
            logger.setLevel(logging.CRITICAL)
        yield
    finally:
        for logger, level in zip(loggers, levels, strict=True):
            logger.setLevel(level)
