"""Reading one page, whoever does it: what goes in and what comes out can be sent to another process."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import web_poet

from crawler.extract.page import PageReading
from crawler.markets import page_class_for
from store.model import PageOutcome

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadJob:
    """A page to be read."""

    url: str
    body: bytes = field(repr=False)
    """Unpacked."""
    status: int
    headers: Mapping[bytes, Sequence[bytes]]
    """As Scrapy holds them."""


Read = Callable[[ReadJob], Awaitable[PageReading]]
"""Has a page read, here or elsewhere. It raises nothing that is the page's fault."""


async def read_here(job: ReadJob) -> PageReading:
    """Have a page read by its page object; a defect of ours becomes the page's outcome."""
    try:
        response = web_poet.HttpResponse(
            url=job.url,
            body=job.body,
            status=job.status,
            headers=web_poet.HttpResponseHeaders.from_bytes_dict(dict(job.headers)),
        )
        return await page_class_for(job.url)(response=response).to_item()
    except MemoryError:
        return given_up("needs more memory than a page may have")
    except Exception as error:  # noqa: BLE001 (one page's defect must not end the crawl)
        return given_up(f"failed ({type(error).__name__}: {error})")


def given_up(why: str) -> PageReading:
    """Return the reading of a page that could not be read; `why` goes on from *Reading it*."""
    return PageReading(outcome=PageOutcome.UNREADABLE, sentence=f"Reading it {why}; please report this page.")
