"""The recorder: what is written of pages that share their bytes."""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING

from crawler.archives.captures import SavedPage
from crawler.evidence.keeper import EvidenceKeeper
from crawler.evidence.verify import verify
from crawler.extract.page import ExtractedPage
from crawler.run.crawled_page import CrawledPage
from crawler.run.recorder import Recorder
from store.crawl.evidence import evidence_folder
from store.crawl.runs import begin_run
from store.crawl.sources import declare_source
from store.database import open_database
from store.model import PageOutcome, RunKind
from tests.crawler.crawls import NOW, declare

if TYPE_CHECKING:
    from pathlib import Path


def met(url: str) -> CrawledPage:
    """Return a saved page; each has the same body."""
    body = b"<p>Sold out.</p>"
    saved = SavedPage(
        url=url, status=200, headers=(), body=body, captured_at=None, locator=url, fault=None, sentence=""
    )
    extracted = ExtractedPage(outcome=PageOutcome.NOT_UNDERSTOOD, sentence="Nothing is sold on it.")
    return CrawledPage(url=url, http_status=200, saved=saved, extracted=extracted, body=body)


def test_a_batch_is_written_before_a_later_page_repeats_it(tmp_path: Path) -> None:
    """The evidence of a page with the same bytes as an earlier one refers to the earlier record."""
    source, database = declare(tmp_path).source, tmp_path / "store.db"
    with closing(open_database(database)) as db:
        declare_source(db, source, now=NOW)
        run = begin_run(db, RunKind.CRAWL, source_id="shop", now=NOW)
        folder = evidence_folder(database)
        with EvidenceKeeper(
            db, folder, source_id="shop", run_id=run.run_id, now=lambda: NOW, notes={}
        ) as keeper:
            recorder = Recorder(
                db, source_id="shop", run_id=run.run_id, reachable=(), keeper=keeper, now=lambda: NOW
            )
            recorder.record(met("https://shop.example/1"))
            recorder.flush()
            recorder.record(met("https://shop.example/2"))
            recorder.flush()
        urls = [row[0] for row in db.execute("SELECT url FROM pages ORDER BY page_id")]
        assert urls == ["https://shop.example/1", "https://shop.example/2"]
        assert verify(db, folder).revisits == 1
