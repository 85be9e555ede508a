"""The recorder: what is written of a crawl whose loop ended in the middle of a write."""

from __future__ import annotations

import asyncio
from contextlib import closing
from typing import TYPE_CHECKING

from crawler.archives.captures import SavedPage
from crawler.evidence.keeper import EvidenceKeeper
from crawler.evidence.verify import verify
from crawler.extract.page import ExtractedPage
from crawler.run.recorder import Recorder
from crawler.run.spider import CrawledPage
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


def test_a_batch_left_behind_is_written_before_the_next(tmp_path: Path) -> None:
    """Two signals end the loop at once. What was on its way comes first: a later page may repeat it."""
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
            loop = asyncio.new_event_loop()
            task = loop.create_task(recorder.flush_aside())
            loop.call_soon(loop.stop)
            loop.run_forever()
            assert not task.done()
            recorder.record(met("https://shop.example/2"))
            recorder.flush()
            loop.run_until_complete(asyncio.wait([task]))
            loop.close()
        urls = [row[0] for row in db.execute("SELECT url FROM pages ORDER BY page_id")]
        assert urls == ["https://shop.example/1", "https://shop.example/2"]
        assert verify(db, folder).revisits == 1
