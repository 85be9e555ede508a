"""Parse one page from a file or from its site for a person to view, outside the store.

The page can be saved as a test case in web-poet's format: the page and its expected fields.
"""

from __future__ import annotations

import asyncio
import json
from contextlib import closing
from dataclasses import asdict, dataclass, field, replace
from typing import TYPE_CHECKING, Any

import web_poet

from crawler.archives import open_archive
from crawler.errors import CrawlError
from crawler.extract.page import ExtractedPage
from crawler.markets import find_markets, page_class_for
from crawler.workers.page_parser import parse_response
from store import times
from store.private import private_folder
from store.rows import to_json

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from datetime import datetime
    from pathlib import Path

    from crawler.archives import SavedPage
    from crawler.sources.sources import DeclaredSource

_REQUESTS = 2
"""One for robots.txt and one for the page."""

ADAPTER = "crawler.run.trial.PageAdapter"


class CannotTry(CrawlError):
    """A page cannot be tried."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TriedPage:
    """One parsed page."""

    url: str
    page_object: str
    """Name of the page object's class."""
    reading: ExtractedPage
    body: bytes = field(default=b"", repr=False)
    """The unpacked body."""
    content_type: str = ""
    kept: str = ""
    """The store of the trial, if the page was requested from its site."""


def try_file(path: Path, url: str = "", *, most: int | None = None) -> list[TriedPage]:
    """Parse the pages of a saved file.

    Args:
        path: An HTML file or any archive that `open_archive` supports.
        url: Address of the page: of an HTML file, or of the only page to parse in an archive.
        most: Parse so many pages at most; None parses all.

    Raises:
        ArchiveError: If the file cannot be opened.
        CannotTry: If the file has no page, or no page with the address.
    """
    with open_archive(path) as archive:
        urls = list(archive.urls())
        if not urls:
            raise CannotTry(f"{path} has no page.")
        if url and len(urls) > 1 and url not in archive:
            raise CannotTry(f"{path} holds {len(urls)} pages, but not {url}.")
        wanted = urls if not url else [url if url in archive else urls[0]]
        saved = [page for each in wanted[:most] if (page := archive.fetch(each)) is not None]
        return [_try_saved(page, url or page.url) for page in saved]


def try_url(
    url: str,
    sources: Iterable[DeclaredSource],
    database: Path,
    *,
    now: Callable[[], datetime] = times.utc_now,
    names: Mapping[str, Sequence[str]] | None = None,
) -> TriedPage:
    """Request one page as a live crawl would, through the same gate, and parse it.

    The requests and the page go to a separate store beside the database, so the trial is not a run of the
    source. Twisted allows one trial per process.

    Args:
        url: The page's address.
        sources: The declared sources. The first live source whose permission covers the address applies.
        database: The store, which records withdrawals of the permission.
        now: The clock.
        names: IP addresses of hosts that replace those of name servers.

    Raises:
        CannotTry: If no valid permission covers the address, so that no request was sent, or if no page
            arrived.
        CrawlError: If the crawl ended early.
    """
    from crawler.evidence.warc_records import NoEvidence, show
    from crawler.live.permission import problem_in
    from crawler.run.run import crawl_source
    from store.crawl.evidence import evidence_folder
    from store.crawl.pages import last_said
    from store.database import open_database

    declared = _covering(url, sources)
    if why := problem_in(database, declared.source.source_id, declared.permission, now()):
        raise CannotTry(f"{url} was not requested: {why}. No request was sent.")
    folder = database.with_name(f"{database.name}.trials")
    private_folder(folder)
    trial = folder / f"{now():%Y%m%dT%H%M%S%f}.db"
    limits = replace(declared.limits, max_pages=min(_REQUESTS, declared.limits.max_pages), retries=0)
    crawl_source(trial, replace(declared, start=(url,), limits=limits), now=now, names=names)
    with closing(open_database(trial, must_exist=True)) as db:
        try:
            _, kept, body = show(db, evidence_folder(trial), url)
        except NoEvidence:
            said = last_said(db, url) or "No answer came."
            raise CannotTry(f"{url} was not read. {said}") from None
    status = int(kept.status.split()[1]) if len(kept.status.split()) > 1 else None
    return replace(_try(url, body, status, dict(kept.http_headers)), kept=str(trial))


class PageAdapter:
    """Flatten an extracted page, so web-poet's pytest plugin reports one result for each field."""

    def __init__(self, page: ExtractedPage | dict[str, Any]) -> None:
        """Take an extracted page, or a flat one, since web-poet's `rerun` adapts its pages twice."""
        self._page = page

    def asdict(self) -> dict[str, Any]:
        """Return the outcome, language, next page and every filled field of the listing or the rows."""
        page = self._page
        if isinstance(page, dict):
            return page
        flat: dict[str, Any] = {
            "outcome": str(page.outcome),
            "language": page.language,
            "next_page": page.next_page,
        }
        if page.listing is not None:
            flat |= {"url": page.listing.url, **asdict(page.listing.content)}
        if page.rows:
            flat["rows"] = [{"url": row.url, **_filled(asdict(row.content))} for row in page.rows]
        plain: dict[str, Any] = json.loads(to_json(_filled(flat)))
        for holder in (plain, *plain.get("rows", ())):
            if "terms" in holder:
                holder["terms"] = [_filled(term) for term in holder["terms"]]
        return plain


def save_case(tried: TriedPage, folder: Path) -> Path:
    """Write a tried page as a test case, and return its folder.

    The folder is `PAGE.OBJECT/case-N` below the folder of all cases, for web-poet's plugin.
    """
    cases = folder / tried.page_object
    number = 1 + sum(1 for _ in cases.glob("case-*"))
    case = cases / f"case-{number}"
    (case / "inputs").mkdir(parents=True)
    (case / "inputs" / "HttpResponse-body.html").write_bytes(tried.body)
    headers = {"content-type": tried.content_type} if tried.content_type else {}
    info = {"_encoding": None, "headers": list(headers.items()), "status": 200, "url": tried.url}
    (case / "inputs" / "HttpResponse-info.json").write_text(_pretty(info), "utf-8")
    (case / "meta.json").write_text(_pretty({"adapter": ADAPTER}), "utf-8")
    (case / "output.json").write_text(_pretty(PageAdapter(tried.reading).asdict()), "utf-8")
    return case


def _covering(url: str, sources: Iterable[DeclaredSource]) -> DeclaredSource:
    from crawler.live.scope import Scope

    for each in sources:
        if each.permission is not None and not Scope(each.permission.scope).why_not(url):
            return each
    raise CannotTry(
        f"{url} was not requested: no permission in the sources file covers it. Declare a "
        "live source with one, or save the page and give the file. No request was sent."
    )


def _try_saved(page: SavedPage, url: str) -> TriedPage:
    if page.fault:
        extracted = ExtractedPage(outcome=page.fault, sentence=page.sentence)
        return TriedPage(url=url, page_object="", reading=extracted)
    return _try(url, page.body, page.status, dict(page.headers))


def _try(url: str, body: bytes, status: int | None, headers: Mapping[str, str]) -> TriedPage:
    find_markets()
    kind = page_class_for(url)
    kept = {name: value for name, value in headers.items() if name.lower() == "content-type"}
    response = web_poet.HttpResponse(url=url, body=body, status=status, headers=kept)
    extracted = asyncio.run(parse_response(response))
    return TriedPage(
        url=url,
        page_object=f"{kind.__module__}.{kind.__name__}",
        reading=extracted,
        body=body,
        content_type=next(iter(kept.values()), ""),
    )


def _filled(values: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in values.items() if value not in ("", None, (), [], {})}


def _pretty(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, indent=2) + "\n"
