"""One answer as it is to be kept, whoever gave it: a site that was asked, or a saved copy."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

Headers = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Exchange:
    """A request and its answer; of a saved page the answer alone, because nobody was asked."""

    url: str
    at: datetime
    """When the answer came, or the saved copy was read."""
    status: int
    headers: Headers
    """As they came."""
    is_http: bool = True
    """False for a saved page of which no HTTP answer is kept: its record is a `resource`, nothing made up."""
    body: bytes = field(repr=False)
    """Dechunked, but still compressed if it came so."""
    request_headers: Headers | None = None
    """None for a saved page."""
    method: str = "GET"
    protocol: str = "HTTP/1.1"
    address: str = ""
    """IP address that answered."""
    cut: str = ""
    """WARC's word for why the body is not whole: `length`, `time`, `disconnect` or `unspecified`."""
    notes: Mapping[str, str] = field(default_factory=dict)
    """For the metadata record: run, source, permission, where a saved page lay."""

    @property
    def media_type(self) -> str:
        """What the body is by its headers, HTML if they do not say."""
        named = (value for name, value in self.headers if name.lower() == "content-type")
        return next(named, "") or "text/html"
