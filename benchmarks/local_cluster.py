"""Several Ray nodes on this machine, reached over the loopback address alone: for tests and measurements."""

from __future__ import annotations

import os
import secrets
import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

LOOPBACK = "127.0.0.1"
OBJECTS_BYTES = 100_000_000
"""Of each node's object store: the least that Ray takes is less."""

ENVIRONMENT = {
    # Without it Ray puts this machine's address on the network in the place of the loopback address.
    "RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER": "0",
    "RAY_USAGE_STATS_ENABLED": "0",
    # Others on this machine could run code as this user otherwise.
    "RAY_AUTH_MODE": "token",
}


@contextmanager
def local_cluster(nodes: int) -> Iterator[str]:
    """Begin a cluster of so many nodes, each with one core, and yield its address; before Ray is imported."""
    os.environ |= {**ENVIRONMENT, "RAY_AUTH_TOKEN": secrets.token_hex(32)}
    with tempfile.TemporaryDirectory(prefix="ray-") as folder:
        # Ray notes the cluster's address in `ray` beneath it, and makes that folder in a daemon alone.
        os.environ["RAY_TMPDIR"] = folder
        (Path(folder) / "ray").mkdir()
        from ray.cluster_utils import Cluster

        cluster = Cluster()
        try:
            for _ in range(nodes):
                cluster.add_node(
                    wait=False,
                    num_cpus=1,
                    node_ip_address=LOOPBACK,
                    object_store_memory=OBJECTS_BYTES,
                    include_dashboard=False,
                    temp_dir=folder,
                )
            cluster.wait_for_nodes()
            yield cluster.address
        finally:
            cluster.shutdown()
