"""The fixture marketplaces on 127.0.0.1, each at its own port, and the sources file that declares them."""

from __future__ import annotations

from contextlib import ExitStack, contextmanager
from datetime import date, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from crawler.sources.sources import load_sources
from fixtures.misbehaving.mirror import mirror
from fixtures.misbehaving.server import LOOPBACK, serving

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parents[2]

SOURCE = """
[sources.{stem}]
name = "{stem}, served here"
live = true
start = ["{url}"]
schedule = {{ every_minutes = 1 }}
limits = {{ seconds_between_requests = 0.01, at_once = 4, timeout_s = 20.0, retries = 2, backoff_s = 0.2 }}
[sources.{stem}.permission]
basis = "own_site"
reference = "the soak"
approved_by = "whoever runs it"
valid_from = {begin}
valid_until = {end}
scope = ["{url}"]
contact = "soak@watch.example"
seconds_between_requests = 0.01
at_once = 4
private_addresses = ["{host}"]
"""


@contextmanager
def served() -> Iterator[str]:
    """Serve every fixture marketplace while inside, and yield the sources file's text."""
    today = date.today()  # noqa: DTZ011 (the day of the permission, by this machine's clock)
    text = ""
    with ExitStack() as stack:
        for stem, declared in load_sources(ROOT / "sources.toml").items():
            server = stack.enter_context(serving())
            home, served_as = declared.start[0].rstrip("/"), server.url(LOOPBACK, "")
            server.hosts[LOOPBACK] = mirror(declared, home, served_as)
            begin, end = today - timedelta(days=1), today + timedelta(days=60)
            text += SOURCE.format(stem=stem, url=f"{served_as}/", host=LOOPBACK, begin=begin, end=end)
        yield text
