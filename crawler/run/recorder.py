"""Write crawled pages to the store in batches: evidence first, then the rows."""

from __future__ import annotations

import asyncio
import hashlib
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from http import HTTPStatus
from typing import TYPE_CHECKING

import structlog

from crawler.archives.urls import normal_url
from crawler.errors import CrawlError
from crawler.evidence.warc_records import Exchange
from crawler.run.crawled_page import MOST_PICTURES
from store.crawl.evidence import record_evidence
from store.crawl.pages import (
    PageDrawing,
    SeenListing,
    record_fetches,
    record_more,
    record_page,
    recorded_urls,
    was_understood,
)
from store.crawl.pictures import KeptPicture
from store.database import transaction
from store.errors import StoreUnwritable
from store.messages import counted, reason_of
from store.model import Change, DigestResult, Page, PageOutcome

if TYPE_CHECKING:
    from collections.abc import Callable, Container, Iterator
    from datetime import datetime
    from typing import Self

    from scrapy.crawler import Crawler

    from crawler.archives import ArchiveFault, SavedPage
    from crawler.evidence.keeper import EvidenceKeeper
    from crawler.extract.page import ExtractedListing, ExtractedPage
    from crawler.run.crawled_page import CrawledPage, Drawing
    from store.crawl.evidence import EvidenceRecord
    from store.crawl.pages import Fetch
    from store.database import Database

RECORDER_SETTING = "PAGE_RECORDER"
"""Scrapy setting that holds the `Recorder` of a crawl."""
BATCH_PAGES = 32
"""Pages per batch, since a sync of evidence takes milliseconds, whatever its size."""
LAYOUT_CHANGED = (
    "No listing or list was found where there was one before; the site's layout may have changed."
)
_SERVER_ERROR = 500
_DIGEST_SENTENCES = {
    DigestResult.MISMATCH: "The bytes of {pages} do not match the digest that the archive states.",
    DigestResult.UNCHECKED: "The stated digests of {pages} could not be compared.",
}
log = structlog.get_logger()
FLUSH_AFTER_S = 1.0
"""Longest wait of a page before it is written, and so the most that a kill can lose."""


class CannotKeep(CrawlError):
    """A page could not be stored."""

    def __init__(self, url: str, error: Exception) -> None:
        super().__init__(f"{url} could not be stored ({_why(error)})")


class Recorder:
    """Writes the pages of one run. After `flush`, pages survive the death of the process."""

    def __init__(
        self,
        db: Database,
        *,
        source_id: str,
        run_id: int,
        reachable: Container[object],
        keeper: EvidenceKeeper,
        now: Callable[[], datetime],
        progress: Callable[[int], None] = lambda _: None,
    ) -> None:
        """Take the open store, and the values shared by all pages of the run.

        `reachable` holds every address within reach of the crawl. `progress` is called after each page with
        the number recorded so far.
        """
        self._db = db
        self._source_id = source_id
        self._run_id = run_id
        self._reachable = reachable
        self._keeper = keeper
        self._now = now
        self._progress = progress
        self._recorded = 0
        self._before = recorded_urls(db, run_id)
        self._pictures: dict[str, KeptPicture] = {}
        self._waiting: list[tuple[str, Callable[[], object]]] = []
        """The URL of each waiting page, and what writes its rows."""
        self._fetches: list[Fetch] = []
        self.error = ""
        """Why the recorder accepts no more pages; empty while it does."""
        self._left_to_own_page: dict[str, tuple[str, ExtractedListing]] = {}

    @property
    def is_full(self) -> bool:
        """Whether a full batch waits."""
        return len(self._waiting) >= BATCH_PAGES

    def record(self, crawled: CrawledPage) -> None:
        """Add one page and its listings; `flush` writes them.

        A list's row gives way to the item's own page if that page is reachable, since it has more content. If
        the own page turns out to show no listing, the row is recorded instead.
        """
        for picture in crawled.pictures:
            kept = self._keeper.keep(self._exchange(picture))
            self._pictures[picture.url] = KeptPicture(
                url=picture.url, record_id=kept.record_id, sha256=kept.payload_sha256
            )
        seen = self._listings_on(crawled.url, crawled.extracted)
        if crawled.url in self._before:  # the resumed run already has this page
            self._count()
            return
        record = crawled.record or self._keep_saved(crawled)
        drawing = None
        if crawled.drawing:
            record, drawing = self._keep_drawing(crawled, crawled.drawing, record)
        write = partial(
            record_page,
            self._db,
            self._page(crawled, record),
            seen,
            record_id=record.record_id if record else None,
            reading=crawled.live,
            same_as=crawled.same_as.page_id if crawled.same_as else None,
            digest=crawled.saved.digest if crawled.saved else None,
            drawing=drawing,
        )
        self._waiting.append((crawled.url, write))

    def note_fetch(self, fetch: Fetch) -> None:
        """Add the row of a request; `flush` writes it."""
        self._fetches.append(fetch)

    def flush(self) -> None:
        """Sync the evidence to disk, then write all waiting rows in one transaction.

        Raises:
            CannotKeep: If the disk or the store fails; no row of the batch is written then.
        """
        waiting, self._waiting = self._waiting, []
        fetches, self._fetches = self._fetches, []
        if self.error or not (waiting or fetches):
            return
        with self._keeping(waiting[0][0] if waiting else fetches[0].url):
            records = self._keeper.sync()
            with transaction(self._db):
                record_evidence(self._db, records)
                record_fetches(self._db, fetches)
                for url, write in waiting:
                    with self._keeping(url):
                        write()
        for _ in waiting:
            self._count()

    @contextmanager
    def _keeping(self, url: str) -> Iterator[None]:
        """Give up if the body raises, and name the page."""
        try:
            yield
        except CannotKeep:
            raise
        except Exception as error:
            self.give_up(url, error)
            raise CannotKeep(url, error) from error

    def give_up(self, url: str, error: Exception) -> None:
        """Accept no more pages, because one could not be stored; the first reason is kept.

        An error other than the disk's or the store's is a defect and is logged.
        """
        if self.error:
            return
        self.error = str(CannotKeep(url, error))
        if not isinstance(error, (OSError, StoreUnwritable)):
            log.error("page_not_kept", url=url, exc_info=error)
            self.error += ", see the log"

    def finish(self) -> None:
        """Write the last rows, and the list rows whose own pages were never crawled."""
        self.flush()
        left, self._left_to_own_page = self._left_to_own_page, {}
        met = recorded_urls(self._db, self._run_id) if left else set()
        for own_url, (list_url, row) in left.items():
            if own_url in met:
                continue
            page = self._bare_page(url=list_url, outcome=PageOutcome.CATEGORY, sentence="")
            record_more(self._db, page, [self._seen(row, is_row=True)])

    def record_fault(self, fault: ArchiveFault) -> None:
        """Write a row for an archive entry whose URL could not be read."""
        page = self._bare_page(url=f"archive:{fault.locator}", outcome=fault.outcome, sentence=fault.sentence)
        record_page(self._db, replace(page, locator=fault.locator))

    def _page(self, crawled: CrawledPage, record: EvidenceRecord | None) -> Page:
        saved, body, same = crawled.saved, crawled.body, crawled.same_as
        outcome, sentence = self._outcome(crawled)
        page = self._bare_page(url=crawled.url, outcome=outcome, sentence=sentence)
        return replace(
            page,
            captured_at=saved.captured_at if saved else None,
            http_status=crawled.http_status,
            payload_sha256=same.payload_sha256 if same else hashlib.sha256(body).hexdigest(),
            payload_bytes=same.payload_bytes if same else len(body),
            locator=saved.locator if saved else _locator(record),
        )

    def _outcome(self, crawled: CrawledPage) -> tuple[PageOutcome, str]:
        extracted = crawled.extracted
        is_answer = (crawled.http_status or _SERVER_ERROR) < _SERVER_ERROR
        is_nothing = extracted.outcome is PageOutcome.NOT_UNDERSTOOD and is_answer
        if is_nothing and was_understood(self._db, self._source_id, crawled.url):
            return PageOutcome.LAYOUT_CHANGED, LAYOUT_CHANGED
        return extracted.outcome, extracted.sentence

    def _bare_page(self, *, url: str, outcome: PageOutcome, sentence: str) -> Page:
        return Page(
            run_id=self._run_id,
            source_id=self._source_id,
            url=url,
            fetched_at=self._now(),
            outcome=outcome,
            sentence=sentence,
            payload_sha256=hashlib.sha256(b"").hexdigest(),
            payload_bytes=0,
        )

    def _keep_saved(self, crawled: CrawledPage) -> EvidenceRecord | None:
        saved = crawled.saved
        return self._keeper.keep(self._exchange(saved)) if saved and (saved.body or saved.is_http) else None

    def _keep_drawing(
        self, crawled: CrawledPage, drawing: Drawing, plain: EvidenceRecord | None
    ) -> tuple[EvidenceRecord, PageDrawing]:
        """Keep a drawn page's document, screenshot and answers; return the document's record."""
        for each in drawing.answers:
            self._keeper.keep(self._exchange(each))
        notes = {
            "run": str(self._run_id),
            "source": self._source_id,
            "drawn-with": drawing.drawn_with,
            "drawn-from": plain.record_id if plain else "",
            "requests-answered": str(drawing.requests),
            "requests-refused": str(drawing.refused),
        }

        def keep(name: str, media_type: str, body: bytes) -> EvidenceRecord:
            return self._keeper.keep(
                Exchange(
                    url=f"urn:{name}:{crawled.url}",
                    at=self._now(),
                    status=HTTPStatus.OK,
                    headers=(("Content-Type", media_type),),
                    is_http=False,
                    body=body,
                    notes=notes,
                )
            )

        document = keep("document", "text/html; charset=utf-8", crawled.body)
        view = keep("view", "image/png", drawing.picture)
        return document, PageDrawing(
            plain_record_id=plain.record_id if plain else None,
            view_record_id=view.record_id,
            boxes=drawing.boxes,
            requests=drawing.requests,
            refused=drawing.refused,
            drawn_with=drawing.drawn_with,
        )

    def _exchange(self, saved: SavedPage) -> Exchange:
        captured = saved.captured_at.isoformat() if saved.captured_at else ""
        notes = {"run": str(self._run_id), "source": self._source_id}
        digest = f"{saved.digest.result}: {saved.digest.details}" if saved.digest else ""
        return Exchange(
            url=saved.url,
            at=self._now(),
            status=saved.status,
            headers=saved.headers,
            is_http=saved.is_http,
            body=saved.body,
            cut="unspecified" if saved.fault else "",
            notes=notes
            | {"saved-in": saved.locator, "captured-at": captured, "fault": saved.sentence, "digest": digest},
        )

    def _listings_on(self, url: str, extracted: ExtractedPage) -> list[SeenListing]:
        _, row = self._left_to_own_page.pop(url, (url, None))
        if extracted.listing:
            return [self._seen(extracted.listing)]
        rows = [each for each in extracted.rows if each.url not in self._reachable]
        for each in extracted.rows:
            if each.url in self._reachable:
                self._left_to_own_page.setdefault(normal_url(each.url), (url, each))
        return [self._seen(each, is_row=True) for each in [*rows, *([row] if row else [])]]

    def _seen(self, each: ExtractedListing, *, is_row: bool = False) -> SeenListing:
        named = [normal_url(url) for url in each.content.images[:MOST_PICTURES]]
        pictures = tuple(self._pictures[url] for url in dict.fromkeys(named) if url in self._pictures)
        return SeenListing(url=each.url, content=each.content, is_row=is_row, pictures=pictures)

    def _count(self) -> None:
        self._recorded += 1
        self._progress(self._recorded)

    def __deepcopy__(self, _: dict[int, object]) -> Self:
        """Return the recorder itself, since Scrapy copies its settings but an open store has one owner."""
        return self


def _why(error: Exception) -> str:
    if isinstance(error, StoreUnwritable):
        return error.found
    return reason_of(error)


def _locator(record: EvidenceRecord | None) -> str:
    return f"{record.file}#{record.offset}" if record else ""


def sentence_for(
    outcomes: dict[PageOutcome, int],
    changes: dict[Change, int],
    digests: dict[DigestResult, int] | None = None,
) -> str:
    """Return the sentence about the result of a crawl."""
    pages = ", ".join(f"{count} {outcome.replace('_', ' ')}" for outcome, count in outcomes.items())
    listed = ", ".join(f"{count} {change}" for change, count in changes.items())
    said = f"{counted(sum(outcomes.values()), 'page', 'pages')} ({pages or 'none'}); listings: {listed}."
    for result, count in (digests or {}).items():
        said += f" {_DIGEST_SENTENCES[result].format(pages=counted(count, 'page', 'pages'))}"
    return said


class RecorderPipeline:
    """Scrapy's last step: records pages, and writes them within a second."""

    def __init__(self, crawler: Crawler) -> None:
        self._crawler = crawler
        self._recorder: Recorder = crawler.settings[RECORDER_SETTING]
        self._closing: asyncio.Future[None] | None = None
        self._timer: asyncio.TimerHandle | None = None

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        """Create the pipeline of a crawl."""
        return cls(crawler)

    def process_item(self, item: CrawledPage) -> CrawledPage:
        """Record one page; after a page could not be stored, further pages pass without being recorded."""
        if self._recorder.error:
            return item
        try:
            self._recorder.record(item)
        except Exception as error:  # noqa: BLE001 (the end of the crawl reports it)
            self._recorder.give_up(item.url, error)
            self._close(self._recorder.error)
            return item
        if self._recorder.is_full:
            self._flush()
        elif self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(FLUSH_AFTER_S, self._flush)
        return item

    def close_spider(self) -> None:
        """Write the waiting pages."""
        self._flush()

    def _flush(self) -> None:
        if self._timer:
            self._timer.cancel()
            self._timer = None
        try:
            self._recorder.flush()
        except CannotKeep as error:
            # Scrapy would log the error, continue, and report the crawl as finished without the page.
            self._close(str(error))

    def _close(self, reason: str) -> None:
        if self._crawler.engine and not self._closing:
            self._closing = asyncio.ensure_future(self._crawler.engine.close_spider_async(reason=reason))
