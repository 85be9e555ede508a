"""Joining a cluster: Ray is imported here and in what works on it, and nowhere else."""

from __future__ import annotations

import contextlib
import logging
import os
import socket
import sys
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click

from bulk.errors import BulkFailed

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import Any

HERE, FOUND = "local", "auto"
"""Addresses: a cluster of this machine alone, begun for the command; the one that runs on this machine."""

ANSWER_S = 10.0
"""Longest wait for an address to answer; Ray itself would try for minutes."""

SETTINGS = "PRECURSOR_WATCH_"
"""How the variables begin that every worker is to have as the owner has them."""


def cluster_option(what: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Return what adds the option `--cluster` to a command; its value is None without it."""
    return click.option(
        "--cluster",
        is_flag=False,
        flag_value=FOUND,
        metavar="[ADDRESS]",
        help=f"{what} on the Ray cluster at HOST:PORT, on the one that runs on this machine (no address), "
        'or on one begun for it on this machine ("local"). See docs/scale.md.',
    )


@contextmanager
def joined(address: str) -> Iterator[None]:
    """Be part of a Ray cluster while inside.

    Args:
        address: HOST:PORT, `auto` or `local`.

    Raises:
        BulkFailed: If Ray is not installed, no cluster answers, or it is of another version.
    """
    # Nothing is to be reported to anybody.
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    try:
        import ray
    except ImportError as error:
        message = 'Work on a cluster needs Ray; install this project with its extra "cluster".'
        raise BulkFailed(message) from error
    _check_answer(address)
    # A thread of Ray's prints what happens to workers, from `init` until `shutdown`, which prints what it has
    # held back as repeated. No option of Ray's sends that elsewhere, or silences it (2.60).
    with contextlib.redirect_stdout(sys.stderr):
        try:
            # Ray puts the folder it is called in on each worker's path: it may hold evidence, `click.py` too.
            with contextlib.chdir(Path(__file__).parents[1]):
                ray.init(
                    address=address,
                    include_dashboard=False if address == HERE else None,
                    log_to_driver=False,
                    logging_level=logging.WARNING,
                )
        except (ConnectionError, RuntimeError, ValueError) as error:
            raise BulkFailed(_no_cluster(address, str(error).splitlines()[0])) from error
        try:
            yield
        finally:
            ray.shutdown()


def cores() -> int:
    """Return how many cores the joined cluster has."""
    import ray

    return max(1, int(ray.cluster_resources().get("CPU", 1)))


def settings() -> dict[str, str]:
    """Return the variables that every worker is to have as this process has them."""
    return {name: value for name, value in os.environ.items() if name.startswith(SETTINGS)}


def where() -> str:
    """Return the name and address of this machine, for messages of a worker."""
    import ray

    return f"{socket.gethostname()} ({ray.util.get_node_ip_address()})"


def _check_answer(address: str) -> None:
    if address in {HERE, FOUND}:
        return
    host, _, port = address.rpartition(":")
    if not host or not port.isdecimal():
        message = (
            f'{address!r} is no address of a cluster; give HOST:PORT, "{HERE}", or --cluster as the last '
            "word for the one that runs on this machine."
        )
        raise BulkFailed(message)
    try:
        socket.create_connection((host.strip("[]"), int(port)), timeout=ANSWER_S).close()
    except (OSError, OverflowError) as error:
        raise BulkFailed(_no_cluster(address, str(error))) from error


def _no_cluster(address: str, why: str) -> str:
    at = "on this machine" if address == FOUND else f"at {address}"
    return (
        f"No Ray cluster can be joined {at} ({why}). Begin one with `ray start --head --disable-usage-stats` "
        f'and give the address it prints, or "{HERE}" for one on this machine; docs/scale.md tells how.'
    )
